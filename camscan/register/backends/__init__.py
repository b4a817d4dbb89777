"""What a register needs from its database, whichever database that is."""

from __future__ import annotations

import enum
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect

from camscan.errors import RegisterError
from camscan.register.listing import begin_listing
from camscan.register.schema import METADATA, VERSION, overview, touched
from camscan.register.watching import create_triggers, drop_triggers


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
    connection: Connection

    @property
    def where(self) -> str:
        """Its file or address as messages show it, without a password."""

    @property
    def place(self) -> str:
        """Its file or address for programs, with the password that the address has."""

    def explain_errors(self) -> AbstractContextManager[None]:
        """Turn what the database says into one line for a person: RegisterError or BusyError."""

    def begin_reading(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads, sees one state, and does not wait for others."""

    def begin_writing(self) -> AbstractContextManager[Connection]:
        """A transaction that waits until no other one writes. It is made completely or not at all."""

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
_STAMP = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""The table in which Alembic keeps the revision, as Alembic creates it."""


def known_revisions() -> frozenset[str]:
    """Every revision of the tables that this program knows."""
    return frozenset(step.name.split("_")[0] for step in (STEPS / "versions").glob("[0-9]*.py"))


def migrate_tables(connection: Connection, to: str) -> None:
    """Bring the tables to revision ``to`` in the caller's transaction; missing tables are created."""
    if to == VERSION and not inspect(connection).has_table(_STAMP.name):
        METADATA.create_all(connection, checkfirst=False)
        _STAMP.create(connection, checkfirst=False)
        connection.execute(_STAMP.insert().values(version_num=VERSION))
        create_triggers(connection)
        begin_listing(connection)
        return
    from alembic import command  # noqa: PLC0415 - 0.2 s that only an upgrade needs
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(STEPS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    if inspect(connection).has_table(touched.name):
        drop_triggers(connection)
    command.upgrade(config, to)
    if to == VERSION:
        connection.execute(overview.delete())  # a step may have changed the tables from which the listing is made
        create_triggers(connection)
