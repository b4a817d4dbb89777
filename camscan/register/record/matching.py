"""The devices of a report against those of the register: which is which, which is new, and what contradicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, RowMapping, Table, Text, cast, select

from camscan.asset import RecordType
from camscan.identify.keys import (
    STRENGTH,
    Key,
    compatible,
    contradicts,
    recognises,
    same_type,
    say,
    shared,
    strong_keys,
    strongest,
)
from camscan.model import Device, Identification, Report
from camscan.register import schema
from camscan.register.codec import identification_from_json
from camscan.register.overrides import overlaid
from camscan.register.record.notes import PLACE, SHARED
from camscan.register.site_lookup import FindPlace

CHUNK = 500
"""Values in one IN list; older SQLite allows 999."""
_COPIED = ("onvif", "mac")
"""Kinds of key that factories build in by the thousand and routers answer with: once shared, never trusted again."""


@dataclass(slots=True)
class Known:
    """A stored device, as far as recording needs it."""

    row: RowMapping
    found: Identification
    keys: set[Key] = field(default_factory=set)
    notes: set[Key] = field(default_factory=set)
    """Of the kinds SHARED and PLACE."""
    addresses: dict[tuple[str, str], int] = field(default_factory=dict)
    """(kind, value) -> last scan."""
    entries: Mapping[str, str] | None = None
    """What people entered; None where nobody has."""

    @property
    def id(self) -> int:
        """Its number, within this database only."""
        return int(self.row["id"])

    @property
    def asset_id(self) -> str:
        """Its name, for people."""
        return str(self.row["asset_id"])

    @property
    def last_scan(self) -> int:
        """Number of the last scan that saw it; 0 where none has."""
        return int(self.row["last_scan"] or 0)

    @property
    def places(self) -> set[str]:
        """Addresses at which it may answer namelessly, as a person said."""
        return {note.value for note in self.notes if note.kind == PLACE}

    @property
    def first_scan(self) -> int:
        """Number of the first scan that saw it; 0 where none has."""
        return int(self.row["first_scan"] or 0)

    def holds(self, ip: str) -> bool:
        """Whether it answered on the address when last seen."""
        return self.last_scan > 0 and self.addresses.get(("ip", ip)) == self.last_scan


class Doubt(NamedTuple):
    """A contradiction that only a person can settle."""

    device: int
    """Its place in the report."""
    kind: str
    detail: str
    other: int | None = None
    """Number of the stored device that it is about, where there is one."""
    beside: int | None = None
    """Place in the report of the other device, where that is where it is."""


@dataclass(frozen=True, slots=True)
class Matching:
    """What became of each device of a report, by its index."""

    keys: tuple[frozenset[Key], ...]
    """Strong keys that are its own."""
    notes: tuple[frozenset[Key], ...]
    """What is to be kept in mind of keys that another device of the report claims too."""
    known: Mapping[int, Known]
    """Those that were recognised."""
    doubts: tuple[Doubt, ...]
    stood_in: tuple[tuple[int, Known], ...]
    """(index, a row that was made for it while it did not say who it is): to be made one with it."""


@dataclass(frozen=True, slots=True)
class _Question:
    """A report and what the register knows that may be in it."""

    report: Report
    keys: tuple[frozenset[Key], ...]
    shared: tuple[frozenset[Key], ...]
    stored: Sequence[Known]
    find_place: FindPlace
    unseen: Mapping[str, Sequence[Known]]
    """Address -> rows that people made with it and that no scan has seen."""

    def is_here(self, known: Known, ips: Iterable[str]) -> bool:
        """Whether it answered on one of the addresses when last seen: the same network's, not one of the same name."""
        return any(known.holds(ip) and self._is_same_network(known, ip) for ip in ips)

    def was_named(self, known: Known, ips: Iterable[str]) -> bool:
        """Whether a person said that it is this device that answers there."""
        return any(ip in known.places and self._is_same_network(known, ip) for ip in ips)

    def _is_same_network(self, known: Known, ip: str) -> bool:
        """An address of the site map is one place; any other may exist at every site."""
        site = self.report.site
        return not site or known.row["site"] in {"", site} or self.find_place("", [ip]) is not None


def match(connection: Connection, report: Report, find_place: FindPlace) -> Matching:
    """Recognise the devices of a report."""
    claimed = [strong_keys(device) for device in report.devices]
    twice = shared(claimed)
    common = twice | _shared_before(connection, frozenset().union(*claimed))
    keys = tuple(each - common for each in claimed)
    stored = _load(connection, report, frozenset().union(*keys))
    question = _Question(report, keys, tuple(each & twice for each in claimed), stored, find_place, _unseen(connection))
    copied = {key for key in twice if key.kind in _COPIED or _is_copied(key, claimed)}
    notes = tuple(frozenset(_note(key) for key in each & copied) for each in question.shared)
    known = _assign(question)
    stood_in = tuple(_stood_in(question, known))
    settled = {row.id for _, row in stood_in}
    doubts = tuple(doubt for doubt in _doubts(question, known) if doubt.other not in settled)
    return Matching(keys, notes, known, doubts, stood_in)


def rows_in(connection: Connection, table: Table, column: Column[Any], values: Iterable[Any]) -> Iterator[RowMapping]:
    """The rows whose ``column`` is one of ``values``."""
    wanted = list(values)
    for start in range(0, len(wanted), CHUNK):
        yield from connection.execute(select(table).where(column.in_(wanted[start : start + CHUNK]))).mappings()


def _shared_before(connection: Connection, claimed: frozenset[Key]) -> frozenset[Key]:
    """Those of the keys that two devices of an earlier report both claimed."""
    table = schema.device_key
    notes = {_note(key).value: key for key in claimed}
    rows = rows_in(connection, table, table.c.value, notes)
    return frozenset(notes[row["value"]] for row in rows if row["kind"] == SHARED)


def _is_copied(key: Key, claimed: Iterable[frozenset[Key]]) -> bool:
    """Whether all that claim a serial number tell MAC addresses, and no two the same.

    Without that, they may as well be one device that was taken for two.
    """
    told = [{each.value for each in keys if each.kind == "mac"} for keys in claimed if key in keys]
    return all(told) and sum(map(len, told)) == len(set().union(*told))


def _note(key: Key) -> Key:
    return Key(SHARED, f"{key.kind}|{key.value}")


def _load(connection: Connection, report: Report, keys: frozenset[Key]) -> list[Known]:
    """Every stored device that shares a strong key or an address with the report, the last seen first."""
    key, address, device = schema.device_key, schema.device_address, schema.device
    ips = {ip for each in report.devices for ip in each.ip_addresses}
    wanted = {*keys, *(Key(PLACE, ip) for ip in ips)}
    by_key = rows_in(connection, key, key.c.value, {each.value for each in wanted})
    ids = {row["device_id"] for row in by_key if Key(row["kind"], row["value"]) in wanted}
    ids |= {row["device_id"] for row in rows_in(connection, address, address.c.value, ips)}
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
    return sorted(found.values(), key=lambda each: (-each.last_scan, each.id))


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


def _owners(stored: Iterable[Known]) -> Mapping[Key, list[Known]]:
    owners: defaultdict[Key, list[Known]] = defaultdict(list)
    for each in stored:
        for key in each.keys:
            owners[key].append(each)
    return owners


def _assign(question: _Question) -> dict[int, Known]:
    """Strongest key first over the whole report, so that a weak match never takes a device from a strong one."""
    owners = _owners(question.stored)
    assigned: dict[int, Known] = {}
    used: set[int] = set()
    for kind in STRENGTH:
        for index, own in enumerate(question.keys):
            if index in assigned:
                continue
            candidates = [owner for key in strongest(own) if key.kind == kind for owner in owners.get(key, ())]
            free = [each for each in candidates if each.id not in used and recognises(kind, own, each.keys)]
            if free:
                # Of two with as much in common, the one that stands for less besides: a person may have merged wrongly.
                best = max(free, key=lambda each: (len(own & each.keys), -len(each.keys - own)))
                assigned[index] = best
                used.add(best.id)
    holders = _by_address(question.stored)
    for index, own in enumerate(question.keys):
        if index in assigned:
            continue
        device = question.report.devices[index]
        nearby = [each for each in _at(holders, device) if each.id not in used]
        same = _adopted(question, device, nearby) if own else _standing(question, device, nearby)
        if same:
            assigned[index] = same
            used.add(same.id)
    return assigned


def _by_address(stored: Iterable[Known]) -> Mapping[str, list[Known]]:
    holders: defaultdict[str, list[Known]] = defaultdict(list)
    for each in stored:
        held = {value for kind, value in each.addresses if kind == "ip" and each.holds(value)}
        for ip in held | each.places:
            holders[ip].append(each)
    return holders


def _at(holders: Mapping[str, list[Known]], device: Device) -> list[Known]:
    """Stored devices that hold, or may answer at, an address of the device."""
    found = {each.id: each for ip in device.ip_addresses for each in holders.get(ip, ())}
    return list(found.values())


def _standing(question: _Question, device: Device, nearby: Iterable[Known]) -> Known | None:
    """For a device that says nothing unique: the provisional row for what stands at this address, if this may be it.

    Never a row with a strong key, unless a person said that it is that device which answers there.
    """
    for each in nearby:
        here = each.row["provisional"] and question.is_here(each, device.ip_addresses)
        if (here or question.was_named(each, device.ip_addresses)) and compatible(device.identification, each.found):
            return each
    return None


def _adopted(question: _Question, device: Device, nearby: Iterable[Known]) -> Known | None:
    """For a new device with a strong key: the provisional row that stood for it until now.

    Only where maker and model are the same and known, and no person has written on the row: a swapped unit must not
    inherit what people know of another.
    """
    return next((each for each in nearby if _is_stand_in(question, device, each)), None)


def _is_stand_in(question: _Question, device: Device, row: Known) -> bool:
    untouched = row.row["provisional"] and row.entries is None
    return untouched and same_type(device.identification, row.found) and question.is_here(row, device.ip_addresses)


def _stood_in(question: _Question, known: Mapping[int, Known]) -> Iterator[tuple[int, Known]]:
    """Rows that were made for a known device while it did not say, or not all of, who it is: packets get lost.

    Either all that such a row is recognised by is now said by the device; or it is provisional, was never seen beside
    the device, and answers at its address now that the row is silent. Nobody has written on it.
    """
    holders, owners = _by_address(question.stored), _owners(question.stored)
    used = {each.id for each in known.values()}
    for index, same in known.items():
        own, device = question.keys[index], question.report.devices[index]
        rows = {row.id: row for key in own for row in owners.get(key, ()) if row.keys <= own | same.keys}
        if own and not same.row["provisional"]:
            nearby = (row for row in _at(holders, device) if _is_stand_in(question, device, row))
            rows |= {row.id: row for row in nearby if row.first_scan > same.last_scan > 0}
        for row in rows.values():
            if row.id not in used and row.entries is None:
                used.add(row.id)
                yield index, row


def _doubts(question: _Question, known: Mapping[int, Known]) -> Iterator[Doubt]:
    owners, holders = _owners(question.stored), _by_address(question.stored)
    used = {each.id for each in known.values()}
    yield from _shared_keys(question)
    for index, device in enumerate(question.report.devices):
        same, own = known.get(index), question.keys[index]
        others = {owner.id: (key, owner) for key in reversed(strongest(own)) for owner in owners.get(key, ())}
        yield from (_elsewhere(index, key, own, owner) for key, owner in others.values() if owner is not same)
        if same is None:
            for row in _at(holders, device):
                if row.id not in used and _may_be(question, device, own, row):
                    ip = next(ip for ip in device.ip_addresses if row.holds(ip))
                    detail = f"{ip} was last held by {row.asset_id}: the same device?"
                    yield Doubt(index, "possible-duplicate", detail, row.id)
            yield from _as_stated(question, index, device)
        elif device.identification.maker and same.found.maker and device.identification.maker != same.found.maker:
            detail = f"was {same.found.maker}, now {device.identification.maker}"
            yield Doubt(index, "maker-changed", detail)


def _shared_keys(question: _Question) -> Iterator[Doubt]:
    claimants: defaultdict[Key, list[int]] = defaultdict(list)
    for index, keys in enumerate(question.shared):
        for key in _told_once(keys):
            claimants[key].append(index)
    for key, indices in sorted(claimants.items()):
        detail = f"{say(key)} is claimed by several devices of one scan; it was not used"
        for index in indices:
            beside = indices[0] if index != indices[0] else indices[1]
            yield Doubt(index, "shared-key", detail, beside=beside)


def _told_once(keys: frozenset[Key]) -> list[Key]:
    """A serial number is two kinds of key, and one thing to tell."""
    has_serial = any(key.kind == "serial" for key in keys)
    return [key for key in strongest(keys) if not (has_serial and key.kind == "unit")]


def _elsewhere(index: int, key: Key, own: frozenset[Key], owner: Known) -> Doubt:
    if contradicts(own, owner.keys):
        detail = f"{say(key)} is that of {owner.asset_id}, whose serial number differs; kept apart"
        return Doubt(index, "contradiction", detail, owner.id)
    return Doubt(index, "key-elsewhere", f"{say(key)} is also that of {owner.asset_id}; kept apart", owner.id)


def _as_stated(question: _Question, index: int, device: Device) -> Iterator[Doubt]:
    """A new device at an address that people stated of one that no scan has seen: an address recognises nothing."""
    maker, site = device.identification.maker, question.report.site.casefold()
    for ip in device.ip_addresses:
        for row in question.unseen.get(ip, ()):
            its_site = (row.entries or {}).get("site_name", "").casefold()
            elsewhere = site and its_site not in {"", site} and question.find_place("", [ip]) is None
            if not elsewhere and (maker is None or row.found.maker in {None, maker}):
                detail = f"{ip} is what people stated of {row.asset_id}, which no scan has seen: the same device?"
                yield Doubt(index, "possible-duplicate", detail, row.id)


def _may_be(question: _Question, device: Device, own: frozenset[Key], holder: Known) -> bool:
    """Whether only the lack of a strong key on one side keeps the two apart."""
    keyless = not own or holder.row["provisional"]
    return keyless and question.is_here(holder, device.ip_addresses) and compatible(device.identification, holder.found)
