"""Every device identified anew from its stored evidence with another fingerprint database: offline, and only that.

What a device is rests on what its last sighting showed, and on what earlier sightings had shown and silence did not
blank. Only what the database says differently of the evidence of the last sighting is changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from camscan.asset import RecordType
from camscan.fingerprints import Database
from camscan.identify import identify
from camscan.identify.channel_count import channels
from camscan.identify.keys import Key, serial_keys
from camscan.model import Confidence, Identification, Observation
from camscan.register import events, knowledge, overrides, schema
from camscan.register.codec import identification_from_json, identification_to_json
from camscan.register.rows import CHUNK, rows_in
from camscan.register.types import Reidentified

SAID = "said"
"""Where the identification of the last sighting is kept, once it is no longer what was said then."""
_MEMBERS = (*knowledge.VALUES, "build", "confidence", "certainty")
_CLAIM = ("maker", "confidence", "certainty", "because")


def reidentify(connection: Connection, database: Database, *, apply: bool, at: datetime) -> list[Reidentified]:
    """See ``Register.reidentify``."""
    found: list[Reidentified] = []
    drafts: list[events.Draft] = []
    for rows in _chunks(connection):
        told = _told(connection, rows)
        seen = _observations(connection, rows)
        entered = _entries(connection, rows)
        for row in rows:
            before = identification_from_json(row["known"]["identification"])
            now = identify(seen.get(row["id"], ()), database)
            after = anew(before, told.get(row["id"], before), now)
            changes = tuple(_changes(before, after))
            if not changes:
                continue
            found.append(Reidentified(row["asset_id"], changes, before, after))
            if apply:
                columns = _columns(row, after, entered.get(row["id"], {}), seen.get(row["id"], ()))
                _write(connection, row, after, now, columns)
                drafts += _drafts(row, before, after, database)
    if apply:
        events.store(connection, drafts, scan=None, scan_id="", at=at)
    return found


def anew(known: Identification, told: Identification, now: Identification) -> Identification:
    """What is known, once ``now`` is said of the last sighting in the place of ``told``."""
    if _is_alike(told, now):
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


def _is_alike(one: Identification, other: Identification) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _MEMBERS) and _grades(one) == _grades(other)


def _grades(found: Identification) -> dict[str, str]:
    return {name: what.confidence for name, what in found.capabilities.items()}


def _changes(before: Identification, after: Identification) -> Iterator[tuple[str, str, str]]:
    for name in _MEMBERS:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield name, _text(old), _text(new)
    ours, theirs = _grades(before), _grades(after)
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            yield f"capability {name}", ours.get(name, ""), theirs.get(name, "")


def _text(value: object) -> str:
    if value is None:
        return ""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _chunks(connection: Connection) -> Iterator[Sequence[RowMapping]]:
    """Every device that a scan has seen, some hundreds at a time: the evidence of all would not fit into memory."""
    table = schema.device
    last = 0
    while True:
        query = select(table).where(
            table.c.id > last,
            table.c.merged_into.is_(None),
            table.c.last_scan.is_not(None),
            table.c.record_type == RecordType.NETWORK.value,
        )
        rows = connection.execute(query.order_by(table.c.id).limit(CHUNK)).mappings().all()
        if not rows:
            return
        yield rows
        last = rows[-1]["id"]


def _told(connection: Connection, rows: Iterable[RowMapping]) -> dict[int, Identification]:
    """What was said of each device from the evidence that it shows at present."""
    device, sighting, state = schema.device, schema.sighting, schema.device_state
    told: dict[int, Identification] = {}
    asked = {row["id"] for row in rows if SAID not in row["known"]}
    query = (
        select(device.c.id, state.c.state)
        .join(sighting, (sighting.c.device_id == device.c.id) & (sighting.c.scan == device.c.last_scan))
        .join(state, state.c.id == sighting.c.state_id)
        .where(device.c.id.in_(asked))
    )
    for number, seen in connection.execute(query):
        told[number] = identification_from_json(seen["identification"])
    for row in rows:
        if SAID in row["known"]:
            told[row["id"]] = identification_from_json(row["known"][SAID])
    return told


def _observations(connection: Connection, rows: Iterable[RowMapping]) -> dict[int, list[Observation]]:
    table, fact = schema.observation, schema.fact
    query = (
        select(*table.c["device_id", "ip", "port", "probe"], *fact.c["key", "value"], table.c.seen_at)
        .join(fact, fact.c.id == table.c.fact_id)
        .where(table.c.device_id.in_([row["id"] for row in rows]), table.c.last_scan.is_(None))
        .order_by(table.c.id)
    )
    found: defaultdict[int, list[Observation]] = defaultdict(list)
    for number, *told in connection.execute(query):
        found[number].append(Observation(*told))
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
    known = {**row["known"], "identification": identification_to_json(after), SAID: identification_to_json(now)}
    connection.execute(update(table).where(table.c.id == row["id"]).values(known=known, **columns))
    held = rows_in(connection, key, key.c.device_id, [row["id"]])
    fresh = serial_keys(after.maker, after.serial) - {Key(each["kind"], each["value"]) for each in held}
    if fresh:
        at = {"device_id": row["id"], "first_scan": row["last_scan"], "last_scan": row["last_scan"]}
        connection.execute(key.insert(), [{"kind": each.kind, "value": each.value, **at} for each in sorted(fresh)])


def _drafts(
    row: RowMapping, before: Identification, after: Identification, database: Database
) -> Iterator[events.Draft]:
    for event, old, new, detail in knowledge.differences(before, after):
        told = f"{detail} (fingerprint database {database.version}, same evidence)"
        yield events.Draft(event, row["id"], row["asset_id"], old, new, told)
