"""Stage 2 of recording: which device of a report is which row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sample_report import camera, nameless, report
from sample_stored import ask, stored_row

from camscan.register.record.matching import match_devices, outdated_devices


def test_a_strong_key_recognises_a_row_at_another_address() -> None:
    row = stored_row(7, camera(1))
    assert match_devices(ask(report(camera(1, ip="192.0.2.99")), row)).known == {0: row}


def test_an_address_recognises_no_row() -> None:
    row = stored_row(7, camera(1))
    assert match_devices(ask(report(camera(2, ip="192.0.2.2")), row)).known == {}


def test_two_devices_do_not_become_one_row() -> None:
    rows = stored_row(7, camera(1)), stored_row(8, camera(2))
    assert match_devices(ask(report(camera(2), camera(1), camera(3)), *rows)).known == {0: rows[1], 1: rows[0]}


def test_what_says_nothing_unique_is_the_provisional_row_at_its_address() -> None:
    row = stored_row(7, nameless(), provisional=True)
    assert match_devices(ask(report(nameless()), row)).known == {0: row}
    assert match_devices(ask(report(nameless("192.0.2.10")), row)).known == {}


@pytest.mark.parametrize(
    ("is_search", "behind", "old"),
    [
        (False, timedelta(hours=1), False),
        (False, timedelta(hours=1, seconds=1), True),
        (False, timedelta(0), False),
        (True, timedelta(days=400), False),
    ],
)
def test_only_evidence_from_elsewhere_is_outdated_and_clocks_may_be_an_hour_apart(
    is_search: bool, behind: timedelta, old: bool
) -> None:
    row = stored_row(7, camera(1), last_seen=camera(1).last_seen + behind)
    of = report(camera(1), camera(2))
    of = replace(of, coverage=replace(of.coverage, is_search=is_search))
    assert outdated_devices(of, match_devices(ask(of, row))) == ({0} if old else set())
