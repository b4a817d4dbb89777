"""Reads the conflicts of identity that a person has to settle, and the decisions about them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from camscan.register import schema
from camscan.register.types import Conflict, Review, SettledConflict


def list_conflicts(connection: Connection, asset_id: str | None = None) -> list[Conflict]:
    """The open conflicts; see ``Register.conflicts``."""
    table, device, scan = schema.conflict, schema.device, schema.scan
    other = device.alias("other")
    query = (
        select(device.c.asset_id, *table.c["kind", "detail"], scan.c.scan_id)
        .add_columns(other.c.asset_id.label("other"), table.c.id.label("number"))
        .select_from(table)
        .join(device, device.c.id == table.c.device_id)
        .join(scan, scan.c.id == table.c.scan)
        .outerjoin(other, other.c.id == table.c.other_id)
        .where(table.c.decision.is_(None), device.c.merged_into.is_(None))
        .order_by(table.c.id)
    )
    if asset_id is not None:
        query = query.where(device.c.asset_id == asset_id)
    rows = connection.execute(query).mappings()
    return [Conflict(**{**row, "other": row["other"] or ""}) for row in rows]


def list_reviews(connection: Connection) -> list[Review]:
    """The open questions; see ``Register.reviews``."""
    grouped: dict[frozenset[str] | int, list[Conflict]] = {}
    for each in list_conflicts(connection):
        pair = frozenset((each.asset_id, each.other))
        grouped.setdefault(pair if each.other else each.number, []).append(each)
    return [Review(found[0].asset_id, found[0].other, tuple(found)) for found in grouped.values()]


def settled(connection: Connection, number: int) -> SettledConflict | None:
    """The decision about a conflict; see ``Register.find_settled``."""
    table, device = schema.conflict, schema.device
    other = device.alias("other")
    query = (
        select(*table.c["decision", "settled_by", "settled_at"], device.c.asset_id)
        .add_columns(other.c.asset_id.label("other"))
        .select_from(table)
        .join(device, device.c.id == table.c.device_id)
        .outerjoin(other, other.c.id == table.c.other_id)
        .where(table.c.id == number, table.c.decision.is_not(None))
    )
    row = connection.execute(query).first()
    return SettledConflict(row.asset_id, row.other or "", row.decision, row.settled_by, row.settled_at) if row else None
