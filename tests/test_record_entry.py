"""Stage 3 of recording: what a device and its row are together."""

from __future__ import annotations

from sample_report import NOON, camera, report
from sample_stored import entries_of, stored_row

from camscan.register.record.entry import has_news


def test_a_known_device_keeps_its_number_and_a_new_one_gets_the_next_free_one() -> None:
    entries = entries_of(report(camera(2), camera(1), camera(3)), stored_row(7, camera(1)), fresh=100)
    assert [entry.id for entry in entries] == [100, 7, 101]
    assert [entry.is_first_sighting for entry in entries] == [True, False, True]


def test_what_a_sighting_does_not_say_stays_known() -> None:
    (entry,) = entries_of(report(camera(1, firmware=None)), stored_row(7, camera(1)))
    assert entry.identification.firmware == "V5.6.2build 190701"


def test_silence_is_not_a_change_and_another_value_is_one() -> None:
    row = stored_row(7, camera(1))
    silent, updated = (report(camera(1, firmware=firmware)) for firmware in (None, "V5.7.0build 200101"))
    assert [has_news(entries_of(each, row)[0]) for each in (silent, updated)] == [False, True]


def test_without_a_site_map_the_site_is_that_of_the_scan_else_that_of_the_row() -> None:
    row = stored_row(7, camera(1), site="Depot")
    sites = [entries_of(report(camera(1), site=site, when=NOON), row)[0].site for site in ("", "Library")]
    assert sites == ["Depot", "Library"]
