"""The burn-down: what remained after each scan, against what the plan says for each month. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from camscan.asset import Asset, Judgement
from camscan.dataclass import dataclass
from camscan.plan.calendar import Month, month_of, months_between
from camscan.plan.standing import REMAINING, Standing, planned_day, removal_standing, removed_day

SCOPE = "scope"
"""Among the counts that are kept of a scan: by which decision it counted (``app/assess.py`` makes the number)."""
_LONGEST = 600
"""Months of a burn-down: a date mistyped by a millennium must not print a million lines."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The programme in one line of days: what is gone, and what is to go when."""

    in_scope: int
    """Devices in scope, gone ones among them; those that were closed for another reason are left out."""
    days: tuple[date, ...]
    """Of each device that is gone or has a date: when; in order. The rest has no date."""

    def remaining_on(self, day: date) -> int:
        """How many are left at the end of that day, if all goes by the plan."""
        return self.in_scope - bisect_right(self.days, day)


@dataclass(frozen=True, slots=True)
class Point:
    """One month of the burn-down."""

    month: Month
    day: date
    """Its last day, or today in the month of today."""
    planned: int
    """What the plan, as it is now, leaves at the end of it."""
    remaining: int | None
    """What the last scan of the month counted; None where there was none."""
    unconfirmed: int | None
    """Of ``remaining``: not seen by the last scans, and not said to be gone."""
    is_other_scope: bool = False
    """Whether its last scan counted by another decision on what is in scope: that count is left out."""


def make_plan(assets: Iterable[Asset], judgements: Mapping[str, Judgement], today: date) -> Plan:
    """The programme as the register has it. A removed device without a day counts as gone from the beginning."""
    number, days = 0, []
    for asset in assets:
        if asset.asset_id not in judgements or judgements[asset.asset_id].in_scope != "yes":
            continue
        where = removal_standing(asset, today)
        if where is Standing.CLOSED:
            continue
        number += 1
        day = planned_day(asset) if where in REMAINING else removed_day(asset) or planned_day(asset) or date.min
        # What is accepted or blocked keeps its date in the register, and nobody is going to act on it.
        if day is not None and where not in {Standing.ACCEPTED_RISK, Standing.BLOCKED}:
            days.append(day)
    return Plan(number, tuple(sorted(days)))


def make_burndown(
    tallies: Iterable[tuple[date, Mapping[str, float]]], plan: Plan, today: date, scope: float | None = None
) -> tuple[Point, ...]:
    """Month by month, from the first scan (or the first day of the plan) to the last day of the plan, or today.

    ``tallies``: when each scan ended, and what :func:`camscan.plan.tally` counted then. Counts by another ``scope``
    are left out: what was in scope under another decision cannot be held beside what is now.
    """
    last: dict[Month, tuple[date, Mapping[str, float]]] = {}
    for moment, counts in tallies:
        day = moment.date() if isinstance(moment, datetime) else moment
        month = month_of(day)
        if month not in last or last[month][0] <= day:
            last[month] = day, counts
    real = [day for day in plan.days if day != date.min]
    first = min([*(month.first for month in last), *real[:1], today])
    end = max([*(month.first for month in last), *real[-1:], today])
    return tuple(
        _make_point(month, last.get(month), plan, today, scope) for month in months_between(first, end)[:_LONGEST]
    )


def _make_point(
    month: Month, tally: tuple[date, Mapping[str, float]] | None, plan: Plan, today: date, scope: float | None
) -> Point:
    is_other = tally is not None and scope is not None and tally[1].get(SCOPE) != scope
    counts = tally[1] if tally and not is_other else {}

    def tally_number(name: str) -> int | None:
        return int(counts[name]) if name in counts else None

    return Point(
        month=month,
        day=today if month == month_of(today) else month.last,
        planned=plan.remaining_on(month.last),
        remaining=tally_number("remaining"),
        unconfirmed=tally_number("unconfirmed"),
        is_other_scope=is_other,
    )
