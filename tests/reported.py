"""A council's register in the middle of its removal programme, for the tests of the report: made, never shipped.

Twelve sites, both makers and others, recorders, plans, removals, one camera that answers after its removal.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sample_report import camera, nameless, report

from camscan.app import assess
from camscan.app.listing_lines import make_lister
from camscan.config import Config, load_config
from camscan.model import Capability, Confidence, Device
from camscan.register import Edit, Register, open_register

TODAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
SITES = (
    ("Town Hall", "office", "1", "own", "Facilities"),
    ("Castle Street Car Park", "car_park", "3", "contractor", "Parking"),
    ("St Mary's Primary School", "school", "2", "school", "Education"),
    ("Riverside Leisure Centre", "leisure", "3", "contractor", "Leisure"),
    ("Central Library", "library", "3", "own", "Culture"),
    ("Northfield Depot", "depot", "4", "own", "Highways"),
    ("Elm Court Sheltered Housing", "housing", "2", "own", "Housing"),
    ("Beech House", "care", "2", "own", "Adult social care"),
    ("Market Square", "street", "1", "own", "Community safety"),
    ("Westgate Offices", "office", "3", "landlord", "Revenues"),
    ("Hollybush Road Nursery", "school", "2", "school", "Education"),
    ("Southfield Community Hub", "other", "4", "other", "Communities"),
)
DECISION = "planning:\n  local_decision: {minute: Cabinet 2026/14, date: 12 March 2026, groups: [hikvision, dahua]}\n"
MODELS = ("DS-2CD2385G1-I", "DS-2CD2T47G2-L", "DS-2DE4425IW-DE", "DS-7616NI-K2")
DAHUA = ("IPC-HFW2431S-S", "IPC-HDBW4431R-ZS", "DHI-NVR4216-16P-4KS2")


def settings(decision: str = DECISION) -> str:
    """A camscan.yaml with the sites, each with a network of its own."""
    lines = ["organisation: Exampleshire Council", "role: CCTV programme officer", "authorisations:"]
    lines.append("  - {role: Head of ICT, date: 1 January 2026, expires: 31 December 2027, cidrs: [10.0.0.0/8]}")
    lines.append("sites:")
    for number, (name, kind, sensitivity, controller, service) in enumerate(SITES):
        members = f"uprn: '1000{number:02}', type: {kind}, sensitivity: '{sensitivity}', controller: {controller}"
        lines.append(f'  - {{name: "{name}", {members}, owner_service: {service}, cidrs: [10.{number}.0.0/20]}}')
    return "\n".join(lines) + "\n" + decision


def fill(folder: Path, devices: int = 60, *, scans: int = 9, decision: str = DECISION) -> Config:
    """Make camscan.yaml and camscan.db in a folder; the settings. ``assess.today`` must say TODAY meanwhile."""
    path = folder / "camscan.yaml"
    path.write_text(settings(decision), encoding="utf-8")
    config = load_config(path)
    with open_register(folder / "camscan.db") as book:
        book.list_by(make_lister(config))
        book.remember_sites(config.places())
        begin = TODAY - timedelta(days=30 * scans)
        for number in range(scans):
            _scan(book, number, begin + timedelta(days=30 * number + 20), devices)
            if number == 0:
                _plan(book)
            else:
                _remove(book, number, begin + timedelta(days=30 * number + 20))
        _scan(book, scans, TODAY - timedelta(days=2), devices)
    return config


def address(number: int) -> str:
    """Of the ``number``-th device; the sites take turns, the first more than others."""
    site = min((number * 7 + number // 13) % 14, 23 - (number * 7 + number // 13) % 14) % 10
    return f"10.{site}.{number // 250}.{number % 250 + 1}"


def _device(number: int, when: datetime) -> Device:
    ip = address(number)
    if number % 10 == 9:
        return nameless(ip, when=when, is_camera_system=None if number % 20 == 9 else True)
    claims: dict[str, Any] = {"model": MODELS[number % 4]}
    if number % 3 == 1:
        claims = {"maker": "dahua", "brand": "Dahua", "model": DAHUA[number // 3 % 3]}
        claims |= {"serial": f"6J0{number:07d}PAG", "mac": f"3c:ef:8c:00:{number >> 8 & 255:02x}:{number & 255:02x}"}
    else:
        claims["serial"] = f"{claims['model']}20190701AAWR{number:09d}"
    if "NI-" in claims["model"] or "NVR" in claims["model"]:
        claims |= {"kind": "nvr", "capabilities": {}}
    elif number % 5 == 0:
        claims["capabilities"] = {"face_detection": Capability("fair", "model"), "ptz": Capability("fair", "model")}
    if number % 37 == 5:
        claims["confidence"] = Confidence.POSSIBLE
    return camera(number, ip=ip, when=when, **claims)


def _scan(book: Register, number: int, when: datetime, devices: int) -> None:
    found = [
        _device(each, when)
        for each in range(devices)
        if not (each % 11 == 4 and number > 6)  # some fall silent
        and not (number and _is_gone(each) and each != 12)  # and one answers after its removal
        and not (each % 29 == 7 and number < 7)  # some are new
    ]
    targets = tuple(f"10.{site}.0.0/20" for site in range(len(SITES) - 2))
    book.record(report(*found, scan_id=f"scan-{number}", when=when, targets=targets), counted=True)


def _is_gone(number: int) -> bool:
    return number % 5 == 2


def _rows(book: Register) -> Iterator[tuple[int, str]]:
    """Number and asset id of the devices in the order of their numbers."""
    by_ip = {ip: row.asset_id for row in book.devices() for ip in row.ip_addresses}
    number = 0
    while address(number) in by_ip or number < 10_000:
        if address(number) in by_ip:
            yield number, by_ip[address(number)]
        number += 1
        if number > 60_000:
            break


def _plan(book: Register) -> None:
    edits = []
    for number, asset in _rows(book):
        entries = {
            "council_asset_tag": f"CCTV-{number:04}",
            "location_detail": f"Floor {number % 4}, corridor {number % 9}",
        }
        if number % 10 != 9 and number % 7 != 6:
            day = date(2026, 6, 30) + timedelta(days=30 * (number % 31))
            entries |= {"planned_removal_date": day.isoformat(), "removal_phase": f"Phase {number % 31 // 8 + 1}"}
        if number % 4:
            entries["estimated_cost"] = f"{250 + number % 6 * 75}.00"
        if number % 23 == 3:
            entries["blocked_by"] = "Landlord's consent"
        if number % 31 == 11:
            entries["lifecycle_status"] = "accepted_risk"
            entries.pop("planned_removal_date", "")
            entries.pop("removal_phase", "")
        edits += [Edit(asset, column, value) for column, value in entries.items()]
    book.edit_entries(edits, role="CCTV programme officer", how="camscan plan propose")


def _remove(book: Register, number: int, when: datetime) -> None:
    """Remove a tenth of the devices in scope every month."""
    edits = []
    for each, asset in _rows(book):
        if _is_gone(each) and each % 8 == number - 1:
            entries = {
                "lifecycle_status": "removed",
                "actual_removal_date": (when.date() - timedelta(days=3)).isoformat(),
                "removal_evidence_ref": f"WO-{each}",
            }
            edits += [Edit(asset, column, value) for column, value in entries.items()]
    book.edit_entries(edits, role="CCTV programme officer", how="camscan removed", at=when)


def main() -> None:
    """``python tests/reported.py FOLDER DEVICES`` makes one to look at."""
    import sys  # noqa: PLC0415 - only here

    assess.today_utc = TODAY.date  # the day of the register
    fill(Path(sys.argv[1]), int(sys.argv[2]))


if __name__ == "__main__":
    main()
