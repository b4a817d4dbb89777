"""Gives every row the value of a merged cell: one name of a site beside all of its cameras, for example. Pure.

Only a text or a date is true of each row. A number that identifies one device, and an amount that may be the price of
all of them, count for the first row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from camscan.asset.columns import BY_NAME, Kind
from camscan.sheets import Line, Merged

_SHARED = frozenset({Kind.TEXT, Kind.DATE, Kind.CHOICE})
_OF_ONE_DEVICE = frozenset(
    {
        "asset_id",
        "council_asset_tag",
        "stated_serial_number",
        "stated_mac_address",
        "stated_ip_address",
        "serial_number",
        "mac_addresses",
        "ip_addresses",
        "inherited",
    }
)


def fill_merged(
    lines: Iterable[Line], merged: Collection[Merged], places: Mapping[str, int]
) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """The rows with the values of merged cells, and a sentence for each column in which they count for one row only.

    ``places`` are the columns that camscan knows: name -> index.
    """
    rows = {line.number: line for line in lines}
    numbers = sorted(rows)
    names = {place: name for name, place in places.items()}
    said: dict[str, str] = {}
    done: dict[int, int] = {}
    for each in sorted(merged, key=lambda each: each.first):
        name = names.get(each.column)
        if each.first <= done.get(each.column, 0):
            continue  # merged cells never overlap, except in a file that somebody made to keep us busy
        done[each.column] = each.last
        first = rows.get(each.first)
        value = first.cells[each.column] if first and each.column < len(first.cells) else ""
        if name is None or not value:
            continue
        if BY_NAME[name].kind not in _SHARED or name in _OF_ONE_DEVICE:
            said.setdefault(name, f"{name}: a merged cell counts for its first row only, such as row {each.first}")
            continue
        for number in numbers[bisect_right(numbers, each.first) : bisect_right(numbers, each.last)]:
            rows[number] = _with_cell(rows[number], each.column, value)
    return tuple(rows.values()), tuple(said.values())


def _with_cell(line: Line, place: int, value: str) -> Line:
    cells = [*line.cells, *[""] * (place + 1 - len(line.cells))]
    cells[place] = cells[place] or value
    return replace(line, cells=tuple(cells))
