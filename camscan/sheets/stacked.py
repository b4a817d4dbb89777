"""Headings in two rows: ``Camera`` above ``No``, or ``Site`` in a cell that was merged down. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from camscan.sheets import Line, Page
from camscan.sheets.not_devices import is_row_of_names

_FEWEST = 2
"""The fewest cells of a row of headings above others; a title has one."""


def whole_headings(page: Page, at: int, meaning: Callable[[str], str]) -> Line:
    """The row of headings, in which the row above completes each cell that means nothing alone.

    ``meaning`` returns the column that a heading means, or an empty text.
    """
    header = page.lines[at]
    above = page.lines[at - 1] if at else None
    if (
        above is None
        or above.number != header.number - 1
        or is_row_of_names(header)
        or sum(bool(cell.strip()) for cell in above.cells) < _FEWEST
    ):
        return header
    cells = [*header.cells, *[""] * (len(above.cells) - len(header.cells))]
    taken = {meaning(cell) for cell in cells}
    for place, over in enumerate(above.cells):
        whole = f"{over.strip()} {cells[place].strip()}".strip()
        if over.strip() and not meaning(cells[place]) and (column := meaning(whole)) and column not in taken:
            cells[place] = whole
            taken.add(column)
    return replace(header, cells=tuple(cells))
