"""What hangs on a device's row: its keys, its addresses, its conflicts. Inside the transaction of the recording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select

from camscan.model import Report
from camscan.register import schema
from camscan.register.entry import Entry
from camscan.register.record.evidence import next_id
from camscan.register.record.matching import Matching, rows_in
from camscan.register.types import Conflict

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


@dataclass(frozen=True, slots=True)
class Question:
    """A contradiction on its way into the table, about a row and perhaps another."""

    device: int
    asset_id: str
    kind: str
    detail: str
    other: int | None = None


def questions(matching: Matching, entries: Sequence[Entry]) -> list[Question]:
    """What matching left to a person."""
    return [
        Question(
            entries[doubt.device].id,
            entries[doubt.device].asset_id,
            doubt.kind,
            doubt.detail,
            doubt.other if doubt.beside is None else entries[doubt.beside].id,
        )
        for doubt in matching.doubts
    ]


def record_conflicts(
    connection: Connection, scan: int, report: Report, asked: Sequence[Question]
) -> tuple[Conflict, ...]:
    """Each once: what was said of a device before, or what a person has settled of two, is not said again."""
    if not asked:
        return ()
    table = schema.conflict
    ids = {each.device for each in asked}
    said = {
        (row["device_id"], row["kind"], row["detail"]) for row in rows_in(connection, table, table.c.device_id, ids)
    }
    settled = kept_apart(connection)
    names = _names(connection, {each.other for each in asked} - {None})
    first = next_id(connection, table)
    rows: list[dict[str, Any]] = []
    conflicts: list[Conflict] = []
    for each in asked:
        words = (each.device, each.kind, each.detail)
        if words in said or (each.other is not None and frozenset((each.device, each.other)) in settled):
            continue
        said.add(words)
        about = {"scan": scan, "device_id": each.device, "other_id": each.other}
        number = first + len(rows)
        rows.append({"id": number, "kind": each.kind, "detail": each.detail, **about})
        name = names.get(each.other, "") if each.other is not None else ""
        conflicts.append(Conflict(each.asset_id, each.kind, each.detail, report.scan_id, name, number))
    insert(connection, table, rows)
    return tuple(conflicts)


def kept_apart(connection: Connection) -> frozenset[frozenset[int]]:
    """Pairs of devices that a person said are two."""
    table = schema.conflict
    query = select(*table.c["device_id", "other_id"]).where(table.c.decision == APART)
    return frozenset(frozenset((row.device_id, row.other_id)) for row in connection.execute(query))


def _names(connection: Connection, numbers: Iterable[Any]) -> dict[int, str]:
    table = schema.device
    return {row["id"]: row["asset_id"] for row in rows_in(connection, table, table.c.id, numbers)}
