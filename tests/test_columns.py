"""What a column takes, and that ``docs/columns.md`` says it.

``python tests/test_columns.py`` writes the table of that page anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.asset import Asset, Place, RecordType
from camscan.asset.columns import BY_NAME, COLUMNS, EDITABLE, VERSION, Column, Kind, Owner
from camscan.asset.entry import normalise
from camscan.asset.spelling import nearest_hint, plain_name
from camscan.model import Identification

PAGE = Path(__file__).parents[1] / "docs" / "columns.md"
MARKER = "<!-- From here on: python tests/test_columns.py -->\n\n"


def table() -> str:
    """The columns as a Markdown table, in their order."""
    lines = ["| column | who writes it | what it holds | allowed values |", "|---|---|---|---|"]
    lines += [f"| `{each.name}` | {_who(each)} | {each.what} | {_may(each)} |" for each in COLUMNS]
    return "\n".join(lines) + "\n"


def _who(column: Column) -> str:
    return "**you**" if column.is_editable else {Owner.SCANNER: "scanner", Owner.DERIVED: "camscan"}[column.owner]


def _may(column: Column) -> str:
    return ", ".join(f"`{choice}`" for choice in column.choices) if column.choices else str(column.kind)


def test_the_page_has_every_column() -> None:
    assert PAGE.read_text(encoding="utf-8").split(MARKER)[1] == table(), "run: python tests/test_columns.py"


def test_what_programs_rely_on_stays() -> None:
    """A column that is added goes to the end of both; any other change is another VERSION, and another file."""
    told = [f"{each.name} {each.owner} {each.kind}" for each in COLUMNS]
    golden = Path(__file__).parent / "golden" / f"columns-{VERSION}.txt"
    assert told == golden.read_text(encoding="utf-8").splitlines()
    assert f"this is version {VERSION} of the columns" in PAGE.read_text(encoding="utf-8")


def test_names_are_unique_and_fit_the_log() -> None:
    assert len(BY_NAME) == len(COLUMNS)
    assert max(map(len, BY_NAME)) <= 40  # change.column_name


def test_what_the_site_map_says_are_columns_that_people_may_overrule() -> None:
    place = Place("a", *"bcdefghi")
    assert set(place.entries()) <= {column.name for column in EDITABLE if column.is_inherited}


def test_an_entry_overrules_the_site_map() -> None:
    place = Place("Depot", controller="own")
    row = Asset("X", RecordType.NETWORK, Identification(), place=place, entries={"controller": "nhs"})
    assert (row.entry("controller"), row.entry("site_name"), row.entry("notes")) == ("nhs", "Depot", "")


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("planned_removal_date", "31/03/2027", "2027-03-31"),
        ("planned_removal_date", "31/3/27", "2027-03-31"),
        ("planned_removal_date", "2027-03-31 00:00:00", "2027-03-31"),
        ("planned_removal_date", "2027-03-31T00:00:00.000Z", "2027-03-31"),
        ("planned_removal_date", " 2027-03-31 ", "2027-03-31"),
        ("estimated_cost", "£1,250", "1250.00"),
        ("estimated_cost", "1250.5", "1250.50"),
        ("recorder_channel", "3.0", "3"),
        ("controller", "Landlord", "landlord"),
        ("site_type", "car park", "car_park"),
        ("lifecycle_status", "Accepted-Risk", "accepted_risk"),
        ("lifecycle_status", "Visited", "confirmed"),
        ("lifecycle_status", "Confirmed", "confirmed"),
        ("stated_mac_address", "44-19-B6-AA-BB-CC", "44:19:b6:aa:bb:cc"),
        ("stated_mac_address", "4419.b6aa.bbcc", "44:19:b6:aa:bb:cc"),
        ("stated_ip_address", "2001:DB8::1", "2001:db8::1"),
        ("notes", "a\r\nb\rc", "a\nb\nc"),
        ("notes", "\ufeffa\u200bb\tc", "ab c"),
        ("notes", "e\u0301", "é"),
        ("notes", "   ", ""),
        ("uprn", "000123", "000123"),
        ("site_name", "Town  \u00a0Hall\nAnnexe", "Town Hall Annexe"),
    ],
)
def test_what_is_written_is_stored_in_one_form(name: str, given: str, stored: str) -> None:
    assert normalise(BY_NAME[name], given) == stored
    assert normalise(BY_NAME[name], stored) == stored


@pytest.mark.parametrize(
    ("name", "given", "why"),
    [
        ("planned_removal_date", "next spring", "write it as 2027-03-31"),
        ("planned_removal_date", "31/02/2027", "is not a date"),
        ("planned_removal_date", "2027-03-31 12:30", "is not a date"),
        ("estimated_cost", "about 100", "write it as 1250"),
        ("estimated_cost", "12,50", "is not an amount"),
        ("estimated_cost", "-5", "is not an amount"),
        ("recorder_channel", "1.5", "is not a whole number"),
        ("recorder_channel", "NaN", "is not a whole number"),
        ("recorder_channel", "1e99", "is not a whole number"),
        ("controller", "me", "not one of: own, landlord"),
        ("stated_mac_address", "44:19:b6", "is not a MAC address"),
        ("stated_ip_address", "10.1.2", "is not an IP address"),
        ("notes", "a\x00b", "control characters"),
        ("notes", "a\u202eb", "hidden marks"),
        ("notes", "a\ud800b", "control characters"),
        ("notes", "x" * 2001, "longer than 2000 characters"),
    ],
)
def test_what_cannot_stand_there_is_refused_with_a_way_out(name: str, given: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        normalise(BY_NAME[name], given)


@given(st.sampled_from(EDITABLE), st.text(max_size=40))
def test_no_text_breaks_it_and_what_is_stored_stays(column: Column, text: str) -> None:
    try:
        stored = normalise(column, text)
    except ValueError:
        return
    assert normalise(column, stored) == stored
    assert column.kind is not Kind.CHOICE or stored in {"", *column.choices}


def test_a_column_that_is_nearly_right_is_named() -> None:
    names = [column.name for column in EDITABLE]
    assert nearest_hint("planed_removal_date", names).startswith("; did you mean planned_removal_date")
    assert "lifecycle_status" in nearest_hint("status", names)
    assert nearest_hint("zebra", names) == ""
    assert plain_name(" Planned Removal-Date") == "planned_removal_date"


if __name__ == "__main__":
    PAGE.write_text(PAGE.read_text(encoding="utf-8").split(MARKER)[0] + MARKER + table(), encoding="utf-8")
