"""Plain SQL that SQLAlchemy and Python's own driver of SQLite both run.

What is asked of one device is written in it, so that a quick look at a register in a file (``glance.py``) need not load
the database libraries, and still asks and reads exactly as an open register does. Values come as they are stored
(``stored.py``).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from camscan.register.stored import escape_text

if TYPE_CHECKING:
    from sqlalchemy import Connection

AnyConnection: TypeAlias = Union["Connection", sqlite3.Connection]
"""A connection of SQLAlchemy, or of the driver."""
Rows = Sequence[Sequence[Any]]
CHUNK = 500
"""Values in one IN list; older SQLite allows 999."""


def fetch(connection: AnyConnection, query: str, **values: Any) -> Rows:
    """The rows of a query in which ``:name`` is a value, and ``IN :name`` one of several (a list, not empty).

    Texts among the values are escaped as they are stored.
    """
    stored = {name: escape_text(value) if isinstance(value, str) else value for name, value in values.items()}
    lists = [name for name, value in stored.items() if isinstance(value, list)]
    if isinstance(connection, sqlite3.Connection):
        return _fetch_by_driver(connection, query, lists, stored)
    from sqlalchemy import bindparam, text  # noqa: PLC0415 - it is loaded already, but for a glance it never is

    found = text(query).bindparams(*(bindparam(name, expanding=True) for name in lists))
    return connection.execute(found, stored).all()


def _fetch_by_driver(connection: sqlite3.Connection, query: str, lists: Iterable[str], values: dict[str, Any]) -> Rows:
    for name in lists:
        several = {f"{name}_{place}": value for place, value in enumerate(values.pop(name))}
        query = re.sub(rf":{name}\b", f"({', '.join(f':{one}' for one in several)})", query)
        values |= several
    return connection.execute(query, values).fetchall()


def fetch_some(
    connection: AnyConnection, query: str, key: str, wanted: Iterable[Any] | None
) -> Iterator[Sequence[Any]]:
    """The rows of a query without a WHERE whose ``key`` is one of ``wanted``; all rows for None."""
    if wanted is None:
        yield from fetch(connection, query)
        return
    for condition, values in conditions(key, list(wanted)):
        yield from fetch(connection, f"{query} WHERE {condition}", **values)


def conditions(key: str, wanted: Sequence[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Conditions with their values: the key is one of these. For numbers in a row it is short, which is read faster."""
    if wanted and isinstance(wanted[0], int) and all(after == before + 1 for before, after in pairwise(wanted)):
        yield f"{key} BETWEEN :first AND :last", {"first": wanted[0], "last": wanted[-1]}
        return
    for start in range(0, len(wanted), CHUNK):
        yield f"{key} IN :some", {"some": list(wanted[start : start + CHUNK])}


def escape_pattern(value: str) -> str:
    """A text that stands for itself in a LIKE pattern with ``ESCAPE '/'``."""
    return re.sub(r"[/%_]", r"/\g<0>", value)
