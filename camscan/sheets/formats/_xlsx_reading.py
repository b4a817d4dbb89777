"""Reads Excel workbooks with lxml, one row at a time (the section numbers are those of ECMA-376, part 1).

The file comes from somebody else, and does not decide how much memory is used. Rows and cells are read one after
another, formulas are never evaluated, and cells beyond :data:`_workbook.MOST_COLUMNS` are not read.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from posixpath import join, normpath
from typing import Any

from camscan.cells import plain_text
from camscan.errors import UsageError
from camscan.sheets import Line, Merged, Page
from camscan.sheets.faulty_cells import NO_RESULT
from camscan.sheets.formats import _workbook

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
"""The escape of a character that XML cannot hold, or of an underscore in a text that looks like such an escape
(22.9.2.19)."""
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""Built-in number formats of dates and times (18.8.30)."""
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
"""The parts of a number format that are not codes: quoted text, colours and conditions, escapes, padding."""
_DAYS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 - a cell's date has no zone
"""Whether the workbook counts from 1904 -> its day 0."""
_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


@dataclass(frozen=True, slots=True)
class _Book:
    """Data that all worksheets of a workbook share."""

    texts: Sequence[str]
    date_styles: frozenset[int]
    day_0: datetime


def read_worksheets(archive: zipfile.ZipFile) -> list[Page]:
    """The worksheets, in their order. Raises the errors that ``_workbook.read_workbook`` turns into UsageError."""
    root = next(target for kind, target in _read_relations(archive, "").values() if kind == "officeDocument")
    relations = _read_relations(archive, root)
    parts = dict(relations.values())
    tree = _workbook.parse_part(archive, root)
    is_1904 = any(each.get("date1904") in {"1", "true"} for each in tree.iter("{*}workbookPr"))
    book = _Book(
        texts=list(_shared_strings(archive, parts["sharedStrings"])) if "sharedStrings" in parts else [],
        date_styles=_date_styles(archive, parts["styles"]) if "styles" in parts else frozenset(),
        day_0=_DAYS[is_1904],
    )
    pages = []
    for sheet in tree.iter("{*}sheet"):
        kind, target = relations[sheet.get(_RELATION) or sheet.get(_STRICT_RELATION) or ""]
        if kind == "worksheet":
            merged: list[Merged] = []
            lines = _workbook.limit_rows(_read_lines(archive, target, book, merged))
            is_hidden = sheet.get("state", "visible") != "visible"
            pages.append(Page(sheet.get("name", ""), lines, is_hidden=is_hidden, merged=tuple(merged)))
    return pages


def _read_relations(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Id -> type and path of each part that this part refers to."""
    folder, _, name = part.rpartition("/")
    found = {}
    for each in _workbook.parse_part(archive, join(folder, "_rels", f"{name}.rels")):
        target = each.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else normpath(join(folder, target))
        found[each.get("Id", "")] = each.get("Type", "").rpartition("/")[2], path
    return found


def _shared_strings(archive: zipfile.ZipFile, part: str) -> Iterator[str]:
    for item in _workbook.iterate_elements(archive, part, "{*}si"):
        yield _string_text(item)


def _string_text(node: Any) -> str:
    """The text of a string item: its runs, without the pronunciation of Chinese characters (18.4.6)."""
    parts = [each.text or "" for each in node.iter("{*}t") if not each.getparent().tag.endswith("}rPh")]
    return _unescape_text("".join(parts))


def _date_styles(archive: zipfile.ZipFile, part: str) -> frozenset[int]:
    """Numbers of the cell styles that show a date or a time."""
    tree = _workbook.parse_part(archive, part)
    dates = set(_DATE_FORMATS)
    for each in tree.iter("{*}numFmt"):
        if re.search("[dmyhs]", _QUOTED.sub("", each.get("formatCode", "")), re.IGNORECASE):
            dates.add(int(each.get("numFmtId", "0")))
    styles = next(tree.iter("{*}cellXfs"), None)
    if styles is None:
        return frozenset()
    return frozenset(at for at, style in enumerate(styles) if int(style.get("numFmtId", "0")) in dates)


def _read_lines(archive: zipfile.ZipFile, part: str, book: _Book, merged: list[Merged]) -> Iterator[Line]:
    """The rows that have contents. ``merged`` gets the merged cells, which come after the rows (18.3.1.55)."""
    number = 0
    for row in _workbook.iterate_elements(archive, part, ("{*}row", "{*}mergeCell")):
        if row.tag.endswith("}mergeCell"):
            merged += _merged_rows(row.get("ref", "")) if len(merged) < _workbook.MOST_MERGED else ()
            continue
        number = int(row.get("r") or number + 1)
        cells: list[str] = []
        for cell in row:
            at = _column_index(cell.get("r", "")) if cell.get("r") else len(cells)
            text = _cell_value(cell, book) if at < _workbook.MOST_COLUMNS else ""
            if text:
                cells += [""] * (at - len(cells))
                cells[at:] = [text]
        if cells:
            yield Line(number, tuple(cells))


def _merged_rows(reference: str) -> Iterator[Merged]:
    """The merged cells of a range such as ``A2:A9``, if it has several rows; of several columns, the first."""
    ends = _RANGE.fullmatch(reference)
    if ends and int(ends[2]) < int(ends[3]):
        yield Merged(_column_index(ends[1]), int(ends[2]), int(ends[3]))


def _column_index(reference: str) -> int:
    """Index of a cell in its row, from 0: 27 for ``AB12``."""
    place = 0
    for letter in reference:
        if not letter.isalpha():
            break
        place = place * 26 + ord(letter.upper()) - ord("A") + 1
    return place - 1


def _cell_value(cell: Any, book: _Book) -> str:
    """A cell as the text that a person would have typed."""
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return plain_text(_string_text(cell))
    raw = next((each.text for each in cell if each.tag.endswith("}v")), None)
    if not raw:
        is_formula = kind == "n" and any(each.tag.endswith("}f") for each in cell)
        return NO_RESULT if is_formula else ""
    if kind == "n":
        return _number_or_date(cell, raw, book)
    if kind == "b":
        return "yes" if raw == "1" else "no"
    return plain_text(book.texts[int(raw)] if kind == "s" else _unescape_text(raw))


def _unescape_text(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _number_or_date(cell: Any, raw: str, book: _Book) -> str:
    number = float(raw)
    if int(cell.get("s", "0")) not in book.date_styles:
        return _workbook.number_text(number)
    try:
        when = book.day_0 + timedelta(seconds=round(number * 86400))
    except OverflowError:
        raise UsageError(f"cell {cell.get('r', '')} holds an invalid date") from None
    return _workbook.moment_text(when)
