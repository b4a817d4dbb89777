"""Queries to the register. Each runs inside one transaction of the caller, so that it sees one state."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError

from camscan.asset import Asset
from camscan.model import Attempt, Completion, Outcome
from camscan.register import schema
from camscan.register.assets import read_assets
from camscan.register.codec import coverage_from_json, identification_from_json, is_late, turn_from_json
from camscan.register.rounds import in_order, with_turns
from camscan.register.site_lookup import make_lookup  # noqa: F401 - asked for here too
from camscan.register.stored import FAULTS
from camscan.register.types import Sighting, StoredScan


def list_devices(connection: Connection, *, maker: str | None, site: str | None) -> list[Asset]:
    """Devices of a maker or a site; see ``Register.devices``."""
    asked: dict[str, Any] = {name: value for name, value in (("maker", maker), ("site", site)) if value is not None}
    return read_assets(connection, " AND ".join(f"{name} = :{name}" for name in asked), **asked)


def list_legible(connection: Connection) -> tuple[list[Asset], int]:
    """Every device that can be read, in order, and how many cannot.

    Raises an error if none can, because they then share a fault.
    """
    table = schema.device
    first, last = connection.execute(select(func.min(table.c.id), func.max(table.c.id))).one()
    if first is None:
        return [], 0
    read_assets(connection, "0 = 1")  # otherwise every row would be tried for nothing
    return _read_legible(connection, first, last)


def _read_legible(connection: Connection, first: int, last: int) -> tuple[list[Asset], int]:
    """The devices with numbers from ``first`` to ``last`` that can be read, and how many cannot.

    They are read by halves, so that one damaged row costs few queries.
    """
    try:
        return read_assets(connection, "id BETWEEN :first AND :last", first=first, last=last), 0
    except FAULTS:
        pass
    except OperationalError as error:  # a text that is not UTF-8
        if "decode" not in str(error).lower():
            raise
    if first == last:
        return [], 1
    middle = (first + last) // 2
    (left, lost), (right, more) = _read_legible(connection, first, middle), _read_legible(connection, middle + 1, last)
    return left + right, lost + more


def merged_rows(connection: Connection) -> Mapping[str, str]:
    """Rows that were merged; see ``Register.merged_rows``."""
    kept, gone = schema.device, schema.device.alias("gone")
    query = select(gone.c.asset_id, kept.c.asset_id.label("into")).join_from(
        gone, kept, (gone.c.merged_into == kept.c.id) & (gone.c.id != kept.c.id)
    )
    return {row.asset_id: row.into for row in connection.execute(query)}


def list_sightings(connection: Connection, asset_id: str) -> list[Sighting]:
    """The sightings of a device; see ``Register.history``."""
    sighting, state, device, scan = schema.sighting, schema.device_state, schema.device, schema.scan
    query = (
        select(scan.c.scan_id, state.c.state, *sighting.c["first_seen", "last_seen"])
        .select_from(sighting)
        .join(state, state.c.id == sighting.c.state_id)
        .join(device, device.c.id == sighting.c.device_id)
        .join(scan, scan.c.id == sighting.c.scan)
        .where(device.c.asset_id == asset_id)
        .order_by(sighting.c.scan)
    )
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
        for row in connection.execute(query).mappings()
    ]


def has_scan(connection: Connection, scan_id: str) -> bool:
    """Whether a scan was recorded; see ``Register.has_scan``."""
    table = schema.scan
    return connection.execute(select(table.c.id).where(table.c.scan_id == scan_id)).first() is not None


def list_scans(connection: Connection) -> list[StoredScan]:
    """The recorded scans; see ``Register.scans``."""
    rows = connection.execute(select(schema.scan).order_by(schema.scan.c.id)).mappings().all()
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


def list_tallies(connection: Connection) -> list[tuple[StoredScan, Mapping[str, float]]]:
    """The counts of each scan; see ``Register.tallies``."""
    table, scan = schema.tally, schema.scan
    rows = connection.execute(select(scan.c.scan_id, table.c.counts).join(scan, scan.c.id == table.c.scan))
    counted = {row.scan_id: row.counts for row in rows}
    return [(each, counted[each.scan_id]) for each in list_scans(connection) if each.scan_id in counted]


def list_attempts(connection: Connection, scan_id: str, ip: str | None) -> list[Attempt]:
    """What a scan asked; see ``Register.attempts``."""
    asked, payload, scan = schema.attempt, schema.payload, schema.scan
    query = (
        select(asked, payload.c.content)
        .join(scan, scan.c.id == asked.c.scan)
        .outerjoin(payload, payload.c.id == asked.c.payload_id)
        .where(scan.c.scan_id == scan_id)
        .order_by(asked.c.id)
    )
    if ip is not None:
        query = query.where(asked.c.ip == ip)
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
        for row in connection.execute(query).mappings()
    ]


def count_rows(connection: Connection) -> Mapping[str, int]:
    """Number of rows of each table; see ``Register.count_rows``."""
    counted = {}
    for table in schema.KEPT:
        counted[table.name] = int(connection.execute(select(func.count()).select_from(table)).scalar_one())
    return counted
