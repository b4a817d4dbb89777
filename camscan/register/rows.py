"""Rows out of and into tables, many at a time. What all of the register's SQL is written with."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, RowMapping, Table, func, select

CHUNK = 500
"""Values in one IN list; older SQLite allows 999."""
BATCH = 2000
"""Rows of one statement: all of a county's at once would need tens of megabytes, several times over."""


def next_free_id(connection: Connection, table: Table) -> int:
    """The first free id. There is one writer, so nobody else takes it."""
    highest: int | None = connection.execute(select(func.max(table.c.id))).scalar()
    return (highest or 0) + 1


def select_rows(
    connection: Connection, table: Table, column: Column[Any], values: Iterable[Any]
) -> Iterator[RowMapping]:
    """The rows whose ``column`` is one of ``values``."""
    wanted = list(values)
    for start in range(0, len(wanted), CHUNK):
        yield from connection.execute(select(table).where(column.in_(wanted[start : start + CHUNK]))).mappings()


def rows_of_keys(connection: Connection, table: Table, keys: Iterable[tuple[str, str]]) -> Iterator[RowMapping]:
    """The rows of these (kind, value): asked by kind, since an index begins with it."""
    by_kind: defaultdict[str, set[str]] = defaultdict(set)
    for kind, value in keys:
        by_kind[kind].add(value)
    for kind, values in by_kind.items():
        wanted = sorted(values)
        for start in range(0, len(wanted), CHUNK):
            is_wanted = table.c.value.in_(wanted[start : start + CHUNK])
            yield from connection.execute(select(table).where(table.c.kind == kind, is_wanted)).mappings()


def select_columns(
    connection: Connection,
    columns: Iterable[Column[Any]],
    key: Column[Any],
    values: Sequence[Any],
    *where: ColumnElement[bool],
) -> Iterator[Row[Any]]:
    """These columns of the rows whose ``key`` is one of ``values`` and for which all else holds."""
    query = select(*columns).where(*where)
    for start in range(0, len(values), CHUNK):
        yield from connection.execute(query.where(key.in_(values[start : start + CHUNK])))


def update_rows(
    connection: Connection, table: Table, column: Column[Any], values: Sequence[Any], **changes: Any
) -> None:
    """Make the same changes to the rows whose ``column`` is one of ``values``."""
    for start in range(0, len(values), CHUNK):
        these = column.in_(values[start : start + CHUNK])
        connection.execute(table.update().where(these).values(**changes))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or nothing where there are none."""
    if rows:
        connection.execute(table.insert(), list(rows))


def insert_batches(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows, which may be none, as they are made."""
    left = iter(rows)
    while batch := list(itertools.islice(left, BATCH)):
        connection.execute(table.insert(), batch)
