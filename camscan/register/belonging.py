"""What hangs on a device's row: its keys, its addresses, its conflicts. Inside the transaction of the recording."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select

from camscan.model import Report
from camscan.register import schema
from camscan.register.entry import Entry
from camscan.register.evidence import next_id
from camscan.register.matching import Doubt, Matching, rows_in
from camscan.register.stored import Conflict

APART = "apart"
"""The decision that two rows are two devices: whatever contradicts between them is not asked again."""


def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or nothing where there are none."""
    if rows:
        connection.execute(table.insert(), list(rows))


def record_keys(connection: Connection, scan: int, entries: Iterable[Entry]) -> None:
    """Write by what each device is recognised from now on."""
    new: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    for entry in entries:
        held = entry.known.keys | entry.known.notes if entry.known else set()
        for key in entry.keys | entry.notes:
            row = {"device_id": entry.id, "kind": key.kind, "value": key.value, "first_scan": scan, "last_scan": scan}
            (again if key in held else new).append(row)
    insert(connection, schema.device_key, new)
    _seen_again(connection, schema.device_key, again, scan)


def record_addresses(connection: Connection, scan: int, entries: Iterable[Entry]) -> None:
    """Write every address that each device holds now."""
    new: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    for entry in entries:
        for kind, values in (("ip", entry.device.ip_addresses), ("mac", entry.device.mac_addresses)):
            for position, value in enumerate(dict.fromkeys(values)):
                row = {"device_id": entry.id, "kind": kind, "value": value, "position": position}
                row |= {"first_scan": scan, "last_scan": scan}
                (again if entry.known and (kind, value) in entry.known.addresses else new).append(row)
    insert(connection, schema.device_address, new)
    _seen_again(connection, schema.device_address, again, scan)


def _seen_again(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], scan: int) -> None:
    if not rows:
        return
    where = (table.c[name] == bindparam(f"the_{name}") for name in ("device_id", "kind", "value"))
    values: dict[str, Any] = {"last_scan": scan}
    if "position" in table.c:
        values["position"] = bindparam("the_position")
    given = [{f"the_{name}": value for name, value in row.items() if not name.endswith("_scan")} for row in rows]
    connection.execute(table.update().where(*where).values(**values), given)


def record_conflicts(
    connection: Connection, scan: int, report: Report, matching: Matching, entries: Sequence[Entry]
) -> tuple[Conflict, ...]:
    """Each once: what was said of a device before, or what a person has settled of two, is not said again."""
    table = schema.conflict
    ids = {entries[doubt.device].id for doubt in matching.doubts}
    said = {
        (row["device_id"], row["kind"], row["detail"]) for row in rows_in(connection, table, table.c.device_id, ids)
    }
    settled = kept_apart(connection) if matching.doubts else frozenset()
    names = _names(connection, matching.doubts) | {entry.id: entry.asset_id for entry in entries}
    first = next_id(connection, table)
    rows: list[dict[str, Any]] = []
    conflicts: list[Conflict] = []
    for doubt in matching.doubts:
        entry = entries[doubt.device]
        other = doubt.other if doubt.beside is None else entries[doubt.beside].id
        words = (entry.id, doubt.kind, doubt.detail)
        if words in said or (other is not None and frozenset((entry.id, other)) in settled):
            continue
        said.add(words)
        about = {"scan": scan, "device_id": entry.id, "other_id": other}
        rows.append({"id": first + len(rows), "kind": doubt.kind, "detail": doubt.detail, **about})
        name = names.get(other, "") if other is not None else ""
        number = rows[-1]["id"]
        conflicts.append(Conflict(entry.asset_id, doubt.kind, doubt.detail, report.scan_id, name, number))
    insert(connection, table, rows)
    return tuple(conflicts)


def kept_apart(connection: Connection) -> frozenset[frozenset[int]]:
    """Pairs of devices that a person said are two."""
    table = schema.conflict
    query = select(*table.c["device_id", "other_id"]).where(table.c.decision == APART)
    return frozenset(frozenset((row.device_id, row.other_id)) for row in connection.execute(query))


def _names(connection: Connection, doubts: Collection[Doubt]) -> dict[int, str]:
    table = schema.device
    others = {doubt.other for doubt in doubts} - {None}
    return {row["id"]: row["asset_id"] for row in rows_in(connection, table, table.c.id, others)}
