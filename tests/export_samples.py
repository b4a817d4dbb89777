"""Registers for the tests of exports: an ordinary one, and one in which every text is hostile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from planned import TODAY, asset

from camscan.app.inventory import inventory_of
from camscan.asset import Asset, Place, RecordType
from camscan.config import Config
from camscan.config.planning import LocalDecision, Planning
from camscan.drafts import whole_text
from camscan.exports import ExportResult, Inventory
from camscan.model import Confidence

TOWN_HALL = Place("Town Hall", "100012345678", "office", "1", "own", "Estates", "core")
SCHOOL = Place("St Mary's School", "100012345679", "school", "2", "school", "Education")
HOSTILE = (
    '=HYPERLINK("http://192.0.2.1/","x")',
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\tTAB =1",
    'a "quoted", comma; semicolon | pipe',
    "two\r\nlines\nand\rmore",
    "\u202egpj.exe\u2066\u200e",
    "nul\x00 escape\x1b[2J bell\x07 \x9b31m",
    "{{ 7 * 7 }} {% raw %} ${7*7} <%= 7 %> #{7}",
    "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;'\"",
    "x" * 10_000,
    "\N{CLAPPER BOARD}\N{VIDEO CAMERA}\N{VARIATION SELECTOR-16} cafe\N{COMBINING ACUTE ACCENT} \u6d77\u5eb7",
    "\ud800 half",
    "../../etc/passwd",
    "END:VEVENT\r\nBEGIN:VALARM",
    'name{label="x"} 1\n# HELP x',
)
"""What a device, an installer or a spreadsheet may have put into any text."""


SETTINGS = Config(
    organisation="Exampleshire County Council",
    planning=Planning(local_decision=LocalDecision("Cabinet 4", date(2026, 5, 12), groups=("hikvision", "dahua"))),
)


def estate() -> list[Asset]:
    """One device of each sort that an export treats in its own way."""
    possible, recorder = Confidence.POSSIBLE, RecordType.BEHIND_RECORDER
    rows = [
        asset(1, place=TOWN_HALL, serial="DS-2CD2132F-IS20150701AAWR000000001", firmware="V5.4.5 build 170124"),
        asset(2, place=TOWN_HALL, planned_removal_date="2026-11-01", lifecycle_status="planned"),
        asset(3, place=SCHOOL, maker="dahua", model="IPC-HDW1431S", planned_removal_date="2027-03-31"),
        asset(4, place=SCHOOL, maker="dahua", kind="nvr", model="NVR4108-8P-4KS2", blocked_by="lease of the roof"),
        asset(5, place=TOWN_HALL, actual_removal_date="2026-10-01", lifecycle_status="removed"),
        asset(6, place=SCHOOL, lifecycle_status="not_ours"),
        asset(7, place=SCHOOL, lifecycle_status="false_positive"),
        asset(8, confidence=possible, model=None),
        asset(9, maker="axis", brand="Axis", model="P3245-LV", serial="ACCC8E000009"),
        asset(10, maker=None, model=None, kind="switch", is_camera=False),
        asset(11, place=SCHOOL, maker="dahua", record_type=recorder, recorder="CAM-0004"),
        asset(
            12,
            place=TOWN_HALL,
            council_asset_tag="CCTV-0012",
            planned_removal_date="2027-03-31",
            estimated_cost="450.00",
        ),
        asset(13, maker=None, model=None, kind=None, is_camera=None),
    ]
    return [
        replace(row, ip_addresses=(f"192.0.2.{number}",), mac_addresses=(f"44:19:b6:00:00:{number:02x}",))
        if row.record_type is RecordType.NETWORK
        else row
        for number, row in enumerate(rows, 1)
    ]


def ordinary() -> Inventory:
    """The register of that estate on TODAY."""
    return inventory_of(estate(), SETTINGS, TODAY)


def hostile() -> Inventory:
    """A register in which every text that a device or a person wrote is one of HOSTILE."""
    rows = []
    for number, text in enumerate(HOSTILE, 1):
        place = Place(text, text, "office", "1", "landlord", text, "core", text, text)
        row = asset(
            number,
            brand=text,
            model=text,
            firmware=text,
            serial=text,
            place=place,
            site=text,
        )
        hints = dict.fromkeys(("hostname", "location_hint", "mac_source"), text)
        entries = {"planned_removal_date": "2027-03-31", **dict.fromkeys(TEXTS, text)}
        rows.append(replace(row, hints=hints, ip_addresses=(f"192.0.2.{number}",), entries=entries))
    return inventory_of(rows, replace(SETTINGS, organisation=HOSTILE[10]), TODAY)


TEXTS = (
    *("council_asset_tag", "location_detail", "responsible_person_role", "switch_port", "removal_phase", "blocked_by"),
    *("replacement_make_model", "budget_code", "funding_source", "supplier", "contract_ref", "removal_evidence_ref"),
    *("disposal_certificate_ref", "scope_decision_ref", "notes", "stated_manufacturer", "stated_serial_number"),
)
"""People's columns that hold any text."""


def texts_of(made: ExportResult) -> dict[str, str]:
    """Name of each file of an export -> its whole text."""
    return {name: whole_text(text) for name, text in made.files.items()}
