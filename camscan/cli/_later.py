"""Modules that take long to load: ``_later.model`` is ``camscan.model``, loaded when it is first used.

So ``--help`` of a command does not wait for them. The decisions of commands are reached through :mod:`camscan.app`,
which is loaded in the same way.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from camscan import asset, captures, fingerprints, identify, model
    from camscan.asset import spelling
    from camscan.cli import _logins as logins
    from camscan.cli import _summary as summary
    from camscan.cli import _table as table
    from camscan.fingerprints import near, values
    from camscan.identify import skeleton
    from camscan.ingest import sources
    from camscan.web import check as web_check
    from camscan.web import server

__all__ = [
    "asset",
    "asyncio",
    "captures",
    "fingerprints",
    "identify",
    "logins",
    "model",
    "near",
    "server",
    "skeleton",
    "sources",
    "spelling",
    "summary",
    "table",
    "values",
    "web_check",
]
_MODULES = {
    "asset": "camscan.asset",
    "asyncio": "asyncio",
    "captures": "camscan.captures",
    "fingerprints": "camscan.fingerprints",
    "identify": "camscan.identify",
    "logins": "camscan.cli._logins",
    "model": "camscan.model",
    "near": "camscan.fingerprints.near",
    "server": "camscan.web.server",
    "skeleton": "camscan.identify.skeleton",
    "sources": "camscan.ingest.sources",
    "spelling": "camscan.asset.spelling",
    "summary": "camscan.cli._summary",
    "table": "camscan.cli._table",
    "values": "camscan.fingerprints.values",
    "web_check": "camscan.web.check",
}


def __getattr__(name: str) -> ModuleType:
    """The module of that name, loaded when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(_MODULES[name])
