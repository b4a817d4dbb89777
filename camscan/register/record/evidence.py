"""Writes observations and replies: each distinct one is stored once, each change is noted, nothing is lost.

An observation row says from which sighting to which it held. A sighting that shows the same as the previous one writes
nothing here.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from camscan.model import LISTED, Attempt, Observation
from camscan.register.codec import digest_parts
from camscan.register.plain_sql import AnyConnection, conditions, execute_many, fetch_some, stream
from camscan.register.record.sighting import Place
from camscan.register.rows import insert_batches, next_free_id
from camscan.register.stored import unescape_text

_SHORT = 8192
"""Size of a short reply in bytes. For short replies, zlib gets a window of this size …"""
_WINDOW, _MEMORY = 13, 5
"""… which zlib takes as these numbers (zlib.h, deflateInit2)."""


def record_observations(
    connection: AnyConnection, scan: int, changed: Sequence[tuple[int, int, Mapping[Place, Observation]]]
) -> None:
    """Write the differences. ``changed`` holds (device id, its previous scan, everything that this sighting shows)."""
    held = _observations_held(connection, [device for device, _, _ in changed])
    _write_changes(connection, scan, changed, held)


def record_listed(
    connection: AnyConnection, scan: int, changed: Sequence[tuple[int, Mapping[Place, Observation]]]
) -> None:
    """Write what other systems list about devices. It replaces what the same kind of list said before."""
    held = _observations_held(connection, [device for device, _ in changed], listed=True)
    of_kind = {}
    for device, found in changed:
        kinds = {probe for _, _, probe, _ in found}
        of_kind[device] = {place: number for place, number in held.get(device, {}).items() if place[2] in kinds}
    _write_changes(connection, scan, [(device, scan, found) for device, found in changed], of_kind)


def record_past(connection: AnyConnection, scan: int, found: Iterable[tuple[int, Mapping[Place, Observation]]]) -> None:
    """Write what a late scan showed about devices (id, observations): it was true then, and may not be true now."""
    _add_observations(connection, scan, [(device, *item) for device, own in found for item in own.items()], until=scan)


def _write_changes(
    connection: AnyConnection,
    scan: int,
    changed: Iterable[tuple[int, int, Mapping[Place, Observation]]],
    held: Mapping[int, Mapping[Place, int]],
) -> None:
    ended: list[dict[str, Any]] = []
    begun: list[tuple[int, Place, Observation]] = []
    for device, previous, found in changed:
        before = held.get(device, {})
        ended += [{"gone": before[place], "until": previous} for place in before if place not in found]
        begun += [(device, place, seen) for place, seen in found.items() if place not in before]
    execute_many(connection, "UPDATE observation SET last_scan = :until WHERE id = :gone", ended)
    _add_observations(connection, scan, begun)


def _add_observations(
    connection: AnyConnection, scan: int, begun: Sequence[tuple[int, Place, Observation]], until: int | None = None
) -> None:
    """Add observations that hold from a scan on; up to the scan ``until`` if they have ended."""
    if not begun:
        return
    facts = _store_facts(connection, {place[3]: seen for _, place, seen in begun})
    first = next_free_id(connection, "observation")
    names = ("id", "device_id", "ip", "port", "probe", "fact_id", "seen_at", "first_scan", "last_scan")
    rows = (
        (first + index, device, ip, port, probe, facts[what], seen.seen_at, scan, until)
        for index, (device, (ip, port, probe, what), seen) in enumerate(begun)
    )
    insert_batches(connection, "observation", names, rows)


def _observations_held(
    connection: AnyConnection, devices: Sequence[int], *, listed: bool = False
) -> dict[int, dict[Place, int]]:
    """Device id -> its present observations -> their ids: those of sightings, or those of lists."""
    found: dict[int, dict[Place, int]] = {}
    query = f"""
        SELECT observation.id, device_id, ip, port, probe, digest FROM observation JOIN fact ON fact.id = fact_id
        WHERE last_scan IS NULL AND probe {"" if listed else "NOT"} LIKE '{LISTED}%' AND
    """  # noqa: S608 - constants
    for condition, some in conditions("device_id", devices):
        for number, device, ip, port, probe, what in stream(connection, f"{query} {condition}", **some):
            found.setdefault(device, {})[unescape_text(ip), port, unescape_text(probe), what] = number
    return found


def _store_facts(connection: AnyConnection, wanted: Mapping[bytes, Observation]) -> dict[bytes, int]:
    ids, missing = _stored_ids(connection, "fact", wanted)
    rows = ((ids[what], what, wanted[what].key, wanted[what].value) for what in missing)
    insert_batches(connection, "fact", ("id", "digest", "key", "value"), rows)
    return ids


def _stored_ids(connection: AnyConnection, table: str, wanted: Iterable[bytes]) -> tuple[dict[bytes, int], list[bytes]]:
    """Digest -> id for every wanted digest, and the digests that must still be inserted."""
    first = next_free_id(connection, table)
    query = f"SELECT digest, id FROM {table}"  # noqa: S608 - ours
    ids: dict[bytes, int] = dict(fetch_some(connection, query, "digest", wanted if first > 1 else ()))
    missing = [what for what in wanted if what not in ids]
    ids |= {what: first + index for index, what in enumerate(missing)}
    return ids, missing


def _compress(content: bytes) -> bytes:
    """Compress like ``zlib.compress`` at level 1.

    A short reply gets little memory, because clearing more took most of the time.
    """
    if len(content) > _SHORT:
        return zlib.compress(content, 1)
    packer = zlib.compressobj(1, zlib.DEFLATED, _WINDOW, _MEMORY)
    return packer.compress(content) + packer.flush()


def record_attempts(connection: AnyConnection, scan: int, attempts: Sequence[Attempt]) -> None:
    """Write every attempt, and every distinct reply once, compressed."""
    digests = [digest_parts(each.payload) if each.payload else None for each in attempts]
    contents = {what: each.payload for what, each in zip(digests, attempts, strict=True) if what}
    ids, missing = _stored_ids(connection, "payload", contents)
    rows = ((ids[what], what, _compress(contents[what])) for what in missing)
    insert_batches(connection, "payload", ("id", "digest", "content"), rows)
    first = next_free_id(connection, "attempt")
    names = ("id", "scan", "ip", "port", "probe", "outcome", "detail", "payload_id", "seen_at")
    asked = (
        (
            *(first + index, scan, each.ip, each.port, each.probe, each.outcome.value, each.detail),
            *(ids[what] if what else None, each.seen_at),
        )
        for index, (each, what) in enumerate(zip(attempts, digests, strict=True))
    )
    insert_batches(connection, "attempt", names, asked)
