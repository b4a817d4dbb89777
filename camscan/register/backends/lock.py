"""One writer for each register: a lock of the operating system on a file beside the database.

The system releases it when the process ends, however it ends, so there is never a stale lock. The file itself stays: if
it were removed, two runs could hold two different files of the same name.
"""

from __future__ import annotations

import os
from pathlib import Path

from camscan import system
from camscan.errors import BusyError, RegisterError
from camscan.output import create_file, descriptor_of


class Lock:
    """Holds the lock of one register from construction to ``release``; raises BusyError if another run has it."""

    def __init__(self, register: Path) -> None:
        self.path = register.with_name(register.name + ".lock")
        try:
            self._descriptor = _open_lock_file(self.path, register)
        except OSError as error:
            raise RegisterError(
                f"{register}: the lock file beside it cannot be opened: {error.strerror}; "
                "check the permissions of the folder, or name another file with --register"
            ) from error
        try:
            is_taken = system.take_lock(self._descriptor)
        except OSError as error:
            self.release()
            raise RegisterError(
                f"{register}: cannot be locked ({error.strerror}); is it on a network share?"
            ) from error
        if not is_taken:
            self.release()
            raise BusyError(f"{register}: another camscan run is writing to it; wait until it has ended")

    def release(self) -> None:
        """Let other runs write. Harmless when repeated."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _open_lock_file(path: Path, register: Path) -> int:
    """Open the lock file.

    A new file gets the owner and the rights of the register, so that everybody who may write the register can lock it.
    """
    try:
        descriptor = descriptor_of(path, os.O_RDWR)
    except FileNotFoundError:
        descriptor = create_file(path)
        if register.exists():
            system.share_rights(path, descriptor, register)
    return descriptor
