"""Stage 1 of recording: by what each device of a report may be recognised."""

from __future__ import annotations

import pytest
from sample_report import camera, report

from camscan.identify.field import is_serial
from camscan.identify.keys import Key, serial_keys
from camscan.register.record.keys import find_own_keys, marks_in_report

SERIAL = "S2019070112"


def test_a_device_is_recognised_by_its_serial_number_and_its_mac_address() -> None:
    of = report(camera(1))
    (own,) = find_own_keys(of, marks_in_report(of), frozenset()).keys
    assert {key.kind for key in own} == {"serial", "unit", "mac"}


def test_what_two_devices_of_a_report_claim_recognises_neither() -> None:
    of = report(camera(1, serial=SERIAL), camera(2, serial=SERIAL))
    told = find_own_keys(of, marks_in_report(of), frozenset())
    assert [{key.kind for key in own} for own in told.keys] == [{"mac"}, {"mac"}]
    assert told.shared[0] == told.shared[1] >= {Key("serial", f"hikvision|{SERIAL}")}
    assert told.notes[0] == told.notes[1] != frozenset()


def test_what_two_devices_of_an_earlier_report_claimed_recognises_none() -> None:
    of = report(camera(1, serial=SERIAL))
    burnt = frozenset({Key("serial", f"hikvision|{SERIAL}")})
    told = find_own_keys(of, marks_in_report(of), burnt)
    assert told.burnt == (burnt,)
    assert not told.keys[0] & burnt


def test_a_text_that_is_too_long_for_an_index_is_not_a_serial_number() -> None:
    assert serial_keys("hikvision", "A1" * 50)
    assert serial_keys("hikvision", "A1" * 3500) == frozenset()


@pytest.mark.parametrize("copy", ["DS2019070112\u200b", "DS20190701\u202e12", "DS201907\u0661112"])
def test_a_text_that_only_looks_like_a_number_is_not_a_serial_number(copy: str) -> None:
    assert serial_keys("hikvision", "DS2019070112")
    assert serial_keys("hikvision", copy) == frozenset()
    assert not is_serial(copy)


def test_a_number_with_a_broken_character_is_a_serial_number_still() -> None:
    assert is_serial("\ufffdDS2019070112")
    assert serial_keys("hikvision", "\ufffdDS2019070112")
