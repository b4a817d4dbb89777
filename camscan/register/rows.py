"""Reads and writes rows of tables, many at a time. All SQL of the register uses it."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Row, RowMapping, Table, bindparam, select

from camscan.register.column_types import column_encoder

CHUNK = 500
"""Values in one IN list; older SQLite allows 999."""
SOME = "some_values"
BATCH = 2000
"""Rows of one statement: all rows of a county at once would need tens of megabytes, several times over."""


def _is_one_of(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """A condition that the column is one of the values that the query gets when it runs.

    So the query is built once for all lists.
    """
    return column.in_(bindparam(SOME, type_=column.type, expanding=True))


def next_free_id(connection: Connection, table: Table) -> int:
    """The first free id. There is only one writer, so nobody else takes it."""
    highest: int | None = connection.exec_driver_sql(f'SELECT max(id) FROM "{table.name}"').scalar()  # noqa: S608 - ours
    return (highest or 0) + 1


def select_rows(
    connection: Connection, table: Table, column: Column[Any], values: Iterable[Any]
) -> Iterator[RowMapping]:
    """The rows whose ``column`` is one of ``values``."""
    wanted = list(values)
    query = select(table).where(_is_one_of(column))
    for start in range(0, len(wanted), CHUNK):
        yield from connection.execute(query, {SOME: wanted[start : start + CHUNK]}).mappings().all()


def rows_of_keys(connection: Connection, table: Table, keys: Iterable[tuple[str, str]]) -> Iterator[RowMapping]:
    """The rows with these keys (kind, value). They are queried by kind, because an index begins with it."""
    by_kind: defaultdict[str, set[str]] = defaultdict(set)
    for kind, value in keys:
        by_kind[kind].add(value)
    for kind, values in by_kind.items():
        wanted = sorted(values)
        query = select(table).where(table.c.kind == kind, _is_one_of(table.c.value))
        for start in range(0, len(wanted), CHUNK):
            yield from connection.execute(query, {SOME: wanted[start : start + CHUNK]}).mappings().all()


def select_columns(
    connection: Connection,
    columns: Iterable[Column[Any]],
    key: Column[Any],
    values: Sequence[Any],
    *where: ColumnElement[bool],
) -> Iterator[Row[Any]]:
    """These columns of the rows whose ``key`` is one of ``values`` and that meet the other conditions."""
    query = select(*columns).where(*where, _is_one_of(key))
    for start in range(0, len(values), CHUNK):
        yield from connection.execute(query, {SOME: values[start : start + CHUNK]}).all()


def update_rows(
    connection: Connection, table: Table, column: Column[Any], values: Sequence[Any], **changes: Any
) -> None:
    """Make the same changes to the rows whose ``column`` is one of ``values``."""
    for start in range(0, len(values), CHUNK):
        these = column.in_(values[start : start + CHUNK])
        connection.execute(table.update().where(these).values(**changes))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or nothing if there are none. All rows have the same columns."""
    if rows:
        names = tuple(rows[0])
        columns = [[row[name] for row in rows] for name in names]
        _insert_columns(connection, columns, _prepare_insert(connection, table, names))


def insert_batches(connection: Connection, table: Table, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows as they are made; there may be none. Each has the values of these columns."""
    left, prepared = iter(rows), None
    while batch := list(itertools.islice(left, BATCH)):
        prepared = prepared or _prepare_insert(connection, table, names)
        _insert_columns(connection, list(zip(*batch, strict=True)), prepared)


class _Insert(NamedTuple):
    """An INSERT statement as the driver takes it."""

    sql: str
    names: Sequence[str]
    """Columns, in the order of their values."""
    is_positional: bool
    """Whether the driver takes a tuple for each row; otherwise a mapping."""
    encoders: Sequence[Callable[[Sequence[Any]], Sequence[Any]] | None]
    """For each column, the function that turns its values into their stored form."""


def _prepare_insert(connection: Connection, table: Table, names: Sequence[str]) -> _Insert:
    """The statement, without SQLAlchemy's work for each row, which took three times as long as SQLite."""
    is_positional = connection.dialect.positional
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join("?" if is_positional else f"%({name})s" for name in names)
    sql = f'INSERT INTO "{table.name}" ({columns}) VALUES ({values})'  # noqa: S608 - names of our own schema
    encoders = [column_encoder(table.c[name].type, connection.dialect) for name in names]
    return _Insert(sql, names, is_positional, encoders)


def _insert_columns(connection: Connection, columns: Sequence[Sequence[Any]], prepared: _Insert) -> None:
    encoded = [encode(each) if encode else each for encode, each in zip(prepared.encoders, columns, strict=True)]
    stored: list[Any] = list(zip(*encoded, strict=True))
    if not prepared.is_positional:
        stored = [dict(zip(prepared.names, each, strict=True)) for each in stored]
    connection.exec_driver_sql(prepared.sql, stored)
