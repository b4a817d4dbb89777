"""Units that a factory gave one serial number: told apart by what else they say, whichever scan sees which of them."""

from __future__ import annotations

import pytest
from sample_report import camera, numbered, report

from camscan.identify.keys import Key
from camscan.model import Device
from camscan.register import Edit, Register
from camscan.register.record.keys import find_own_keys, is_copied_serial, marks_in_report
from camscan.register.record.notes import shared_key_note

COPIED = "S2019070112"


def record(book: Register, *devices: Device) -> None:
    book.record(numbered(book, *devices, targets=("10.0.0.0/8",)))


def test_a_serial_number_that_several_units_were_seen_to_share_recognises_none_of_them_later(book: Register) -> None:
    units = [camera(number, ip=f"10.1.{number}.5", serial=COPIED) for number in (1, 2, 3)]
    record(book, *units)
    for row in book.devices():
        book.edit_entries([Edit(row.asset_id, "notes", row.ip_addresses[0])], role="CCTV manager", how="set")
    for unit in (*units, *reversed(units)):
        record(book, unit)
    assert [len({seen.ip_addresses for seen in book.history(row.asset_id)}) for row in book.devices()] == [1, 1, 1]
    assert [(row.ip_addresses[0], row.entries["notes"]) for row in book.devices()] == [
        (f"10.1.{number}.5", f"10.1.{number}.5") for number in (1, 2, 3)
    ]


def test_one_serial_number_of_two_makers_is_two_units(book: Register) -> None:
    first, second = camera(1, ip="10.1.1.5", serial=COPIED), camera(2, ip="10.1.2.5", serial=COPIED, maker="uniview")
    for unit in (first, second, first, second):
        record(book, unit)
    assert [(row.identification.maker, row.ip_addresses) for row in book.devices()] == [
        ("hikvision", ("10.1.1.5",)),
        ("uniview", ("10.1.2.5",)),
    ]


def test_a_unit_whose_maker_is_known_better_now_stays_one_row(book: Register) -> None:
    record(book, camera(1, serial=COPIED, maker="uniview"))
    record(book, camera(1, serial=COPIED, maker="hikvision"))
    record(book, camera(1, serial=COPIED, maker="dahua", mac=None))
    assert len(book.devices()) == 1


def test_a_row_that_was_wrongly_merged_does_not_take_the_other_unit_again(book: Register) -> None:
    one, other = camera(1, ip="10.1.1.5"), camera(2, ip="10.1.1.6")
    record(book, one, other)
    keep, gone = (row.asset_id for row in book.devices())
    book.merge_devices(keep, gone, role="CCTV manager", because="thought so")
    record(book, one, other)
    record(book, other)
    kept, found_anew = book.devices()
    assert (kept.asset_id, kept.scans_missed) == (keep, 1)
    assert (found_anew.ip_addresses, found_anew.scans_missed) == (("10.1.1.6",), 0)


NUMBER, OTHER = Key("serial", f"hikvision|{COPIED}"), Key("serial", "dahua|OTHER")


def claims(*macs: str, key: Key = NUMBER) -> frozenset[Key]:
    return frozenset({key, *(Key("mac", mac) for mac in macs)})


@pytest.mark.parametrize(
    ("claimed", "copied"),
    [
        ([claims("a"), claims("b")], True),
        ([claims("a", "b"), claims("c"), claims("d")], True),
        ([claims("a"), claims("a")], False),
        ([claims("a", "b"), claims("b", "c")], False),
        ([claims("a"), claims("b"), claims("b")], False),
        ([claims("a"), claims()], False),
        ([claims(), claims()], False),
        # What those say who do not claim the number does not count.
        ([claims("a"), claims("b"), frozenset({Key("mac", "a")}), frozenset()], True),
        ([claims("a"), claims("b"), claims("a", key=OTHER)], True),
    ],
)
def test_a_serial_number_is_copied_where_all_who_claim_it_tell_macs_and_no_two_the_same(
    claimed: list[frozenset[Key]], *, copied: bool
) -> None:
    """Without that, they may as well be one device that was taken for two."""
    assert is_copied_serial(NUMBER, claimed) is copied


def test_only_who_was_seen_to_share_it_has_the_note() -> None:
    units = [camera(number, ip=f"10.1.{number}.5", serial=COPIED) for number in (1, 2)]
    seen = report(*units, camera(3, ip="10.1.3.5"))
    told = find_own_keys(seen, marks_in_report(seen), frozenset())
    expected = frozenset(
        shared_key_note(key) for key in marks_in_report(seen)[0].keys if key.kind in {"serial", "unit"}
    )
    assert told.notes == (expected, expected, frozenset[Key]())
    assert [{key.kind for key in keys} for keys in told.keys] == [{"mac"}, {"mac"}, {"serial", "unit", "mac"}]


def test_a_number_that_may_be_that_of_one_device_seen_twice_goes_on_recognising_it(book: Register) -> None:
    """Neither tells a MAC address: they are one device as far as anybody knows."""
    (known,) = book.record(numbered(book, camera(1, ip="10.1.1.5", serial=COPIED, mac=None))).new
    record(book, *(camera(1, ip=f"10.1.{site}.6", serial=COPIED, mac=None) for site in (1, 2)))
    record(book, camera(1, ip="10.1.9.9", serial=COPIED, mac=None))
    assert next(row for row in book.devices() if row.asset_id == known).ip_addresses == ("10.1.9.9",)
