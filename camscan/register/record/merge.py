"""Merges two rows that are one device: everything in the register moves from one to the other, and nothing is lost.

The merged row keeps its asset number, its entries and its part of the audit log, and is not shown any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from camscan.asset import Event
from camscan.model import LISTED
from camscan.register.codec import is_late
from camscan.register.plain_sql import AnyConnection, Row, execute, fetch, fetch_rows, fetch_some, fetch_value
from camscan.register.record.merged_row import greater_of, in_order, merged_row, smaller_of
from camscan.register.record.notes import PLACE
from camscan.register.rows import delete_rows, insert_rows, select_rows, update_rows
from camscan.register.stored import decode_json, unescape_text

MERGED = "merged"
"""The decision that two rows are one device."""
_STAY = (Event.NEW, Event.MISSED, Event.OFFLINE, Event.RETURNED)
"""A device has one history of these events: that of the row that is kept."""


def merge_rows(connection: AnyConnection, keep: int, gone: int, *, role: str, at: datetime) -> None:
    """Move keys, addresses, evidence, history, events and conflicts of ``gone`` to ``keep``."""
    rows = {row["id"]: row for row in select_rows(connection, "device", "id", [keep, gone])}
    kept, other = rows[keep], rows[gone]
    late = _late_scans(connection, kept, other)
    _keep_nameless_places(connection, kept, other)
    _move_to_kept(connection, "device_key", keep, gone)
    _move_to_kept(connection, "device_address", keep, gone)
    _follow_sightings(connection, keep, gone)
    _follow_observations(connection, keep, gone, *in_order(kept, other, late))
    _follow_conflicts(connection, keep, gone, role=role, at=at)
    moving = "UPDATE event SET device_id = :keep WHERE device_id = :gone AND kind NOT IN :stay"
    execute(connection, moving, keep=keep, gone=gone, stay=[each.value for each in _STAY])
    update_rows(connection, "device", "recorder_id", [gone], recorder_id=keep)
    update_rows(connection, "device", "merged_into", [gone], merged_into=keep)
    update_rows(connection, "device", "id", [gone], merged_into=keep)
    count = fetch_value(connection, "SELECT count(*) FROM sighting WHERE device_id = :keep", keep=keep)
    update_rows(connection, "device", "id", [keep], **merged_row(kept, other, count, late))


def _late_scans(connection: AnyConnection, *rows: Row) -> frozenset[int]:
    """Those late scans that were the last to see one of the rows."""
    last = sorted({row["last_scan"] for row in rows if row["last_scan"] is not None})
    found = fetch_some(connection, "SELECT id, coverage FROM scan", "id", last)
    return frozenset(number for number, coverage in found if is_late(decode_json(coverage)))


def _keep_nameless_places(connection: AnyConnection, kept: Row, other: Row) -> None:
    """Note the addresses of a row without a unique key for the other row, which answers there from now on."""
    nameless = [row for row in (kept, other) if row["provisional"]]
    if len(nameless) != 1:
        return
    (row,) = nameless
    query = "SELECT value FROM device_address WHERE device_id = :id AND kind = 'ip' AND last_scan = :last"
    held = fetch(connection, query, id=row["id"], last=row["last_scan"])
    noted = fetch(
        connection, "SELECT value FROM device_key WHERE device_id = :id AND kind = :place", id=kept["id"], place=PLACE
    )
    fresh = {unescape_text(ip) for (ip,) in held} - {unescape_text(ip) for (ip,) in noted}
    insert_rows(
        connection, "device_key", [{"kind": PLACE, "value": ip, "device_id": kept["id"]} for ip in sorted(fresh)]
    )


def _move_to_kept(connection: AnyConnection, table: str, keep: int, gone: int) -> None:
    """Move keys or addresses. One that both rows have is held from the first to the last scan of either."""
    rows = {
        (row["device_id"], row["kind"], row["value"]): row
        for row in select_rows(connection, table, "device_id", [keep, gone])
    }
    where = "WHERE device_id = :device AND kind = :kind AND value = :value"
    for (device, kind, value), row in rows.items():
        if device != gone:
            continue
        own = rows.get((keep, kind, value))
        if own is None:
            moving = f"UPDATE {table} SET device_id = :keep {where}"  # noqa: S608 - ours
            execute(connection, moving, device=gone, kind=kind, value=value, keep=keep)
            continue
        first, last = smaller_of(own["first_scan"], row["first_scan"]), greater_of(own["last_scan"], row["last_scan"])
        execute(connection, f"DELETE FROM {table} {where}", device=gone, kind=kind, value=value)  # noqa: S608 - ours
        widening = f"UPDATE {table} SET first_scan = :first, last_scan = :last {where}"  # noqa: S608 - ours
        execute(connection, widening, device=keep, kind=kind, value=value, first=first, last=last)


def _follow_sightings(connection: AnyConnection, keep: int, gone: int) -> None:
    """Move the sightings. If one scan saw both rows, the sighting of the merged row stays with it."""
    both = fetch_some(connection, "SELECT device_id, digest, id FROM device_state", "device_id", [keep, gone])
    states = {(device, digest): number for device, digest, number in both}
    for (device, digest), number in states.items():
        if device != gone:
            continue
        same = states.get((keep, digest))
        if same is None:
            update_rows(connection, "device_state", "id", [number], device_id=keep)
        else:
            update_rows(connection, "sighting", "state_id", [number], state_id=same)
            delete_rows(connection, "device_state", "id", [number])
    moving = """
        UPDATE sighting SET device_id = :keep
        WHERE device_id = :gone AND scan NOT IN (SELECT scan FROM sighting WHERE device_id = :keep)
    """
    execute(connection, moving, keep=keep, gone=gone)


def _follow_observations(connection: AnyConnection, keep: int, gone: int, older: Row, newer: Row) -> None:
    """Move the observations. What only the earlier of the two last sightings showed has ended with that sighting."""
    if older["last_scan"] != newer["last_scan"] and older["last_scan"] is not None:
        ending = f"""
            UPDATE observation SET last_scan = :last
            WHERE device_id = :id AND last_scan IS NULL AND probe NOT LIKE '{LISTED}%'
        """  # noqa: S608 - a constant
        execute(connection, ending, last=older["last_scan"], id=older["id"])
    update_rows(connection, "observation", "device_id", [gone], device_id=keep)
    query = """
        SELECT id, ip, port, probe, fact_id, first_scan, seen_at FROM observation
        WHERE device_id = :id AND last_scan IS NULL ORDER BY id
    """
    first: dict[tuple[Any, ...], dict[str, Any]] = {}
    twice: list[int] = []
    for row in fetch_rows(connection, query, id=keep):
        same = first.setdefault((row["ip"], row["port"], row["probe"], row["fact_id"]), row)
        if same is not row:
            twice.append(row["id"])
            since = {name: min(same[name], row[name]) for name in ("first_scan", "seen_at")}
            same.update(since)
            update_rows(connection, "observation", "id", [same["id"]], **since)
    delete_rows(connection, "observation", "id", twice)


def _follow_conflicts(connection: AnyConnection, keep: int, gone: int, *, role: str, at: datetime) -> None:
    update_rows(connection, "conflict", "device_id", [gone], device_id=keep)
    update_rows(connection, "conflict", "other_id", [gone], other_id=keep)
    settling = """
        UPDATE conflict SET decision = :decision, settled_by = :role, settled_at = :at
        WHERE device_id = :keep AND other_id = :keep AND decision IS NULL
    """
    execute(connection, settling, decision=MERGED, role=role, at=at, keep=keep)


def merged_into(connection: AnyConnection, numbers: Iterable[int]) -> dict[int, int]:
    """Number of a merged row -> number of the row that was kept."""
    query = "SELECT id, merged_into FROM device WHERE merged_into IS NOT NULL"
    return dict(fetch_some(connection, query, "id", list(numbers)))
