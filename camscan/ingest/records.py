"""Reads rows under headings, and objects of JSON, one at a time. Broken ones are reported."""

from __future__ import annotations

import codecs
import csv
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from camscan.ingest.source import Document, Problem
from camscan.ingest.text import Line, encoding_of

_LINES = 20
"""The most lines of one row: a quoted value may contain line breaks."""
_SHOWN = 60
_LARGEST = 1 << 20
"""The most bytes of one object of JSON."""
_BLOCK = 65536
_SECONDS = 12
"""A number of seconds since 1970 has fewer digits than this."""
_FIRST_KEY = re.compile(r'\{\s{0,99}("[^"\\]{1,64}")')
_ELEMENT = re.compile(r"<(\w{1,40})>([^<]{0,1000})</\1>")
_NEXT = re.compile(r"\}\s*,?\s*\{")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: heading -> value, and its place."""

    place: str
    """The place of the row for a person: ``line 12``, ``lines 12 to 14``."""
    values: Mapping[str, str]
    """Heading in small letters, without blanks at both ends -> the value."""
    text: str


def read_rows(
    lines: Iterable[Line], separator: str, is_heading: re.Pattern[str], *, headed: Sequence[str] = ()
) -> Iterator[Row | Problem]:
    """Yield every row below a line of headings, which ``is_heading`` recognises.

    A later line of headings replaces the earlier ones. Lines before the first are skipped. ``headed`` has the headings
    for a file that has none.
    """
    headings = list(headed)
    held: list[Line] = []
    for line in lines:
        held.append(line)
        cells = _split_cells("\n".join(each.text for each in held), separator)
        if cells is None and not line.is_cut and len(held) < _LINES:
            continue
        if cells is None:
            yield from _give_up_row(held, separator, headings, is_heading)
        elif is_heading.search(held[0].text):
            headings = [cell.strip().strip("*").casefold() for cell in cells]
        elif headings and any(cell.strip() for cell in cells):
            yield _make_row(held, cells, headings)
        held = []
    if held:
        yield from _give_up_row(held, separator, headings, is_heading)


def _give_up_row(
    held: Sequence[Line], separator: str, headings: Sequence[str], is_heading: re.Pattern[str]
) -> Iterator[Row | Problem]:
    """Report a row whose quotes never close as one broken line, and read the lines after it again on their own."""
    first, *others = held
    yield Problem(
        f"line {first.number}", f"the quotes of this row never close: {' '.join(first.text.split())[:_SHOWN]}"
    )
    for line in others:
        cells = _split_cells(line.text, separator)
        if cells is None:
            yield Problem(f"line {line.number}", f"not a row: {' '.join(line.text.split())[:_SHOWN]}")
        elif headings and not is_heading.search(line.text) and any(cell.strip() for cell in cells):
            yield _make_row([line], cells, headings)


def _split_cells(text: str, separator: str) -> list[str] | None:
    """The values of a row; None if its quotes are not closed."""
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        return None


def _make_row(held: Sequence[Line], cells: Sequence[str], headings: Sequence[str]) -> Row | Problem:
    first, last = held[0].number, held[-1].number
    place = f"line {first}" if first == last else f"lines {first} to {last}"
    text = "\n".join(each.text for each in held)
    if held[-1].is_cut:
        return Problem(place, f"too long to be a row: {text[:_SHOWN]}")
    values = {name: cell.strip() for name, cell in zip(headings, cells, strict=False)}
    return Row(place, values, text)


def read_objects(
    document: Document, *, after: str = "", is_flat: bool = False
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield the objects of JSON after a text, or else of the complete file: a single one, a list, or one on each line.

    Each comes with the text at its beginning; None means a broken one. After a broken one, reading continues at the
    next object that begins with the same key; if objects are flat, at the next one.
    """
    text, begun, is_last = "", not after, False
    encoding, mark = encoding_of(document.head.raw)
    document.read(mark)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while not is_last:
        block = document.read(_BLOCK)
        text, is_last = text + decoder.decode(block, final=not block), not block
        if not begun:
            at = text.find(after)
            begun, text = at >= 0, text[at:] if at >= 0 else text[-len(after) :]
        at = 0
        while begun and (start := text.find("{", at)) >= 0:
            value, end = _parse_object(text, start)
            if end < 0 and len(text) - start <= _LARGEST and not is_last:
                break  # the rest may be in the next block
            end = end if end >= 0 else _next_object(text, start, is_flat=is_flat)
            yield text[start : min(end, start + _BLOCK)], value
            at = end
        text = text[at:] if begun else text


def read_elements(document: Document, names: Sequence[str]) -> Iterator[Row | Problem]:
    """Yield the elements of XML with these names, as rows of the simple elements within; by their text, without a DTD.

    What is around them does not matter. An element that does not end before the next begins is broken.
    """
    begin = re.compile(rf"<({'|'.join(names)})[\s>]")
    encoding, mark = encoding_of(document.head.raw)
    document.read(mark)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    text, number, is_last = "", 1, False
    while not is_last:
        block = document.read(_BLOCK)
        text, is_last = text + decoder.decode(block, final=not block), not block
        while found := begin.search(text):
            again = begin.search(text, found.end())
            end = text.find(f"</{found[1]}>", found.end(), again.start() if again else len(text))
            if end < 0 and not again and not is_last and len(text) - found.start() <= _LARGEST:
                break  # the rest may be in the next block
            number, first = number + text.count("\n", 0, found.start()), found.start()
            stop = end if end >= 0 else again.start() if again else len(text)
            yield _element_row(number, text[first:stop], found[1], is_whole=end >= 0)
            number, text = number + text.count("\n", first, stop), text[stop:]
        else:
            number, text = number + text.count("\n", 0, max(len(text) - _SHOWN, 0)), text[-_SHOWN:]


def _element_row(number: int, text: str, name: str, *, is_whole: bool) -> Row | Problem:
    place = f"line {number}"
    if not is_whole:
        return Problem(place, f"the {name} is not closed")
    values = {found[1].casefold(): html.unescape(found[2]).strip() for found in _ELEMENT.finditer(text)}
    return Row(place, values, " ".join(values.values()))


def _parse_object(text: str, start: int) -> tuple[dict[str, Any] | None, int]:
    """An object and its end; the end is -1 if the object is incomplete or is not an object."""
    try:
        value, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, -1
    return value, end


def _next_object(text: str, start: int, *, is_flat: bool) -> int:
    """Where the next object begins after a broken one; the end of the text if there is none."""
    if is_flat:
        found = _NEXT.search(text, start)
        return found.end() - 1 if found else len(text)
    key = _FIRST_KEY.match(text, start)
    again = re.compile(r"\{\s{0,99}" + re.escape(key[1])).search(text, start + 1) if key else None
    return again.start() if again else len(text)


def time_of(text: str, as_of: datetime) -> datetime | None:
    """A time in ISO 8601 (UTC if it names no zone) or in seconds, never later than the file; else None."""
    plain = text.strip()
    try:
        is_number = plain.isascii() and plain.isdecimal() and len(plain) < _SECONDS
        found = datetime.fromtimestamp(int(plain), UTC) if is_number else datetime.fromisoformat(plain)
        return min(found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC), as_of)
    except (ValueError, OverflowError, OSError):  # the last one comes from Windows, for years beyond 3000
        return None
