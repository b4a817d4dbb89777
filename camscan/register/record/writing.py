"""Where SQL leaves: writes the rows of one report into their tables, inside the transaction of the recording."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func

from camscan.asset import Event, Happening, Presence, RecordType
from camscan.identify.channel_count import count_channels
from camscan.identify.keys import Key
from camscan.model import Report
from camscan.register import events, knowledge, listing, overrides, schema
from camscan.register.codec import DIGEST_SIZE, coverage_to_json, identification_to_json, turn_to_json
from camscan.register.record import again, late
from camscan.register.record.channel_rows import AddedChannel, Change, LeftChannel, MergedRows, UpdatedChannel
from camscan.register.record.conflicts import NewConflict
from camscan.register.record.entry import Entry
from camscan.register.record.evidence import record_attempts, record_observations, record_past
from camscan.register.record.merge import merge_rows
from camscan.register.record.presence import PresenceChanges, Removal
from camscan.register.record.recording import Recording
from camscan.register.rows import insert_rows, next_free_id, select_columns


def write_recording(connection: Connection, recording: Recording) -> tuple[Happening, ...]:
    """Write everything that the stages decided, and return the events."""
    scan, report = recording.scan, recording.report
    write_scan(connection, scan, report, is_late=recording.is_late)
    _write_devices(connection, recording)
    _write_channels(connection, scan, report, recording.channels.changes)
    _write_conflicts(connection, scan, recording.new_conflicts)
    _write_presence(connection, recording.presence, recording.removals)
    happened = events.store_events(
        connection, recording.drafts, scan=scan, scan_id=report.scan_id, at=report.finished_at
    )
    for keep, gone in recording.merges:
        merge_rows(connection, keep, gone, role="camscan", at=report.finished_at)
    return happened


def write_tally(connection: Connection, scan: int, counts: Mapping[str, float]) -> None:
    """Write the counts of the whole estate after a scan."""
    connection.execute(schema.tally.insert().values(scan=scan, counts=dict(counts)))


def write_scan(connection: Connection, number: int, report: Report, *, is_late: bool = False) -> None:
    """Write the row of the scan itself."""
    connection.execute(
        schema.scan.insert().values(
            id=number,
            scan_id=report.scan_id,
            started_at=report.started_at,
            finished_at=report.finished_at,
            completion=report.completion.value,
            site=report.site,
            targets=list(report.targets),
            pace=report.pace,
            version=report.version,
            database=report.database,
            coverage={
                **coverage_to_json(report.coverage),
                "round": turn_to_json(report.turn),
                **({"late": True} if is_late else {}),
            },
            devices=len(report.devices),
        )
    )


def _write_devices(connection: Connection, recording: Recording) -> None:
    """Write every device of the report, and everything that belongs to it."""
    scan, report, entries = recording.scan, recording.report, recording.entries
    stale = listing.stale_lines(connection)
    seen = _record_devices(connection, scan, report, entries, recording.removals)
    late.write_overtaken(connection, scan, recording.overtaken)
    _record_keys(connection, scan, entries)
    _record_addresses(connection, scan, entries)
    again.renew_lines(connection, entries, seen, stale)
    _record_sightings(connection, scan, [*entries, *recording.overtaken])
    changed = [
        (entry.id, entry.known.last_scan if entry.known else scan, entry.found)
        for entry in entries
        if entry.known is None or entry.known.row["evidence_digest"] != entry.evidence_digest
    ]
    record_observations(connection, scan, changed)
    record_past(connection, scan, [(entry.id, entry.found) for entry in recording.overtaken])
    record_attempts(connection, scan, report.attempts)


def _record_devices(
    connection: Connection, scan: int, report: Report, entries: Iterable[Entry], gone: Mapping[int, Removal]
) -> dict[int, datetime]:
    """Write the rows of the devices.

    Returns number -> time of the last sighting, for the devices that did not change.
    """
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    same: dict[int, datetime] = {}
    for entry in entries:
        row = _device_row(entry, scan, report, gone.get(entry.id))
        if again.is_row_unchanged(entry, row):
            same[entry.id] = row["last_seen"]
        elif entry.known:
            kept = {name: value for name, value in row.items() if name not in {"id", "asset_id"}}
            changed.append({**kept, "known_id": entry.id})
        else:
            new.append(row)
    insert_rows(connection, schema.device, new)
    if changed:
        connection.execute(schema.device.update().where(schema.device.c.id == bindparam("known_id")), changed)
    again.write_times(connection, scan, same)
    return same


def _device_row(entry: Entry, scan: int, report: Report, removal: Removal | None) -> dict[str, Any]:
    device, old, found = entry.device, entry.old, entry.identification
    before = old.get("known", {})
    known = {
        "identification": identification_to_json(found),
        "open_ports": list(device.open_ports),
        "hints": {**before.get("hints", {}), **knowledge.read_hints(device.observations)},
    }
    if "elsewhere" in before:  # a scan does not remove what other systems list
        known["elsewhere"] = before["elsewhere"]
    if removal and not removal.may_follow(report):
        # The removal (by its line in the audit log) for which the alarm was raised, so that it is raised once for each.
        known["told"] = {Event.REAPPEARED_AFTER_REMOVAL.value: removal.change}
    shown = overrides.overlay_entries(found, (entry.known.entries if entry.known else None) or {})
    count = count_channels(found.kind, device.observations)
    return {
        "id": entry.id,
        "asset_id": entry.asset_id,
        "site": entry.site,
        "provisional": old.get("provisional", True) and not entry.keys,
        "first_seen": min(old.get("first_seen") or device.first_seen, device.first_seen),
        "last_seen": max(old.get("last_seen") or device.last_seen, device.last_seen),
        "first_scan": old.get("first_scan") or scan,
        "last_scan": scan,
        "sightings": old.get("sightings", 0) + 1,
        **{name: getattr(shown, name) for name in knowledge.VALUES},
        "confidence": shown.confidence.value,
        "certainty": shown.certainty,
        "known": known,
        "evidence_digest": entry.evidence_digest,
        "record_type": RecordType.NETWORK,
        "presence": Presence.SEEN,
        "scans_missed": 0,
        "channels": count if count is not None else old.get("channels"),
    }


def _record_keys(connection: Connection, scan: int, entries: Iterable[Entry]) -> None:
    """Write the keys by which each device is recognised from now on."""
    new: list[dict[str, Any]] = []
    some: list[dict[str, Any]] = []
    whole: list[int] = []
    for entry in entries:
        held = entry.known.keys | entry.known.notes if entry.known else set()
        told = entry.keys | entry.notes
        if told == held:
            whole.append(entry.id)
            continue
        for key in told:
            row = {"device_id": entry.id, "kind": key.kind, "value": key.value, "first_scan": scan, "last_scan": scan}
            (some if key in held else new).append(row)
    insert_rows(connection, schema.device_key, new)
    _renew_last_scan(connection, schema.device_key, some, scan)
    again.note_seen_again(connection, schema.device_key, whole, scan)


def _record_addresses(connection: Connection, scan: int, entries: Iterable[Entry]) -> None:
    """Write every address that each device holds now."""
    new: list[dict[str, Any]] = []
    some: list[dict[str, Any]] = []
    whole: list[int] = []
    for entry in entries:
        if entry.known and entry.known.positions == dict(again.address_positions(entry)):
            whole.append(entry.id)
            continue
        for (kind, value), position in again.address_positions(entry):
            row = {"device_id": entry.id, "kind": kind, "value": value, "position": position}
            row |= {"first_scan": scan, "last_scan": scan}
            (some if entry.known and (kind, value) in entry.known.addresses else new).append(row)
    insert_rows(connection, schema.device_address, new)
    _renew_last_scan(connection, schema.device_address, some, scan)
    again.note_seen_again(connection, schema.device_address, whole, scan)


def _renew_last_scan(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], scan: int) -> None:
    if not rows:
        return
    where = (table.c[name] == bindparam(f"the_{name}") for name in ("device_id", "kind", "value"))
    values: dict[str, Any] = {"last_scan": scan}
    if "position" in table.c:
        values["position"] = bindparam("the_position")
    given = [{f"the_{name}": value for name, value in row.items() if not name.endswith("_scan")} for row in rows]
    connection.execute(table.update().where(*where).values(**values), given)


def _record_sightings(connection: Connection, scan: int, entries: Sequence[Entry]) -> None:
    table = schema.device_state
    known = [entry.id for entry in entries if entry.known]
    columns = table.c["device_id", "digest", "id"]
    rows = select_columns(connection, columns, table.c.device_id, known)
    stored = {(row.device_id, row.digest): row.id for row in rows}
    first = next_free_id(connection, table)
    states: list[dict[str, Any]] = []
    sightings: list[dict[str, Any]] = []
    for entry in entries:
        state = stored.get((entry.id, entry.state_digest))
        if state is None:
            state = first + len(states)
            states.append({"id": state, "device_id": entry.id, "digest": entry.state_digest, "state": entry.state})
        seen = {"first_seen": entry.device.first_seen, "last_seen": entry.device.last_seen}
        sightings.append({"scan": scan, "device_id": entry.id, "state_id": state, **seen})
    insert_rows(connection, table, states)
    insert_rows(connection, schema.sighting, sightings)


def _write_channels(connection: Connection, scan: int, report: Report, changes: Iterable[Change]) -> None:
    """Write the rows of cameras behind recorders, one change after another."""
    device, key = schema.device, schema.device_key
    for each in changes:
        match each:
            case MergedRows(keep, gone):
                merge_rows(connection, keep, gone, role="camscan", at=report.finished_at)
            case LeftChannel(number, places):
                gone_keys = (key.c.device_id == number, key.c.kind == "channel", key.c.value.in_(places))
                connection.execute(key.delete().where(*gone_keys))
                values: dict[str, Any] = {"recorder_id": None, "channel": None}
                connection.execute(device.update().where(device.c.id == number).values(values))
            case AddedChannel():
                _add_channel(connection, scan, each)
            case UpdatedChannel():
                _change_channel(connection, scan, each)


def _add_channel(connection: Connection, scan: int, added: AddedChannel) -> None:
    values = {
        "id": added.id,
        "asset_id": added.asset_id,
        "site": added.site,
        "provisional": False,
        "sightings": 0,
        "evidence_digest": bytes(DIGEST_SIZE),
        "record_type": RecordType.BEHIND_RECORDER.value,
        "presence": Presence.NOT_SCANNED.value,
        "scans_missed": 0,
        "recorder_id": added.recorder,
        "channel": added.channel,
        **added.columns,
    }
    connection.execute(schema.device.insert().values(values))
    _add_keys(connection, scan, added.id, added.keys)


def _change_channel(connection: Connection, scan: int, mended: UpdatedChannel) -> None:
    device, key = schema.device, schema.device_key
    values = {"recorder_id": mended.recorder, "channel": mended.channel, **mended.columns}
    connection.execute(device.update().where(device.c.id == mended.id).values(values))
    own = key.c.device_id == mended.id
    if mended.ended_keys:
        connection.execute(key.delete().where(own, key.c.value.in_(mended.ended_keys)))
    _add_keys(connection, scan, mended.id, mended.keys)
    first = func.coalesce(key.c.first_scan, scan)  # also a channel that people had given
    connection.execute(key.update().where(own, key.c.kind == "channel").values(first_scan=first, last_scan=scan))


def _add_keys(connection: Connection, scan: int, device: int, keys: Iterable[Key]) -> None:
    at = {"device_id": device, "first_scan": scan, "last_scan": scan}
    insert_rows(connection, schema.device_key, [{"kind": key.kind, "value": key.value, **at} for key in sorted(keys)])


def _write_presence(connection: Connection, changes: PresenceChanges, gone: Container[int]) -> None:
    """Write the presence of the devices that were not seen, and the removals that were verified."""
    table = schema.device
    again.write_missing(connection, changes.missing, gone)
    for device, known in changes.verified_removals.items():
        connection.execute(table.update().where(table.c.id == device).values(known=known))


def _write_conflicts(connection: Connection, scan: int, noted: Iterable[NewConflict]) -> None:
    """Write the questions that a person is asked for the first time."""
    rows = [
        {
            "id": each.id,
            "kind": each.question.kind,
            "detail": each.question.detail,
            "scan": scan,
            "device_id": each.question.device,
            "other_id": each.question.other,
        }
        for each in noted
    ]
    insert_rows(connection, schema.conflict, rows)
