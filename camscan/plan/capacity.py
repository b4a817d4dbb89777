"""How much a programme may take, and how much is left in each month and budget. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date
from decimal import Decimal

from camscan.dataclass import dataclass
from camscan.plan.calendar import Month, budget_year, month_of
from camscan.words import count_text

LATEST = 1200
"""Months ahead that are examined to say when a programme would end: a century."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of the programme."""

    per_month: int | None = None
    """Devices that can be removed in one month; None: as many as needed, spread evenly."""
    budget: Decimal | None = None
    """Pounds."""
    is_yearly: bool = False
    """Whether the budget is for each financial year, April to March; otherwise for the whole programme."""
    cost_each: Decimal | None = None
    """The cost of a device without an estimated cost."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a draft needs to know of a device in scope: all those of a large register fit into memory."""

    asset_id: str
    site: str
    """Its recorded site."""
    site_key: str
    """The identity of the site."""
    urgency: tuple[int, float]
    """Sorts the most pressing device first."""
    day: date | None
    """The planned day."""
    price: Decimal | None
    """Its cost in pounds: recorded, or else as the limits assume; None if not known."""
    is_assumed: bool
    """Whether its cost is not recorded."""
    revision: int
    """Of the device, when the draft was made."""


@dataclass(slots=True)
class Room:
    """What is used of each month and of each budget."""

    limits: Limits
    months: list[Month]
    rate: int
    """Devices a month for an even spread."""
    used: dict[Month, int] = field(default_factory=lambda: defaultdict(int))
    spent: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    new: dict[Month, list[Candidate]] = field(default_factory=lambda: defaultdict(list))

    def pot_of_month(self, month: Month) -> str:
        """The budget for the month: a financial year, or empty for the whole programme."""
        return budget_year(month.first) if self.limits.is_yearly else ""

    def has_space(self, month: Month, number: int, price: Decimal) -> bool:
        """Whether this many more devices, at this price together, are within the limits."""
        if self.limits.per_month is not None and self.used[month] + number > self.limits.per_month:
            return False
        return self.limits.budget is None or self.spent[self.pot_of_month(month)] + price <= self.limits.budget

    def is_even(self, month: Month, number: int) -> bool:
        """Whether the month keeps to an even spread; a whole site may be more than its share."""
        if self.limits.per_month is not None:
            return True
        return not self.new[month] or self.used[month] + number <= self.rate

    def place_devices(
        self, month: Month, candidates: Sequence[Candidate], price: Decimal, *, is_new: bool = True
    ) -> None:
        """Put devices into the month."""
        self.used[month] += len(candidates)
        self.spent[self.pot_of_month(month)] += price
        if is_new:
            self.new[month] += candidates


def total_cost(candidates: Iterable[Candidate]) -> Decimal:
    """What they cost together, as far as it is known."""
    return sum((candidate.price or Decimal(0) for candidate in candidates), Decimal(0))


def list_advice(room: Room, wanted: Sequence[Candidate], kept: Sequence[Candidate], *, by: date) -> Iterator[str]:
    """What would be needed to place everything, one sentence for each limit that prevents it."""
    months = [month_of(planned.day or by) for planned in kept]
    if room.limits.per_month is not None:
        yield from _advise_pace(room.limits.per_month, room.months, months, len(wanted))
    if room.limits.budget is not None:
        yield from _advise_budget(room, room.limits.budget, total_cost(wanted), _spent_by_pot(room, kept, by))


def _advise_pace(per_month: int, span: Sequence[Month], kept: Sequence[Month], wanted: int) -> Iterator[str]:
    taken = [kept.count(month) for month in span]
    needed = per_month
    while sum(max(0, needed - number) for number in taken) < wanted:
        needed += 1
    if needed == per_month:
        return
    yield f"to finish by then, {count_text(needed)} a month are needed, not {per_month:,}"
    free, month = 0, span[0]
    for _ in range(LATEST if per_month else 0):
        free += max(0, per_month - kept.count(month))
        if free >= wanted:
            yield f"with {per_month:,} a month it lasts until {month}"
            return
        month = month.next


def _spent_by_pot(room: Room, kept: Sequence[Candidate], by: date) -> Mapping[str, Decimal]:
    spent: dict[str, Decimal] = defaultdict(Decimal)
    for planned in kept:
        day = planned.day or by
        if day <= by:
            spent[room.pot_of_month(month_of(day))] += planned.price or Decimal(0)
    return spent


def _advise_budget(room: Room, budget: Decimal, price: Decimal, spent: Mapping[str, Decimal]) -> Iterator[str]:
    pots = list(dict.fromkeys(room.pot_of_month(month) for month in room.months))
    free = sum((max(Decimal(0), budget - spent.get(pot, Decimal(0))) for pot in pots), Decimal(0))
    if price <= free:
        return
    needed = price + sum((spent.get(pot, Decimal(0)) for pot in pots), Decimal(0))
    told = f"together they cost £{price:,.2f}, but only £{free:,.2f} of the budget is left"
    if room.limits.is_yearly:
        years = count_text(len(pots), "financial year")
        yield f"{told} in {years}: about £{needed / len(pots):,.2f} a year is needed, not £{budget:,.2f}"
    else:
        yield f"{told}: £{needed:,.2f} is needed, not £{budget:,.2f}"
