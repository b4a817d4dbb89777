"""What one sighting of a device shows, each thing once, and its digest, by which the same evidence is known. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from camscan.model import Device, Observation
from camscan.register.codec import digest

Place = tuple[str, int, str, bytes]
"""ip, port, probe and the digest of key and value: what makes two observations of a device the same."""


def places(device: Device) -> dict[Place, Observation]:
    """A device's observations, the repeated ones once, at their earliest."""
    found: dict[Place, Observation] = {}
    for seen in device.observations:
        place = (seen.ip, seen.port, seen.probe, digest(seen.key, seen.value))
        if place not in found or seen.seen_at < found[place].seen_at:
            found[place] = seen
    return found


def digest_of(found: Iterable[Place]) -> bytes:
    """The digest of a sighting's evidence, in any order."""
    return digest(*(part for ip, port, probe, what in sorted(found) for part in (ip, str(port), probe, what)))
