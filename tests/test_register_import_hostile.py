"""Spreadsheets that somebody made to do harm, or broke: one clear line, and a register as it was."""

from __future__ import annotations

import contextlib
import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Camscan
from sample_report import camera, report

from camscan.errors import UsageError
from camscan.register import Edit, Register, open_register
from camscan.sheets.formats import ods, xlsx

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(rows: str) -> bytes:
    """The smallest Excel workbook with this in its only worksheet."""
    head = '<?xml version="1.0"?>'
    relation = f'<Relationship Id="rId1" Type="{_RELATIONS}/'
    parts = {
        "[Content_Types].xml": f'{head}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'{head}<Relationships xmlns="{_PACKAGE}/relationships">{relation}officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{head}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{head}<Relationships xmlns="{_PACKAGE}/relationships">{relation}worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{head}<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


def cell(name: str, text: str) -> str:
    row = name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return f'<row r="{row}"><c r="{name}" t="inlineStr"><is><t>{text}</t></is></c></row>'


@pytest.fixture(autouse=True)
def home(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
    with open_register("camscan.db") as book:
        book.record(report(camera(1)))
    return workplace


@pytest.fixture
def asset(home: Path) -> Iterator[str]:
    with open_register(home / "camscan.db", readonly=True) as book:
        yield book.devices()[0].asset_id


@pytest.mark.parametrize("far", ["XFD1048576", "XFD2000", "J1048576", "ZZZZZZZ99999999999999"])
def test_a_cell_far_out_costs_nothing(far: str) -> None:
    """Its empty neighbours are not made: there may be seventeen thousand million of them."""
    (page,) = xlsx.SHEET.read(workbook(cell("A1", "asset_id") + cell(far, "x")))
    assert page.lines[0].cells == ("asset_id",)
    assert max(len(line.cells) for line in page.lines) <= 1000


@pytest.mark.parametrize("count", ["99999999999", "-1", "4294967296"])
def test_what_a_sheet_says_of_its_own_size_is_not_believed(count: str) -> None:
    content = written_ods().replace(b"COUNT", count.encode())
    with contextlib.suppress(UsageError):
        (page,) = ods.SHEET.read(content_of(content))
        assert len(page.lines) <= 2000
        assert max((len(line.cells) for line in page.lines), default=0) <= 1000


def written_ods() -> bytes:
    return (
        b'<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        b'<table:table table:name="S"><table:table-row table:number-rows-repeated="COUNT">'
        b'<table:table-cell office:value-type="string" table:number-columns-repeated="COUNT">'
        b'<text:p>x<text:s text:c="COUNT"/></text:p></table:table-cell></table:table-row></table:table>'
        b"</office:spreadsheet></office:body></office:document-content>"
    )


def content_of(xml: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", xml)
    return stream.getvalue()


def test_an_entity_is_not_followed() -> None:
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>&lol;</t></is></c></row>'
    head = '<?xml version="1.0"?>'
    content = workbook(rows)
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if name.endswith("sheet1.xml"):
                text = text.replace(head, f'{head}<!DOCTYPE x [<!ENTITY lol SYSTEM "file:///etc/hostname">]>')
            new.writestr(name, text)
    with contextlib.suppress(UsageError):
        (page,) = xlsx.SHEET.read(stream.getvalue())
        assert page.lines == ()


def test_a_workbook_with_a_password_is_not_a_zip_file_and_said_to_be_locked() -> None:
    with pytest.raises(UsageError, match="locked with a password"):
        xlsx.SHEET.read(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504))


def test_a_long_narrow_sheet_is_read() -> None:
    (page,) = xlsx.SHEET.read(workbook(cell("A1", "asset_id") + cell("B90000", "x")))
    assert page.lines[-1].cells == ("", "x")


@pytest.mark.parametrize("revision", ["9" * 30, "9" * 5000, "-1", "²", "1e9"])
def test_a_damaged_revision_counts_as_missing(camscan: Camscan, home: Path, asset: str, revision: str) -> None:
    (home / "in.csv").write_text(f"asset_id,revision,notes\n{asset},{revision},ladder\n", encoding="utf-8")
    code, out, err = camscan("register", "import", "in.csv", "--apply")
    assert (code, err) == (0, "")
    assert "1 entry of 1 device changed" in out


def test_an_asset_number_is_recognised_in_any_case(camscan: Camscan, home: Path, asset: str) -> None:
    with open_register(home / "camscan.db", editing=True) as book:
        book.edit_entries([Edit(asset, "council_asset_tag", "C1")], role="engineer", how="set")
    (home / "in.csv").write_text(f"asset_id,notes\n{asset.lower()},ladder\nC1,a\n192.0.2.2,b\n", encoding="utf-8")
    code, out, _ = camscan("register", "import", "in.csv")
    assert code == 3
    assert "notes: (empty) → ladder" in out
    assert [line for line in out.splitlines() if "no such device" in line] == [
        "    row 3: asset_id C1: there is no such device in the register",
        "    row 4: asset_id 192.0.2.2: there is no such device in the register",
    ]


def test_brackets_without_end_in_a_column_of_camscans_own(camscan: Camscan, home: Path, asset: str) -> None:
    (home / "in.csv").write_text(f"asset_id,inherited,notes\n{asset},{'[' * 100_000},ladder\n", encoding="utf-8")
    code, _, err = camscan("register", "import", "in.csv")
    assert (code, err) == (0, "")


def test_an_entry_that_somebody_makes_while_the_file_is_compared_is_not_overwritten(
    camscan: Camscan, home: Path, asset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two questions to the register."""
    (home / "in.csv").write_text(f"asset_id,revision,notes\n{asset},0,from the sheet\n", encoding="utf-8")

    def intrude(book: Register) -> None:
        def enter() -> None:
            with open_register(home / "camscan.db", editing=True) as other:
                other.edit_entries([Edit(asset, "notes", "by somebody")], role="engineer", how="set")

        del book
        person = threading.Thread(target=enter)
        person.start()
        person.join()

    for name in ("devices", "changes"):
        with monkeypatch.context() as patch:
            whole = getattr(Register, name)

            def after(book: Register, *words: object, _whole: object = whole, **named: object) -> object:
                result = _whole(book, *words, **named)  # type: ignore[operator]  # the method as it is
                intrude(book)
                return result

            patch.setattr(Register, name, after)
            code, _, err = camscan("register", "import", "in.csv", "--apply")
        assert (code, "somebody else made entries at the same time" in err) == (4, True), name
        with open_register(home / "camscan.db", editing=True) as book:
            assert book.devices()[0].entries["notes"] == "by somebody"
            book.edit_entries([Edit(asset, "notes", "")], role="engineer", how="set")
