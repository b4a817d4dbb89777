"""What a person should know about the headings of a table, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camscan.sheets import Line
from camscan.words import count_text

_FEW_HEADINGS = 20
"""How many headings that are not taken are named."""


def on_one_line(text: str) -> str:
    """A heading as a sentence shows it: the line breaks and long blanks of narrow columns are single blanks."""
    return " ".join(text.split())


def fold_heading(heading: str) -> str:
    """A heading in small letters and with single blanks, by which headings are compared."""
    return " ".join(heading.strip("\ufeff").casefold().split())


def describe_split(written: Line, header: Line) -> tuple[str, ...]:
    """A sentence if a column was split into the make and the model."""
    changed = (one for one, other in zip(written.cells, header.cells, strict=False) if one != other)
    return tuple(f"'{on_one_line(heading)}' was split into the make and the model" for heading in changed)


def describe_empty_sites(rows: Sequence[Line], places: Mapping[str, int], header: Line) -> tuple[str, ...]:
    """A sentence if the site is perhaps only in the first row of each site, and the cells below it are empty."""
    place = places.get("site_name")
    if place is None:
        return ()
    texts = [line.cells[place].strip() if place < len(line.cells) else "" for line in rows]
    empty = texts.count("")
    if not empty or not texts[0]:
        return ()
    heading = on_one_line(header.cells[place])
    rows_without = count_text(empty, "row has", "rows have")
    return (f"{rows_without} nothing under '{heading}', so no site is entered: if the one above is meant, fill it in",)


def first_of(sentences: Sequence[str]) -> tuple[str, ...]:
    """The sentences; of very many, the first and how many more there are."""
    more = len(sentences) - _FEW_HEADINGS
    if more <= 1:
        return tuple(sentences)
    return (*sentences[:_FEW_HEADINGS], f"{more:,} more columns were skipped too")


def describe_same(text: str, place: int, other: str, twin: int) -> str:
    """A sentence about a heading at ``place`` that means the same as ``other``, which was taken from ``twin``."""
    if fold_heading(text) == fold_heading(other):
        return (
            f"column {place + 1} has the heading '{on_one_line(text)}' again, and was not read: "
            "put a list beside another one below it"
        )
    taken = f"'{on_one_line(other)}' (column {twin + 1})"
    return f"'{on_one_line(text)}' may mean the same as {taken}, which was taken; skipped"
