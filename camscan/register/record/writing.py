"""Where SQL leaves: writes the rows of one report into their tables, inside the transaction of the recording."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from camscan.asset import Event, Happening, Presence, RecordType
from camscan.identify.channel_count import count_channels
from camscan.identify.keys import Key
from camscan.model import Report
from camscan.register import events, knowledge, listing, overrides
from camscan.register.codec import DIGEST_SIZE, coverage_to_json, identification_to_json, turn_to_json
from camscan.register.plain_sql import AnyConnection, execute, execute_many, fetch_some
from camscan.register.record import again, late
from camscan.register.record.channel_rows import AddedChannel, Change, LeftChannel, MergedRows, UpdatedChannel
from camscan.register.record.conflicts import NewConflict
from camscan.register.record.entry import Entry
from camscan.register.record.evidence import record_attempts, record_observations, record_past
from camscan.register.record.merge import merge_rows
from camscan.register.record.presence import PresenceChanges, Removal
from camscan.register.record.recording import Recording
from camscan.register.rows import insert_rows, next_free_id, update_rows


def write_recording(connection: AnyConnection, recording: Recording) -> tuple[Happening, ...]:
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


def write_tally(connection: AnyConnection, scan: int, counts: Mapping[str, float]) -> None:
    """Write the counts of the whole estate after a scan."""
    insert_rows(connection, "tally", [{"scan": scan, "counts": dict(counts)}])


def write_scan(connection: AnyConnection, number: int, report: Report, *, is_late: bool = False) -> None:
    """Write the row of the scan itself."""
    coverage = {**coverage_to_json(report.coverage), "round": turn_to_json(report.turn)}
    row = {
        "id": number,
        "scan_id": report.scan_id,
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "completion": report.completion.value,
        "site": report.site,
        "targets": list(report.targets),
        "pace": report.pace,
        "version": report.version,
        "database": report.database,
        "coverage": {**coverage, "late": True} if is_late else coverage,
        "devices": len(report.devices),
    }
    insert_rows(connection, "scan", [row])


def _write_devices(connection: AnyConnection, recording: Recording) -> None:
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
    connection: AnyConnection, scan: int, report: Report, entries: Iterable[Entry], gone: Mapping[int, Removal]
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
            changed.append(row)
        else:
            new.append(row)
    insert_rows(connection, "device", new)
    if changed:
        columns = ", ".join(f"{name} = :{name}" for name in changed[0] if name not in {"id", "asset_id"})
        execute_many(connection, f"UPDATE device SET {columns} WHERE id = :id", changed)  # noqa: S608 - ours
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
        "record_type": RecordType.NETWORK.value,
        "presence": Presence.SEEN.value,
        "scans_missed": 0,
        "channels": count if count is not None else old.get("channels"),
    }


def _record_keys(connection: AnyConnection, scan: int, entries: Iterable[Entry]) -> None:
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
    insert_rows(connection, "device_key", new)
    _renew_last_scan(connection, "device_key", some)
    again.note_seen_again(connection, "device_key", whole, scan)


def _record_addresses(connection: AnyConnection, scan: int, entries: Iterable[Entry]) -> None:
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
    insert_rows(connection, "device_address", new)
    _renew_last_scan(connection, "device_address", some)
    again.note_seen_again(connection, "device_address", whole, scan)


def _renew_last_scan(connection: AnyConnection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        values = "last_scan = :last_scan" + (", position = :position" if "position" in rows[0] else "")
        where = "device_id = :device_id AND kind = :kind AND value = :value"
        execute_many(connection, f"UPDATE {table} SET {values} WHERE {where}", rows)  # noqa: S608 - ours


def _record_sightings(connection: AnyConnection, scan: int, entries: Sequence[Entry]) -> None:
    known = [entry.id for entry in entries if entry.known]
    rows = fetch_some(connection, "SELECT device_id, digest, id FROM device_state", "device_id", known)
    stored = {(device, digest): number for device, digest, number in rows}
    first = next_free_id(connection, "device_state")
    states: list[dict[str, Any]] = []
    sightings: list[dict[str, Any]] = []
    for entry in entries:
        state = stored.get((entry.id, entry.state_digest))
        if state is None:
            state = first + len(states)
            states.append({"id": state, "device_id": entry.id, "digest": entry.state_digest, "state": entry.state})
        seen = {"first_seen": entry.device.first_seen, "last_seen": entry.device.last_seen}
        sightings.append({"scan": scan, "device_id": entry.id, "state_id": state, **seen})
    insert_rows(connection, "device_state", states)
    insert_rows(connection, "sighting", sightings)


def _write_channels(connection: AnyConnection, scan: int, report: Report, changes: Iterable[Change]) -> None:
    """Write the rows of cameras behind recorders, one change after another."""
    for each in changes:
        match each:
            case MergedRows(keep, gone):
                merge_rows(connection, keep, gone, role="camscan", at=report.finished_at)
            case LeftChannel(number, places):
                _delete_keys(connection, number, places, "AND kind = 'channel'")
                update_rows(connection, "device", "id", [number], recorder_id=None, channel=None)
            case AddedChannel():
                _add_channel(connection, scan, each)
            case UpdatedChannel():
                _change_channel(connection, scan, each)


def _add_channel(connection: AnyConnection, scan: int, added: AddedChannel) -> None:
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
    insert_rows(connection, "device", [values])
    _add_keys(connection, scan, added.id, added.keys)


def _change_channel(connection: AnyConnection, scan: int, mended: UpdatedChannel) -> None:
    values = {"recorder_id": mended.recorder, "channel": mended.channel, **mended.columns}
    update_rows(connection, "device", "id", [mended.id], **values)
    _delete_keys(connection, mended.id, mended.ended_keys)
    _add_keys(connection, scan, mended.id, mended.keys)
    statement = """
        UPDATE device_key SET first_scan = coalesce(first_scan, :scan), last_scan = :scan
        WHERE device_id = :device AND kind = 'channel'
    """  # also a channel that people had given
    execute(connection, statement, scan=scan, device=mended.id)


def _delete_keys(connection: AnyConnection, device: int, values: Iterable[str], more: str = "") -> None:
    if some := list(values):
        statement = f"DELETE FROM device_key WHERE device_id = :device AND value IN :some {more}"  # noqa: S608 - ours
        execute(connection, statement, device=device, some=some)


def _add_keys(connection: AnyConnection, scan: int, device: int, keys: Iterable[Key]) -> None:
    at = {"device_id": device, "first_scan": scan, "last_scan": scan}
    insert_rows(connection, "device_key", [{"kind": key.kind, "value": key.value, **at} for key in sorted(keys)])


def _write_presence(connection: AnyConnection, changes: PresenceChanges, gone: Container[int]) -> None:
    """Write the presence of the devices that were not seen, and the removals that were verified."""
    again.write_missing(connection, changes.missing, gone)
    for device, known in changes.verified_removals.items():
        update_rows(connection, "device", "id", [device], known=dict(known))


def _write_conflicts(connection: AnyConnection, scan: int, noted: Iterable[NewConflict]) -> None:
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
    insert_rows(connection, "conflict", rows)
