"""What people hand in as a spreadsheet is recognised by its content, whatever its name says."""

from __future__ import annotations

import io
import zipfile

import pytest

from camscan.errors import UsageError
from camscan.sheets.file_kind import format_to_read
from camscan.sheets.formats.csv import read_csv

OLD = b"\xd0\xcf\x11\xe0" + bytes(508)


def archive(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "suffix"),
    [
        ("list.xlsm", archive("[Content_Types].xml", "xl/workbook.xml"), ".xlsx"),
        ("list.csv", archive("mimetype", "content.xml"), ".ods"),
        ("", archive("mimetype", "content.xml"), ".ods"),
        ("finance.xls", b"Asset No,Make\r\nA1,Dahua\r\n", ".csv"),
        ("list.txt", b"Asset No\tMake\r\nA1\tDahua\r\n", ".csv"),
        ("list", b"<Site>,Make\r\n", ".csv"),
        ("damaged.ods", b"PK\x03\x04 cut off", ".ods"),
        ("damaged.xlsx", b"nonsense", ".xlsx"),
    ],
)
def test_the_content_shows_the_format(name: str, content: bytes, suffix: str) -> None:
    assert format_to_read(name, content).suffix == suffix


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'<html xmlns:x="urn:x"><body><table>', "it is a web page, not a spreadsheet; open it in"),
        ("\ufeff<!DOCTYPE html>\n<title>Sign in".encode("utf-16"), "it is a web page"),
        (b'<?xml version="1.0"?><Workbook><Table>', "it is XML, not a spreadsheet"),
        (b"%PDF-1.7\n", "it is a PDF"),
        (archive("[Content_Types].xml", "xl/workbook.bin"), r"it is a binary workbook \(.xlsb\)"),
        (archive("Index/Document.iwa"), "it is a Numbers document"),
        (archive("[Content_Types].xml", "word/document.xml"), "it is a Word document"),
        (archive("list.csv"), "it is a ZIP archive; unpack it"),
        (OLD + "EncryptedPackage".encode("utf-16-le"), "it is locked with a password; save it without one"),
        (OLD + "Workbook".encode("utf-16-le"), r"it is in the old format of Excel \(.xls\)"),
        (OLD, "it is locked with a password or in the old format"),
    ],
)
def test_what_is_not_a_list_is_named_with_what_to_do(content: bytes, says: str) -> None:
    with pytest.raises(UsageError, match=f"^{says}"):
        format_to_read("list.xlsx" if content.startswith((b"PK", b"\xd0")) else "list.xls", content)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_read(encoding: str) -> None:
    (page,) = read_csv("Asset No,Location\r\nA1,Caf\u00e9 \u2013 north\r\n".encode(encoding))
    assert [line.cells for line in page.lines] == [("Asset No", "Location"), ("A1", "Caf\u00e9 \u2013 north")]


def test_a_quotation_mark_that_an_inch_mark_closes_swallows_no_rows() -> None:
    swallowed = b'Asset No,Location,Make\r\nA1,"Foyer,Dahua\r\nA2,Yard,Dahua\r\nA3,19" rack,Dahua\r\n'
    with pytest.raises(UsageError, match="opens in line 2 and closes in line 4, within another text"):
        read_csv(swallowed)
    (page,) = read_csv(b'Asset No,Location\r\nA1,"two\r\nlines"\r\nA2,19" rack\r\n')
    assert [line.cells[1] for line in page.lines] == ["Location", "two\r\nlines", '19" rack']
