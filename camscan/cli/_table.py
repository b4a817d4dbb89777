"""Prints a table that fits the width of the terminal; the whole table if standard output is not a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence

import click
from rich.cells import cell_len, set_cell_size

from camscan.addresses import sort_key
from camscan.output import visible

_GAP = 2
_LONGEST = 2000
"""Characters of a row that may be printed without cutting its cells."""


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    first: Sequence[str] = (),
    cut: Mapping[str, int] | None = None,
    share: int = 0,
) -> tuple[str, ...]:
    """Print rows of device text, made harmless, under their headings. Returns the headings that were left out.

    On a terminal the columns get their width in the order ``first``. A column in ``cut`` may be cut at its end, down to
    so many characters; any other column is shown completely or left out. Each of the first ``share`` columns gets its
    minimum width before one of them gets more; the others get the rest.
    """
    lines = [tuple(columns), *map(_harmless_row, rows)]
    is_plain = all("".join(line).isascii() for line in lines)
    wanted = [max(map(len if is_plain else _text_width, column)) for column in zip(*lines, strict=True)]
    room = _terminal_width()
    ranked, least = first or columns, cut or {}
    if room is None:
        widths = wanted
    elif share:
        widths = _share_room(columns, wanted, ranked[:share], least, room)
        widths = _fit_rest(columns, wanted, ranked[share:], widths, room)
    else:
        widths = _fit_columns(columns, wanted, ranked, least, room)
    if is_plain and widths == wanted and all(widths):  # as in a file: nothing is cut or left out
        whole = (" " * _GAP).join(f"%-{size}s" for size in widths)
        shown = [(whole % tuple(line)).rstrip() for line in lines]
    else:
        shown = [
            (" " * _GAP).join([_cut_cell(text, size) for text, size in zip(line, widths, strict=True) if size]).rstrip()
            for line in lines
        ]
    if _is_styled():
        shown[0] = click.style(shown[0], bold=True)
    click.echo("\n".join(shown))
    return tuple(name for name, size in zip(columns, widths, strict=True) if not size)


def address_order(addresses: Sequence[str]) -> tuple[int, int, str]:
    """Sort key of a row: the first of its addresses. Rows without an address come first."""
    return sort_key(addresses[0]) if addresses else (0, 0, "")


def _harmless_row(row: Sequence[str]) -> Sequence[str]:
    """The cells of a row, made visible. If the row is plain text, as nearly all are, this costs as much as one cell."""
    whole = "".join(row)
    return row if whole.isascii() and whole.isprintable() and len(whole) <= _LONGEST else tuple(map(visible, row))


def _terminal_width() -> int | None:
    """Columns of the terminal; None if standard output is a file or a pipe, which takes lines of any length."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _is_styled() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _fit_columns(
    columns: Sequence[str], wanted: Sequence[int], first: Sequence[str], cut: Mapping[str, int], room: int
) -> list[int]:
    """Width of each column; 0 for columns that are left out. The very first column is always there."""
    widths = [0] * len(columns)
    left = room
    for name in first:
        at = columns.index(name)
        least = min(wanted[at], cut.get(name, wanted[at]))
        if least <= left or name == first[0]:
            widths[at] = min(wanted[at], max(left, least))
            left -= widths[at] + _GAP
    return widths


def _share_room(
    columns: Sequence[str], wanted: Sequence[int], first: Sequence[str], cut: Mapping[str, int], room: int
) -> list[int]:
    """Width of each column as in :func:`_fit_columns`.

    Columns first get their minimum width; cut columns then share the rest in turns.
    """
    least = [min(size, cut.get(name, size)) for name, size in zip(columns, wanted, strict=True)]
    widths = _fit_columns(columns, least, first, {}, room)
    left = room - _used_width(widths)
    short = [at for name in cut if widths[at := columns.index(name)]]
    while left > 0 and (short := [at for at in short if widths[at] < wanted[at]]):
        for at in short[:left]:
            widths[at] += 1
            left -= 1
    return widths


def _fit_rest(
    columns: Sequence[str], wanted: Sequence[int], others: Sequence[str], widths: Sequence[int], room: int
) -> list[int]:
    """Width of the columns after the first ones: each is complete or left out."""
    found = list(widths)
    for name in others:
        at = columns.index(name)
        if _used_width(found) + _GAP + wanted[at] <= room:
            found[at] = wanted[at]
    return found


def _used_width(widths: Sequence[int]) -> int:
    return sum(size + _GAP for size in widths if size) - _GAP


def _text_width(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def _cut_cell(text: str, size: int) -> str:
    if text.isascii() and len(text) <= size:  # nearly every cell of a register of thousands
        return text.ljust(size)
    return set_cell_size(text, size) if cell_len(text) <= size else set_cell_size(text, size - 1).rstrip() + "…"
