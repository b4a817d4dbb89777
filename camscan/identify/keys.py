"""Which box is which: strong keys, the marks that contradict them, and the rules for both. Pure.

Scan and register share this model. A strong key is something that only one unit in the world should have: its serial
number, the UUID of its ONVIF endpoint, a MAC address that its maker assigned; for a recorder's channel, the recorder's
serial number and the channel. Any device can also claim another unit's key. So a key joins two sightings only if
nothing contradicts it, and the MAC address seen on the wire counts for more than one that a device reports.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from camscan import decode
from camscan.dataclass import dataclass
from camscan.identify.box import own_words
from camscan.identify.decide import PROBABLE
from camscan.identify.field import LONGEST, is_global_mac, is_mac, is_plain, same_model
from camscan.model import Device, Identification, Observation

STRENGTH = ("serial", "unit", "onvif", "mac", "channel")
"""Kinds of strong key, strongest first. The register stores these words."""

_SHORTEST_SERIAL = 5
"""A serial number shorter than this is made up."""
_UNIQUE_SERIAL = 9
"""A serial number of this length or more is unique, whatever maker it is attributed to."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_VIRTUAL_ROUTERS = ("00:00:5e:00:01:", "00:00:5e:00:02:", "00:00:0c:07:ac:", "00:00:0c:9f:f", "00:07:b4:00:")
"""MAC addresses of no unit: VRRP (RFC 9568, 7.3), HSRP and GLBP give them to the router that answers at present."""
_SAY = {"serial": "serial number", "unit": "serial number", "onvif": "ONVIF UUID", "mac": "MAC"}


class Key(NamedTuple):
    """A strong key: its kind, one of STRENGTH, and its value."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Marks:
    """What distinguishes one box from others."""

    keys: frozenset[Key] = frozenset()
    """Its strong keys. A MAC address that the wire contradicts is not among them."""
    wire: frozenset[str] = frozenset()
    """MAC addresses behind its IP addresses on the wire (ARP, neighbour table), whether its maker assigned them or
    not."""
    claims: frozenset[str] = frozenset()
    """MAC addresses that it reports itself, in any protocol."""
    maker: str | None = None
    model: str | None = None

    @property
    def macs(self) -> frozenset[str]:
        """The MAC addresses among its strong keys."""
        return frozenset(key.value for key in self.keys if key.kind == "mac")

    @property
    def denied_macs(self) -> frozenset[str]:
        """MAC addresses that it reports, but that are not behind its addresses."""
        return self.claims - self.wire if self.wire else frozenset()


def device_marks(device: Device) -> Marks:
    """The marks of a device of a report."""
    found = device.identification
    own = own_words(device.observations, found)
    wire = wire_macs(device.observations)
    told = claimed_macs(own)
    listed = {mac for mac in (*device.mac_addresses, found.mac or "") if is_mac(mac)}
    claims = frozenset(listed - (wire - told))
    endpoints = (endpoint_key(seen.value) for seen in own if seen.key == "wsd.endpoint")
    keys = serial_keys(found.maker, found.serial) | {key for key in endpoints if key} | mac_keys(wire, claims)
    return Marks(keys, wire, claims, *known_type(found))


def known_type(found: Identification) -> tuple[str | None, str | None]:
    """Maker and model, if they are sure enough to contradict a strong key: the maker is at least probable."""
    return (found.maker, found.model) if found.maker and found.certainty >= PROBABLE else (None, None)


def strong_keys(device: Device) -> frozenset[Key]:
    """Every strong key that a device of a report carries."""
    return device_marks(device).keys


def serial_keys(maker: str | None, text: str | None) -> frozenset[Key]:
    """The keys of a serial number: with its maker; and, if it is long enough, without the maker.

    A full Hikvision number also gives the short form that is printed on the unit, and that some firmware reports alone.
    """
    serial = (text or "").strip().upper()
    if not _is_serial(serial):
        return frozenset()
    keys = {Key("serial", f"{maker}|{serial}")} if maker else set()
    full = decode.hikvision_serial(serial)
    forms = {serial, full.short.upper()} if full else {serial}
    return frozenset(keys | {Key("unit", form) for form in forms if len(form) >= _UNIQUE_SERIAL})


def endpoint_key(text: str) -> Key | None:
    """The key of an ONVIF endpoint's address; None if it has no UUID, or a UUID of one repeated digit."""
    found = _UUID.search(text.lower())
    return Key("onvif", found[0]) if found and len(set(found[0]) - {"-"}) > 1 else None


def mac_keys(wire: Iterable[str], claims: Iterable[str]) -> frozenset[Key]:
    """The MAC addresses by which a box is recognised.

    They are those that it reports, if the wire shows none or the same. If it reports others than the wire shows, there
    are none: it may claim a neighbour's, and the one on the wire may be that of a router or repeater before it.
    """
    seen, named = frozenset(wire), frozenset(claims)
    own = seen & named if seen and named else seen or named
    return frozenset(Key("mac", mac) for mac in own if is_global_mac(mac) and not is_virtual_router(mac))


def channel_key(recorder: str, number: int) -> Key:
    """The key of a recorder's channel; ``recorder`` is its serial number, long or short, else its asset id."""
    serial = recorder.strip().upper()
    full = decode.hikvision_serial(serial)
    return Key("channel", f"{full.short.upper() if full else serial}|{number}")


def wire_macs(seen: Iterable[Observation]) -> frozenset[str]:
    """MAC addresses that ARP or the neighbour table showed; not those that a device reports, nor a virtual router's."""
    return frozenset(
        each.value
        for each in seen
        if each.probe == "mac"
        and each.key == "mac.address"
        and is_mac(each.value)
        and not is_virtual_router(each.value)
    )


def claimed_macs(seen: Iterable[Observation]) -> frozenset[str]:
    """MAC addresses that a device reports itself."""
    return frozenset(each.value for each in seen if each.key.endswith(".mac") and is_mac(each.value))


def is_virtual_router(mac: str) -> bool:
    """Whether a MAC address belongs to the one of several routers that answers at present."""
    return mac.startswith(_VIRTUAL_ROUTERS)


def shared_keys(sets: Iterable[frozenset[Key]]) -> frozenset[Key]:
    """Keys that two devices of one report both have: such a key (built in, cloned, proxied) identifies neither."""
    counts = Counter(key for keys in sets for key in keys)
    return frozenset(key for key, times in counts.items() if times > 1)


def serials_contradict(keys: Iterable[Key], known: Iterable[Key]) -> bool:
    """Whether both sides have serial numbers and none of them agree. A short form agrees with its long one."""
    ours, theirs = _bare_serials(keys), _bare_serials(known)
    return bool(ours and theirs) and not any(_same_serial(one, other) for one in ours for other in theirs)


def describe_contradiction(one: Marks, other: Marks) -> str:
    """Why two addresses of one scan cannot be one box, in words; empty if nothing contradicts it."""
    if serials_contradict(one.keys, other.keys):
        return "the serial numbers differ"
    if reason := wire_contradiction(one, other):
        return reason
    return type_contradiction(one.maker, one.model, other.maker, other.model)


def wire_contradiction(one: Marks, other: Marks) -> str:
    """Why the MAC addresses show that two boxes are separate, in words; empty if they do not."""
    if one.wire and other.wire and one.wire.isdisjoint(other.wire):
        return "the MAC addresses on the wire differ"
    if _names_anothers(one, other) or _names_anothers(other, one):
        return "the MAC address that one of them names is not the one on the wire"
    apart = one.claims and other.claims and one.claims.isdisjoint(other.claims)
    if one.wire & other.wire and apart and (one.wire & other.wire).isdisjoint(one.claims | other.claims):
        return "they name different MAC addresses, and the one on the wire is neither's"
    return ""


def type_contradiction(maker: str | None, model: str | None, other_maker: str | None, other_model: str | None) -> str:
    """Why two boxes are of two kinds, in words; empty if nothing that is known about both differs."""
    if maker and other_maker and maker != other_maker:
        return "the makers differ"
    if model and other_model and not same_model(model, other_model):
        return "the models differ"
    return ""


def is_recognised_by(kind: str, keys: Iterable[Key], known: Iterable[Key]) -> bool:
    """Whether an equal key of ``kind`` is enough, given the other keys of both sides.

    A UUID is not enough if both report MAC addresses and none is the same: cheap units all have one UUID. Neither is a
    serial number without its maker in that case, if the makers differ: every maker counts from 1.
    """
    ours, theirs = set(keys), set(known)
    if serials_contradict(ours, theirs):
        return False
    if not _are_disjoint(ours, theirs, "mac"):
        return True
    if kind == "unit":
        return not (_keys_of_kinds(ours, "serial") and _keys_of_kinds(theirs, "serial")) or bool(
            _makers_in(ours) & _makers_in(theirs)
        )
    return kind != "onvif" or bool(_keys_of_kinds(ours & theirs, "serial", "unit"))


def are_compatible(one: Identification, other: Identification) -> bool:
    """Whether two sightings without keys can be one box: nothing that is known about both differs."""
    pairs = ((one.maker, other.maker), (one.brand, other.brand), (one.model, other.model), (one.kind, other.kind))
    return all(a is None or b is None or a == b for a, b in pairs)


def are_same_type(one: Identification, other: Identification) -> bool:
    """Whether both are known to have one maker and one model, and nothing else that is known about both differs."""
    named = one.maker is not None and bool(one.model) and one.maker == other.maker and one.model == other.model
    return named and are_compatible(one, other)


def sort_strongest_first(keys: Iterable[Key]) -> Sequence[Key]:
    """Keys, strongest first, in a stable order."""
    return sorted(keys, key=lambda key: (STRENGTH.index(key.kind), key.value))


def describe_key(key: Key) -> str:
    """A key, for a person."""
    return f"{_SAY.get(key.kind, key.kind)} {key.value.replace('|', ' ')}"


def join_marks(one: Marks, other: Marks) -> Marks:
    """The marks of a box, from those of two of its parts."""
    return replace(
        one,
        keys=one.keys | other.keys,
        wire=one.wire | other.wire,
        claims=one.claims | other.claims,
        maker=one.maker or other.maker,
        model=one.model or other.model,
    )


def _names_anothers(one: Marks, other: Marks) -> bool:
    """Whether one reports a MAC address of the other that is not behind its own addresses."""
    return bool(one.denied_macs & (other.wire | other.macs)) and one.wire.isdisjoint(other.wire | other.macs)


def _keys_of_kinds(keys: Iterable[Key], *kinds: str) -> set[Key]:
    return {key for key in keys if key.kind in kinds}


def _are_disjoint(ours: set[Key], theirs: set[Key], kind: str) -> bool:
    one, other = _keys_of_kinds(ours, kind), _keys_of_kinds(theirs, kind)
    return bool(one and other) and not one & other


def _bare_serials(keys: Iterable[Key]) -> set[str]:
    """Serial numbers without their makers: a better database may name another maker for the same unit."""
    return {key.value.rpartition("|")[2] for key in keys if key.kind in {"serial", "unit"}}


def _makers_in(keys: Iterable[Key]) -> set[str]:
    return {key.value.partition("|")[0] for key in keys if key.kind == "serial"}


def _is_serial(serial: str) -> bool:
    fits = _SHORTEST_SERIAL <= len(serial) <= LONGEST and is_plain(serial)
    return fits and len(set(serial)) > 1 and any(map(str.isdigit, serial))


def _same_serial(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)
