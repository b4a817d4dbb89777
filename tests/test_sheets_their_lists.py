"""Lists as contractors, finance and network teams hand them in: what is a device in them, and what a cell means."""

from __future__ import annotations

from datetime import date

import pytest

from camscan.asset.columns import BY_NAME
from camscan.asset.entry import normalise
from camscan.sheets import Line, Page
from camscan.sheets.compare import compare_rows, index_register
from camscan.sheets.faulty_cells import FaultyCell
from camscan.sheets.guess import column_meant, guess_columns
from camscan.sheets.heading import FoundTable, find_table
from camscan.sheets.make_and_model import split_make_and_model
from camscan.sheets.new_rows import SortedRows, sort_new_rows
from camscan.sheets.their_cells import cell_meaning

TODAY = date(2026, 11, 30)
HEADINGS = ("Camera No", "Site", "Make", "Serial No", "IP Address", "Cost")


def table(*rows: tuple[str, ...]) -> FoundTable:
    """The table of a page with these rows."""
    return find_table([Page("A", tuple(Line(number, cells) for number, cells in enumerate(rows, 1)))], {})


def added(found: FoundTable) -> SortedRows:
    """What its rows would add to an empty register."""
    return sort_new_rows(found, compare_rows(found, index_register([], [], {}), TODAY), [], [], TODAY, overwrite=False)


def tags(of: SortedRows) -> list[str]:
    return [each.entries.get("council_asset_tag", "") for each in of.new]


def test_sums_and_notes_are_not_devices() -> None:
    found = table(
        HEADINGS,
        ("C1", "Hall", "Dahua", "A12345671", "", "100"),
        ("Hall total", "", "", "", "", "100"),
        ("C2", "Yard", "Dahua", "A12345672", "", "100"),
        ("Sub-total", "", "", "", "", "200"),
        ("", "", "VAT", "", "", "40"),
        ("VAT @ 20%", "", "", "", "", "40"),
        ("Total Stop", "", "Dahua", "A12345673", "", ""),
        ("Car park total", "", "Dahua", "A12345674", "", ""),
        ("Notes:",),
        ("2", "subject to survey"),
    )
    assert tags(added(found)) == ["C1", "C2", "Car park total"], "what has a serial number is a device"
    assert "row 10: 'Notes:' begins the notes below the list (2 rows); skipped" in found.notes
    keyed = table(HEADINGS, ("Key: green is live", "", "Dahua", "", "", ""), ("C2", "", "", "A12345672", "", ""))
    assert len(added(keyed).new) == 2, "notes have no devices below them"


@pytest.mark.parametrize("tag", ["C1, C2", "C3 & C4", "CAM 5-8", "9 to 12", "C1\nC2"])
def test_a_row_for_several_devices_is_left_out_and_named(tag: str) -> None:
    rows = [(f"CAM {number}", "Yard", "Dahua", "", f"10.0.0.{number}", "") for number in (20, 21)]
    result = added(table(HEADINGS, *rows, (tag, "Yard", "Dahua", "", "", "")))
    assert tags(result) == ["CAM 20", "CAM 21"]
    shown = " ".join(tag.split())
    told = f"it is about several devices ('{shown}'); give each a row of its own; this row was skipped"
    assert result.left_out == ((4, told),)


def test_a_tag_may_look_like_a_range() -> None:
    rows = [(f"2-{number}", "", "Dahua", "", "", "") for number in (3, 4, 5)]
    assert tags(added(table(HEADINGS, *rows, ("TH/01", "", "", "", "", "")))) == ["2-3", "2-4", "2-5", "TH/01"]
    recorder = ("R1", "", "", "DS-7616NI-K2/16P1620190101CCRRC22222222WCVU", "", "")
    assert tags(added(table(HEADINGS, recorder))) == ["R1"]


def test_a_quantity_is_not_one_device() -> None:
    found = table(("Ref", "Location", "Qty", "Make"), ("1.1", "Yard", "6", "Dahua"), ("1.2", "Hall", "1", "Dahua"))
    result = added(found)
    assert tags(result) == ["1.2"]
    assert result.left_out[0] == (2, "it is about 6 devices; give each a row of its own; this row was skipped")


def test_several_serial_numbers_or_a_range_of_addresses_are_several_devices() -> None:
    rows = [("C1", "", "", "123456781 / 123456782", "", ""), ("C2", "", "", "", "10.0.0.5-8", "")]
    assert [told.partition(";")[0] for _, told in added(table(HEADINGS, *rows)).left_out] == [
        "it has several serial numbers ('123456781 / 123456782')",
        "it has a range of addresses ('10.0.0.5-8')",
    ]


def test_a_row_that_names_no_device_is_left_out() -> None:
    found = table(("Channel", "Camera Name", "Camera IP"), ("1", "Door", "10.0.0.1"), ("2", "", ""))
    result = added(found)
    assert len(result.new) == 1
    assert result.left_out == ((3, "nothing in it says which device it is; this row was skipped"),)


def test_a_second_list_on_a_page_is_named() -> None:
    cameras = (("Camera No", "Make", "IP Address"), ("C1", "Dahua", "10.0.0.1"), ("C2", "Dahua", "10.0.0.2"))
    recorders = (("Unit No", "Make", "IP Address", "Serial No"), ("R1", "Dahua", "10.0.0.9", "A12345671"))
    told = "has the headings of another list ({}), which was not read: save it as a file of its own for import"
    below, above = table(*recorders, *cameras), table(*cameras, *recorders)
    assert (tags(added(below)), below.unread) == (["R1"], (f"row 3 {told.format('2 rows')}",))
    assert (tags(added(above)), above.unread) == (["R1"], (f"row 1 {told.format('2 rows')}",))


def test_repeated_headings_are_not_a_second_list() -> None:
    again = ("Camera number", "Site", "Maker", "Serial number", "IP", "Cost (£)")
    found = table(HEADINGS, ("C1", "", "", "A12345671", "", ""), again, ("C2", "", "", "A12345672", "", ""))
    assert (tags(added(found)), found.unread) == (["C1", "C2"], ())


def test_a_list_beside_a_list_is_named() -> None:
    half = ("Camera No", "Make")
    found = table((*half, "", *half), ("C1", "Dahua", "", "C2", "Dahua"))
    assert found.unread[0] == (
        "column 4 has the heading 'Camera No' again, and was not read: put a list beside another one below it"
    )


def test_headings_may_be_in_two_rows() -> None:
    found = table(
        ("Site", "Camera", "", "Network", ""),
        ("", "No", "Make", "IP Address", "MAC"),
        ("Depot", "C1", "Dahua", "10.0.0.1", "3c:ef:8c:00:00:01"),
    )
    (new,) = added(found).new
    assert (new.entries["site_name"], new.entries["council_asset_tag"]) == ("Depot", "C1")


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Cam #", "council_asset_tag"),
        ("I.P. ADDRESS", "stated_ip_address"),
        ("M.A.C.", "stated_mac_address"),
        ("MANU-\nFACTURER", "stated_manufacturer"),
        ("SERIAL\nNUMBER", "stated_serial_number"),
        ("Acquisition Date", "purchase_date"),
        ("#", ""),
    ],
)
def test_headings_with_marks_and_breaks_are_known(heading: str, column: str) -> None:
    assert column_meant(heading) == column


@pytest.mark.parametrize(
    ("text", "make", "model"),
    [
        ("Hikvision DS-2CD2145FWD-I", "Hikvision", "DS-2CD2145FWD-I"),
        ("Hik Vision: DS-7616NI-K2/16P", "Hik Vision", "DS-7616NI-K2/16P"),
        ("Dahua / NVR4216", "Dahua", "NVR4216"),
        ("DS-2CD2145FWD-I", "", "DS-2CD2145FWD-I"),
        ("Dahua", "", "Dahua"),
    ],
)
def test_make_and_model_in_one_column_are_told_apart(text: str, make: str, model: str) -> None:
    assert split_make_and_model(text) == (make, model)


def test_a_column_of_makes_and_models_is_split_unless_it_is_mapped() -> None:
    rows = (("Camera No", "Make / Model", "IP"), ("C1", "Dahua IPC-HFW2431S", "10.0.0.1"), ("C2",))
    found = table(*rows)
    (new, other) = added(found).new
    assert (new.entries["stated_manufacturer"], new.entries["stated_model"]) == ("Dahua", "IPC-HFW2431S")
    assert other.entries == {"council_asset_tag": "C2"}
    assert "'Make / Model' was split into the make and the model" in found.notes
    page = Page("A", tuple(Line(number, cells) for number, cells in enumerate(rows, 1)))
    mapped = find_table([page], {"make / model": "stated_model"})
    assert added(mapped).new[0].entries["stated_model"] == "Dahua IPC-HFW2431S"


def test_many_unknown_headings_are_counted() -> None:
    found = table((*[f"Spare {number}" for number in range(50)], "Camera No"), (*[""] * 50, "C1"))
    assert (len(found.unknown), found.unknown[-1]) == (21, "30 more columns were skipped too")


def test_a_removal_without_its_day_is_not_a_device_that_is_there() -> None:
    rows = (("Camera No", "Removed"), ("C1", "May 2024"), ("C2", "yes"), ("C3", "no"), ("C4", ""))
    result = added(table(*rows))
    assert tags(result) == ["C3", "C4"]
    assert all("the row says that the device is gone, so give its day" in told for _, told in result.left_out)


def test_the_name_of_a_device_is_never_taken_for_its_site() -> None:
    assert guess_columns(["Description", "Location"]) == {1: "location_detail"}
    assert guess_columns(["Location", "Room"]) == {0: "site_name", 1: "location_detail"}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("stated_ip_address", "010.003.000.001", "10.3.0.1"),
        ("stated_ip_address", "http://10.3.0.3:8080/doc/page", "10.3.0.3"),
        ("stated_ip_address", "rtsp://admin:secret@10.3.0.11:554/1", "10.3.0.11"),
        ("stated_ip_address", "10.3.0.9\n255.255.255.0", "10.3.0.9"),
        ("stated_ip_address", "10.3.0.7 (DHCP)", "10.3.0.7"),
        ("stated_ip_address", "10.3.0.5-8", "10.3.0.5-8"),
        ("stated_ip_address", "10.3.0.1 / 10.3.0.2", "10.3.0.1 / 10.3.0.2"),
        ("stated_ip_address", "10.3.0.256", "10.3.0.256"),
        ("stated_mac_address", "0x3cef8c11223a", "3c:ef:8c:11:22:3a"),
        ("stated_mac_address", "MAC: 3c-ef-8c-11-22-3b (eth0)", "3c:ef:8c:11:22:3b"),
        ("stated_mac_address", "3c:ef:8c:11:22", "3c:ef:8c:11:22"),
        ("stated_serial_number", "S/N: C12345680", "C12345680"),
        ("stated_serial_number", "C12345682 (replaced)", "C12345682"),
        ("stated_serial_number", "tbc", ""),
        ("stated_serial_number", "SN123456", "SN123456"),
        ("purchase_date", "43597", "2019-05-12"),
        ("purchase_date", "2019", "2019"),
        ("estimated_cost", "£1,200.00 ex VAT", "1200.00"),
        ("estimated_cost", "1.2k", "1200.00"),
        ("estimated_cost", "1200 GBP", "1200"),
        ("estimated_cost", "1.200,00", "1.200,00"),
        ("estimated_cost", "£1,200 - £1,500", "£1,200 - £1,500"),
        ("data_wiped", "Y", "yes"),
        ("lifecycle_status", "In use", ""),
        ("lifecycle_status", "Decommissioned", "removed"),
        ("lifecycle_status", "No longer in use", "No longer in use"),
        ("lifecycle_status", "removed 2023", "removed"),
        ("lifecycle_status", "To be removed", "To be removed"),
    ],
)
def test_a_cell_is_read_only_if_its_meaning_is_clear(name: str, text: str, value: str) -> None:
    assert cell_meaning(BY_NAME[name], text) == value


@pytest.mark.parametrize("text", ["see photo", "painted over", "0", "000000", "4 off"])
def test_words_in_place_of_a_serial_number_cost_that_cell(text: str) -> None:
    with pytest.raises(FaultyCell, match="is not a serial number"):
        cell_meaning(BY_NAME["stated_serial_number"], text)
    result = added(table(("Camera No", "Serial number"), ("C1", text)))
    assert tags(result) == ["C1"], "also under camscan's own heading"


def test_what_is_left_of_a_mac_address_is_not_one() -> None:
    result = added(table(("Camera No", "MAC"), ("C1", "585000000000"), ("C2", "ff:ff:ff:ff:ff:ff"), ("C3", "0" * 12)))
    assert tags(result) == ["C1", "C2", "C3"]
    assert not any("stated_mac_address" in each.entries for each in result.new)
    assert "what the program left of a long number" in result.left_out[0][1]
    assert "is not the MAC address of one device" in result.left_out[1][1]


def test_a_removed_device_without_proof_is_not_added_as_one_that_is_there() -> None:
    result = added(table(("Camera No", "Status"), ("C1", "Decommissioned"), ("C2", "Live")))
    assert tags(result) == ["C2"]
    assert "needs a removal_evidence_ref" in result.left_out[0][1]


def test_numbers_that_each_site_gives_again_are_explained() -> None:
    rows = (("1", "Hall", "", "", "10.0.0.1", ""), ("1", "Yard", "", "", "10.0.0.2", ""))
    assert "If each site numbers its own cameras" in added(table(HEADINGS, *rows)).left_out[0][1]


def test_a_site_that_is_only_in_its_first_row_is_noticed() -> None:
    found = table(HEADINGS, ("C1", "Hall", "", "", "", ""), ("C2", "", "", "", "", ""))
    assert "1 row has nothing under 'Site', so no site is entered: if the one above is meant, fill it in" in found.notes


def test_pence_that_a_formula_left_are_rounded() -> None:
    assert normalise(BY_NAME["estimated_cost"], "333.333333333333") == "333.33"
    with pytest.raises(ValueError, match="is not an amount"):
        normalise(BY_NAME["estimated_cost"], "1.200")
