"""Units that a factory gave one serial number: told apart by what else they say, whichever scan sees which of them."""

from __future__ import annotations

from sample_report import camera, numbered

from camscan.model import Device
from camscan.register import Edit, Register

COPIED = "S2019070112"


def record(book: Register, *devices: Device) -> None:
    book.record(numbered(book, *devices, targets=("10.0.0.0/8",)))


def test_a_serial_number_that_several_units_were_seen_to_share_recognises_none_of_them_later(book: Register) -> None:
    units = [camera(number, ip=f"10.1.{number}.5", serial=COPIED) for number in (1, 2, 3)]
    record(book, *units)
    for row in book.devices():
        book.edit([Edit(row.asset_id, "notes", row.ip_addresses[0])], role="CCTV manager", how="set")
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
    book.merge(keep, gone, role="CCTV manager", because="thought so")
    record(book, one, other)
    record(book, other)
    kept, found_anew = book.devices()
    assert (kept.asset_id, kept.scans_missed) == (keep, 1)
    assert (found_anew.ip_addresses, found_anew.scans_missed) == (("10.1.1.6",), 0)
