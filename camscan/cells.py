"""Makes text harmless for spreadsheet programs, which could take it for a formula, and reverses it. Pure.

OWASP, "CSV Injection": a spreadsheet program runs a cell that begins with certain characters when the file is opened.
The same protection applies in every format, because people save one as another.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

_FORMULA = re.compile(
    r"['\s]*[=+\-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
    r"\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}\t\r\n]"
)
_ANY = re.compile(f"\x01(?:{_FORMULA.pattern})")
_HIDING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
"""Characters that nobody may enter today, but that an earlier register may hold, apart from line ends."""
_XML_HAS_NOT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def would_run(text: str) -> bool:
    """Whether a spreadsheet program would take the text for a formula."""
    return _FORMULA.match(text) is not None


def harmless_cell(text: str) -> str:
    """The text of a cell, with an apostrophe before it if a program would run it."""
    return f"'{text}" if would_run(text) else text


def all_harmless(cells: Sequence[str]) -> Sequence[str]:
    """:func:`harmless_cell` for every cell of a row, in one call."""
    # The cells are joined by a control character, which no cell holds.
    return [harmless_cell(cell) for cell in cells] if _ANY.search("\x01" + "\x01".join(cells)) else cells


def plain_text(cell: str) -> str:
    """The text from which :func:`harmless_cell` made this cell; any other cell unchanged."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def fit_for_xml(text: str) -> str:
    """The text without characters that XML cannot hold (XML 1.0, 2.2)."""
    return _XML_HAS_NOT.sub("\N{REPLACEMENT CHARACTER}", text)


class _Stream(Protocol):
    def write(self, text: str, /) -> object: ...


def csv_writer(
    stream: _Stream, header: Sequence[str], *, quote_all: bool = False
) -> Callable[[Iterable[Sequence[str]]], None]:
    """Begin a CSV (RFC 4180) of harmless cells with the names of its columns; a function that adds rows to it.

    A cell may have several lines; other characters that move a cursor or hide text are shown as �. ``quote_all`` is for
    readers that guess the delimiter.
    """
    table = csv.writer(stream, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL)
    table.writerow(header)

    def add_rows(rows: Iterable[Sequence[str]]) -> None:
        table.writerows([_HIDING.sub("\N{REPLACEMENT CHARACTER}", each) for each in all_harmless(row)] for row in rows)

    return add_rows


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]], *, quote_all: bool = False) -> str:
    """A complete CSV, as :func:`csv_writer` writes it."""
    stream = io.StringIO(newline="")
    csv_writer(stream, header, quote_all=quote_all)(rows)
    return stream.getvalue()
