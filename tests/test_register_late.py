"""A scan that arrives late, in a file and on a PostgreSQL server: evidence and history, and no presence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_report import DAY, NOON, camera, report
from test_register_channels import OTHER, RECORDER, recorder, seventh, told

from camscan.asset import Presence
from camscan.register import Register
from camscan.register.types import Bounds


def test_it_changes_nothing_that_a_newer_scan_said(book: Register) -> None:
    book.record(report(camera(1), camera(2), scan_id="first"))
    newest = report(camera(1, when=NOON + 2 * DAY), scan_id="newest", when=NOON + 2 * DAY)
    book.record(newest)
    before = {row.asset_id: row for row in book.devices()}
    old = camera(2, when=NOON + DAY, firmware="V5.5.0build 170725")
    late = report(old, camera(3, when=NOON + DAY), scan_id="late", when=NOON + DAY)
    assert book.is_late(late)
    assert not book.is_late(replace(newest, scan_id="again", finished_at=NOON + 3 * DAY))
    recorded = book.record(late, late=True)
    assert (recorded.devices, len(recorded.new), recorded.changed) == (2, 1, ())
    now = {row.asset_id: row for row in book.devices()}
    for name, row in before.items():
        assert (now[name].presence, now[name].scans_missed, now[name].identification, now[name].last_scan) == (
            row.presence,
            row.scans_missed,
            row.identification,
            row.last_scan,
        )
    second = next(row for row in now.values() if row.ip_addresses == ("192.0.2.3",))
    assert (second.presence, second.sightings) == (Presence.MISSED, 2)
    assert [scan.scan_id for scan in book.scans()] == ["first", "late", "newest"]
    assert book.report().scan_id == "newest"
    assert len(book.report("late").devices) == 2
    assert book.find_faults() == []


@pytest.mark.parametrize("keeps_late", [False, True])
@pytest.mark.parametrize("late_scans", [1, 2])
def test_what_only_a_late_scan_saw_is_not_the_present_state_of_a_merged_row(
    book: Register, late_scans: int, *, keeps_late: bool
) -> None:
    book.record(report(camera(1, when=NOON + 4 * DAY), scan_id="newest", when=NOON + 4 * DAY))
    (present,) = book.devices()
    other = [camera(2, when=NOON + turn * DAY, firmware=f"V5.{turn}") for turn in range(late_scans)]
    for turn, device in enumerate(other):
        late = report(device, scan_id=f"late-{turn}", when=NOON + turn * DAY)
        assert book.is_late(late)
        book.record(late, late=True)
    (past,) = (row for row in book.devices() if row.asset_id != present.asset_id)
    keep, gone = (past, present) if keeps_late else (present, past)
    book.merge_devices(keep.asset_id, gone.asset_id, role="estates")
    (merged,) = book.devices()
    assert (merged.asset_id, merged.sightings) == (keep.asset_id, 1 + late_scans)
    assert (merged.ip_addresses[0], merged.last_scan) == ("192.0.2.2", "newest")
    assert merged.identification.firmware == "V5.6.2build 190701"
    assert book.find_faults() == []


def test_two_rows_of_late_scans_are_the_state_that_was_recorded_first(book: Register) -> None:
    book.record(report(camera(9), scan_id="newest", when=NOON + 4 * DAY))
    for turn in (1, 2):
        book.record(report(camera(turn, when=NOON), scan_id=f"late-{turn}", when=NOON + turn * DAY), late=True)
    first, second = (row.asset_id for row in book.devices() if row.ip_addresses != ("192.0.2.10",))
    book.merge_devices(second, first, role="estates")
    assert next(row for row in book.devices() if row.asset_id == second).last_scan == "late-1"
    assert book.find_faults() == []


OAK = Bounds(frozenset({"oak school"}), lambda ip: ip.startswith("198.51.100."))


@pytest.mark.parametrize(
    "claims", [{"serial": "DS-7616NI-K21620190701CCRRD99999999WCVU"}, RECORDER], ids=["own", "theirs"]
)
def test_a_false_recorder_takes_no_camera_of_another_site(book: Register, claims: dict[str, str]) -> None:
    """It lists their cameras as its channels, under its own serial number or under that of their recorder."""
    book.record(report(recorder(told(1), told(2, serial=OTHER)), seventh(), scan_id="elm", site="Elm School"))
    before = {row.asset_id: row for row in book.devices()}
    false = recorder(told(1), told(2, serial=OTHER), told(3, serial="DS-2CD2385G1-I20190701AAWRD77777777"))
    who = RECORDER | claims
    known = replace(false.identification, serial=who["serial"], mac=who["mac"])
    seen = tuple(each._replace(ip="198.51.100.9") for each in false.observations)
    false = replace(false, identification=known, ip_addresses=("198.51.100.9",), observations=seen)
    told_by = report(false, scan_id="oak", site="Oak School", when=NOON + DAY, targets=("198.51.100.0/24",))
    book.record(told_by, bounds=OAK)
    now = {row.asset_id: row for row in book.devices()}
    assert {name: now[name] for name in before} == before
    assert book.find_faults() == []


def test_bounds_keep_the_devices_of_other_sites(book: Register) -> None:
    book.record(report(camera(1), scan_id="elm", site="Elm School"))
    (before,) = book.devices()
    away = camera(1, ip="198.51.100.7", when=NOON + DAY)
    away_report = report(away, scan_id="oak", site="Oak School", when=NOON + DAY, targets=("198.51.100.0/24",))
    recorded = book.record(away_report, bounds=OAK)
    assert len(recorded.new) == 1
    assert next(row for row in book.devices() if row.asset_id == before.asset_id) == before
    assert "which has not said that it moved" in book.conflicts()[0].detail
