"""Every device identified anew from its stored evidence with another fingerprint database: offline, and only that.

What a device is rests on what its last sighting showed, and on what earlier sightings had shown and silence did not
blank. Only what the database says differently of the evidence of the last sighting is changed.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Text, func, select, type_coerce, update

from camscan.asset import RecordType
from camscan.fingerprints import Database
from camscan.identify.channel_count import channels
from camscan.identify.keys import Key, serial_keys
from camscan.model import Confidence, Identification, Observation
from camscan.register import events, knowledge, overrides, schema
from camscan.register.alike import MEMBERS, grades, is_alike
from camscan.register.codec import identification_from_json, identification_to_json
from camscan.register.judging import (
    MOST_HELPERS,
    SAID,
    FactRow,
    Part,
    Verdicts,
    judge_all,
    observations,
    processors,
    said_before,
)
from camscan.register.rows import CHUNK, rows_in
from camscan.register.types import Reidentified

_CLAIM = ("maker", "confidence", "certainty", "because")
_MANY = 2000
"""Devices from which on helpers are worth their start."""


def reidentify(connection: Connection, database: Database, *, apply: bool, at: datetime) -> list[Reidentified]:
    """See ``Register.reidentify``."""
    found: list[Reidentified] = []
    drafts: list[events.Draft] = []
    read: deque[_Chunk] = deque()
    with contextlib.closing(judge_all(_parts(connection, read), database, helpers=_helpers(connection))) as verdicts:
        for told in verdicts:
            chunk = read.popleft()
            changed = list(_changed(chunk, told))
            found += [one.told for one in changed]
            if apply:
                _apply(connection, changed)
                drafts += [draft for one in changed for draft in _drafts(one, database)]
    if apply:
        events.store(connection, drafts, scan=None, scan_id="", at=at)
    return found


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some hundred devices, as they were read."""

    rows: Sequence[RowMapping]
    part: Part


@dataclass(frozen=True, slots=True)
class _Changed:
    """A device that is something else now."""

    row: RowMapping
    told: Reidentified
    now: Identification
    """What its facts say."""
    facts: Sequence[FactRow]


def _helpers(connection: Connection) -> int:
    """Processes beside this one: for a register that takes longer than they take to start."""
    count = connection.execute(_devices(func.count())).scalar_one()
    return min(processors() - 1, MOST_HELPERS) if count >= _MANY else 0


def _parts(connection: Connection, read: deque[_Chunk]) -> Iterator[Part]:
    """Every device that a scan has seen, as it is judged; the rows are kept beside until the verdict is there."""
    for rows in _chunks(connection):
        states, facts = _states(connection, rows), _facts(connection, rows)
        part: Part = [(row["known"], states.get(row["id"], ""), facts.get(row["id"], [])) for row in rows]
        read.append(_Chunk(rows, part))
        yield part


def _changed(chunk: _Chunk, verdicts: Verdicts) -> Iterator[_Changed]:
    for place, told in verdicts:
        known, state, facts = chunk.part[place]
        before, last = said_before(known, state)
        now = identification_from_json(told)
        after = anew(before, last, now)
        if changes := tuple(_changes(before, after)):
            row = chunk.rows[place]
            yield _Changed(row, Reidentified(row["asset_id"], changes, before, after), now, facts)


def _apply(connection: Connection, changed: Sequence[_Changed]) -> None:
    entered = _entries(connection, [one.row for one in changed])
    for one in changed:
        columns = _columns(one.row, one.told.after, entered.get(one.row["id"], {}), observations(one.facts))
        _write(connection, one.row, one.told.after, one.now, columns)


def anew(known: Identification, told: Identification, now: Identification) -> Identification:
    """What is known, once ``now`` is said of the last sighting in the place of ``told``."""
    if is_alike(told, now):
        return known
    values = [name for name in (*knowledge.VALUES, "build") if name != "maker"]
    gone = [name for name in values if getattr(known, name) == getattr(told, name) != getattr(now, name)]
    nothing: dict[str, Any] = dict.fromkeys(gone)
    base = replace(known, **nothing)
    claims = [tuple(getattr(each, name) for name in _CLAIM[:-1]) for each in (known, told, now)]
    if claims[0] == claims[1] != claims[2]:
        base = replace(base, maker=None, confidence=Confidence.UNKNOWN, certainty=0.0, because=())
    dropped = told.capabilities.keys() - now.capabilities.keys()
    base = replace(base, capabilities={name: what for name, what in base.capabilities.items() if name not in dropped})
    return replace(knowledge.last_known(base, now), conflicts=known.conflicts)


def _changes(before: Identification, after: Identification) -> Iterator[tuple[str, str, str]]:
    for name in MEMBERS:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield name, _text(old), _text(new)
    ours, theirs = grades(before), grades(after)
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            yield f"capability {name}", ours.get(name, ""), theirs.get(name, "")


def _text(value: object) -> str:
    if value is None:
        return ""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _devices(*columns: Any) -> Select[Any]:
    """Of every device that a scan has seen."""
    table = schema.device
    return select(*columns).where(
        table.c.merged_into.is_(None),
        table.c.last_scan.is_not(None),
        table.c.record_type == RecordType.NETWORK.value,
    )


def _chunks(connection: Connection) -> Iterator[Sequence[RowMapping]]:
    """The devices, some hundreds at a time: the evidence of all would not fit into memory. What is known, as JSON."""
    table = schema.device
    others = [column for column in table.c if column.name != "known"]
    query = _devices(type_coerce(table.c.known, Text).label("known"), *others).order_by(table.c.id).limit(CHUNK)
    last = 0
    while rows := connection.execute(query.where(table.c.id > last)).mappings().all():
        yield rows
        last = rows[-1]["id"]


def _states(connection: Connection, rows: Iterable[RowMapping]) -> dict[int, str]:
    """How each device was at its last sighting, in JSON."""
    device, sighting, state = schema.device, schema.sighting, schema.device_state
    query = (
        select(device.c.id, type_coerce(state.c.state, Text))
        .join(sighting, (sighting.c.device_id == device.c.id) & (sighting.c.scan == device.c.last_scan))
        .join(state, state.c.id == sighting.c.state_id)
        .where(device.c.id.in_([row["id"] for row in rows]))
    )
    return dict(map(tuple, connection.execute(query)))


def _facts(connection: Connection, rows: Iterable[RowMapping]) -> dict[int, list[FactRow]]:
    """The evidence that each device shows at present."""
    table, fact = schema.observation, schema.fact
    # As it is stored: whoever judges it makes values of it, on the other processor perhaps.
    stored = (type_coerce(one, Text) for one in (table.c.probe, fact.c.key, fact.c.value, table.c.seen_at))
    query = (
        select(table.c.device_id, type_coerce(table.c.ip, Text), table.c.port, *stored)
        .join(fact, fact.c.id == table.c.fact_id)
        .where(table.c.device_id.in_([row["id"] for row in rows]), table.c.last_scan.is_(None))
        .order_by(table.c.device_id, table.c.id)
    )
    found: defaultdict[int, list[FactRow]] = defaultdict(list)
    for number, *told in connection.execute(query).all():
        found[number].append(told)
    return found


def _entries(connection: Connection, rows: Iterable[RowMapping]) -> dict[int, dict[str, str]]:
    people = schema.people
    found = rows_in(connection, people, people.c.device_id, [row["id"] for row in rows])
    return {row["device_id"]: row["entries"] for row in found}


def _columns(
    row: RowMapping, after: Identification, entries: dict[str, str], seen: Sequence[Observation]
) -> dict[str, Any]:
    """What stands in the columns for questions in SQL: with what people stated where scans are silent."""
    shown = overrides.overlaid(after, entries)
    count = channels(after.kind, seen)
    return {
        **{name: getattr(shown, name) for name in knowledge.VALUES},
        "confidence": shown.confidence.value,
        "certainty": shown.certainty,
        "channels": count if count is not None else row["channels"],
    }


def _write(
    connection: Connection, row: RowMapping, after: Identification, now: Identification, columns: dict[str, Any]
) -> None:
    """What it is, and what a later scan recognises it by where the maker has another name; nothing else."""
    table, key = schema.device, schema.device_key
    known = {
        **json.loads(row["known"]),
        "identification": identification_to_json(after),
        SAID: identification_to_json(now),
    }
    connection.execute(update(table).where(table.c.id == row["id"]).values(known=known, **columns))
    held = rows_in(connection, key, key.c.device_id, [row["id"]])
    fresh = serial_keys(after.maker, after.serial) - {Key(each["kind"], each["value"]) for each in held}
    if fresh:
        at = {"device_id": row["id"], "first_scan": row["last_scan"], "last_scan": row["last_scan"]}
        connection.execute(key.insert(), [{"kind": each.kind, "value": each.value, **at} for each in sorted(fresh)])


def _drafts(one: _Changed, database: Database) -> Iterator[events.Draft]:
    for event, old, new, detail in knowledge.differences(one.told.before, one.told.after):
        told = f"{detail} (fingerprint database {database.version}, same evidence)"
        yield events.Draft(event, one.row["id"], one.told.asset_id, old, new, told)
