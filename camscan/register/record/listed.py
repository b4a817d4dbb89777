"""What other systems list: the row of each device, and what is added to it. Pure; ``lists`` reads and writes.

A list is not a sighting: it says that some system knew a device at some time. So it never makes a device seen or
missed, never moves one, and removes nothing that scans or people say. It adds the MAC address, the name and the place
that scans could not see, and it adds rows for devices that may be cameras and never answered a scan.

A device is recognised by its MAC address. The IP address alone is enough only if no MAC address contradicts it, and the
list is from the time in which the row held that address, because addresses pass from one device to another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from camscan.dataclass import dataclass
from camscan.model import Device, Identification, Report
from camscan.register.record.known import KnownDevice
from camscan.register.site_lookup import FindPlace

BEFORE, AFTER = timedelta(days=7), timedelta(days=30)
"""For so long before a row was first seen, and after it was last seen, its address in a list counts as its own."""
SAME_DAY = timedelta(days=1)
NOT_A_CAMERA = "devices of which nothing says that they are cameras or recorders"
OTHER_TIME = "devices of another time than the one that the register has at their address"
SEVERAL = "devices whose MAC address several devices of the register have"
_LABELS = {
    "mac": "MAC {}",
    "ip": "",
    "hostname": "name {}",
    "switch_port": "{}",
    "vlan": "VLAN {}",
    "network_zone": "zone {}",
    "internet_exposed": "reachable from the internet: {}",
    "heard": "",
}
"""Name of a listed thing -> the words that say it was added; empty if it is not worth a message."""


@dataclass(frozen=True, slots=True)
class PlacedDevice:
    """What happens to one device of a list."""

    device: Device
    row: KnownDevice | None = None
    """The row of the device; None if it is new or left out."""
    left_out: str = ""
    """The reason why it is not entered, in words that are counted; empty if it is entered."""


def place_devices(
    report: Report, rows: Sequence[KnownDevice], find_place: FindPlace, *, everything: bool
) -> list[PlacedDevice]:
    """The row for each device of a list."""
    by_mac: defaultdict[str, list[KnownDevice]] = defaultdict(list)
    by_ip: defaultdict[str, list[KnownDevice]] = defaultdict(list)
    for row in rows:
        for mac in _row_macs(row):
            by_mac[mac].append(row)
        for ip in (value for kind, value in row.addresses if kind == "ip" and row.answered_on(value)):
            by_ip[ip].append(row)
    return [
        _place_device(report, device, by_mac, by_ip, find_place, everything=everything) for device in report.devices
    ]


def _row_macs(row: KnownDevice) -> set[str]:
    held = {value for kind, value in row.addresses if kind == "mac"}
    return held | {key.value for key in row.keys if key.kind == "mac"}


def _place_device(
    report: Report,
    device: Device,
    by_mac: Mapping[str, Sequence[KnownDevice]],
    by_ip: Mapping[str, Sequence[KnownDevice]],
    find_place: FindPlace,
    *,
    everything: bool,
) -> PlacedDevice:
    owners = {row.id: row for mac in device.mac_addresses for row in by_mac.get(mac, ())}
    here = [
        row for ip in device.ip_addresses for row in by_ip.get(ip, ()) if _is_same_place(report, row, ip, find_place)
    ]
    if len(owners) > 1:
        owners = {row.id: row for row in here if row.id in owners}
    if len(owners) == 1:
        return PlacedDevice(device, next(iter(owners.values())))
    if any(row for mac in device.mac_addresses for row in by_mac.get(mac, ())):
        return PlacedDevice(device, left_out=SEVERAL)
    near = [row for row in here if not device.mac_addresses or _may_have_any(row, device.last_seen)]
    in_time = {row.id: row for row in near if _is_of_its_time(row, device.last_seen)}
    if len(in_time) == 1:
        return PlacedDevice(device, next(iter(in_time.values())))
    if near and not device.mac_addresses:
        return PlacedDevice(device, left_out=OTHER_TIME)
    return PlacedDevice(device, left_out="" if everything or may_be_a_camera(device.identification) else NOT_A_CAMERA)


def _is_same_place(report: Report, row: KnownDevice, ip: str, find_place: FindPlace) -> bool:
    """Whether the address is in the same place.

    A private address may exist at every site, unless the site map has it.
    """
    return not report.site or row.row["site"] in {"", report.site} or find_place("", [ip]) is not None


def _may_have_any(row: KnownDevice, when: datetime) -> bool:
    """Whether the device may have another MAC address: if none is known, or only one that it names itself.

    A list of the same day then shows the one behind the address; the device may have two cards, or name a neighbour's.
    """
    if not _row_macs(row):
        return True
    last = row.row["last_seen"]
    return not row.wire and last is not None and abs(when - last) <= SAME_DAY


def _is_of_its_time(row: KnownDevice, when: datetime) -> bool:
    first, last = row.row["first_seen"], row.row["last_seen"]
    if first is None or last is None:  # only listed: the list that added it gives the time
        heard = row.elsewhere.get("heard", {}).get("at")
        first = last = datetime.fromisoformat(heard) if heard else when
    return bool(first - BEFORE <= when <= last + AFTER)


def may_be_a_camera(found: Identification) -> bool:
    """Whether a listed device may be a camera or recorder, for example because its MAC address is a camera maker's."""
    return found.is_camera_system is True or (found.maker is not None and found.is_camera_system is not False)


def newly_listed(before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """What a list adds to earlier lists, in a few words each."""
    news = [name for name, each in after.items() if each["value"] != before.get(name, {}).get("value")]
    return tuple(_LABELS[name].format(after[name]["value"]) for name in news if _LABELS.get(name))
