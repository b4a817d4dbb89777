"""Stage 2, match: finds the row of the register for each device of a report. Pure.

A row is recognised by a strong key that nothing contradicts (``identify/keys.py``), or by its place: the same address
with the same MAC address on the network. A device that claims another unit's key, and has another MAC address than that
unit, gets its own row, whether or not the unit answers too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from camscan.dataclass import dataclass
from camscan.identify.field import is_global_mac
from camscan.identify.keys import (
    STRENGTH,
    Key,
    Marks,
    are_compatible,
    are_same_type,
    is_recognised_by,
    serials_contradict,
    sort_strongest_first,
    type_contradiction,
    wire_contradiction,
)
from camscan.model import Device, Report
from camscan.register.record.keys import ReportKeys
from camscan.register.record.known import KnownDevice, Stored
from camscan.register.record.notes import shared_key_note
from camscan.register.types import Bounds

_CLOCKS = timedelta(hours=1)
"""Maximum difference between the clocks of two machines."""


@dataclass(frozen=True, slots=True)
class Matching:
    """The result for each device of a report, by its index."""

    known: Mapping[int, KnownDevice]
    """Index -> row, for the devices that were recognised."""
    stand_ins: tuple[tuple[int, KnownDevice], ...]
    """(index, a row that was made for the device while it did not identify itself): to be merged with its row."""
    keys: tuple[frozenset[Key], ...]
    """The device's own strong keys, without those of a row that it falsely claims to be."""
    notes: tuple[frozenset[Key], ...]
    """Notes to keep about the device."""


@dataclass(slots=True)
class Search:
    """A report, what its devices say, and what is stored; with indexes for both."""

    report: Report
    report_keys: ReportKeys
    stored: Stored
    owners: Mapping[Key, Sequence[KnownDevice]]
    """Key -> rows that have it."""
    holders: Mapping[str, Sequence[KnownDevice]]
    """Address -> rows that hold it, or may answer there."""
    behind: Mapping[str, Sequence[KnownDevice]]
    """MAC address -> rows for which the network showed it."""
    marks: Mapping[int, Marks]
    """Number of a row -> the marks with which it is compared."""
    foreign: frozenset[int] = frozenset()
    """Rows of other sites: a report from elsewhere may say nothing about them."""

    def marks_to_compare(self, index: int) -> Marks:
        """The marks with which a device of the report is compared."""
        return self.report_keys.marks[index]

    def rows_at_address(self, device: Device) -> list[KnownDevice]:
        """Stored devices that hold an address of the device, or may answer there."""
        found = {each.id: each for ip in device.ip_addresses for each in self.holders.get(ip, ())}
        return list(found.values())

    def is_here(self, row: KnownDevice, device: Device) -> bool:
        """Whether the row answered on an address of the device when it was last seen."""
        return self.stored.is_here(self.report, row, device.ip_addresses)

    def describe_refusal(self, index: int, row: KnownDevice) -> str:
        """Why a device is not the row whose key it claims, in words; empty if nothing but keys could decide it.

        A different model or maker counts only if the device is also at another address, and the network does not show
        the same MAC address: a better database names another maker for the same unit.
        """
        if row.id in self.foreign:
            return f"is at {row.row['site'] or 'another place'}, which has not said that it moved"
        own, marks = self.marks_to_compare(index), self.marks[row.id]
        if reason := wire_contradiction(own, marks):
            return reason
        if own.wire & marks.wire or own.macs & marks.macs or not row.last_scan:
            return ""
        if self.is_here(row, self.report.devices[index]):
            return ""
        return type_contradiction(own.maker, own.model, marks.maker, marks.model)


def make_search(report: Report, told: ReportKeys, stored: Stored, bounds: Bounds | None = None) -> Search:
    """Build the search for a report. Without ``bounds``, the report may be about any row."""
    foreign = frozenset(row.id for row in stored.rows if bounds and not bounds.is_own(row.row["site"], row.current_ips))
    owners: defaultdict[Key, list[KnownDevice]] = defaultdict(list)
    holders: defaultdict[str, list[KnownDevice]] = defaultdict(list)
    behind: defaultdict[str, list[KnownDevice]] = defaultdict(list)
    for row in stored.rows:
        for key in row.keys:
            owners[key].append(row)
        if row.id in foreign:
            continue
        for ip in {value for kind, value in row.addresses if kind == "ip" and row.answered_on(value)} | row.places:
            holders[ip].append(row)
        for mac in row.wire:
            behind[mac].append(row)
    return Search(report, told, stored, owners, holders, behind, {row.id: row.marks for row in stored.rows}, foreign)


def match_devices(question: Search) -> Matching:
    """Find the row of each device of a report."""
    known = _assign_rows(question)
    stood_in = tuple(_stand_in_rows(question, known))
    keys = tuple(
        own - _keys_of_claimed_row(question, index, known.get(index))
        for index, own in enumerate(question.report_keys.keys)
    )
    theirs = {key for key, owners in question.owners.items() if any(row.id in question.foreign for row in owners)}
    notes = (
        tuple(noted - set(map(shared_key_note, theirs)) for noted in question.report_keys.notes)
        if theirs
        else question.report_keys.notes
    )
    return Matching(known, stood_in, keys, notes)


def outdated_devices(report: Report, found: Matching) -> frozenset[int]:
    """Devices of evidence from elsewhere that a scan has seen since: an old file must not say where they are now.

    A scan of our own is always the newest, whatever the clock said.
    """
    if report.coverage.is_search:
        return frozenset()
    seen = {index: row.row["last_seen"] for index, row in found.known.items()}
    return frozenset(index for index, when in seen.items() if when and report.devices[index].last_seen < when - _CLOCKS)


def _assign_rows(question: Search) -> dict[int, KnownDevice]:
    """Index -> row.

    The strongest proof comes first over the whole report, so that a weak match never takes a row from it.
    """
    assigned: dict[int, KnownDevice] = {}
    used: set[int] = set()

    def assign_row(index: int, row: KnownDevice | None) -> None:
        if row is not None:
            assigned[index] = row
            used.add(row.id)

    everyone = range(len(question.report.devices))
    for index in everyone:
        assign_row(index, _row_in_place(question, index, used))
    for kind in STRENGTH:
        for index in (index for index in everyone if index not in assigned):
            assign_row(index, _row_by_key(question, index, kind, used))
    for index in (index for index in everyone if index not in assigned):
        assign_row(index, _row_by_claim(question, index, used) or _row_by_wire(question, index, used))
    for index in (index for index in everyone if index not in assigned):
        device = question.report.devices[index]
        nearby = [each for each in question.rows_at_address(device) if each.id not in used]
        if question.report_keys.keys[index]:
            assign_row(index, _adopted_row(question, index, nearby))
        else:
            assign_row(index, _provisional_row(question, index, nearby))
    return assigned


def _row_in_place(question: Search, index: int, used: set[int]) -> KnownDevice | None:
    """The row that held the same address with the same MAC address on the network, whatever was blocked this time.

    This includes MAC addresses that software made up. It does not apply if a serial number or UUID leads to another
    row.
    """
    own, device = question.marks_to_compare(index), question.report.devices[index]
    if not own.wire:
        return None
    named = (owner for key in own.keys if key.kind != "mac" for owner in question.owners.get(key, ()))
    elsewhere = {owner.id for owner in named if not question.describe_refusal(index, owner)}
    for row in question.rows_at_address(device):
        marks = question.marks[row.id]
        if row.id in used or not own.wire & marks.wire or not question.is_here(row, device):
            continue
        if serials_contradict(own.keys, marks.keys) or wire_contradiction(own, marks):
            continue
        differs = type_contradiction(own.maker, own.model, marks.maker, marks.model)
        if (elsewhere and row.id not in elsewhere) or (differs and not own.macs & marks.macs):
            continue
        return row
    return None


def _row_by_key(question: Search, index: int, kind: str, used: set[int]) -> KnownDevice | None:
    own = question.report_keys.keys[index]
    known = (key for key in own if key.kind == kind and key in question.owners)
    candidates = [owner for key in sort_strongest_first(known) for owner in question.owners[key]]
    free = [
        each
        for each in candidates
        if each.id not in used and is_recognised_by(kind, own, each.keys) and not question.describe_refusal(index, each)
    ]
    # Of two with as much in common, the one that has fewer other keys: a person may have merged wrongly.
    return max(free, key=lambda each: (len(own & each.keys), -len(each.keys - own)), default=None)


def _row_by_claim(question: Search, index: int, used: set[int]) -> KnownDevice | None:
    """The row at the same address with a key that others claim too.

    So a unit does not lose its row to a copy: of its serial number, its UUID, or its MAC address.
    """
    claims = question.report_keys.shared[index] | question.report_keys.burnt[index]
    own, device = question.marks_to_compare(index), question.report.devices[index]
    for row in question.rows_at_address(device) if claims else ():
        marks = question.marks[row.id]
        has_it = claims & row.keys or {shared_key_note(key).value for key in claims} & row.was_shared
        apart = serials_contradict(own.keys | claims, marks.keys) or wire_contradiction(own, marks)
        differs = type_contradiction(own.maker, own.model, marks.maker, marks.model)
        if row.id not in used and has_it and not apart and not differs and question.is_here(row, device):
            return row
    return None


def _row_by_wire(question: Search, index: int, used: set[int]) -> KnownDevice | None:
    """The row for which the network showed the same MAC address, and which named the same other one.

    A device that claims a neighbour's MAC address is recognised by its own, although that may be the address of a
    repeater.
    """
    own = question.marks_to_compare(index)
    for mac in sorted(filter(is_global_mac, own.wire)):
        for row in question.behind.get(mac, ()):
            marks = question.marks[row.id]
            same = own.claims & marks.claims and not serials_contradict(own.keys, marks.keys)
            differs = type_contradiction(own.maker, own.model, marks.maker, marks.model)
            if same and not differs and row.id not in used:
                return row
    return None


def _provisional_row(question: Search, index: int, nearby: Iterable[KnownDevice]) -> KnownDevice | None:
    """The provisional row for a device without a unique key at this address, if the two may be the same.

    A row with a strong key is used only if a person said that this device answers there.
    """
    device = question.report.devices[index]
    for each in nearby:
        here = each.row["provisional"] and question.is_here(each, device)
        named = question.stored.was_named(question.report, each, device.ip_addresses)
        if (here or named) and _may_be_same(question, index, each):
            return each
    return None


def _may_be_same(question: Search, index: int, row: KnownDevice) -> bool:
    """Whether the two agree in everything that both of them report."""
    device = question.report.devices[index]
    found = device.identification
    if row.is_only_listed and not _may_have_macs(device.mac_addresses, row):
        return False
    return are_compatible(found, row.found) and not wire_contradiction(
        question.marks_to_compare(index), question.marks[row.id]
    )


def _adopted_row(question: Search, index: int, nearby: Iterable[KnownDevice]) -> KnownDevice | None:
    """The provisional row that represented a new device with a strong key until now.

    Maker and model must be known and equal, and nobody may have written on the row: a replaced unit must not inherit
    what people know about another.
    """
    return next((each for each in nearby if _is_stand_in(question, index, each)), None)


def _is_stand_in(question: Search, index: int, row: KnownDevice) -> bool:
    device = question.report.devices[index]
    untouched = row.row["provisional"] and row.entries is None
    if not untouched or not question.is_here(row, device):
        return False
    if row.is_only_listed:  # a device that never answered is not another unit, unless its MAC address says so
        return are_compatible(device.identification, row.found) and _may_have_macs(device.mac_addresses, row)
    same = are_same_type(device.identification, row.found)
    return same and not wire_contradiction(question.marks_to_compare(index), question.marks[row.id])


def _may_have_macs(macs: Iterable[str], row: KnownDevice) -> bool:
    """Whether the MAC addresses can belong to the row, by its known addresses."""
    ours = {value for kind, value in row.addresses if kind == "mac"}
    theirs = set(macs)
    return not ours or not theirs or bool(ours & theirs)


def _stand_in_rows(question: Search, known: Mapping[int, KnownDevice]) -> Iterator[tuple[int, KnownDevice]]:
    """Rows that were made for a known device while it did not identify itself completely: packets get lost.

    Either the device now reports everything by which such a row is recognised; or the row is provisional, was never
    seen beside the device, and is silent while the device answers at its address. Nobody has written on the row, and
    nothing contradicts.
    """
    used = {each.id for each in known.values()}
    for index, same in known.items():
        own, device = question.report_keys.keys[index], question.report.devices[index]
        rows = {row.id: row for key in own for row in question.owners.get(key, ()) if row.keys <= own | same.keys}
        if own and not same.row["provisional"]:
            nearby = (row for row in question.rows_at_address(device) if _is_stand_in(question, index, row))
            rows |= {row.id: row for row in nearby if row.first_scan > same.last_scan > 0}
        for row in rows.values():
            free = row.id not in used and row.entries is None
            apart = question.describe_refusal(index, row) or wire_contradiction(
                question.marks[same.id], question.marks[row.id]
            )
            if free and not apart:
                used.add(row.id)
                yield index, row


def _keys_of_claimed_row(question: Search, index: int, same: KnownDevice | None) -> frozenset[Key]:
    """Keys of a row that the device falsely claims to be: they continue to recognise that row alone."""
    own = question.report_keys.keys[index]
    held = same.keys if same else frozenset[Key]()
    return frozenset(
        key
        for key in own - held
        if any(owner is not same and question.describe_refusal(index, owner) for owner in question.owners.get(key, ()))
    )
