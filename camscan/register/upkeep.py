"""Maintenance of a register: backups, checks, and space that is returned to the disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from camscan.errors import RegisterError
from camscan.register import _later, read
from camscan.register.backends import Database, Mode
from camscan.register.transactions import Transactions


class Upkeep(Transactions):
    """One open register, for a caller that maintains it."""

    def write_backup(self, target: Path, *, force: bool = False) -> int:
        """Write the whole register into an SQLite file, which is a register itself. Returns its size in bytes.

        Others may continue meanwhile. The file appears when all of it is written and was read back. Raises UsageError
        if it exists (unless ``force``), and OutputError if it cannot be written.
        """
        with self._database.explain_errors():
            return _later.backup.write_backup(self._database, target, force=force)

    def restore_backup(self, source: Path) -> None:
        """Fill this register, which must be empty, from a backup of this or an earlier version."""
        if self._database.mode is not Mode.RUN:
            raise RegisterError(f"{self.where}: was not opened for a run")
        with self._database.explain_errors(), _later.backup.sound_copy(source) as copy:
            _later.backup.fill_register(self._database, copy)

    def fill_from(self, copy: Database) -> None:
        """Fill this register, which must be empty, from an open backup."""
        with self._database.explain_errors():
            _later.backup.fill_register(self._database, copy)

    def find_faults(self) -> list[str]:
        """Everything that is wrong with the register, one line each; empty if it is sound. Reads all of it."""
        with self._database.explain_errors():
            damage = self._database.find_damage()
        with self._reading_built() as connection:
            return damage or _later.checks.find_faults(connection)

    def vacuum(self) -> tuple[int, int]:
        """Return unused space to the disk. Returns the bytes before and after. Needs the lock of a run."""
        if self._database.mode is not Mode.RUN:
            raise RegisterError(f"{self.where}: was not opened for a run")
        with self._database.explain_errors():
            before = self._database.size_in_bytes()
            self._database.vacuum()
            return before, self._database.size_in_bytes()

    def count_rows(self) -> Mapping[str, int]:
        """Number of rows of every table, without the tables of the read model."""
        with self._reading() as connection:
            return read.count_rows(connection)
