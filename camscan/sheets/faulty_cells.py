"""Recognises cells whose contents are not what a person entered: errors of formulas, and formulas without a result.

Formulas are never evaluated: a workbook has their last results. A program that writes a workbook without calculating,
such as a script, leaves none. Pure.
"""

from __future__ import annotations

import re

NO_RESULT = "#NO RESULT"
"""How the readers show a formula whose result is not in the file."""
_ERROR = re.compile(
    r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|GETTING_DATA|#+)|Err:\d{3}",
    re.IGNORECASE,
)
"""The errors of Excel (ECMA-376, part 1, 18.17.3, and those of later programs) and of LibreOffice."""


class FaultyCell(ValueError):  # noqa: N818 - the state of one cell, whose row is taken
    """Raised for a cell that holds no value of anybody: a sentence why, and what to do."""


def check_fault(text: str) -> None:
    """Raise FaultyCell if a cell with this text has no value."""
    text = text.strip()
    if text == NO_RESULT:
        raise FaultyCell("its formula has no result in the file; open and save it in a spreadsheet program first")
    if _ERROR.fullmatch(text):
        raise FaultyCell(f"'{text}' is an error of the spreadsheet program, not a value")
