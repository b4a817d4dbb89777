"""Reads and writes days as people write them. Pure.

The day comes first, as the British write it, or as in ISO 8601. The same forms are read wherever a person enters a day.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from camscan.patterns import late

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WORD_MONTHS = {name: number for names in (_MONTHS, _FULL_MONTHS) for number, name in enumerate(names, 1)} | {"sept": 9}
_ISO = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2})")
_NUMERIC = late(r"([0-9]{1,2})[\s/.-]+([0-9]{1,2})[\s/.-]+([0-9]{4}|[0-9]{2})")
_WORDS = late(
    r"([0-9]{1,2})(?:st|nd|rd|th)?(?:\s+of)?[\s/.-]*([A-Za-z]+)\.?,?[\s/.-]*'?([0-9]{4}|[0-9]{2})", re.IGNORECASE
)
_MONTH_FIRST = late(r"([A-Za-z]+)\.?\s+([0-9]{1,2})(?:st|nd|rd|th)?,?\s+([0-9]{4})", re.IGNORECASE)
_WEEKDAY = re.compile(r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+", re.IGNORECASE)
_MIDNIGHT = re.compile(r"(?<=[0-9]{2})[T ][0:.Z]+$")
"""The time that follows the day in a date cell of a spreadsheet."""
_ALIKE = str.maketrans(
    {"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2212": "-", "\u2019": "'", "\u2018": "'"}
)
"""The characters that word processors put in place of hyphens and apostrophes."""
_ISO_DAY = late(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b")
_CENTURY = 2000
_YEARS = range(1900, 9999)

_NAMES = tuple(name.capitalize() for name in _FULL_MONTHS)
"""Names of the months in English, whatever the locale is."""
ADVICE = "write it as 2027-03-31, 31/03/2027 or 31 March 2027"
"""The advice for a text that is not a date."""


def read_day(text: str) -> date:
    """Read ``2027-03-31``, ``31/03/2027``, ``31.3.27``, ``31 March 2027``, ``31-Mar-27`` or ``31st of March 2027``.

    Raises ValueError with a sentence that says how to write it; also for a day so early or late that dates near it
    cannot be computed.
    """
    found = _parse_day(text)
    if found.year not in _YEARS:
        raise ValueError(f"'{text}' is centuries away; is the year right? {ADVICE[:1].upper()}{ADVICE[1:]}")
    return found


def _parse_day(text: str) -> date:
    plain = _MIDNIGHT.sub("", _WEEKDAY.sub("", text.translate(_ALIKE).strip(), count=1))
    try:
        if iso := _ISO.fullmatch(plain):
            year, month, day = (int(part) for part in iso.groups() if part and part.isdecimal())
            return date(year, month, day)
        if numeric := _NUMERIC.fullmatch(plain):
            return date(_full_year(numeric[3]), int(numeric[2]), int(numeric[1]))
        if words := _WORDS.fullmatch(plain):
            return date(_full_year(words[3]), _WORD_MONTHS[words[2].casefold()], int(words[1]))
        if american := _MONTH_FIRST.fullmatch(plain):  # with the month as a word, the order is clear
            return date(int(american[3]), _WORD_MONTHS[american[1].casefold()], int(american[2]))
    except (ValueError, KeyError):  # there is no such day or month
        pass
    raise ValueError(f"'{text}' is not a date; {ADVICE}")


def day_text(day: date) -> str:
    """A day in words: ``3 March 2026``."""
    return f"{day.day} {_NAMES[day.month - 1]} {day.year}"


def days_in_words(text: str) -> str:
    """A text with its ISO days in words: ``asked on 2026-03-03`` becomes ``asked on 3 March 2026``."""
    return _ISO_DAY.sub(lambda found: _spell_day(found[0]), text)


def _spell_day(text: str) -> str:
    try:
        return day_text(date.fromisoformat(text))
    except ValueError:  # the number of a part, or a day that does not exist
        return text


def moment_text(when: datetime) -> str:
    """A moment in words, in the local time of this machine: ``3 March 2026, 09:14``."""
    local = when.astimezone()
    return f"{day_text(local.date())}, {local:%H:%M}"


def start_of_day(day: date) -> datetime:
    """The moment at which a day begins in the local time of this machine; in UTC if Windows has none, before 1970."""
    try:
        return datetime(day.year, day.month, day.day).astimezone()
    except (OSError, OverflowError, ValueError):
        return datetime(day.year, day.month, day.day, tzinfo=UTC)


def month_and_year(day: date) -> str:
    """The month of a day: ``March 2026``."""
    return f"{_NAMES[day.month - 1]} {day.year}"


def short_month(day: date) -> str:
    """The month of a day if space is short: ``Mar 2026``."""
    return f"{_NAMES[day.month - 1][:3]} {day.year}"


def short_day(day: date) -> str:
    """A day for columns of a table: ``3 Mar 2026``."""
    return f"{day.day} {short_month(day)}"


def _full_year(text: str) -> int:
    return int(text) + (_CENTURY if len(text) == len("27") else 0)
