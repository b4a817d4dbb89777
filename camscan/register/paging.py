"""Pages of the listing: some of its rows, and how many there are in all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, or_, select

from camscan.register import schema
from camscan.register.listing import read_stamp
from camscan.register.types import ChangeMark, ListingQuery


def change_mark(connection: Connection) -> ChangeMark:
    """How far the register has got; see ``Register.mark``."""
    scan, change, conflict = schema.scan, schema.change, schema.conflict
    settled: datetime | None = connection.execute(select(func.max(conflict.c.settled_at))).scalar()
    stamp = read_stamp(connection)
    return ChangeMark(
        scan=connection.execute(select(func.max(scan.c.id))).scalar() or 0,
        change=connection.execute(select(func.max(change.c.id))).scalar() or 0,
        conflicts=connection.execute(select(func.count()).select_from(conflict)).scalar_one(),
        settled=settled.isoformat() if settled else "",
        turn=stamp.turn if stamp else 0,
    )


def size(connection: Connection) -> int:
    """How many devices the register has; see ``Register.size``."""
    return connection.execute(select(func.count()).select_from(schema.device)).scalar_one()


def read_page(connection: Connection, sought: ListingQuery) -> tuple[list[Mapping[str, Any]], int]:
    """One page of the listing; see ``Register.page``."""
    table = schema.listing
    wanted = and_(*_make_conditions(sought))
    total = sought.total
    if total is None:
        total = connection.execute(select(func.count()).select_from(table).where(wanted)).scalar_one()
    # Rows with an empty value come last in both directions. They are queried separately, so that an index gives the
    # order.
    is_empty, order = _make_order(sought)
    query = select(table).where(wanted).order_by(*order)
    rows = _select_some(connection, query.where(~is_empty), sought.start, sought.most)
    if len(rows) < sought.most and sought.start + len(rows) < total:
        filled = connection.execute(select(func.count()).select_from(table).where(wanted, ~is_empty)).scalar_one()
        rows += _select_some(connection, query.where(is_empty), max(sought.start - filled, 0), sought.most - len(rows))
    return rows, total


def _select_some(connection: Connection, query: Select[Any], start: int, most: int) -> list[Mapping[str, Any]]:
    return [dict(row) for row in connection.execute(query.offset(start).limit(most)).mappings()]


def _make_conditions(sought: ListingQuery) -> list[ColumnElement[bool]]:
    columns = schema.listing.c
    found: list[ColumnElement[bool]] = [schema.listing.c.device_id.is_not(None)]
    if sought.sites is not None:
        found.append(columns.site.in_(sorted(sought.sites)) if sought.sites else false())
    for each in sought.where:
        column = columns[each.column]
        holds: ColumnElement[bool] = column.in_([value for value in each.values if value is not None])
        if None in each.values:
            holds = or_(holds, column.is_(None))
        found.append(~holds if each.is_not else holds)
    for word in sought.text.lower().split():
        texts: list[ColumnElement[str]] = [func.lower(columns[name]) for name in sought.within] or [columns.hay]
        found.append(or_(*(text.contains(word, autoescape=True) for text in texts)))
    return found


def _make_order(sought: ListingQuery) -> tuple[ColumnElement[bool], list[ColumnElement[Any]]]:
    """The condition that the sort column is empty, and the order: by the column, then as devices were first found."""
    columns = schema.listing.c
    column, number = columns[sought.order], columns.device_id
    is_empty = column.is_(None) if sought.order in {"priority", "last_seen"} else column == ""
    return is_empty, [column.desc(), number.desc()] if sought.descending else [column, number]
