"""What is known about a device after one more sighting, and what the sighting changed. Pure."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from camscan import decode
from camscan.asset import Event
from camscan.fingerprints.wording import load_words
from camscan.identify.channel_count import was_list_read
from camscan.model import LISTED, Device, Identification, Observation

VALUES = ("maker", "brand", "model", "firmware", "serial", "mac", "kind", "is_camera_system")
_HOSTNAMES = ("dhcp.host_name", "mdns.host", "onvif.hostname")
_PLACES = ("wsd.location", "wsd.name", "dhip.machine_name", "isapi.device_name", "snmp.sysname", "upnp.friendly_name")
_HINTED = frozenset((*_HOSTNAMES, *_PLACES))


class Difference(NamedTuple):
    """One thing about a device that has changed."""

    event: Event
    old: str
    new: str
    detail: str
    """One sentence for a person."""


def last_known(before: Identification, now: Identification) -> Identification:
    """What is known after a sighting. A missing value clears nothing, and weaker evidence lowers nothing.

    A text that says less (a firmware without its build, the short form of a serial number) does not replace one that
    says more. Capabilities of another model are not kept.
    """
    weaker = now.certainty < before.certainty
    if weaker and before.maker and now.maker and now.maker != before.maker:
        # Everything that it says depends on a maker that better evidence rules out.
        return replace(before, mac=before.mac or now.mac, conflicts=now.conflicts)
    keep = before.maker is not None and (now.maker is None or weaker)
    claim = before if keep else now
    other_model = bool(now.model and before.model) and not _is_same_model(before.model or "", now.model or "")
    return replace(
        now,
        maker=claim.maker,
        brand=now.brand or before.brand,
        model=_fuller_model(before.model, now.model),
        firmware=_fuller_firmware(before, now),
        serial=_fuller_serial(before.serial, now.serial),
        mac=now.mac or before.mac,
        kind=now.kind or before.kind,
        is_camera_system=before.is_camera_system if now.is_camera_system is None else now.is_camera_system,
        capabilities=now.capabilities if other_model else {**before.capabilities, **now.capabilities},
        confidence=claim.confidence,
        certainty=claim.certainty,
        because=claim.because,
        conflicts=now.conflicts,
        build=_fuller_build(before, now),
    )


def find_differences(before: Identification, after: Identification) -> list[Difference]:
    """Changes in the facts that people get messages about. Certainties, reasons and order do not count."""
    found: list[Difference] = []
    if _is_other_firmware(before, after):
        old, new = _full_text(before), _full_text(after)
        found.append(Difference(Event.FIRMWARE_CHANGED, old, new, f"firmware was {old}, now {new}"))
    if before.maker != after.maker:
        old, new = before.maker or "unknown", after.maker or "unknown"
        was, now = map(load_words().maker_name, (old, new))
        detail = f"maker was {was}, now {now}"
        found.append(Difference(Event.MAKER_CHANGED, old, new, detail))
    gained = after.capabilities.keys() - before.capabilities.keys()
    lost = before.capabilities.keys() - after.capabilities.keys()
    if gained or lost:
        told = [f"can {', '.join(sorted(gained))}"] if gained else []
        told += [f"no longer thought to: {', '.join(sorted(lost))}"] if lost else []
        old, new = (", ".join(sorted(each.capabilities)) for each in (before, after))
        found.append(Difference(Event.CAPABILITY_CHANGED, old, new, "; ".join(told)))
    return found


def find_move(held: Mapping[tuple[str, str], int], last_scan: int, device: Device) -> Difference | None:
    """The change of address, if the device holds none of the addresses of its last sighting any more.

    ``held`` is every (kind, address) that it ever held, with the number of its last scan. It is not a move if only
    another of its network interfaces was seen. Addresses that a machine gives itself do not count.
    """
    before = [ip for (kind, ip), scan in held.items() if kind == "ip" and scan == last_scan]
    old, new = routable_addresses(before), routable_addresses(device.ip_addresses)
    if not old or not new or set(old) & set(new):
        return None
    macs = {mac for (kind, mac), scan in held.items() if kind == "mac" and scan == last_scan}
    other_side = bool(macs and device.mac_addresses) and macs.isdisjoint(device.mac_addresses)
    if (
        other_side
        and all(("ip", ip) in held for ip in new)
        and all(("mac", mac) in held for mac in device.mac_addresses)
    ):
        return None
    was, now = ", ".join(sorted(old)), ", ".join(new)
    return Difference(Event.MOVED_IP, was, now, f"was at {was}, is at {now}")


def routable_addresses(addresses: Iterable[str]) -> list[str]:
    """The addresses without those that a machine gives itself, if it has others."""
    found = list(addresses)
    kept = [ip for ip in found if not ipaddress.ip_address(ip.partition("%")[0]).is_link_local]
    return kept or found


def same_firmware(one: str, other: str) -> bool:
    """Whether two texts may name the same build, as far as both give one."""
    if decode.firmware_text(one).casefold() == decode.firmware_text(other).casefold():
        return True
    ours, theirs = decode.decode_firmware(one), decode.decode_firmware(other)
    if not ours or not theirs or ours.version.casefold() != theirs.version.casefold():
        return False
    return ours.build == theirs.build or not ours.build or not theirs.build


def read_hints(seen: Sequence[Observation]) -> dict[str, str]:
    """What a device says about its name and place, which probe brought its MAC, and whether its channels were read."""
    told: dict[str, str] = {}
    for each in seen:
        if each.key in _HINTED:
            told.setdefault(each.key, each.value.strip())
    names = [told[key] for key in _HOSTNAMES if told.get(key)]
    places = list(dict.fromkeys(told[key] for key in _PLACES if told.get(key)))
    sources = list(dict.fromkeys([each.probe for each in seen if _names_mac(each.key)]))
    found = {
        "hostname": names[0] if names else "",
        "location_hint": "; ".join(places),
        "mac_source": ", ".join(sources),
        "channels": "read" if was_list_read(each.key for each in seen) else "",
    }
    return {name: value for name, value in found.items() if value}


def listed_elsewhere(device: Device) -> dict[str, dict[str, Any]]:
    """What other systems list about a device, as the register keeps it: name -> the value, the list, and the time."""
    entries: list[tuple[str, datetime, dict[str, str]]] = []
    for seen in device.observations:
        if seen.key == "listed.in":  # this fact begins one entry of a list
            entries.append((seen.ip, seen.seen_at, {}))
        if seen.probe.startswith(LISTED) and entries:
            entries[-1][2].setdefault(seen.key, seen.value)
    found: dict[str, dict[str, Any]] = {}
    for ip, at, facts in sorted(entries, key=lambda each: each[1]):
        basis = facts.get("listed.in", "")
        told = {"heard": basis, "ip": ip, **{name: _first_text(facts, keys) for name, keys in _ELSEWHERE.items()}}
        told["switch_port"] = _switch_port(facts)
        told = {name: value for name, value in told.items() if value}
        made: dict[str, dict[str, Any]] = {
            name: {"value": value, "basis": basis, "at": at.isoformat()} for name, value in told.items()
        }
        if "switch_port" in made:
            made["switch_port"]["others"] = int(facts.get("listed.port_shared", "0"))
        found = newest_listing(found, made)
    return found


def newest_listing(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What other systems list, from two times: the newer value of each, but never a port that several devices share."""
    found = dict(before)
    for name, each in now.items():
        held = found.get(name)
        if held is None or (each["at"] >= held["at"] and each.get("others", 0) <= max(held.get("others", 0), 0)):
            found[name] = each
    return found


_ELSEWHERE = {
    "mac": ("listed.mac",),
    "hostname": ("dhcp.host_name", "listed.host_name"),
    "vlan": ("listed.vlan",),
    "network_zone": ("listed.zone",),
    "internet_exposed": ("listed.exposed",),
}
"""Name of a listed thing -> the facts that give it, the best first."""


def _first_text(facts: Mapping[str, str], keys: Iterable[str]) -> str:
    return next((facts[key] for key in keys if facts.get(key)), "")


def _switch_port(facts: Mapping[str, str]) -> str:
    """The switch port as a text: ``CT-2, port 14, PoE 6.2 W``; if other devices are behind it, with their number."""
    port, others = facts.get("listed.port", ""), int(facts.get("listed.port_shared", "0"))
    if not port:
        return ""
    power = f"PoE {facts['listed.poe']} W" if facts.get("listed.poe") else ""
    power = power or (f"PoE class {facts['listed.poe_class']}" if facts.get("listed.poe_class") else "")
    shared = f"with {others} other{'s' if others > 1 else ''} behind it" if others else ""
    return ", ".join(filter(None, (facts.get("listed.switch", ""), f"port {port}", power, shared)))


@functools.lru_cache(maxsize=1024)
def _names_mac(key: str) -> bool:
    return key == "mac.address" or key.endswith(".mac")


def _is_other_firmware(before: Identification, now: Identification) -> bool:
    """Whether the firmware has another version, or another build of it, in the text or in its own field."""
    if not before.firmware or not now.firmware:
        return False
    other_build = before.build and now.build and before.build != now.build
    return bool(other_build) or not same_firmware(before.firmware, now.firmware)


def _full_text(found: Identification) -> str:
    text = found.firmware or ""
    told = decode.decode_firmware(text)
    return f"{text} build {found.build}" if found.build and not (told and told.build) else text


def _fuller_firmware(before: Identification, now: Identification) -> str | None:
    if not before.firmware or not now.firmware:
        return now.firmware or before.firmware
    if _is_other_firmware(before, now):
        return now.firmware
    ours, theirs = decode.decode_firmware(before.firmware), decode.decode_firmware(now.firmware)
    return before.firmware if ours and theirs and ours.build and not theirs.build else now.firmware


def _fuller_build(before: Identification, now: Identification) -> str | None:
    """The build date belongs to its firmware: a different firmware without a build date has none."""
    return now.build if _is_other_firmware(before, now) else now.build or before.build


def _fuller_model(before: str | None, now: str | None) -> str | None:
    if before and now and len(before) > len(now) and _is_same_model(before, now):
        return before
    return now or before


def _is_same_model(one: str, other: str) -> bool:
    """Whether one model is the other, or its beginning: some protocols leave out the end."""
    ours, theirs = one.casefold(), other.casefold()
    return ours.startswith(theirs) or theirs.startswith(ours)


def _fuller_serial(before: str | None, now: str | None) -> str | None:
    if before and now and len(before) > len(now) and before.upper().endswith(now.upper()):
        return before
    return now or before
