"""What people state about a device and no scan says: from its label, an invoice or another register.

It fills only the gaps of what scans say, and is never mixed with it. A maker that scans call only possible is a gap
too once somebody has inspected the device: a person who read another maker off it knows more. A later scan recognises
the device by it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace

from camscan import decode
from camscan.asset import kinds
from camscan.asset.lifecycle import was_inspected
from camscan.fingerprints import badges
from camscan.identify.field import is_global_mac
from camscan.identify.keys import Key, serial_keys
from camscan.model import Confidence, Identification
from camscan.policies import companies
from camscan.policies.companies import Ownership

BECAUSE = "stated by people: "
"""How the reason of a stated manufacturer begins."""
CERTAINTY = 0.7
"""The certainty of a manufacturer that somebody read from the device: just probable, because badges can deceive."""


def overlay_entries(found: Identification, entries: Mapping[str, str]) -> Identification:
    """What is known about a device, with the statements of people in the gaps that scans leave."""
    if not any(name.startswith("stated_") for name in entries):
        return found
    maker = _maker_key(entries)
    type_ = entries.get("stated_device_type", "")
    of_cameras = kinds.is_camera_system(type_)
    result = replace(
        found,
        model=found.model or entries.get("stated_model"),
        serial=found.serial or entries.get("stated_serial_number"),
        mac=found.mac or entries.get("stated_mac_address"),
        kind=found.kind or kinds.kind_of_type(type_),
        is_camera_system=of_cameras if found.is_camera_system is None else found.is_camera_system,
    )
    name = entries.get("stated_manufacturer")
    if not name or (found.maker and not (was_inspected(entries) and _outweighs(name, maker, found))):
        return result
    because = (*found.because, f"{BECAUSE}{name}")
    if maker is not None:
        brand = None if found.maker else result.brand  # what looked like its badge was a mark of the other maker
        result = replace(result, brand=brand)
        return replace(result, maker=maker, confidence=Confidence.PROBABLE, certainty=CERTAINTY, because=because)
    result = replace(result, brand=found.brand or name)
    builder, certainty = _load_builders().get(badges.plain_name(name), ("", 0.0))
    if not builder:
        return result
    return replace(result, maker=builder, confidence=Confidence.POSSIBLE, certainty=certainty, because=because)


def stated_keys(entries: Mapping[str, str]) -> frozenset[Key]:
    """The keys that stated entries make; ``identify.keys.strong_keys`` makes the same keys from a sighting."""
    serial = entries.get("stated_serial_number", "").upper()
    made = set(serial_keys(_maker_key(entries) or _maker_of_serial(serial), serial))
    mac = entries.get("stated_mac_address", "")
    if mac and is_global_mac(mac):
        made.add(Key("mac", mac))
    return frozenset(made)


def _outweighs(name: str, maker: str | None, found: Identification) -> bool:
    """Whether a stated name of a maker outweighs what scans think.

    It does not if it may be only the badge: Dahua builds for Bosch, so "Bosch" on a device does not clear Dahua.
    """
    if maker is None or maker == found.maker or found.confidence is not Confidence.POSSIBLE:
        return False
    return found.maker not in _load_badge_makers().get(badges.plain_name(name), ())


def _maker_key(entries: Mapping[str, str]) -> str | None:
    """The key in ``makers.yaml`` for a stated manufacturer; None if the name is not that of a maker."""
    name = entries.get("stated_manufacturer")
    if not name:
        return None
    return _load_ownership().maker_of_name(name)


@functools.cache
def _load_ownership() -> Ownership:
    return companies.load_ownership()


@functools.cache
def _load_builders() -> Mapping[str, tuple[str, float]]:
    """Plain name of a badge -> the maker that is known to build for it, and how sure that is; only if it is one."""
    return {
        badges.plain_name(badge.name): (badge.makers[0], badge.certainty)
        for badge in badges.load_badges()
        if len(badge.makers) == 1
    }


@functools.cache
def _load_badge_makers() -> Mapping[str, tuple[str, ...]]:
    """Plain name of a badge -> every maker that is known to build for it."""
    return {badges.plain_name(badge.name): badge.makers for badge in badges.load_badges()}


def _maker_of_serial(serial: str) -> str | None:
    if decode.hikvision_serial(serial):
        return "hikvision"
    return "dahua" if decode.is_dahua_serial(serial) else None
