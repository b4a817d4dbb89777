"""Spreadsheets of the register: written for people, and read back.

Each format is one file in ``formats/`` with a ``SHEET``; files are found by their place, without a list. ``row`` turns
a device into a row, ``table`` turns rows into a table, and ``compare`` finds the edits in a table that a person has
returned.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import PurePath
from types import MappingProxyType
from typing import BinaryIO, Protocol

from camscan.asset.columns import Column, Kind
from camscan.dataclass import dataclass
from camscan.errors import UsageError


@dataclass(frozen=True, slots=True)
class Extra:
    """A worksheet beside the register, only for reading and printing: an import ignores it."""

    name: str
    title: str
    headings: tuple[str, ...]
    kinds: tuple[Kind, ...]
    """The kind of each column: DATE, MONEY, NUMBER or TEXT."""
    rows: tuple[tuple[str, ...], ...]
    """The cells, already made harmless."""
    bold: frozenset[int] = frozenset()
    """Indexes of the rows that hold sums."""
    widths: tuple[int, ...] = ()
    """Width of each column in characters; empty for the width that its kind has."""


class Rows(Protocol):
    """Rows of cells that may be longer than memory: they are gone through from the first to the last."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Sequence[str]]: ...


@dataclass(frozen=True, slots=True)
class Table:
    """One table that is written, with what a reader must know about it."""

    title: str
    about: tuple[tuple[str, str], ...]
    """Lines of the cover sheet: a heading and a text."""
    columns: tuple[Column, ...]
    rows: Rows
    """Text of each cell, already made harmless (:mod:`camscan.cells`); in the order of ``columns``."""
    totals: tuple[str, ...] = ()
    """The last row of a workbook, cell by cell; empty if there is none."""
    hidden: frozenset[str] = frozenset()
    """Columns that a workbook hides: camscan needs them when the file is imported."""
    widths: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Column -> its width in characters, if a printed page needs another width than the column's own; texts are
    wrapped."""
    extras: tuple[Extra, ...] = ()
    is_plain: bool = False
    """Whether a CSV has a row with the headings for people above the names of the columns."""
    bom: bool = False
    """Whether a CSV begins with a byte order mark; without it, Excel assumes another encoding."""


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook of pages for reading, with one table on each. It is not imported."""

    title: str
    marking: str
    """Protective marking: a property of the document, and a line at the foot of every printed page."""
    pages: tuple[Extra, ...]
    """The pages; a program shows the first one when it opens the file."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a spreadsheet as it was read."""

    number: int
    """Number of the row in a spreadsheet program, from 1."""
    cells: tuple[str, ...]
    """The cells: dates as ISO 8601, whole numbers without a decimal point, texts without camscan's apostrophe."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Cells of one column that were merged: the first one has the value, and the others are empty."""

    column: int
    """Index of the column, from 0."""
    first: int
    """Number of the first row, as in :class:`Line`."""
    last: int


@dataclass(frozen=True, slots=True)
class Page:
    """One worksheet as it was read; a CSV has one."""

    name: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    """What a person should know about how the page was read."""
    is_hidden: bool = False
    merged: tuple[Merged, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One spreadsheet format."""

    name: str
    suffix: str
    """With the dot: ``.csv``."""
    write: Callable[[Table, BinaryIO], None]
    read: Callable[[bytes], list[Page]]
    """Reads a file's pages. Raises UsageError, without the file's name, if the bytes are not of this format."""


@functools.cache
def load_formats() -> Mapping[str, Sheet]:
    """Every format by its suffix, in alphabetical order."""
    formats = importlib.import_module(f"{__name__}.formats")
    found = [
        importlib.import_module(f"{formats.__name__}.{module.name}").SHEET
        for module in pkgutil.iter_modules(formats.__path__)
        if not module.name.startswith("_")
    ]
    return {sheet.suffix: sheet for sheet in sorted(found, key=lambda sheet: sheet.suffix)}


def format_of_file(path: str) -> Sheet:
    """The format of a file, by its suffix; '-' means CSV. Raises UsageError for any other suffix."""
    suffix = ".csv" if path == "-" else PurePath(path).suffix.lower()
    sheet = load_formats().get(suffix)
    if sheet is None:
        known = ", ".join(load_formats())
        raise UsageError(f"{path}: which format? Its name must end in one of {known}")
    return sheet
