"""What an open register needs only for some questions, loaded when it is first used: ``_later.review``.

Most commands only read a register. Modules that write to it take as long to load as the database library, and some
build their statements with that library.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camscan.register import checks, entries, paging, past_report, record, reidentify, review, undo
    from camscan.register.backends import backup
    from camscan.register.record import late, lists

__all__ = [
    "backup",
    "checks",
    "entries",
    "late",
    "lists",
    "paging",
    "past_report",
    "record",
    "reidentify",
    "review",
    "undo",
]
_FOLDERS = {"backup": "backends.", "late": "record.", "lists": "record."}


def __getattr__(name: str) -> ModuleType:
    """The module of that name, loaded when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"camscan.register.{_FOLDERS.get(name, '')}{name}")
