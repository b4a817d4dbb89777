"""What people enter: their entries, and the audit log of every change. Scans write to neither.

Everything happens inside one transaction of the caller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from camscan.asset import WORKED_OUT, Change, Presence
from camscan.asset.behind import why_no_channel, why_no_recorder
from camscan.asset.columns import BY_NAME, EDITABLE
from camscan.asset.entry import normalise
from camscan.asset.lifecycle import complete_entries
from camscan.asset.spelling import nearest_hint
from camscan.dataclass import dataclass
from camscan.errors import BusyError, StaleError, UsageError
from camscan.identify.keys import channel_key
from camscan.model import Identification
from camscan.register import override_rows, schema, tags
from camscan.register.asset_numbers import new_asset_number
from camscan.register.codec import identification_to_json
from camscan.register.plain_sql import Row
from camscan.register.record.sighting import digest_evidence
from camscan.register.rows import next_free_id, select_rows
from camscan.register.types import Edit, NewRow

Entries = Mapping[str, str]

_NAMES = tuple(column.name for column in EDITABLE)


@dataclass(frozen=True, slots=True)
class ChangeContext:
    """Who makes changes, how, why and when."""

    role: str
    """A role, never a name."""
    how: str
    """The command or the file from which the changes come."""
    because: str
    at: datetime


def edit_entries(
    connection: Connection, edits: Sequence[Edit], who: ChangeContext, revisions: Mapping[str, int] | None = None
) -> list[Change]:
    """Make entries and return the changes; see ``Register.edit_entries``."""
    wanted: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for each in edits:
        wanted[each.asset_id][each.column] = _normalise_entry(each.asset_id, each.column, each.value)
    rows = _live_rows(connection, wanted)
    stored = {row["device_id"]: row for row in select_rows(connection, "people", "device_id", _row_numbers(rows))}
    _check_revisions(rows, stored, revisions or {})
    before: dict[int, Entries] = {row["id"]: _decode_entries(stored.get(row["id"])) for row in rows.values()}
    after: dict[int, Entries] = {}
    for name, entries in wanted.items():
        number = rows[name]["id"]
        after[number] = _merge_entries(before[number], _complete_entries(name, before[number], entries, who))
    _check_recorders(
        connection, {name: _new_recorder(before[number], after[number]) for name, number in _number_rows(rows)}
    )
    tags.check_tags(connection, before, {number: (name, after[number]) for name, number in _number_rows(rows)})
    changes = _write_log(connection, before, after, {number: name for name, number in _number_rows(rows)}, who)
    _store_entries(connection, changes, rows, stored.keys(), after)
    return changes


def add_devices(connection: Connection, new: Sequence[NewRow], who: ChangeContext) -> list[str]:
    """Add devices that no scan has seen, and return their asset numbers; see ``Register.add_devices``."""
    names: list[str] = []
    edits: list[Edit] = []
    first = next_free_id(connection, "device")
    for index, row in enumerate(new):
        if row.record_type in WORKED_OUT:
            raise UsageError("only a scan makes rows from the network; use manual, imported or behind_recorder")
        names.append(new_asset_number(who.at))
        recorder = _find_recorder(connection, row)
        connection.execute(schema.device.insert().values(_new_device(first + index, names[-1], row, recorder)))
        if recorder and row.channel:
            _remember_channel(connection, first + index, recorder, row.channel)
        edits += [Edit(names[-1], column, value) for column, value in row.entries.items()]
    edit_entries(connection, edits, who)
    return names


def take_import(
    connection: Connection, edits: Sequence[Edit], new: Sequence[NewRow], who: ChangeContext, seen: int
) -> tuple[list[Change], list[str]]:
    """Make entries and add devices together; see ``Register.take_import``."""
    latest = connection.execute(select(func.max(schema.change.c.id))).scalar() or 0
    if latest > seen:
        raise BusyError("somebody else made entries at the same time; nothing was written. Run it again")
    return edit_entries(connection, edits, who), add_devices(connection, new, who)


def append_line(connection: Connection, asset: str, column: str, line: str, who: ChangeContext) -> list[Change]:
    """Add a line to an entry; see ``Register.append_line``."""
    device, table = schema.device, schema.people
    query = select(table.c.entries).join(device, device.c.id == table.c.device_id).where(device.c.asset_id == asset)
    held = (connection.execute(query).scalar() or {}).get(column, "")
    return edit_entries(connection, [Edit(asset, column, f"{held}\n{line}" if held else line)], who)


def _normalise_entry(asset: str, name: str, value: str) -> str:
    column = BY_NAME.get(name)
    if column is None:
        raise UsageError(f"there is no column '{name}'{nearest_hint(name, _NAMES)}")
    if not column.is_editable:
        raise UsageError(f"{name} cannot be edited: {column.what[:1].lower()}{column.what[1:]}")
    try:
        return normalise(column, value)
    except ValueError as error:
        raise UsageError(f"{asset}: {name}: {error}") from None


def _complete_entries(asset: str, before: Entries, wanted: Entries, who: ChangeContext) -> Entries:
    try:
        return complete_entries(before, wanted, who.at.date())
    except ValueError as error:
        raise UsageError(f"{asset}: {error}") from None


def require_unchanged(connection: Connection, revisions: Mapping[str, int]) -> None:
    """Raise StaleError if a person has changed one of these rows (asset number -> revision) since somebody read it.

    A row that does not exist any more, or that was merged into another, raises UsageError.
    """
    rows = _live_rows(connection, revisions)
    held = select_rows(connection, "people", "device_id", _row_numbers(rows))
    _check_revisions(rows, {row["device_id"]: row for row in held}, revisions)


def _check_revisions(rows: Mapping[str, Row], stored: Mapping[int, Row], revisions: Mapping[str, int]) -> None:
    """Raise StaleError if a person has changed a device since somebody read it."""
    stale = [
        name
        for name, revision in revisions.items()
        if name in rows and (stored[rows[name]["id"]]["revision"] if rows[name]["id"] in stored else 0) != revision
    ]
    if stale:
        named = f"{stale[0]} and {len(stale) - 1} more have" if len(stale) > 1 else f"{stale[0]} has"
        raise StaleError(f"{named} been changed by somebody else since you opened the form; nothing was written")


def _live_rows(connection: Connection, names: Iterable[str]) -> dict[str, Row]:
    """Asset number -> row, for rows that represent a device. Raises UsageError for any other."""
    found: dict[str, Row] = {row["asset_id"]: row for row in select_rows(connection, "device", "asset_id", names)}
    for name in names:
        if name not in found:
            raise UsageError(f"there is no device {name} in the register")
        if told := _merged_into(connection, found[name]):
            raise UsageError(f"{name} {told}")
    return found


def _merged_into(connection: Connection, row: Row) -> str:
    """The message about a row that was merged into another; empty for any other row."""
    if row["merged_into"] is None:
        return ""
    if row["merged_into"] == row["id"]:
        return "was removed again: the import that added it was undone"
    table = schema.device
    kept = connection.execute(select(table.c.asset_id).where(table.c.id == row["merged_into"])).scalar()
    return f"is a duplicate of {kept}; name that one"


def _number_rows(rows: Mapping[str, Row]) -> list[tuple[str, int]]:
    return [(name, row["id"]) for name, row in rows.items()]


def _row_numbers(rows: Mapping[str, Row]) -> list[int]:
    return [row["id"] for row in rows.values()]


def _decode_entries(row: Row | None) -> Entries:
    return row["entries"] if row else {}


def _merge_entries(before: Entries, wanted: Entries) -> dict[str, str]:
    return {name: value for name, value in {**before, **wanted}.items() if value}


def _new_recorder(before: Entries, after: Entries) -> str:
    """The recorder that an edit newly names; empty if the edit does not change it."""
    recorder = after.get("recorder_asset_id", "")
    return recorder if recorder != before.get("recorder_asset_id") else ""


def _check_recorders(connection: Connection, named: Mapping[str, str]) -> None:
    """Raise UsageError if a device (asset number) cannot be connected to the recorder that is named for it."""
    recorders = {recorder for recorder in named.values() if recorder}
    known = {row["asset_id"]: row for row in select_rows(connection, "device", "asset_id", recorders)}
    for name, recorder in sorted(named.items()):
        if not recorder:
            continue
        if name == recorder:
            raise UsageError(f"recorder_asset_id {name}: a device cannot be behind itself; give the recorder's")
        if recorder not in known:
            what = "there is no such device in the register; give the recorder's asset_id"
            raise UsageError(f"recorder_asset_id {recorder}: {what}")
        row = known[recorder]
        told = _merged_into(connection, row) or _why_no_recorder(connection, row)
        if told:
            raise UsageError(f"recorder_asset_id {recorder}: {told}")


def _write_log(
    connection: Connection,
    before: Mapping[int, Entries],
    after: Mapping[int, Entries],
    names: Mapping[int, str],
    who: ChangeContext,
) -> list[Change]:
    """Write a line of the log for every entry that differs. Returns the lines in the order of the columns."""
    if not who.role.strip():
        raise UsageError("every change needs the role of the person who makes it; give one")
    number = next_free_id(connection, "change")
    made: list[Change] = []
    rows: list[dict[str, Any]] = []
    for device, entries in after.items():
        for column in _NAMES:
            old, new = before[device].get(column, ""), entries.get(column, "")
            if old == new:
                continue
            line = Change(
                number + len(made), who.at, who.role.strip(), who.how, names[device], column, old, new, who.because
            )
            made.append(line)
            rows.append(
                {
                    "id": line.number,
                    "at": line.at,
                    "role": line.role,
                    "how": line.how,
                    "device_id": device,
                    "column_name": column,
                    "old": old,
                    "new": new,
                    "because": line.because,
                }
            )
    if rows:
        connection.execute(schema.change.insert(), rows)
    return made


_OF_A_VISIT = frozenset({"lifecycle_status", "last_confirmed_on"})
"""Columns by which a stated maker begins or ceases to outweigh one that scans call only possible."""


def _store_entries(
    connection: Connection,
    made: Iterable[Change],
    rows: Mapping[str, Row],
    stored: Iterable[int],
    after: Mapping[int, Entries],
) -> None:
    """Write the entries of every device that changed, and the keys by which a later scan recognises it."""
    last: dict[int, int] = {}
    restated: set[int] = set()
    for change in made:
        device = rows[change.asset_id]["id"]
        last[device] = change.number
        is_visit = change.column in _OF_A_VISIT and "stated_manufacturer" in after[device]
        if change.column.startswith("stated_") or is_visit:
            restated.add(device)
    table = schema.people
    kept = set(stored)
    fresh = [
        {"device_id": device, "entries": after[device], "revision": number}
        for device, number in last.items()
        if device not in kept
    ]
    again = [
        {"the_device": device, "entries": after[device], "revision": number}
        for device, number in last.items()
        if device in kept
    ]
    if fresh:
        connection.execute(table.insert(), fresh)
    if again:
        connection.execute(table.update().where(table.c.device_id == bindparam("the_device")), again)
    numbered = {row["id"]: row for row in rows.values()}
    for device in sorted(restated):
        override_rows.store_overrides(connection, numbered[device], after[device])


def _find_recorder(connection: Connection, row: NewRow) -> Row | None:
    """The recorder that a new row is connected to. Raises UsageError if it or its channel cannot be."""
    if not row.recorder_asset_id:
        return None
    table = schema.device
    recorder = _live_rows(connection, [row.recorder_asset_id])[row.recorder_asset_id]
    if told := _why_no_recorder(connection, recorder) or why_no_channel(row.channel, recorder["channels"]):
        raise UsageError(f"{row.recorder_asset_id} {told}")
    if row.channel is None:
        return recorder
    same = (table.c.recorder_id == recorder["id"], table.c.channel == row.channel, table.c.merged_into.is_(None))
    other = connection.execute(select(table.c.asset_id).where(*same)).scalar()
    if other is not None:
        raise UsageError(f"channel {row.channel} of {row.recorder_asset_id} is already in the register, as {other}")
    return recorder


def _why_no_recorder(connection: Connection, row: Row) -> str:
    stored = next(select_rows(connection, "people", "device_id", [row["id"]]), None)
    return why_no_recorder(row["kind"], _decode_entries(stored).get("stated_device_type", ""))


def _remember_channel(connection: Connection, device: int, recorder: Row, channel: int) -> None:
    """Note the channel, so that the row is recognised when the recorder itself lists the camera later."""
    names = filter(None, (recorder["asset_id"], recorder["serial"]))
    keys = {channel_key(name, channel) for name in names}
    rows = [{"kind": key.kind, "value": key.value, "device_id": device} for key in sorted(keys)]
    connection.execute(schema.device_key.insert(), rows)


def _new_device(number: int, name: str, row: NewRow, recorder: Row | None) -> dict[str, Any]:
    nothing = Identification()
    return {
        "id": number,
        "asset_id": name,
        "site": recorder["site"] if recorder else "",
        "provisional": False,
        "sightings": 0,
        "confidence": nothing.confidence.value,
        "certainty": nothing.certainty,
        "known": {"identification": identification_to_json(nothing), "open_ports": []},
        "evidence_digest": digest_evidence({}),
        "record_type": row.record_type.value,
        "presence": Presence.NOT_SCANNED.value,
        "scans_missed": 0,
        "recorder_id": recorder["id"] if recorder else None,
        "channel": row.channel,
    }
