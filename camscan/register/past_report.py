"""Builds the report of a recorded scan again, so that it can be exported in any format later."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, or_, select

from camscan.errors import UsageError
from camscan.model import LISTED, Completion, Device, Observation, Report
from camscan.register import schema
from camscan.register.codec import coverage_from_json, identification_from_json, is_late, turn_from_json
from camscan.register.read import list_attempts
from camscan.register.site_lookup import make_lookup


def past_report(connection: Connection, scan_id: str | None) -> Report:
    """The report of a recorded scan; see ``Register.report``."""
    table = schema.scan
    newest = scan_id if scan_id is not None else _newest_scan_id(connection)
    row = connection.execute(select(table).where(table.c.scan_id == newest)).mappings().first()
    if row is None:
        raise UsageError(
            "the register has no scan yet; run a scan first"
            if scan_id is None
            else f"the register has no scan {scan_id}; the JSON and CSV files of a scan contain its id"
        )
    report = Report(
        scan_id=row["scan_id"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        completion=Completion(row["completion"]),
        site=row["site"],
        targets=tuple(row["targets"]),
        pace=row["pace"],
        version=row["version"],
        database=row["database"],
        devices=_read_devices(connection, row["id"], late=is_late(row["coverage"])),
        coverage=coverage_from_json(row["coverage"]),
        attempts=tuple(list_attempts(connection, row["scan_id"], None)),
        turn=turn_from_json(row["coverage"]),
    )
    return replace(report, sites={} if report.site else _sites_seen(connection, report))


def _newest_scan_id(connection: Connection) -> str | None:
    """The id of the last scan. Lists of other systems are not scans, and late parcels are older than other scans."""
    table = schema.scan
    rows = connection.execute(select(*table.c["scan_id", "coverage"]).order_by(table.c.id.desc()))
    scans = (row for row in rows if not coverage_from_json(row.coverage).is_listing and not is_late(row.coverage))
    return next((row.scan_id for row in scans), None)


def _sites_seen(connection: Connection, report: Report) -> dict[str, str]:
    """The sites of the devices that it saw, by the present site map."""
    find = make_lookup(connection)
    found = ((ip, find("", [ip])) for device in report.devices for ip in device.ip_addresses)
    return {ip: place.name for ip, place in found if place}


def _read_devices(connection: Connection, scan: int, *, late: bool) -> tuple[Device, ...]:
    """Every device as that scan saw it, with the evidence that held then."""
    sighting, state = schema.sighting, schema.device_state
    query = (
        select(sighting.c.device_id, state.c.state, *sighting.c["first_seen", "last_seen"])
        .join(state, state.c.id == sighting.c.state_id)
        .where(sighting.c.scan == scan)
        .order_by(sighting.c.device_id)
    )
    evidence = _read_evidence(connection, scan, late=late)
    return tuple(_make_device(row, evidence[row["device_id"]]) for row in connection.execute(query).mappings())


def _make_device(row: Any, observations: list[Observation]) -> Device:
    state = row["state"]
    return Device(
        identification=identification_from_json(state["identification"]),
        ip_addresses=tuple(state["ip_addresses"]),
        mac_addresses=tuple(state["mac_addresses"]),
        open_ports=tuple(state["open_ports"]),
        observations=tuple(observations),
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
    )


def _read_evidence(connection: Connection, scan: int, *, late: bool) -> defaultdict[int, list[Observation]]:
    """Device id -> the observations that held at its sighting in that scan.

    For a late scan, the scan's own observations.
    """
    seen, fact, sighting = schema.observation, schema.fact, schema.sighting
    query = (
        select(seen.c.device_id, *seen.c["ip", "port", "probe", "seen_at"], *fact.c["key", "value"])
        .join(fact, fact.c.id == seen.c.fact_id)
        .join(sighting, (sighting.c.device_id == seen.c.device_id) & (sighting.c.scan == scan))
        .where(~seen.c.probe.startswith(LISTED, autoescape=True))
        .where(seen.c.first_scan == scan if late else seen.c.first_scan <= scan)
        .where(or_(seen.c.last_scan.is_(None), func.coalesce(seen.c.last_scan, 0) >= scan))
        .order_by(seen.c.id)
    )
    found: defaultdict[int, list[Observation]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        found[row["device_id"]].append(
            Observation(row["ip"], row["port"], row["probe"], row["key"], row["value"], row["seen_at"])
        )
    return found
