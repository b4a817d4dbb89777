"""Shared parts of the workbook formats: their pages, the look of columns, and reading."""

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
"""Index of the row with the headings for people, from 0. A title is above it; printed pages repeat it."""
HEADER = 4
"""Index of the row with the names of the columns. The row between it and the headings marks what may be edited."""
SUBTITLE = (
    "One row is one device. The rows below each heading say whether you may edit the column, and give its name for "
    "programs."
)
SHADE = "#FFF6D6"
"""Background of cells that may be edited; black text on it has a contrast of 19 to 1."""
WIDTHS = (28, 100, 20, 60)
EXPLAINED = ("Column", "What it holds", "Who writes it", "Allowed values")

MOST_COLUMNS = 1000
"""Cells further to the right are not read."""
MOST_LINES = 500_000
"""Maximum rows with content in one worksheet."""
MOST_MERGED = 100_000
"""Maximum merged cells of a worksheet that are read."""
MOST_SPACES = 2000
"""Maximum length of a run of spaces."""

_LARGEST = 1 << 30
"""Maximum bytes to which a workbook may unpack."""
_LARGEST_SMALL = 1 << 24
"""Maximum bytes of a part that is read at once."""
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
"""How a compound file begins: Excel writes it for a workbook with a password, and for .xls."""
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
"""What the readers raise at damaged files: missing parts, texts in place of numbers, wrong checksums."""
_EXACT = 10**15
"""From this size on, numbers of a spreadsheet program have lost digits."""


def edit_mark(column: Column) -> str:
    """Whether people may edit a column, in words."""
    return "you may edit" if column.is_editable else "camscan's"


def column_width(column: Column, table: Table | None = None) -> int:
    """Width of a column in characters."""
    if table and column.name in table.widths:
        return table.widths[column.name]
    wide = {Kind.TEXT: 24, Kind.LIST: 24, Kind.MOMENT: 22}.get(column.kind, 14)
    return max(wide, min(len(column.name) + 4, 26), *(len(choice) + 2 for choice in column.choices))


def line_count(cells: Sequence[str], table: Table) -> int:
    """How many lines the longest wrapped cell of a row needs, estimated from characters: rather one too many."""
    lines = (
        wrapped_lines(text, table.widths[column.name])
        for text, column in zip(cells, table.columns, strict=True)
        if column.name in table.widths
    )
    return min(max(lines, default=1), MOST_SHOWN)


def wrapped_lines(text: str, room: int) -> int:
    """How many lines a text needs in a column of ``room`` characters. It breaks after spaces, hyphens and slashes."""
    lines, used = 1, 0.0
    for part in _PARTS.findall(text):
        size = _text_width(part.rstrip())
        if used and used + size > room:
            lines, used = lines + 1, 0.0
        if size > room:  # no place to break the line: cut it where it is full
            lines, size = lines + math.ceil(size / room) - 1, size % room or room
        used += size + len(part) - len(part.rstrip())
    return lines


def _text_width(text: str) -> float:
    """Width of a text in the characters by which columns are measured: capitals and digits are wider than most."""
    return sum(_WIDE if letter.isupper() or letter.isdecimal() else 1.0 for letter in text)


_PARTS = re.compile(r"[^\s/-]*[\s/-]|[^\s/-]+")
_WIDE = 1.2
MOST_SHOWN = 8
"""Maximum lines of one cell that are shown at first."""
EDITION = ("camscan columns", VERSION)
"""The document property with the version of the columns, for programs: its name and value."""


def page_marking(table: Table) -> str:
    """The protective marking for the foot of every page."""
    return table.about[0][1].partition(".")[0]


def cover_lines(table: Table) -> list[tuple[str, ...]]:
    """The lines of the cover sheet."""
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
    """Read every worksheet of a workbook. Raises UsageError if it is not a workbook, or would unpack to a huge size."""
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
    """The rows of a worksheet. Raises UsageError if there are more than any register has."""
    taken = tuple(islice(lines, MOST_LINES + 1))
    if len(taken) > MOST_LINES:
        raise UsageError(f"a worksheet of it has more than {MOST_LINES:,} rows, which is too many for a register")
    return taken


def parse_part(archive: zipfile.ZipFile, part: str) -> Any:
    """Parse a small part of the archive, and return its root element."""
    if archive.getinfo(part).file_size > _LARGEST_SMALL:
        raise UsageError(f"its part {part} is too large for a register")
    return etree.fromstring(archive.read(part), etree.XMLParser(**_STRICT))


def iterate_elements(archive: zipfile.ZipFile, part: str, tag: str | Sequence[str]) -> Iterator[Any]:
    """Iterate over the elements of these names in a large part. Each one is freed when the next is read."""
    with archive.open(part) as stream:
        for _, element in etree.iterparse(stream, events=("end",), tag=tag, **_STRICT):
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def number_text(value: float) -> str:
    """A number as a person would have typed it.

    A number that has lost digits is written so that this can be recognised.
    """
    if not math.isfinite(value):
        raise ValueError("a cell holds an invalid number")
    if abs(value) >= _EXACT:
        return f"{value:.14E}"
    return str(int(value)) if value == int(value) else f"{value:.15g}"  # as many digits as a cell holds


def moment_text(when: datetime) -> str:
    """A date, with its time unless that is midnight."""
    return when.date().isoformat() if when.time() == time() else when.isoformat(" ", "seconds")
