"""Spreadsheets of the register: written for people, and read back.

One format per file in ``formats/``, each with a ``SHEET``; files are found by their place, there is no registry.
``row`` makes a device into a row, ``table`` makes rows into a table, ``compare`` finds the edits in a table that came
back.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from types import MappingProxyType
from typing import BinaryIO

from camscan.asset.columns import Column, Kind
from camscan.errors import UsageError


@dataclass(frozen=True, slots=True)
class Extra:
    """A worksheet beside the register, to be read and printed: nothing of it is taken back."""

    name: str
    title: str
    headings: tuple[str, ...]
    kinds: tuple[Kind, ...]
    """The kind of each column: DATE, MONEY, NUMBER or TEXT."""
    rows: tuple[tuple[str, ...], ...]
    """Cells already made harmless."""
    bold: frozenset[int] = frozenset()
    """Places of the rows that are sums."""
    widths: tuple[int, ...] = ()
    """Characters of each column; empty for those of its kind."""


@dataclass(frozen=True, slots=True)
class Table:
    """What is written: one table, and what a reader must know of it."""

    title: str
    about: tuple[tuple[str, str], ...]
    """Lines of the cover: a heading and a text."""
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[str]]
    """Text of each cell, already made harmless (:mod:`camscan.cells`); in the order of ``columns``."""
    totals: tuple[str, ...] = ()
    """The last row of a workbook, cell by cell; empty for none."""
    hidden: frozenset[str] = frozenset()
    """Columns that a workbook hides: they are for camscan, when the file comes back."""
    widths: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Column -> characters, where a printed page needs another width than the column's own; its texts are wrapped."""
    extras: tuple[Extra, ...] = ()
    is_plain: bool = False
    """Whether a CSV has the headings that people read above the names of the columns."""
    bom: bool = False
    """Whether a CSV begins with a byte order mark; without it, Excel assumes another encoding."""


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook of pages that are read and not taken back: one table on each."""

    title: str
    marking: str
    """Protective marking: a property of the document, and at the foot of every printed page."""
    pages: tuple[Extra, ...]
    """The first is open at first."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it was read."""

    number: int
    """As a spreadsheet program numbers it, from 1."""
    cells: tuple[str, ...]
    """Dates as ISO 8601, whole numbers without a decimal point, what was made harmless as it was before."""


@dataclass(frozen=True, slots=True)
class Page:
    """One worksheet as it was read; a CSV is one."""

    name: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    """What a person should know of how it was read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One format."""

    name: str
    suffix: str
    """With the dot: ``.csv``."""
    write: Callable[[Table, BinaryIO], None]
    read: Callable[[bytes], list[Page]]
    """Raises UsageError, without the file's name, if the bytes are not of this format."""


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


def of_content(content: bytes) -> Sheet:
    """The format of what came without a name."""
    is_archive, is_opendocument = content.startswith(b"PK"), b"opendocument.spreadsheet" in content[:200]
    return load_formats()[".ods" if is_opendocument else ".xlsx" if is_archive else ".csv"]


def format_of_file(path: str) -> Sheet:
    """The format of a file, by its suffix; '-' is CSV. Raises UsageError for any other."""
    suffix = ".csv" if path == "-" else PurePath(path).suffix.lower()
    sheet = load_formats().get(suffix)
    if sheet is None:
        known = ", ".join(load_formats())
        raise UsageError(f"{path}: which format? Its name must end in one of {known}")
    return sheet
