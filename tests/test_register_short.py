"""The register that people print, other people's lists, and taking an import back: as typed."""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import made_once
import pytest
from command_line import Camscan
from sample_report import HOSTILE, camera, nameless, report

from camscan.asset.columns import BY_NAME, COLUMNS, EDITABLE, column_of_heading
from camscan.asset.entry import normalise
from camscan.asset.spelling import choice_in_words, in_words
from camscan.plan.calendar import budget_year
from camscan.register import Register, open_register
from camscan.sheets.guess import column_meant, guess_columns
from camscan.sheets.table import SHORT, Cost, finance_page

SUFFIXES = [".csv", ".ods", ".xlsx"]


DECISION = "planning:\n  local_decision: {minute: Cabinet 4, date: 12 May 2026, groups: [hikvision, dahua]}\n"


@pytest.fixture(autouse=True)
def home(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A register of three devices in scope and one of which nothing is known."""
    monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
    made_once.put(four_devices, workplace)
    return workplace


def four_devices(folder: Path) -> None:
    (folder / "camscan.yaml").write_text(DECISION)
    with open_register(folder / "camscan.db") as book:
        book.record(report(camera(1), camera(2), camera(3, brand=HOSTILE, model="=1+1"), nameless("192.0.2.200")))


@pytest.fixture
def book(home: Path) -> Iterator[Register]:
    with open_register(home / "camscan.db", readonly=True) as register:
        yield register


def told(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("row ")]


class TestShort:
    def test_it_is_the_default_and_has_fifteen_columns_in_plain_english(self, camscan: Camscan, home: Path) -> None:
        code, out, _ = camscan("register", "export", "out.csv")
        assert (code, out) == (
            0,
            "out.csv: 3 devices in scope, 15 columns (short view); --full writes all 4 devices\n",
        )
        headings, names, *rows = csv.reader(io.StringIO((home / "out.csv").read_text(encoding="utf-8"), newline=""))
        assert names == [*SHORT, "revision", "inherited"]
        assert headings[:5] == ["camscan asset number", "Council asset tag", "Site", "Location", "IP address"]
        assert not [heading for heading in headings if "_" in heading]
        assert len(rows) == 3
        assert [row[names.index("device_type")] for row in rows] == ["Network camera"] * 3

    @pytest.mark.parametrize("suffix", SUFFIXES)
    @pytest.mark.parametrize("view", ["short", "full", "timeline", "costs"])
    def test_every_view_comes_back_and_changes_nothing(self, camscan: Camscan, suffix: str, view: str) -> None:
        camscan("set", "192.0.2.2", "planned_removal_date=31 March 2027", "estimated_cost=1250", "site_type=car park")
        assert camscan("register", "export", f"out{suffix}", "--view", view)[0] == 0
        code, out, err = camscan("register", "import", f"out{suffix}")
        assert (code, err) == (0, "")
        assert out.splitlines()[1:] == [
            "0 entries of 0 devices would change, 0 devices would be added. Nothing was written; --apply writes it."
        ]

    def test_nothing_is_called_in_scope_before_that_was_decided(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.yaml").unlink()
        out = camscan("register", "export", "out.ods")[1]
        assert out.startswith("out.ods: 3 devices that would match; no decision is recorded, 15 columns")
        with zipfile.ZipFile(home / "out.ods") as archive:
            content = archive.read("content.xml").decode()
        assert ": 3 devices that would match; no decision is recorded<" in content
        assert "devices in scope" not in content

    def test_an_edit_in_words_is_taken_back(self, camscan: Camscan, home: Path, book: Register) -> None:
        camscan("register", "export", "out.csv")
        text = (home / "out.csv").read_text(encoding="utf-8")
        (home / "out.csv").write_text(text.replace(",Found,,,", ",Accepted risk,,450,", 1), encoding="utf-8")
        assert camscan("register", "import", "out.csv", "--apply")[0] == 0
        assert book.find_devices("192.0.2.2")[0].entries == {
            "lifecycle_status": "accepted_risk",
            "estimated_cost": "450.00",
        }

    def test_what_is_out_of_scope_is_not_printed_and_what_is_gone_is(self, camscan: Camscan) -> None:
        camscan("set", "192.0.2.2", "in_scope=no")
        camscan("removed", "192.0.2.3", "--evidence", "WO-1")
        assert camscan("register", "export", "out.csv")[1].startswith("out.csv: 2 devices in scope")

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_a_file_that_is_there_is_never_replaced_unasked(self, camscan: Camscan, home: Path, suffix: str) -> None:
        file = home / f"out{suffix}"
        file.write_text("mine")
        code, out, err = camscan("register", "export", file.name)
        assert (code, out) == (2, "")
        assert err == f"camscan: {file.name}: exists already; name another file, or add --force to replace it\n"
        assert file.read_text() == "mine"
        assert camscan("register", "export", file.name, "--force")[0] == 0

    def test_a_page_is_a4_across_and_repeats_its_headings(self, camscan: Camscan, home: Path) -> None:
        camscan("register", "export", "out.xlsx")
        camscan("register", "export", "out.ods")
        with zipfile.ZipFile(home / "out.xlsx") as archive:
            book = archive.read("xl/workbook.xml").decode()
            sheet = archive.read("xl/worksheets/sheet2.xml").decode()
        assert "'Register'!$3:$3" in book or "Register!$3:$3" in book
        assert 'paperSize="9"' in sheet
        assert 'orientation="landscape"' in sheet
        assert 'fitToHeight="0"' in sheet
        assert sheet.count('hidden="1"') == 2
        with zipfile.ZipFile(home / "out.ods") as archive:
            styles, content = archive.read("styles.xml").decode(), archive.read("content.xml").decode()
        assert 'fo:page-width="29.7cm" fo:page-height="21cm"' in styles
        assert 'style:scale-to-X="1"' in styles
        assert "<table:table-header-rows><table:table-row><table:table-cell" in content
        assert content.count('table:visibility="collapse"') == 2
        assert "Total: 3 devices" in content

    def test_what_devices_say_is_run_by_nobody(self, camscan: Camscan, home: Path) -> None:
        camscan("set", "192.0.2.3", "budget_code==1+1", "location_detail=@SUM(A1)", "estimated_cost=5")
        camscan("register", "export", "out.csv")
        for row in csv.reader(io.StringIO((home / "out.csv").read_text(encoding="utf-8"), newline="")):
            assert not [cell for cell in row if cell[:1] in {*"=+-@\t\r"}]
        camscan("register", "export", "out.xlsx")
        with zipfile.ZipFile(home / "out.xlsx") as archive:
            texts = b"".join(archive.read(name) for name in archive.namelist() if "worksheets/sheet" in name)
        assert b"<f>" not in texts
        assert b">=1+1" not in texts
        assert b"'=1+1" in texts  # in the costs too


class TestFinance:
    def test_costs_by_year_code_and_site(self) -> None:
        made = finance_page(
            [
                Cost("2026/27", "CC1", "Depot", Decimal(450)),
                Cost("2026/27", "CC1", "DEPOT", None),
                Cost("2026/27", "", "Depot", Decimal("1.50")),
                Cost("2027/28", "CC2", "", Decimal(10)),
                Cost("", "=1+1", "Hall", None),
            ]
        )
        assert made.rows == (
            ("2026/27", "CC1", "Depot", "2", "1", "450.00"),
            ("2026/27", "(none)", "Depot", "1", "0", "1.50"),
            ("Total 2026/27", "", "", "3", "1", "451.50"),
            ("2027/28", "CC2", "(no site)", "1", "0", "10.00"),
            ("Total 2027/28", "", "", "1", "0", "10.00"),
            ("No date yet", "'=1+1", "Hall", "1", "1", "not known"),
            ("Total without a date", "", "", "1", "1", "not known"),
            ("Total", "", "", "5", "2", "461.50"),
        )
        assert made.bold == {2, 4, 6, 7}

    @pytest.mark.parametrize(
        ("day", "year"),
        [(date(2027, 3, 31), "2026/27"), (date(2027, 4, 1), "2027/28"), (date(2099, 12, 31), "2099/00")],
    )
    def test_a_financial_year_begins_in_april(self, day: date, year: str) -> None:
        assert budget_year(day) == year


class TestHeadings:
    def test_every_heading_is_one_column_and_leads_back_to_it(self) -> None:
        headings = [column.heading for column in COLUMNS]
        assert len(set(map(str.casefold, headings))) == len(COLUMNS)
        assert all(column_of_heading(column.heading) == column.name for column in COLUMNS)
        assert not [heading for heading in headings if "_" in heading]

    @pytest.mark.parametrize("column", [column for column in EDITABLE if column.choices], ids=lambda each: each.name)
    def test_choices_in_words_are_read_back(self, column: object) -> None:
        of = next(each for each in EDITABLE if each is column)
        for choice in of.choices:
            assert normalise(of, in_words(choice)) == choice
            assert normalise(of, choice_in_words(of.name, choice).upper()) == choice

    @pytest.mark.parametrize(
        ("heading", "column"),
        [
            *(
                ("Camera No", "council_asset_tag"),
                ("CAMERA NO.", "council_asset_tag"),
                ("Asset Ref", "council_asset_tag"),
            ),
            *(
                ("Make", "stated_manufacturer"),
                ("Manufacturer", "stated_manufacturer"),
                ("Brand", "stated_manufacturer"),
            ),
            *(("Model No.", "stated_model"), ("Serial", "stated_serial_number"), ("S/N", "stated_serial_number")),
            *(("Serial Number ", "stated_serial_number"), ("MAC", "stated_mac_address"), ("IP", "stated_ip_address")),
            *(("IP Address", "stated_ip_address"), ("Site Name", "site_name"), ("Building", "site_name")),
            *(("Location", "location_detail"), ("Camera Location", "location_detail"), ("Notes", "notes")),
            *(("Comments", "notes"), ("Cost", "estimated_cost"), ("Cost (£)", "estimated_cost")),
            *(("Cost (ex VAT)", "estimated_cost"), ("Cost Centre", "budget_code"), ("Date Installed", "purchase_date")),
            *(("Planned Removal Date", "planned_removal_date"), ("Works Order", "removal_evidence_ref")),
            *(("Status", "lifecycle_status"), ("Department", "owner_service"), ("Colour", ""), ("", ""), ("£", "")),
        ],
    )
    def test_what_other_people_call_them(self, heading: str, column: str) -> None:
        assert column_meant(heading) == column

    def test_a_guess_is_always_a_column_that_people_write(self) -> None:
        for place, name in guess_columns(["Make", "Model", "Serial No", "IP", "MAC", "Camera ID", "Make"]).items():
            assert BY_NAME[name].is_editable
            assert place < 6


LIST = """Example Council CCTV list,,,,,,,,,
,,,,,,,,,
Camera No,Site,Location,Make,Model,Serial No.,IP Address,Type,Cost (£),Installed
C001,Town Hall,Foyer,Hikvision,DS-2CD2143G0-I,A10000001,10.20.0.5,Dome,£450,04-Apr-19
C002,Depot,Yard,Dahua,IPC-HFW1431S,N/A,10.20.0.6,Bullet,TBC,1st of May 2020
C003,Depot,Gate,Axis,P3245,,,Owl,,2098-01-01
Total,,,,,,,,450,
"""


class TestOtherPeoplesLists:
    @pytest.fixture
    def team(self, home: Path) -> Path:
        (home / "team.csv").write_text(LIST, encoding="utf-8")
        return home / "team.csv"

    def test_common_headings_need_no_map(self, camscan: Camscan, team: Path, book: Register) -> None:
        code, out, err = camscan("register", "import", team, "--add", "--apply")
        assert (code, err) == (3, "")
        assert "'Make' is taken for stated_manufacturer: Maker as stated\n" in out
        assert "row 7: 'Total' is a sum, not a device; skipped\n" in out
        assert "    row 6: stated_device_type: 'Owl' is not one of" in out
        assert book.find_devices("C001")[0].entries == {
            "council_asset_tag": "C001",
            "site_name": "Town Hall",
            "location_detail": "Foyer",
            "estimated_cost": "450.00",
            "purchase_date": "2019-04-04",
            "stated_manufacturer": "Hikvision",
            "stated_model": "DS-2CD2143G0-I",
            "stated_serial_number": "A10000001",
            "stated_device_type": "ip_camera",
            "stated_ip_address": "10.20.0.5",
        }
        assert "stated_serial_number" not in book.find_devices("C002")[0].entries
        assert book.find_devices("C003") == []  # bought in 2098
        assert "purchase_date 2098-01-01 is in the future" in out
        assert camscan("register", "import", team, "--add")[1].splitlines()[-1].startswith("0 entries of 0 devices")

    def test_a_list_without_a_key_is_refused(self, camscan: Camscan, home: Path, book: Register) -> None:
        (home / "team.csv").write_text("Make,Location\nHik,Door\nDahua,Gate\n")
        before = len(book.devices())
        for way in ((), ("--apply",)):
            code, out, err = camscan("register", "import", "team.csv", "--add", *way)
            assert (code, out, err.count("\n")) == (2, "", 1)
            assert err.startswith(
                "camscan: none of the new rows has a council tag, serial number, MAC address or IP address"
            )
        assert len(book.devices()) == before

    def test_standard_input(self, camscan: Camscan, team: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def pipe(content: bytes) -> None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

        pipe(team.read_bytes())
        assert camscan("register", "import", "-", "--add")[1].startswith("standard input: 3 rows below the headings")
        camscan("register", "export", "out.ods")
        pipe(Path("out.ods").read_bytes())
        assert camscan("register", "import", "-")[0] == 0
        pipe(b"")
        says = "camscan: standard input is empty; name a file, or pipe one in\n"
        assert camscan("register", "import", "-") == (2, "", says)


class TestUndo:
    def enter(self, camscan: Camscan, home: Path) -> None:
        """An import that changes one device and adds two."""
        serial = camera(1).identification.serial
        (home / "a.csv").write_text(f"Serial,Tag,Cost\n{serial},T1,450\nX1000001,T2,10\nX1000002,T3,20\n")
        assert camscan("register", "import", "a.csv", "--add", "--apply")[0] == 0

    def test_an_import_is_taken_back_whole(self, camscan: Camscan, home: Path, book: Register) -> None:
        camscan("set", "192.0.2.2", "location_detail=hall")
        before = {row.asset_id: dict(row.entries) for row in book.devices()}
        self.enter(camscan, home)
        assert len(book.devices()) == 6
        code, dry, _ = camscan("register", "undo")
        assert (code, len(book.devices())) == (0, 6)
        assert dry.endswith(
            "2 entries would be restored, 2 devices would be deleted, 0 unchanged. "
            "Nothing was written; --apply does it.\n"
        )
        code, out, _ = camscan("register", "undo", "--apply")
        assert code == 0
        assert out.startswith("import of a.csv on ")
        assert {row.asset_id: dict(row.entries) for row in book.devices()} == before
        assert book.find_devices("T2") == book.find_devices("X1000001") == []
        assert book.find_faults() == []
        log = [change for change in book.changes() if change.how.startswith("undo of import of a.csv (")]
        assert {change.new for change in log} == {""}
        assert camscan("register", "undo")[2] == ("camscan: the log has no spreadsheet import that can be undone\n")

    def test_the_same_list_may_be_added_anew(self, camscan: Camscan, home: Path, book: Register) -> None:
        self.enter(camscan, home)
        camscan("register", "undo", "--apply")
        self.enter(camscan, home)
        assert len(book.devices()) == 6
        assert book.find_faults() == []
        assert camscan("register", "undo", "--apply")[0] == 0
        assert len(book.devices()) == 4

    def test_what_was_entered_since_stays_and_is_reported(self, camscan: Camscan, home: Path, book: Register) -> None:
        self.enter(camscan, home)
        camscan("set", "T2", "notes=we looked at it")
        camscan("set", "192.0.2.2", "estimated_cost=999")
        code, out, _ = camscan("register", "undo", "--apply")
        assert code == 3
        assert "stays: somebody entered something about it since\n" in out
        assert "estimated_cost is still '999.00': it was changed since\n" in out
        assert book.find_devices("T2")[0].entries["notes"] == "we looked at it"
        assert book.find_devices("192.0.2.2")[0].entries == {"estimated_cost": "999.00"}
        assert book.find_devices("T3") == []
        assert book.find_faults() == []

    def test_what_a_scan_has_seen_since_stays(self, camscan: Camscan, home: Path, book: Register) -> None:
        serial = camera(9).identification.serial
        (home / "a.csv").write_text(f"Serial,Tag\n{serial},T9\n")
        camscan("register", "import", "a.csv", "--add", "--apply")
        with open_register(home / "camscan.db") as writer:
            writer.record(report(camera(9), scan_id="2", when=datetime(2026, 3, 3, tzinfo=UTC)))
        code, out, _ = camscan("register", "undo", "--apply")
        assert (code, "the device is kept: a scan has seen it since\n" in out) == (3, True)
        (row,) = book.find_devices("192.0.2.10")
        assert (row.entries, row.identification.serial) == ({}, serial)
        assert book.find_faults() == []

    def test_an_edited_export_is_taken_back_too(self, camscan: Camscan, home: Path, book: Register) -> None:
        camscan("register", "export", "out.csv")
        text = (home / "out.csv").read_text(encoding="utf-8")
        (home / "out.csv").write_text(text.replace(",Found,,,", ",Found,31 March 2027,,", 1), encoding="utf-8")
        camscan("register", "import", "out.csv", "--apply")
        assert book.find_devices("192.0.2.2")[0].entries["lifecycle_status"] == "planned"
        assert camscan("register", "undo", "--apply")[0] == 0
        assert book.find_devices("192.0.2.2")[0].entries == {}
