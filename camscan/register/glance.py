"""A quick look at a register in a file, without the database libraries: its listing, its stored counts, one device.

Importing these libraries takes longer than the look. If anything is not as expected, the caller opens the register
instead. It relies on these pages: sqlite.org/wal.html, /pragma.html, /isolation.html.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from camscan.register.address import address_of
from camscan.register.stored import FAULTS

T = TypeVar("T")

VERSION = "0004"
"""The revision of the tables that are read here; a test compares it with ``schema.VERSION``."""
TRIGGERS = 15
"""The number of triggers that watch the listing; a test compares it with ``watching.EXPECTED``."""
_APPLICATION_ID = 0x63616D73
_WAIT = 5.0
"""Seconds to wait for a writer that has just ended."""
_FIT = f"""
SELECT content FROM overview WHERE name = 'stamp'
  AND NOT EXISTS (SELECT 1 FROM touched)
  AND NOT EXISTS (SELECT 1 FROM listing WHERE until < ?)
  AND (SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'listing\\_%' ESCAPE '\\') = {TRIGGERS}
"""  # noqa: S608 - a constant of this file


class ListingState:
    """One state of a register whose listing is up to date."""

    def __init__(self, connection: sqlite3.Connection, stamp: Mapping[str, Any]) -> None:
        self._connection = connection
        self._stamp = stamp

    def find_document(self, name: str, day: date) -> Any:
        """The counts that were stored under this name for that day, if nothing has changed since; None otherwise."""
        found = self._connection.execute("SELECT content FROM overview WHERE name = ?", (name,)).fetchone()
        held = json.loads(found[0]) if found else {}
        (scan,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM scan").fetchone()
        basis = [self._stamp["turn"], self._stamp["edition"], scan, day.isoformat()]
        return held["told"] if held.get("basis") == basis else None

    def read_lines(self) -> Iterator[tuple[Any, ...]]:
        """The columns of ``LINE`` for each device, by address; devices without an address come last."""
        yield from self._connection.execute(
            f"SELECT {', '.join(LINE)} FROM listing ORDER BY address = '', address, device_id"  # noqa: S608 - constants
        )


LINE = (
    *("asset_id", "tag", "maker", "model", "serial", "firmware", "kind", "confidence", "presence"),
    *("lifecycle", "planned", "last_seen", "ips", "make", "badge", "spot", "missed", "other", "facts"),
)
"""Columns of the listing that the list on the screen shows; their texts are as they are stored."""


def read_at_a_glance(where: str | Path, edition: str, day: date, read: Callable[[ListingState], T | None]) -> T | None:
    """The result of ``read``, which gets a look at the register and reads everything before it returns.

    None if it is not a register in a file, if its listing is of another edition or day, or if anything is wrong.
    """

    def read_listing(connection: sqlite3.Connection) -> T | None:
        seen = _open_glance(connection, edition, day)
        return None if seen is None else read(seen)

    return read_file(where, read_listing)


def read_file(where: str | Path, read: Callable[[sqlite3.Connection], T | None]) -> T | None:
    """The result of ``read``, which gets one state of a register in a file, and reads everything before it returns.

    None if it is not a register in a file, if an earlier version wrote it, or if anything is wrong: the caller then
    opens the register, which says in plain words what it is.
    """
    path = Path(where)
    if address_of(where) is not None or not path.is_file() or path.is_symlink():
        return None
    try:
        with contextlib.closing(_connect_readonly(path)) as connection:
            return read(connection) if _is_register(connection) else None
    except (sqlite3.Error, OSError, *FAULTS):
        return None


def _connect_readonly(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(sqlite_uri(path, readonly=True), uri=True, timeout=_WAIT, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("BEGIN")
    return connection


def _is_register(connection: sqlite3.Connection) -> bool:
    if connection.execute("PRAGMA application_id").fetchone() != (_APPLICATION_ID,):
        return False
    found = connection.execute("SELECT max(version_num) FROM alembic_version").fetchone()
    return bool(found and found[0] == VERSION)


def _open_glance(connection: sqlite3.Connection, edition: str, day: date) -> ListingState | None:
    found = connection.execute(_FIT, (day.isoformat(),)).fetchone()
    if found is None:
        return None
    stamp = json.loads(found[0])
    fits = stamp["edition"] == edition and stamp["day"] <= day.isoformat()
    lines = connection.execute("SELECT count(*) FROM listing").fetchone()[0]
    return ListingState(connection, stamp) if fits and lines == stamp["lines"] else None


def is_writable_now(path: Path) -> bool:
    """Whether the register in a file can be written at once: a reader that wants to write then need not wait."""
    try:
        with contextlib.closing(sqlite3.connect(sqlite_uri(path, readonly=True), uri=True, timeout=0)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
    except sqlite3.Error:
        return False
    return True


def sqlite_uri(path: Path, *, readonly: bool) -> str:
    """The URI by which SQLite opens a file."""
    # A reader of a WAL database also creates the index beside it, and can remove it only if it may write there. If the
    # directory does not allow that, and no writer left a log, the file is complete and nobody is writing to it.
    mode = "mode=rwc"
    if readonly:
        mode = "mode=rw"
        if not os.access(path.parent, os.W_OK):
            mode = "mode=ro" if path.with_name(path.name + "-wal").exists() else "immutable=1"
    whole = path.absolute()
    if not whole.is_absolute():  # "C:camscan.db" of Windows: in the current folder of a drive
        whole = Path(os.path.abspath(path))  # noqa: PTH100 - pathlib leaves it as it is
    uri = whole.as_uri()
    if whole.drive.startswith("\\\\"):  # for SQLite, the server of a share is a part of the path
        uri = uri.replace("file:", "file://", 1)
    return f"{uri}?{mode}"
