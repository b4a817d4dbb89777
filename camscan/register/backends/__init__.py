"""What a register needs from its database, whichever database that is."""

from __future__ import annotations

import enum
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from camscan.errors import RegisterError
from camscan.register.plain_sql import AnyConnection
from camscan.register.tables import VERSION

if TYPE_CHECKING:
    from sqlalchemy import Connection


__all__ = ["STEPS", "VERSION", "Database", "Mode", "known_revisions", "newer_register_error", "outdated_register_error"]


class Mode(enum.Enum):
    """What a register is opened for."""

    READ = "read"
    """It changes nothing and needs no lock."""
    EDIT = "edit"
    """For people's edits: short transactions, also while a run holds the register."""
    RUN = "run"
    """For a scan or an import: no other run is possible meanwhile."""


class Database(Protocol):
    """An open database that holds the tables of a register, in the current version."""

    mode: Mode

    @property
    def connection(self) -> Connection:
        """Its connection by SQLAlchemy."""

    @property
    def where(self) -> str:
        """Its file or address as messages show it, without a password."""

    @property
    def place(self) -> str:
        """Its file or address for programs, with the password that the address has."""

    def explain_errors(self) -> AbstractContextManager[None]:
        """Turn what the database says into one line for a person: RegisterError or BusyError."""

    def read_plainly(self) -> AbstractContextManager[AnyConnection]:
        """A transaction that only reads, sees one state, and does not wait for others; for plain SQL."""

    def write_plainly(self) -> AbstractContextManager[AnyConnection]:
        """A transaction that waits until no other one writes, for plain SQL. It is made completely or not at all."""

    def begin_reading(self) -> AbstractContextManager[Connection]:
        """As ``read_plainly``, for statements that are built with SQLAlchemy."""

    def begin_writing(self) -> AbstractContextManager[Connection]:
        """As ``write_plainly``, for statements that are built with SQLAlchemy."""

    @property
    def is_free(self) -> bool:
        """Whether nobody is writing at this moment: a reader that wants to write a little then need not wait."""

    def copy_to(self, path: Path) -> None:
        """Write all tables into an empty SQLite file while others continue. RegisterError names the file."""

    def find_damage(self) -> list[str]:
        """What the database finds wrong with its own files; empty if nothing is."""

    def vacuum(self) -> None:
        """Return the space of deleted rows to the disk. Nobody else may use the database meanwhile."""

    def size_in_bytes(self) -> int:
        """Bytes on the disk."""

    def close(self) -> None:
        """Close the database and release its lock. Harmless when repeated."""


def newer_register_error(where: str, version: str) -> RegisterError:
    """The error for a register that a later version of camscan wrote."""
    return RegisterError(
        f"{where}: a newer camscan wrote it (version {version}; this one reads up to {VERSION}); upgrade camscan"
    )


def outdated_register_error(where: str) -> RegisterError:
    """The error for a reader of a register that an earlier version of camscan wrote."""
    return RegisterError(f"{where}: an older camscan wrote it; the next scan upgrades it, then it can be read")


STEPS = Path(__file__).parents[1] / "migrations"


def known_revisions() -> frozenset[str]:
    """Every revision of the tables that this program knows."""
    return frozenset(step.name.split("_")[0] for step in (STEPS / "versions").glob("[0-9]*.py"))
