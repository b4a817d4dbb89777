"""Excel workbooks (Office Open XML): written with XlsxWriter, read with lxml.

Every text has the type text, so there are no formulas and no links. No cell is locked, because Excel does not sort rows
with locked cells.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, BinaryIO

from camscan.asset.columns import Column, Kind
from camscan.asset.spelling import choice_in_words
from camscan.cells import fit_for_xml
from camscan.sheets import Extra, Page, Sheet, Table
from camscan.sheets.formats import _workbook, _xlsx_reading

_PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_A4 = 9
_LINE = 15
"""Height of a line of text in points."""
_AMOUNT = re.compile(r"\d+(?:\.\d+)?")
_LONGEST_LIST = 255
"""Maximum characters of a list of choices (ECMA-376, 18.3.1.33)."""


def write_xlsx(table: Table, stream: BinaryIO) -> None:
    """Write the cover, the register, and the explanation of its columns."""
    import xlsxwriter  # noqa: PLC0415 - 0.1 s that other formats need not wait for

    with xlsxwriter.Workbook(stream, {**_PLAIN, "constant_memory": True}) as book:
        book.set_properties({"title": table.title, "subject": table.about[0][1], "author": "camscan"})
        book.set_custom_property(*_workbook.EDITION)
        book.set_size(2400, 1400)
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        _plain_page(book, _workbook.COVER, _workbook.cover_lines(table), bold, wrapped)
        _write_register(book, table)
        for extra in table.extras:
            _write_extra(book, extra)
        _plain_page(book, _workbook.COLUMNS, _workbook.explanation_lines(table), bold, wrapped)
        for page in book.worksheets():
            page.set_footer(f"&L{_workbook.page_marking(table)}&R&P / &N")
            page.set_landscape()
            if table.widths:  # a table that is not made for printing has too many columns for one page's width
                page.set_paper(_A4)
                page.fit_to_pages(1, 0)
                page.set_margins(left=0.4, right=0.4, top=0.4, bottom=0.7)


def _plain_page(book: Any, name: str, lines: list[tuple[str, ...]], bold: Any, wrapped: Any) -> None:
    page = book.add_worksheet(name)
    page.hide_gridlines(2)
    for column, width in enumerate(_workbook.WIDTHS[: max(map(len, lines))]):
        page.set_column(column, column, width)
    for number, cells in enumerate(lines):
        for column, text in enumerate(cells):
            heading = number == 0 or (name == _workbook.COVER and column == 0) or cells == _workbook.EXPLAINED
            page.write_string(number, column, fit_for_xml(text), bold if heading else wrapped)


def _write_register(book: Any, table: Table) -> None:
    page = book.add_worksheet(_workbook.REGISTER)
    top = _workbook.HEADER
    last = max(top + len(table.rows), top + 1)
    styles = _Styles(book, wrap=bool(table.widths))
    for place, column in enumerate(table.columns):
        hidden = {"hidden": column.name in table.hidden}
        page.set_column(
            place,
            place,
            _workbook.column_width(column, table),
            styles.style_of_column(column, hidden["hidden"]),
            hidden,
        )
        _offer_choices(page, place, column, (top + 1, last), table)
    page.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
    page.write_string(0, 0, table.title, styles.title)
    page.write_string(1, 0, _workbook.SUBTITLE, styles.bare)
    for place, column in enumerate(table.columns):
        page.write_string(_workbook.HEADINGS, place, column.heading, styles.style_of_mark(column))
    for place, column in enumerate(table.columns):
        page.write_string(top - 1, place, _workbook.edit_mark(column), styles.style_of_name(column))
    for place, column in enumerate(table.columns):
        page.write_string(top, place, column.name, styles.style_of_name(column))
    writers = [_cell_writer(page, column, styles, is_hidden=column.name in table.hidden) for column in table.columns]
    for number, cells in enumerate(table.rows, start=top + 1):
        if table.widths:  # some programs do not make a row as high as its wrapped texts need
            page.set_row(number, _LINE * _workbook.line_count(cells, table))
        for place, text in enumerate(cells):
            if text:
                writers[place](number, place, text)
    kinds = [column.kind for column in table.columns]
    if table.totals:
        page.set_row(top + 1 + len(table.rows), 2 * _LINE)
    _write_sums(page, top + 1 + len(table.rows), table.totals, kinds, styles.sums)
    page.freeze_panes(top + 1, 1)
    page.autofilter(top, 0, last, len(table.columns) - 1)
    page.repeat_rows(_workbook.HEADINGS)


def _offer_choices(page: Any, place: int, column: Column, rows: tuple[int, int], table: Table) -> None:
    """Add a list of choices to each cell of a column that has one."""
    if not (column.is_editable and column.choices and len(",".join(column.choices)) <= _LONGEST_LIST):
        return
    in_words = [choice_in_words(column.name, each) for each in column.choices]
    page.data_validation(
        rows[0],
        place,
        rows[1],
        place,
        {
            "validate": "list",
            "source": in_words if table.is_plain else list(column.choices),
            "input_title": column.name[:32],
            "input_message": column.what[:255],
            "error_title": "Not in the list",
            "error_message": f"One of: {', '.join(column.choices)}"[:255],
        },
    )


def _write_extra(book: Any, extra: Extra) -> None:
    """Write a page beside the register."""
    page = book.add_worksheet(extra.name)
    plain, bold = _sum_styles(book, bold=False), _sum_styles(book, bold=True)
    for place, kind in enumerate(extra.kinds):
        page.set_column(place, place, 28 if kind is Kind.TEXT else 16)
    page.write_string(0, 0, fit_for_xml(extra.title), book.add_format({"bold": True, "font_size": 14}))
    for place, heading in enumerate(extra.headings):
        page.write_string(1, place, heading, bold[Kind.TEXT])
    for number, row in enumerate(extra.rows):
        _write_sums(page, number + 2, row, extra.kinds, bold if number in extra.bold else plain)
    page.repeat_rows(1)


def _sum_styles(book: Any, *, bold: bool) -> Mapping[Kind, Any]:
    forms = {Kind.TEXT: "@", Kind.MONEY: "#,##0.00", Kind.NUMBER: "#,##0"}
    look = {"bold": bold, "text_wrap": True, "valign": "top"}
    return {kind: book.add_format({**look, "num_format": form}) for kind, form in forms.items()}


def _write_sums(page: Any, row: int, cells: Sequence[str], kinds: Sequence[Kind], styles: Mapping[Kind, Any]) -> None:
    """Write a row of sums: numbers as numbers, the rest as text."""
    for place, (text, kind) in enumerate(zip(cells, kinds, strict=True) if cells else ()):
        if kind in {Kind.MONEY, Kind.NUMBER} and _AMOUNT.fullmatch(text):
            page.write_number(row, place, float(text), styles[kind])
        elif text:
            page.write_string(row, place, fit_for_xml(text), styles[Kind.TEXT])


class _Styles:
    """The formats of one workbook. Cells that may be edited are shaded, and also marked in words."""

    def __init__(self, book: Any, *, wrap: bool) -> None:
        look = {"text_wrap": True, "valign": "top"} if wrap else {}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.bare = book.add_format({"num_format": "@"})
        shade = {"bg_color": _workbook.SHADE}
        self._cells = {
            (editable, kind): book.add_format({**look, **(shade if editable else {}), **form})
            for editable in (True, False)
            for kind, form in {
                Kind.TEXT: {"num_format": "@"},
                Kind.DATE: {"num_format": "d mmm yyyy" if wrap else "yyyy-mm-dd"},
                Kind.MONEY: {"num_format": "#,##0.00" if wrap else "0.00"},
                Kind.NUMBER: {"num_format": "0"},
            }.items()
        }
        heading = {"bold": True, "bottom": 1, "text_wrap": True}
        self._marks = {
            editable: book.add_format({**heading, **(shade if editable else {})}) for editable in (True, False)
        }
        small = {"font_size": 7, "text_wrap": True, "valign": "top"}
        self._names = {
            editable: book.add_format({**small, **(shade if editable else {})}) for editable in (True, False)
        }
        self.sums = _sum_styles(book, bold=True)

    def style_of_column(self, column: Column, is_hidden: bool = False) -> Any:
        if is_hidden:
            return self.bare
        return self._cells[column.is_editable, column.kind if column.kind in _NUMERIC else Kind.TEXT]

    def style_of_name(self, column: Column) -> Any:
        return self._names[column.is_editable]

    def style_of_mark(self, column: Column) -> Any:
        return self._marks[column.is_editable]


_NUMERIC = frozenset({Kind.DATE, Kind.MONEY, Kind.NUMBER})


def _cell_writer(page: Any, column: Column, styles: _Styles, *, is_hidden: bool) -> Callable[[int, int, str], object]:
    style = styles.style_of_column(column, is_hidden)

    def write_string(row: int, place: int, value: str) -> None:
        page.write_string(row, place, fit_for_xml(value), style)

    def write_number(row: int, place: int, value: str) -> None:
        page.write_number(row, place, float(value), style)

    def write_day(row: int, place: int, value: str) -> None:
        page.write_datetime(row, place, date.fromisoformat(value), style)

    exact = {Kind.DATE: write_day, Kind.MONEY: write_number, Kind.NUMBER: write_number}.get(column.kind)
    if exact is None:
        return write_string

    def write_cell(row: int, place: int, value: str) -> None:
        with contextlib.suppress(ValueError):  # an old entry that is not a number or a date: it stays a text
            return exact(row, place, value)
        return write_string(row, place, value)

    return write_cell


def read_xlsx(content: bytes) -> list[Page]:
    """Read the worksheets of a workbook. Raises UsageError."""
    return _workbook.read_workbook(content, "an Excel workbook (.xlsx)", _xlsx_reading.read_worksheets)


SHEET = Sheet("xlsx", ".xlsx", write_xlsx, read_xlsx)
