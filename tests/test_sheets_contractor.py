"""Lists of contractors: merged cells, hidden sheets, a sheet for each building, months first, formulas that failed."""

from __future__ import annotations

from datetime import date

import pytest

from camscan.errors import UsageError
from camscan.sheets import Line, Merged, Page
from camscan.sheets.compare import compare_rows, index_register
from camscan.sheets.faulty_cells import NO_RESULT
from camscan.sheets.formats.csv import read_csv
from camscan.sheets.heading import FoundTable, find_table
from camscan.sheets.new_rows import SortedRows, sort_new_rows

HEADINGS = ("Site", "Camera No", "Make", "Date Installed", "Cost", "Notes")


def page(name: str, *rows: tuple[str, ...], merged: tuple[Merged, ...] = (), is_hidden: bool = False) -> Page:
    lines = tuple(Line(number, cells) for number, cells in enumerate((HEADINGS, *rows), start=1))
    return Page(name, lines, is_hidden=is_hidden, merged=merged)


def added(found: FoundTable) -> SortedRows:
    """What its rows would add to an empty register."""
    today = date(2026, 11, 30)
    return sort_new_rows(found, compare_rows(found, index_register([], [], {}), today), [], [], today, overwrite=False)


def column(of: SortedRows, name: str) -> list[str]:
    return [each.entries.get(name, "") for each in of.new]


def test_a_merged_site_is_the_site_of_each_of_its_rows() -> None:
    rows = [("Depot", f"C-{number}", "", "", "900" if number == 1 else "") for number in (1, 2, 3)]
    rows[1:] = [("", *row[1:]) for row in rows[1:]]
    merged = (Merged(0, 2, 4), Merged(4, 2, 4), Merged(0, 3, 9))
    found = find_table([page("A", *rows, ("", "C-4"), merged=merged)], {})
    assert column(added(found), "site_name") == ["Depot", "Depot", "Depot", ""]
    assert column(added(found), "estimated_cost") == ["900.00", "", "", ""]
    assert "estimated_cost: a merged cell counts for its first row only, such as row 2" in found.notes


def test_a_hidden_sheet_is_read_only_if_no_other_has_a_list() -> None:
    old = page("Old", *[("Depot", f"OLD-{number}", "Dahua") for number in range(9)], is_hidden=True)
    found = find_table([old, page("Live", ("Depot", "C-1", "Dahua"))], {})
    assert (found.page, found.unread) == ("Live", ("the sheet 'Old' is hidden, and was not read",))
    assert find_table([old, Page("Cover", (Line(1, ("Prepared for the council",)),))], {}).page == "Old"


def test_another_sheet_with_a_list_is_named() -> None:
    prices = Page("Prices", (Line(1, ("Model", "Cost", "Supplier")), Line(2, ("X", "10", "Y"))))
    found = find_table([page("School", ("A", "C-1")), page("Library", ("B", "C-2"), ("B", "C-3")), prices], {})
    assert found.page == "School"
    assert found.unread == (
        "the sheet 'Library' has a list too (2 rows), and was not read: save it as a file of its own for import",
    )


def test_no_date_is_guessed_in_a_list_with_the_month_first() -> None:
    days = ("02/03/2018", "07/13/2018", "05/05/2018")
    result = added(find_table([page("A", *[("", f"C-{at}", "", day) for at, day in enumerate(days)])], {}))
    assert column(result, "purchase_date") == ["", "", "2018-05-05"]
    assert [row for row, _ in result.left_out] == [2, 3]
    assert "this file has the month first" in result.left_out[0][1]
    british = ("02/03/2018", "13/07/2018", "14/07/2018", "07/15/2018")
    result = added(find_table([page("A", *[("", f"C-{at}", "", day) for at, day in enumerate(british)])], {}))
    assert column(result, "purchase_date") == ["2018-03-02", "2018-07-13", "2018-07-14", ""]


def test_a_failed_formula_is_no_value_and_keeps_its_row() -> None:
    row = ("#REF!", "C-1", "#N/A", "#VALUE!", NO_RESULT, "Err:502")
    result = added(find_table([page("A", row)], {}))
    assert [each.entries for each in result.new] == [{"council_asset_tag": "C-1"}]
    assert len(result.left_out) == 5
    assert any("its formula has no result" in sentence for _, sentence in result.left_out)


def test_rows_that_are_headings_are_not_devices() -> None:
    lines = (("Ysgol Friars",), HEADINGS, ("", "C-1", "Dahua"), ("", "Prepared by J Smith 2026"), ("", "C-2"))
    result = added(find_table([page("A", *lines)], {}))
    assert column(result, "council_asset_tag") == ["C-1", "C-2"]
    assert [sentence for _, sentence in result.left_out] == [
        "it has only 'Ysgol Friars', like a heading; this row was skipped",
        "it has only 'Prepared by J Smith 2026', like a heading; this row was skipped",
    ]


def test_what_is_left_of_a_long_number_is_not_stored() -> None:
    lines = (Line(1, ("Camera No", "Serial No", "Date Installed")), Line(2, ("C-1", "1.23457E+17", "2/5/2020 09:30")))
    result = added(find_table([Page("", lines)], {}))
    assert [each.entries for each in result.new] == [{"council_asset_tag": "C-1", "purchase_date": "2020-05-02"}]
    assert "format the column as text" in result.left_out[0][1]


def test_a_quotation_mark_that_is_never_closed_swallows_no_rows() -> None:
    with pytest.raises(UsageError, match="opens in line 2 or after it and is never closed"):
        read_csv(b'Camera No,Notes\nC1,"open\nC2,x\n')
    (read,) = read_csv(b'Camera No,Notes\nC1,"two\nlines"\n')
    assert [line.cells for line in read.lines] == [("Camera No", "Notes"), ("C1", "two\nlines")]
