"""What a spreadsheet that came back would change: only what somebody edited, and everything else is said."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from sample_report import camera

from camscan import sheets
from camscan.asset import Asset, Change, Lifecycle, Place, RecordType
from camscan.asset.columns import BY_NAME, EDITABLE, Column, Kind
from camscan.asset.entry import normalise
from camscan.asset.lifecycle import complete_entries
from camscan.errors import UsageError
from camscan.model import Identification
from camscan.policies.companies import Ownership, load_ownership
from camscan.sheets import Line, Page
from camscan.sheets.compare import Comparison, compare_rows, index_register
from camscan.sheets.heading import find_table, mapping_lines, parse_mapping
from camscan.sheets.new_rows import sort_new_rows
from camscan.sheets.row import SUMS, Setting, device_row, loose_sum, read_sums
from camscan.sheets.table import make_table

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@cache
def companies() -> Ownership:
    return load_ownership()


def asset(name: str = "A1", *, serial: str = "", place: Place | None = None, **entries: str) -> Asset:
    return holding(entries, name, serial=serial, place=place)


def holding(entries: Mapping[str, str], name: str = "A1", *, serial: str = "", place: Place | None = None) -> Asset:
    found = camera(1, serial=serial or None).identification
    return Asset(name, RecordType.NETWORK, found, ("10.0.0.1",), place=place, entries=entries, revision=len(entries))


def shown(of: Asset) -> dict[str, str]:
    """The cells of an export."""
    return dict(device_row(of, None, Setting(companies(), TODAY, {})))


def read(
    rows: Sequence[Mapping[str, str]],
    assets: Sequence[Asset],
    changes: Sequence[Change] = (),
    *,
    overwrite: bool = False,
    gone: Mapping[str, str] | None = None,
) -> Comparison:
    """What rows with these cells would change; their numbers begin at 2."""
    names = list(dict.fromkeys(name for cells in rows for name in cells))
    lines = [Line(1, tuple(names))]
    lines += [Line(number, tuple(cells.get(name, "") for name in names)) for number, cells in enumerate(rows, start=2)]
    found = find_table([Page("", tuple(lines))], {})
    return compare_rows(found, index_register(assets, changes, {}, gone), TODAY, overwrite=overwrite)


def changed(of: Comparison) -> list[tuple[str, str, str, str]]:
    return [(each.asset_id, each.column, each.old, each.new) for each in of.entries]


def change(number: int, column: str, old: str, new: str, name: str = "A1") -> Change:
    return Change(number, NOON, "r", "test", name, column, old, new)


PLACE = Place("Depot", ref="0100", controller="own", sensitivity="3", subnet="10.0.0.0/24", vlan="20")


class TestEdits:
    def test_an_unedited_export_changes_nothing(self) -> None:
        assets = [asset("A1", place=PLACE, notes="=x"), asset("A2", site_name="Depot"), asset("A3")]
        found = read([shown(each) for each in assets], assets)
        assert (found.entries, found.left_out, found.kept, found.strangers) == ((), (), (), ())

    def test_an_edited_cell(self) -> None:
        of = asset(place=PLACE, notes="x")
        found = read([shown(of) | {"notes": "y", "estimated_cost": "£1,250", "controller": "NHS"}], [of])
        assert changed(found) == [
            ("A1", "controller", "", "nhs"),
            ("A1", "estimated_cost", "", "1250.00"),
            ("A1", "notes", "x", "y"),
        ]
        assert [each.row for each in found.entries] == [2, 2, 2]

    def test_an_emptied_cell_clears(self) -> None:
        of = asset(notes="x")
        assert changed(read([shown(of) | {"notes": " "}], [of])) == [("A1", "notes", "x", "")]

    def test_an_emptied_cell_of_the_site_map_says_what_to_do(self) -> None:
        of = asset(place=PLACE)
        found = read([shown(of) | {"controller": ""}], [of])
        assert found.entries == ()
        assert found.kept == (
            (2, "controller: 'own' comes from the site map or the scanner; to overrule it, enter another value"),
        )

    def test_the_site_maps_word_changed_since_is_not_an_edit(self) -> None:
        before, now = asset(place=PLACE), asset(place=Place("Depot II", ref="0200"))
        assert read([shown(before)], [now]).entries == ()

    def test_a_column_that_is_not_there_is_not_touched(self) -> None:
        of = asset(notes="x", supplier="y")
        assert read([{"asset_id": "A1", "notes": "x", "revision": "2"}], [of]).entries == ()

    def test_the_tag_is_the_key_where_there_is_no_number(self) -> None:
        of = asset(council_asset_tag="C-1", notes="x")
        assert changed(read([{"council_asset_tag": "c-1", "notes": "y"}], [of])) == [("A1", "notes", "x", "y")]

    def test_without_revision_an_empty_cell_clears_nothing(self) -> None:
        of = asset(notes="x", supplier="y")
        assert changed(read([{"asset_id": "A1", "notes": "", "supplier": "z"}], [of])) == [("A1", "supplier", "y", "z")]

    def test_without_inherited_a_cell_that_shows_the_site_map_is_not_an_edit(self) -> None:
        of = asset(place=PLACE)
        cells = shown(of)
        del cells["inherited"]
        assert read([cells], [of]).entries == ()

    def test_inherited_that_somebody_spoilt_is_as_if_it_were_missing(self) -> None:
        of = asset(place=PLACE)
        for text in ("{", "[]", "7", '{"site_name": 3}'):
            assert read([shown(of) | {"inherited": text}], [of]).entries == ()


class TestStale:
    OF = asset(notes="theirs", supplier="s")
    CHANGES = (change(3, "notes", "old", "mine"), change(4, "notes", "mine", "theirs"))
    CELLS = shown(asset(notes="old", supplier="s"))

    def test_what_was_changed_since_is_left_out_and_both_are_reported(self) -> None:
        found = read([self.CELLS | {"notes": "new", "supplier": "t"}], [self.OF], self.CHANGES)
        assert changed(found) == [("A1", "supplier", "s", "t")]
        told = (
            "notes: was 'old' when this file was written and is 'theirs' now; 'new' was skipped (--overwrite takes it)"
        )
        assert found.left_out == ((2, told),)

    def test_overwrite_takes_it(self) -> None:
        found = read([self.CELLS | {"notes": "new"}], [self.OF], self.CHANGES, overwrite=True)
        assert changed(found) == [("A1", "notes", "theirs", "new")]

    def test_a_cell_that_still_shows_the_old_is_not_an_edit(self) -> None:
        found = read([self.CELLS], [self.OF], self.CHANGES)
        assert (found.entries, found.left_out) == ((), ())

    def test_the_same_edit_by_two_is_none(self) -> None:
        found = read([self.CELLS | {"notes": "theirs"}], [self.OF], self.CHANGES)
        assert (found.entries, found.left_out) == ((), ())

    def test_changes_before_the_export_do_not_matter(self) -> None:
        cells = shown(self.OF) | {"revision": "4", "notes": "new"}
        assert changed(read([cells], [self.OF], self.CHANGES)) == [("A1", "notes", "theirs", "new")]

    def test_a_conflict_that_was_cleared_since(self) -> None:
        found = read([self.CELLS | {"notes": "new"}], [asset(supplier="s")], (change(3, "notes", "old", ""),))
        assert found.entries == ()
        assert "is '' now" in found.left_out[0][1]


class TestLeftOut:
    def left(self, cells: Mapping[str, str], of: Asset, *others: Asset) -> list[str]:
        found = read([{**shown(of), **cells}], [of, *others])
        assert found.entries == ()
        return [sentence for _, sentence in found.left_out]

    def test_a_bad_value_leaves_its_row_out(self) -> None:
        assert self.left({"notes": "x", "planned_removal_date": "soon"}, asset()) == [
            "planned_removal_date: 'soon' is not a date; write it as 2027-03-31, 31/03/2027 or 31 March 2027",
            "the row's other edits were skipped too: notes",
        ]

    def test_contradictory_facts_are_refused(self) -> None:
        (told,) = self.left({"lifecycle_status": "planned"}, asset())
        assert told == "lifecycle_status planned needs a planned_removal_date; give that too"

    def test_a_tag_of_another_device(self) -> None:
        other = asset("A2", council_asset_tag="C-1")
        assert self.left({"council_asset_tag": "c-1"}, asset(), other) == [
            "council_asset_tag c-1 belongs to A2; skipped"
        ]

    def test_tags_may_be_swapped(self) -> None:
        one, two = asset("A1", council_asset_tag="C-1"), asset("A2", council_asset_tag="C-2")
        rows = [shown(one) | {"council_asset_tag": "C-2"}, shown(two) | {"council_asset_tag": "C-1"}]
        assert len(read(rows, [one, two]).entries) == 2

    def test_a_recorder_that_is_none(self) -> None:
        assert self.left({"recorder_asset_id": "NVR"}, asset()) == [
            "recorder_asset_id NVR: there is no such device in the register"
        ]

    def test_a_recorder_that_is_a_camera(self) -> None:
        other = asset("A2")
        said = "is a camera, and nothing can be behind a camera; name the recorder"
        (told,) = self.left({"recorder_asset_id": "A2"}, asset(), other)
        assert told.startswith(f"recorder_asset_id A2: {said}")
        stated = asset("A2", stated_device_type="recorder_nvr")
        assert len(read([shown(asset()) | {"recorder_asset_id": "A2"}], [asset(), stated]).entries) == 1

    def test_a_recorder_that_is_part_of_another_row_by_now(self) -> None:
        """The file was written before a scan found out, and nobody edited the cell."""
        of, nvr = asset(recorder_asset_id="A9"), asset("A8", stated_device_type="recorder_nvr")
        now = dataclasses.replace(of, entries={"recorder_asset_id": "A8"})
        assert read([shown(of)], [now, nvr], gone={"A9": "A8"}).entries == ()
        assert read([shown(of) | {"recorder_asset_id": ""}], [now, nvr], gone={"A9": "A8"}).entries[0].new == ""
        (entry,) = read([shown(of)], [asset(recorder_asset_id="A7"), nvr], [], gone={"A9": "A8"}).entries
        assert (entry.old, entry.new) == ("A7", "A8")

    def test_an_unknown_number(self) -> None:
        found = read([{"asset_id": "A9", "notes": "x"}], [asset()])
        assert found.left_out == ((2, "asset_id A9: there is no such device in the register"),)

    def test_a_device_twice(self) -> None:
        of = asset()
        rows = [shown(of), shown(of) | {"notes": "x"}]
        assert [sentence for _, sentence in read(rows, [of]).left_out] == [
            "A1 is in rows 2, 3, which differ; keep one"
        ] * 2
        assert read([shown(of) | {"notes": "x"}] * 2, [of]).left_out == ()

    @pytest.mark.parametrize("column", ["model", "manufacturer", "serial_number", "presence", "device_type"])
    def test_an_edit_in_camscans_own_column(self, column: str) -> None:
        (told,) = self.left({column: "something else"}, asset(serial="DS-X20190701AAWR000000001"))
        assert told.startswith(f"{column} is camscan's own column; 'something else' was skipped")
        assert ("stated_" in told) == (column != "presence")

    def test_columns_that_a_scan_changed_since_are_not_edit(self) -> None:
        before = asset(serial="DS-X20190701AAWR000000001")
        now = Asset("A1", RecordType.NETWORK, Identification(model="other"))
        assert read([shown(before)], [now]).left_out == ()


class TestSpoilt:
    def kept(self, cells: Mapping[str, str], of: Asset) -> list[str]:
        found = read([{**shown(of), **cells}], [of])
        assert (found.entries, found.left_out) == ((), ())
        return [sentence for _, sentence in found.kept]

    @pytest.mark.parametrize(
        ("column", "was", "now"),
        [
            ("uprn", "010023", "10023"),
            ("uprn", "100023336956", "1.00023E+11"),
            ("uprn", "100023336956", "1,00023E+11"),
            ("contract_ref", "12.50", "12.5"),
            ("budget_code", "3-4", "2026-04-03"),
            ("budget_code", "3/4", "03-Apr"),
            ("budget_code", "MAR26", "Mar-26"),
        ],
    )
    def test_what_a_program_did_is_not_an_edit(self, column: str, was: str, now: str) -> None:
        (told,) = self.kept({column: now}, holding({column: was}))
        assert told.endswith(f"'{was}' is kept")

    def test_also_what_the_site_map_shows(self) -> None:
        assert self.kept({"uprn": "100"}, asset(place=PLACE)) == [
            "uprn: leading zeros or the form of a number were lost; '0100' is kept"
        ]

    def test_months_first_are_seen_and_no_date_is_guessed(self) -> None:
        dates = {"planned_removal_date": "2027-03-31", "purchase_date": "2019-04-03"}
        american = {"planned_removal_date": "03/31/2027", "purchase_date": "04/03/2019"}
        assert len(self.kept(american, holding(dates))) == 2
        found = read([shown(holding(dates)) | american | {"purchase_date": "05/06/2019"}], [holding(dates)])
        assert found.entries == ()
        assert found.left_out == (
            (2, "purchase_date: '05/06/2019': this file has the month first; write it as 2027-03-31"),
        )

    def test_one_date_that_was_turned_round_is_an_edit(self) -> None:
        of = asset(purchase_date="2019-04-03", disposal_date="2019-06-05", lifecycle_status=Lifecycle.FOUND)
        cells = {"purchase_date": "04/03/2019", "disposal_date": "05/06/2019"}
        assert changed(read([shown(of) | cells], [of])) == [("A1", "purchase_date", "2019-04-03", "2019-03-04")]

    def test_a_new_number_that_lost_its_digits_is_left_out(self) -> None:
        found = read([shown(asset(uprn="1")) | {"uprn": "2.00023E+11"}], [asset(uprn="1")])
        assert found.entries == ()
        assert "format the column as text" in found.left_out[0][1]

    def test_a_code_that_only_looks_so_is_an_edit(self) -> None:
        of = asset(budget_code="1E5")
        assert changed(read([shown(of) | {"budget_code": "2E5"}], [of])) == [("A1", "budget_code", "1E5", "2E5")]

    def test_sums_stand_what_programs_do(self) -> None:
        assert loose_sum("DS-2CD 2385") == loose_sum(" ds-2cd2385")
        assert loose_sum("00123") == loose_sum("123") != loose_sum("124")
        stored = json.loads(shown(asset())["inherited"])[SUMS]
        assert set(read_sums(stored)) >= {"model", "serial_number", "manufacturer"}


class TestHeadings:
    def test_the_header_is_found_below_a_title_and_on_any_sheet(self) -> None:
        pages = [
            Page("Notes", (Line(1, ("Notes", "asset")),)),
            Page(
                "Data", (Line(1, ("Title",)), Line(2, ()), Line(3, ("", "Asset ID", "Notes")), Line(4, ("", "A1", "x")))
            ),
        ]
        found = find_table(pages, {})
        assert (found.page, found.header, found.places) == ("Data", 3, {"asset_id": 1, "notes": 2})
        assert found.cell_text(found.lines[0], "notes") == "x"
        assert found.cell_text(Line(9, ()), "notes") == ""

    def test_unknown_headings_are_reported(self) -> None:
        lines = (Line(1, ("asset_id", "aproved_by_scan", "Colour", "", "")), Line(2, ("A1", "", "red", "x", "")))
        assert find_table([Page("", lines)], {}).unknown == (
            "'aproved_by_scan' is not a column of the register; skipped",
            "'Colour' is not a column of the register; skipped",
            "column 4 has no heading; skipped",
        )

    def test_no_heading_at_all(self) -> None:
        with pytest.raises(UsageError, match="none of its rows has known headings"):
            find_table([Page("", (Line(1, ("Colour",)),))], {})

    def test_a_heading_twice(self) -> None:
        with pytest.raises(UsageError, match="row 1: two columns are called notes; delete one"):
            find_table([Page("", (Line(1, ("Notes", "notes")),))], {})

    def test_a_mapping(self) -> None:
        theirs = parse_mapping(["Camera  No = council asset tag", "Serial=Serial Number", "a=b=notes"])
        assert theirs == {"camera no": "council_asset_tag", "serial": "stated_serial_number", "a=b": "notes"}
        lines = (Line(1, ("CAMERA NO", "Serial", "Model", "A=B")),)
        assert find_table([Page("", lines)], theirs).places == {
            "council_asset_tag": 0,
            "stated_serial_number": 1,
            "stated_model": 2,
            "notes": 3,
        }
        with pytest.raises(UsageError, match="it has no heading 'camera no'"):
            find_table([Page("", (Line(1, ("Serial", "a=b")),))], theirs)

    @pytest.mark.parametrize(
        ("pair", "why"),
        [
            ("Camera", "write it as 'Their Heading=our_column'"),
            ("Camera=", "write it as"),
            ("Camera=presence", "presence is not a column that people can edit"),
            ("Camera=council_tag", "did you mean council_asset_tag"),
        ],
    )
    def test_a_mapping_that_is_none(self, pair: str, why: str) -> None:
        with pytest.raises(UsageError, match=why):
            parse_mapping([pair])

    def test_two_headings_for_one_column(self) -> None:
        with pytest.raises(UsageError, match="another heading is already matched to notes"):
            parse_mapping(["a=notes", "b=notes"])

    def test_a_mapping_file(self) -> None:
        assert mapping_lines("# ours\n\n Serial = serial_number \r\n") == ["Serial = serial_number"]


class TestForeign:
    SERIAL = "DS-2CD2385G1-I20190701AAWRC00000001"

    def sort(
        self,
        rows: Sequence[Mapping[str, str]],
        *assets: Asset,
        changes: Sequence[Change] = (),
        overwrite: bool = False,
        by_address: bool = False,
    ) -> tuple[list[dict[str, str]], list[str], list[str], list[tuple[str, str, str, str]]]:
        names = list(dict.fromkeys(name for cells in rows for name in cells))
        lines = [Line(1, tuple(names))]
        lines += [Line(at, tuple(cells.get(name, "") for name in names)) for at, cells in enumerate(rows, start=2)]
        found = find_table([Page("", tuple(lines))], {})
        compared = compare_rows(found, index_register(assets, changes, {}), TODAY)
        sorted_ = sort_new_rows(found, compared, assets, changes, TODAY, overwrite, by_address=by_address)
        filled = [(each.asset_id, each.column, each.old, each.new) for each in sorted_.filled]
        return (
            [dict(each.entries) for each in sorted_.new],
            [each for _, each in sorted_.known],
            [each for _, each in sorted_.left_out],
            filled,
        )

    def test_new_ones(self) -> None:
        rows = [{"Model": "X", "Serial Number": "N-1"}, {"Model": "Y", "Serial Number": "N-2"}]
        new, *rest = self.sort(rows, asset())
        assert new == [
            {"stated_model": "X", "stated_serial_number": "N-1"},
            {"stated_model": "Y", "stated_serial_number": "N-2"},
        ]
        assert rest == [[], [], []]

    @pytest.mark.parametrize("serial", [SERIAL, SERIAL.lower(), "C00000001"])
    def test_one_that_a_scan_found_is_filled_in(self, serial: str) -> None:
        of = asset(serial=self.SERIAL, supplier="theirs")
        rows = [{"serial_number": serial, "supplier": "ours", "location_detail": "gate"}]
        new, already, left_out, filled = self.sort(rows, of)
        assert new == []
        assert already == [f"is A1: the serial number {serial.lower()[-9:] if len(serial) < 10 else serial.lower()}"]
        assert left_out == ["supplier: the register has 'theirs'; 'ours' was skipped (--overwrite takes it)"]
        assert filled == [("A1", "location_detail", "", "gate")]
        assert self.sort(rows, of, overwrite=True)[3] == [
            ("A1", "location_detail", "", "gate"),
            ("A1", "supplier", "theirs", "ours"),
        ]

    def test_two_rows_of_one_device(self) -> None:
        rows = [{"serial_number": "N-1"}, {"serial_number": "n-1", "model": "X"}]
        new, _, left_out, _ = self.sort(rows)
        assert len(new) == 1
        assert left_out == ["the serial number n-1 is in row 2 too; this row was skipped"]

    def test_the_address_of_a_known_device(self) -> None:
        rows = [{"council_asset_tag": "C-1", "ip_addresses": "10.0.0.1"}]
        new, _, left_out, _ = self.sort(rows, asset())
        assert new == []
        assert left_out == [
            (
                "10.0.0.1 is the address of A1; if it is the same device, give the row this asset_id, "
                "else remove the address"
            )
        ]

    def test_the_address_says_which_device_it_is_where_somebody_says_so(self) -> None:
        rows = [
            {"council_asset_tag": "C-1", "ip_addresses": "10.0.0.1", "Make": "Hik Vision", "location_detail": "gate"},
            {"council_asset_tag": "C-2", "ip_addresses": "10.0.0.1"},
        ]
        new, already, left_out, filled = self.sort(rows, asset(), by_address=True)
        assert new == []
        assert already == ["is A1: the IP address 10.0.0.1"]
        assert [each[1:] for each in filled] == [("council_asset_tag", "", "C-1"), ("location_detail", "", "gate")]
        assert left_out == ["the IP address 10.0.0.1 is in row 2 too; this row was skipped"]

    @pytest.mark.parametrize(
        ("cells", "why"),
        [
            ({"Make": "Axis"}, "which a scan identified as Hikvision"),
            ({"council_asset_tag": "C-2"}, "whose council tag is C-1"),
        ],
    )
    def test_what_contradicts_the_device_at_its_address(self, cells: Mapping[str, str], why: str) -> None:
        of = asset(council_asset_tag="C-1")
        new, _, left_out, filled = self.sort([{"ip_addresses": "10.0.0.1", **cells}], of, by_address=True)
        assert (new, filled) == ([], [])
        assert left_out == [f"10.0.0.1 is the address of A1, {why}; this row was skipped"]

    def test_a_list_of_addresses_alone(self) -> None:
        rows = [{"ip_addresses": "10.0.0.7", "Make": "Dahua"}, {"ip_addresses": "10.0.0.7"}]
        new, _, left_out, _ = self.sort(rows, asset())
        assert new == [{"stated_ip_address": "10.0.0.7", "stated_manufacturer": "Dahua"}]
        assert left_out == ["the IP address 10.0.0.7 is in row 2 too; this row was skipped"]
        added = Asset("A9", RecordType.IMPORTED, Identification(), entries=new[0])
        again, already, *rest = self.sort([{**rows[0], "location_detail": "gate"}], added)
        assert (again, already) == ([], ["is A9: the IP address 10.0.0.7"])
        assert rest == [[], [("A9", "location_detail", "", "gate")]]

    def test_another_unit_on_its_address(self) -> None:
        rows = [{"serial_number": "N-1", "ip_addresses": "10.0.0.1"}]
        assert len(self.sort(rows, asset(serial=self.SERIAL))[0]) == 1

    def test_alike_rows_are_as_many_devices_and_never_more(self) -> None:
        rows = [{"Model": "X", "location_detail": "hall"}] * 2
        assert len(self.sort(rows)[0]) == 2
        added = [
            Asset(
                name, RecordType.IMPORTED, Identification(), entries={"stated_model": "X", "location_detail": "edited"}
            )
            for name in ("A1", "A2")
        ]
        log = [
            change(1, "stated_model", "", "X"),
            change(2, "location_detail", "", "hall"),
            change(3, "stated_model", "", "X", "A2"),
            change(4, "location_detail", "", "hall", "A2"),
            Change(5, datetime(2026, 11, 24, tzinfo=UTC), "r", "t", "A2", "location_detail", "hall", "edited"),
        ]
        new, already, *_ = self.sort(rows, *added, changes=log)
        assert (new, already) == ([], ["is already in the register, word for word"] * 2)
        assert len(self.sort([*rows, rows[0]], *added, changes=log)[0]) == 1

    def test_bad_values_and_contradictions(self) -> None:
        rows = [
            {"model": "X", "purchase_date": "x", "lifecycle_status": ""},
            {"model": "X", "purchase_date": "", "lifecycle_status": "disposed"},
        ]
        new, _, left_out, _ = self.sort(rows)
        assert new == []
        assert sorted(each.partition(":")[0] for each in left_out) == ["it was never removed", "purchase_date"]

    def test_a_channel_that_is_there_already(self) -> None:
        channel = Asset("A2", RecordType.BEHIND_RECORDER, Identification(), recorder_asset_id="A1", channel=3)
        rows = [
            {"recorder_asset_id": "A1", "recorder_channel": "3", "model": "X"},
            {"recorder_asset_id": "A1", "recorder_channel": "4", "model": "X"},
            {"recorder_asset_id": "A7", "recorder_channel": "4", "model": "X"},
        ]
        nvr = asset(stated_device_type="recorder_nvr")
        new, already, left_out, _ = self.sort(rows, nvr, channel)
        assert [each["recorder_channel"] for each in new] == ["4"]
        assert already == ["is A2: the recorder and channel A1 3"]
        assert left_out == ["recorder_asset_id A7: there is no such device in the register"]
        *_, left_out, _ = self.sort(rows[1:2], asset(), channel)
        assert left_out[0].startswith("recorder_asset_id A1: is a camera")
        *_, left_out, _ = self.sort(rows[1:2], dataclasses.replace(nvr, channels=3), channel)
        assert left_out == ["A1 has no channel 4; it says that it has 3"]


def texts() -> st.SearchStrategy[str]:
    nasty = st.sampled_from("=+-@'\" \n,;\t<>&0123456789eE.:/_x\N{FULLWIDTH EQUALS SIGN}")
    return st.text(st.one_of(nasty, st.characters(exclude_categories=["Cs"])), max_size=40)


def value(column: Column) -> st.SearchStrategy[str]:
    """What may stand in a column, stored."""
    if column.choices:
        return st.sampled_from(column.choices)
    kinds: dict[Kind, st.SearchStrategy[str]] = {
        Kind.DATE: st.dates(date(1990, 1, 1), date(2026, 1, 1)).map(date.isoformat),
        Kind.MONEY: st.decimals(0, 10**7, places=2).map(str),
        Kind.NUMBER: st.integers(1, 64).map(str),
    }
    return kinds.get(column.kind, texts())


FREE = [column for column in EDITABLE if not column.name.startswith("stated_") and column.name != "recorder_asset_id"]


@st.composite
def people(draw: st.DrawFn) -> dict[str, str]:
    """Entries that people may have made about one device."""
    made: dict[str, str] = {}
    for column in draw(st.lists(st.sampled_from(FREE), unique=True, max_size=12)):
        with suppress(ValueError):
            made[column.name] = normalise(column, draw(value(column)))
    try:
        return complete_entries({}, {name: text for name, text in made.items() if text}, date(2026, 1, 2))
    except ValueError:
        return {name: text for name, text in made.items() if text and "date" not in name and name != "lifecycle_status"}


@pytest.mark.parametrize("suffix", [".csv", ".ods", ".xlsx"])
@examples(60)
@given(made=st.lists(people(), min_size=1, max_size=5))
def test_whatever_people_entered_comes_back_as_no_edit(suffix: str, made: list[dict[str, str]]) -> None:
    assets = [
        replace(holding(entries, f"A{number}", place=PLACE if number % 2 else None), revision=number)
        for number, entries in enumerate(made)
    ]
    of = make_table(
        assets,
        {},
        Setting(companies(), TODAY, {}),
        view="full",
        organisation="",
        now=datetime(2026, 11, 23, tzinfo=UTC),
    )
    stream = io.BytesIO()
    sheets.load_formats()[suffix].write(of, stream)
    found = find_table(sheets.load_formats()[suffix].read(stream.getvalue()), {})
    compared = compare_rows(found, index_register(assets, (), {}), TODAY)
    assert (compared.entries, compared.left_out, compared.kept, compared.strangers) == ((), (), (), ())
    assert compared.rows == len(assets)
    for line in found.lines:
        (asset_,) = [each for each in assets if each.asset_id == found.cell_text(line, "asset_id")]
        for name, text in asset_.entries.items():
            assert normalise(BY_NAME[name], found.cell_text(line, name)) == text
