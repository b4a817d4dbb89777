"""Queries to the register. Each runs inside one transaction of the caller, so that it sees one state."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from camscan.asset import Asset
from camscan.model import Attempt, Completion, Outcome
from camscan.register.assets import read_assets
from camscan.register.codec import coverage_from_json, identification_from_json, is_late, turn_from_json
from camscan.register.plain_sql import AnyConnection, driver_errors, fetch, fetch_rows, fetch_value, is_undecodable
from camscan.register.rounds import in_order, with_turns
from camscan.register.site_lookup import make_lookup  # noqa: F401 - asked for here too
from camscan.register.stored import FAULTS
from camscan.register.tables import KEPT
from camscan.register.types import Sighting, StoredScan


def list_devices(connection: AnyConnection, *, maker: str | None, site: str | None) -> list[Asset]:
    """Devices of a maker or a site; see ``Register.devices``."""
    asked: dict[str, Any] = {name: value for name, value in (("maker", maker), ("site", site)) if value is not None}
    return read_assets(connection, " AND ".join(f"{name} = :{name}" for name in asked), **asked)


def list_legible(connection: AnyConnection) -> tuple[list[Asset], int]:
    """Every device that can be read, in order, and how many cannot.

    Raises an error if none can, because they then share a fault.
    """
    ((first, last),) = fetch(connection, "SELECT min(id), max(id) FROM device")
    if first is None:
        return [], 0
    read_assets(connection, "0 = 1")  # otherwise every row would be tried for nothing
    return _read_legible(connection, first, last)


def _read_legible(connection: AnyConnection, first: int, last: int) -> tuple[list[Asset], int]:
    """The devices with numbers from ``first`` to ``last`` that can be read, and how many cannot.

    They are read by halves, so that one damaged row costs few queries.
    """
    try:
        return read_assets(connection, "id BETWEEN :first AND :last", first=first, last=last), 0
    except FAULTS:
        pass
    except driver_errors() as error:
        if not is_undecodable(error):
            raise
    if first == last:
        return [], 1
    middle = (first + last) // 2
    (left, lost), (right, more) = _read_legible(connection, first, middle), _read_legible(connection, middle + 1, last)
    return left + right, lost + more


def merged_rows(connection: AnyConnection) -> Mapping[str, str]:
    """Rows that were merged; see ``Register.merged_rows``."""
    query = """
        SELECT gone.asset_id, kept.asset_id FROM device gone
        JOIN device kept ON gone.merged_into = kept.id AND gone.id <> kept.id
    """
    return dict(fetch(connection, query))


def list_sightings(connection: AnyConnection, asset_id: str) -> list[Sighting]:
    """The sightings of a device; see ``Register.history``."""
    query = """
        SELECT scan.scan_id, device_state.state, sighting.first_seen, sighting.last_seen FROM sighting
        JOIN device_state ON device_state.id = sighting.state_id
        JOIN device ON device.id = sighting.device_id
        JOIN scan ON scan.id = sighting.scan
        WHERE device.asset_id = :asset_id ORDER BY sighting.scan
    """
    return [
        Sighting(
            scan_id=row["scan_id"],
            identification=identification_from_json(row["state"]["identification"]),
            ip_addresses=tuple(row["state"]["ip_addresses"]),
            mac_addresses=tuple(row["state"]["mac_addresses"]),
            open_ports=tuple(row["state"]["open_ports"]),
            first_seen=row["first_seen"],
            last_seen=row["last_seen"],
        )
        for row in fetch_rows(connection, query, asset_id=asset_id)
    ]


def has_scan(connection: AnyConnection, scan_id: str) -> bool:
    """Whether a scan was recorded; see ``Register.has_scan``."""
    return bool(fetch(connection, "SELECT 1 FROM scan WHERE scan_id = :scan_id", scan_id=scan_id))


def list_scans(connection: AnyConnection) -> list[StoredScan]:
    """The recorded scans; see ``Register.scans``."""
    rows = fetch_rows(connection, "SELECT * FROM scan ORDER BY id")
    found = [
        StoredScan(
            scan_id=row["scan_id"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            completion=Completion(row["completion"]),
            site=row["site"],
            targets=tuple(row["targets"]),
            pace=row["pace"],
            version=row["version"],
            database=row["database"],
            coverage=coverage_from_json(row["coverage"]),
            devices=row["devices"],
            turn=turn_from_json(row["coverage"]),
            is_late=is_late(row["coverage"]),
        )
        for row in rows
    ]
    unsaid = [scan for scan, row in zip(found, rows, strict=True) if "round" not in row["coverage"]]
    return in_order(with_turns(found, unsaid))


def list_tallies(connection: AnyConnection) -> list[tuple[StoredScan, Mapping[str, float]]]:
    """The counts of each scan; see ``Register.tallies``."""
    rows = fetch_rows(connection, "SELECT scan_id, counts FROM tally JOIN scan ON scan.id = tally.scan")
    counted = {row["scan_id"]: row["counts"] for row in rows}
    return [(each, counted[each.scan_id]) for each in list_scans(connection) if each.scan_id in counted]


def list_attempts(connection: AnyConnection, scan_id: str, ip: str | None) -> list[Attempt]:
    """What a scan asked; see ``Register.attempts``."""
    query = """
        SELECT probe, ip, port, outcome, detail, seen_at, payload.content FROM attempt
        JOIN scan ON scan.id = attempt.scan LEFT JOIN payload ON payload.id = attempt.payload_id
        WHERE scan.scan_id = :scan_id
    """
    if ip is None:
        rows = fetch_rows(connection, f"{query} ORDER BY attempt.id", scan_id=scan_id)
    else:
        rows = fetch_rows(connection, f"{query} AND ip = :ip ORDER BY attempt.id", scan_id=scan_id, ip=ip)
    return [
        Attempt(
            probe=row["probe"],
            ip=row["ip"],
            port=row["port"],
            outcome=Outcome(row["outcome"]),
            detail=row["detail"],
            payload=zlib.decompress(row["content"]) if row["content"] else b"",
            seen_at=row["seen_at"],
        )
        for row in rows
    ]


def count_rows(connection: AnyConnection) -> Mapping[str, int]:
    """Number of rows of each table; see ``Register.count_rows``."""
    return {table: int(fetch_value(connection, f"SELECT count(*) FROM {table}")) for table in KEPT}  # noqa: S608 - ours
