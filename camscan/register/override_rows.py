"""Stores what people state about a device, so that a later scan recognises it; ``overrides.py`` says what it means."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from camscan.identify.keys import Key
from camscan.register import schema
from camscan.register.codec import identification_from_json
from camscan.register.overrides import overlay_entries, stated_keys
from camscan.register.plain_sql import Row

_KINDS = ("serial", "unit", "mac")
"""Kinds of key that stated entries make."""


def store_overrides(connection: Connection, row: Row, entries: Mapping[str, str]) -> None:
    """Store the keys by which a later scan recognises the device, and the columns that SQL queries use."""
    own = stated_keys(entries)
    table = schema.device_key
    # These keys come from people. Keys from scans, notes of places, and channels that people gave otherwise are left
    # alone.
    mine = (table.c.device_id == row["id"], table.c.last_scan.is_(None), table.c.kind.in_(_KINDS))
    connection.execute(table.delete().where(*mine))
    seen = {
        Key(each.kind, each.value) for each in connection.execute(table.select().where(table.c.device_id == row["id"]))
    }
    fresh = [{"kind": key.kind, "value": key.value, "device_id": row["id"]} for key in sorted(own - seen)]
    if fresh:
        connection.execute(table.insert(), fresh)
    known = overlay_entries(identification_from_json(row["known"]["identification"]), entries)
    values = {name: getattr(known, name) for name in ("maker", "brand", "model", "serial", "mac", "kind")}
    device = schema.device
    connection.execute(
        device.update()
        .where(device.c.id == row["id"])
        .values(
            **values,
            is_camera_system=known.is_camera_system,
            confidence=known.confidence.value,
            certainty=known.certainty,
        )
    )
