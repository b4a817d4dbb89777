"""Months and financial years. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

APRIL = 4
_DECEMBER = 12


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month."""

    year: int
    number: int
    """1 … 12."""

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> Month:
        """The month after it."""
        return Month(self.year + 1, 1) if self.number == _DECEMBER else Month(self.year, self.number + 1)

    def __str__(self) -> str:
        """``2027-03``."""
        return f"{self.year:04}-{self.number:02}"


def month_of(day: date) -> Month:
    """The month that the day is in."""
    return Month(day.year, day.month)


def months_between(begin: date, end: date) -> list[Month]:
    """Every month from that of ``begin`` to that of ``end``; none if it ends before it begins."""
    found = []
    month = month_of(begin)
    while month <= month_of(end):
        found.append(month)
        month = month.next
    return found


def budget_year(day: date) -> str:
    """The United Kingdom's financial year, April to March: ``2026/27``."""
    year = day.year if day.month >= APRIL else day.year - 1
    return f"{year}/{(year + 1) % 100:02}"
