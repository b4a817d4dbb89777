"""Prints a table that fits the width of the terminal; the whole table if standard output is not a terminal."""

from __future__ import annotations

import marshal
import os
import sys
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from tempfile import SpooledTemporaryFile

import click
from rich.cells import cell_len, set_cell_size

from camscan.addresses import sort_key
from camscan.cli._words import terminal_columns
from camscan.output import visible

_GAP = 2
_LONGEST = 2000
"""Characters of a row that may be printed without cutting its cells."""
_BATCH = 1000
"""Rows in memory at a time."""
_SMALL = 1 << 22
"""Bytes of a table that stays in memory."""


class Table:
    """A table whose rows wait in a temporary file until it is printed: their widths are known when all were added."""

    def __init__(self, columns: Sequence[str]) -> None:
        """It has no rows yet."""
        self._columns = columns
        self._wanted = list(map(_text_width, columns))
        """Width of the widest cell of each column, as far as rows were put away."""
        self._batch: list[tuple[str, ...]] = []
        self._sizes: list[int] = []
        """Bytes of each batch in the file."""
        self._file = SpooledTemporaryFile(_SMALL)  # noqa: SIM115 - as long as the table
        weakref.finalize(self, self._file.close)

    def add(self, row: Sequence[str]) -> None:
        """Add a row of device text; it is made harmless."""
        self._batch.append(_harmless_row(row))
        if len(self._batch) >= _BATCH:
            self._put_away()

    def _put_away(self) -> None:
        if self._batch:
            is_plain = all("".join(row).isascii() for row in self._batch)
            widths = (max(map(len if is_plain else _text_width, column)) for column in zip(*self._batch, strict=True))
            self._wanted = list(map(max, self._wanted, widths))
            self._sizes.append(self._file.write(marshal.dumps((is_plain, self._batch))))
            self._batch = []

    def _batches(self) -> Iterator[tuple[bool, list[tuple[str, ...]]]]:
        """The rows, and whether they have nothing but ASCII."""
        self._file.seek(0)
        for size in self._sizes:
            yield marshal.loads(self._file.read(size))  # noqa: S302 - what we have written

    def print(
        self, *, first: Sequence[str] = (), cut: Mapping[str, int] | None = None, share: int = 0
    ) -> tuple[str, ...]:
        """Print it, once, as :func:`print_table` describes. Returns the headings that were left out."""
        self._put_away()
        widths = self._fit(first or self._columns, cut or {}, share, _terminal_width())
        is_whole = widths == self._wanted and all(widths)
        (heading,) = _lay_out([tuple(self._columns)], widths)
        click.echo(click.style(heading, bold=True) if _is_styled() else heading)
        for is_plain, batch in self._batches():
            click.echo("\n".join(_lay_out(batch, widths, is_simple=is_plain and is_whole)))
        return tuple(name for name, size in zip(self._columns, widths, strict=True) if not size)

    def _fit(self, ranked: Sequence[str], least: Mapping[str, int], share: int, room: int | None) -> list[int]:
        columns, wanted = self._columns, self._wanted
        if room is None:
            return wanted
        if share:
            widths = _share_room(columns, wanted, ranked[:share], least, room)
            return _fit_rest(columns, wanted, ranked[share:], widths, room)
        return _fit_columns(columns, wanted, ranked, least, room)


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
    table = Table(columns)
    for row in rows:
        table.add(row)
    return table.print(first=first, cut=cut, share=share)


def _lay_out(lines: Sequence[tuple[str, ...]], widths: Sequence[int], *, is_simple: bool = False) -> list[str]:
    """Rows as lines of text; with ``is_simple`` they are ASCII, and no cell is cut or left out."""
    gap = " " * _GAP
    if is_simple:
        whole = gap.join(f"%-{size}s" for size in widths)
        return [(whole % line).rstrip() for line in lines]
    return [
        gap.join([_cut_cell(text, size) for text, size in zip(line, widths, strict=True) if size]).rstrip()
        for line in lines
    ]


def address_order(addresses: Sequence[str]) -> tuple[int, int, str]:
    """Sort key of a row: the first of its addresses. Rows without an address come first."""
    return sort_key(addresses[0]) if addresses else (0, 0, "")


def _harmless_row(row: Sequence[str]) -> tuple[str, ...]:
    """The cells of a row, made visible. If the row is plain text, as nearly all are, this costs as much as one cell."""
    whole = "".join(row)
    is_plain = whole.isascii() and whole.isprintable() and len(whole) <= _LONGEST
    return tuple(row if is_plain else map(visible, row))


def _terminal_width() -> int | None:
    """Columns of the terminal; None if standard output is a file or a pipe, which takes lines of any length."""
    return terminal_columns() if sys.stdout.isatty() else None


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
