"""What the workbook formats share: their pages, how columns look, and reading them."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime, time

from camscan.asset.columns import Column, Kind, Owner
from camscan.errors import UsageError
from camscan.sheets import Line, Page, Table
from camscan.sheets.text import plain

COVER, REGISTER, COLUMNS = "Read me first", "Register", "Columns"
"""Names of the worksheets, in their order."""
HEADER = 3
"""Row of the register's header, from 0: above it the title, a sentence, and a mark for each column."""
SUBTITLE = "One table: one row is one device. Each column says in the row above its name whether you may edit it."
SHADE = "#FFF6D6"
"""Behind what may be edited; black on it has a contrast of 19 to 1."""
WIDTHS = (28, 100, 20, 60)
EXPLAINED = ("Column", "What it holds", "Who writes it", "What may stand in it")

_LARGEST = 1 << 30
"""Bytes that a workbook may unpack to."""
_MOST_CELLS = 10_000_000
"""Cells from the first to the last one of a worksheet: the library makes all of them, empty ones too."""
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})(\d{1,7})["']""")
"""The name of a cell or the number of a row in the XML of an Excel workbook (ECMA-376-1, 18.3.1.4)."""
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How a compound file begins (MS-CFB, 2.2), which an Excel workbook with a password is (MS-OFFCRYPTO, 1.3)."""
_CHUNK = 1 << 20
_LONGEST_NAME = 64
_EXACT = 10**15
"""From here on a spreadsheet program's numbers have lost digits."""


def mark(column: Column) -> str:
    """Whether people may edit a column, in words."""
    return "you may edit" if column.is_editable else "camscan's"


def width(column: Column) -> int:
    """Characters of a column."""
    wide = {Kind.TEXT: 24, Kind.LIST: 24, Kind.MOMENT: 22}.get(column.kind, 14)
    return max(wide, min(len(column.name) + 4, 26), *(len(choice) + 2 for choice in column.choices))


def marking(table: Table) -> str:
    """The protective marking, for the foot of every page."""
    return table.about[0][1].partition(".")[0]


def cover(table: Table) -> list[tuple[str, ...]]:
    """The lines of the cover."""
    return [(table.title,), *table.about]


def explained(table: Table) -> list[tuple[str, ...]]:
    """The lines of the page that explains the columns."""
    who = {
        Owner.PEOPLE: "people: you may edit",
        Owner.SCANNER: "the scanner",
        Owner.DERIVED: "camscan, from the others",
    }
    lines = [(column.name, column.what, who[column.owner], may_hold(column)) for column in table.columns]
    return [("The columns of the register",), EXPLAINED, *lines]


def may_hold(column: Column) -> str:
    """What may stand in a column, in words."""
    words = {
        Kind.TEXT: "text",
        Kind.DATE: "a date, such as 2027-03-31",
        Kind.MONEY: "pounds, such as 1250.00",
        Kind.NUMBER: "a whole number",
        Kind.MOMENT: "a time in UTC",
        Kind.LIST: "texts, separated by ;",
    }
    return f"one of: {', '.join(column.choices)}" if column.choices else words[column.kind]


def read(content: bytes, what: str) -> list[Page]:
    """Every worksheet of a workbook. Raises UsageError where it is none, or would unpack to something huge."""
    import python_calamine  # noqa: PLC0415 - only who reads a workbook waits for it

    if content.startswith(_COMPOUND):
        raise UsageError(
            "it is locked with a password, or of the old kind (.xls); save it without, or as .xlsx or .ods"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(each.file_size for each in archive.infolist())
            if size > _LARGEST:
                raise UsageError(f"it would unpack to {size:,} bytes; that is no register")
            for each in archive.infolist():
                _refuse_far_cells(archive, each)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError) as error:
        raise UsageError(f"it is not {what}: {error}") from error
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [
            Page(name, tuple(_lines(book.get_sheet_by_name(name).to_python(skip_empty_area=False))))
            for name in book.sheet_names
        ]
    except python_calamine.PasswordError as error:
        raise UsageError("it is locked with a password; save it without one") from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise UsageError(f"it is not {what}, or is damaged: {error}") from error


def _refuse_far_cells(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raise UsageError for a worksheet whose last cell is so far out that its empty ones would fill the memory."""
    if not member.filename.lower().endswith(".xml") or member.filename == "content.xml":
        return  # a page of an ODS: there the library looks itself
    wide, high, rest = 0, 0, b""
    with archive.open(member) as part:
        while block := part.read(_CHUNK):
            found = _CELL.findall(rest + block)
            wide = max((wide, *map(_column, {letters for letters, _ in found})))
            high = max((high, *map(int, {digits for _, digits in found})))
            rest = block[-_LONGEST_NAME:]
    if wide * high > _MOST_CELLS:
        raise UsageError(
            f"a worksheet of it reaches to row {high:,} and column {wide:,}: delete what stands far from the table"
        )


def _column(letters: bytes) -> int:
    """The number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _lines(rows: Iterable[Sequence[object]]) -> Iterable[Line]:
    for number, cells in enumerate(rows, start=1):
        yield Line(number, tuple(_text(cell) for cell in cells))


def _text(cell: object) -> str:
    """A cell as text: as a person would have typed it."""
    if isinstance(cell, str):
        return plain(cell)
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, (float, int)):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    return "" if cell is None else str(cell)


def _number(number: float) -> str:
    if abs(number) >= _EXACT:
        return f"{number:.14E}"  # what is left of it: recognised as lost digits
    return str(int(number)) if number == int(number) else f"{number:.15g}"  # as many digits as a cell holds
