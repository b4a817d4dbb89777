"""The table in a spreadsheet, and which of its columns are ours. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from camscan.asset.columns import BY_NAME, EDITABLE, STATED, Column, nearest, plain_name
from camscan.errors import UsageError
from camscan.sheets import Line, Page

KEYS = ("asset_id", "council_asset_tag")
"""What a row is known by, the first that it has."""
_HEADER_WITHIN = 30
"""Rows from the top in which a header is looked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """A table of a spreadsheet, as far as it is ours."""

    page: str
    """The worksheet; empty for a CSV."""
    header: int
    """Its row number."""
    places: Mapping[str, int]
    """Name of a column -> its place in a row, from 0."""
    lines: tuple[Line, ...]
    """The rows below the header that hold anything."""
    unknown: tuple[str, ...]
    """A sentence for each heading that is none of ours."""
    notes: tuple[str, ...]

    def cell(self, line: Line, name: str) -> str:
        """The text of a cell; empty where the table has no such column, or the row is shorter."""
        place = self.places.get(name)
        return line.cells[place] if place is not None and place < len(line.cells) else ""


def mapping(pairs: Iterable[str]) -> Mapping[str, str]:
    """``Their Heading=our_column`` texts as heading -> column. Raises UsageError for what is none, or no column."""
    found: dict[str, str] = {}
    for pair in pairs:
        theirs, equals, ours = pair.rpartition("=")
        if not equals or not theirs.strip() or not ours.strip():
            raise UsageError(f"'{pair}': write it as 'Their Heading=our_column'")
        name = plain_name(ours)
        name = STATED.get(name, name)
        column = BY_NAME.get(name)
        if column is None or not (column.is_editable or name in KEYS):
            names = list(dict.fromkeys((*KEYS, *(each.name for each in EDITABLE))))
            raise UsageError(f"'{pair}': {ours.strip()} is not a column that people write{nearest(name, names)}")
        if name in found.values():
            raise UsageError(f"'{pair}': another heading is {name} already")
        found[_folded(theirs)] = name
    return found


def mapping_lines(text: str) -> list[str]:
    """The pairs of a mapping file: one a line; empty lines and those that begin with # are left out."""
    return [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]


def find(pages: Sequence[Page], theirs: Mapping[str, str]) -> Found:
    """The table: the row with the most headings that are ours. Raises UsageError where there is none."""
    best: tuple[int, Page, int] | None = None
    for page in pages:
        for at, line in enumerate(page.lines[:_HEADER_WITHIN]):
            known = len({name for cell in line.cells if (name := _ours(cell, theirs))})
            if known and (best is None or known > best[0]):
                best = (known, page, at)
    if best is None:
        raise UsageError("no row of it holds headings of the register; say whose are whose with --map 'Theirs=ours'")
    _, page, at = best
    header = page.lines[at]
    places: dict[str, int] = {}
    unknown: list[str] = []
    rest = tuple(line for line in page.lines[at + 1 :] if any(cell.strip() for cell in line.cells))
    for place, text in enumerate(header.cells):
        name = _ours(text, theirs)
        if name in places:
            raise UsageError(f"row {header.number}: two columns are called {name}; delete one")
        if name:
            places[name] = place
        elif text.strip() or any(line.cells[place : place + 1] not in {(), ("",)} for line in rest):
            unknown.append(_unknown(text.strip(), place, theirs))
    _complain_of_missing(places, theirs)
    if "asset_id" not in places:  # somebody else's list: what it says of a device is what somebody stated
        places = {STATED.get(name, name) if STATED.get(name) not in places else name: at for name, at in places.items()}
    return Found(page.name, header.number, places, rest, tuple(unknown), page.notes)


def _ours(text: str, theirs: Mapping[str, str]) -> str:
    """The name of the column that a heading means; empty for none of ours."""
    name = theirs.get(_folded(text)) or plain_name(text.strip("\ufeff"))
    return name if name in BY_NAME else ""


def _folded(heading: str) -> str:
    return " ".join(heading.strip("\ufeff").casefold().split())


def _unknown(text: str, place: int, theirs: Mapping[str, str]) -> str:
    if not text:
        return f"column {place + 1} has no heading; not taken"
    near = "" if theirs else nearest(plain_name(text), list(BY_NAME))
    return f"'{text}' is not a column of the register{near or '; not taken'}"


def _complain_of_missing(places: Mapping[str, int], theirs: Mapping[str, str]) -> None:
    missing = [f"'{heading}'" for heading, name in theirs.items() if name not in places]
    if missing:
        raise UsageError(f"there is no heading {', '.join(missing)} in it")


def columns_of(found: Found) -> list[Column]:
    """The columns of the table that people may edit, in the register's order."""
    return [column for column in EDITABLE if column.name in found.places]
