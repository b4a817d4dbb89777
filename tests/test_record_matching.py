"""Stage 2 of recording: which device of a report is which row."""

from __future__ import annotations

from sample_report import camera, nameless, report
from sample_stored import ask, stored_row

from camscan.register.record.matching import match


def test_a_strong_key_recognises_a_row_at_another_address() -> None:
    row = stored_row(7, camera(1))
    assert match(ask(report(camera(1, ip="192.0.2.99")), row)).known == {0: row}


def test_an_address_recognises_no_row() -> None:
    row = stored_row(7, camera(1))
    assert match(ask(report(camera(2, ip="192.0.2.2")), row)).known == {}


def test_two_devices_do_not_become_one_row() -> None:
    rows = stored_row(7, camera(1)), stored_row(8, camera(2))
    assert match(ask(report(camera(2), camera(1), camera(3)), *rows)).known == {0: rows[1], 1: rows[0]}


def test_what_says_nothing_unique_is_the_provisional_row_at_its_address() -> None:
    row = stored_row(7, nameless(), provisional=True)
    assert match(ask(report(nameless()), row)).known == {0: row}
    assert match(ask(report(nameless("192.0.2.10")), row)).known == {}
