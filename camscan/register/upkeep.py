"""What keeps a register sound: backups, checks, and room that is given back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from camscan.errors import RegisterError
from camscan.register import read
from camscan.register.backends import Database, Mode
from camscan.register.backends.backup import fill_register, sound_copy, write_backup
from camscan.register.checks import find_faults
from camscan.register.transactions import Transactions


class Upkeep(Transactions):
    """One open register, as whoever looks after it sees it."""

    def write_backup(self, target: Path, *, force: bool = False) -> int:
        """Write the whole register into an SQLite file, which is a register itself; its size in bytes.

        Others go on meanwhile. The file appears when all of it is written and was read back. Raises UsageError if
        it is there already (unless ``force``), OutputError where it cannot be written.
        """
        with self._database.explain_errors():
            return write_backup(self._database, target, force=force)

    def restore_backup(self, source: Path) -> None:
        """Fill this register, which must be empty, with what a backup holds (also one of an earlier version)."""
        if self._database.mode is not Mode.RUN:
            raise RegisterError(f"{self.where}: was not opened for a run")
        with self._database.explain_errors(), sound_copy(source) as copy:
            fill_register(self._database, copy)

    def fill_from(self, copy: Database) -> None:
        """Fill this register, which must be empty, from an open backup."""
        with self._database.explain_errors():
            fill_register(self._database, copy)

    def find_faults(self) -> list[str]:
        """Whatever is wrong with it, one line each; empty if it is sound. Reads all of it."""
        with self._database.explain_errors():
            damage = self._database.find_damage()
        with self._reading() as connection:
            return damage or find_faults(connection)

    def vacuum(self) -> tuple[int, int]:
        """Give room that is no longer needed back to the disk; bytes before and after. Needs a run's lock."""
        if self._database.mode is not Mode.RUN:
            raise RegisterError(f"{self.where}: was not opened for a run")
        with self._database.explain_errors():
            before = self._database.size_in_bytes()
            self._database.vacuum()
            return before, self._database.size_in_bytes()

    def count_rows(self) -> Mapping[str, int]:
        """Number of rows of every table; of the read model, which says nothing of its own, none."""
        with self._reading() as connection:
            return read.count_rows(connection)
