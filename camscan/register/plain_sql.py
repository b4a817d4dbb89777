"""Plain SQL that SQLAlchemy and Python's own driver of SQLite both run.

What a scan asks and writes is in it, and what is asked of one device: a register in a file then needs no database
library, which takes a fifth of a second to load. Values go in and come out as they are stored (``stored.py``), unless a
function says otherwise.
"""

from __future__ import annotations

import functools
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from camscan.register.stored import decode_row, encode

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, TextClause

AnyConnection: TypeAlias = Union["Connection", sqlite3.Connection]
"""A connection of SQLAlchemy, or of the driver."""
Rows = Sequence[Any]
Row = Mapping[Any, Any]
"""A row by the names of its columns, with its values as Python has them."""
CHUNK = 500
"""Values in one IN list; older SQLite allows 999."""
_BATCH = 2000
"""Rows that a stream holds at a time."""


def is_file(connection: AnyConnection) -> bool:
    """Whether the register is in an SQLite file."""
    return isinstance(connection, sqlite3.Connection) or connection.dialect.name == "sqlite"


def fetch(connection: AnyConnection, query: str, **values: Any) -> Rows:
    """The rows of a query in which ``:name`` is a value, and ``IN :name`` one of several (a list, not empty).

    Values are encoded as they are stored.
    """
    if isinstance(connection, sqlite3.Connection):
        return _run_on_driver(connection, query, values).fetchall()
    return _run_on_sqlalchemy(connection, query, values).all()


def stream(connection: AnyConnection, query: str, **values: Any) -> Iterator[Any]:
    """As ``fetch``, but row after row: not all of them are in memory."""
    if isinstance(connection, sqlite3.Connection):
        yield from _run_on_driver(connection, query, values)
        return
    yield from _run_on_sqlalchemy(connection, query, values, yield_per=_BATCH)


def fetch_value(connection: AnyConnection, query: str, **values: Any) -> Any:
    """The first column of the first row; None if there is no row."""
    found = fetch(connection, query, **values)
    return found[0][0] if found else None


def fetch_rows(connection: AnyConnection, query: str, **values: Any) -> list[dict[str, Any]]:
    """As ``fetch``, but each row by the names of its columns, and its values as Python has them."""
    return list(_by_names(connection, query, values))


def stream_rows(connection: AnyConnection, query: str, **values: Any) -> Iterator[dict[str, Any]]:
    """As ``fetch_rows``, but row after row: not all of them are in memory."""
    return _by_names(connection, query, values, yield_per=_BATCH)


def _by_names(
    connection: AnyConnection, query: str, values: Mapping[str, Any], **options: Any
) -> Iterator[dict[str, Any]]:
    found: Iterable[Sequence[Any]]
    if isinstance(connection, sqlite3.Connection):
        found = asked = _run_on_driver(connection, query, values)
        names = tuple(column[0] for column in asked.description)
    else:
        found = result = _run_on_sqlalchemy(connection, query, values, **options)
        names = tuple(result.keys())
    return (decode_row(names, row) for row in found)


def execute(connection: AnyConnection, statement: str, **values: Any) -> None:
    """Run a statement that returns nothing, with values as in ``fetch``."""
    if isinstance(connection, sqlite3.Connection):
        _run_on_driver(connection, statement, values)
    elif values:
        _run_on_sqlalchemy(connection, statement, values)
    else:
        connection.exec_driver_sql(statement)  # a colon in it is no value


def execute_many(connection: AnyConnection, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement once for each row of values; there may be none."""
    if not rows:
        return
    stored = [{name: encode(value) for name, value in row.items()} for row in rows]
    if isinstance(connection, sqlite3.Connection):
        connection.executemany(statement, stored)
    else:
        connection.execute(_prepare(statement, ()), stored)


def _run_on_driver(connection: sqlite3.Connection, query: str, values: Mapping[str, Any]) -> sqlite3.Cursor:
    stored: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, list):
            several = {f"{name}_{place}": encode(one) for place, one in enumerate(value)}
            query = re.sub(rf":{name}\b", f"({', '.join(f':{one}' for one in several)})", query)
            stored |= several
        else:
            stored[name] = encode(value)
    return connection.execute(query, stored)


def _run_on_sqlalchemy(
    connection: Connection, query: str, values: Mapping[str, Any], **options: Any
) -> CursorResult[Any]:
    lists = tuple(name for name, value in values.items() if isinstance(value, list))
    stored = {
        name: list(map(encode, value)) if isinstance(value, list) else encode(value) for name, value in values.items()
    }
    return connection.execute(_prepare(query, lists), stored, execution_options=options)


@functools.lru_cache(maxsize=256)
def _prepare(query: str, lists: Sequence[str]) -> TextClause:
    from sqlalchemy import bindparam, text  # noqa: PLC0415 - loaded already, but with the driver it never is

    return text(query).bindparams(*(bindparam(name, expanding=True) for name in lists))


def fetch_some(
    connection: AnyConnection, query: str, key: str, wanted: Iterable[Any] | None, **values: Any
) -> Iterator[Any]:
    """The rows of a query whose ``key`` is one of ``wanted``; all rows for None.

    The query may have a WHERE, with ``values``, but nothing after it.
    """
    if wanted is None:
        yield from fetch(connection, query, **values)
        return
    joined = "AND" if " WHERE " in query else "WHERE"
    for condition, some in conditions(key, list(wanted)):
        yield from fetch(connection, f"{query} {joined} {condition}", **values, **some)


def conditions(key: str, wanted: Sequence[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Conditions with their values: the key is one of these. For numbers in a row it is short, which is read faster."""
    if wanted and isinstance(wanted[0], int) and all(after == before + 1 for before, after in pairwise(wanted)):
        yield f"{key} BETWEEN :first AND :last", {"first": wanted[0], "last": wanted[-1]}
        return
    for start in range(0, len(wanted), CHUNK):
        yield f"{key} IN :some", {"some": list(wanted[start : start + CHUNK])}


def table_names(connection: AnyConnection) -> set[str]:
    """The names of all tables of the register."""
    if is_file(connection):
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    else:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    return {row[0] for row in fetch(connection, query)}


def escape_pattern(value: str) -> str:
    """A text that stands for itself in a LIKE pattern with ``ESCAPE '/'``."""
    return re.sub(r"[/%_]", r"/\g<0>", value)


def driver_errors() -> tuple[type[Exception], ...]:
    """The errors of the driver, and those of SQLAlchemy, if it is loaded, which have the driver's."""
    loaded = sys.modules.get("sqlalchemy.exc")
    return (sqlite3.Error, loaded.DBAPIError) if loaded else (sqlite3.Error,)


def is_undecodable(error: Exception) -> bool:
    """Whether a stored text is not UTF-8, by one of these errors."""
    cause = getattr(error, "orig", error)
    return isinstance(cause, sqlite3.OperationalError) and "decode" in str(cause).lower()
