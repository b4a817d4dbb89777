"""Makes the tables of a register in a file, and its read model anywhere. ``schema.py`` describes the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from camscan.register.plain_sql import AnyConnection, execute, is_file
from camscan.register.watching import create_triggers

VERSION = "0004"
"""The revision that this program writes: the newest of ``migrations/versions`` (a test compares them)."""

READABLE = "0003"
"""An earlier revision that readers can use unchanged: it lacks only the read model, which they then make in memory."""

APPLICATION_ID = 0x63616D73
"""SQLite's application id, ``cams``: it distinguishes a register from any other SQLite file."""

READ_MODEL = ("listing", "overview", "touched")
"""Tables that are made from the others, and made again whenever they are in doubt."""

KEPT = (
    *("fact", "payload", "scan", "site", "attempt", "device", "subnet", "tally", "change", "conflict"),
    *("device_address", "device_key", "device_state", "event", "observation", "people", "sighting"),
)
"""The other tables, of which nothing may be lost; a table comes after the tables to which it refers."""

_STATEMENTS = Path(__file__).with_name("tables.sql")


def make_tables(connection: AnyConnection) -> None:
    """Make all tables in a file that has none, in the caller's transaction."""
    for statement in _statements():
        execute(connection, statement)


def make_read_model(connection: AnyConnection) -> None:
    """Make the tables of the read model again, empty, with the triggers that watch it."""
    for table in READ_MODEL:
        execute(connection, f"DROP TABLE IF EXISTS {table}")
    if isinstance(connection, sqlite3.Connection) or is_file(connection):
        for statement in _statements():
            if statement.partition("(")[0].split()[-1] in READ_MODEL:
                execute(connection, statement)
    else:
        from camscan.register import schema  # noqa: PLC0415 - a server needs SQLAlchemy, a file does not

        schema.METADATA.create_all(connection, tables=schema.READ_MODEL)
    create_triggers(connection)


def _statements() -> Iterator[str]:
    text = _STATEMENTS.read_text(encoding="utf-8")
    return (part for part in text.split("\n\n") if not part.startswith("--"))
