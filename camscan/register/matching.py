"""The devices of a report against those of the register: which is which, which is new, and what contradicts."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, Table, select

from camscan.model import Identification, Report
from camscan.register import schema
from camscan.register.codec import identification_from_json
from camscan.register.identity import STRENGTH, Key, compatible, contradicts, shared, strong_keys, strongest

CHUNK = 500
"""Values in one IN list; older SQLite allows 999."""


@dataclass(slots=True)
class Known:
    """A stored device, as far as recording needs it."""

    row: RowMapping
    found: Identification
    keys: set[Key] = field(default_factory=set)
    addresses: dict[tuple[str, str], int] = field(default_factory=dict)
    """(kind, value) -> last scan."""

    @property
    def id(self) -> int:
        """Its number, within this database only."""
        return int(self.row["id"])

    @property
    def asset_id(self) -> str:
        """Its name, for people."""
        return str(self.row["asset_id"])

    def holds(self, ip: str) -> bool:
        """Whether it answered on the address when last seen."""
        return bool(self.addresses.get(("ip", ip)) == self.row["last_scan"])


@dataclass(frozen=True, slots=True)
class Matching:
    """What became of each device of a report, by its index."""

    keys: tuple[frozenset[Key], ...]
    """Strong keys that are its own."""
    shared: tuple[frozenset[Key], ...]
    """Strong keys that another device of the report claims too."""
    known: Mapping[int, Known]
    """Those that were recognised."""
    conflicts: tuple[tuple[int, str, str], ...]
    """(index, kind, sentence)."""


def match(connection: Connection, report: Report) -> Matching:
    """Recognise the devices of a report."""
    claimed = [strong_keys(device) for device in report.devices]
    common = shared(claimed)
    keys = tuple(each - common for each in claimed)
    stored = _load(connection, report, frozenset().union(*keys))
    known = _assign(report, keys, stored)
    doubtful = tuple(each & common for each in claimed)
    conflicts = tuple(_conflicts(report, keys, doubtful, stored, known))
    return Matching(keys, doubtful, known, conflicts)


def rows_in(connection: Connection, table: Table, column: Column[Any], values: Iterable[Any]) -> Iterator[RowMapping]:
    """The rows whose ``column`` is one of ``values``."""
    wanted = list(values)
    for start in range(0, len(wanted), CHUNK):
        yield from connection.execute(select(table).where(column.in_(wanted[start : start + CHUNK]))).mappings()


def _load(connection: Connection, report: Report, keys: frozenset[Key]) -> list[Known]:
    """Every stored device that shares a strong key or an address with the report."""
    key, address, device = schema.device_key, schema.device_address, schema.device
    by_key = rows_in(connection, key, key.c.value, {each.value for each in keys})
    ids = {row["device_id"] for row in by_key if Key(row["kind"], row["value"]) in keys}
    ips = {ip for each in report.devices for ip in each.ip_addresses}
    ids |= {row["device_id"] for row in rows_in(connection, address, address.c.value, ips)}
    found: dict[int, Known] = {}
    for row in rows_in(connection, device, device.c.id, ids):
        found[row["id"]] = Known(row, identification_from_json(row["known"]["identification"]))
    for row in rows_in(connection, key, key.c.device_id, ids):
        found[row["device_id"]].keys.add(Key(row["kind"], row["value"]))
    for row in rows_in(connection, address, address.c.device_id, ids):
        found[row["device_id"]].addresses[row["kind"], row["value"]] = row["last_scan"]
    return sorted(found.values(), key=lambda each: (-each.row["last_scan"], each.id))


def _owners(stored: Iterable[Known]) -> Mapping[Key, list[Known]]:
    owners: defaultdict[Key, list[Known]] = defaultdict(list)
    for each in stored:
        for key in each.keys:
            owners[key].append(each)
    return owners


def _assign(report: Report, keys: Sequence[frozenset[Key]], stored: Sequence[Known]) -> dict[int, Known]:
    """Strongest key first over the whole report, so that a weak match never takes a device from a strong one."""
    owners = _owners(stored)
    assigned: dict[int, Known] = {}
    used: set[int] = set()
    for kind in STRENGTH:
        for index, own in enumerate(keys):
            if index in assigned:
                continue
            candidates = [owner for key in strongest(own) if key.kind == kind for owner in owners.get(key, ())]
            free = [each for each in candidates if each.id not in used and not contradicts(own, each.keys)]
            if free:
                best = max(free, key=lambda each: len(own & each.keys))
                assigned[index] = best
                used.add(best.id)
    for index, own in enumerate(keys):
        if not own and (same := _standing_at(report, index, stored, used)):
            assigned[index] = same
            used.add(same.id)
    return assigned


def _standing_at(report: Report, index: int, stored: Iterable[Known], used: set[int]) -> Known | None:
    """The provisional row for what stands at this address, if this may still be it. Never a row with a strong key."""
    device = report.devices[index]
    for each in stored:
        same_site = not report.site or each.row["site"] in {"", report.site}
        free = each.row["provisional"] and each.id not in used and same_site
        if free and compatible(device.identification, each.found) and any(map(each.holds, device.ip_addresses)):
            return each
    return None


def _conflicts(
    report: Report,
    keys: Sequence[frozenset[Key]],
    doubtful: Sequence[frozenset[Key]],
    stored: Sequence[Known],
    known: Mapping[int, Known],
) -> Iterator[tuple[int, str, str]]:
    owners = _owners(stored)
    used = {each.id for each in known.values()}
    for index, device in enumerate(report.devices):
        same = known.get(index)
        for key in strongest(doubtful[index]):
            yield index, "shared-key", f"{_say(key)} is claimed by several devices of one scan; it was not used"
        for key in strongest(keys[index]):
            for owner in owners.get(key, ()):
                if owner is not same:
                    yield index, *_elsewhere(key, keys[index], owner)
        if same is None:
            twins = [each for each in stored if each.id not in used and _may_be(report, index, keys[index], each)]
            for ip, twin in itertools.product(device.ip_addresses, twins):
                if twin.holds(ip):
                    yield index, "possible-duplicate", f"{ip} was last held by {twin.asset_id}: the same device?"
        elif device.identification.maker and same.found.maker and device.identification.maker != same.found.maker:
            yield index, "maker-changed", f"was {same.found.maker}, now {device.identification.maker}"


def _elsewhere(key: Key, own: frozenset[Key], owner: Known) -> tuple[str, str]:
    if contradicts(own, owner.keys):
        return "contradiction", f"{_say(key)} is that of {owner.asset_id}, whose serial number differs; kept apart"
    return "key-elsewhere", f"{_say(key)} is also that of {owner.asset_id}; kept apart"


def _may_be(report: Report, index: int, own: frozenset[Key], holder: Known) -> bool:
    """Whether only the lack of a strong key on one side keeps the two apart."""
    return bool(not own or holder.row["provisional"]) and compatible(report.devices[index].identification, holder.found)


def _say(key: Key) -> str:
    return (
        {"serial": "serial number", "onvif": "ONVIF UUID", "mac": "MAC"}[key.kind] + " " + key.value.replace("|", " ")
    )
