"""A scan that arrives late, in a file and on a PostgreSQL server: evidence and history, and no presence."""

from __future__ import annotations

from dataclasses import replace

from sample_report import DAY, NOON, camera, report

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


def test_bounds_keep_the_devices_of_other_sites(book: Register) -> None:
    book.record(report(camera(1), scan_id="elm", site="Elm School"))
    (before,) = book.devices()
    away = camera(1, ip="198.51.100.7", when=NOON + DAY)
    told = report(away, scan_id="oak", site="Oak School", when=NOON + DAY, targets=("198.51.100.0/24",))
    bounds = Bounds(frozenset({"oak school"}), lambda ip: ip.startswith("198.51.100."))
    recorded = book.record(told, bounds=bounds)
    assert len(recorded.new) == 1
    assert next(row for row in book.devices() if row.asset_id == before.asset_id) == before
    assert "which has not said that it moved" in book.conflicts()[0].detail
