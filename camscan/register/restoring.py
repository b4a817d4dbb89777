"""Restores a backup to a place where there is no register yet."""

from __future__ import annotations

from pathlib import Path

from camscan.register.address import address_of
from camscan.register.backends import Mode
from camscan.register.backends.backup import sound_copy
from camscan.register.store import Register, open_any


def restore_any(where: str | Path, source: Path) -> Register:
    """Restore a backup, of a file or a server; see :func:`camscan.register.restore_register`."""
    with sound_copy(source) as copy:  # before anything is created at the target
        is_new = address_of(where) is None and not Path(where).exists()
        book = open_any(where, Mode.RUN)
        try:
            book.fill_from(copy)
        except BaseException:
            book.close()
            if is_new:
                for ending in ("", "-wal", "-shm"):
                    Path(f"{where}{ending}").unlink(missing_ok=True)
            raise
        return book
