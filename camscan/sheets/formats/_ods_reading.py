"""Reads OpenDocument spreadsheets with lxml, one row at a time (the section numbers are those of ODF 1.2, part 1).

As with Excel workbooks, the file does not decide how much memory is used: a cell or row that is repeated a million
times is read once.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from camscan.cells import plain_text
from camscan.sheets import Line, Merged, Page
from camscan.sheets.faulty_cells import NO_RESULT
from camscan.sheets.formats import _workbook

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CELLS = frozenset({f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"})
_NUMBERS = frozenset({"float", "currency", "percentage"})
_MOST_COPIES = 1000
"""If a row with contents is written once and repeated, only this many copies are read."""


def read_worksheets(archive: zipfile.ZipFile) -> list[Page]:
    """The worksheets, in their order. Raises what ``_workbook.read`` turns into UsageError."""
    lines: dict[str, list[Line]] = {}
    merged: dict[str, list[Merged]] = {}
    numbers: dict[str, int] = {}
    hidden: set[str] = set()
    for row in _workbook.iterate_elements(archive, "content.xml", f"{_TABLE}table-row"):
        table = next(row.iterancestors(f"{_TABLE}table"), None)
        name = "" if table is None else table.get(f"{_TABLE}name", "")
        if name not in lines and table is not None and _is_hidden(table):
            hidden.add(name)
        page = lines.setdefault(name, [])
        first = numbers.get(name, 0) + 1
        repeated = int(row.get(f"{_TABLE}number-rows-repeated") or 1)
        numbers[name] = first + repeated - 1
        cells = tuple(_row_cells(row))
        merged.setdefault(name, []).extend(_merged_rows(row, first) if cells else ())
        if cells:
            page += (Line(first + copy, cells) for copy in range(min(repeated, _MOST_COPIES)))
            lines[name] = list(_workbook.limit_rows(page)) if len(page) > _workbook.MOST_LINES else page
    return [
        Page(name, tuple(page), is_hidden=name in hidden, merged=tuple(merged[name][: _workbook.MOST_MERGED]))
        for name, page in lines.items()
    ]


def _is_hidden(table: Any) -> bool:
    """Whether the style of a worksheet hides it (17.15, 20.247)."""
    wanted = table.get(f"{_TABLE}style-name")
    styles = table.getroottree().getroot().iterfind(f"{_OFFICE}automatic-styles/{_STYLE}style")
    return any(
        each.get(f"{_STYLE}name") == wanted
        and any(properties.get(f"{_TABLE}display") == "false" for properties in each.iter(f"{_STYLE}table-properties"))
        for each in styles
    )


def _merged_rows(row: Any, number: int) -> Iterator[Merged]:
    """The cells of a row that are merged with cells below them (9.1.4)."""
    at = 0
    for cell in row:
        if cell.tag in _CELLS:
            rows = int(cell.get(f"{_TABLE}number-rows-spanned") or 1)
            if rows > 1 and at < _workbook.MOST_COLUMNS:
                yield Merged(at, number, number + rows - 1)
            at += int(cell.get(f"{_TABLE}number-columns-repeated") or 1)


def _row_cells(row: Any) -> list[str]:
    cells: list[str] = []
    at = 0
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        repeated = int(cell.get(f"{_TABLE}number-columns-repeated") or 1)
        end = min(at + repeated, _workbook.MOST_COLUMNS)
        text = _cell_value(cell) if len(cell) or cell.get(f"{_OFFICE}value-type") else _missing_result(cell)
        if text and at < end:
            cells += [""] * (at - len(cells))
            cells += [text] * (end - at)
        at += repeated
    return cells


def _missing_result(cell: Any) -> str:
    return NO_RESULT if cell.get(f"{_TABLE}formula") else ""


def _cell_value(cell: Any) -> str:
    """A cell as the text that a person would have typed."""
    kind = cell.get(f"{_OFFICE}value-type", "")
    if kind in _NUMBERS:
        return _workbook.number_text(float(cell.get(f"{_OFFICE}value", "nan")))
    if kind == "date":
        text = cell.get(f"{_OFFICE}date-value", "")
        return _workbook.moment_text(datetime.fromisoformat(text)) if "T" in text else str(text)
    if kind == "boolean":
        return "yes" if cell.get(f"{_OFFICE}boolean-value") == "true" else "no"
    stated = cell.get(f"{_OFFICE}string-value")
    return plain_text(
        stated if stated is not None else "\n".join(_paragraph_text(each) for each in cell if each.tag == f"{_TEXT}p")
    )


def _paragraph_text(node: Any) -> str:
    """The text of a paragraph, with its runs of spaces, tabs and line breaks (6.1), and without notes."""
    return "".join(_text_parts(node))


def _text_parts(node: Any) -> Iterator[str]:
    yield node.text or ""
    for each in node:
        if each.tag == f"{_TEXT}s":
            yield " " * min(int(each.get(f"{_TEXT}c") or 1), _workbook.MOST_SPACES)
        elif each.tag == f"{_TEXT}tab":
            yield "\t"
        elif each.tag == f"{_TEXT}line-break":
            yield "\n"
        elif each.tag not in {f"{_TEXT}note", f"{_OFFICE}annotation"} and isinstance(each.tag, str):
            yield from _text_parts(each)
        yield each.tail or ""
