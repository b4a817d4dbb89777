"""Every format gives back what was put into it, runs nothing that a device says, and opens in another program."""

from __future__ import annotations

import csv as python_csv
import io
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from sample_report import HOSTILE

from camscan import sheets
from camscan.asset.columns import BY_NAME, COLUMNS, VERSION, Kind
from camscan.cells import all_harmless, harmless_cell, plain_text
from camscan.errors import UsageError
from camscan.output import visible
from camscan.sheets import Line, Page, Table
from camscan.sheets.formats import _workbook

SUFFIXES = [".csv", ".ods", ".xlsx"]
WIDE = "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
NASTY = [
    '=HYPERLINK("http://192.0.2.1","x")',
    "+44 20 7946 0000",
    "-1+1",
    "@SUM(A1)",
    " =1+1",
    "\N{NO-BREAK SPACE}=1",
    f"{WIDE[0]}1+1",
    "'=1",
    "''=1",
    "'tis",
    "'",
    "=",
    "0100",
    "3-4",
    "1E5",
    "1,250",
    "TRUE",
    "#REF!",
    "_x000D_",
    "a\nb\n\nc",
    "a  b   c",
    'say "so"; or, not\\',
    "<b>&amp;]]>",
    "Llanfair\N{LATIN SMALL LETTER Y WITH CIRCUMFLEX} 😀",
    "a\N{SOFT HYPHEN}b\N{ZERO WIDTH JOINER}c",
]
PEOPLES = st.text(
    st.one_of(
        st.sampled_from("=+-@'\" \n,;\t<>&0123456789eE.:/" + WIDE),
        st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029\ufffe\uffff"),
    ),
    max_size=60,
)


def table(rows: Sequence[Sequence[str]], *names: str) -> Table:
    columns = tuple(BY_NAME[name] for name in names)
    return Table("A title", (("Marking", "OFFICIAL-SENSITIVE. Text."),), columns, [all_harmless(row) for row in rows])


def written(of: Table, suffix: str) -> bytes:
    stream = io.BytesIO()
    sheets.load_formats()[suffix].write(of, stream)
    return stream.getvalue()


def rows_of(pages: Sequence[Page], first: str) -> list[tuple[str, ...]]:
    """The rows below the one that begins with ``first``."""
    for page in pages:
        for at, line in enumerate(page.lines):
            if line.cells[:1] == (first,) and (page.name in {"", _workbook.REGISTER}):
                return [each.cells for each in page.lines[at + 1 :]]
    raise AssertionError(pages)


def test_the_formats() -> None:
    assert list(sheets.load_formats()) == SUFFIXES
    assert sheets.format_of_file("-").suffix == ".csv"
    assert sheets.format_of_file("a.b.XLSX").name == "xlsx"
    with pytest.raises(UsageError, match=r"^a\.pdf: which format\? Its name must end in one of \.csv, \.ods, \.xlsx$"):
        sheets.format_of_file("a.pdf")


class TestText:
    @given(st.text())
    def test_what_was_made_harmless_comes_back(self, text: str) -> None:
        assert plain_text(harmless_cell(text)) == text

    @given(st.text(st.sampled_from("'=+-@ \t\rax\N{NO-BREAK SPACE}" + WIDE), max_size=8))
    def test_no_program_sees_a_formula(self, text: str) -> None:
        cell = harmless_cell(text)
        assert cell.lstrip(" \N{NO-BREAK SPACE}")[:1] not in {*"=+-@\t\r", *WIDE}

    @given(st.lists(st.text(PEOPLES.map(lambda text: text[:1] or " "), max_size=4), max_size=6))
    def test_a_row_at_once_is_each_cell(self, cells: list[str]) -> None:
        assert list(all_harmless(cells)) == [harmless_cell(cell) for cell in cells]


@pytest.mark.parametrize("suffix", SUFFIXES)
class TestFormats:
    def test_nasty_texts_come_back(self, suffix: str) -> None:
        rows = [(text, f"{number}") for number, text in enumerate(NASTY, start=1)]
        read = sheets.load_formats()[suffix].read(written(table(rows, "notes", "supplier"), suffix))
        assert [row[:2] for row in rows_of(read, "notes")] == rows

    @examples(60)
    @given(texts=st.lists(PEOPLES.filter(lambda text: text.strip() == text and text), min_size=1, max_size=8))
    def test_any_text_of_people_comes_back(self, suffix: str, texts: list[str]) -> None:
        texts = [text.replace("\t", " ") for text in texts]
        rows = [("a", text) for text in texts]
        read = sheets.load_formats()[suffix].read(written(table(rows, "supplier", "notes"), suffix))
        assert [row[1] for row in rows_of(read, "supplier")] == texts

    def test_dates_and_numbers_have_their_types_and_come_back(self, suffix: str) -> None:
        names = ("planned_removal_date", "estimated_cost", "recorder_channel", "uprn", "first_seen")
        row = ("2027-03-31", "1250.50", "16", "010023", "2026-03-02T12:00:00Z")
        read = sheets.load_formats()[suffix].read(written(table([row, ("", "", "", "", "")], *names), suffix))
        ((day, cost, channel, uprn, seen), *_) = rows_of(read, names[0])
        assert (day, float(cost), channel, uprn, seen) == ("2027-03-31", 1250.5, "16", "010023", row[-1])

    def test_an_entry_that_is_not_a_date_is_unchanged(self, suffix: str) -> None:
        read = sheets.load_formats()[suffix].read(
            written(table([("soon", "dear")], "disposal_date", "purchase_cost"), suffix)
        )
        assert rows_of(read, "disposal_date")[0] == ("soon", "dear")

    def test_what_a_device_says_cannot_break_the_file(self, suffix: str) -> None:
        said = visible(HOSTILE)
        read = sheets.load_formats()[suffix].read(written(table([(said, "x")], "model", "notes"), suffix))
        assert rows_of(read, "model")[0] == (said, "x")

    def test_an_empty_register_can_be_written(self, suffix: str) -> None:
        read = sheets.load_formats()[suffix].read(written(table([], *BY_NAME), suffix))
        assert rows_of(read, "asset_id") == []

    def test_the_same_register_gives_the_same_table(self, suffix: str) -> None:
        of = table([("x", "y")], "notes", "supplier")
        if suffix != ".xlsx":  # XlsxWriter notes the time in it
            assert written(of, suffix) == written(of, suffix)

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x00\x01\x02" * 400])
    def test_what_is_no_such_file_is_one_line(self, suffix: str, content: bytes) -> None:
        read = sheets.load_formats()[suffix].read
        if suffix == ".csv" and b"\x00" not in content:
            assert sum(len(page.lines) for page in read(content)) <= 1
        else:
            with pytest.raises(UsageError, match=r"^it is [^\n]*$"):
                read(content)


class TestCsv:
    HEADER = "asset_id,notes"

    def read(self, content: bytes) -> list[tuple[str, ...]]:
        (page,) = sheets.load_formats()[".csv"].read(content)
        return [line.cells for line in page.lines]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_as_programs_save_it(self, encoding: str, delimiter: str) -> None:
        text = f"asset_id{delimiter}notes\r\nA1{delimiter}Tŷ, café\r\n"
        if delimiter == ",":
            text = text.replace("Tŷ, café", '"Tŷ, café"')
        assert self.read(text.encode(encoding)) == [("asset_id", "notes"), ("A1", "Tŷ, café")]

    def test_windows_1252_is_read_and_said(self) -> None:
        (page,) = sheets.load_formats()[".csv"].read("asset_id,notes\nA1,£5 café\n".encode("cp1252"))
        assert page.lines[1].cells == ("A1", "£5 café")
        assert page.notes == ("it is not UTF-8, so it was read as Windows-1252",)

    def test_the_line_that_excel_puts_before_it(self) -> None:
        (page,) = sheets.load_formats()[".csv"].read(b"sep=;\r\nasset_id;notes\r\nA1;x\r\n")
        assert page.lines[1] == Line(3, ("A1", "x"))

    def test_rows_are_numbered_as_a_spreadsheet_does(self) -> None:
        (page,) = sheets.load_formats()[".csv"].read(b'asset_id,notes\r\nA1,"x\r\ny"\r\nA2,z\r\n')
        assert [line.number for line in page.lines] == [1, 2, 3]

    @given(st.lists(st.tuples(st.text(), st.text(",\";\r\n \t'x")), max_size=5))
    def test_csv_is_what_the_library_would_write(self, rows: list[tuple[str, str]]) -> None:
        of = table(rows, "supplier", "notes")
        text = io.StringIO(newline="")
        python_csv.writer(text).writerows([("supplier", "notes"), *of.rows])
        assert written(of, ".csv") == text.getvalue().encode()

    def test_it_is_rfc_4180(self) -> None:
        content = written(table([("a", 'b"c\nd'), ("e", "")], "supplier", "notes"), ".csv")
        assert content == b'supplier,notes\r\na,"b""c\nd"\r\ne,\r\n'

    def test_the_mark_for_excel(self) -> None:
        of = table([("a",)], "notes")
        marked = Table(of.title, of.about, of.columns, of.rows, bom=True)
        assert written(marked, ".csv") == b"\xef\xbb\xbf" + written(of, ".csv")


class TestWorkbooks:
    OF = table(
        [("A1", "=1+1", "2027-03-31", "", "car_park", "1250.00")],
        *("asset_id", "notes", "planned_removal_date", "lifecycle_status", "site_type", "estimated_cost"),
    )

    @pytest.mark.parametrize("suffix", [".ods", ".xlsx"])
    def test_the_sheets(self, suffix: str) -> None:
        pages = sheets.load_formats()[suffix].read(written(self.OF, suffix))
        assert [page.name for page in pages] == ["Read me first", "Register", "Columns"]
        cover, register, columns = pages
        assert cover.lines[0].cells[0] == register.lines[0].cells[0] == "A title"
        marks, header = register.lines[_workbook.HEADER - 1 : _workbook.HEADER + 1]
        assert dict(zip(header.cells, marks.cells, strict=True)) == {
            name: "you may edit" if BY_NAME[name].is_editable else "camscan's" for name in header.cells
        }
        assert {line.cells[0] for line in columns.lines} >= set(header.cells)

    def test_every_printed_page_has_the_marking(self) -> None:
        with zipfile.ZipFile(io.BytesIO(written(self.OF, ".xlsx"))) as archive:
            pages = [archive.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2, 3)]
        assert all("<oddFooter>&amp;LOFFICIAL-SENSITIVE" in page for page in pages)
        with zipfile.ZipFile(io.BytesIO(written(self.OF, ".ods"))) as archive:
            assert "<style:footer><text:p>OFFICIAL-SENSITIVE<" in archive.read("styles.xml").decode()

    def test_a_program_finds_the_version_of_the_columns(self) -> None:
        with zipfile.ZipFile(io.BytesIO(written(self.OF, ".xlsx"))) as archive:
            (told,) = etree.fromstring(archive.read("docProps/custom.xml"))
        assert (told.get("name"), told[0].text) == ("camscan columns", f"{VERSION}")
        with zipfile.ZipFile(io.BytesIO(written(self.OF, ".ods"))) as archive:
            (told,) = etree.fromstring(archive.read("meta.xml")).iter("{*}user-defined")
        assert ([*told.attrib.values()], told.text) == (["camscan columns", "float"], f"{VERSION}")

    @pytest.mark.parametrize("suffix", [".ods", ".xlsx"])
    def test_nothing_in_it_is_run_or_linked(self, suffix: str) -> None:
        rows = [(text, text) for text in [*NASTY, "http://192.0.2.1/", "mailto:a@192.0.2.1", "internal:'x'!A1"]]
        with zipfile.ZipFile(io.BytesIO(written(table(rows, "notes", "model"), suffix))) as archive:
            names = archive.namelist()
            xml = b"".join(archive.read(name) for name in names if name.endswith((".xml", ".rels")))
        assert not [name for name in names if "vba" in name.lower() or "external" in name.lower()]
        tree = etree.fromstring(b"<all>" + b"".join(_without_head(xml)) + b"</all>")
        told = {etree.QName(node).localname for node in tree.iter() if isinstance(node.tag, str)}
        assert not told & {"f", "hyperlink", "oleObject", "a", "object", "event-listener", "script"}
        assert not [node for node in tree.iter() if any("formula" in name for name in node.attrib)]

    def test_excel_has_lists_dates_and_a_frozen_header(self) -> None:
        with zipfile.ZipFile(io.BytesIO(written(self.OF, ".xlsx"))) as archive:
            sheet = archive.read("xl/worksheets/sheet2.xml").decode()
            styles = archive.read("xl/styles.xml").decode()
        assert '<pane xSplit="1" ySplit="5" topLeftCell="B6"' in sheet
        assert '"found,confirmed,planned,ordered,removed,disposed,accepted_risk,not_ours,false_positive"' in sheet
        assert "<autoFilter" in sheet
        assert "mergeCell" not in sheet
        assert "sheetProtection" not in sheet
        assert 'formatCode="yyyy-mm-dd"' in styles

    def test_opendocument_is_1_2_with_its_type_first(self) -> None:
        content = written(self.OF, ".ods")
        assert content[30:84] == b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
            body = archive.read("content.xml").decode()
            views = archive.read("settings.xml").decode()
            trees = [etree.fromstring(archive.read(name)) for name in archive.namelist() if name.endswith(".xml")]
        office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
        assert {tree.get(f"{{{office}}}version", "1.2") for tree in trees} == {"1.2"}
        assert 'office:date-value="2027-03-31"' in body
        assert 'of:cell-content-is-in-list("found";' in body
        assert "number-columns-spanned" not in body
        assert 'table:display-filter-buttons="true"' in body
        # Without the id of a view, LibreOffice freezes nothing.
        assert views.index('"ViewId"') < views.index('"VerticalSplitPosition" config:type="int">5<')

    @pytest.mark.slow
    def test_one_that_would_unpack_to_something_huge_is_refused(self) -> None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in range(11):
                with archive.open(f"{name}.xml", "w") as part:
                    for _ in range(100):
                        part.write(bytes(1 << 20))
        for suffix in (".ods", ".xlsx"):
            with pytest.raises(
                UsageError, match=r"it would unpack to 1,153,433,600 bytes, which is too large for a register"
            ):
                sheets.load_formats()[suffix].read(stream.getvalue())

    def test_columns_beyond_z_have_two_letters(self) -> None:
        with zipfile.ZipFile(io.BytesIO(written(table([], *BY_NAME), ".ods"))) as archive:
            assert f"Register.CQ{_workbook.HEADER + 2}" in archive.read("content.xml").decode()
        assert len(COLUMNS) == 95


def _without_head(xml: bytes) -> list[bytes]:
    return [part.partition(b"?>")[2] for part in xml.split(b"<?xml")[1:]]


ROWS = tuple((f"A{number}", text, "2027-03-31", "1250.50") for number, text in enumerate(NASTY))
NAMES = ("asset_id", "notes", "planned_removal_date", "estimated_cost")
SPOILT = frozenset({"0100", "3-4", "1E5", "1,250", "TRUE"})
"""What a program makes something else of when it opens a CSV."""
SAVED = Path(__file__).parent / "golden" / "sheets"


def check_saved(path: Path, *, from_csv: bool) -> None:
    """That a file which another program saved still says what :data:`ROWS` say."""
    pages = sheets.load_formats()[path.suffix].read(path.read_bytes())
    name = _workbook.REGISTER if len(pages) > 1 else pages[0].name
    (page,) = [page for page in pages if page.name == name]
    (header,) = [at for at, line in enumerate(page.lines) if line.cells[:1] == ("asset_id",)]
    got = {line.cells[0]: line.cells[1:4] for line in page.lines[header + 1 :]}
    for name, text, day, cost in ROWS:
        assert got[name][1] == day
        assert float(got[name][2]) == float(cost)
        if not (from_csv and text in SPOILT):
            assert got[name][0] == text


@pytest.mark.parametrize("path", sorted(SAVED.iterdir()), ids=lambda path: path.name)
def test_what_libreoffice_saved(path: Path) -> None:
    """Saved by LibreOffice 7.4 from what :data:`ROWS` were written to."""
    check_saved(path, from_csv="from-csv" in path.name)


OFFICE = shutil.which("soffice")


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not here: apt-get install libreoffice-calc-nogui")
class TestAnotherProgram:
    def convert(self, source: Path, to: str, folder: Path) -> Path:
        profile = (folder / "profile").as_uri()
        command = [str(OFFICE), "--headless", f"-env:UserInstallation={profile}", "--convert-to", to]
        if source.suffix == ".csv":
            command.append("--infilter=CSV:44,34,76")  # commas, quotes, UTF-8: as its dialogue offers
        subprocess.run(
            [*command, "--outdir", str(folder / "out"), str(source)], check=True, capture_output=True, timeout=100
        )
        (made,) = (folder / "out").iterdir()
        return made

    @pytest.mark.parametrize("suffix", [".ods", ".xlsx"])
    def test_it_opens(self, suffix: str, tmp_path: Path) -> None:
        source = tmp_path / f"register{suffix}"
        source.write_bytes(written(table(ROWS, *NAMES), suffix))
        second_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,2"
        made = self.convert(source, second_sheet, tmp_path)
        rows = list(python_csv.reader(io.StringIO(made.read_text(encoding="utf-8"), newline="")))
        assert tuple(rows[_workbook.HEADER]) == NAMES
        assert [row[1] for row in rows[_workbook.HEADER + 1 :]] == [harmless_cell(text) for text in NASTY]

    @pytest.mark.parametrize(("source_suffix", "to"), [(".csv", "ods"), (".ods", "xlsx"), (".xlsx", "ods")])
    def test_what_it_saves_is_what_was_written(self, source_suffix: str, to: str, tmp_path: Path) -> None:
        source = tmp_path / f"register{source_suffix}"
        source.write_bytes(written(table(ROWS, *NAMES), source_suffix))
        made = self.convert(source, to, tmp_path)
        check_saved(made, from_csv=source_suffix == ".csv")


def test_kinds_are_all_explained() -> None:
    for kind in Kind:
        column = next((column for column in COLUMNS if column.kind is kind), None)
        assert column is None or _workbook.describe_allowed(column)


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("DS-7804HQH-K10000191214CCCHD00000000WCVU", 24, 3),  # as printed: DS-7804HQH- / K1000019…0000 / 0000WCVU
        ("DS-2CD2143G0-I20190610AAWRD00000000", 24, 3),
        ("6C1AD3DPAGD256F", 24, 1),
        ("Recorder NVR", 14, 1),
        ("Car park mast (analogue)", 22, 2),
        ("", 12, 1),
        ("A" * 58, 12, 6),
    ],
)
def test_a_row_is_as_high_as_its_longest_text_is_printed(text: str, room: int, lines: int) -> None:
    assert _workbook.wrapped_lines(text, room) == lines
