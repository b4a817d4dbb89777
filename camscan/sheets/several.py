"""Recognises rows of other people's lists that are about several devices: ``CAM 5-8``, ``C1, C2``, a quantity. Pure.

Such a row would be one device in the register, and the others would be missing from every count.
"""

from __future__ import annotations

import re

from camscan.sheets import Line
from camscan.sheets.heading import FoundTable
from camscan.sheets.heading_words import on_one_line

_RANGE = re.compile(
    r"(?P<begin>[^\d]{0,20})(?P<first>\d{1,5})\s*(?:-|\u2013|\bto\b)\s*(?P<again>[^\d]{0,20})(?P<last>\d{1,5})"
)
_LONGEST_RANGE = 200
_LIST = re.compile(r"\s*[,;&\n]\s*|\s+(?:/|and|\+)\s+")
_ADDRESSES = re.compile(r"(?:\d{1,3}\.){3}(\d{1,3})\s*(?:-|\u2013|\bto\b)\s*(?:(?:\d{1,3}\.){3})?(\d{1,3})")
_SHORTEST_SERIAL = 5
_SHOWN = 60


class SeveralFinder:
    """Finds the rows of one list that are about several devices."""

    def __init__(self, found: FoundTable) -> None:
        self._found = found
        tags = [found.cell_text(line, "council_asset_tag").strip() for line in found.lines]
        ranges = sum(_is_range(tag) for tag in tags)
        self._has_ranges = 2 * ranges <= sum(map(bool, tags))
        """Whether ``1-4`` is a range in this list. If most tags are so, they are tags: building 1, camera 4."""

    def describe(self, line: Line) -> str:
        """Why a row is about several devices, as words that follow "it"; empty if it is about one."""
        tag, serial, ip = (
            self._found.cell_text(line, name).strip()
            for name in ("council_asset_tag", "stated_serial_number", "stated_ip_address")
        )
        quantity = self._found.quantity_of(line)
        if quantity > 1:
            return f"is about {quantity} devices"
        if (self._has_ranges and _is_range(tag)) or _is_list(tag, 1):
            return f"is about several devices ('{on_one_line(tag)[:_SHOWN]}')"
        if _is_list(serial, _SHORTEST_SERIAL):
            return f"has several serial numbers ('{on_one_line(serial)[:_SHOWN]}')"
        match = _ADDRESSES.fullmatch(ip)
        return f"has a range of addresses ('{ip}')" if match and int(match[1]) < int(match[2]) else ""


def _is_range(tag: str) -> bool:
    match = _RANGE.fullmatch(tag)
    if match is None or match["again"].strip().casefold() not in {"", match["begin"].strip().casefold()}:
        return False
    return 0 < int(match["last"]) - int(match["first"]) < _LONGEST_RANGE


def _is_list(text: str, shortest: int) -> bool:
    """Whether a text is a list of numbers or names with digits, each of at least so many letters and digits."""
    parts = [part for part in _LIST.split(text) if part]
    return len(parts) > 1 and all(
        any(map(str.isdigit, part)) and sum(map(str.isalnum, part)) >= shortest for part in parts
    )
