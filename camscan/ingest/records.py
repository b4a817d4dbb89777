"""Rows of a file with separated values, under headings that say what is what: one row at a time, broken ones named."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from camscan.ingest.source import Problem
from camscan.ingest.text import Line

_LINES = 20
"""Lines that one row may take: a quoted value may hold line breaks."""
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One row."""

    place: str
    """``line 12``, ``lines 12 to 14``."""
    values: Mapping[str, str]
    """Heading in small letters, without blanks at both ends -> the value."""
    text: str


def rows(
    lines: Iterable[Line], separator: str, is_heading: re.Pattern[str], *, headed: Sequence[str] = ()
) -> Iterator[Row | Problem]:
    """Every row below a line of headings, which ``is_heading`` recognises; another such line brings other headings.

    Lines before the first are passed over. ``headed`` are the headings of a file that has none.
    """
    headings = list(headed)
    held: list[Line] = []
    for line in lines:
        held.append(line)
        cells = _cells("\n".join(each.text for each in held), separator)
        if cells is None and not line.is_cut and len(held) < _LINES:
            continue
        if cells is None:
            yield from _given_up(held, separator, headings, is_heading)
        elif is_heading.search(held[0].text):
            headings = [cell.strip().strip("*").casefold() for cell in cells]
        elif headings and any(cell.strip() for cell in cells):
            yield _row(held, cells, headings)
        held = []
    if held:
        yield from _given_up(held, separator, headings, is_heading)


def _given_up(
    held: Sequence[Line], separator: str, headings: Sequence[str], is_heading: re.Pattern[str]
) -> Iterator[Row | Problem]:
    """A row whose quotes never close: it is one broken line, and those behind it are read for themselves."""
    first, *others = held
    yield Problem(
        f"line {first.number}", f"the quotes of this row never close: {' '.join(first.text.split())[:_SHOWN]}"
    )
    for line in others:
        cells = _cells(line.text, separator)
        if cells is None:
            yield Problem(f"line {line.number}", f"not a row: {' '.join(line.text.split())[:_SHOWN]}")
        elif headings and not is_heading.search(line.text) and any(cell.strip() for cell in cells):
            yield _row([line], cells, headings)


def _cells(text: str, separator: str) -> list[str] | None:
    """The values of a row; None where its quotes are not closed."""
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        return None


def _row(held: Sequence[Line], cells: Sequence[str], headings: Sequence[str]) -> Row | Problem:
    first, last = held[0].number, held[-1].number
    place = f"line {first}" if first == last else f"lines {first} to {last}"
    text = "\n".join(each.text for each in held)
    if held[-1].is_cut:
        return Problem(place, f"too long to be a row: {text[:_SHOWN]}")
    values = {name: cell.strip() for name, cell in zip(headings, cells, strict=False)}
    return Row(place, values, text)
