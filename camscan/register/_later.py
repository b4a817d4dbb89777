"""What an open register needs only for some questions, loaded when it is first used: ``_later.review``.

Most commands only read a register. Modules that write to it take as long to load as the database library.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camscan.register import entries, past_report, record, reidentify, review, undo
    from camscan.register.record import late, lists

__all__ = ["entries", "late", "lists", "past_report", "record", "reidentify", "review", "undo"]
_OF_RECORD = {"late", "lists"}


def __getattr__(name: str) -> ModuleType:
    """The module of that name, loaded when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"camscan.register.{'record.' if name in _OF_RECORD else ''}{name}")
