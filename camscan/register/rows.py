"""Reads and writes rows of tables, many at a time, in plain SQL. All of the register uses it."""

from __future__ import annotations

import itertools
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from camscan.register.plain_sql import CHUNK, AnyConnection, conditions, execute, fetch_rows, fetch_value
from camscan.register.stored import encode_column

BATCH = 2000
"""Rows of one statement: all rows of a county at once would need tens of megabytes, several times over."""


def next_free_id(connection: AnyConnection, table: str) -> int:
    """The first free id. There is only one writer, so nobody else takes it."""
    highest: int | None = fetch_value(connection, f"SELECT max(id) FROM {table}")  # noqa: S608 - ours
    return (highest or 0) + 1


def select_rows(connection: AnyConnection, table: str, column: str, values: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """The rows whose ``column`` is one of ``values``, by the names of their columns."""
    for condition, some in conditions(column, list(values)):
        yield from fetch_rows(connection, f"SELECT * FROM {table} WHERE {condition}", **some)  # noqa: S608 - ours


def rows_of_keys(connection: AnyConnection, keys: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """The rows with these keys (kind, value). They are queried by kind, because an index begins with it."""
    by_kind: defaultdict[str, set[str]] = defaultdict(set)
    for kind, value in keys:
        by_kind[kind].add(value)
    query = "SELECT * FROM device_key WHERE kind = :kind AND value IN :some"
    for kind, values in by_kind.items():
        wanted = sorted(values)
        for start in range(0, len(wanted), CHUNK):
            yield from fetch_rows(connection, query, kind=kind, some=wanted[start : start + CHUNK])


def update_rows(connection: AnyConnection, table: str, column: str, values: Sequence[Any], **changes: Any) -> None:
    """Make the same changes to the rows whose ``column`` is one of ``values``."""
    changed = ", ".join(f"{name} = :{name}" for name in changes)
    for condition, some in conditions(column, values):
        execute(connection, f"UPDATE {table} SET {changed} WHERE {condition}", **changes, **some)  # noqa: S608 - ours


def delete_rows(connection: AnyConnection, table: str, column: str, values: Sequence[Any]) -> None:
    """Delete the rows whose ``column`` is one of ``values``."""
    for condition, some in conditions(column, values):
        execute(connection, f"DELETE FROM {table} WHERE {condition}", **some)  # noqa: S608 - ours


def insert_rows(connection: AnyConnection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or nothing if there are none. All rows have the same columns."""
    if rows:
        names = tuple(rows[0])
        _insert_columns(connection, table, names, [[row[name] for row in rows] for name in names])


def insert_batches(
    connection: AnyConnection, table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert rows as they are made; there may be none. Each has the values of these columns."""
    left = iter(rows)
    while batch := list(itertools.islice(left, BATCH)):
        _insert_columns(connection, table, names, list(zip(*batch, strict=True)))


def _insert_columns(
    connection: AnyConnection, table: str, names: Sequence[str], columns: Sequence[Sequence[Any]]
) -> None:
    """Insert by the driver: SQLAlchemy's work for each row took three times as long as SQLite."""
    stored: list[Any] = list(zip(*map(encode_column, columns), strict=True))
    begin = f"INSERT INTO {table} ({', '.join(names)}) VALUES "  # noqa: S608 - ours
    if isinstance(connection, sqlite3.Connection):
        connection.executemany(f"{begin}({', '.join('?' * len(names))})", stored)
    elif connection.dialect.positional:
        connection.exec_driver_sql(f"{begin}({', '.join('?' * len(names))})", stored)
    else:
        given = [dict(zip(names, each, strict=True)) for each in stored]
        connection.exec_driver_sql(f"{begin}({', '.join(f'%({name})s' for name in names)})", given)
