"""How far the programme has got, for one page: counts that add up, tables, the next days, costs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from camscan.asset import CLOSED, Asset, Grouping, Judgement
from camscan.asset.kinds import founded_capabilities
from camscan.dataclass import dataclass
from camscan.plan.calendar import budget_year
from camscan.plan.entered_twice import entered_twice
from camscan.plan.naming import group_by_name
from camscan.plan.standing import (
    REMAINING,
    UNCONFIRMED,
    Counts,
    Standing,
    answers_after_removal,
    count_devices,
    planned_day,
    recorded_site,
    removal_cost,
    removal_standing,
    removed_day,
)

NEXT_DAYS = 90
"""The number of days that count as "soon"."""
NOT_SAID = "not said"
"""The name of the row for devices without a value in the grouping of the table."""


NONE_KNOWN = "none known"
"""The name of the row for devices without a known capability; that does not prove that there is none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, or its total. ``in_scope`` = ``remaining`` + ``removed`` + ``closed``."""

    name: str
    in_scope: int
    remaining: int
    removed: int
    closed: int
    standings: Mapping[Standing, int]
    unconfirmed: int
    """How many of ``remaining``."""
    highest: int | None
    """The most pressing priority among what remains; None if nothing does."""


@dataclass(frozen=True, slots=True)
class Money:
    """One line of the costs."""

    name: str
    """Phase, or financial year; ``NOT_SAID`` if there is none."""
    devices: int
    cost: Decimal
    """The cost of those whose cost is known."""
    without_cost: int


@dataclass(frozen=True, slots=True)
class Due:
    """One planned removal."""

    asset_id: str
    day: date
    site: str
    priority: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the programme on one day."""

    day: date
    total: Row
    in_scope: Counts
    remaining: Counts
    removed: Counts
    scope_unknown: int
    """Devices for which it is not known whether they are in scope, and which nobody has closed."""
    unknown_maker: int
    """How many of these have an unknown maker."""
    would_match: int
    """How many of ``scope_unknown`` match a policy, while the council has recorded no decision."""
    out_of_scope: int
    entered_twice: int
    """Rows for an address only, at which a device of a known maker answers: they are in no other count
    (``entered_twice``)."""
    answers_after_removal: tuple[str, ...]
    """Asset ids of devices that a person recorded as removed, and that a scan has seen since."""
    overdue: tuple[Due, ...]
    soon: tuple[Due, ...]
    """Within the next ``NEXT_DAYS`` days."""
    by_phase: tuple[Money, ...]
    """What remains; the lines add up to the whole."""
    by_year: tuple[Money, ...]
    """The same, by the financial year of the planned day."""
    spent: tuple[Money, ...]
    """What was removed, by the financial year of the removal."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A device in scope, with its standing and its priority."""

    asset: Asset
    standing: Standing
    priority: int | None


def programme_status(assets: Sequence[Asset], judgements: Mapping[str, Judgement], today: date) -> Status:
    """The state of the programme on that day."""
    rows = _devices_in_scope(assets, judgements, today)
    remaining = [row for row in rows if row.standing in REMAINING]
    removed = [row for row in rows if row.standing is Standing.REMOVED]
    twice = entered_twice(assets)
    others = [asset for asset in assets if _scope_of(asset, judgements) == "unknown" and asset.lifecycle not in CLOSED]
    due = _list_due(remaining)
    return Status(
        day=today,
        total=_make_row("all", rows),
        in_scope=count_devices(row.asset for row in rows),
        remaining=count_devices(row.asset for row in remaining),
        removed=count_devices(row.asset for row in removed),
        scope_unknown=len(others),
        unknown_maker=sum(not asset.identification.maker for asset in others),
        would_match=sum(_would_match(asset, judgements) for asset in others),
        out_of_scope=sum(_scope_of(asset, judgements) == "no" for asset in assets) - len(twice),
        entered_twice=len(twice),
        answers_after_removal=tuple(row.asset.asset_id for row in removed if answers_after_removal(row.asset)),
        overdue=tuple(each for each in due if each.day < today),
        soon=tuple(each for each in due if today <= each.day <= today + timedelta(days=NEXT_DAYS)),
        by_phase=_sum_money(remaining, lambda asset: asset.entries.get("removal_phase", "")),
        by_year=_sum_money(remaining, lambda asset: _financial_year(planned_day(asset))),
        spent=_sum_money(removed, lambda asset: _financial_year(removed_day(asset))),
    )


BY: Mapping[Grouping, Callable[[Asset], Iterable[str]]] = {
    Grouping.SITE: lambda asset: [recorded_site(asset)],
    Grouping.MAKER: lambda asset: [asset.identification.maker or asset.entry("stated_manufacturer")],
    Grouping.CAPABILITY: lambda asset: sorted(founded_capabilities(asset.identification.capabilities)),
    Grouping.CONTROLLER: lambda asset: [asset.entry("controller")],
    Grouping.SERVICE: lambda asset: [asset.entry("owner_service")],
}
"""The possible groupings of a table. A device with several capabilities is in several rows of that table."""


def group_table(assets: Sequence[Asset], judgements: Mapping[str, Judgement], today: date, by: str) -> tuple[Row, ...]:
    """A row for each site, maker … (``Grouping``), the most pressing first; then devices without a value."""
    found = group_by_name(
        _devices_in_scope(assets, judgements, today), lambda row: list(BY[Grouping(by)](row.asset)) or [""]
    )
    missing = NONE_KNOWN if by == Grouping.CAPABILITY else NOT_SAID
    rows = [_make_row(name or missing, group) for name, group in found.items()]
    return tuple(sorted(rows, key=lambda row: (row.name == missing, row.highest or 9, -row.remaining, row.name)))


def _scope_of(asset: Asset, judgements: Mapping[str, Judgement]) -> str:
    judgement = judgements.get(asset.asset_id)
    return judgement.in_scope if judgement else "unknown"


def _would_match(asset: Asset, judgements: Mapping[str, Judgement]) -> bool:
    judgement = judgements.get(asset.asset_id)
    return judgement is not None and bool(judgement.would_match)


def _devices_in_scope(assets: Iterable[Asset], judgements: Mapping[str, Judgement], today: date) -> list[_Placed]:
    return [
        _Placed(asset, removal_standing(asset, today), judgements[asset.asset_id].priority)
        for asset in assets
        if _scope_of(asset, judgements) == "yes"
    ]


def _make_row(name: str, rows: Sequence[_Placed]) -> Row:
    standings = dict.fromkeys(Standing, 0)
    for row in rows:
        standings[row.standing] += 1
    remaining = [row for row in rows if row.standing in REMAINING]
    return Row(
        name=name,
        in_scope=len(rows),
        remaining=len(remaining),
        removed=standings[Standing.REMOVED],
        closed=standings[Standing.CLOSED],
        standings=standings,
        unconfirmed=sum(row.asset.presence in UNCONFIRMED for row in remaining),
        highest=min((row.priority for row in remaining if row.priority), default=None),
    )


def _list_due(rows: Iterable[_Placed]) -> list[Due]:
    found = [
        Due(row.asset.asset_id, day, site, row.priority)
        for site, group in group_by_name(rows, lambda row: [recorded_site(row.asset)]).items()
        for row in group
        if row.standing in {Standing.OVERDUE, Standing.PLANNED} and (day := planned_day(row.asset)) is not None
    ]
    return sorted(found, key=lambda due: (due.day, due.site, due.asset_id))


def _financial_year(day: date | None) -> str:
    return budget_year(day) if day else ""


def _sum_money(rows: Iterable[_Placed], name: Callable[[Asset], str]) -> tuple[Money, ...]:
    groups = group_by_name(rows, lambda row: [name(row.asset)])
    prices = {key: [removal_cost(row.asset) for row in group] for key, group in groups.items()}
    lines = [
        Money(
            name=key or NOT_SAID,
            devices=len(known),
            cost=sum((price for price in known if price is not None), Decimal(0)),
            without_cost=known.count(None),
        )
        for key, known in prices.items()
    ]
    return tuple(sorted(lines, key=lambda line: (line.name == NOT_SAID, line.name)))
