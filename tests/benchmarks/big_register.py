"""A register of years: 20,000 devices of 40 sites, 500 scans, people's entries, events. Made, never shipped.

The first scan of every site is recorded as any other; what follows is laid down in bulk, as recording would have: every
tenth scan saw the whole estate, the others one site each.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sample_report import NOON, camera, report
from sqlalchemy import Connection, Text, case, cast, func, literal, select

from camscan.asset import Place
from camscan.model import Report
from camscan.register import open_register, schema

DEVICES, SCANS, SITES = 20_000, 500, 40
FIRST = NOON - timedelta(days=3 * 365)
_ROUND = 10
"""Every so manieth scan is of the whole estate."""


def fill(where: str | Path, *, devices: int = DEVICES, scans: int = SCANS, sites: int = SITES) -> None:
    """Make the register at ``where``."""
    with open_register(where) as book:
        for site in range(sites):
            book.record(first_scan(site, devices // sites))
        with book._connection.begin():
            _years(book._connection, scans, sites)
            _people(book._connection)
        book.remember_sites(_map(sites))


def address(number: int) -> str:
    """Of the ``number``-th device."""
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def first_scan(site: int, devices: int) -> Report:
    """The first scan of one site."""
    when = FIRST + timedelta(minutes=site)
    numbers = range(site * devices, (site + 1) * devices)
    found = (camera(each, ip=address(each), when=when, observations=10) for each in numbers)
    return report(*found, scan_id=f"first-{site}", when=when, site=f"Site {site}", targets=(f"10.{site}.0.0/16",))


def _years(connection: Connection, scans: int, sites: int) -> None:
    scan, device, sighting, state = schema.scan, schema.device, schema.sighting, schema.device_state
    template = dict(connection.execute(select(scan).where(scan.c.id == 1)).mappings().one())
    rows = [_scan(template, number, sites) for number in range(sites + 1, scans + 1)]
    connection.execute(scan.insert(), rows)
    at = scan.c.started_at
    every: Any = select(scan.c.id, device.c.id, state.c.id, at, at)
    every = every.select_from(scan.join(device, _saw(sites)).join(state, state.c.device_id == device.c.id))
    connection.execute(sighting.insert().from_select(list(sighting.c), every.where(scan.c.id > sites)))
    _seen(connection)
    _attempts(connection, sites)
    _events(connection, sites)
    connection.execute(schema.tally.insert(), [{"scan": each["id"], "counts": _counts(each["id"])} for each in rows])


def _scan(template: dict[str, Any], number: int, sites: int) -> dict[str, Any]:
    whole = number % _ROUND == 0
    when = FIRST + timedelta(days=3 * 365 * number // SCANS)
    coverage = dataclasses.asdict(report().coverage) | {"notes": []}
    return template | {
        "id": number,
        "scan_id": f"scan-{number}",
        "started_at": when,
        "finished_at": when + timedelta(hours=1),
        "site": "" if whole else f"Site {number % sites}",
        "targets": ["10.0.0.0/8"] if whole else [f"10.{number % sites}.0.0/16"],
        "coverage": coverage,
        "devices": DEVICES if whole else DEVICES // sites,
    }


def _saw(sites: int) -> Any:
    """Which scan saw which device, in SQL."""
    scan, device = schema.scan, schema.device
    return (scan.c.id % _ROUND == 0) | (device.c.first_scan - 1 == scan.c.id % sites)


def _seen(connection: Connection) -> None:
    """Every device was last seen by the last scan that saw it."""
    device, sighting = schema.device, schema.sighting
    of = sighting.c.device_id == device.c.id
    last = select(func.max(sighting.c.scan)).where(of).scalar_subquery()
    seen = select(func.max(sighting.c.last_seen)).where(of).scalar_subquery()
    count = select(func.count()).where(of).scalar_subquery()
    connection.execute(device.update().values(last_scan=last, last_seen=seen, sightings=count))
    for table in (schema.device_key, schema.device_address):
        newest = select(device.c.last_scan).where(device.c.id == table.c.device_id).scalar_subquery()
        connection.execute(table.update().values(last_scan=newest))


def _attempts(connection: Connection, sites: int) -> None:
    asked, sighting = schema.attempt, schema.sighting
    first = connection.execute(select(func.max(asked.c.id))).scalar_one()
    kept = dict(connection.execute(select(asked).where(asked.c.id == 1)).mappings().one())
    number = func.row_number().over(order_by=(sighting.c.scan, sighting.c.device_id)) + first
    fixed = [literal(kept[name], asked.c[name].type) for name in ("port", "probe", "outcome", "detail", "payload_id")]
    rows = select(number, sighting.c.scan, literal("10.0.0.1"), *fixed, sighting.c.first_seen)
    rows = rows.where(sighting.c.scan > sites)
    connection.execute(asked.insert().from_select(list(asked.c), rows))


def _events(connection: Connection, sites: int) -> None:
    """One in ten sightings is an event: an address or a firmware that changed, for good."""
    event, sighting = schema.event, schema.sighting
    first = connection.execute(select(func.max(event.c.id))).scalar() or 0
    number = func.row_number().over(order_by=(sighting.c.scan, sighting.c.device_id)) + first
    values: dict[str, Any] = {
        "id": number,
        "scan": sighting.c.scan,
        "after_scan": sighting.c.scan,
        "device_id": sighting.c.device_id,
        "at": sighting.c.first_seen,
        "kind": case((sighting.c.device_id % 2 == 0, literal("moved_ip")), else_=literal("firmware_changed")),
        "old": literal("before ").concat(cast(sighting.c.scan, Text)),
        "new": literal("after ").concat(cast(sighting.c.scan, Text)),
        "detail": literal("was one thing, is now another"),
    }
    some = (sighting.c.scan > sites) & ((sighting.c.device_id * 7 + sighting.c.scan * 13) % 10 == 0)
    columns = [event.c[name] for name in values]
    connection.execute(event.insert().from_select(columns, select(*values.values()).where(some)))


def _counts(number: int) -> dict[str, float]:
    return {"devices": 20_000.0, "in_scope": 18_000.0 - number, "remaining": 16_000.0 - 20 * number}


def _people(connection: Connection) -> None:
    """Three devices of four have been dealt with by people."""
    chance = random.Random(1)
    numbers = connection.execute(select(schema.device.c.id)).scalars().all()
    entered = [each for each in numbers if each % 4]
    rows: list[dict[str, Any]] = [
        {"device_id": number, "entries": _entries(chance, number), "revision": revision}
        for revision, number in enumerate(entered, 1)
    ]
    connection.execute(schema.people.insert(), rows)
    connection.execute(schema.change.insert(), list(_changes(rows)))


def _entries(chance: random.Random, number: int) -> dict[str, str]:
    day = datetime(2026, 1, 1, tzinfo=NOON.tzinfo) + timedelta(days=chance.randrange(700))
    status = chance.choice(["found", "confirmed", "planned", "planned", "ordered", "removed"])
    return {
        "lifecycle_status": status,
        "council_asset_tag": f"CCTV-{number:05d}",
        "location_detail": f"Floor {number % 5}, corridor {number % 17}",
        "planned_removal_date": f"{day:%Y-%m-%d}",
        "removal_phase": str(number % 6 + 1),
        "blocked_by": "Cable runs through the plant room.",
    }


def _changes(entered: list[dict[str, Any]]) -> Iterator[dict[str, object]]:
    given = {"at": NOON, "role": "estates", "how": "set", "old": "", "because": "", "column_name": "location_detail"}
    for row in entered:
        new = row["entries"]["location_detail"]
        yield given | {"id": row["revision"], "device_id": row["device_id"], "new": new}


def _map(sites: int) -> Iterator[Place]:
    """The site map: every site, and 512 subnets."""
    for block in range(512):
        number = block % sites
        yield Place(
            name=f"Site {number}",
            ref=f"1000{number:04d}",
            type="school",
            sensitivity=str(number % 4 + 1),
            controller="own",
            owner_service="facilities",
            network_zone="core",
            vlan=str(block),
            subnet=f"10.{block >> 8}.{block & 255}.0/24",
        )


def main() -> None:
    """``python tests/benchmarks/big_register.py WHERE`` makes one."""
    import sys  # noqa: PLC0415 - only here

    fill(sys.argv[1])


if __name__ == "__main__":
    main()
