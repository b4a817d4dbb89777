"""Merges two rows that are one device: everything in the register moves from one to the other, and nothing is lost.

The merged row keeps its asset number, its entries and its part of the audit log, and is not shown any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, select, update

from camscan.asset import Event
from camscan.model import LISTED
from camscan.register import schema
from camscan.register.record.merged_row import greater_of, merged_row, smaller_of
from camscan.register.record.notes import PLACE

MERGED = "merged"
"""The decision that two rows are one device."""
_STAY = (Event.NEW, Event.MISSED, Event.OFFLINE, Event.RETURNED)
"""A device has one history of these events: that of the row that is kept."""


def merge_rows(connection: Connection, keep: int, gone: int, *, role: str, at: datetime) -> None:
    """Move keys, addresses, evidence, history, events and conflicts of ``gone`` to ``keep``."""
    table = schema.device
    rows = {
        number: connection.execute(select(table).where(table.c.id == number)).mappings().one()
        for number in (keep, gone)
    }
    kept, other = rows[keep], rows[gone]
    _keep_nameless_places(connection, kept, other)
    _move_to_kept(connection, schema.device_key, keep, gone)
    _move_to_kept(connection, schema.device_address, keep, gone)
    _follow_sightings(connection, keep, gone)
    _follow_observations(connection, kept, other)
    _follow_conflicts(connection, keep, gone, role=role, at=at)
    event = schema.event
    moving = (event.c.device_id == gone, event.c.kind.not_in([each.value for each in _STAY]))
    connection.execute(update(event).where(*moving).values(device_id=keep))
    connection.execute(update(table).where(table.c.recorder_id == gone).values(recorder_id=keep))
    connection.execute(update(table).where(table.c.merged_into == gone).values(merged_into=keep))
    connection.execute(update(table).where(table.c.id == gone).values(merged_into=keep))
    count = select(func.count()).select_from(schema.sighting).where(schema.sighting.c.device_id == keep)
    row = merged_row(kept, other, connection.execute(count).scalar_one())
    connection.execute(update(table).where(table.c.id == keep).values(**row))


def _keep_nameless_places(connection: Connection, kept: RowMapping, other: RowMapping) -> None:
    """Note the addresses of a row without a unique key for the other row, which answers there from now on."""
    nameless = [row for row in (kept, other) if row["provisional"]]
    if len(nameless) != 1:
        return
    (row,) = nameless
    key, address = schema.device_key, schema.device_address
    current = (address.c.device_id == row["id"], address.c.kind == "ip", address.c.last_scan == row["last_scan"])
    held = {each.value for each in connection.execute(select(address.c.value).where(*current))}
    mine = (key.c.device_id == kept["id"], key.c.kind == PLACE)
    held -= {each.value for each in connection.execute(select(key.c.value).where(*mine))}
    if held:
        values = [{"kind": PLACE, "value": ip, "device_id": kept["id"]} for ip in sorted(held)]
        connection.execute(key.insert(), values)


def _move_to_kept(connection: Connection, table: Table, keep: int, gone: int) -> None:
    """Move keys or addresses. One that both rows have is held from the first to the last scan of either."""
    rows = {
        (row["device_id"], row["kind"], row["value"]): row
        for row in connection.execute(select(table).where(table.c.device_id.in_((keep, gone)))).mappings()
    }
    for (device, kind, value), row in rows.items():
        if device != gone:
            continue
        here = (table.c.kind == kind, table.c.value == value)
        own = rows.get((keep, kind, value))
        if own is None:
            connection.execute(table.update().where(table.c.device_id == gone, *here).values(device_id=keep))
            continue
        span = {
            "first_scan": smaller_of(own["first_scan"], row["first_scan"]),
            "last_scan": greater_of(own["last_scan"], row["last_scan"]),
        }
        connection.execute(table.delete().where(table.c.device_id == gone, *here))
        connection.execute(table.update().where(table.c.device_id == keep, *here).values(**span))


def _follow_sightings(connection: Connection, keep: int, gone: int) -> None:
    """Move the sightings. If one scan saw both rows, the sighting of the merged row stays with it."""
    state, sighting = schema.device_state, schema.sighting
    both = connection.execute(select(*state.c["id", "device_id", "digest"]).where(state.c.device_id.in_((keep, gone))))
    states = {(row.device_id, row.digest): row.id for row in both}
    for (device, digest), number in states.items():
        if device != gone:
            continue
        same = states.get((keep, digest))
        if same is None:
            connection.execute(state.update().where(state.c.id == number).values(device_id=keep))
        else:
            connection.execute(sighting.update().where(sighting.c.state_id == number).values(state_id=same))
            connection.execute(state.delete().where(state.c.id == number))
    seen = select(sighting.c.scan).where(sighting.c.device_id == keep).scalar_subquery()
    moving = (sighting.c.device_id == gone, sighting.c.scan.not_in(seen))
    connection.execute(sighting.update().where(*moving).values(device_id=keep))


def _follow_observations(connection: Connection, kept: RowMapping, other: RowMapping) -> None:
    """Move the observations. What only the earlier of the two last sightings showed has ended with that sighting."""
    table = schema.observation
    older, newer = sorted((kept, other), key=lambda row: row["last_scan"] or 0)
    if older["last_scan"] != newer["last_scan"] and older["last_scan"] is not None:
        of_scans = ~table.c.probe.startswith(LISTED, autoescape=True)
        ended = (table.c.device_id == older["id"], table.c.last_scan.is_(None), of_scans)
        connection.execute(table.update().where(*ended).values(last_scan=older["last_scan"]))
    connection.execute(table.update().where(table.c.device_id == other["id"]).values(device_id=kept["id"]))
    columns = table.c["id", "ip", "port", "probe", "fact_id", "first_scan", "seen_at"]
    current = select(*columns).where(table.c.device_id == kept["id"], table.c.last_scan.is_(None)).order_by(table.c.id)
    first: dict[tuple[Any, ...], RowMapping] = {}
    for row in connection.execute(current).mappings().all():
        same = first.setdefault((row["ip"], row["port"], row["probe"], row["fact_id"]), row)
        if same is row:
            continue
        since = {name: min(same[name], row[name]) for name in ("first_scan", "seen_at")}
        connection.execute(table.delete().where(table.c.id == row["id"]))
        connection.execute(table.update().where(table.c.id == same["id"]).values(**since))


def _follow_conflicts(connection: Connection, keep: int, gone: int, *, role: str, at: datetime) -> None:
    table = schema.conflict
    connection.execute(table.update().where(table.c.device_id == gone).values(device_id=keep))
    connection.execute(table.update().where(table.c.other_id == gone).values(other_id=keep))
    between = (table.c.device_id == keep, table.c.other_id == keep, table.c.decision.is_(None))
    connection.execute(table.update().where(*between).values(decision=MERGED, settled_by=role, settled_at=at))


def merged_into(connection: Connection, numbers: Iterable[int]) -> dict[int, int]:
    """Number of a merged row -> number of the row that was kept."""
    table = schema.device
    query = select(*table.c["id", "merged_into"]).where(table.c.id.in_(list(numbers)), table.c.merged_into.is_not(None))
    return {row.id: row.merged_into for row in connection.execute(query)}
