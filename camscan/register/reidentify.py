"""Identifies every device again, from its stored evidence and with another fingerprint database. It sends no packet.

What a device is depends on its last sighting, and on earlier sightings whose values later ones did not replace. A
device changes only if the database now says something else about the evidence of its last sighting.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from typing import Any

from camscan.dataclass import dataclass
from camscan.fingerprints import Database
from camscan.identify.keys import serial_keys
from camscan.model import Identification
from camscan.register import events, knowledge, last_evidence, overrides
from camscan.register.alike import MEMBERS, capability_grades
from camscan.register.codec import identification_from_json, identification_to_json
from camscan.register.judging import MOST_HELPERS, SAID, Source, Verdicts, judge_all, said_before, with_new_sighting
from camscan.register.plain_sql import AnyConnection, Row, execute_many, fetch_some
from camscan.register.rows import insert_rows, select_rows
from camscan.register.types import Reidentified
from camscan.register.uncollected import pause_collector
from camscan.system import processors

_MANY = 2000
"""Number of devices from which helper processes are worth their start."""


@pause_collector()
def reidentify_devices(
    connection: AnyConnection, place: str, database: Database, *, apply: bool, at: datetime
) -> list[Reidentified]:
    """Identify every device again; see ``Register.reidentify``.

    ``place`` is where helper processes find the register.
    """
    found: list[Reidentified] = []
    drafts: list[events.Draft] = []
    parts = last_evidence.list_chunks(connection)
    helpers = _helper_count(connection)
    with contextlib.closing(judge_all(Source(connection, place), parts, database, helpers=helpers)) as verdicts:
        for told in verdicts:
            changed = list(_changed_devices(connection, told))
            found += [one.told for one in changed]
            if apply:
                _write_changes(connection, changed)
                drafts += [draft for one in changed for draft in _draft_events(one, database)]
    if apply:
        events.store_events(connection, drafts, scan=None, scan_id="", at=at)
    return found


@dataclass(frozen=True, slots=True)
class _Changed:
    """A device with another identification than before."""

    row: Row
    told: Reidentified
    now: Identification
    """The identification that its facts give now."""
    channels: int | None
    """How many channels it says it has; None if it does not say."""


def _helper_count(connection: AnyConnection) -> int:
    """Number of helper processes: some only if reading the register takes longer than starting them."""
    return min(processors() - 1, MOST_HELPERS) if last_evidence.count_devices(connection) >= _MANY else 0


_COLUMNS = ("id", "asset_id", "last_scan", "channels", "known")
"""Of ``device``; what is known stays a text until it is needed."""


def _changed_devices(connection: AnyConnection, verdicts: Verdicts) -> Iterator[_Changed]:
    if not verdicts:
        return
    numbers = [number for number, _, _ in verdicts]
    query = f"SELECT {', '.join(_COLUMNS)} FROM device"  # noqa: S608 - constants
    rows = {row[0]: dict(zip(_COLUMNS, row, strict=True)) for row in fetch_some(connection, query, "id", numbers)}
    states = last_evidence.last_states(connection, "device.id IN :numbers", numbers=numbers)
    for number, told, count in verdicts:
        row = rows[number]
        before, last = said_before(row["known"], states.get(number, ""))
        now = identification_from_json(told)
        after = with_new_sighting(before, last, now)
        if changes := tuple(_list_changes(before, after)):
            yield _Changed(row, Reidentified(row["asset_id"], changes, before, after), now, count)


def _write_changes(connection: AnyConnection, changed: Sequence[_Changed]) -> None:
    """Write what each device is, and its new keys if its maker has another name; nothing else."""
    if not changed:
        return
    numbers = [one.row["id"] for one in changed]
    entered = {row["device_id"]: row["entries"] for row in select_rows(connection, "people", "device_id", numbers)}
    rows = [{"the_id": one.row["id"], **_device_columns(one, entered.get(one.row["id"], {}))} for one in changed]
    columns = ", ".join(f"{name} = :{name}" for name in rows[0] if name != "the_id")
    execute_many(connection, f"UPDATE device SET {columns} WHERE id = :the_id", rows)  # noqa: S608 - ours
    held = {
        (row["device_id"], row["kind"], row["value"])
        for row in select_rows(connection, "device_key", "device_id", numbers)
    }
    insert_rows(connection, "device_key", [row for one in changed for row in _new_keys(one, held)])


def _new_keys(one: _Changed, held: Container[tuple[int, str, str]]) -> Iterator[dict[str, Any]]:
    number, scan, after = one.row["id"], one.row["last_scan"], one.told.after
    if scan is None:  # only listed: a number in a list does not recognise a device
        return
    for each in sorted(serial_keys(after.maker, after.serial)):
        if (number, each.kind, each.value) not in held:
            yield {"device_id": number, "kind": each.kind, "value": each.value, "first_scan": scan, "last_scan": scan}


def _list_changes(before: Identification, after: Identification) -> Iterator[tuple[str, str, str]]:
    for name in MEMBERS:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield name, _change_text(old), _change_text(new)
    ours, theirs = capability_grades(before), capability_grades(after)
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            yield f"capability {name}", ours.get(name, ""), theirs.get(name, "")


def _change_text(value: object) -> str:
    if value is None:
        return ""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _device_columns(one: _Changed, entries: dict[str, str]) -> dict[str, Any]:
    """The columns for SQL queries, with what people stated in the gaps that scans leave."""
    after = one.told.after
    shown = overrides.overlay_entries(after, entries)
    said = {"identification": identification_to_json(after), SAID: identification_to_json(one.now)}
    return {
        **{name: getattr(shown, name) for name in knowledge.VALUES},
        "confidence": shown.confidence.value,
        "certainty": shown.certainty,
        "channels": one.channels if one.channels is not None else one.row["channels"],
        "known": {**json.loads(one.row["known"]), **said},
    }


def _draft_events(one: _Changed, database: Database) -> Iterator[events.Draft]:
    for event, old, new, detail in knowledge.find_differences(one.told.before, one.told.after):
        told = f"{detail} (fingerprint database {database.version}, same evidence)"
        yield events.Draft(event, one.row["id"], one.told.asset_id, old, new, told)
