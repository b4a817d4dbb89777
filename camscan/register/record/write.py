"""Recording one report. Everything happens inside the caller's one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from camscan.asset import Asset, Event, Presence, RecordType
from camscan.errors import RegisterError
from camscan.model import Report
from camscan.register import events, knowledge, overrides, read, schema
from camscan.register.codec import coverage_to_json, digest_of, identification_to_json, state_to_json
from camscan.register.entry import Entry
from camscan.register.record import channels, conflicts, merge, presence
from camscan.register.record.asset_numbers import asset_id
from camscan.register.record.conflicts import insert
from camscan.register.record.evidence import digest_of as digest_of_places
from camscan.register.record.evidence import next_id, record_attempts, record_observations
from camscan.register.record.evidence import places as places_of
from camscan.register.record.matching import Matching, match, rows_in
from camscan.register.record.presence import Removal
from camscan.register.site_lookup import FindPlace, places
from camscan.register.types import Conflict, Recorded

TallyOf = Callable[[Sequence[Asset]], Mapping[str, float]]
OFFLINE_AFTER = presence.OFFLINE_AFTER
_AWAY = frozenset({Presence.MISSED, Presence.OFFLINE, Presence.UNREACHABLE_SCOPE})


def record(
    connection: Connection, report: Report, *, tally: TallyOf | None = None, offline_after: int = OFFLINE_AFTER
) -> Recorded:
    """Add one scan; see ``Register.record``."""
    scan = _record_scan(connection, report)
    find_place = places(connection)
    matching = match(connection, report, find_place)
    entries = _entries(connection, report, matching, find_place)
    gone = presence.removals(connection)
    _store(connection, scan, report, entries, gone)
    drafts, asked = channels.record_channels(connection, scan, report, entries, find_place)
    asked = [*conflicts.questions(matching, entries), *asked]
    noted = conflicts.record_conflicts(connection, scan, report, asked)
    drafts += [draft for entry in entries for draft in _news(entry, report, gone.get(entry.id))]
    drafts += _questions(asked, noted)
    met = [entry.id for entry in entries]
    drafts += presence.look(
        connection, scan, report, seen=met, find_place=find_place, gone=gone, offline_after=offline_after
    )
    happened = events.store(connection, drafts, scan=scan, scan_id=report.scan_id, at=report.finished_at)
    for index, row in matching.stood_in:
        merge.merge_rows(connection, entries[index].id, row.id, role="camscan", at=report.finished_at)
    if tally is not None:
        counts = dict(tally(read.devices(connection, maker=None, site=None)))
        connection.execute(schema.tally.insert().values(scan=scan, counts=counts))
    return Recorded(
        new=tuple(entry.asset_id for entry in entries if entry.known is None),
        returned=tuple(each.asset_id for each in happened if each.event is Event.RETURNED),
        changed=tuple(entry.asset_id for entry in entries if _differs(entry)),
        devices=len(entries),
        conflicts=noted,
        recognised=tuple(entry.asset_id for entry in entries if entry.known and entry.is_first_sighting),
        happenings=happened,
    )


def _store(
    connection: Connection, scan: int, report: Report, entries: Sequence[Entry], gone: Mapping[int, Removal]
) -> None:
    """Every device of the report, and everything that belongs to it."""
    _record_devices(connection, scan, report, entries, gone)
    conflicts.record_keys(connection, scan, entries)
    conflicts.record_addresses(connection, scan, entries)
    _record_sightings(connection, scan, entries)
    changed = [
        (entry.id, entry.known.last_scan if entry.known else scan, entry.found)
        for entry in entries
        if entry.known is None or entry.known.row["evidence_digest"] != entry.evidence_digest
    ]
    record_observations(connection, scan, changed)
    record_attempts(connection, scan, report.attempts)


def _questions(asked: Iterable[conflicts.Question], noted: Iterable[Conflict]) -> Iterator[events.Draft]:
    """What a person is asked for the first time."""
    named = {each.asset_id: each.device for each in asked}
    for each in noted:
        yield events.Draft(Event.IDENTITY_CONFLICT, named[each.asset_id], each.asset_id, "", "", each.detail)


def _record_scan(connection: Connection, report: Report) -> int:
    table = schema.scan
    if connection.execute(select(table.c.id).where(table.c.scan_id == report.scan_id)).first():
        raise RegisterError(f"scan {report.scan_id} is already in the register; nothing was recorded")
    number = next_id(connection, table)
    connection.execute(
        table.insert().values(
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
            coverage=coverage_to_json(report.coverage),
            devices=len(report.devices),
        )
    )
    return number


def _entries(connection: Connection, report: Report, matching: Matching, find_place: FindPlace) -> list[Entry]:
    fresh = next_id(connection, schema.device)
    entries = []
    for index, device in enumerate(report.devices):
        known = matching.known.get(index)
        state = state_to_json(device)
        found = places_of(device)
        place = find_place("", device.ip_addresses)
        entries.append(
            Entry(
                id=known.id if known else fresh,
                asset_id=known.asset_id if known else asset_id(report.started_at),
                device=device,
                known=known,
                keys=matching.keys[index],
                notes=matching.notes[index],
                state=state,
                state_digest=digest_of(state),
                found=found,
                evidence_digest=digest_of_places(found),
                site=place.name if place else report.site or (known.row["site"] if known else ""),
                is_on_map=place is not None,
            )
        )
        fresh += known is None
    return entries


def _record_devices(
    connection: Connection, scan: int, report: Report, entries: Iterable[Entry], gone: Mapping[int, Removal]
) -> None:
    rows = [_device_row(entry, scan, report, gone.get(entry.id)) for entry in entries]
    insert(connection, schema.device, [row for row, entry in zip(rows, entries, strict=True) if not entry.known])
    update = schema.device.update().where(schema.device.c.id == bindparam("known_id"))
    known = [
        {**{name: value for name, value in row.items() if name not in {"id", "asset_id"}}, "known_id": entry.id}
        for row, entry in zip(rows, entries, strict=True)
        if entry.known
    ]
    if known:
        connection.execute(update, known)


def _device_row(entry: Entry, scan: int, report: Report, removal: Removal | None) -> dict[str, Any]:
    device, old, found = entry.device, entry.old, entry.identification
    before = old.get("known", {})
    known = {
        "identification": identification_to_json(found),
        "open_ports": list(device.open_ports),
        "hints": {**before.get("hints", {}), **knowledge.hints(device.observations)},
    }
    if removal and not removal.is_during(report):
        # Which removal (by its line in the audit log) the alarm was raised for, so that it is raised once for each.
        known["told"] = {Event.REAPPEARED_AFTER_REMOVAL.value: removal.change}
    shown = overrides.overlaid(found, (entry.known.entries if entry.known else None) or {})
    count = knowledge.channels(found.kind, device.observations)
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


def _news(entry: Entry, report: Report, removal: Removal | None) -> Iterable[events.Draft]:
    """What this sighting says that was not so before."""

    def draft(event: Event, old: str, new: str, detail: str) -> events.Draft:
        return events.Draft(event, entry.id, entry.asset_id, old, new, detail)

    device, known = entry.device, entry.known
    if known is None:
        yield draft(Event.NEW, "", ", ".join(device.ip_addresses), _describe(entry))
        return
    is_alarm = removal is not None and not removal.is_during(report) and _is_alarm(entry, removal)
    if removal and is_alarm:
        where = ", ".join(device.ip_addresses)
        detail = f"was recorded as {removal.status}, and answers at {where}"
        yield draft(Event.REAPPEARED_AFTER_REMOVAL, removal.status, where, detail)
    if entry.is_first_sighting:
        return
    before = Presence(entry.old["presence"])
    if before in _AWAY and entry.old["scans_missed"] and not is_alarm:  # of what is gone, no miss was told
        was = before if before is not Presence.UNREACHABLE_SCOPE else Presence.MISSED
        detail = f"answers again, after {_times(entry.old['scans_missed'])}"
        yield draft(Event.RETURNED, was.value, Presence.SEEN.value, detail)
    move = knowledge.moved(known.addresses, known.last_scan, device)
    if move:
        yield draft(*move)
    old_site = entry.old["site"]
    if old_site and entry.site and old_site != entry.site and (move or not entry.is_on_map):
        yield draft(Event.MOVED_SITE, old_site, entry.site, f"was at {old_site}, is at {entry.site}")
    for each in knowledge.differences(known.found, entry.identification):
        yield draft(*each)


def _is_alarm(entry: Entry, removal: Removal) -> bool:
    """Once when it newly answers, and again whenever it had fallen silent in between."""
    told = entry.old["known"].get("told", {}).get(Event.REAPPEARED_AFTER_REMOVAL)
    return bool(entry.old["presence"] != Presence.SEEN or told != removal.change)


def _times(count: int) -> str:
    return "one scan that missed it" if count == 1 else f"{count} scans that missed it"


def _describe(entry: Entry) -> str:
    found = entry.device.identification
    words = [found.maker or "unknown maker", found.model or "", f"at {', '.join(entry.device.ip_addresses)}"]
    return " ".join(word for word in words if word)


def _differs(entry: Entry) -> bool:
    """Whether a sighting says something new: another value or address. Silence, order and certainty are no change."""
    known, device = entry.known, entry.device
    if known is None:
        return False
    before, now = known.found, entry.identification
    return (
        any(getattr(before, name) != getattr(now, name) for name in knowledge.VALUES)
        or before.capabilities.keys() != now.capabilities.keys()
        or not all(map(known.holds, device.ip_addresses))
        or any(("mac", mac) not in known.addresses for mac in device.mac_addresses)
    )


def _record_sightings(connection: Connection, scan: int, entries: Sequence[Entry]) -> None:
    table = schema.device_state
    stored = {
        (row["device_id"], row["digest"]): row["id"]
        for row in rows_in(connection, table, table.c.device_id, [entry.id for entry in entries if entry.known])
    }
    first = next_id(connection, table)
    states: list[dict[str, Any]] = []
    sightings: list[dict[str, Any]] = []
    for entry in entries:
        state = stored.get((entry.id, entry.state_digest))
        if state is None:
            state = first + len(states)
            states.append({"id": state, "device_id": entry.id, "digest": entry.state_digest, "state": entry.state})
        seen = {"first_seen": entry.device.first_seen, "last_seen": entry.device.last_seen}
        sightings.append({"scan": scan, "device_id": entry.id, "state_id": state, **seen})
    insert(connection, table, states)
    insert(connection, schema.sighting, sightings)
