"""Excel workbooks (Office Open XML): written with XlsxWriter, read with lxml.

Every text is typed as text: no formulas, no links. Nothing is locked: Excel does not sort rows with locked cells.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date
from typing import Any, BinaryIO

from camscan.asset.columns import Column, Kind
from camscan.cells import fit_for_xml
from camscan.sheets import Page, Sheet, Table
from camscan.sheets.formats import _workbook, _xlsx_reading

_PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_LONGEST_LIST = 255
"""Characters of a list of choices (ECMA-376, 18.3.1.33)."""


def write(table: Table, stream: BinaryIO) -> None:
    """Write the cover, the register, and the explanation of its columns."""
    import xlsxwriter  # noqa: PLC0415 - 0.1 s that other formats need not wait for

    with xlsxwriter.Workbook(stream, {**_PLAIN, "constant_memory": True}) as book:
        book.set_properties({"title": table.title, "subject": table.about[0][1], "author": "camscan"})
        book.set_custom_property(*_workbook.EDITION)
        book.set_size(2400, 1400)
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        _plain_page(book, _workbook.COVER, _workbook.cover(table), bold, wrapped)
        _register(book, table, bold)
        _plain_page(book, _workbook.COLUMNS, _workbook.explained(table), bold, wrapped)
        for page in book.worksheets():
            page.set_footer(f"&L{_workbook.marking(table)}&R&P / &N")


def _plain_page(book: Any, name: str, lines: list[tuple[str, ...]], bold: Any, wrapped: Any) -> None:
    page = book.add_worksheet(name)
    page.hide_gridlines(2)
    for column, width in enumerate(_workbook.WIDTHS[: max(map(len, lines))]):
        page.set_column(column, column, width)
    for number, cells in enumerate(lines):
        for column, text in enumerate(cells):
            heading = number == 0 or (name == _workbook.COVER and column == 0) or cells == _workbook.EXPLAINED
            page.write_string(number, column, fit_for_xml(text), bold if heading else wrapped)


def _register(book: Any, table: Table, bold: Any) -> None:
    page = book.add_worksheet(_workbook.REGISTER)
    top = _workbook.HEADER
    last = max(top + len(table.rows), top + 1)
    styles = _Styles(book)
    for place, column in enumerate(table.columns):
        page.set_column(place, place, _workbook.width(column), styles.of(column))
        if column.is_editable and column.choices and len(",".join(column.choices)) <= _LONGEST_LIST:
            page.data_validation(
                top + 1,
                place,
                last,
                place,
                {
                    "validate": "list",
                    "source": list(column.choices),
                    "input_title": column.name[:32],
                    "input_message": column.what[:255],
                    "error_title": "None of the list",
                    "error_message": f"One of: {', '.join(column.choices)}"[:255],
                },
            )
    page.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
    page.write_string(0, 0, table.title, bold)
    page.write_string(1, 0, _workbook.SUBTITLE)
    for place, column in enumerate(table.columns):
        page.write_string(top - 1, place, _workbook.mark(column), styles.mark(column))
    for place, column in enumerate(table.columns):
        page.write_string(top, place, column.name, styles.mark(column))
    writers = [_writer(page, column, styles) for column in table.columns]
    for number, cells in enumerate(table.rows, start=top + 1):
        for place, text in enumerate(cells):
            if text:
                writers[place](number, place, text)
    page.freeze_panes(top + 1, 1)
    page.autofilter(top, 0, last, len(table.columns) - 1)
    page.set_landscape()
    page.repeat_rows(top)


class _Styles:
    """The formats of one workbook: what may be edited is shaded, as well as marked in words."""

    def __init__(self, book: Any) -> None:
        shade = {"bg_color": _workbook.SHADE}
        self._cells = {
            (editable, kind): book.add_format({**(shade if editable else {}), **form})
            for editable in (True, False)
            for kind, form in {
                Kind.TEXT: {"num_format": "@"},
                Kind.DATE: {"num_format": "yyyy-mm-dd"},
                Kind.MONEY: {"num_format": "0.00"},
                Kind.NUMBER: {"num_format": "0"},
            }.items()
        }
        heading = {"bold": True, "bottom": 1, "text_wrap": True}
        self._marks = {
            editable: book.add_format({**heading, **(shade if editable else {})}) for editable in (True, False)
        }

    def of(self, column: Column) -> Any:
        return self._cells[column.is_editable, column.kind if column.kind in _NUMERIC else Kind.TEXT]

    def mark(self, column: Column) -> Any:
        return self._marks[column.is_editable]


_NUMERIC = frozenset({Kind.DATE, Kind.MONEY, Kind.NUMBER})


def _writer(page: Any, column: Column, styles: _Styles) -> Callable[[int, int, str], object]:
    style = styles.of(column)

    def text(row: int, place: int, value: str) -> None:
        page.write_string(row, place, fit_for_xml(value), style)

    def number(row: int, place: int, value: str) -> None:
        page.write_number(row, place, float(value), style)

    def day(row: int, place: int, value: str) -> None:
        page.write_datetime(row, place, date.fromisoformat(value), style)

    exact = {Kind.DATE: day, Kind.MONEY: number, Kind.NUMBER: number}.get(column.kind)
    if exact is None:
        return text

    def write(row: int, place: int, value: str) -> None:
        with contextlib.suppress(ValueError):  # an old entry that is none: it stays what it is
            return exact(row, place, value)
        return text(row, place, value)

    return write


def read(content: bytes) -> list[Page]:
    """The worksheets of a workbook."""
    return _workbook.read(content, "an Excel workbook (.xlsx)", _xlsx_reading.read)


SHEET = Sheet("xlsx", ".xlsx", write, read)
