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

from camscan.asset import GONE, Event, Presence, RecordType
from camscan.errors import RegisterError
from camscan.identify.keys import STRENGTH, Key, Marks, is_virtual_router
from camscan.model import Completion, Coverage, Observation, Report
from camscan.net.span import Span
from camscan.register.codec import coverage_from_json, identification_from_json, is_late
from camscan.register.events import CHANNEL, COVERAGE
from camscan.register.overrides import overlay_entries
from camscan.register.plain_sql import AnyConnection, conditions, fetch, fetch_rows, fetch_some
from camscan.register.record.channel_lists import Listings
from camscan.register.record.channel_rows import Answering, Change, ChannelRow, MergedRows, StoredChannels
from camscan.register.record.channels import wanted_keys
from camscan.register.record.conflicts import APART, Question, StoredConflicts
from camscan.register.record.entry import Entry
from camscan.register.record.known import KnownDevice, Stored
from camscan.register.record.notes import PLACE, SHARED, shared_key_note
from camscan.register.record.presence import Removal, SightedDevice, StoredPresence, asked_everything, asked_spans
from camscan.register.rows import next_free_id, rows_of_keys, select_rows
from camscan.register.site_lookup import FindPlace
from camscan.register.stored import decode_json, decode_moment, encode_json, unescape_text

_FOUR = 4
"""The version of IP addresses that can be counted up."""
_MOST_ASKED = 16_384
"""At most so many addresses are looked up one by one; for more, the addresses of all devices are compared."""


def read_number(connection: AnyConnection, report: Report) -> int:
    """The number that the scan will have. Raises RegisterError if the scan is in the register already."""
    if fetch(connection, "SELECT 1 FROM scan WHERE scan_id = :scan_id", scan_id=report.scan_id):
        raise RegisterError(f"scan {report.scan_id} is already in the register; nothing was recorded")
    return next_free_id(connection, "scan")


def read_free_device(connection: AnyConnection) -> int:
    """The first number that no device has."""
    return next_free_id(connection, "device")


def read_stored(connection: AnyConnection, report: Report, marks: Sequence[Marks], find_place: FindPlace) -> Stored:
    """The stored devices that share these marks or an address of the report."""
    claimed: frozenset[Key] = frozenset[Key]().union(*(each.keys for each in marks))
    burnt = _shared_before(connection, claimed)
    wire = frozenset().union(*(each.wire for each in marks))
    return Stored(_read_rows(connection, report, claimed - burnt, wire), burnt, _read_unseen(connection), find_place)


def read_listed(connection: AnyConnection, report: Report) -> list[KnownDevice]:
    """The rows that share an IP or MAC address with what another system lists; the last seen comes first."""
    macs = frozenset(mac for device in report.devices for mac in device.mac_addresses)
    return _read_rows(connection, report, frozenset(Key("mac", mac) for mac in macs), macs)


def read_current(connection: AnyConnection, devices: Iterable[int]) -> dict[int, list[Observation]]:
    """Device -> its present observations, from its last sighting and from lists."""
    query = """
        SELECT device_id, ip, port, probe, key, value, seen_at FROM observation JOIN fact ON fact.id = fact_id
        WHERE last_scan IS NULL AND
    """
    found: defaultdict[int, list[Observation]] = defaultdict(list)
    for condition, some in conditions("device_id", list(devices)):
        for row in fetch_rows(connection, f"{query} {condition} ORDER BY observation.id", **some):
            found[row.pop("device_id")].append(Observation(**row))
    return found


def _shared_before(connection: AnyConnection, claimed: frozenset[Key]) -> frozenset[Key]:
    """The keys that two devices of an earlier report both claimed."""
    notes = {shared_key_note(key).value: key for key in claimed}
    rows = rows_of_keys(connection, ((SHARED, value) for value in notes))
    return frozenset(notes[row["value"]] for row in rows)


def _read_rows(
    connection: AnyConnection, report: Report, keys: frozenset[Key], wire: frozenset[str]
) -> list[KnownDevice]:
    """Every stored device that shares a strong key or an address with the report; the last seen comes first."""
    ips = {ip for each in report.devices for ip in each.ip_addresses}
    wanted = {*keys, *(Key(PLACE, ip) for ip in ips)}
    ids = {row["device_id"] for row in rows_of_keys(connection, wanted)}
    by_address = "SELECT device_id FROM device_address"
    ids |= {number for (number,) in fetch_some(connection, by_address, "value", sorted(ips | wire))}
    found: dict[int, KnownDevice] = {}
    for row in select_rows(connection, "device", "id", sorted(ids)):
        if row["merged_into"] is None:
            found[row["id"]] = KnownDevice(row, identification_from_json(row["known"]["identification"]))
    numbers = list(found)
    for row in select_rows(connection, "device_key", "device_id", numbers):
        known = found[row["device_id"]]
        (known.keys if row["kind"] in STRENGTH else known.notes).add(Key(row["kind"], row["value"]))
    for row in select_rows(connection, "device_address", "device_id", numbers):
        known = found[row["device_id"]]
        known.addresses[row["kind"], row["value"]] = row["last_scan"]
        known.positions[row["kind"], row["value"]] = row["position"]
    for row in select_rows(connection, "people", "device_id", numbers):
        found[row["device_id"]].entries = row["entries"]
    for number, mac in _read_wire_macs(connection, numbers):
        found[number].wire.add(mac)
    return sorted(found.values(), key=lambda each: (-each.last_scan, each.id))


def _read_wire_macs(connection: AnyConnection, devices: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Each device, with a MAC address that the network ever showed for it, from the stored evidence."""
    query = """
        SELECT device_id, value FROM observation JOIN fact ON fact.id = fact_id
        WHERE probe = 'mac' AND key = 'mac.address'
    """
    for number, text in fetch_some(connection, query, "device_id", devices):
        mac = unescape_text(text)
        if not is_virtual_router(mac):
            yield number, mac


def _read_unseen(connection: AnyConnection) -> Mapping[str, Sequence[KnownDevice]]:
    """Address that people stated -> rows that they made and that no scan has seen yet."""
    query = """
        SELECT device.*, people.entries FROM device JOIN people ON people.device_id = device.id
        WHERE last_scan IS NULL AND merged_into IS NULL AND record_type IN :types AND entries LIKE :stated
        ORDER BY device.id
    """
    types = [RecordType.MANUAL.value, RecordType.IMPORTED.value]
    found: defaultdict[str, list[KnownDevice]] = defaultdict(list)
    for row in fetch_rows(connection, query, types=types, stated='%"stated_ip_address":%'):
        known = overlay_entries(identification_from_json(row["known"]["identification"]), row["entries"])
        if ip := row["entries"].get("stated_ip_address"):
            found[ip].append(KnownDevice(row, known, entries=row["entries"]))
    return found


def read_mapped(connection: AnyConnection) -> frozenset[str]:
    """The sites, in lower case, whose networks are in the site map."""
    names = fetch(connection, "SELECT DISTINCT site FROM subnet")
    return frozenset(unescape_text(name).casefold() for (name,) in names)


def read_channels(connection: AnyConnection, listings: Listings) -> StoredChannels:
    """What the register knows about the recorders that list their channels, and about the cameras on them."""
    recorders = {entry.id: entry for entry, _ in (*listings.cameras, *listings.complete)}
    if not recorders:
        return StoredChannels()
    wanted = wanted_keys(listings)
    numbers = {row["device_id"] for row in rows_of_keys(connection, wanted)}
    said: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    hanging = "SELECT recorder_id, channel, id FROM device WHERE merged_into IS NULL"
    for recorder, channel, number in fetch_some(connection, hanging, "recorder_id", list(recorders)):
        if channel:
            said[recorder, channel].append(number)
    for place, number in _rows_entered_by_people(connection, list(recorders.values())):
        said[place].append(number)
    numbers |= {number for several in said.values() for number in several}
    keys: defaultdict[int, set[Key]] = defaultdict(set)
    listed = set()
    for row in select_rows(connection, "device_key", "device_id", sorted(numbers)):
        keys[row["device_id"]].add(Key(row["kind"], row["value"]))
        if row["kind"] == "channel" and row["last_scan"] is not None:
            listed.add(row["device_id"])
    people = select_rows(connection, "people", "device_id", sorted(numbers))
    entries = {row["device_id"]: row["entries"] for row in people}
    rows = {
        row["id"]: ChannelRow(
            **{name: row[name] for name in ("id", "asset_id", "recorder_id", "channel", "known", "model", "serial")},
            record_type=RecordType(row["record_type"]),
            found=identification_from_json(row["known"]["identification"]),
            keys=frozenset(keys[row["id"]]),
            is_listed=row["id"] in listed,
            entries=entries.get(row["id"]),
        )
        for row in select_rows(connection, "device", "id", sorted(numbers))
    }
    answering = list(_read_answering(connection, {told.ip for _, told in listings.cameras} - {""}))
    return StoredChannels(rows, said, _read_dropped(connection, rows), answering)


def _rows_entered_by_people(
    connection: AnyConnection, recorders: Sequence[Entry]
) -> Iterator[tuple[tuple[int, int], int]]:
    """(recorder, channel), with the row that people entered there, unless they say that it was removed."""
    ids = {entry.asset_id: entry.id for entry in recorders}
    merged = "SELECT asset_id, merged_into FROM device"
    ids |= dict(fetch_some(connection, merged, "merged_into", [entry.id for entry in recorders]))
    query = """
        SELECT device_id, entries FROM people JOIN device ON device.id = device_id
        WHERE merged_into IS NULL AND entries LIKE :channelled ORDER BY device.id
    """
    for number, text in fetch(connection, query, channelled='%"recorder_channel":%'):
        entries = decode_json(text)
        recorder = ids.get(entries.get("recorder_asset_id", ""))
        if recorder and entries.get("lifecycle_status") not in GONE:
            yield (recorder, int(entries["recorder_channel"])), number


def _read_dropped(connection: AnyConnection, devices: Iterable[int]) -> frozenset[int]:
    """The rows whose last event is that their recorder had dropped them."""
    last: dict[int, tuple[int, str]] = {}
    for device, number, kind in fetch_some(
        connection, "SELECT device_id, id, kind FROM event", "device_id", list(devices)
    ):
        if kind in CHANNEL:
            last[device] = max(last.get(device, (0, "")), (number, kind))
    return frozenset(device for device, (_, kind) in last.items() if kind == Event.RECORDER_DROPPED_CAMERA)


def _read_answering(connection: AnyConnection, ips: Iterable[str]) -> Iterator[Answering]:
    """The devices that answered on these addresses when they were last seen."""
    query = """
        SELECT device_address.value, device.id, asset_id, site, known FROM device_address
        JOIN device ON device.id = device_id AND device.last_scan = device_address.last_scan
        WHERE device_address.kind = 'ip' AND merged_into IS NULL AND
    """
    for condition, some in conditions("device_address.value", sorted(ips)):
        for row in fetch_rows(connection, f"{query} {condition}", **some):
            found = identification_from_json(row["known"]["identification"])
            yield Answering(row["value"], row["id"], row["asset_id"], row["site"], found)


def read_presence(connection: AnyConnection, report: Report, met: Iterable[int]) -> StoredPresence:
    """The presence and removals of devices that the report looked for or saw, and which subnets gave signs of life."""
    seen = frozenset(met)
    asked = asked_spans(report)
    same = _same_scans(connection, report)
    rows = _read_sighted_devices(connection, asked, same) if asked else []
    removals = read_removals(connection, sorted(seen.union([row.id for row in rows])))
    others = fetch_some(connection, "SELECT id, known FROM device", "id", sorted(removals.keys() - seen))
    known = {number: decode_json(text) for number, text in others}
    before = _last_complete_scan(connection, same) if asked else None
    return StoredPresence(rows, removals, known, frozenset(same), before, _read_lost_subnets(connection))


def read_removals(connection: AnyConnection, devices: Sequence[int]) -> dict[int, Removal]:
    """Device -> the removal that a person recorded and that still applies."""
    words = {f"status_{place}": f'%"lifecycle_status":"{status}"%' for place, status in enumerate(sorted(GONE))}
    where = " OR ".join(f"entries LIKE :{word}" for word in words)
    query = f"SELECT device_id, entries FROM people WHERE ({where})"  # noqa: S608 - names of our own
    told = fetch_some(connection, query, "device_id", devices, **words)
    gone = {number: decode_json(entries).get("lifecycle_status") for number, entries in told}
    last = "SELECT id, at, device_id FROM change WHERE id IN"
    of_these = "SELECT max(id) FROM change WHERE column_name = 'lifecycle_status' AND"
    lines: dict[int, tuple[int, datetime | None]] = {}
    for condition, some in conditions("device_id", list(gone)):
        logged = fetch(connection, f"{last} ({of_these} {condition} GROUP BY device_id)", **some)
        lines |= {number: (line, decode_moment(at)) for line, at, number in logged}
    found = {}
    for number, status in gone.items():
        if status in GONE:
            line, at = lines.get(number, (0, None))
            found[number] = Removal(line, at, status)
    return found


def _read_sighted_devices(connection: AnyConnection, asked: Sequence[Span], same: Sequence[int]) -> list[SightedDevice]:
    """The devices that were seen at the addresses of this scan, or that a scan of the same targets saw last.

    Each has the addresses of its last sighting.
    """
    query = """
        SELECT device.id, asset_id, site, presence, scans_missed, device.last_scan, value FROM device
        JOIN device_address ON device_id = device.id AND device_address.last_scan = device.last_scan
        WHERE merged_into IS NULL AND device_address.kind = 'ip'
    """
    order = "ORDER BY device.id, position"
    numbers = _devices_looked_for(connection, asked, same)
    of_these = [("", {})] if numbers is None else conditions("device.id", numbers)
    found: list[SightedDevice] = []
    for condition, some in of_these:
        rows = fetch(connection, f"{query} {'AND' if condition else ''} {condition} {order}", **some)
        for _, group in groupby(rows, key=itemgetter(0)):
            several = list(group)
            number, name, site, presence, missed, last_scan, _ = several[0]
            ips = tuple(unescape_text(row[-1]) for row in several)
            told = (name, unescape_text(site), Presence(presence), missed, last_scan)
            found.append(SightedDevice(number, *told, ips))
    return found


def _devices_looked_for(connection: AnyConnection, asked: Sequence[Span], same: Sequence[int]) -> list[int] | None:
    """Numbers of the devices that the scan may miss; None if asking for them costs more than reading all."""
    if any(span.version != _FOUR for span in asked) or sum(map(_bucket_width, asked)) > _MOST_ASKED:
        return None
    ips = [str(IPv4Address(number)) for span in asked for number in range(span.first, span.last + 1)]
    by_address = "SELECT device_id FROM device_address WHERE kind = 'ip'"
    found = {number for (number,) in fetch_some(connection, by_address, "value", ips)}
    found |= {number for (number,) in fetch_some(connection, "SELECT id FROM device", "last_scan", same)}
    return sorted(found)


def _bucket_width(span: Span) -> int:
    return span.last - span.first + 1


def _same_scans(connection: AnyConnection, report: Report) -> list[int]:
    """Numbers of the earlier scans of the same site and targets, newest first."""
    query = "SELECT id FROM scan WHERE site = :site AND targets = :targets ORDER BY id DESC"
    return [row[0] for row in fetch(connection, query, site=report.site, targets=encode_json(list(report.targets)))]


def _last_complete_scan(connection: AnyConnection, scans: Iterable[int]) -> tuple[int, Coverage] | None:
    """The first of these scans that asked all its targets, and its coverage."""
    for number in scans:
        ((completion, text),) = fetch(connection, "SELECT completion, coverage FROM scan WHERE id = :id", id=number)
        told = decode_json(text)
        coverage = coverage_from_json(told)
        if not is_late(told) and asked_everything(Completion(completion), coverage):
            return number, coverage
    return None


def _read_lost_subnets(connection: AnyConnection) -> frozenset[str]:
    """Subnets whose last event is that they are silent."""
    query = "SELECT old, new FROM event WHERE kind IN :kinds ORDER BY id"
    silent: dict[str, bool] = {}
    for old, new in fetch(connection, query, kinds=[each.value for each in COVERAGE]):
        silent[unescape_text(old or new)] = bool(old)
    return frozenset(unit for unit, is_lost in silent.items() if is_lost)


def read_conflicts(connection: AnyConnection, asked: Sequence[Question], changes: Iterable[Change]) -> StoredConflicts:
    """What was noted before about the rows in question; rows that are merged by these changes count as one."""
    if not asked:
        return StoredConflicts()
    kept = {each.gone: each.keep for each in changes if isinstance(each, MergedRows)}
    ids = {each.device for each in asked} | kept.keys()
    said = frozenset(
        (kept.get(row["device_id"], row["device_id"]), row["kind"], row["detail"])
        for row in select_rows(connection, "conflict", "device_id", sorted(ids))
    )
    pairs = fetch(connection, "SELECT device_id, other_id FROM conflict WHERE decision = :apart", apart=APART)
    apart = frozenset(frozenset(kept.get(number, number) for number in pair) for pair in pairs)
    others = sorted({each.other for each in asked if each.other is not None})
    names = dict(fetch_some(connection, "SELECT id, asset_id FROM device", "id", others))
    return StoredConflicts(next_free_id(connection, "conflict"), said, apart, names)
