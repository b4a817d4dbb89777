"""The database for programs that run for days: loaded once, and loaded again when one of its files changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from camscan.fingerprints.database import EDITION, Database, load_database
from camscan.fingerprints.place import built_in_folder

_Mark = tuple[tuple[str, int, int], ...]
_KEPT: list[tuple[_Mark, Database]] = []
"""The latest database, with the state of its files at that time."""


def kept_database(overlays: Sequence[Path] = ()) -> Database:
    """Load as ``load_database`` does, but return the same object, with its caches, while no file of it changes.

    Threads may share it. Raises ConfigError as ``load_database`` does.
    """
    mark = _mark_of((built_in_folder(), *overlays))
    for before, database in _KEPT:
        if before == mark:
            return database
    database = load_database(overlays)
    _KEPT[:] = [(mark, database)]
    return database


def _mark_of(directories: Sequence[Path]) -> _Mark:
    found: list[tuple[str, int, int]] = []
    for directory in directories:
        for path in (directory, directory / EDITION, *sorted(directory.rglob("*.yaml"))):
            try:
                status = path.stat()
            except OSError:
                found.append((str(path), 0, 0))
            else:
                found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(found)
