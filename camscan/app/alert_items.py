"""What is worth an alert, read from the register and camscan.yaml: changes that scans found, and lasting conditions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from camscan.app import assess
from camscan.app.diff import Changes, changes_since
from camscan.app.listing_lines import decode_lines
from camscan.app.workspace import Workspace
from camscan.asset import Asset, Happening, Judgement
from camscan.asset import Event as Kind
from camscan.config.check import ending_authorisations
from camscan.errors import BusyError, OptionError, RegisterError
from camscan.headline import headline_of_report, is_of_video
from camscan.model import Completion
from camscan.notify.decide import SCANS, Event
from camscan.notify.message import Item
from camscan.output import visible
from camscan.plan import programme_status
from camscan.plan.calendar import month_of
from camscan.plan.estate_count import count_headline
from camscan.plan.scan_coverage import measure_coverage
from camscan.plan.standing import (
    Standing,
    answers_after_removal,
    planned_day,
    recorded_site,
    removal_standing,
    removed_day,
)
from camscan.policies import companies
from camscan.register import StoredScan
from camscan.scan.journal import STALE
from camscan.words import count_text

CAMERAS = (Kind.MOVED_SITE, Kind.MAKER_CHANGED, Kind.RECORDER_ADDED_CAMERA, Kind.IDENTITY_CONFLICT)
"""Events that become alerts unchanged, for devices that may be part of video surveillance."""
_LONGEST = 300


# ── changes that scans found ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ScanChanges:
    """The changes that the scans after a certain one found."""

    events: Sequence[Event]
    scans: Sequence[str]
    """Ids of all recorded scans, oldest first."""
    recent: Sequence[str]
    """Ids of the last ``SCANS`` scans of each place."""


def changes_after(space: Workspace, after: str) -> ScanChanges:
    """The changes since the scan with this id; if it is not known, those of the last round or scan."""
    with space.open(readonly=True) as book:
        scans = book.scans()
    known = [scan.scan_id for scan in scans]
    try:
        told = changes_since(space, after if after in known else None)
    except OptionError:  # the register was replaced meanwhile
        told = changes_since(space)
    begin = known.index(told.start) + 1 if isinstance(told.start, str) and told.start in known else 0
    first = {
        scan.scan_id: scan for place, scan in enumerate(scans) if place >= begin and _is_first_scan(scan, scans[:place])
    }
    return ScanChanges([*_list_events(told, first), *_first_scans(space, first.values())], known, _recent_scans(scans))


def _recent_scans(scans: Iterable[StoredScan]) -> list[str]:
    by_place: defaultdict[object, list[str]] = defaultdict(list)
    for scan in scans:
        by_place[scan.site.casefold() or scan.targets].append(scan.scan_id)
    return [scan_id for ids in by_place.values() for scan_id in ids[-SCANS:]]


def _is_first_scan(scan: StoredScan, before: Iterable[StoredScan]) -> bool:
    """Whether no earlier scan of the same place was completed: a first scan may take several nights."""
    if scan.site:
        earlier = [earlier_scan for earlier_scan in before if earlier_scan.site.casefold() == scan.site.casefold()]
    else:
        earlier = [earlier_scan for earlier_scan in before if earlier_scan.targets == scan.targets]
    if any(each.completion is Completion.COMPLETE for each in earlier):
        return False
    return not earlier or scan.started_at - earlier[0].started_at <= STALE


def _list_events(told: Changes, first: Mapping[str, StoredScan]) -> Iterator[Event]:
    for happening in told.happenings:
        row = told.rows.get(happening.asset_id)
        if happening.event is Kind.NEW:
            if row is not None and is_of_video(row) and happening.scan_id not in first:
                yield _make_event(happening, told)
        elif happening.event is Kind.REAPPEARED_AFTER_REMOVAL:
            if row is not None:
                yield Event(_answering_item(row, happening.detail), happening.scan_id)
        elif happening.event in {Kind.COVERAGE_LOST, Kind.COVERAGE_RESTORED}:
            yield _coverage_event(happening, told)
        elif happening.event in CAMERAS and told.is_of_cameras(happening):
            yield _make_event(happening, told)


def _make_event(each: Happening, told: Changes) -> Event:
    item = Item(
        each.event.value,
        each.asset_id,
        visible(each.new or each.detail, _LONGEST),
        asset_id=each.asset_id,
        site=visible(told.site(each), _LONGEST),
        old=visible(each.old, _LONGEST),
        detail=visible(each.detail, _LONGEST),
    )
    return Event(item, each.scan_id)


def _coverage_event(each: Happening, told: Changes) -> Event:
    site = visible(told.site(each), _LONGEST)
    subnet = (each.old or each.new).partition(" at ")[0]
    item = Item(
        each.event.value,
        visible(subnet, _LONGEST),
        site=site,
        detail=visible(each.detail, _LONGEST),
        brief=f"a subnet of {site}" if site else "a subnet without a known site",
    )
    return Event(item, each.scan_id)


def _first_scans(space: Workspace, scans: Iterable[StoredScan]) -> Iterator[Event]:
    """One event for each first scan, however much it saw: the headline."""
    for scan in scans:
        where = visible(scan.site, _LONGEST) or "addresses without a site"
        with space.open(readonly=True) as book:
            saw = headline_of_report(book.report(scan.scan_id)).text.rstrip(".")
        yield Event(Item("first_scan", where, scan.scan_id, site=scan.site, brief=f"{where}. {saw}"), scan.scan_id)


# ── lasting conditions ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Estate:
    """Every device as lists and counts have it, on one day."""

    rows: Sequence[Asset]
    judgements: Mapping[str, Judgement]
    scans: Sequence[StoredScan]
    day: date


def load_estate(space: Workspace) -> Estate:
    """Read the estate from the listing, which is brought up to date first.

    From all devices if somebody else is writing.
    """
    day = assess.today_utc()
    try:
        with space.open(editing=True, create=False) as book:
            book.list_now()
            found = decode_lines(book.lines())
            judged = {each.asset.asset_id: each.judgement for each in found}
            return Estate([each.asset for each in found], judged, book.scans(), day)
    except (BusyError, RegisterError):
        with space.open(readonly=True) as book:
            rows = book.devices()
            return Estate(rows, assess.judge_assets(rows, space.settings, day), book.scans(), day)


def answering_again(found: Estate) -> list[Item]:
    """Devices that answer although somebody recorded their removal."""
    return [_answering_item(row) for row in found.rows if answers_after_removal(row)]


def _answering_item(row: Asset, detail: str = "") -> Item:
    """The item about a device that answers again.

    It is the same on every day, until somebody records another removal.
    """
    day = removed_day(row)
    where = ", ".join(row.ip_addresses)
    return Item(
        Kind.REAPPEARED_AFTER_REMOVAL.value,
        row.asset_id,
        day.isoformat() if day else "",
        asset_id=row.asset_id,
        site=visible(recorded_site(row), _LONGEST),
        old=row.lifecycle.value,
        detail=visible(detail or f"was recorded as {row.lifecycle}, and answers at {where}", _LONGEST),
    )


def overdue_removals(found: Estate) -> list[Item]:
    """Devices in scope whose planned day has passed."""
    late = (
        row
        for row in found.rows
        if found.judgements[row.asset_id].in_scope == "yes" and removal_standing(row, found.day) is Standing.OVERDUE
    )
    return [
        Item(
            "overdue",
            row.asset_id,
            str(planned_day(row)),
            asset_id=row.asset_id,
            site=visible(recorded_site(row), _LONGEST),
            detail=f"was to be removed by {planned_day(row)}",
        )
        for row in late
    ]


def expiring_authorisations(space: Workspace, day: date) -> list[Item]:
    """Authorisations that have ended, or end soon, and that no other one replaces."""
    found = []
    for authorisation in ending_authorisations(space.settings, day):
        role = visible(authorisation.role, _LONGEST)
        has = "ended on" if authorisation.expires < day else "ends on"
        brief = f"that of {role} {has} {authorisation.expires}"
        found.append(
            Item("authorisation_ends", f"{role} {authorisation.begins}", str(authorisation.expires), brief=brief)
        )
    return found


def programme_progress(space: Workspace, found: Estate) -> tuple[tuple[str, str], ...]:
    """The progress of the removal: what is counted, and how many."""
    told, next_month = programme_status(found.rows, found.judgements, found.day), month_of(found.day).next
    row = told.total
    cost = sum((line.cost for line in told.by_phase), Decimal(0))
    unknown = sum(line.without_cost for line in told.by_phase)
    coming = sum(month_of(due.day) == next_month for due in told.soon)
    percent = measure_coverage(space.settings, found.scans, found.day).percent
    facts = [
        ("Hikvision or Dahua", _headline_text(space, found)),
        ("In scope", count_text(row.in_scope)),
        ("Removed", count_text(row.removed)),
        ("Remaining, the sum of the next five", count_text(row.remaining)),
        ("Planned", count_text(row.standings[Standing.PLANNED])),
        ("Overdue", count_text(row.standings[Standing.OVERDUE])),
        ("No date", count_text(row.standings[Standing.NO_DATE])),
        ("Held up", count_text(row.standings[Standing.BLOCKED])),
        ("Accepted risk", count_text(row.standings[Standing.ACCEPTED_RISK])),
        ("To be removed next month", count_text(coming)),
        ("Scope not known", count_text(told.scope_unknown)),
        ("Recorded as removed, but answering", count_text(len(told.answers_after_removal))),
        ("Cost of what remains", f"£{cost:,.0f}; not known for {count_text(unknown)}"),
    ]
    if percent is not None:
        facts.append(("Addresses asked by scans", f"{percent:g} %"))
    return tuple(facts)


def _headline_text(space: Workspace, found: Estate) -> str:
    """The counts at the head of every list and report."""
    config = space.settings
    places = config.places()
    if not places:
        with space.open(readonly=True) as book:
            places = tuple(book.sites())
    return count_headline(found.rows, found.scans, companies.load_ownership(config.overlays), places).counts.rstrip(".")
