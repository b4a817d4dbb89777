"""Pages of lists: some rows of the listing or of the audit log, and how many there are in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, false, func, or_, select

from camscan.asset import Change
from camscan.register import schema
from camscan.register.listing import read_stamp
from camscan.register.types import ChangeMark, ListingQuery, LogQuery


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


def list_changes(connection: Connection, asset: str | None = None, since: int = 0) -> list[Change]:
    """Lines of the audit log; see ``Register.changes``."""
    table, device = schema.change, schema.device
    query = (
        select(table, device.c.asset_id)
        .join(device, device.c.id == table.c.device_id)
        .where(table.c.id > since)
        .order_by(table.c.id)
    )
    if asset is not None:
        query = query.where(device.c.asset_id == asset)
    return [_decode_change(row) for row in connection.execute(query).mappings()]


def read_log(connection: Connection, wanted: LogQuery) -> tuple[list[Change], int]:
    """One page of the audit log; see ``Register.read_log``."""
    table, device = schema.change, schema.device
    joined = table.join(device, device.c.id == table.c.device_id)
    found = and_(*_log_conditions(wanted))
    total = connection.execute(select(func.count()).select_from(joined).where(found)).scalar_one()
    query = select(table, device.c.asset_id).select_from(joined).where(found).order_by(table.c.id.desc())
    rows = connection.execute(query.offset(wanted.start).limit(wanted.most)).mappings()
    return [_decode_change(row) for row in rows], total


def _log_conditions(wanted: LogQuery) -> list[ColumnElement[bool]]:
    table, device = schema.change, schema.device
    found: list[ColumnElement[bool]] = [table.c.id > 0]
    if wanted.role:
        found.append(table.c.role == wanted.role)
    if wanted.column:
        found.append(table.c.column_name == wanted.column)
    if wanted.asset_id:
        found.append(device.c.asset_id == wanted.asset_id)
    if wanted.since:
        found.append(table.c.at >= wanted.since)
    if wanted.before:
        found.append(table.c.at < wanted.before)
    return found


def log_values(connection: Connection) -> tuple[Sequence[str], Sequence[str]]:
    """The roles and columns in the audit log; see ``Register.log_values``."""
    table = schema.change
    roles = connection.execute(select(table.c.role).distinct().order_by(table.c.role)).scalars().all()
    columns = connection.execute(select(table.c.column_name).distinct().order_by(table.c.column_name)).scalars().all()
    return roles, columns


def _decode_change(row: RowMapping) -> Change:
    """A row of the audit log as a Change."""
    return Change(
        number=row["id"],
        at=row["at"],
        role=row["role"],
        how=row["how"],
        asset_id=row["asset_id"],
        column=row["column_name"],
        old=row["old"],
        new=row["new"],
        because=row["because"],
    )
