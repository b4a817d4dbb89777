"""CSV: RFC 4180, UTF-8. The format for programs: a header and rows, nothing else.

It is read as spreadsheet programs save it: with or without a byte order mark, also in UTF-16 or Windows-1252, and with
commas, semicolons or tabs.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections.abc import Sequence
from typing import BinaryIO

from camscan.asset.columns import column_of_heading
from camscan.cells import plain_text
from camscan.errors import UsageError
from camscan.sheets import Line, Page, Sheet, Table

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = "sep="
"""A line that Excel may write before the header, and that it obeys."""
_HEAD = 1 << 16
"""Characters at the beginning of a file in which the header must be."""
_HEADER_WITHIN = 30
_BLOCK = 500
_MOSTLY = 0.7
"""From this share of NULs in every other byte, a text is UTF-16."""
_LONGEST_CELL = 1 << 20
_MOST_COLUMNS, _MOST_LINES = 1000, 500_000
"""As for workbooks: columns further right are not read, and no register has more rows. Guessing headings takes time."""


def write_csv(table: Table, stream: BinaryIO) -> None:
    """Write the header (of a table for people, with the headings above it) and every row."""
    if table.bom:
        stream.write(codecs.BOM_UTF8)
    if table.is_plain:
        stream.write(_csv_line([column.heading for column in table.columns], _QuotedCells()).encode())
    stream.write(_csv_line([column.name for column in table.columns], _QuotedCells()).encode())
    # A few rows at a time: this is quicker than one by one, and the whole text is never in memory.
    rows = iter(table.rows)
    while block := list(itertools.islice(rows, _BLOCK)):
        quoted = _QuotedCells()
        stream.write("".join([_csv_line(cells, quoted) for cells in block]).encode())


class _QuotedCells(dict[str, str]):
    """Cell -> how it is written.

    Many cells of a block are equal, while ``csv.writer`` looks at every character of each one.
    """

    def __missing__(self, cell: str) -> str:
        needs = "," in cell or '"' in cell or "\n" in cell or "\r" in cell
        found = self[cell] = '"' + cell.replace('"', '""') + '"' if needs else cell
        return found


def _csv_line(cells: Sequence[str], quoted: _QuotedCells) -> str:
    return ",".join([quoted[cell] for cell in cells]) + "\r\n"


def read_csv(content: bytes) -> list[Page]:
    """Read the rows of a CSV that any program may have saved."""
    text, encoding = _decode_text(content)
    notes = [] if encoding.startswith("utf") else ["it is not UTF-8, so it was read as Windows-1252"]
    skip = 0
    delimiter = ""
    if text[: len(_SEPARATOR_LINE)].lower() == _SEPARATOR_LINE:
        first, _, text = text.partition("\n")
        delimiter = first[len(_SEPARATOR_LINE) :].strip("\r") or ","
        skip = 1
    delimiter = delimiter or _find_delimiter(text)
    lines = []
    before = csv.field_size_limit(_LONGEST_CELL)  # the limit is one for the whole program
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    ended = last = 0
    long: list[tuple[int, int]] = []
    try:
        for number, cells in enumerate(rows, start=1 + skip):
            lines.append(Line(number, tuple(map(plain_text, cells[:_MOST_COLUMNS]))))
            ended, last = last, rows.line_num
            long += [(ended, last)] if last > ended + 1 else []
            if len(lines) > _MOST_LINES:
                raise UsageError(f"it has more than {_MOST_LINES:,} rows, which is too many for a register")
    except csv.Error as error:
        raise UsageError(f"line {rows.line_num} cannot be read as CSV: {error}") from error
    finally:
        csv.field_size_limit(before)
    if last > ended + 1 and _ends_in_quotes(text, delimiter):
        raise UsageError(f"a quotation mark opens in line {ended + 1} or after it and is never closed; correct it")
    _refuse_swallowed_rows(text, delimiter, long, skip)
    return [Page("", tuple(lines), tuple(notes))]


def _ends_in_quotes(text: str, delimiter: str) -> bool:
    """Whether the last cell begins with a quotation mark and has no other: it would hold all rows from there on."""
    try:
        for _ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _refuse_swallowed_rows(text: str, delimiter: str, long: Sequence[tuple[int, int]], skip: int) -> None:
    """Raise UsageError if a cell with line breaks ends at a quotation mark within a text, such as in ``19" rack``.

    ``long`` has the lines of the rows that have several. Such a cell has swallowed the rows up to that mark.
    """
    written = io.StringIO(text, newline="").readlines() if long else []
    for before, last in long:
        try:
            list(csv.reader(written[before:last], delimiter=delimiter, strict=True))
        except csv.Error:
            raise UsageError(
                f"a quotation mark opens in line {before + 1 + skip} and closes in line {last + skip}, "
                "within another text; correct it"
            ) from None


def _decode_text(content: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding), encoding
            except UnicodeDecodeError as error:
                raise UsageError(f"its text is damaged at byte {error.start}") from error
    if encoding := _unmarked_utf16(content[:4096]):
        return content.decode(encoding, "replace"), encoding
    if b"\x00" in content[:4096]:
        raise UsageError("it is not a CSV file: it holds bytes that are not text; save it as CSV UTF-8, .ods or .xlsx")
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError:
        # Five bytes mean nothing in Windows-1252, but programs write them anyway.
        return content.decode("cp1252", errors="replace"), "cp1252"


def _unmarked_utf16(head: bytes) -> str:
    """The name of UTF-16 without a byte order mark; empty for another encoding: Western text has NULs in every pair."""
    half = len(head) // 2
    counts = (head[1::2].count(0), head[::2].count(0))
    if half and min(counts) == 0 and max(counts) > _MOSTLY * half:
        return "utf-16-le" if counts[0] else "utf-16-be"
    return ""


def _find_delimiter(text: str) -> str:
    """The delimiter that gives the most of our headings, otherwise the most frequent one.

    Texts and a title may have commas in them.
    """
    lines = text[:_HEAD].splitlines()[:_HEADER_WITHIN]

    def delimiter_worth(delimiter: str) -> tuple[int, int]:
        headings = (sum(bool(column_of_heading(cell.strip('"'))) for cell in line.split(delimiter)) for line in lines)
        return max(headings, default=0), sum(line.count(delimiter) for line in lines)

    return max(_DELIMITERS, key=delimiter_worth)


SHEET = Sheet("csv", ".csv", write_csv, read_csv)
