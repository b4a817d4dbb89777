"""Checks whether the register is sound: references, stored values, and whether the tables agree with each other.

Each check yields one line for each finding, for a person who has to decide whether to restore a backup.
"""

from __future__ import annotations

import functools
import itertools
import json
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Any

from sqlalchemy import Column, Connection, Select, String, Table, Text, and_, case, func, or_, select, type_coerce

from camscan.asset import Presence, RecordType
from camscan.asset.columns import EDITABLE
from camscan.model import Completion, Outcome
from camscan.output import visible
from camscan.register import column_types, schema
from camscan.register.codec import LATE, coverage_from_json, digest_parts, identification_from_json, turn_from_json
from camscan.register.stored import FAULTS

_AT_MOST = 10
"""At most so many findings of one kind are reported one by one."""
_BATCH = 2000
_SHOWN = 200
"""Maximum characters of a wrong value that are shown."""


def find_faults(connection: Connection) -> list[str]:
    """Everything that is wrong, one line each; empty if the register is sound."""
    found: list[str] = []
    for check in (check_references, check_readable, check_digests, check_counts, check_entries, check_mergers):
        lines = check(connection)
        found += itertools.islice(lines, _AT_MOST)
        if more := sum(1 for _ in lines):
            found.append(f"… and {more:,} more like the last")
    return found


def check_references(connection: Connection) -> Iterator[str]:
    """Rows that refer to a row of another table which does not exist."""
    for column, to, query in _orphan_queries():
        for (value,) in connection.execute(query):
            yield f"{column.table.name}.{column.name} names {to.table.name} {value}, which does not exist"


@functools.cache
def _orphan_queries() -> list[tuple[Column[Any], Column[Any], Select[Any]]]:
    """Each column that refers to another table, the column there, and the query for values that do not exist there."""
    return [
        (column, key.column, _select_orphans(table, column, key.column))
        for table in schema.KEPT
        for column in table.columns
        for key in column.foreign_keys
    ]


def _select_orphans(table: Table, column: Column[Any], to: Column[Any]) -> Select[Any]:
    other = to.table.alias("other")
    query = select(column).outerjoin_from(table, other, other.c[to.name] == column)
    return query.where(column.is_not(None), other.c[to.name].is_(None)).distinct()


def check_readable(connection: Connection) -> Generator[str]:
    """Stored JSON, times, texts and words of closed lists that cannot be read."""
    for table in schema.KEPT:
        kept = [column for column in table.columns if isinstance(column.type, _CODED) or _column_reader(column)]
        keys = list(table.primary_key.columns)
        if not kept:
            continue
        raw = [type_coerce(column, String()) for column in (*keys, *kept)]
        with connection.execute(select(*raw).execution_options(yield_per=_BATCH)) as rows:
            for row in rows:
                name = "/".join(str(each) for each in row[: len(keys)])
                for column, value in zip(kept, row[len(keys) :], strict=True):
                    if value is not None and (why := _why_unreadable(column, value)):
                        yield f"{table.name} {name}: {column.name} cannot be read ({why})"


def _why_unreadable(column: Column[Any], value: str) -> str:
    """The reason why a value cannot be read; empty if it can."""
    reader = _column_reader(column)
    try:
        found: Any = value
        if isinstance(column.type, _CODED):
            found = column.type.result_processor(_NO_DIALECT, None)(value)
        if reader:
            reader(found)
    except RecursionError:
        return "nested too deeply"
    except FAULTS as error:
        return visible(f"{type(error).__name__}: {error}", _SHOWN)
    return ""


def _require_texts(*lists: Any) -> None:
    for one in lists:
        if not isinstance(one, list) or not all(isinstance(each, str) for each in one):
            raise TypeError("not a list of texts")


def _require_members(value: Any, kind: type) -> None:
    """Check that a value is a JSON object whose members are all of one type. Raises TypeError otherwise."""
    if not isinstance(value, dict) or not all(isinstance(each, kind) for each in value.values()):
        raise TypeError(f"not an object of {kind.__name__}")


def _read_known(value: Any) -> None:
    identification_from_json(value["identification"])
    _require_texts(value["open_ports"])
    for name in ("hints", "told", "elsewhere"):
        if not isinstance(value.get(name, {}), dict):
            raise TypeError(f"{name} is not an object")


def _read_state(value: Any) -> None:
    identification_from_json(value["identification"])
    _require_texts(value["ip_addresses"], value["mac_addresses"], value["open_ports"])


def _column_reader(column: Column[Any]) -> Callable[[Any], object] | None:
    return _READERS.get((column.table.name, column.name))


_CODED = (column_types.Json, column_types.Moment, column_types.DeviceText)
_NO_DIALECT: Any = None
_READERS: dict[tuple[str, str], Callable[[Any], object]] = {
    ("device", "known"): _read_known,
    ("device_state", "state"): _read_state,
    ("people", "entries"): lambda value: _require_members(value, str),
    ("scan", "coverage"): lambda value: (coverage_from_json(value), turn_from_json(value)),
    ("scan", "targets"): _require_texts,
    ("scan", "completion"): Completion,
    ("attempt", "outcome"): Outcome,
    ("device", "record_type"): RecordType,
    ("device", "presence"): Presence,
}


def check_digests(connection: Connection) -> Iterator[str]:
    """Facts and replies whose content does not match their digest."""
    fact, payload = schema.fact, schema.payload
    facts = select(*fact.c["id", "digest", "key", "value"]).execution_options(yield_per=_BATCH)
    for number, what, key, value in connection.execute(facts):
        if digest_parts(key, value) != what:
            yield f"fact {number} has changed since it was stored"
    kept = select(*payload.c["id", "digest", "content"]).execution_options(yield_per=_BATCH)
    for number, what, content in connection.execute(kept):
        try:
            same = digest_parts(zlib.decompress(content)) == what
        except zlib.error:
            same = False
        if not same:
            yield f"payload {number} has changed since it was stored"


def check_counts(connection: Connection) -> Iterator[str]:
    """Numbers on which two tables disagree."""
    device, sighting, scan = schema.device, schema.sighting, schema.scan
    in_time = case((~type_coerce(scan.c.coverage, Text).contains(LATE, autoescape=True), sighting.c.scan))
    seen = (
        select(
            sighting.c.device_id,
            func.count().label("times"),
            func.coalesce(func.max(in_time), func.min(sighting.c.scan)).label("last"),
        )
        .join(scan, scan.c.id == sighting.c.scan)
        .group_by(sighting.c.device_id)
        .subquery()
    )
    differs = or_(device.c.sightings != func.coalesce(seen.c.times, 0), device.c.last_scan != seen.c.last)
    query = select(device.c.asset_id, device.c.sightings, seen.c.times)
    query = query.outerjoin_from(device, seen, seen.c.device_id == device.c.id)
    for name, said, times in connection.execute(query.where(differs, device.c.merged_into.is_(None))):
        if said == times:
            yield f"{name}: another scan than the one that is named was the last to see it"
        else:
            yield f"{name}: should have {said} sightings, but {times or 0} are stored"
    held = select(sighting.c.scan, func.count().label("times")).group_by(sighting.c.scan).subquery()
    found = select(scan.c.scan_id, scan.c.devices, held.c.times)
    found = found.outerjoin_from(scan, held, held.c.scan == scan.c.id)
    for name, said, times in connection.execute(found.where(scan.c.devices != func.coalesce(held.c.times, 0))):
        yield f"scan {name}: should have found {said} devices, but {times or 0} sightings are stored"


def check_entries(connection: Connection) -> Iterator[str]:
    """People's entries that differ from the last entries in the audit log."""
    people, change, device = schema.people, schema.change, schema.device
    newest = select(func.max(change.c.id)).group_by(change.c.device_id, change.c.column_name)
    newest = newest.where(change.c.column_name.in_([column.name for column in EDITABLE]))
    logged: dict[int, dict[str, str]] = {}
    for number, column, new in connection.execute(
        select(*change.c["device_id", "column_name", "new"]).where(change.c.id.in_(newest))
    ):
        logged.setdefault(number, {})[column] = new
    rows = select(device.c.id, device.c.asset_id, type_coerce(people.c.entries, String()))
    rows = rows.outerjoin_from(device, people, people.c.device_id == device.c.id)
    # For a merged row, the log lists the entries that the other row took over; its own entries did not change.
    for number, name, text in connection.execute(rows.where(device.c.merged_into.is_(None))):
        try:
            now = json.loads(text or "{}")
        except (ValueError, RecursionError):
            continue  # check_readable reports it
        if not isinstance(now, dict):
            continue  # check_readable reports it
        said = logged.get(number, {})
        for column in sorted({*said, *now}):
            value = now.get(column, "")
            if column not in said:
                yield f"{name}: {column} is '{value}'; the log does not say who entered it"
            elif value != said[column]:
                yield f"{name}: {column} is '{value}'; according to the log it was last set to '{said[column]}'"


def check_mergers(connection: Connection) -> Iterator[str]:
    """Rows that were merged into a row which was itself merged or taken back."""
    device = schema.device
    into = device.alias("into")
    query = select(device.c.asset_id, into.c.asset_id).join(into, into.c.id == device.c.merged_into)
    gone = and_(into.c.merged_into.is_not(None), device.c.id != into.c.id)  # a row that names itself was taken back
    for name, other in connection.execute(query.where(gone)):
        yield f"{name} was merged into {other}, which is itself merged"
