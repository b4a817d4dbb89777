"""Splits a column that has the make and the model of a device in one cell: ``Hikvision / DS-2CD2145FWD-I``. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from camscan.sheets import Line
from camscan.sheets.guess import is_make_and_model

_APART = re.compile(r"\s+[/|,:\u2013-]\s+|\s*[,;:|\n]\s*")
"""What people write between a make and a model; a model number has hyphens and slashes without blanks."""
_MODEL = re.compile(r"(?P<make>[^\d]+?)\s+(?P<model>\S*\d.*)", re.DOTALL)
"""A make has no digit, and the first word with one begins the model."""


def split_make_and_model(text: str) -> tuple[str, str]:
    """The make and the model in a cell; the whole text as the model if nothing shows where it begins."""
    plain = text.strip()
    parts = _APART.split(plain, maxsplit=1)
    if len(parts) == 2 and all(parts):  # noqa: PLR2004 - a make and a model
        return parts[0], parts[1]
    match = _MODEL.fullmatch(plain)
    return (match["make"], match["model"]) if match else ("", plain)


def split_column(header: Line, lines: Sequence[Line], *, mapped: Collection[str]) -> tuple[Line, tuple[Line, ...]]:
    """The headings and rows with ``Make`` in place of such a column, and ``Model`` as one more column at the end.

    ``mapped`` are headings, in small letters, of which somebody said what they are: they are not split.
    """
    headings = header.cells
    place = next((at for at, cell in enumerate(headings) if is_make_and_model(cell)), None)
    if place is None or " ".join(headings[place].casefold().split()) in mapped:
        return header, tuple(lines)
    last = max(len(headings), *(len(line.cells) for line in lines)) if lines else len(headings)
    return _with_parts(header, place, last, ("Make", "Model")), tuple(
        _with_parts(line, place, last, split_make_and_model(line.cells[place]))
        if place < len(line.cells) and line.cells != headings
        else line
        for line in lines
    )


def _with_parts(line: Line, place: int, last: int, parts: tuple[str, str]) -> Line:
    cells = [*line.cells, *[""] * (last - len(line.cells)), parts[1]]
    cells[place] = parts[0]
    return replace(line, cells=tuple(cells))
