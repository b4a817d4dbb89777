"""The burn-down: what remained after each scan, and what the plan says for each month. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from camscan.asset import Asset, Judgement
from camscan.dataclass import dataclass
from camscan.plan.calendar import Month, month_of, months_between
from camscan.plan.standing import REMAINING, SCOPE, Standing, planned_day, removal_standing, removed_day

_LONGEST = 600
"""Months of a burn-down: a date mistyped by a millennium must not print a million lines."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The programme as a list of days: what was removed, and what is to be removed when."""

    in_scope: int
    """Devices in scope, including removed ones; those that were closed for another reason are left out."""
    days: tuple[date, ...]
    """The day of each device that was removed or has a date, in order. The others have no date."""

    def remaining_on(self, day: date) -> int:
        """How many remain at the end of that day, if all goes by the plan."""
        return self.in_scope - bisect_right(self.days, day)


@dataclass(frozen=True, slots=True)
class Point:
    """One month of the burn-down."""

    month: Month
    day: date
    """The last day of the month; today, in the month of today."""
    planned: int
    """What the plan, as it is now, leaves at the end of the month."""
    remaining: int | None
    """What the last scan of the month counted; None if there was no scan."""
    unconfirmed: int | None
    """How many of ``remaining`` the last scans did not see, although nobody recorded a removal."""
    is_other_scope: bool = False
    """Whether its last scan counted by another decision about the scope: that count is left out."""


class PlanCount:
    """Counts the programme, device by device. A removed device without a day counts as removed from the beginning."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._number = 0
        self._days: list[date] = []

    def add(self, asset: Asset, judgement: Judgement | None) -> None:
        """Count a device; each is given once. One without a judgement is left out."""
        if judgement is None or judgement.in_scope != "yes":
            return
        where = removal_standing(asset, self._today)
        if where is Standing.CLOSED:
            return
        self._number += 1
        day = planned_day(asset) if where in REMAINING else removed_day(asset) or planned_day(asset) or date.min
        # An accepted or blocked device keeps its date in the register, but nobody is going to act on it.
        if day is not None and where not in {Standing.ACCEPTED_RISK, Standing.BLOCKED}:
            self._days.append(day)

    @property
    def plan(self) -> Plan:
        """The programme of what was counted."""
        return Plan(self._number, tuple(sorted(self._days)))


def make_plan(assets: Iterable[Asset], judgements: Mapping[str, Judgement], today: date) -> Plan:
    """The programme in the register."""
    count = PlanCount(today)
    for asset in assets:
        count.add(asset, judgements.get(asset.asset_id))
    return count.plan


def make_burndown(
    tallies: Iterable[tuple[date, Mapping[str, float]]], plan: Plan, today: date, scope: float | None = None
) -> tuple[Point, ...]:
    """Month by month, from the first scan (or the first day of the plan) to the last day of the plan, or today.

    ``tallies``: when each scan ended, and the counts of :func:`camscan.plan.tally` at that time. Counts by another
    ``scope`` are left out: they cannot be compared with today's.
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
