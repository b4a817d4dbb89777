"""What one sighting of a device shows, each thing once, and a digest that recognises the same evidence. Pure."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from camscan.model import Device, Observation
from camscan.register.codec import DIGEST_SIZE, digest_of_framed, frame_part

Place = tuple[str, int, str, bytes]
"""ip, port, probe and the digest of key and value: two observations of a device are the same if these are equal."""


def observation_places(device: Device) -> dict[Place, Observation]:
    """A device's observations. Repeated ones are there once, with their earliest time."""
    found: dict[Place, Observation] = {}
    for seen in device.observations:
        place = (seen.ip, seen.port, seen.probe, _digest(seen.key, seen.value))
        earlier = found.setdefault(place, seen)
        if seen.seen_at < earlier.seen_at:
            found[place] = seen
    return found


def digest_evidence(found: Iterable[Place]) -> bytes:
    """The digest of a sighting's evidence, in any order."""
    framed_digest = b"%d:" % DIGEST_SIZE
    return digest_of_framed(
        part
        for ip, port, probe, what in sorted(found)
        for part in (_source_bytes(ip, port, probe), framed_digest, what)
    )


@functools.lru_cache(maxsize=4096)  # units of one model report much the same
def _digest(key: str, value: str) -> bytes:
    return digest_of_framed((_frame_key(key), frame_part(value)))


_frame_key = functools.lru_cache(maxsize=1024)(frame_part)


@functools.lru_cache(maxsize=256)
def _source_bytes(ip: str, port: int, probe: str) -> bytes:
    """The source of a fact, framed. Many facts of one unit have the same source."""
    return b"".join(map(frame_part, (ip, str(port), probe)))
