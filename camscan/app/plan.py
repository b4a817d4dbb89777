"""The programme of removal: drafted, entered device by device, and its progress."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from camscan import plan
from camscan.app import assess
from camscan.app.by_site import has_lines, list_first, read_complete
from camscan.app.devices import device_site, no_device_at
from camscan.app.edit import EntryContext, EntryResult, enter_entries, parse_day_or_today
from camscan.app.listing_lines import ListedDevice, ListedEstate, read_estate
from camscan.app.overview import Overview, count_lines, is_map_stale
from camscan.app.workspace import Workspace
from camscan.asset import CLOSED, Asset, Change, Grouping
from camscan.asset.columns import BY_NAME
from camscan.asset.entry import normalise
from camscan.config import Config
from camscan.dataclass import dataclass
from camscan.errors import OptionError, StaleError, UsageError
from camscan.plan import (
    DEFINITIONS,
    Limits,
    Proposal,
    Row,
    TableCount,
    describe_formula,
)
from camscan.plan.calendar import month_of
from camscan.plan.capacity import Candidate
from camscan.plan.standing import Standing, planned_day
from camscan.register import Edit, Register
from camscan.words import count_text

__all__ = [
    "DEFINITIONS",
    "LEFT",
    "NAMED",
    "WHY_LEFT",
    "ByGroup",
    "Draft",
    "Limits",
    "Progress",
    "Standing",
    "describe_formula",
    "draft_entries",
    "draft_mark",
    "enter_plan",
    "parse_limits",
    "plan_progress",
    "plan_progress_by",
    "planned_day",
    "propose_plan",
    "refuse_closed_device",
    "write_plan",
]


# ── a draft ──────────────────────────────────────────────────────────────────────────────────────────────────────


def parse_limits(per_month: int | None = None, budget: str | None = None, cost_each: str | None = None) -> Limits:
    """The limits of a month and a budget, as people write them: ``250000``, ``40000/year``. Raises UsageError."""
    amount, is_yearly = budget, False
    if budget is not None:
        parts = re.fullmatch(r"(?i)(.*?)\s*(?:(?:/|per)\s*(?:year|y|a))?", budget.strip())
        amount = parts[1] if parts else budget
        is_yearly = amount != budget.strip()
    return Limits(
        per_month=per_month,
        budget=_parse_pounds("--budget", amount) if amount is not None else None,
        is_yearly=is_yearly,
        cost_each=_parse_pounds("--cost-each", cost_each) if cost_each is not None else None,
    )


def _parse_pounds(option: str, text: str) -> Decimal:
    try:
        return Decimal(normalise(BY_NAME["estimated_cost"], text) or "none")
    except (ValueError, ArithmeticError):
        raise OptionError(f"{option}: '{text}' is not an amount in pounds; write it as 1250 or 1250.50") from None


@dataclass(frozen=True, slots=True)
class Draft:
    """A programme, and what is needed to show and to enter it."""

    proposal: Proposal
    candidates: Sequence[Candidate]
    """The devices for which it was made; not all of them have a month."""
    named: Mapping[str, Asset]
    """Asset id -> device, for the first ``NAMED`` of each list of the proposal: to name them to people."""


NAMED = 20
"""The most devices of one list that are named to people."""


def propose_plan(
    book: Register,
    settings: Config,
    *,
    by: str,
    begin: str | None = None,
    within: Limits | None = None,
    site: str | None = None,
) -> Draft:
    """Draft phases, one a month, until the day ``by``; nothing is written. Raises UsageError if that is impossible.

    ``begin`` is the first day of the next month unless another is given; ``site`` limits it to one site.
    """
    now, last = assess.today_utc(), parse_day_or_today(by)
    first = parse_day_or_today(begin) if begin else min(month_of(now).next.first, max(last, now))
    estate = read_complete(book, settings, now)
    drafting = plan.Drafting(now, by=last, begin=first, limits=within, site=site)
    _add_devices(drafting, estate.devices, site)
    proposal = drafting.propose()
    return Draft(proposal, drafting.candidates, _read_named(book, proposal))


def _add_devices(drafting: plan.Drafting, devices: Iterable[ListedDevice], site: str | None) -> None:
    """Sort every device in. Raises UsageError if there is none at the site, or if nothing is decided."""
    sites: set[str] = set()
    would = 0
    is_decided = False
    for device in devices:
        drafting.add(device.asset, device.judgement)
        if site is not None:
            sites.add(device_site(device.asset))
        would += bool(device.judgement.would_match)
        is_decided = is_decided or device.judgement.in_scope == "yes"
    if site is not None and site.strip().casefold() not in {name.casefold() for name in sites}:
        raise no_device_at(site, sites)
    if would and not is_decided:
        raise UsageError(
            f"no decision is recorded, so nothing is in scope; {count_text(would)} would match. Write the council's "
            f"decision into camscan.yaml"
            " (planning: local_decision, docs/policies.md)"
        )


def _read_named(book: Register, proposal: Proposal) -> Mapping[str, Asset]:
    lists = (*proposal.left.values(), (*proposal.unplaced, *proposal.unpriced), proposal.planned)
    names = {name for each in lists for name in itertools.islice(each, NAMED)}
    return {row.asset_id: row for row in book.devices_by_number(names)}


LEFT: Mapping[str, str] = {
    "blocked": "blocked: something prevents their removal",
    "accepted_risk": "accepted risk: the council decided to keep them",
    "removed": "already removed",
    "closed": "closed: not ours, or a false alarm",
    "other_site": "at other sites, so without a date",
}
"""Why a draft leaves devices alone (``Proposal.left``), in words."""
WHY_LEFT: Mapping[str, str] = {"blocked": "blocked_by", "accepted_risk": "scope_decision_ref"}
"""The column that has the reason for each device."""


def draft_entries(draft: Draft) -> list[Edit]:
    """The entries that a draft makes: dates and phases, and the cost of each device if the draft assumed one."""
    estimate = draft.proposal.limits.cost_each
    unpriced = {candidate.asset_id for candidate in draft.candidates if estimate is not None and candidate.is_assumed}
    edits = []
    for name, phase in draft.proposal.planned.items():
        entries = {"planned_removal_date": phase.day.isoformat(), "removal_phase": phase.name}
        if name in unpriced:
            entries["estimated_cost"] = f"{estimate:.2f}"
        edits += [Edit(name, column, value) for column, value in entries.items()]
    return edits


def draft_mark(draft: Draft) -> str:
    """A mark of a draft: equal for the same entries, different if the register has changed in what matters."""
    said = repr([(edit.asset_id, edit.column, edit.value) for edit in draft_entries(draft)])
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def write_plan(
    book: Register, draft: Draft, *, role: str, how: str, because: str = "", mark: str = "", dry_run: bool = False
) -> list[Change]:
    """Enter what a draft plans. Returns the changes; with ``dry_run`` nothing is written.

    Raises StaleError if somebody has changed one of its devices since the draft was made, or if the draft is not the
    one of that ``mark``, which somebody saw.
    """
    if mark and mark != draft_mark(draft):
        raise StaleError("the register has changed since the draft was made; nothing was written")
    planned = draft.proposal.planned
    revisions = {
        candidate.asset_id: candidate.revision for candidate in draft.candidates if candidate.asset_id in planned
    }
    return book.edit_entries(
        draft_entries(draft), role=role, how=how, because=because, dry_run=dry_run, revisions=revisions
    )


# ── one device ───────────────────────────────────────────────────────────────────────────────────────────────────


def enter_plan(
    names: Sequence[str], entries: Mapping[str, str], acting: EntryContext, *, site: str | None = None
) -> EntryResult:
    """Enter when devices are to be removed, and what that needs.

    The status of a device with a date becomes *Planned*.
    """

    def groups_of(row: Asset, _: str) -> Mapping[str, str]:
        refuse_closed_device(row, entries)
        return entries

    return enter_entries(names, groups_of, acting, site=site)


def refuse_closed_device(row: Asset, entries: Mapping[str, str]) -> None:
    """Raise UsageError if a day is to be planned for a device that is removed or not ours."""
    if "planned_removal_date" in entries and row.lifecycle in CLOSED:
        raise UsageError(
            f"{row.asset_id} is {row.lifecycle}, so there is nothing to plan; see `camscan show {row.asset_id}`"
        )


# ── progress ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Progress(Overview):
    """The progress of the programme on a day, with every table."""

    tables: Mapping[Grouping, Sequence[Row]]
    """The progress by site, by maker and so on."""


@dataclass(frozen=True, slots=True)
class ByGroup:
    """The progress by one grouping, such as site or maker."""

    rows: Sequence[Row]
    is_map_stale: bool


def plan_progress_by(space: Workspace, by: Grouping, on: str | None = None) -> ByGroup:
    """Count the progress by one grouping, judged as of a day (today)."""
    now = parse_day_or_today(on) if on else assess.today_utc()
    count = TableCount(now, by)
    list_first(space)
    with space.open(readonly=True) as book:
        for device in _estate_of(book, space.settings, now if on else None).devices:
            count.add(device.asset, device.judgement)
        return ByGroup(count.rows, is_map_stale(book, space.settings))


def plan_progress(space: Workspace, on: str | None = None) -> Progress:
    """Count the progress from the present register, judged as of a day (today)."""
    now = parse_day_or_today(on) if on else assess.today_utc()
    tables = {by: TableCount(now, by) for by in Grouping}
    list_first(space)
    with space.open(readonly=True) as book:
        estate = _estate_of(book, space.settings, now if on else None)
        devices = _count_in_tables(estate.devices, tables.values())
        found = count_lines(devices, estate.twice, book, space.settings, now)
    return Progress(
        *(found.day, found.status, found.points, found.looked, found.headline, found.is_map_stale),
        tables={by: count.rows for by, count in tables.items()},
    )


def _estate_of(book: Register, settings: Config, on: date | None) -> ListedEstate:
    """Every device of the register, judged as of that day; None for today, as the lines of the listing are."""
    if on is None and has_lines(book, settings):
        return read_estate(book)
    return read_complete(book, settings, on or assess.today_utc())


def _count_in_tables(devices: Iterable[ListedDevice], tables: Collection[TableCount]) -> Iterator[ListedDevice]:
    for device in devices:
        for table in tables:
            table.add(device.asset, device.judgement)
        yield device
