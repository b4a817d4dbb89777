"""The register to a spreadsheet and back, as typed: what people entered survives, and only edits change anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import made_once
import pytest
from click.testing import CliRunner
from command_line import Camscan
from sample_report import HOSTILE, camera, nameless, report

from camscan.asset import Place, RecordType
from camscan.asset.columns import EDITABLE, Kind
from camscan.cli import cli
from camscan.cli._devices import describe_entry
from camscan.register import Edit, NewRow, Register, open_register

SUFFIXES = [".csv", ".ods", ".xlsx"]
PLACES = [
    Place("Depot", "0100", "depot", "3", "own", "Highways", "segregated"),
    Place("Depot", "0100", "depot", "3", "own", "Highways", "segregated", vlan="20", subnet="192.0.2.0/24"),
]


@pytest.fixture(autouse=True)
def home(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a register of five devices on one site of the site map."""
    monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
    made_once.put(filled, workplace)
    return workplace


def filled(folder: Path) -> None:
    with open_register(folder / "camscan.db") as book:
        fill(book)


def fill(book: Register) -> None:
    hostile = camera(3, brand=HOSTILE, model="=1+1", firmware="@SUM(A1)")
    book.record(report(camera(1), camera(2), hostile, nameless("192.0.2.200")))
    book.remember_sites(PLACES)
    book.add_devices([NewRow(RecordType.MANUAL, {"stated_model": "-X"})], role="r", how="test")


@pytest.fixture
def book(home: Path) -> Iterator[Register]:
    with open_register(home / "camscan.db", readonly=True) as register:
        yield register


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def save(path: Path, cells: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(cells[0]))
        writer.writeheader()
        writer.writerows(cells)


def edit(path: Path, ip: str, **entries: str) -> None:
    """Edit the row of a device in an exported CSV."""
    cells = rows(path)
    (row,) = [row for row in cells if row["ip_addresses"] == ip]
    row.update(entries)
    save(path, cells)


def entries(book: Register, ip: str) -> Mapping[str, str]:
    (row,) = book.find_devices(ip)
    return row.entries


UNCHANGED = "0 entries of 0 devices would change, 0 devices would be added. Nothing was written; --apply writes it."


class TestExport:
    @pytest.mark.parametrize("more", [(), ("--bom",), ("--view", "timeline")])
    def test_a_long_one_by_two_processes_is_the_same(
        self, camscan: Camscan, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
    ) -> None:
        assert camscan("register", "export", "--view", "full", "--force", "one.csv", *more)[0] == 0
        monkeypatch.setattr("camscan.app.spreadsheet._MANY", 2)
        assert camscan("register", "export", "--view", "full", "--force", "two.csv", *more)[0] == 0
        assert Path("two.csv").read_bytes() == Path("one.csv").read_bytes()
        assert len(rows(Path("two.csv"))) == 5

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_what_was_exported_changes_nothing(self, camscan: Camscan, suffix: str) -> None:
        code, out, err = camscan("register", "export", "--view", "full", "--force", f"out{suffix}")
        assert (code, out, err) == (0, f"out{suffix}: 5 devices, 95 columns (full view)\n", "")
        code, out, err = camscan("register", "import", f"out{suffix}")
        assert (code, err) == (0, "")
        assert out.splitlines()[1:] == [UNCHANGED]

    def test_the_timeline(self, camscan: Camscan, home: Path) -> None:
        assert camscan("register", "export", "--view", "full", "--force", "plan.csv", "--view", "timeline")[1].endswith(
            "(timeline view)\n"
        )
        assert "planned_removal_date" in rows(home / "plan.csv")[0]
        assert "serial_number" not in rows(home / "plan.csv")[0]
        assert camscan("register", "import", "plan.csv")[1].splitlines()[1:] == [UNCHANGED]

    def test_one_site(self, camscan: Camscan, home: Path) -> None:
        camscan("set", "192.0.2.2", "site_name=Library")
        camscan("register", "export", "--view", "full", "--force", "out.csv", "--site", "library")
        assert [row["ip_addresses"] for row in rows(home / "out.csv")] == ["192.0.2.2"]
        code, _, err = camscan("register", "export", "--view", "full", "--force", "out.csv", "--site", "Nowhere")
        assert (code, err.partition(";")[0]) == (2, "camscan: the register has no device at the site Nowhere")

    def test_standard_output_is_nothing_but_the_table(self, home: Path) -> None:  # noqa: ARG002 - where it runs
        result = CliRunner().invoke(cli, ["register", "export", "--view", "full", "--force", "-"])
        assert result.exit_code == 0
        assert len(list(csv.reader(io.StringIO(result.output, newline="")))) == 6

    def test_the_mark_for_excel(self, camscan: Camscan, home: Path) -> None:
        camscan("register", "export", "--view", "full", "--force", "out.csv", "--bom")
        assert (home / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfasset_id,")
        assert camscan("register", "import", "out.csv")[0] == 0

    def test_what_devices_say_is_run_by_nobody(self, camscan: Camscan, home: Path) -> None:
        camscan("register", "export", "--view", "full", "--force", "out.csv")
        (row,) = [row for row in rows(home / "out.csv") if row["ip_addresses"] == "192.0.2.4"]
        assert (row["model"], row["firmware_version"]) == ("'=1+1", "'@SUM(A1)")
        assert row["brand_on_badge"].startswith("'=cmd|'")
        assert all(text.isprintable() for text in row.values())

    def test_the_site_map_is_shown(self, camscan: Camscan, home: Path) -> None:
        camscan("register", "export", "--view", "full", "--force", "out.csv")
        row = rows(home / "out.csv")[0]
        assert (row["site_name"], row["uprn"], row["vlan_or_subnet"]) == ("Depot", "0100", "192.0.2.0/24 (VLAN 20)")

    def test_where_it_cannot_be_written(self, camscan: Camscan) -> None:
        code, _, err = camscan("register", "export", "--view", "full", "--force", "nowhere/out.csv")
        assert (code, err) == (
            1,
            "camscan: nowhere/out.csv: the folder nowhere does not exist; create it first\n",
        )
        code, _, err = camscan("register", "export", "--view", "full", "--force", "out.pdf")
        assert (code, err.count("\n")) == (2, 1)


def test_on_either_store(camscan: Camscan, home: Path, register_at: str) -> None:
    with open_register(register_at) as book:
        if not book.devices():
            fill(book)
    where = ("--register", register_at)
    assert camscan("register", "export", "--view", "full", "--force", "out.csv", *where)[0] == 0
    edit(home / "out.csv", "192.0.2.2", notes="=x", council_asset_tag="Ŷ-1")
    code, out, _ = camscan("register", "import", "out.csv", "--apply", *where)
    assert (code, out.splitlines()[-1]) == (0, "2 entries of 1 device changed, 0 devices added.")
    assert camscan("set", "ŷ-1", "notes=y", *where)[0] == 0
    assert "notes: =x → y" in camscan("register", "log", "ŷ-1", *where)[1]
    assert camscan("register", "export", "--view", "full", "--force", "out.ods", *where)[0] == 0
    assert camscan("register", "import", "out.ods", *where)[1].splitlines()[-1] == UNCHANGED


class TestImport:
    def test_a_dry_run_and_then_for_good(self, camscan: Camscan, home: Path, book: Register) -> None:
        camscan("register", "export", "--view", "full", "--force", "out.csv")
        edit(home / "out.csv", "192.0.2.2", notes="=by the stair", planned_removal_date="31/03/2027", uprn="999")
        name = book.find_devices("192.0.2.2")[0].asset_id
        expected = [
            f"row 2: {name} (192.0.2.2, DS-2CD2385G1-I, Depot)",
            "    lifecycle_status: (empty) → planned",
            "    uprn: (empty) → 999",
            "    planned_removal_date: (empty) → 2027-03-31",
            "    notes: (empty) → =by the stair",
        ]
        code, out, _ = camscan("register", "import", "out.csv")
        assert code == 0
        assert out.splitlines()[1:6] == expected
        assert entries(book, "192.0.2.2") == {}
        code, out, _ = camscan("register", "import", "out.csv", "--apply", "--because", "site walk")
        assert (code, out.splitlines()[-1]) == (0, "4 entries of 1 device changed, 0 devices added.")
        assert entries(book, "192.0.2.2") == {
            "uprn": "999",
            "lifecycle_status": "planned",
            "planned_removal_date": "2027-03-31",
            "notes": "=by the stair",
        }
        assert {(each.role, each.how, each.because) for each in book.changes(name)} == {
            ("CCTV manager", "import of out.csv", "site walk")
        }
        assert camscan("register", "import", "out.csv", "--apply")[1].splitlines()[-1].startswith("0 entries of 0")

    def test_what_follows_from_an_edit_is_previewed_too(self, camscan: Camscan, home: Path, book: Register) -> None:
        """A removal gets its day, and one that is taken back loses it: --apply does what the dry run says."""
        camscan(
            "set",
            "192.0.2.3",
            "lifecycle_status=removed",
            "removal_evidence_ref=WO-7",
            "actual_removal_date=2026-03-01",
        )
        camscan("register", "export", "--view", "full", "--force", "out.csv")
        edit(home / "out.csv", "192.0.2.2", lifecycle_status="Removed", removal_evidence_ref="WO-8")
        edit(home / "out.csv", "192.0.2.3", lifecycle_status="confirmed")
        before = len(book.changes())
        _, dry, _ = camscan("register", "import", "out.csv")
        _, done, _ = camscan("register", "import", "out.csv", "--apply")
        told = [line.strip() for line in dry.splitlines() if line.startswith("    ")]
        made = [describe_entry(each.column, each.old, each.new) for each in book.changes()[before:]]
        assert sorted(told) == sorted(made)
        assert f"actual_removal_date: (empty) → {entries(book, '192.0.2.2')['actual_removal_date']}" in told
        assert "actual_removal_date: 2026-03-01 → (empty)" in told
        assert [line for line in dry.splitlines() if line[:1] == " "] == [
            line for line in done.splitlines() if line[:1] == " "
        ]
        assert dry.splitlines()[-1].startswith("5 entries of 2 devices would change")
        assert done.splitlines()[-1].startswith("5 entries of 2 devices changed")

    def test_what_is_left_out_has_its_row_and_exit_code_3(self, camscan: Camscan, home: Path, book: Register) -> None:
        camscan("register", "export", "--view", "full", "--force", "out.csv")
        camscan("set", "192.0.2.3", "supplier=theirs")
        edit(home / "out.csv", "192.0.2.2", notes="x", purchase_date="soon")
        edit(home / "out.csv", "192.0.2.3", supplier="ours", notes="y", model="Z")
        edit(home / "out.csv", "192.0.2.200", notes="z")
        code, out, _ = camscan("register", "import", "out.csv", "--apply")
        assert code == 3
        assert (
            "    row 2: purchase_date: 'soon' is not a date; write it as 2027-03-31, 31/03/2027 or 31 March 2027\n"
            in out
        )
        assert "    row 2: the row's other edits were skipped too: notes\n" in out
        assert "    row 3: supplier: was '' when this file was written and is 'theirs' now;" in out
        assert "    row 3: model is camscan's own column; 'Z' was skipped." in out
        assert out.endswith("2 entries of 2 devices changed, 0 devices added.\n")
        assert entries(book, "192.0.2.2") == {}
        assert entries(book, "192.0.2.3") == {"supplier": "theirs", "notes": "y"}
        assert camscan("register", "import", "out.csv", "--apply", "--overwrite")[0] == 3
        assert entries(book, "192.0.2.3")["supplier"] == "ours"

    def test_a_row_that_was_merged_into_another(self, camscan: Camscan, home: Path, book: Register) -> None:
        camscan("register", "export", "--view", "full", "--force", "out.csv")
        edit(home / "out.csv", "192.0.2.3", notes="x")
        with open_register(home / "camscan.db") as writer:
            (keep,), (gone,) = writer.find_devices("192.0.2.2"), writer.find_devices("192.0.2.3")
            writer.merge_devices(keep.asset_id, gone.asset_id, role="r", because="one unit")
        code, out, _ = camscan("register", "import", "out.csv", "--apply")
        assert code == 3
        told = f"{gone.asset_id} is a duplicate of {keep.asset_id}; edit that row"
        assert told in out
        assert "notes" not in entries(book, "192.0.2.2")

    def test_unknown_columns_are_reported(self, camscan: Camscan, home: Path) -> None:
        save(home / "x.csv", [{"council_asset_tag": "", "notez": "x", "notes": ""}])
        code, out, _ = camscan("register", "import", "x.csv")
        assert code == 3
        assert "'notez' is not a column of the register; did you mean notes?\n" in out

    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("x.csv", b"", "it is empty; save it again, or name another file"),
            ("x.csv", b"Colour,Size\nred,big\n", "none of its rows has known headings"),
            (
                "x.csv",
                bytes(range(256)),
                "it is not a CSV file: it holds bytes that are not text; save it as CSV UTF-8, .ods or .xlsx",
            ),
            ("y.csv", b" \r\n", "it is empty; save it again, or name another file"),
            (
                "cover.csv",
                b"Camera register\r\n\r\nMarking,OFFICIAL\r\nWritten,today\r\nDevices,43\r\n",
                "it is the sheet 'Read me first' of a register: ",
            ),
            ("x.ods", b"nonsense", "it is not an OpenDocument spreadsheet (.ods)"),
            ("x.xlsx", b"", "it is not an Excel workbook (.xlsx)"),
            ("x.txt", b"", "it is empty; save it again, or name another file"),
            (
                "x.xls",
                b"<table><tr><td>Asset No",
                "it is a web page, not a spreadsheet; open it in a spreadsheet program",
            ),
        ],
    )
    def test_a_file_that_cannot_be_used(
        self, camscan: Camscan, home: Path, name: str, content: bytes, says: str
    ) -> None:
        (home / name).write_bytes(content)
        code, out, err = camscan("register", "import", name)
        assert (code, out) == (2, "")
        assert err.startswith(f"camscan: {name}: {says}")
        assert err.count("\n") == 1

    def test_one_that_is_not_there(self, camscan: Camscan) -> None:
        assert camscan("register", "import", "x.csv")[::2] == (
            2,
            "camscan: x.csv: there is no such file; check the name and the folder\n",
        )

    def test_an_export_without_asset_numbers_adds_nothing_again(self, camscan: Camscan, home: Path) -> None:
        camscan("register", "export", "full.csv", "--full")
        save(
            home / "cut.csv",
            [{name: text for name, text in row.items() if name != "asset_id"} for row in rows(home / "full.csv")],
        )
        code, out, _ = camscan("register", "import", "cut.csv")
        assert (code, "its column asset_id is missing" in out, "--add adds them" in out) == (3, True, False)
        code, _, err = camscan("register", "import", "cut.csv", "--add")
        assert (code, "it is an export of camscan without its column asset_id" in err) == (2, True)

    def test_a_date_that_lost_its_format_is_not_an_edit(self, camscan: Camscan, home: Path) -> None:
        camscan("set", "192.0.2.2", "planned_removal_date=2027-02-28")
        camscan("register", "export", "full.csv", "--full")
        edit(home / "full.csv", "192.0.2.2", planned_removal_date="46446")
        code, out, _ = camscan("register", "import", "full.csv")
        assert (code, "0 entries of 0 devices would change" in out) == (0, True)

    def test_a_sentence_about_many_rows_is_printed_once(self, camscan: Camscan, home: Path) -> None:
        save(home / "x.csv", [{"Camera No": f"C{number}", "Status": "spare"} for number in range(8)])
        _, out, _ = camscan("register", "import", "x.csv", "--add")
        assert "    rows 2, 3, 4, 5, 6 and 3 more: lifecycle_status: 'spare' is not one of" in out

    def test_what_a_file_says_moves_no_cursor(self, camscan: Camscan, home: Path) -> None:
        evil = "\x1b[2J\u202eevil"
        save(home / "x.csv", [{"asset_id": evil, "council_asset_tag": evil, evil: evil, "notes": evil}])
        _, out, _ = camscan("register", "import", "x.csv")
        assert out.replace("\n", "").isprintable()

    def test_beside_a_running_scan(self, camscan: Camscan, home: Path) -> None:
        camscan("register", "export", "--view", "full", "--force", "out.csv")
        edit(home / "out.csv", "192.0.2.2", notes="x")
        with open_register(home / "camscan.db"):
            assert camscan("register", "import", "out.csv", "--apply")[0] == 0


LIST = """CCTV team,,,,
Camera No,Make,Model,Serial,Where
C-001,Hikvision,DS-2CD2142FWD-I,N-22233,north gate
C-002,Bosch,NDI-4502,DS-2CD2385G1-I20190701AAWR000000001,stairs
,Samsung,SND-6084,,hall
,Samsung,SND-6084,,hall
C-001,Hikvision,DS-2CD2142FWD-I,,south gate
"""
MAP = ["--map", "Camera No=council_asset_tag", "--map", "Where = location detail"]


class TestForeign:
    @pytest.fixture
    def team(self, home: Path) -> Path:
        path = home / "team.csv"
        path.write_text(LIST, encoding="utf-8")
        (home / "team.map").write_text("# theirs = ours\nSerial = serial_number\nMake=manufacturer\n", encoding="utf-8")
        return path

    def test_without_add_they_are_counted(self, camscan: Camscan, team: Path) -> None:
        code, out, _ = camscan("register", "import", team, *MAP)
        assert code == 3
        assert "5 rows name no device in the register; --add adds them as new devices\n" in out

    def test_they_are_added_once(self, camscan: Camscan, team: Path, book: Register) -> None:
        words = ("register", "import", team, *MAP, "--map-file", "team.map", "--add")
        code, out, _ = camscan(*words)
        assert (code, out.splitlines()[-1][:63]) == (
            3,
            "2 entries of 1 device would change, 3 devices would be added. Nothing was written; --apply writes it."[
                :63
            ],
        )
        assert "    row 7: the council tag c-001 is in row 3 too; this row was skipped\n" in out
        code, out, _ = camscan(*words, "--apply")
        assert (code, len(book.devices())) == (3, 8)
        assert entries(book, "192.0.2.2") == {"council_asset_tag": "C-002", "location_detail": "stairs"}
        (gate,) = book.find_devices("C-001")
        assert gate.record_type is RecordType.IMPORTED
        assert (gate.identification.maker, gate.identification.model) == ("hikvision", "DS-2CD2142FWD-I")
        assert f"row 3: new as {gate.asset_id}: council_asset_tag=C-001, location_detail=north gate" in out
        log = len(book.changes())
        code, out, _ = camscan(*words, "--apply")
        assert out.splitlines()[-1] == "0 entries of 0 devices changed, 0 devices added."
        assert (len(book.devices()), len(book.changes())) == (8, log)

    def test_what_follows_is_previewed_of_new_and_of_known_ones(
        self, camscan: Camscan, home: Path, book: Register
    ) -> None:
        with open_register(home / "camscan.db") as writer:
            (known,) = writer.find_devices("192.0.2.3")
            tag = Edit(known.asset_id, "council_asset_tag", "C-002")
            where = Edit(known.asset_id, "location_detail", "north stair")
            writer.edit_entries([tag, where], role="r", how="test")
        serial = known.identification.serial or ""
        lines = f"Serial,Tag,Status,Works order\n,C-001,Removed,WO-1\n{serial},,REMOVED,WO-2\n"
        (home / "team.csv").write_text(lines, encoding="utf-8")
        names = (
            *("Serial=stated_serial_number", "Tag=council_asset_tag", "Status=lifecycle_status"),
            "Works order=removal_evidence_ref",
        )
        words = ("register", "import", "team.csv", "--add", *(word for name in names for word in ("--map", name)))
        before = len(book.changes())
        _, dry, _ = camscan(*words)
        camscan(*words, "--apply")
        (new,) = book.find_devices("C-001")
        day = new.entries["actual_removal_date"]
        new_row = "council_asset_tag=C-001, lifecycle_status=removed, removal_evidence_ref=WO-1"
        assert f"row 2: new: {new_row}, actual_removal_date={day}\n" in dry
        told = [line.strip() for line in dry.splitlines() if line.startswith("    ") and "→" in line]
        made = [each for each in book.changes()[before:] if each.asset_id == known.asset_id]
        assert told == [describe_entry(each.column, each.old, each.new) for each in made]
        assert len(told) == 3

    def test_what_would_contradict_the_register_is_left_out(self, camscan: Camscan, home: Path, book: Register) -> None:
        camscan(
            "set",
            "192.0.2.3",
            "lifecycle_status=removed",
            "removal_evidence_ref=WO-7",
            "actual_removal_date=2026-03-01",
        )
        (known,) = book.find_devices("192.0.2.3")
        lines = f"Serial,Disposed,Notes\n{known.identification.serial},2026-02-01,x\n"
        (home / "team.csv").write_text(lines, encoding="utf-8")
        words = ("--map", "Serial=stated_serial_number", "--map", "Disposed=disposal_date", "--map", "Notes=notes")
        for way in ((), ("--apply",)):
            code, out, err = camscan("register", "import", "team.csv", *words, "--add", *way)
            assert (code, err) == (3, "")
            assert "    row 2: disposal_date 2026-02-01 is before the removal on 2026-03-01\n" in out
        assert "notes" not in entries(book, "192.0.2.3")

    def test_a_scan_that_finds_one_later_is_the_same_row(self, camscan: Camscan, home: Path, team: Path) -> None:
        more = ("--map", "Serial=stated_serial_number", "--map", "Make=supplier")
        camscan("register", "import", team, *MAP, *more, "--add", "--apply")
        with open_register(home / "camscan.db") as book:
            (before,) = book.find_devices("C-001")
            book.edit_entries([Edit(before.asset_id, "stated_mac_address", "44:19:b6:00:00:09")], role="r", how="test")
            book.record(report(camera(9), scan_id="2", when=datetime(2026, 3, 3, tzinfo=UTC)))
            (after,) = book.find_devices("192.0.2.10")
        assert after.asset_id == before.asset_id
        assert after.entries["location_detail"] == "north gate"

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["--map", "Nix=notes"], "it has no heading 'nix'"),
            (["--map", "Where"], "'Where': write it as 'Their Heading=our_column'"),
            (["--map-file", "none.map"], "none.map: there is no such file"),
        ],
    )
    def test_a_wrong_mapping_is_one_line(self, camscan: Camscan, team: Path, words: list[str], says: str) -> None:
        code, _, err = camscan("register", "import", team, *words)
        assert (code, err.count("\n")) == (2, 1)
        assert says in err


NASTY = (
    "=1+1",
    "'=1",
    "+44 20 7946 0000",
    "- a\n\n-  b",
    "0100",
    "3-4",
    "1E5",
    "TRUE",
    "_x000D_",
    "\N{FULLWIDTH EQUALS SIGN}1",
    "<b>&amp;]]>",
    "Llanfairŷ 😀",
)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_whatever_people_entered_comes_back(camscan: Camscan, book: Register, home: Path, suffix: str) -> None:
    """A property of every text in tests/test_sheets_import.py; here through the register and the command line."""
    names = [column.name for column in EDITABLE if column.kind is Kind.TEXT and not column.name.startswith("stated_")]
    names = [name for name in names if name not in {"council_asset_tag", "recorder_asset_id"}]
    with open_register(home / "camscan.db") as writer:
        edits = [
            Edit(row.asset_id, name, NASTY[(at + place) % len(NASTY)])
            for place, row in enumerate(writer.devices())
            for at, name in enumerate(names)
        ]
        writer.edit_entries(edits, role="r", how="test")
    before = [row.entries for row in book.devices()]
    camscan("register", "export", "--view", "full", "--force", f"out{suffix}")
    code, out, _ = camscan("register", "import", f"out{suffix}", "--apply")
    assert (code, out.splitlines()[1:]) == (0, ["0 entries of 0 devices changed, 0 devices added."])
    assert [row.entries for row in book.devices()] == before
