"""What the workbook formats share: their pages, how columns look, and reading them."""

from __future__ import annotations

import io
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, time
from itertools import islice
from typing import Any

from lxml import etree

from camscan.asset.columns import VERSION, Column, Kind, Owner
from camscan.errors import UsageError
from camscan.sheets import Line, Page, Table

COVER, REGISTER, COLUMNS = "Read me first", "Register", "Columns"
"""Names of the worksheets, in their order."""
HEADINGS = 2
"""Row of the headings that people read, from 0: above it the title and a sentence. It is repeated on printed pages."""
HEADER = 4
"""Row of the columns' names: between it and the headings a mark for each column."""
SUBTITLE = (
    "One row is one device. The rows below each heading say whether you may edit the column, and give its name for "
    "programs."
)
SHADE = "#FFF6D6"
"""Behind what may be edited; black on it has a contrast of 19 to 1."""
WIDTHS = (28, 100, 20, 60)
EXPLAINED = ("Column", "What it holds", "Who writes it", "Allowed values")

MOST_COLUMNS = 1000
"""Cells to the right of these are not read."""
MOST_LINES = 500_000
"""Rows of one worksheet that hold anything."""
MOST_SPACES = 2000
"""Of one run."""

_LARGEST = 1 << 30
"""Bytes that a workbook may unpack to."""
_LARGEST_SMALL = 1 << 24
"""Bytes of a part that is read as a whole."""
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
"""A compound file: what Excel makes of a workbook with a password, and of .xls."""
_STRICT: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    etree.XMLSyntaxError,
    ArithmeticError,
    EOFError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    StopIteration,
    ValueError,
)
"""What the readers raise at files that are not what they say: parts missing, numbers that are none, wrong sums."""
_EXACT = 10**15
"""From here on a spreadsheet program's numbers have lost digits."""


def edit_mark(column: Column) -> str:
    """Whether people may edit a column, in words."""
    return "you may edit" if column.is_editable else "camscan's"


def column_width(column: Column, table: Table | None = None) -> int:
    """Characters of a column."""
    if table and column.name in table.widths:
        return table.widths[column.name]
    wide = {Kind.TEXT: 24, Kind.LIST: 24, Kind.MOMENT: 22}.get(column.kind, 14)
    return max(wide, min(len(column.name) + 4, 26), *(len(choice) + 2 for choice in column.choices))


def line_count(cells: Sequence[str], table: Table) -> int:
    """How many lines the longest wrapped cell of a row takes, as far as characters tell: rather one too many."""
    lines = (
        wrapped_lines(text, table.widths[column.name])
        for text, column in zip(cells, table.columns, strict=True)
        if column.name in table.widths
    )
    return min(max(lines, default=1), MOST_SHOWN)


def wrapped_lines(text: str, room: int) -> int:
    """Lines of a text in a column of ``room`` characters, broken after spaces, hyphens and slashes, as programs do."""
    lines, used = 1, 0.0
    for part in _PARTS.findall(text):
        size = _text_width(part.rstrip())
        if used and used + size > room:
            lines, used = lines + 1, 0.0
        if size > room:  # no place to break it: cut where the line is full
            lines, size = lines + math.ceil(size / room) - 1, size % room or room
        used += size + len(part) - len(part.rstrip())
    return lines


def _text_width(text: str) -> float:
    """Its width, in characters as a column's width counts them: capitals and digits are wider than most."""
    return sum(_WIDE if letter.isupper() or letter.isdecimal() else 1.0 for letter in text)


_PARTS = re.compile(r"[^\s/-]*[\s/-]|[^\s/-]+")
_WIDE = 1.2
MOST_SHOWN = 8
"""Lines of one cell that are shown at first."""
EDITION = ("camscan columns", VERSION)
"""The document property that tells a program the version of the columns, and its value."""


def page_marking(table: Table) -> str:
    """The protective marking, for the foot of every page."""
    return table.about[0][1].partition(".")[0]


def cover_lines(table: Table) -> list[tuple[str, ...]]:
    """The lines of the cover."""
    return [(table.title,), *table.about]


def explanation_lines(table: Table) -> list[tuple[str, ...]]:
    """The lines of the page that explains the columns."""
    who = {
        Owner.PEOPLE: "people: you may edit",
        Owner.SCANNER: "the scanner",
        Owner.DERIVED: "camscan, from the other columns",
    }
    lines = [(column.name, column.what, who[column.owner], describe_allowed(column)) for column in table.columns]
    return [("The columns of the register",), EXPLAINED, *lines]


def describe_allowed(column: Column) -> str:
    """The allowed values of a column, in words."""
    words = {
        Kind.TEXT: "text",
        Kind.DATE: "a date, such as 2027-03-31",
        Kind.MONEY: "pounds, such as 1250.00",
        Kind.NUMBER: "a whole number",
        Kind.MOMENT: "a time in UTC",
        Kind.LIST: "texts, separated by ;",
    }
    return f"one of: {', '.join(column.choices)}" if column.choices else words[column.kind]


def read_workbook(content: bytes, what: str, reader: Callable[[zipfile.ZipFile], list[Page]]) -> list[Page]:
    """Every worksheet of a workbook. Raises UsageError if it is none, or would unpack to something huge."""
    if content.startswith(_OLD_OFFICE):
        raise UsageError(
            "it is locked with a password or in the old format (.xls); save it without a password, as .xlsx or .ods"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_huge(archive)
            return reader(archive)
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UsageError(
            f"it is not {what}, is damaged, or is locked with a password; save it again as .ods or .xlsx ({reason})"
        ) from error


def _refuse_huge(archive: zipfile.ZipFile) -> None:
    size = sum(each.file_size for each in archive.infolist())
    if size > _LARGEST:
        raise UsageError(f"it would unpack to {size:,} bytes, which is too large for a register")


def limit_rows(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The rows of a worksheet; raises UsageError for more than any register has."""
    taken = tuple(islice(lines, MOST_LINES + 1))
    if len(taken) > MOST_LINES:
        raise UsageError(f"a worksheet of it has more than {MOST_LINES:,} rows, which is too many for a register")
    return taken


def parse_part(archive: zipfile.ZipFile, part: str) -> Any:
    """The root of a small part."""
    if archive.getinfo(part).file_size > _LARGEST_SMALL:
        raise UsageError(f"its part {part} is too large for a register")
    return etree.fromstring(archive.read(part), etree.XMLParser(**_STRICT))


def iterate_elements(archive: zipfile.ZipFile, part: str, tag: str) -> Iterator[Any]:
    """Each element of that name in a large part, one at a time; it is gone when the next is asked for."""
    with archive.open(part) as stream:
        for _, element in etree.iterparse(stream, events=("end",), tag=tag, **_STRICT):
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def number_text(value: float) -> str:
    """A number as a person would have typed it; one that has lost digits so that it is recognised as such."""
    if not math.isfinite(value):
        raise ValueError("a cell holds an invalid number")
    if abs(value) >= _EXACT:
        return f"{value:.14E}"
    return str(int(value)) if value == int(value) else f"{value:.15g}"  # as many digits as a cell holds


def moment_text(when: datetime) -> str:
    """A date, with its time where that is not midnight."""
    return when.date().isoformat() if when.time() == time() else when.isoformat(" ", "seconds")
