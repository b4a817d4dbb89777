"""Records what other systems list, in one transaction. ``listed`` has the rules; see ``Register.record_listed``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from camscan.asset import Event, Happening, Presence, RecordType
from camscan.dataclass import dataclass
from camscan.dates import day_text
from camscan.fingerprints import Database
from camscan.identify import identify_box
from camscan.identify.decide import PROBABLE
from camscan.identify.keys import Key, mac_keys
from camscan.model import Identification, Observation, Report
from camscan.register import events, knowledge, overrides, schema
from camscan.register.asset_numbers import new_asset_number
from camscan.register.codec import DIGEST_SIZE, identification_to_json
from camscan.register.record import reading, writing
from camscan.register.record.evidence import record_attempts, record_listed
from camscan.register.record.known import KnownDevice
from camscan.register.record.listed import SAME_DAY, PlacedDevice, newly_listed, place_devices
from camscan.register.record.presence import Removal
from camscan.register.record.sighting import observation_places as evidence_of
from camscan.register.rows import insert_rows
from camscan.register.site_lookup import FindPlace, make_lookup
from camscan.register.types import ListedDevice, RecordedList

_LISTED_AGAIN = "listed_after_removal"
"""The removal (by its line in the audit log) for which it was reported that a list still has the device."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One row that is not yet in the tables."""

    id: int
    asset_id: str
    placed: Sequence[PlacedDevice]
    """What is listed about it; twice if the device has two network cards."""
    known: KnownDevice | None
    found: Identification
    elsewhere: Mapping[str, Any]

    @property
    def before(self) -> Mapping[str, Any]:
        return self.known.elsewhere if self.known else {}

    @property
    def macs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(mac for each in self.placed for mac in each.device.mac_addresses))

    @property
    def ips(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(ip for each in self.placed for ip in each.device.ip_addresses))


def record_list(connection: Connection, report: Report, database: Database, *, everything: bool) -> RecordedList:
    """Record a list of another system; see ``Register.record_listed``."""
    find_place = make_lookup(connection)
    placed = place_devices(report, reading.read_listed(connection, report), find_place, everything=everything)
    rows = _make_rows(connection, report, placed, database)
    scan = reading.read_number(connection, report)
    kept = {id(seen) for row in rows for each in row.placed for seen in each.device.observations}
    attempts = [each for each in report.attempts if any(id(seen) in kept for seen in each.observations)]
    writing.write_scan(connection, scan, replace(report, devices=()))
    happened = _write_rows(connection, scan, report, rows, find_place)
    record_attempts(connection, scan, attempts)
    left_out = Counter(each.left_out for each in placed if each.left_out)
    return RecordedList(tuple(map(_entered_device, rows)), dict(left_out.most_common()), happened)


def _make_rows(
    connection: Connection, report: Report, placed: Iterable[PlacedDevice], database: Database
) -> list[_Row]:
    by_row: dict[int, list[PlacedDevice]] = {}
    fresh: list[PlacedDevice] = []
    for each in placed:
        if each.row:
            by_row.setdefault(each.row.id, []).append(each)
        elif not each.left_out:
            fresh.append(each)
    unsure = [number for number, found in by_row.items() if found[0].row and _is_unsure(found[0].row)]
    current = reading.read_current(connection, unsure)
    first = reading.read_free_device(connection)
    rows = [_known_row(found, current.get(number), database) for number, found in by_row.items()]
    return rows + [_new_row(first + index, report, each) for index, each in enumerate(fresh)]


def _is_unsure(row: KnownDevice) -> bool:
    return row.found.maker is None or row.found.certainty < PROBABLE


def _new_row(number: int, report: Report, placed: PlacedDevice) -> _Row:
    device = placed.device
    name = new_asset_number(report.started_at)
    return _Row(number, name, (placed,), None, device.identification, knowledge.listed_elsewhere(device))


def _known_row(placed: Sequence[PlacedDevice], current: Sequence[Observation] | None, database: Database) -> _Row:
    row = placed[0].row
    if row is None:
        raise ValueError("it has a row")
    elsewhere: Mapping[str, Any] = row.elsewhere
    for each in placed:
        elsewhere = knowledge.newest_listing(elsewhere, knowledge.listed_elsewhere(each.device))
    found = row.found
    if current is not None:  # what scans leave open may follow from all the evidence together
        fresh = [seen for each in placed for seen in each.device.observations]
        found = knowledge.last_known(found, identify_box([*current, *fresh], database))
    mac = elsewhere.get("mac", {}).get("value")
    return _Row(row.id, row.asset_id, tuple(placed), row, replace(found, mac=found.mac or mac), elsewhere)


def _entered_device(row: _Row) -> ListedDevice:
    return ListedDevice(
        row.asset_id,
        row.known.found if row.known else row.found,
        row.found,
        row.ips,
        row.macs,
        newly_listed(row.before, row.elsewhere),
        is_new=row.known is None,
    )


def _write_rows(
    connection: Connection, scan: int, report: Report, rows: Sequence[_Row], find_place: FindPlace
) -> tuple[Happening, ...]:
    insert_rows(connection, "device", [_device_columns(row, report, find_place) for row in rows if row.known is None])
    removals = reading.read_removals(connection, [row.id for row in rows if row.known])
    alarms = {row.id: removals[row.id] for row in rows if row.id in removals and _is_alarm(row, removals[row.id])}
    for row in rows:
        if row.known is not None:
            _update_row(connection, row, row.known, alarms.get(row.id))
    _write_addresses(connection, scan, rows)
    observed = [
        (row.id, {at: seen for each in row.placed for at, seen in evidence_of(each.device).items()}) for row in rows
    ]
    record_listed(connection, scan, observed)
    drafts = [draft for row in rows for draft in _draft_events(row, alarms.get(row.id))]
    return events.store_events(connection, drafts, scan=scan, scan_id=report.scan_id, at=report.finished_at)


def _device_columns(row: _Row, report: Report, find_place: FindPlace) -> dict[str, Any]:
    """The columns of a row that no scan has seen."""
    on_map = find_place("", row.ips)
    return {
        "id": row.id,
        "asset_id": row.asset_id,
        "site": on_map.name if on_map else report.site,
        "provisional": True,
        "sightings": 0,
        **_listed_columns(row.found),
        "known": {
            "identification": identification_to_json(row.found),
            "open_ports": [],
            "elsewhere": dict(row.elsewhere),
        },
        "evidence_digest": bytes(DIGEST_SIZE),
        "record_type": RecordType.LISTED.value,
        "presence": Presence.NOT_SCANNED.value,
        "scans_missed": 0,
    }


def _listed_columns(shown: Identification) -> dict[str, Any]:
    values = {name: getattr(shown, name) for name in knowledge.VALUES}
    return {**values, "confidence": shown.confidence.value, "certainty": shown.certainty}


def _is_alarm(row: _Row, removal: Removal) -> bool:
    """Whether the device was on the network after somebody had recorded its removal; reported once for each removal.

    Tables keep what they heard for some hours, and clocks differ: a day is allowed.
    """
    heard = _newest_evidence(row)
    told = row.known.row["known"].get("told", {}).get(_LISTED_AGAIN) if row.known else None
    late = removal.at is None or (heard is not None and heard.seen_at > removal.at + SAME_DAY)
    return heard is not None and late and told != removal.change


def _newest_evidence(row: _Row) -> Observation | None:
    """The newest evidence that the device was on the network; None if it is only in lists."""
    seen = (seen for each in row.placed for seen in each.device.observations if seen.key == "listed.heard")
    return max(seen, key=lambda each: each.seen_at, default=None)


def _list_name(row: _Row, heard: Observation) -> str:
    """The list that gives this evidence."""
    seen = (seen for each in row.placed for seen in each.device.observations if seen.key == "listed.in")
    told = (
        seen.value for seen in seen if (seen.probe, seen.ip, seen.seen_at) == (heard.probe, heard.ip, heard.seen_at)
    )
    return next(told, "list of another system")


def _update_row(connection: Connection, row: _Row, known: KnownDevice, alarm: Removal | None) -> None:
    """Update a row from lists and all other evidence, except the times when scans saw it."""
    table = schema.device
    told = {**known.row["known"], "identification": identification_to_json(row.found), "elsewhere": dict(row.elsewhere)}
    if alarm:
        told["told"] = {**told.get("told", {}), _LISTED_AGAIN: alarm.change}
    shown = overrides.overlay_entries(row.found, known.entries or {})
    connection.execute(table.update().where(table.c.id == row.id).values(known=told, **_listed_columns(shown)))


def _write_addresses(connection: Connection, scan: int, rows: Sequence[_Row]) -> None:
    """Write addresses.

    For a device that never answered, all of them; for others, only MAC addresses that scans do not see.
    """
    table = schema.device_address
    new: list[dict[str, Any]] = []
    keys: list[dict[str, Any]] = []
    for row in rows:
        is_listed = row.known is None or row.known.is_only_listed
        held = row.known.addresses if row.known else {}
        wanted = [("ip", ip) for ip in row.ips if is_listed] + [("mac", mac) for mac in row.macs]
        for position, (kind, value) in enumerate(wanted):
            if (kind, value) not in held:
                at = {"first_scan": scan, "last_scan": scan, "position": position}
                new.append({"device_id": row.id, "kind": kind, "value": value, **at})
            elif is_listed:
                here = (table.c.device_id == row.id, table.c.kind == kind, table.c.value == value)
                connection.execute(table.update().where(*here).values(last_scan=scan, position=position))
        if is_listed:
            known = row.known.keys if row.known else set[Key]()
            fresh = sorted(mac_keys((), row.macs) - known)
            span = {"first_scan": scan, "last_scan": scan}
            keys += [{"kind": key.kind, "value": key.value, "device_id": row.id, **span} for key in fresh]
    insert_rows(connection, table.name, new)
    insert_rows(connection, "device_key", keys)


def _draft_events(row: _Row, alarm: Removal | None) -> Iterable[events.Draft]:
    if row.known is None:
        where = ", ".join(row.ips or row.macs)
        detail = f"in the {row.elsewhere['heard']['value']}; it never answered a scan"
        yield events.Draft(Event.NEW, row.id, row.asset_id, "", where, detail)
        return
    if alarm and (heard := _newest_evidence(row)):
        where = ", ".join(row.ips or row.macs)
        seen = f"the {_list_name(row, heard)} as of {day_text(heard.seen_at.date())}"
        detail = f"was recorded as {alarm.status}, and is in {seen}"
        yield events.Draft(Event.REAPPEARED_AFTER_REMOVAL, row.id, row.asset_id, alarm.status, where, detail)
    for each in knowledge.find_differences(row.known.found, row.found):
        yield events.Draft(each.event, row.id, row.asset_id, each.old, each.new, each.detail)
