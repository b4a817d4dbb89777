"""Reads the first bytes of a register's file without losing the locks that this program has on it.

When a program closes any descriptor of a file, POSIX removes all its locks on that file, also those that SQLite holds
by other descriptors (sqlite.org/howtocorrupt.html, 2.2). Another program would then believe that nobody else has the
register open, and remove the log to which a connection here still writes. So descriptors stay open, one for each of the
files that were read last. Windows does not have this rule, and there an open file could not be replaced.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path

from camscan import system
from camscan.output import descriptor_of

_MOST = 32
"""Files whose descriptors stay open: a program uses one register, but tests use many."""
_open: OrderedDict[tuple[int, int], int] = OrderedDict()
_lock = threading.Lock()


def header_of(path: Path, size: int) -> bytes:
    """The first bytes of a regular file; fewer than ``size`` if the file is shorter. Raises OSError."""
    if not system.HAS_POSIX_LOCKS:
        with os.fdopen(descriptor_of(path, os.O_RDONLY), "rb") as stream:
            return stream.read(size)
    with _lock:
        return os.pread(_descriptor(path), size, 0)


def _descriptor(path: Path) -> int:
    """A descriptor of the file that stays open. The caller holds the lock."""
    status = path.lstat()
    key = (status.st_dev, status.st_ino)
    if key not in _open:
        _open[key] = descriptor_of(path, os.O_RDONLY)
        while len(_open) > _MOST:
            os.close(_open.popitem(last=False)[1])
    _open.move_to_end(key)
    return _open[key]
