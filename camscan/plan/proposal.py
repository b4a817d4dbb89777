"""A draft of the programme: which devices in which month, whole sites together if they fit. Pure, deterministic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from camscan.asset import Asset, Judgement
from camscan.asset.spelling import Spellings
from camscan.dataclass import dataclass
from camscan.errors import UsageError
from camscan.plan.calendar import Month, month_of, months_between
from camscan.plan.capacity import Limits, Prices, Room, list_advice, total_cost
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
    """Draft the programme from ``begin`` (today) until ``by``, most pressing sites first.

    Dates that were planned before stay and count against the limits. Raises UsageError for dates that make no
    programme.
    """
    limits = limits or Limits()
    begin = begin or today
    span = _programme_months(begin, by)
    candidates, kept, left = _sort_devices(assets, judgements, today, site)
    priced = {asset.asset_id: _price_of(asset, limits) for asset in (*candidates, *kept)}
    unpriced = [asset for asset in candidates if limits.budget is not None and priced[asset.asset_id] is None]
    wanted = [asset for asset in candidates if asset not in unpriced] if unpriced else candidates
    room = Room(limits, span, rate=-(-len(wanted) // len(span)))
    _keep_planned(kept, room, priced, by)
    unplaced: list[Asset] = []
    for group in _sort_sites(wanted, judgements):
        unplaced += _place_site(group, room, priced)
    return Proposal(
        begin=begin,
        by=by,
        limits=limits,
        phases=_list_phases(room, kept, priced, by),
        kept=tuple(asset.asset_id for asset in kept),
        left={name: tuple(asset.asset_id for asset in rows) for name, rows in left.items()},
        unplaced=tuple(asset.asset_id for asset in unplaced),
        unpriced=tuple(asset.asset_id for asset in unpriced),
        advice=tuple(
            _advise_limits(unplaced, unpriced, wanted, by, list(list_advice(room, wanted, kept, priced, by=by)))
        ),
    )


def _programme_months(begin: date, by: date) -> list[Month]:
    """The months of the programme. Raises UsageError if the dates make none."""
    if by < begin:
        raise UsageError(f"the programme would end on {by}, before it starts on {begin}; name a later day")
    span = months_between(begin, by)
    if len(span) > MOST_MONTHS:
        raise UsageError(f"{len(span)} months until {by}: is the year right?")
    return span


def _keep_planned(kept: Sequence[Asset], room: Room, priced: Prices, by: date) -> None:
    """Devices that were planned before count in the months of the programme."""
    for asset in kept:
        day = planned_day(asset) or by
        if day <= by:
            room.place_devices(month_of(day), [asset], priced[asset.asset_id] or Decimal(0), is_new=False)


def _sort_devices(
    assets: Sequence[Asset], judgements: Mapping[str, Judgement], today: date, site: str | None
) -> tuple[list[Asset], list[Asset], dict[str, list[Asset]]]:
    """Devices to be planned, devices that are planned, and devices that are left alone, with the reason."""
    candidates: list[Asset] = []
    kept: list[Asset] = []
    left: dict[str, list[Asset]] = defaultdict(list)
    for asset in assets:
        if asset.asset_id not in judgements or judgements[asset.asset_id].in_scope != "yes":
            continue
        where = removal_standing(asset, today)
        if where in {Standing.PLANNED, Standing.OVERDUE}:
            kept.append(asset)
        elif where is not Standing.NO_DATE:
            left[where.value].append(asset)
        elif site is not None and recorded_site(asset).casefold() != site.casefold():
            left[OTHER_SITE].append(asset)
        else:
            candidates.append(asset)
    return candidates, kept, dict(left)


def _price_of(asset: Asset, limits: Limits) -> Decimal | None:
    known = removal_cost(asset)
    return limits.cost_each if known is None else known


def _sort_sites(assets: Iterable[Asset], judgements: Mapping[str, Judgement]) -> list[list[Asset]]:
    """Site by site: the site with the most pressing device first, then the one with more of them; ties by name.

    Within a site the most pressing device comes first.
    """

    def urgency_key(asset: Asset) -> tuple[int, float, str]:
        judgement = judgements[asset.asset_id]
        return judgement.priority or 4, -judgement.score, asset.asset_id

    found: dict[str, list[Asset]] = defaultdict(list)
    for asset in assets:
        found[site_key(asset)].append(asset)
    for group in found.values():
        group.sort(key=urgency_key)

    def site_order_key(item: tuple[str, list[Asset]]) -> tuple[int, float, float, bool, str]:
        name, group = item
        first = urgency_key(group[0])
        return first[0], first[1], sum(urgency_key(asset)[1] for asset in group), not name, name

    return [group for _, group in sorted(found.items(), key=site_order_key)]


def _place_site(group: list[Asset], room: Room, priced: Prices) -> list[Asset]:
    """Give a site its month, or spread it over several months. Returns the devices that could not be placed."""
    number = len(group)
    price = total_cost(group, priced)
    fitting = [month for month in room.months if room.has_space(month, number, price)]
    even = next((month for month in fitting if room.is_even(month, number)), None)
    whole = even or (min(fitting, key=lambda month: room.used[month]) if fitting else None)
    # A site that is more than twice an even month's share is spread, if nobody set a limit for a month.
    if whole is not None and (room.limits.per_month is not None or number <= 2 * room.rate):
        room.place_devices(whole, group, price)
        return []
    left = []
    for asset in group:
        own = priced[asset.asset_id] or Decimal(0)
        fitting = [month for month in room.months if room.has_space(month, 1, own)]
        month = next((month for month in fitting if room.limits.per_month or room.used[month] < room.rate), None)
        month = month or next(iter(fitting), None)
        if month is None:
            left.append(asset)
        else:
            room.place_devices(month, [asset], own)
    return left


def _list_phases(room: Room, kept: Sequence[Asset], priced: Prices, by: date) -> tuple[Phase, ...]:
    """Every month of the programme in which something is to be done."""
    before: dict[Month, list[Asset]] = defaultdict(list)
    for asset in kept:
        before[month_of(planned_day(asset) or by)].append(asset)
    found = []
    for month in room.months:
        rows = [*room.new[month], *before[month]]
        if rows:
            prices = [priced[asset.asset_id] for asset in rows]
            found.append(
                Phase(
                    month=month,
                    day=min(month.last, by),
                    devices=tuple(asset.asset_id for asset in room.new[month]),
                    kept=tuple(asset.asset_id for asset in before[month]),
                    sites=_site_names(room.new[month]),
                    cost=total_cost(rows, priced),
                    without_cost=prices.count(None),
                )
            )
    return tuple(found)


def _advise_limits(
    unplaced: Sequence[Asset], unpriced: Sequence[Asset], wanted: Sequence[Asset], by: date, needed: Sequence[str]
) -> Iterator[str]:
    if unpriced:
        yield (
            f"{count_text(len(unpriced))} without an estimated cost cannot be budgeted: enter a cost for each, or "
            "assume one for all"
        )
    if unplaced:
        yield f"{len(unplaced):,} of {count_text(len(wanted))} cannot be placed by {by}"
        yield from needed or ("each limit alone would be enough, but all together are not: raise one of them",)


def _site_names(assets: Iterable[Asset]) -> tuple[str, ...]:
    sites = Spellings()
    for asset in assets:
        sites.add(recorded_site(asset) or "no site")
    return sites.all_shown()
