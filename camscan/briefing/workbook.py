"""The report as a workbook: the first page in words and numbers, then one table on each worksheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import BinaryIO

from camscan.asset.columns import Kind as Stored
from camscan.briefing.nouns import Exhibit, Report
from camscan.cells import all_harmless
from camscan.output import visible
from camscan.page import Kind, Table
from camscan.page.table import Cell
from camscan.sheets import Book, Extra
from camscan.sheets.book import write_book

_KINDS = {Kind.TEXT: Stored.TEXT, Kind.NUMBER: Stored.NUMBER, Kind.POUNDS: Stored.MONEY, Kind.DAY: Stored.DATE}
_WIDEST, _NARROWEST = 60, 10
"""Width limits of a column, in characters."""
_FRONT = "Read me first"
_WORDS, _WIDE = (Stored.TEXT, Stored.TEXT), (34, 110)


def write_workbook(report: Report, stream: BinaryIO) -> None:
    """Write the report as ODF 1.2. The same report always gives the same bytes."""
    exhibits = [exhibit for section in report.sections for exhibit in section.exhibits]
    pages = (_front_sheet(report), _numbers_sheet(report), *map(_table_sheet, exhibits), _words_sheet(report))
    write_book(Book(f"{report.title}, {report.organisation}".rstrip(", "), report.marking, pages), stream)


def _front_sheet(report: Report) -> Extra:
    """The text of the first page, and the list of worksheets."""
    exhibits = [exhibit for section in report.sections for exhibit in section.exhibits]
    lines = [
        ("Marking", report.marking),
        ("Organisation", report.organisation),
        ("Report", report.subtitle),
        *((notice.word, f"{notice.title}. {' '.join(notice.lines)}".strip()) for notice in report.notices),
        ("Headline", report.headline),
        *(("", line) for line in report.says),
        ("Empty cells", "Nothing is known, or the column does not apply."),
        *((f"Worksheet “{exhibit.name}”", exhibit.table.caption) for exhibit in exhibits),
    ]
    return _make_sheet(_FRONT, report.title, (), _WORDS, lines, _WIDE)


def _numbers_sheet(report: Report) -> Extra:
    rows = [
        (
            f"{figure.name} (%)" if "%" in figure.value else figure.name,
            figure.value.replace(",", "").rstrip(" %"),
            figure.note,
        )
        for figure in report.figures
    ]
    kinds = (Stored.TEXT, Stored.NUMBER, Stored.TEXT)
    headings = ("What", "Number", "Meaning")
    return _make_sheet("Numbers", "The numbers of the first page", headings, kinds, rows, (24, 14, 60))


def _words_sheet(report: Report) -> Extra:
    """All other text of the report, section by section."""
    lines = [
        (section.title if place == 0 else "", line)
        for section in report.sections
        for place, line in enumerate((*section.says, *section.points))
    ]
    return _make_sheet("In words", "The report's sentences, by section", ("Section", "Text"), _WORDS, lines, _WIDE)


def _table_sheet(exhibit: Exhibit) -> Extra:
    table = exhibit.table
    rows = [_row_texts(table, row) for row in table.rows]
    if table.total:
        rows.append(_row_texts(table, table.total))
    kinds = tuple(_KINDS[head.kind] for head in table.heads)
    bold = frozenset({len(rows) - 1}) if table.total else frozenset()
    headings = tuple(head.name for head in table.heads)
    return _make_sheet(exhibit.name, table.caption, headings, kinds, rows, _column_widths(table, rows), bold)


def _make_sheet(  # noqa: PLR0917 - as Extra has members
    name: str,
    title: str,
    headings: tuple[str, ...],
    kinds: tuple[Stored, ...],
    rows: Sequence[Sequence[str]],
    widths: tuple[int, ...],
    bold: frozenset[int] = frozenset(),
) -> Extra:
    cells = tuple(tuple(all_harmless([visible(text) for text in row])) for row in rows)
    return Extra(name, visible(title), headings, kinds, cells, bold, widths)


def _row_texts(table: Table, row: Sequence[Cell]) -> list[str]:
    return [_cell_text(cell, head.kind) for cell, head in zip(row, table.heads, strict=True)]


def _cell_text(cell: Cell, kind: Kind) -> str:
    """The text for a cell of a spreadsheet: ISO dates, plain numbers."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal) and kind is Kind.POUNDS:
        return f"{cell:.2f}"
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _column_widths(table: Table, rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Width of each column in characters: what its texts need, within limits."""
    found = []
    for place, head in enumerate(table.heads):
        longest = max((len(row[place]) for row in rows), default=0)
        words = max(map(len, head.name.split()))
        found.append(min(_WIDEST, max(_NARROWEST, words + 3, longest + 2)))
    return tuple(found)
