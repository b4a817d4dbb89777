"""Where SQL enters: what the register knows of the keys and addresses of a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, Text, cast, select

from camscan.asset import RecordType
from camscan.identify.keys import STRENGTH, Key, Marks, is_virtual_router
from camscan.model import Report
from camscan.register import schema
from camscan.register.codec import identification_from_json
from camscan.register.overrides import overlaid
from camscan.register.record.known import Known, Stored
from camscan.register.record.notes import PLACE, SHARED, note_of
from camscan.register.rows import CHUNK, rows_in
from camscan.register.site_lookup import FindPlace


def read_stored(connection: Connection, report: Report, marks: Sequence[Marks], find_place: FindPlace) -> Stored:
    """What these marks, and the addresses of the report, touch."""
    claimed: frozenset[Key] = frozenset[Key]().union(*(each.keys for each in marks))
    burnt = _shared_before(connection, claimed)
    wire = frozenset().union(*(each.wire for each in marks))
    return Stored(_rows(connection, report, claimed - burnt, wire), burnt, _unseen(connection), find_place)


def _shared_before(connection: Connection, claimed: frozenset[Key]) -> frozenset[Key]:
    """Those of the keys that two devices of an earlier report both claimed."""
    table = schema.device_key
    notes = {note_of(key).value: key for key in claimed}
    rows = rows_in(connection, table, table.c.value, notes)
    return frozenset(notes[row["value"]] for row in rows if row["kind"] == SHARED)


def _rows(connection: Connection, report: Report, keys: frozenset[Key], wire: frozenset[str]) -> list[Known]:
    """Every stored device that shares a strong key or an address with the report, the last seen first."""
    key, address, device = schema.device_key, schema.device_address, schema.device
    ips = {ip for each in report.devices for ip in each.ip_addresses}
    wanted = {*keys, *(Key(PLACE, ip) for ip in ips)}
    by_key = rows_in(connection, key, key.c.value, {each.value for each in wanted})
    ids = {row["device_id"] for row in by_key if Key(row["kind"], row["value"]) in wanted}
    ids |= {row["device_id"] for row in rows_in(connection, address, address.c.value, ips | wire)}
    found: dict[int, Known] = {}
    for row in rows_in(connection, device, device.c.id, ids):
        if row["merged_into"] is None:
            found[row["id"]] = Known(row, identification_from_json(row["known"]["identification"]))
    for row in rows_in(connection, key, key.c.device_id, found):
        known = found[row["device_id"]]
        (known.keys if row["kind"] in STRENGTH else known.notes).add(Key(row["kind"], row["value"]))
    for row in rows_in(connection, address, address.c.device_id, found):
        found[row["device_id"]].addresses[row["kind"], row["value"]] = row["last_scan"]
    for row in rows_in(connection, schema.people, schema.people.c.device_id, found):
        found[row["device_id"]].entries = row["entries"]
    for number, mac in _on_wire(connection, list(found)):
        found[number].wire.add(mac)
    return sorted(found.values(), key=lambda each: (-each.last_scan, each.id))


def _on_wire(connection: Connection, devices: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Each device, and a MAC address that the wire ever showed behind it, by the evidence that is kept."""
    seen, fact = schema.observation, schema.fact
    query = (
        select(seen.c.device_id, fact.c.value)
        .join(fact, fact.c.id == seen.c.fact_id)
        .where(seen.c.probe == "mac", fact.c.key == "mac.address")
    )
    for start in range(0, len(devices), CHUNK):
        for number, mac in connection.execute(query.where(seen.c.device_id.in_(devices[start : start + CHUNK]))):
            if not is_virtual_router(mac):
                yield number, mac


def _unseen(connection: Connection) -> Mapping[str, Sequence[Known]]:
    """The rows that people made, with the address that they stated, and that no scan has seen yet."""
    device, people = schema.device, schema.people
    query = (
        select(device, people.c.entries)
        .join(people, people.c.device_id == device.c.id)
        .where(device.c.last_scan.is_(None), device.c.merged_into.is_(None))
        .where(device.c.record_type.in_([RecordType.MANUAL.value, RecordType.IMPORTED.value]))
        .where(cast(people.c.entries, Text).contains('"stated_ip_address":'))
        .order_by(device.c.id)
    )
    found: defaultdict[str, list[Known]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        known = overlaid(identification_from_json(row["known"]["identification"]), row["entries"])
        if ip := row["entries"].get("stated_ip_address"):
            found[ip].append(Known(row, known, entries=row["entries"]))
    return found
