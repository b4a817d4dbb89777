"""Where SQL enters: what the register knows about the keys, addresses, recorders and subnets of a report.

Everything is read before anything is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from ipaddress import IPv4Address
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Select, Text, cast, func, or_, select, type_coerce

from camscan.asset import GONE, Event, Presence, RecordType
from camscan.errors import RegisterError
from camscan.identify.keys import STRENGTH, Key, Marks, is_virtual_router
from camscan.model import Completion, Coverage, Observation, Report
from camscan.net.span import Span
from camscan.register import schema
from camscan.register.codec import coverage_from_json, identification_from_json, is_late
from camscan.register.events import CHANNEL, COVERAGE
from camscan.register.overrides import overlay_entries
from camscan.register.record.channel_lists import Listings
from camscan.register.record.channel_rows import Answering, Change, ChannelRow, MergedRows, StoredChannels
from camscan.register.record.channels import wanted_keys
from camscan.register.record.conflicts import APART, Question, StoredConflicts
from camscan.register.record.entry import Entry
from camscan.register.record.known import KnownDevice, Stored
from camscan.register.record.notes import PLACE, SHARED, shared_key_note
from camscan.register.record.presence import Removal, SightedDevice, StoredPresence, asked_everything, asked_spans
from camscan.register.rows import CHUNK, next_free_id, rows_of_keys, select_columns, select_rows
from camscan.register.site_lookup import FindPlace

_FOUR = 4
"""The version of IP addresses that can be counted up."""
_MOST_ASKED = 16_384
"""At most so many addresses are looked up one by one; for more, the addresses of all devices are compared."""


def read_number(connection: Connection, report: Report) -> int:
    """The number that the scan will have. Raises RegisterError if the scan is in the register already."""
    table = schema.scan
    if connection.execute(select(table.c.id).where(table.c.scan_id == report.scan_id)).first():
        raise RegisterError(f"scan {report.scan_id} is already in the register; nothing was recorded")
    return next_free_id(connection, table)


def read_free_device(connection: Connection) -> int:
    """The first number that no device has."""
    return next_free_id(connection, schema.device)


def read_stored(connection: Connection, report: Report, marks: Sequence[Marks], find_place: FindPlace) -> Stored:
    """The stored devices that share these marks or an address of the report."""
    claimed: frozenset[Key] = frozenset[Key]().union(*(each.keys for each in marks))
    burnt = _shared_before(connection, claimed)
    wire = frozenset().union(*(each.wire for each in marks))
    return Stored(_read_rows(connection, report, claimed - burnt, wire), burnt, _read_unseen(connection), find_place)


def read_listed(connection: Connection, report: Report) -> list[KnownDevice]:
    """The rows that share an IP or MAC address with what another system lists; the last seen comes first."""
    macs = frozenset(mac for device in report.devices for mac in device.mac_addresses)
    return _read_rows(connection, report, frozenset(Key("mac", mac) for mac in macs), macs)


def read_current(connection: Connection, devices: Iterable[int]) -> dict[int, list[Observation]]:
    """Device -> its present observations, from its last sighting and from lists."""
    seen, fact = schema.observation, schema.fact
    query = (
        select(*seen.c["device_id", "ip", "port", "probe"], *fact.c["key", "value"], seen.c.seen_at)
        .join(fact, fact.c.id == seen.c.fact_id)
        .where(seen.c.last_scan.is_(None))
        .order_by(seen.c.id)
    )
    found: defaultdict[int, list[Observation]] = defaultdict(list)
    wanted = list(devices)
    for start in range(0, len(wanted), CHUNK):
        for number, *told in connection.execute(query.where(seen.c.device_id.in_(wanted[start : start + CHUNK]))):
            found[number].append(Observation(*told))
    return found


def _shared_before(connection: Connection, claimed: frozenset[Key]) -> frozenset[Key]:
    """The keys that two devices of an earlier report both claimed."""
    table = schema.device_key
    notes = {shared_key_note(key).value: key for key in claimed}
    rows = rows_of_keys(connection, table, ((SHARED, value) for value in notes))
    return frozenset(notes[row["value"]] for row in rows)


def _read_rows(connection: Connection, report: Report, keys: frozenset[Key], wire: frozenset[str]) -> list[KnownDevice]:
    """Every stored device that shares a strong key or an address with the report; the last seen comes first."""
    key, address, device = schema.device_key, schema.device_address, schema.device
    ips = {ip for each in report.devices for ip in each.ip_addresses}
    wanted = {*keys, *(Key(PLACE, ip) for ip in ips)}
    ids = {row["device_id"] for row in rows_of_keys(connection, key, wanted)}
    ids |= {row["device_id"] for row in select_rows(connection, address, address.c.value, ips | wire)}
    found: dict[int, KnownDevice] = {}
    for row in select_rows(connection, device, device.c.id, ids):
        if row["merged_into"] is None:
            found[row["id"]] = KnownDevice(row, identification_from_json(row["known"]["identification"]))
    for row in select_rows(connection, key, key.c.device_id, found):
        known = found[row["device_id"]]
        (known.keys if row["kind"] in STRENGTH else known.notes).add(Key(row["kind"], row["value"]))
    for row in select_rows(connection, address, address.c.device_id, found):
        known = found[row["device_id"]]
        known.addresses[row["kind"], row["value"]] = row["last_scan"]
        known.positions[row["kind"], row["value"]] = row["position"]
    for row in select_rows(connection, schema.people, schema.people.c.device_id, found):
        found[row["device_id"]].entries = row["entries"]
    for number, mac in _read_wire_macs(connection, list(found)):
        found[number].wire.add(mac)
    return sorted(found.values(), key=lambda each: (-each.last_scan, each.id))


def _read_wire_macs(connection: Connection, devices: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Each device, with a MAC address that the network ever showed for it, from the stored evidence."""
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


def _read_unseen(connection: Connection) -> Mapping[str, Sequence[KnownDevice]]:
    """Address that people stated -> rows that they made and that no scan has seen yet."""
    device, people = schema.device, schema.people
    query = (
        select(device, people.c.entries)
        .join(people, people.c.device_id == device.c.id)
        .where(device.c.last_scan.is_(None), device.c.merged_into.is_(None))
        .where(device.c.record_type.in_([RecordType.MANUAL.value, RecordType.IMPORTED.value]))
        .where(cast(people.c.entries, Text).contains('"stated_ip_address":'))
        .order_by(device.c.id)
    )
    found: defaultdict[str, list[KnownDevice]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        known = overlay_entries(identification_from_json(row["known"]["identification"]), row["entries"])
        if ip := row["entries"].get("stated_ip_address"):
            found[ip].append(KnownDevice(row, known, entries=row["entries"]))
    return found


def read_mapped(connection: Connection) -> frozenset[str]:
    """The sites, in lower case, whose networks are in the site map."""
    return frozenset(name.casefold() for name in connection.execute(select(schema.subnet.c.site).distinct()).scalars())


def read_channels(connection: Connection, listings: Listings) -> StoredChannels:
    """What the register knows about the recorders that list their channels, and about the cameras on them."""
    recorders = {entry.id: entry for entry, _ in (*listings.cameras, *listings.complete)}
    if not recorders:
        return StoredChannels()
    device, key, people = schema.device, schema.device_key, schema.people
    wanted = wanted_keys(listings)
    numbers = {row["device_id"] for row in rows_of_keys(connection, key, wanted)}
    said: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for row in select_rows(connection, device, device.c.recorder_id, recorders):
        if row["merged_into"] is None and row["channel"]:
            said[row["recorder_id"], row["channel"]].append(row["id"])
    for place, number in _rows_entered_by_people(connection, list(recorders.values())):
        said[place].append(number)
    numbers |= {number for hanging in said.values() for number in hanging}
    keys: defaultdict[int, set[Key]] = defaultdict(set)
    listed = set()
    for row in select_rows(connection, key, key.c.device_id, numbers):
        keys[row["device_id"]].add(Key(row["kind"], row["value"]))
        if row["kind"] == "channel" and row["last_scan"] is not None:
            listed.add(row["device_id"])
    entries = {row["device_id"]: row["entries"] for row in select_rows(connection, people, people.c.device_id, numbers)}
    rows = {
        row["id"]: ChannelRow(
            **{name: row[name] for name in ("id", "asset_id", "recorder_id", "channel", "known", "model", "serial")},
            record_type=RecordType(row["record_type"]),
            found=identification_from_json(row["known"]["identification"]),
            keys=frozenset(keys[row["id"]]),
            is_listed=row["id"] in listed,
            entries=entries.get(row["id"]),
        )
        for row in select_rows(connection, device, device.c.id, numbers)
    }
    answering = list(_read_answering(connection, {told.ip for _, told in listings.cameras} - {""}))
    return StoredChannels(rows, said, _read_dropped(connection, rows), answering)


def _rows_entered_by_people(
    connection: Connection, recorders: Sequence[Entry]
) -> Iterator[tuple[tuple[int, int], int]]:
    """(recorder, channel), with the row that people entered there, unless they say that it was removed."""
    device, people = schema.device, schema.people
    ids = {entry.asset_id: entry.id for entry in recorders}
    parts = select_rows(connection, device, device.c.merged_into, [entry.id for entry in recorders])
    ids |= {row["asset_id"]: row["merged_into"] for row in parts}
    query = (
        select(*people.c["device_id", "entries"])
        .join(device, device.c.id == people.c.device_id)
        .where(device.c.merged_into.is_(None), cast(people.c.entries, Text).contains('"recorder_channel":'))
        .order_by(device.c.id)
    )
    for number, entries in connection.execute(query):
        recorder = ids.get(entries.get("recorder_asset_id", ""))
        if recorder and entries.get("lifecycle_status") not in GONE:
            yield (recorder, int(entries["recorder_channel"])), number


def _read_dropped(connection: Connection, devices: Iterable[int]) -> frozenset[int]:
    """The rows whose last event is that their recorder had dropped them."""
    table = schema.event
    last: dict[int, tuple[int, str]] = {}
    for row in select_rows(connection, table, table.c.device_id, devices):
        if row["kind"] in CHANNEL:
            last[row["device_id"]] = max(last.get(row["device_id"], (0, "")), (row["id"], row["kind"]))
    return frozenset(device for device, (_, kind) in last.items() if kind == Event.RECORDER_DROPPED_CAMERA)


def _read_answering(connection: Connection, ips: Iterable[str]) -> Iterator[Answering]:
    """The devices that answered on these addresses when they were last seen."""
    device, address = schema.device, schema.device_address
    query = (
        select(address.c.value, *device.c["id", "asset_id", "site", "known"])
        .join(device, (device.c.id == address.c.device_id) & (device.c.last_scan == address.c.last_scan))
        .where(address.c.kind == "ip", device.c.merged_into.is_(None))
    )
    wanted = list(ips)
    for start in range(0, len(wanted), CHUNK):
        for row in connection.execute(query.where(address.c.value.in_(wanted[start : start + CHUNK]))):
            found = identification_from_json(row.known["identification"])
            yield Answering(row.value, row.id, row.asset_id, row.site, found)


def read_presence(connection: Connection, report: Report, met: Iterable[int]) -> StoredPresence:
    """The presence and removals of devices that the report looked for or saw, and which subnets gave signs of life."""
    seen = frozenset(met)
    asked = asked_spans(report)
    same = _same_scans(connection, report)
    rows = _read_sighted_devices(connection, asked, same) if asked else []
    removals = read_removals(connection, sorted(seen.union([row.id for row in rows])))
    device = schema.device
    columns = device.c["id", "known"]
    others = sorted(removals.keys() - seen)
    known = {row.id: row.known for row in select_columns(connection, columns, device.c.id, others)}
    before = _last_complete_scan(connection, same) if asked else None
    return StoredPresence(rows, removals, known, frozenset(same), before, _read_lost_subnets(connection))


def read_removals(connection: Connection, devices: Sequence[int]) -> dict[int, Removal]:
    """Device -> the removal that a person recorded and that still applies."""
    people, change = schema.people, schema.change
    text = type_coerce(people.c.entries, Text)
    words = or_(*(text.contains(f'"lifecycle_status":"{status}"') for status in sorted(GONE)))
    columns = people.c["device_id", "entries"]
    told = select_columns(connection, columns, people.c.device_id, devices, words)
    gone = {row.device_id: row.entries.get("lifecycle_status") for row in told}
    last = select(func.max(change.c.id)).where(change.c.column_name == "lifecycle_status").group_by(change.c.device_id)
    lines: dict[int, tuple[int, datetime]] = {}
    for start in range(0, len(gone), CHUNK):
        of_these = last.where(change.c.device_id.in_([*gone][start : start + CHUNK]))
        logged = connection.execute(select(*change.c["id", "at", "device_id"]).where(change.c.id.in_(of_these)))
        lines |= {row.device_id: (row.id, row.at) for row in logged}
    found = {}
    for number, status in gone.items():
        if status in GONE:
            line, at = lines.get(number, (0, None))
            found[number] = Removal(line, at, status)
    return found


def _read_sighted_devices(connection: Connection, asked: Sequence[Span], same: Sequence[int]) -> list[SightedDevice]:
    """The devices that were seen at the addresses of this scan, or that a scan of the same targets saw last.

    Each has the addresses of its last sighting.
    """
    device, address = schema.device, schema.device_address
    query = (
        select(*device.c["id", "asset_id", "site", "presence", "scans_missed", "last_scan"], address.c.value)
        .join(address, (address.c.device_id == device.c.id) & (address.c.last_scan == device.c.last_scan))
        .where(device.c.merged_into.is_(None), address.c.kind == "ip")
        .order_by(device.c.id, address.c.position)
    )
    found: list[SightedDevice] = []
    for _, group in groupby(
        _select_of_devices(connection, query, _devices_looked_for(connection, asked, same)), key=itemgetter(0)
    ):
        rows: list[Any] = list(group)
        number, name, site, presence, missed, last_scan, _ = rows[0]
        ips = tuple(row[-1] for row in rows)
        found.append(SightedDevice(number, name, site, Presence(presence), missed, last_scan, ips))
    return found


def _select_of_devices(connection: Connection, query: Select[Any], numbers: Sequence[int] | None) -> Iterator[Any]:
    """The rows of these devices, in their order; of all devices for None."""
    if numbers is None:
        yield from connection.execute(query)
        return
    for start in range(0, len(numbers), CHUNK):
        yield from connection.execute(query.where(schema.device.c.id.in_(numbers[start : start + CHUNK])))


def _devices_looked_for(connection: Connection, asked: Sequence[Span], same: Sequence[int]) -> list[int] | None:
    """Numbers of the devices that the scan may miss; None if asking for them costs more than reading all."""
    if any(span.version != _FOUR for span in asked) or sum(map(_bucket_width, asked)) > _MOST_ASKED:
        return None
    device, address = schema.device, schema.device_address
    ips = [str(IPv4Address(number)) for span in asked for number in range(span.first, span.last + 1)]
    column = (address.c.device_id,)
    found = {number for (number,) in select_columns(connection, column, address.c.value, ips, address.c.kind == "ip")}
    found |= {number for (number,) in select_columns(connection, (device.c.id,), device.c.last_scan, same)}
    return sorted(found)


def _bucket_width(span: Span) -> int:
    return span.last - span.first + 1


def _same_scans(connection: Connection, report: Report) -> list[int]:
    """Numbers of the earlier scans of the same site and targets, newest first."""
    table = schema.scan
    same = (table.c.site == report.site, table.c.targets == list(report.targets))
    return list(connection.execute(select(table.c.id).where(*same).order_by(table.c.id.desc())).scalars())


def _last_complete_scan(connection: Connection, scans: Iterable[int]) -> tuple[int, Coverage] | None:
    """The first of these scans that asked all its targets, and its coverage."""
    table = schema.scan
    columns = table.c["completion", "coverage"]
    for number in scans:
        row = connection.execute(select(*columns).where(table.c.id == number)).one()
        coverage = coverage_from_json(row.coverage)
        if not is_late(row.coverage) and asked_everything(Completion(row.completion), coverage):
            return number, coverage
    return None


def _read_lost_subnets(connection: Connection) -> frozenset[str]:
    """Subnets whose last event is that they are silent."""
    table = schema.event
    query = select(*table.c["old", "new"]).where(table.c.kind.in_([*COVERAGE])).order_by(table.c.id)
    silent: dict[str, bool] = {}
    for row in connection.execute(query):
        silent[row.old or row.new] = bool(row.old)
    return frozenset(unit for unit, is_lost in silent.items() if is_lost)


def read_conflicts(connection: Connection, asked: Sequence[Question], changes: Iterable[Change]) -> StoredConflicts:
    """What was noted before about the rows in question; rows that are merged by these changes count as one."""
    if not asked:
        return StoredConflicts()
    table = schema.conflict
    kept = {each.gone: each.keep for each in changes if isinstance(each, MergedRows)}
    ids = {each.device for each in asked} | kept.keys()
    said = frozenset(
        (kept.get(row["device_id"], row["device_id"]), row["kind"], row["detail"])
        for row in select_rows(connection, table, table.c.device_id, ids)
    )
    query = select(*table.c["device_id", "other_id"]).where(table.c.decision == APART)
    apart = frozenset(frozenset(kept.get(number, number) for number in pair) for pair in connection.execute(query))
    device, others = schema.device, {each.other for each in asked} - {None}
    names = {row["id"]: row["asset_id"] for row in select_rows(connection, device, device.c.id, others)}
    return StoredConflicts(next_free_id(connection, table), said, apart, names)
