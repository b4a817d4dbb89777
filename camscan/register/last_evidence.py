"""What devices showed at their last sighting, read some hundreds at a time, because all of it needs too much memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from camscan.asset import RecordType
from camscan.model import Observation
from camscan.register.plain_sql import CHUNK, AnyConnection, fetch, fetch_some
from camscan.register.stored import unescape_text

Chunk = tuple[int, int]
"""The first and the last number of a group of some hundred devices."""
_MOST_FACTS = 50_000
"""Maximum number of facts that are kept in memory, which are some megabytes."""
_make = tuple.__new__
"""Makes an observation of its values without a call in Python, because a register has hundreds of thousands."""


class JudgedDevice(NamedTuple):
    """One device, as it is judged."""

    number: int
    known: str
    """What is known about the device, in JSON."""
    state: str
    """The state at its last sighting, in JSON; empty if there is none."""
    facts: Sequence[Observation]
    """The evidence of its last sighting."""


_JUDGED = f"""
    device WHERE device.merged_into IS NULL AND (
        device.record_type = '{RecordType.LISTED.value}'
        OR device.last_scan IS NOT NULL AND device.record_type = '{RecordType.NETWORK.value}'
    )
"""
"""Every device that a scan has seen, or that other systems list: what follows FROM."""


def count_devices(connection: AnyConnection) -> int:
    """How many devices have evidence by which they can be judged."""
    ((count,),) = fetch(connection, f"SELECT count(*) FROM {_JUDGED}")  # noqa: S608 - a constant
    return int(count)


def list_chunks(connection: AnyConnection) -> list[Chunk]:
    """The chunks of all devices, in their order."""
    numbers = [row[0] for row in fetch(connection, f"SELECT id FROM {_JUDGED} ORDER BY id")]  # noqa: S608 - a constant
    starts = range(0, len(numbers), CHUNK)
    return [(numbers[start], numbers[min(start + CHUNK, len(numbers)) - 1]) for start in starts]


def last_states(connection: AnyConnection, which: str, **values: Any) -> dict[int, str]:
    """Device -> its state at the last sighting, in JSON. ``which`` is a condition on ``device`` with these values."""
    query = f"""
        SELECT device.id, device_state.state FROM device
        JOIN sighting ON sighting.device_id = device.id AND sighting.scan = device.last_scan
        JOIN device_state ON device_state.id = sighting.state_id
        WHERE {which}
    """  # noqa: S608 - its callers' constants
    return {row[0]: row[1] for row in fetch(connection, query, **values)}


class Reader:
    """Reads chunks of devices; a fact that many devices show is read once.

    ``heeds`` says whether the facts of a key are wanted; without it, all are.
    """

    def __init__(self, connection: AnyConnection, heeds: Callable[[str], bool] | None = None) -> None:
        self._connection = connection
        self._heeds = heeds
        self._facts: dict[int, tuple[str, str] | None] = {}
        """Number of a fact -> key and value; None if it is not wanted."""

    def read_chunk(self, chunk: Chunk) -> Iterator[JudgedDevice]:
        """The devices of a chunk, in their order."""
        within, ends = "device.id BETWEEN :first AND :last", {"first": chunk[0], "last": chunk[1]}
        query = f"SELECT id, known FROM {_JUDGED} AND {within} ORDER BY id"  # noqa: S608 - constants
        rows = fetch(self._connection, query, **ends)
        states, facts = last_states(self._connection, within, **ends), self._observations_of(chunk)
        for number, known in rows:
            yield JudgedDevice(number, known, states.get(number, ""), facts.get(number, ()))

    def _observations_of(self, chunk: Chunk) -> dict[int, list[Observation]]:
        query = """
            SELECT device_id, fact_id, port, ip, probe, seen_at FROM observation
            WHERE device_id BETWEEN :first AND :last AND last_scan IS NULL ORDER BY device_id, id
        """
        rows = fetch(self._connection, query, first=chunk[0], last=chunk[1])
        self._load_facts({row[1] for row in rows})
        facts, found = self._facts, defaultdict[int, list[Observation]](list)
        before: Sequence[Any] = ()
        port, ip, probe, moment = 0, "", "", datetime.min.replace(tzinfo=UTC)
        for row in rows:
            told = facts[row[1]]
            if told is None:
                continue
            source = row[2:]
            if source != before:  # the facts of one reply follow each other
                before = source
                port, ip, probe = source[0], unescape_text(source[1]), unescape_text(source[2])
                moment = datetime.fromisoformat(source[3])
            found[row[0]].append(_make(Observation, (ip, port, probe, *told, moment)))
        return found

    def _load_facts(self, wanted: set[int]) -> None:
        if len(self._facts) > _MOST_FACTS:
            self._facts.clear()
        missing = sorted(wanted - self._facts.keys())
        heeds = self._heeds
        for number, name, value in fetch_some(self._connection, "SELECT id, key, value FROM fact", "id", missing):
            key = unescape_text(name)
            self._facts[number] = (key, unescape_text(value)) if heeds is None or heeds(key) else None
