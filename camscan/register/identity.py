"""Which stored device a sighting belongs to. Pure.

Strong keys only, in this order: maker + serial number, ONVIF endpoint UUID, globally administered MAC address. Never an
address: leases move. What contradicts is kept apart and recorded for a person.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from camscan.identify.field import is_global_mac
from camscan.model import Device, Identification

STRENGTH = ("serial", "onvif", "mac")
"""Kinds of key, strongest first."""

_SHORT = 5
"""A serial number shorter than this is an invented one."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Key(NamedTuple):
    """Something that only one unit in the world should say."""

    kind: str
    value: str


def strong_keys(device: Device) -> frozenset[Key]:
    """Every strong key that a device of a report carries."""
    found = device.identification
    keys: set[Key] = set()
    if found.maker and found.serial and (serial := found.serial.strip().upper()) and _is_serial(serial):
        keys.add(Key("serial", f"{found.maker}|{serial}"))
    for seen in device.observations:
        match = _UUID.search(seen.value.lower()) if seen.key == "wsd.endpoint" else None
        if match and len(set(match[0]) - {"-"}) > 1:
            keys.add(Key("onvif", match[0]))
    keys |= {Key("mac", mac) for mac in {*device.mac_addresses, found.mac or ""} if is_global_mac(mac)}
    return frozenset(keys)


def shared(sets: Iterable[frozenset[Key]]) -> frozenset[Key]:
    """Keys that two devices of one report both carry: such a key (baked in, cloned, proxied) identifies neither."""
    counts = Counter(key for keys in sets for key in keys)
    return frozenset(key for key, times in counts.items() if times > 1)


def contradicts(keys: Iterable[Key], known: Iterable[Key]) -> bool:
    """Whether both sides carry serial numbers and none of them agree. A short form agrees with its long one."""
    ours = [key.value for key in keys if key.kind == "serial"]
    theirs = [key.value for key in known if key.kind == "serial"]
    return bool(ours and theirs) and not any(_same_serial(one, other) for one in ours for other in theirs)


def compatible(one: Identification, other: Identification) -> bool:
    """Whether two keyless sightings can be one box: nothing that both know differs."""
    pairs = ((one.maker, other.maker), (one.brand, other.brand), (one.model, other.model), (one.kind, other.kind))
    return all(a is None or b is None or a == b for a, b in pairs)


def strongest(keys: Iterable[Key]) -> Sequence[Key]:
    """Keys, strongest first, in a stable order."""
    return sorted(keys, key=lambda key: (STRENGTH.index(key.kind), key.value))


def _is_serial(serial: str) -> bool:
    return len(serial) >= _SHORT and len(set(serial)) > 1 and any(character.isdigit() for character in serial)


def _same_serial(one: str, other: str) -> bool:
    """Whatever the maker: a better database may name another maker for the same unit."""
    serial, other_serial = one.partition("|")[2], other.partition("|")[2]
    return serial.endswith(other_serial) or other_serial.endswith(serial)
