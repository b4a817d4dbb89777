"""Stage 1, keys: the keys by which each device of a report may be recognised, and the notes to keep. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from camscan.dataclass import dataclass
from camscan.identify.box import rests_on_unasked
from camscan.identify.keys import Key, Marks, device_marks, shared_keys
from camscan.model import Device, Report
from camscan.register.record.notes import shared_key_note

_COPIED = ("onvif", "mac")
"""Kinds of key that factories give to thousands of devices, and routers answer with. Once shared, they never count."""


@dataclass(frozen=True, slots=True)
class ReportKeys:
    """What each device of a report says about its identity, by its index."""

    marks: tuple[Marks, ...]
    """Marks with which the device is compared."""
    keys: tuple[frozenset[Key], ...]
    """Its own strong keys, which are among the marks. A key that others claim, or once claimed, is not among them."""
    shared: tuple[frozenset[Key], ...]
    """Keys that another device of the report also claims."""
    burnt: tuple[frozenset[Key], ...]
    """Keys that several devices of an earlier report claimed."""
    notes: tuple[frozenset[Key], ...]
    """What the register notes: which keys were copied."""


def marks_in_report(report: Report) -> tuple[Marks, ...]:
    """The marks of each device of a report, whichever other device claims them.

    If several devices share an address, its MAC address belongs to the one that names it, otherwise to the first.
    """
    marks = _without_unasked_keys(report, [device_marks(device) for device in report.devices])
    owners: dict[tuple[str, str], int] = {}
    for index in sorted(range(len(marks)), key=lambda index: (not marks[index].claims & marks[index].wire, index)):
        for ip in report.devices[index].ip_addresses:
            for mac in marks[index].macs & marks[index].wire:
                owners.setdefault((ip, mac), index)
    return tuple(_without_hosts(index, report.devices[index], each, owners) for index, each in enumerate(marks))


def _without_unasked_keys(report: Report, marks: Sequence[Marks]) -> list[Marks]:
    """The marks, but what only an unasked reply says of one device takes no key from another, which answered."""
    unasked = {index for index, device in enumerate(report.devices) if rests_on_unasked(device.identification)}
    proven = {key for index, own in enumerate(marks) if index not in unasked for key in own.keys} if unasked else set()
    return [replace(own, keys=own.keys - proven) if index in unasked else own for index, own in enumerate(marks)]


def _without_hosts(index: int, device: Device, marks: Marks, owners: dict[tuple[str, str], int]) -> Marks:
    hosts = {mac for ip in device.ip_addresses for mac in marks.macs if owners.get((ip, mac), index) != index}
    return replace(marks, keys=marks.keys - {Key("mac", mac) for mac in hosts}) if hosts else marks


def find_own_keys(report: Report, marks: Sequence[Marks], burnt: frozenset[Key]) -> ReportKeys:
    """The keys that belong to each device alone.

    ``burnt`` are keys that several devices of an earlier report claimed.
    """
    claimed = [each.keys for each in marks]
    twice = shared_keys(claimed)
    routers = _router_macs(report, marks)
    claimants: dict[Key, list[frozenset[Key]]] = {key: [] for key in twice}
    for keys in claimed:  # once: a device may have thousands of addresses, with a serial number for every two
        for key in keys & twice:
            claimants[key].append(keys)
    copied = {key for key in twice if key.kind in _COPIED or is_copied_serial(key, claimants[key])}
    own = tuple(
        replace(each, keys=each.keys - twice - burnt, wire=each.wire - routers - _macs_in(burnt)) for each in marks
    )
    return ReportKeys(
        own,
        tuple(each.keys for each in own),
        tuple(keys & twice for keys in claimed),
        tuple(keys & burnt for keys in claimed),
        tuple(frozenset(map(shared_key_note, keys & copied)) for keys in claimed),
    )


def is_copied_serial(key: Key, claimed: Iterable[frozenset[Key]]) -> bool:
    """Whether all devices that claim a serial number report MAC addresses, and no two report the same.

    Otherwise they may be one device that was taken for two.
    """
    told = [{each.value for each in keys if each.kind == "mac"} for keys in claimed if key in keys]
    return all(told) and sum(map(len, told)) == len(set().union(*told))


def _router_macs(report: Report, marks: Sequence[Marks]) -> frozenset[str]:
    """MAC addresses of routers and repeaters: the network shows them for devices with addresses of their own."""
    seen = Counter(
        mac
        for mac, _ in {
            (mac, device.ip_addresses[:1])
            for device, each in zip(report.devices, marks, strict=True)
            for mac in each.wire
        }
    )
    return frozenset(mac for mac, times in seen.items() if times > 1)


def _macs_in(keys: Iterable[Key]) -> frozenset[str]:
    return frozenset(key.value for key in keys if key.kind == "mac")
