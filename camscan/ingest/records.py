"""Reads rows under headings, and objects of JSON, one at a time. Broken ones are reported."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from camscan.ingest.source import Document, Problem
from camscan.ingest.text import Line

_LINES = 20
"""The most lines of one row: a quoted value may contain line breaks."""
_SHOWN = 60
_LARGEST = 1 << 20
"""The most bytes of one object of JSON."""
_BLOCK = 65536
_FIRST_KEY = re.compile(r'\{\s{0,99}("[^"\\]{1,64}")')
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
    while not is_last:
        block = document.read(_BLOCK)
        text, is_last = text + block.decode("utf-8", "replace"), not block
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
