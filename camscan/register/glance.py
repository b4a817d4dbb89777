"""A quick look at a register in a file: its listing and what was counted, without the database libraries.

Their import takes longer than the look. Whatever is not as it should be is left to those who open the register.
SQLite facts relied on: sqlite.org/wal.html, /pragma.html, /isolation.html.
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

T = TypeVar("T")

VERSION = "0004"
"""The revision whose tables are asked here; a test compares it with ``schema.VERSION``."""
TRIGGERS = 15
"""How many watch over the listing; a test compares it with ``watching.EXPECTED``."""
_APPLICATION_ID = 0x63616D73
_WAIT = 5.0
"""Seconds to wait for a writer who has just ended."""
_FIT = f"""
SELECT content FROM overview WHERE name = 'stamp'
  AND (SELECT max(version_num) FROM alembic_version) = '{VERSION}'
  AND NOT EXISTS (SELECT 1 FROM touched)
  AND NOT EXISTS (SELECT 1 FROM listing WHERE until < ?)
  AND (SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'listing\\_%' ESCAPE '\\') = {TRIGGERS}
"""  # noqa: S608 - two constants of this file


class Glance:
    """A look at one state of a register whose listing is up to date."""

    def __init__(self, connection: sqlite3.Connection, stamp: Mapping[str, Any]) -> None:
        self._connection = connection
        self._stamp = stamp

    def find_document(self, name: str, day: date) -> Any:
        """What was counted on that day under this name, if nothing has changed since; else None."""
        found = self._connection.execute("SELECT content FROM overview WHERE name = ?", (name,)).fetchone()
        held = json.loads(found[0]) if found else {}
        (scan,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM scan").fetchone()
        basis = [self._stamp["turn"], self._stamp["edition"], scan, day.isoformat()]
        return held["told"] if held.get("basis") == basis else None

    def read_lines(self) -> Iterator[tuple[Any, ...]]:
        """Of each device the columns of ``LINE``, by address, those without one last."""
        yield from self._connection.execute(
            f"SELECT {', '.join(LINE)} FROM listing ORDER BY address = '', address, device_id"  # noqa: S608 - constants
        )


LINE = (
    *("asset_id", "tag", "maker", "model", "serial", "firmware", "kind", "confidence", "presence"),
    *("lifecycle", "planned", "last_seen", "ips", "make", "badge", "spot", "missed", "other", "facts"),
)
"""Columns of the listing that the list on the screen shows; texts as they are stored."""


def read_at_a_glance(where: str | Path, edition: str, day: date, read: Callable[[Glance], T | None]) -> T | None:
    """The result of ``read`` on a look at the register, all of it read by then.

    None if it is not a register in a file, if its listing is not of this edition and day, or if anything is wrong.
    """
    path = Path(where)
    if address_of(where) is not None or not path.is_file() or path.is_symlink():
        return None
    try:
        with contextlib.closing(_connect_readonly(path)) as connection:
            seen = _open_glance(connection, edition, day)
            return None if seen is None else read(seen)
    except (sqlite3.Error, OSError, LookupError, TypeError, ValueError):
        return None  # whoever opens it says in plain words what is wrong


def _connect_readonly(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(sqlite_uri(path, readonly=True), uri=True, timeout=_WAIT, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("BEGIN")
    return connection


def _open_glance(connection: sqlite3.Connection, edition: str, day: date) -> Glance | None:
    if connection.execute("PRAGMA application_id").fetchone() != (_APPLICATION_ID,):
        return None
    found = connection.execute(_FIT, (day.isoformat(),)).fetchone()
    if found is None:
        return None
    stamp = json.loads(found[0])
    fits = stamp["edition"] == edition and stamp["day"] <= day.isoformat()
    lines = connection.execute("SELECT count(*) FROM listing").fetchone()[0]
    return Glance(connection, stamp) if fits and lines == stamp["lines"] else None


def is_writable_now(path: Path) -> bool:
    """Whether the register in a file can be written to at once, so that a reader who wants to would not wait."""
    try:
        with contextlib.closing(sqlite3.connect(sqlite_uri(path, readonly=True), uri=True, timeout=0)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
    except sqlite3.Error:
        return False
    return True


def sqlite_uri(path: Path, *, readonly: bool) -> str:
    """How a file is named to SQLite."""
    # Also a reader of a WAL database creates its index beside it, and clears it away only if it may write. Where the
    # directory forbids that and no writer left a log, the file is whole and at rest.
    mode = "mode=rwc"
    if readonly:
        mode = "mode=rw"
        if not os.access(path.parent, os.W_OK):
            mode = "mode=ro" if path.with_name(path.name + "-wal").exists() else "immutable=1"
    return f"{path.absolute().as_uri()}?{mode}"
