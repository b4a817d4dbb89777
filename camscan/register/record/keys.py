"""Which stored device a sighting belongs to. Pure.

Strong keys only, in this order: maker + serial number, a serial number long enough to need no maker, ONVIF endpoint
UUID, globally administered MAC address; of a channel, its recorder's serial number and its number. Never an address:
leases move. What contradicts is kept apart and recorded for a person.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from camscan import decode
from camscan.identify.field import is_global_mac
from camscan.model import Device, Identification

STRENGTH = ("serial", "unit", "onvif", "mac", "channel")
"""Kinds of key, strongest first."""
SHARED = "shared"
"""Kind of the note that several devices were seen to claim a key: it recognises none of them from then on."""
PLACE = "place"
"""Kind of the note that a person said which device it is that answers namelessly at an address."""

_SHORT = 5
"""A serial number shorter than this is an invented one."""
_LONG = 9
"""From here on, a serial number is taken for one of a kind whatever maker it is attributed to."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Key(NamedTuple):
    """Something that only one unit in the world should say."""

    kind: str
    value: str


def strong_keys(device: Device) -> frozenset[Key]:
    """Every strong key that a device of a report carries."""
    found = device.identification
    keys = set(serial_keys(found.maker, found.serial))
    for seen in device.observations:
        match = _UUID.search(seen.value.lower()) if seen.key == "wsd.endpoint" else None
        if match and len(set(match[0]) - {"-"}) > 1:
            keys.add(Key("onvif", match[0]))
    keys |= {Key("mac", mac) for mac in {*device.mac_addresses, found.mac or ""} if is_global_mac(mac)}
    return frozenset(keys)


def serial_keys(maker: str | None, text: str | None) -> frozenset[Key]:
    """What a serial number recognises by: with its maker; and, where long enough, whatever the maker.

    Of a full Hikvision number also the short form that is printed on the unit, and that some firmware tells alone.
    """
    serial = (text or "").strip().upper()
    if not _is_serial(serial):
        return frozenset()
    keys = {Key("serial", f"{maker}|{serial}")} if maker else set()
    full = decode.hikvision_serial(serial)
    forms = {serial, full.short.upper()} if full else {serial}
    return frozenset(keys | {Key("unit", form) for form in forms if len(form) >= _LONG})


def channel_key(recorder: str, number: int) -> Key:
    """The key of a recorder's channel; ``recorder`` is its serial number, long or short, else its asset id."""
    serial = recorder.strip().upper()
    full = decode.hikvision_serial(serial)
    return Key("channel", f"{full.short.upper() if full else serial}|{number}")


def shared(sets: Iterable[frozenset[Key]]) -> frozenset[Key]:
    """Keys that two devices of one report both carry: such a key (baked in, cloned, proxied) identifies neither."""
    counts = Counter(key for keys in sets for key in keys)
    return frozenset(key for key, times in counts.items() if times > 1)


def contradicts(keys: Iterable[Key], known: Iterable[Key]) -> bool:
    """Whether both sides carry serial numbers and none of them agree. A short form agrees with its long one."""
    ours, theirs = _serials(keys), _serials(known)
    return bool(ours and theirs) and not any(_same_serial(one, other) for one in ours for other in theirs)


def recognises(kind: str, keys: Iterable[Key], known: Iterable[Key]) -> bool:
    """Whether an agreeing key of ``kind`` is enough, given what both sides carry besides.

    A UUID is not, where both tell MAC addresses and none is the same: cheap units carry one UUID in all of them. Nor is
    then a serial number without its maker, where the makers differ: everybody counts.
    """
    ours, theirs = set(keys), set(known)
    if contradicts(ours, theirs):
        return False
    if not _disjoint(ours, theirs, "mac"):
        return True
    if kind == "unit":
        return not (_of(ours, "serial") and _of(theirs, "serial")) or bool(_makers(ours) & _makers(theirs))
    return kind != "onvif" or bool(_of(ours & theirs, "serial", "unit"))


def compatible(one: Identification, other: Identification) -> bool:
    """Whether two keyless sightings can be one box: nothing that both know differs."""
    pairs = ((one.maker, other.maker), (one.brand, other.brand), (one.model, other.model), (one.kind, other.kind))
    return all(a is None or b is None or a == b for a, b in pairs)


def same_type(one: Identification, other: Identification) -> bool:
    """Whether both are known to be of one maker and one model, and nothing else that both know differs."""
    named = one.maker is not None and bool(one.model) and one.maker == other.maker and one.model == other.model
    return named and compatible(one, other)


def strongest(keys: Iterable[Key]) -> Sequence[Key]:
    """Keys, strongest first, in a stable order."""
    return sorted(keys, key=lambda key: (STRENGTH.index(key.kind), key.value))


def say(key: Key) -> str:
    """A key, for a person."""
    words: Mapping[str, str] = {"serial": "serial number", "unit": "serial number", "onvif": "ONVIF UUID", "mac": "MAC"}
    return f"{words.get(key.kind, key.kind)} {key.value.replace('|', ' ')}"


def _of(keys: Iterable[Key], *kinds: str) -> set[Key]:
    return {key for key in keys if key.kind in kinds}


def _disjoint(ours: set[Key], theirs: set[Key], kind: str) -> bool:
    one, other = _of(ours, kind), _of(theirs, kind)
    return bool(one and other) and not one & other


def _serials(keys: Iterable[Key]) -> set[str]:
    """Serial numbers without their makers: a better database may name another maker for the same unit."""
    return {key.value.rpartition("|")[2] for key in keys if key.kind in {"serial", "unit"}}


def _makers(keys: Iterable[Key]) -> set[str]:
    return {key.value.partition("|")[0] for key in keys if key.kind == "serial"}


def _is_serial(serial: str) -> bool:
    return len(serial) >= _SHORT and len(set(serial)) > 1 and any(character.isdigit() for character in serial)


def _same_serial(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)
