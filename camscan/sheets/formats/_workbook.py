"""What the workbook formats share: their pages, how columns look, and reading them."""

from __future__ import annotations

import io
import zipfile
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
_EXACT = 10**15
"""From here on a spreadsheet program's numbers have lost digits."""


def mark(column: Column) -> str:
    """Whether people may edit a column, in words."""
    return "you may edit" if column.is_editable else "camscan's"


def width(column: Column) -> int:
    """Characters of a column."""
    wide = {Kind.TEXT: 24, Kind.LIST: 24, Kind.MOMENT: 22}.get(column.kind, 14)
    return max(wide, min(len(column.name) + 4, 26))


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

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(each.file_size for each in archive.infolist())
    except (zipfile.BadZipFile, ValueError) as error:
        raise UsageError(f"it is not {what}: {error}") from error
    if size > _LARGEST:
        raise UsageError(f"it would unpack to {size:,} bytes; that is no register")
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
