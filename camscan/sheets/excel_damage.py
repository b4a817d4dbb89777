"""Recognises what spreadsheet programs do to texts that they take for numbers or dates. Pure.

When Excel opens a CSV, it turns 0100 into 100, 100023336956 into 1.00023E+11, 3-4 into 3 April and, if the machine is
set to the United States, 2027-03-31 into 03/31/2027. When it saves the file, it keeps the new text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from camscan.asset import Asset
from camscan.asset.columns import Column, Kind
from camscan.sheets.faulty_cells import check_fault
from camscan.sheets.heading import FoundTable, columns_of
from camscan.sheets.their_cells import without_time

_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
_SURELY_SHORTENED = re.compile(r"\d[.,]\d+E\+\d\d", re.IGNORECASE)
_ROUND_NUMBER = re.compile(r"[1-9]\d:?\d\d:?\d\d:?00:?00:?00")
"""What is left of ``585011e6`` and of the MAC address 58:50:11:…, as a whole number."""
_TYPE_AGAIN = "'{}' is what the program left of a long number; format the column as text and type it again"
_CLOSE = Decimal("0.00001")
"""Maximum relative difference between the shortened number and the original: Excel shows six digits."""
_LIKE_A_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}(?:\1\d{1,4})?|[A-Za-z]{3,9}[-/ ]?\d{1,4}|\d{1,2}[-/ ][A-Za-z]{3,9}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}-[A-Za-z]{3}(?:-\d{2,4})?|[A-Za-z]{3}-\d{2}")
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d\d)")
_CENTURY = 2000


def describe_damage(  # noqa: PLR0911 - one for each way
    column: Column, text: str, shown: str, *, american_dates: bool
) -> str:
    """What a program did to the text that was shown, in words; empty if the cell is a person's own edit.

    Raises ValueError if the text looks like a date and the original is not known.
    """
    text = text.strip()
    if column.kind is Kind.DATE:
        if not american_dates:
            return ""
        if _from_american(text) == shown:
            return "the program wrote the month first"
        return ""
    if column.kind is not Kind.TEXT:
        return ""
    if shown != text and _read_number(shown) is not None and _read_number(shown) == _read_number(text):
        return "leading zeros or the form of a number were lost"
    if _SHORTENED.fullmatch(text):
        return _why_shortened(text, shown)
    if _LIKE_A_DATE.fullmatch(shown) and _DATE.fullmatch(text):
        return "the program turned it into a date"
    return ""


def _why_shortened(text: str, shown: str) -> str:
    left, whole = _read_number(text.replace(",", ".")), _read_number(shown)
    if left is not None and whole and abs(left - whole) / whole < _CLOSE:
        return "the program shortened a long number"
    if _SHORTENED.fullmatch(shown):
        return ""
    raise ValueError(_TYPE_AGAIN.format(text))


def _read_number(text: str) -> Decimal | None:
    if not re.fullmatch(r"[\d.]+(?:E\+?\d{1,2})?", text, re.IGNORECASE):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def check_cell(column: Column, text: str, *, american_dates: bool) -> None:
    """Raise ValueError for 03/04/2027 in a column whose dates have the month first, FaultyCell for a failed formula."""
    check_fault(text)
    match = _AMERICAN.fullmatch(text.strip())
    if column.kind is Kind.DATE and american_dates and match and match[1] != match[2]:
        raise ValueError(f"'{text.strip()}': this file has the month first; write it as 2027-03-31")


def check_new_text(column: Column, text: str) -> None:
    """Raise ValueError for what a program left of a long number, in a row that nothing is known about."""
    text = text.strip()
    if column.kind is Kind.TEXT and _SURELY_SHORTENED.fullmatch(text):
        raise ValueError(_TYPE_AGAIN.format(text))
    if column.name == "stated_mac_address" and _ROUND_NUMBER.fullmatch(text):
        raise ValueError(_TYPE_AGAIN.format(text))


def american_columns(found: FoundTable, assets: Mapping[str, Asset]) -> frozenset[str]:
    """The columns whose dates have the month first: more of them are dates only in that order than only in the other.

    A column whose dates fit both orders is like the file: more of its cells equal the register's dates in one order
    than in the other, else its other columns decide.
    """
    leads = {column.name: 0 for column in columns_of(found) if column.kind is Kind.DATE}
    known = 0
    for line in found.lines:
        asset = assets.get(found.cell_text(line, "asset_id").strip())
        for name in leads:
            american, british = _in_both_orders(without_time(found.cell_text(line, name).strip()))
            leads[name] += bool(american) - bool(british)
            held = asset.entries.get(name) if asset else None
            known += (american == held) - (british == held) if held else 0
    rest = known or sum(leads.values())
    return frozenset(name for name, lead in leads.items() if lead > 0 or (lead == 0 and rest > 0))


def _in_both_orders(text: str) -> tuple[str, str]:
    """A date with the month first, and with the day first; empty if it is none in that order."""
    match = _AMERICAN.fullmatch(text)
    return (_from_american(text), _from_american(f"{match[2]}/{match[1]}/{match[3]}")) if match else ("", "")


def _from_american(text: str) -> str:
    match = _AMERICAN.fullmatch(text)
    if not match:
        return ""
    month, day, year = map(int, match.groups())
    try:
        return date(year if year >= _CENTURY else year + _CENTURY, month, day).isoformat()
    except ValueError:
        return ""
