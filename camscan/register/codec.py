"""Turns nouns into JSON values and back, and makes the digests by which equal things are stored once. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from camscan.model import Capability, Confidence, Coverage, Device, Identification, Turn

DIGEST_SIZE = 16
LATE = '"late":true'
"""Text in the stored coverage of a late scan, and of no other scan: quotes within a text are escaped."""


def digest_parts(*parts: str | bytes) -> bytes:
    """A digest of the parts in this order. Parts that differ, or that are split elsewhere, give another digest."""
    return digest_of_framed(map(frame_part, parts))


def frame_part(part: str | bytes) -> bytes:
    """A part with its length before it, so that a reader knows where it ends."""
    content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
    return b"%d:%b" % (len(content), content)


def digest_of_framed(parts: Iterable[bytes]) -> bytes:
    """The digest of parts that are already framed: see :func:`digest_parts`."""
    return hashlib.blake2b(b"".join(parts), digest_size=DIGEST_SIZE).digest()


def digest_json(value: Any) -> bytes:
    """The digest of a JSON value."""
    return digest_parts(_encode_sorted(value))


_encode_sorted = json.JSONEncoder(separators=(",", ":"), sort_keys=True, check_circular=False).encode


def state_to_json(device: Device) -> dict[str, Any]:
    """The state of a device, without its times: equal states are stored once for each device."""
    return {
        "identification": identification_to_json(device.identification),
        "ip_addresses": list(device.ip_addresses),
        "mac_addresses": list(device.mac_addresses),
        "open_ports": list(device.open_ports),
    }


def identification_to_json(found: Identification) -> dict[str, Any]:
    """An identification as a JSON object, with every member."""
    return {
        "maker": found.maker,
        "brand": found.brand,
        "model": found.model,
        "firmware": found.firmware,
        "serial": found.serial,
        "mac": found.mac,
        "kind": found.kind,
        "is_camera_system": found.is_camera_system,
        "capabilities": {name: [what.confidence, what.because] for name, what in found.capabilities.items()},
        "confidence": found.confidence.value,
        "certainty": found.certainty,
        "because": list(found.because),
        "conflicts": list(found.conflicts),
        "build": found.build,
    }


def identification_from_json(value: dict[str, Any]) -> Identification:
    """The reverse of :func:`identification_to_json`. Raises KeyError, TypeError or ValueError for anything else."""
    found = Identification(
        maker=value["maker"],
        brand=value["brand"],
        model=value["model"],
        firmware=value["firmware"],
        serial=value["serial"],
        mac=value["mac"],
        kind=value["kind"],
        is_camera_system=value["is_camera_system"],
        capabilities={name: Capability(*what) for name, what in value["capabilities"].items()},
        confidence=Confidence(value["confidence"]),
        certainty=value["certainty"],
        because=tuple(value["because"]),
        conflicts=tuple(value["conflicts"]),
        build=value.get("build"),  # registers that were written before this member existed do not have it
    )
    for text in (
        found.maker,
        found.brand,
        found.model,
        found.firmware,
        found.serial,
        found.mac,
        found.kind,
        found.build,
    ):
        if text is not None and type(text) is not str:
            raise TypeError(f"{text!r} is not a text")
    return found


def coverage_to_json(coverage: Coverage) -> dict[str, Any]:
    """A coverage as a JSON object, with every member."""
    return {
        "addresses": coverage.addresses,
        "answered": coverage.answered,
        "refused": coverage.refused,
        "silent": coverage.silent,
        "unreachable": coverage.unreachable,
        "not_tried": coverage.not_tried,
        "outcomes": {probe: dict(counts) for probe, counts in coverage.outcomes.items()},
        "notes": list(coverage.notes),
        "living": dict(coverage.living),
        "is_search": coverage.is_search,
        "is_listing": coverage.is_listing,
        "left_out": list(coverage.left_out),
        "strangers": list(coverage.strangers),
        "unfinished": list(coverage.unfinished),
        "unreached": list(coverage.unreached),
    }


def turn_to_json(turn: Turn | None) -> dict[str, Any] | None:
    """The place of a scan in its round as JSON.

    It is kept beside the coverage, under ``round``; it is missing if an earlier camscan wrote the scan.
    """
    return {"id": turn.round, "left": turn.left} if turn else None


def turn_from_json(coverage: dict[str, Any]) -> Turn | None:
    """The reverse of :func:`turn_to_json`, from the stored coverage. Raises KeyError or TypeError for anything else."""
    found = coverage.get("round")
    if found is None:
        return None
    if type(found["id"]) is not str or type(found["left"]) is not int:
        raise TypeError(f"{found!r} is not a place in a round")
    return Turn(found["id"], found["left"])


def is_late(coverage: dict[str, Any]) -> bool:
    """Whether a scan was recorded after a newer one of the same addresses, by its stored coverage."""
    return coverage.get("late") is True


def coverage_from_json(value: dict[str, Any]) -> Coverage:
    """The reverse of :func:`coverage_to_json`. Raises KeyError, TypeError or ValueError for anything else."""
    names = ("notes", "left_out", "strangers", "unfinished", "unreached")  # earlier registers lack some members
    own = {name: item for name, item in value.items() if name not in {"round", "late"}}
    return Coverage(**{**own, **{name: tuple(value.get(name, ())) for name in names}})
