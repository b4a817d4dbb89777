"""How far the programme has got, for one page: counts that add up, tables, the next days, costs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from camscan.asset import CLOSED, Asset, Grouping, Judgement
from camscan.asset.kinds import founded_capabilities
from camscan.asset.spelling import Spellings
from camscan.dataclass import dataclass
from camscan.plan.calendar import budget_year
from camscan.plan.entered_twice import entered_twice
from camscan.plan.standing import (
    REMAINING,
    UNCONFIRMED,
    Counts,
    DeviceCount,
    Standing,
    answers_after_removal,
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
class PlannedRemoval:
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
    overdue: tuple[PlannedRemoval, ...]
    soon: tuple[PlannedRemoval, ...]
    """Within the next ``NEXT_DAYS`` days."""
    by_phase: tuple[Money, ...]
    """What remains; the lines add up to the whole."""
    by_year: tuple[Money, ...]
    """The same, by the financial year of the planned day."""
    spent: tuple[Money, ...]
    """What was removed, by the financial year of the removal."""


class StatusCount:
    """Counts the state of the programme on one day, row by row of the register.

    In memory there are only the devices that are due, and the asset ids of those in scope.
    """

    def __init__(self, today: date, entered_twice: int) -> None:
        """Nothing is counted yet. ``entered_twice``: how many rows are (their judgements must say "no")."""
        self._today = today
        self._twice = entered_twice
        self._total = _RowCount()
        self._in_scope, self._remaining, self._removed = DeviceCount(), DeviceCount(), DeviceCount()
        self._scope: Counter[str] = Counter()
        self._again: list[str] = []
        self._sites = Spellings()
        self._due: list[tuple[str, PlannedRemoval]] = []
        """With the key of the site, whose spelling is chosen at the end."""
        self._by_phase, self._by_year, self._spent = _MoneyCount(), _MoneyCount(), _MoneyCount()

    def add(self, asset: Asset, judgement: Judgement | None) -> None:
        """Count a row; each is given once. Without a judgement nobody knows whether it is in scope."""
        scope = judgement.in_scope if judgement else "unknown"
        if judgement is None or scope != "yes":
            self._scope["no"] += scope == "no"
            if scope == "unknown" and asset.lifecycle not in CLOSED:
                self._scope["unknown"] += 1
                self._scope["unknown maker"] += not asset.identification.maker
                self._scope["would match"] += bool(judgement and judgement.would_match)
            return
        standing = removal_standing(asset, self._today)
        self._total.add(asset, standing, judgement.priority)
        self._in_scope.add(asset)
        if standing in REMAINING:
            self._add_remaining(asset, standing, judgement.priority)
        elif standing is Standing.REMOVED:
            self._removed.add(asset)
            self._spent.add(_financial_year(removed_day(asset)), removal_cost(asset))
            if answers_after_removal(asset):
                self._again.append(asset.asset_id)

    def _add_remaining(self, asset: Asset, standing: Standing, priority: int | None) -> None:
        self._remaining.add(asset)
        cost, day = removal_cost(asset), planned_day(asset)
        self._by_phase.add(asset.entries.get("removal_phase", ""), cost)
        self._by_year.add(_financial_year(day), cost)
        site = self._sites.add(recorded_site(asset))
        if standing in {Standing.OVERDUE, Standing.PLANNED} and day and day <= self._today + timedelta(days=NEXT_DAYS):
            self._due.append((site, PlannedRemoval(asset.asset_id, day, "", priority)))

    @property
    def status(self) -> Status:
        """The state of the programme, from the rows that were counted."""
        scope, today = self._scope, self._today
        due = [replace(due, site=self._sites.shown(site)) for site, due in self._due]
        due.sort(key=lambda due: (due.day, due.site, due.asset_id))
        return Status(
            day=today,
            total=self._total.row("all"),
            in_scope=self._in_scope.counts,
            remaining=self._remaining.counts,
            removed=self._removed.counts,
            scope_unknown=scope["unknown"],
            unknown_maker=scope["unknown maker"],
            would_match=scope["would match"],
            out_of_scope=scope["no"] - self._twice,
            entered_twice=self._twice,
            answers_after_removal=tuple(sorted(self._again)),
            overdue=tuple(one for one in due if one.day < today),
            soon=tuple(one for one in due if today <= one.day),
            by_phase=self._by_phase.lines,
            by_year=self._by_year.lines,
            spent=self._spent.lines,
        )


def programme_status(assets: Sequence[Asset], judgements: Mapping[str, Judgement], today: date) -> Status:
    """The state of the programme on that day; ``assets`` is the whole register."""
    count = StatusCount(today, len(entered_twice(assets)))
    for asset in assets:
        count.add(asset, judgements.get(asset.asset_id))
    return count.status


BY: Mapping[Grouping, Callable[[Asset], Iterable[str]]] = {
    Grouping.SITE: lambda asset: [recorded_site(asset)],
    Grouping.MAKER: lambda asset: [asset.identification.maker or asset.entry("stated_manufacturer")],
    Grouping.CAPABILITY: lambda asset: sorted(founded_capabilities(asset.identification.capabilities)),
    Grouping.CONTROLLER: lambda asset: [asset.entry("controller")],
    Grouping.SERVICE: lambda asset: [asset.entry("owner_service")],
}
"""The possible groupings of a table. A device with several capabilities is in several rows of that table."""


class TableCount:
    """Counts a row for each site, maker … (``Grouping``), device by device."""

    def __init__(self, today: date, by: str) -> None:
        self._today = today
        self._by = Grouping(by)
        self._names = Spellings()
        self._rows: dict[str, _RowCount] = {}

    def add(self, asset: Asset, judgement: Judgement | None) -> None:
        """Count a device; each is given once. One without a judgement is left out."""
        if judgement is None or judgement.in_scope != "yes":
            return
        standing = removal_standing(asset, self._today)
        for name in list(BY[self._by](asset)) or [""]:
            self._rows.setdefault(self._names.add(name), _RowCount()).add(asset, standing, judgement.priority)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows, the most pressing first; then devices without a value."""
        missing = NONE_KNOWN if self._by == Grouping.CAPABILITY else NOT_SAID
        rows = [count.row(self._names.shown(key) or missing) for key, count in self._rows.items()]
        return tuple(sorted(rows, key=lambda row: (row.name == missing, row.highest or 9, -row.remaining, row.name)))


def group_table(assets: Sequence[Asset], judgements: Mapping[str, Judgement], today: date, by: str) -> tuple[Row, ...]:
    """The rows of :class:`TableCount` for these devices."""
    count = TableCount(today, by)
    for asset in assets:
        count.add(asset, judgements.get(asset.asset_id))
    return count.rows


class _RowCount:
    """Counts one row of a table."""

    def __init__(self) -> None:
        self._standings = dict.fromkeys(Standing, 0)
        self._unconfirmed = 0
        self._highest: int | None = None

    def add(self, asset: Asset, standing: Standing, priority: int | None) -> None:
        self._standings[standing] += 1
        if standing in REMAINING:
            self._unconfirmed += asset.presence in UNCONFIRMED
            if priority:
                self._highest = priority if self._highest is None else min(priority, self._highest)

    def row(self, name: str) -> Row:
        standings = dict(self._standings)
        return Row(
            name=name,
            in_scope=sum(standings.values()),
            remaining=sum(standings[standing] for standing in REMAINING),
            removed=standings[Standing.REMOVED],
            closed=standings[Standing.CLOSED],
            standings=standings,
            unconfirmed=self._unconfirmed,
            highest=self._highest,
        )


class _MoneyCount:
    """Adds up the costs of devices by a name: phase, or financial year."""

    def __init__(self) -> None:
        self._names = Spellings()
        self._sums: dict[str, tuple[int, Decimal, int]] = {}

    def add(self, name: str, cost: Decimal | None) -> None:
        key = self._names.add(name)
        devices, before, without = self._sums.get(key, (0, Decimal(0), 0))
        self._sums[key] = devices + 1, before + (cost or 0), without + (cost is None)

    @property
    def lines(self) -> tuple[Money, ...]:
        found = [Money(self._names.shown(key) or NOT_SAID, *sums) for key, sums in self._sums.items()]
        return tuple(sorted(found, key=lambda line: (line.name == NOT_SAID, line.name)))


def _financial_year(day: date | None) -> str:
    return budget_year(day) if day else ""
