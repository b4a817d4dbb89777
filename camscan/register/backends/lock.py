"""One writer per register: a lock of the operating system on a file beside the database.

The system drops it when the process ends, however it ends; there is no stale state to clean up. The file stays, since
removing it would let two runs hold two different files of the same name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

from camscan.errors import BusyError, RegisterError
from camscan.output import create, descriptor_of

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class Lock:
    """Holds the lock of one register from construction to ``release``; raises BusyError where another run has it."""

    def __init__(self, register: Path) -> None:
        self.path = register.with_name(register.name + ".lock")
        try:
            self._descriptor = _open(self.path, register)
        except OSError as error:
            raise RegisterError(
                f"{register}: the lock file beside it cannot be opened: {error.strerror}; "
                "check the permissions of the directory, or name another file with --register"
            ) from error
        try:
            _take(self._descriptor)
        except OSError as error:
            os.close(self._descriptor)
            if error.errno in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}:
                raise BusyError(f"{register}: another camscan run is writing to it; wait until it has ended") from error
            raise RegisterError(
                f"{register}: cannot be locked ({error.strerror}); is it on a network share?"
            ) from error

    def release(self) -> None:
        """Let others write. Harmless when repeated."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _open(path: Path, register: Path) -> int:
    """The lock file; a new one has the owner and the rights of the register, so that who may write it can lock it."""
    try:
        descriptor = descriptor_of(path, os.O_RDWR)
    except FileNotFoundError:
        descriptor = create(path)
        if os.name == "posix" and register.exists():
            of = register.stat()
            with contextlib.suppress(OSError):
                os.fchown(descriptor, of.st_uid if os.geteuid() == 0 else -1, of.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(of.st_mode) & 0o660)
    return descriptor


def _take(descriptor: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
