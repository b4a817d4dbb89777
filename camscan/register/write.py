"""Recording one report. Everything happens inside the caller's one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select

from camscan.asset import Presence, RecordType
from camscan.errors import RegisterError
from camscan.model import Device, Identification, Observation, Report
from camscan.register import schema
from camscan.register.codec import coverage_to_json, digest_of, identification_to_json, state_to_json
from camscan.register.evidence import Place, next_id, places, record_attempts, record_observations
from camscan.register.evidence import digest_of as digest_of_places
from camscan.register.identity import Key
from camscan.register.matching import Known, Matching, match, rows_in
from camscan.register.stored import Conflict, Recorded

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U to be misread on a label."""
_TIME_DIGITS, _RANDOM_DIGITS = 7, 8


@dataclass(frozen=True, slots=True)
class _Entry:
    """One device of the report on its way into the tables."""

    id: int
    asset_id: str
    device: Device
    known: Known | None
    keys: frozenset[Key]
    state: dict[str, Any]
    state_digest: bytes
    found: dict[Place, Observation]
    evidence_digest: bytes


def record(connection: Connection, report: Report) -> Recorded:
    """Add one scan; see ``Register.record``."""
    scan = _record_scan(connection, report)
    matching = match(connection, report)
    entries = _entries(connection, report, matching)
    _record_devices(connection, scan, report, entries)
    _record_keys(connection, scan, entries)
    _record_addresses(connection, scan, entries)
    _record_sightings(connection, scan, entries)
    changed = [
        (entry.id, entry.known.row["last_scan"] if entry.known else scan, entry.found)
        for entry in entries
        if entry.known is None or entry.known.row["evidence_digest"] != entry.evidence_digest
    ]
    record_observations(connection, scan, changed)
    record_attempts(connection, scan, report.attempts)
    conflicts = _record_conflicts(connection, scan, report, matching, entries)
    before = _previous_scan(connection, scan, report)
    known = [(entry, entry.known.row) for entry in entries if entry.known]
    return Recorded(
        new=tuple(entry.asset_id for entry in entries if entry.known is None),
        returned=tuple(entry.asset_id for entry, row in known if row["last_scan"] < before),
        changed=tuple(entry.asset_id for entry in entries if entry.known and _differs(entry.known, entry.device)),
        devices=len(entries),
        conflicts=conflicts,
    )


def asset_id(when: datetime) -> str:
    """A new asset id: seconds and chance, like a ULID but short enough for a label: ``1TJ9X4G-7HW2M9TX``."""
    seconds, chance = int(when.timestamp()), secrets.randbits(5 * _RANDOM_DIGITS)
    return f"{_base32(seconds, _TIME_DIGITS)}-{_base32(chance, _RANDOM_DIGITS)}"


def _base32(number: int, digits: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(digits)))


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


def _previous_scan(connection: Connection, scan: int, report: Report) -> int:
    """The last scan before this one that asked the same; 0 where there is none."""
    table = schema.scan
    same = (table.c.id < scan, table.c.site == report.site, table.c.targets == list(report.targets))
    return connection.execute(select(func.max(table.c.id)).where(*same)).scalar() or 0


def _entries(connection: Connection, report: Report, matching: Matching) -> list[_Entry]:
    fresh = next_id(connection, schema.device)
    entries = []
    for index, device in enumerate(report.devices):
        known = matching.known.get(index)
        state = state_to_json(device)
        found = places(device)
        entries.append(
            _Entry(
                id=known.id if known else fresh,
                asset_id=known.asset_id if known else asset_id(report.started_at),
                device=device,
                known=known,
                keys=matching.keys[index],
                state=state,
                state_digest=digest_of(state),
                found=found,
                evidence_digest=digest_of_places(found),
            )
        )
        fresh += known is None
    return entries


def _record_devices(connection: Connection, scan: int, report: Report, entries: Iterable[_Entry]) -> None:
    rows = [_device_row(entry, scan, report) for entry in entries]
    _insert(connection, schema.device, [row for row, entry in zip(rows, entries, strict=True) if not entry.known])
    update = schema.device.update().where(schema.device.c.id == bindparam("known_id"))
    known = [
        {**{name: value for name, value in row.items() if name not in {"id", "asset_id"}}, "known_id": entry.id}
        for row, entry in zip(rows, entries, strict=True)
        if entry.known
    ]
    if known:
        connection.execute(update, known)


def _device_row(entry: _Entry, scan: int, report: Report) -> dict[str, Any]:
    device, known = entry.device, entry.known
    old: Mapping[Any, Any] = known.row if known else {}
    found = last_known(known.found, device.identification) if known else device.identification
    return {
        "id": entry.id,
        "asset_id": entry.asset_id,
        "site": report.site or old.get("site", ""),
        "provisional": old.get("provisional", True) and not entry.keys,
        "first_seen": min(old.get("first_seen") or device.first_seen, device.first_seen),
        "last_seen": max(old.get("last_seen") or device.last_seen, device.last_seen),
        "first_scan": old.get("first_scan") or scan,
        "last_scan": scan,
        "sightings": old.get("sightings", 0) + 1,
        "maker": found.maker,
        "brand": found.brand,
        "model": found.model,
        "firmware": found.firmware,
        "serial": found.serial,
        "mac": found.mac,
        "kind": found.kind,
        "is_camera_system": found.is_camera_system,
        "confidence": found.confidence.value,
        "certainty": found.certainty,
        "known": {"identification": identification_to_json(found), "open_ports": list(device.open_ports)},
        "evidence_digest": entry.evidence_digest,
        "record_type": old.get("record_type", RecordType.NETWORK),
        "presence": Presence.SEEN,
        "scans_missed": 0,
    }


def last_known(before: Identification, now: Identification) -> Identification:
    """What is known after a sighting: silence blanks nothing, and weaker evidence for the same maker lowers nothing."""
    keep = now.maker is None or (now.maker == before.maker and now.certainty < before.certainty)
    claim = before if before.maker and keep else now
    return replace(
        now,
        maker=claim.maker,
        brand=now.brand or before.brand,
        model=now.model or before.model,
        firmware=now.firmware or before.firmware,
        serial=now.serial or before.serial,
        mac=now.mac or before.mac,
        kind=now.kind or before.kind,
        is_camera_system=before.is_camera_system if now.is_camera_system is None else now.is_camera_system,
        capabilities={**before.capabilities, **now.capabilities},
        confidence=claim.confidence,
        certainty=claim.certainty,
        because=claim.because,
        conflicts=now.conflicts,
    )


def _differs(known: Known, device: Device) -> bool:
    """Whether a sighting says something new: another value or address. Silence, order and certainty are no change."""
    before, now = known.found, last_known(known.found, device.identification)
    values = ("maker", "brand", "model", "firmware", "serial", "mac", "kind", "is_camera_system")
    return (
        any(getattr(before, name) != getattr(now, name) for name in values)
        or before.capabilities.keys() != now.capabilities.keys()
        or not all(map(known.holds, device.ip_addresses))
        or any(("mac", mac) not in known.addresses for mac in device.mac_addresses)
    )


def _record_keys(connection: Connection, scan: int, entries: Iterable[_Entry]) -> None:
    new: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    for entry in entries:
        for key in entry.keys:
            row = {"device_id": entry.id, "kind": key.kind, "value": key.value, "first_scan": scan, "last_scan": scan}
            (again if entry.known and key in entry.known.keys else new).append(row)
    _insert(connection, schema.device_key, new)
    _seen_again(connection, schema.device_key, again, scan)


def _record_addresses(connection: Connection, scan: int, entries: Iterable[_Entry]) -> None:
    new: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    for entry in entries:
        for kind, values in (("ip", entry.device.ip_addresses), ("mac", entry.device.mac_addresses)):
            for position, value in enumerate(dict.fromkeys(values)):
                row = {"device_id": entry.id, "kind": kind, "value": value, "position": position}
                row |= {"first_scan": scan, "last_scan": scan}
                (again if entry.known and (kind, value) in entry.known.addresses else new).append(row)
    _insert(connection, schema.device_address, new)
    _seen_again(connection, schema.device_address, again, scan)


def _seen_again(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], scan: int) -> None:
    if not rows:
        return
    where = (table.c[name] == bindparam(f"the_{name}") for name in ("device_id", "kind", "value"))
    values: dict[str, Any] = {"last_scan": scan}
    if "position" in table.c:
        values["position"] = bindparam("the_position")
    given = [{f"the_{name}": value for name, value in row.items() if not name.endswith("_scan")} for row in rows]
    connection.execute(table.update().where(*where).values(**values), given)


def _record_sightings(connection: Connection, scan: int, entries: Sequence[_Entry]) -> None:
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
    _insert(connection, table, states)
    _insert(connection, schema.sighting, sightings)


def _record_conflicts(
    connection: Connection, scan: int, report: Report, matching: Matching, entries: Sequence[_Entry]
) -> tuple[Conflict, ...]:
    """Each once: what was said of a device before is not said again."""
    table = schema.conflict
    ids = {entries[index].id for index, _, _ in matching.conflicts}
    said = {
        (row["device_id"], row["kind"], row["detail"]) for row in rows_in(connection, table, table.c.device_id, ids)
    }
    first = next_id(connection, table)
    rows: list[dict[str, Any]] = []
    conflicts: list[Conflict] = []
    for index, kind, detail in matching.conflicts:
        entry = entries[index]
        if (entry.id, kind, detail) in said:
            continue
        said.add((entry.id, kind, detail))
        number = first + len(rows)
        rows.append({"id": number, "scan": scan, "device_id": entry.id, "kind": kind, "detail": detail})
        conflicts.append(Conflict(entry.asset_id, kind, detail, report.scan_id))
    _insert(connection, table, rows)
    return tuple(conflicts)


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(table.insert(), list(rows))
