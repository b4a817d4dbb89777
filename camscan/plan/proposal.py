"""A draft of the programme: which devices in which month, whole sites together if they fit. Pure, deterministic."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from camscan.asset import Asset, Judgement
from camscan.asset.spelling import Spellings
from camscan.dataclass import dataclass
from camscan.errors import UsageError
from camscan.plan.calendar import Month, month_of, months_between
from camscan.plan.capacity import Candidate, Limits, Room, list_advice, total_cost
from camscan.plan.standing import Standing, planned_day, recorded_site, removal_cost, removal_standing, site_key
from camscan.words import count_text

MOST_MONTHS = 600
"""Fifty years: a longer programme is a mistyped date."""
OTHER_SITE = "other_site"
"""Left alone because the draft is for one site."""


@dataclass(frozen=True, slots=True)
class Phase:
    """The part of the programme in one month."""

    month: Month
    day: date
    """The deadline: the last day of the month, or of the programme."""
    devices: tuple[str, ...]
    """Newly planned devices, by asset id: site by site, the most pressing first."""
    kept: tuple[str, ...]
    """Devices that were already planned for this month."""
    sites: tuple[str, ...]
    """Sites of the newly planned devices, in their order."""
    cost: Decimal
    """The cost of all its devices, as far as it is known."""
    without_cost: int
    """Devices without a recorded cost."""

    @property
    def name(self) -> str:
        """The value of ``removal_phase``."""
        return str(self.month)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The draft. Every device in scope is in exactly one of: a phase, ``kept``, ``left``, ``unplaced``."""

    begin: date
    by: date
    limits: Limits
    phases: tuple[Phase, ...]
    kept: tuple[str, ...]
    """Already planned; their dates stay, even if they have passed or are after ``by``."""
    late: int
    """How many of these are due before ``begin``."""
    left: Mapping[str, tuple[str, ...]]
    """Standing (``blocked``, ``accepted_risk``, ``removed``, ``closed``), or ``other_site`` -> devices that are left
    alone."""
    unplaced: tuple[str, ...]
    """Devices that could not be placed within the limits."""
    unpriced: tuple[str, ...]
    """Devices that were not placed because there is a budget and their cost is not recorded."""
    advice: tuple[str, ...]
    """What would be needed, one sentence each; empty if everything was placed."""

    @property
    def planned(self) -> dict[str, Phase]:
        """Asset id -> the phase for which it is newly planned."""
        return {name: phase for phase in self.phases for name in phase.devices}

    @property
    def last_day(self) -> date:
        """The end of the last phase with newly planned devices; that of the programme if there is none."""
        return max((phase.day for phase in self.phases if phase.devices), default=self.by)


class Drafting:
    """Drafts the programme, device by device of the register; in memory there is a candidate for each in scope."""

    def __init__(
        self, today: date, *, by: date, begin: date | None = None, limits: Limits | None = None, site: str | None = None
    ) -> None:
        """The programme is from ``begin`` (today) until ``by``; with ``site``, only devices there get a date.

        Raises UsageError for dates that make no programme.
        """
        self._today = today
        self._by = by
        self._begin = begin or today
        self._limits = limits or Limits()
        self._site = site
        self._span = _programme_months(self._begin, by)
        self.candidates: list[Candidate] = []
        """Devices to be planned."""
        self._kept: list[Candidate] = []
        self._left: dict[str, list[str]] = defaultdict(list)

    def add(self, asset: Asset, judgement: Judgement | None) -> None:
        """Sort a device in; each is given once. One without a judgement is left out."""
        if judgement is None or judgement.in_scope != "yes":
            return
        where = removal_standing(asset, self._today)
        if where in {Standing.PLANNED, Standing.OVERDUE}:
            self._kept.append(self._make_candidate(asset, judgement))
        elif where is not Standing.NO_DATE:
            self._left[where.value].append(asset.asset_id)
        elif self._site is not None and recorded_site(asset).casefold() != self._site.casefold():
            self._left[OTHER_SITE].append(asset.asset_id)
        else:
            self.candidates.append(self._make_candidate(asset, judgement))

    def _make_candidate(self, asset: Asset, judgement: Judgement) -> Candidate:
        cost = removal_cost(asset)
        return Candidate(
            asset_id=asset.asset_id,
            site=sys.intern(recorded_site(asset)),
            site_key=sys.intern(site_key(asset)),
            urgency=(judgement.priority or 4, -judgement.score),
            day=planned_day(asset),
            price=self._limits.cost_each if cost is None else cost,
            is_assumed=cost is None,
            revision=asset.revision,
        )

    def propose(self) -> Proposal:
        """Draft the programme, most pressing sites first.

        Dates that were planned before stay and count against the limits.
        """
        by, limits, kept = self._by, self._limits, self._kept
        unpriced = [candidate for candidate in self.candidates if limits.budget is not None and candidate.price is None]
        wanted = (
            [candidate for candidate in self.candidates if candidate.price is not None] if unpriced else self.candidates
        )
        room = Room(limits, self._span, rate=-(-len(wanted) // len(self._span)))
        _keep_planned(kept, room, by)
        unplaced: list[Candidate] = []
        for group in _sort_sites(wanted):
            unplaced += _place_site(group, room)
        needed = list(list_advice(room, wanted, kept, by=by))
        return Proposal(
            begin=self._begin,
            by=by,
            limits=limits,
            phases=_list_phases(room, kept, by),
            kept=_names_of(kept),
            late=sum((planned.day or self._begin) < self._begin for planned in kept),
            left={name: tuple(left) for name, left in self._left.items()},
            unplaced=_names_of(unplaced),
            unpriced=_names_of(unpriced),
            advice=tuple(_advise_limits(unplaced, unpriced, wanted, by, needed)),
        )


def propose_programme(
    assets: Sequence[Asset],
    judgements: Mapping[str, Judgement],
    today: date,
    *,
    by: date,
    begin: date | None = None,
    limits: Limits | None = None,
    site: str | None = None,
) -> Proposal:
    """Draft the programme of these devices (:class:`Drafting`)."""
    drafting = Drafting(today, by=by, begin=begin, limits=limits, site=site)
    for asset in assets:
        drafting.add(asset, judgements.get(asset.asset_id))
    return drafting.propose()


def _names_of(candidates: Iterable[Candidate]) -> tuple[str, ...]:
    return tuple(candidate.asset_id for candidate in candidates)


def _programme_months(begin: date, by: date) -> list[Month]:
    """The months of the programme. Raises UsageError if the dates make none."""
    if by < begin:
        raise UsageError(f"the programme would end on {by}, before it starts on {begin}; name a later day")
    span = months_between(begin, by)
    if len(span) > MOST_MONTHS:
        raise UsageError(f"{len(span)} months until {by}: is the year right?")
    return span


def _keep_planned(kept: Sequence[Candidate], room: Room, by: date) -> None:
    """Devices that were planned before count in the months of the programme."""
    for planned in kept:
        day = planned.day or by
        if day <= by:
            room.place_devices(month_of(day), [planned], planned.price or Decimal(0), is_new=False)


def _sort_sites(candidates: Iterable[Candidate]) -> list[list[Candidate]]:
    """Site by site: the site with the most pressing device first, then the one with more of them; ties by name.

    Within a site the most pressing device comes first.
    """
    found: dict[str, list[Candidate]] = defaultdict(list)
    for each in candidates:
        found[each.site_key].append(each)
    for group in found.values():
        group.sort(key=lambda each: (each.urgency, each.asset_id))

    def site_order_key(item: tuple[str, list[Candidate]]) -> tuple[tuple[int, float], float, bool, str]:
        name, group = item
        return group[0].urgency, sum(candidate.urgency[1] for candidate in group), not name, name

    return [group for _, group in sorted(found.items(), key=site_order_key)]


def _place_site(group: list[Candidate], room: Room) -> list[Candidate]:
    """Give a site its month, or spread it over several months. Returns the devices that could not be placed."""
    number = len(group)
    price = total_cost(group)
    fitting = [month for month in room.months if room.has_space(month, number, price)]
    even = next((month for month in fitting if room.is_even(month, number)), None)
    whole = even or (min(fitting, key=lambda month: room.used[month]) if fitting else None)
    # A site that is more than twice an even month's share is spread, if nobody set a limit for a month.
    if whole is not None and (room.limits.per_month is not None or number <= 2 * room.rate):
        room.place_devices(whole, group, price)
        return []
    left = []
    for candidate in group:
        own = candidate.price or Decimal(0)
        fitting = [month for month in room.months if room.has_space(month, 1, own)]
        month = next((month for month in fitting if room.limits.per_month or room.used[month] < room.rate), None)
        month = month or next(iter(fitting), None)
        if month is None:
            left.append(candidate)
        else:
            room.place_devices(month, [candidate], own)
    return left


def _list_phases(room: Room, kept: Sequence[Candidate], by: date) -> tuple[Phase, ...]:
    """Every month of the programme in which something is to be done."""
    before: dict[Month, list[Candidate]] = defaultdict(list)
    for planned in kept:
        before[month_of(planned.day or by)].append(planned)
    found = []
    for month in room.months:
        rows = [*room.new[month], *before[month]]
        if rows:
            found.append(
                Phase(
                    month=month,
                    day=min(month.last, by),
                    devices=_names_of(room.new[month]),
                    kept=_names_of(before[month]),
                    sites=_site_names(room.new[month]),
                    cost=total_cost(rows),
                    without_cost=sum(row.price is None for row in rows),
                )
            )
    return tuple(found)


def _advise_limits(
    unplaced: Sequence[Candidate],
    unpriced: Sequence[Candidate],
    wanted: Sequence[Candidate],
    by: date,
    needed: Sequence[str],
) -> Iterator[str]:
    if unpriced:
        yield (
            f"{count_text(len(unpriced))} without an estimated cost cannot be budgeted: enter a cost for each, or "
            "assume one for all"
        )
    if unplaced:
        yield f"{len(unplaced):,} of {count_text(len(wanted))} cannot be placed by {by}"
        yield from needed or ("each limit alone would be enough, but all together are not: raise one of them",)


def _site_names(candidates: Iterable[Candidate]) -> tuple[str, ...]:
    sites = Spellings()
    for candidate in candidates:
        sites.add(candidate.site or "no site")
    return sites.all_shown()
