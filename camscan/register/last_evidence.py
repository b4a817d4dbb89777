"""What devices showed at their last sighting, read some hundreds at a time, because all of it needs too much memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Text, or_, select, type_coerce

from camscan.asset import RecordType
from camscan.model import Observation
from camscan.register import schema
from camscan.register.plain_sql import CHUNK, fetch_some
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


def select_devices(*columns: Any) -> Select[Any]:
    """A query for every device that a scan has seen, or that other systems list."""
    table = schema.device
    is_seen = table.c.last_scan.is_not(None) & (table.c.record_type == RecordType.NETWORK.value)
    return select(*columns).where(
        table.c.merged_into.is_(None), or_(is_seen, table.c.record_type == RecordType.LISTED.value)
    )


def list_chunks(connection: Connection) -> list[Chunk]:
    """The chunks of all devices, in their order."""
    column = schema.device.c.id
    numbers = connection.execute(select_devices(column).order_by(column)).scalars().all()
    starts = range(0, len(numbers), CHUNK)
    return [(numbers[start], numbers[min(start + CHUNK, len(numbers)) - 1]) for start in starts]


def last_states(connection: Connection, which: ColumnElement[bool]) -> dict[int, str]:
    """Device -> its state at the last sighting, in JSON."""
    device, sighting, state = schema.device, schema.sighting, schema.device_state
    query = (
        select(device.c.id, type_coerce(state.c.state, Text))
        .join(sighting, (sighting.c.device_id == device.c.id) & (sighting.c.scan == device.c.last_scan))
        .join(state, state.c.id == sighting.c.state_id)
        .where(which)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


class Reader:
    """Reads chunks of devices; a fact that many devices show is read once.

    ``heeds`` says whether the facts of a key are wanted; without it, all are.
    """

    def __init__(self, connection: Connection, heeds: Callable[[str], bool] | None = None) -> None:
        self._connection = connection
        self._heeds = heeds
        self._facts: dict[int, tuple[str, str] | None] = {}
        """Number of a fact -> key and value; None if it is not wanted."""

    def read_chunk(self, chunk: Chunk) -> Iterator[JudgedDevice]:
        """The devices of a chunk, in their order."""
        column = schema.device.c.id
        query = select_devices(column, type_coerce(schema.device.c.known, Text)).where(column.between(*chunk))
        rows = self._connection.execute(query.order_by(column)).all()
        states, facts = last_states(self._connection, column.between(*chunk)), self._observations_of(chunk)
        for number, known in rows:
            yield JudgedDevice(number, known, states.get(number, ""), facts.get(number, ()))

    def _observations_of(self, chunk: Chunk) -> dict[int, list[Observation]]:
        table = schema.observation
        stored = (type_coerce(one, Text) for one in (table.c.ip, table.c.probe, table.c.seen_at))
        query = (
            select(table.c.device_id, table.c.fact_id, table.c.port, *stored)
            .where(table.c.device_id.between(*chunk), table.c.last_scan.is_(None))
            .order_by(table.c.device_id, table.c.id)
        )
        rows = self._connection.execute(query).all()
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
