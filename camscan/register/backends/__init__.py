"""What a register asks of the database that it lives in, whichever that is."""

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
    """Changes nothing, needs no lock."""
    EDIT = "edit"
    """People's edits and the like: short transactions, also while a run holds the register."""
    RUN = "run"
    """A scan or an import: no other run meanwhile."""


class Database(Protocol):
    """An open database with a register's tables of today's version in it."""

    mode: Mode
    connection: Connection

    @property
    def where(self) -> str:
        """Its file or address, as messages name it: without a password."""

    @property
    def place(self) -> str:
        """The same for programs: with the password that the address has."""

    def explain_errors(self) -> AbstractContextManager[None]:
        """Turn what the database says into one line for a person: RegisterError or BusyError."""

    def begin_reading(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state and waits for nobody."""

    def begin_writing(self) -> AbstractContextManager[Connection]:
        """A transaction that waits until it is the only one that writes; whole or not at all."""

    @property
    def is_free(self) -> bool:
        """Whether nobody is writing at this moment, so that a reader who wants to write a little need not wait."""

    def copy_to(self, path: Path) -> None:
        """Write all of it into an SQLite file that is empty, while others go on; RegisterError names the file."""

    def find_damage(self) -> list[str]:
        """What the database finds wrong with its own files; empty if nothing is."""

    def vacuum(self) -> None:
        """Give the room of what was deleted back to the disk; nobody else may be at it."""

    def size_in_bytes(self) -> int:
        """Bytes on the disk."""

    def close(self) -> None:
        """Close it and let others run. Harmless when repeated."""


def newer_register_error(where: str, version: str) -> RegisterError:
    """What to say of a register that a later program wrote."""
    return RegisterError(
        f"{where}: a newer camscan wrote it (version {version}; this one reads up to {VERSION}); upgrade camscan"
    )


def outdated_register_error(where: str) -> RegisterError:
    """What to tell a reader of a register that an earlier program wrote."""
    return RegisterError(f"{where}: an older camscan wrote it; the next scan upgrades it, then it can be read")


STEPS = Path(__file__).parents[1] / "migrations"
_STAMP = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where Alembic keeps the revision, as it makes it."""


def known_revisions() -> frozenset[str]:
    """Every revision that this program knows."""
    return frozenset(step.name.split("_")[0] for step in (STEPS / "versions").glob("[0-9]*.py"))


def migrate_tables(connection: Connection, to: str) -> None:
    """Bring the tables to revision ``to`` in the caller's transaction; if there are none, they are made."""
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
        connection.execute(overview.delete())  # a step may have changed what the listing is made of
        create_triggers(connection)
