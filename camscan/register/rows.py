"""Rows out of and into tables, many at a time. What all of the register's SQL is written with."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, Table, func, select

CHUNK = 500
"""Values in one IN list; older SQLite allows 999."""
BATCH = 2000
"""Rows of one statement: all of a county's at once would need tens of megabytes, several times over."""


def next_id(connection: Connection, table: Table) -> int:
    """The first free id. There is one writer, so nobody else takes it."""
    highest: int | None = connection.execute(select(func.max(table.c.id))).scalar()
    return (highest or 0) + 1


def rows_in(connection: Connection, table: Table, column: Column[Any], values: Iterable[Any]) -> Iterator[RowMapping]:
    """The rows whose ``column`` is one of ``values``."""
    wanted = list(values)
    for start in range(0, len(wanted), CHUNK):
        yield from connection.execute(select(table).where(column.in_(wanted[start : start + CHUNK]))).mappings()


def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or nothing where there are none."""
    if rows:
        connection.execute(table.insert(), list(rows))


def insert_batches(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows, which may be none, as they are made."""
    left = iter(rows)
    while batch := list(itertools.islice(left, BATCH)):
        connection.execute(table.insert(), batch)
