"""Reads the conflicts of identity that a person has to settle, and the decisions about them."""

from __future__ import annotations

from datetime import datetime

from camscan.register.plain_sql import AnyConnection, fetch
from camscan.register.stored import unescape_text
from camscan.register.types import Conflict, Review, SettledConflict


def list_conflicts(connection: AnyConnection, asset_id: str | None = None) -> list[Conflict]:
    """The open conflicts; see ``Register.conflicts``."""
    query = f"""
        SELECT device.asset_id, conflict.kind, conflict.detail, scan.scan_id, other.asset_id, conflict.id
        FROM conflict
        JOIN device ON device.id = conflict.device_id
        JOIN scan ON scan.id = conflict.scan
        LEFT JOIN device AS other ON other.id = conflict.other_id
        WHERE conflict.decision IS NULL AND device.merged_into IS NULL
        {"AND device.asset_id = :asset_id" if asset_id is not None else ""}
        ORDER BY conflict.id
    """  # noqa: S608 - constants
    wanted = {} if asset_id is None else {"asset_id": asset_id}
    return [
        Conflict(
            asset_id=name,
            kind=kind,
            detail=unescape_text(detail),
            scan_id=unescape_text(scan_id),
            other=other or "",
            number=number,
        )
        for name, kind, detail, scan_id, other, number in fetch(connection, query, **wanted)
    ]


def list_reviews(connection: AnyConnection) -> list[Review]:
    """The open questions; see ``Register.reviews``."""
    grouped: dict[frozenset[str] | int, list[Conflict]] = {}
    for each in list_conflicts(connection):
        pair = frozenset((each.asset_id, each.other))
        grouped.setdefault(pair if each.other else each.number, []).append(each)
    return [Review(found[0].asset_id, found[0].other, tuple(found)) for found in grouped.values()]


def settled(connection: AnyConnection, number: int) -> SettledConflict | None:
    """The decision about a conflict; see ``Register.find_settled``."""
    query = """
        SELECT device.asset_id, other.asset_id, conflict.decision, conflict.settled_by, conflict.settled_at
        FROM conflict
        JOIN device ON device.id = conflict.device_id
        LEFT JOIN device AS other ON other.id = conflict.other_id
        WHERE conflict.id = :number AND conflict.decision IS NOT NULL
    """
    for asset_id, other, decision, role, at in fetch(connection, query, number=number):
        return SettledConflict(asset_id, other or "", decision, unescape_text(role), datetime.fromisoformat(at))
    return None
