"""The progress report: its facts are gathered from the register, and its file is written."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter
from typing import Any

from camscan.app import assess
from camscan.app.by_site import has_lines, list_first
from camscan.app.edit import parse_day_or_today as read_day
from camscan.app.listing_lines import ListedDevice, decode_line, find_entered_twice, make_lister
from camscan.app.overview import count_lines
from camscan.app.plan import describe_formula as formula_in_words
from camscan.app.report_form import form_suffix
from camscan.app.workspace import Workspace
from camscan.asset import Asset, Event, Grouping, Happening, Lifecycle, Place, Presence, RecordType
from camscan.asset.kinds import device_type
from camscan.asset.spelling import choice_in_words, in_words
from camscan.briefing import Facts, Level, compose_report, render_report, write_workbook
from camscan.briefing.estate import MOST_LISTED
from camscan.briefing.nouns import (
    RECENT,
    STANDINGS,
    Device,
    PolicyInUse,
    Question,
    Recorder,
    ReturnedDevice,
    ScanAuthorisation,
)
from camscan.config import Authorisation, Config
from camscan.fingerprints.wording import Words, load_words
from camscan.output import write_atomically, write_bytes_atomically
from camscan.plan import Row, Rules, TableCount
from camscan.plan.entered_twice import entered_twice
from camscan.plan.standing import REMAINING, answers_after_removal, recorded_site, removed_day, system_id
from camscan.plan.status import NONE_KNOWN, NOT_SAID
from camscan.register import Register, StoredScan
from camscan.version import __version__

__all__ = ["Level", "WrittenReport", "gather_facts", "make_report", "write_report"]


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report that was written."""

    devices: int
    """How many devices are in scope."""
    left_out: bool
    """Whether the list of devices was too long for the page, and was left out."""


def write_report(
    space: Workspace, path: str, level: Level = Level.FULL, *, on: str | None = None, devices: bool = False
) -> WrittenReport:
    """Write the report of the register to a file, by its ending. Raises UsageError for another ending or no register.

    ``on`` judges the present register as of another day. ``devices`` lists every device in a page, however many.
    """
    suffix = form_suffix(path)
    space.refuse_own(path)
    content, written = make_report(space, suffix, level, on=on, devices=devices)
    if suffix == ".ods":
        write_bytes_atomically(path, lambda stream: stream.writelines([content]))
    else:
        write_atomically(path, lambda stream: stream.writelines([content.decode()]))
    return written


def make_report(
    space: Workspace, suffix: str, level: Level = Level.FULL, *, on: str | None = None, devices: bool = False
) -> tuple[bytes, WrittenReport]:
    """Make the report that :func:`write_report` writes, for an ending; no file is written."""
    is_book = suffix == ".ods"
    is_complete = devices or is_book
    facts = gather_facts(space, on, most=sys.maxsize if is_complete else MOST_LISTED if level is Level.FULL else 0)
    report = compose_report(facts, level, listed=True if is_complete else None)
    stream = io.BytesIO()
    if is_book:
        write_workbook(report, stream)
    else:
        stream.write(render_report(report).encode())
    has_list = any(exhibit.name == "Devices" for section in report.sections for exhibit in section.exhibits)
    number = facts.status.total.in_scope
    return stream.getvalue(), WrittenReport(number, bool(number) and level is Level.FULL and not has_list)


def gather_facts(space: Workspace, on: str | None = None, most: int = sys.maxsize) -> Facts:
    """Gather all facts for the report from the present register, judged as of a day (today).

    ``devices`` is empty if more than ``most`` are in scope.
    """
    now = read_day(on) if on else assess.today_utc()
    list_first(space)
    with space.open(readonly=True) as book:
        return facts_from_lines(book, space.settings, read_lines(book, space.settings, now), now, most)


@dataclass(frozen=True, slots=True)
class EstateLines:
    """The lines of every device as they are on a day, in no order; they can be read once."""

    lines: Iterable[Mapping[str, Any]]
    twice: Mapping[str, Asset]
    """The devices that are entered twice (``entered_twice``)."""


def read_lines(book: Register, settings: Config, now: date) -> EstateLines:
    """The lines as of that day; few are in memory at a time if the listing is up to date."""
    if not has_lines(book, settings):
        rows = book.devices()
        return EstateLines(make_lister(settings).lines(rows, now), entered_twice(rows))
    twice = find_entered_twice(book.lines, book.lines_of_others())
    if now == assess.today_utc():
        return EstateLines(book.lines(), twice)
    make_lines = make_lister(settings).lines
    return EstateLines((line for rows in book.in_batches() for line in make_lines(rows, now)), twice)


def judge_lines(book: Register, settings: Config, now: date) -> list[Mapping[str, Any]]:
    """The lines of every device, made now, for use if the kept ones cannot be read."""
    found = make_lister(settings).lines(book.devices(), now)
    return sorted(found, key=lambda line: (line["site"], line["asset_id"]))


def _scan_authorisation(each: Authorisation) -> ScanAuthorisation:
    return ScanAuthorisation(each.role, each.begins, each.expires, len(each.cidrs))


def facts_from_lines(book: Register, settings: Config, every: EstateLines, now: date, most: int = sys.maxsize) -> Facts:
    """The facts for the report, from the lines of every device; ``most`` as in :func:`gather_facts`."""
    rules = assess.load_rules(settings)
    scans = [scan for scan in book.scans() if scan.finished_at.date() <= now]
    recent = datetime.combine(now - timedelta(days=RECENT), time(), UTC)
    found = _Findings(_new_devices(book, recent, now), now, most)
    counted = count_lines(found.read(every), every.twice, book, settings, now)
    return Facts(
        organisation=settings.organisation,
        role=settings.role,
        day=now,
        version=__version__,
        databases=_newest_database(scans),
        headline=counted.headline,
        status=counted.status,
        points=counted.points,
        looked=counted.looked,
        is_map_stale=counted.is_map_stale,
        groups=_group_tables(found.tables, rules, load_words(settings.overlays)),
        makers=frozenset(maker.name for maker in rules.ownership.makers.values()),
        devices=found.devices,
        returned=found.returned,
        new_at=found.new_at,
        corrected=_count_corrections(book, recent, now),
        questions=_list_questions(book),
        recorders=found.incomplete_recorders,
        silent=_silent_networks(book.coverage_happenings()),
        by_hand=found.by_hand,
        only_listed=found.only_listed,
        policies=tuple(_ruling_policies(rules)),
        is_decided=rules.is_decided,
        formula=formula_in_words(settings.planning.formula),
        authorisations=[_scan_authorisation(authorisation) for authorisation in settings.authorisations],
        scans=len(scans),
        first_scan=min((scan.started_at.date() for scan in scans), default=None),
    )


def _new_devices(book: Register, since: datetime, day: date) -> set[str]:
    """Asset numbers of devices that were seen for the first time from a time on until the end of a day."""
    happened = (happening for happening in book.happenings(since) if happening.at.date() <= day)
    return {happening.asset_id for happening in happened if happening.event is Event.NEW}


class _Findings:
    """What the report says about single devices, gathered while the lines are read."""

    def __init__(self, new: Container[str], now: date, most: int) -> None:
        """``new`` are the asset ids of devices that are new."""
        self._new = new
        self._most = most
        self._meant = 0
        self._listed: list[tuple[tuple[bool, str, int, str], Device]] = []
        """With what they are sorted by."""
        self._returned: list[tuple[tuple[str, str], ReturnedDevice]] = []
        self._recorders: list[tuple[tuple[str, str], Recorder]] = []
        """Those with channels, of which all are taken for unread."""
        self._behind: Counter[str] = Counter()
        """Recorder -> devices behind it."""
        self.tables = {by: TableCount(now, by) for by in Grouping}
        self.new_at: Counter[str] = Counter()
        self.by_hand = 0
        self.only_listed = 0

    def read(self, every: EstateLines) -> Iterator[ListedDevice]:
        """Yield each device, when it was looked at."""
        places: dict[tuple[str, ...], Place] = {}
        for line in every.lines:
            device = decode_line(line, places, every.twice)
            self._add(line, device)
            yield device

    def _add(self, line: Mapping[str, Any], device: ListedDevice) -> None:
        asset = device.asset
        for table in self.tables.values():
            table.add(asset, device.judgement)
        self.only_listed += asset.record_type is RecordType.LISTED
        if (recorder := system_id(asset)) != asset.asset_id:
            self._behind[recorder] += 1
        if device.judgement.in_scope == "yes":
            self._add_meant(line, device)

    def _add_meant(self, line: Mapping[str, Any], device: ListedDevice) -> None:
        """Look at a device in scope."""
        asset, site = device.asset, recorded_site(device.asset)
        self._meant += 1
        if self._meant <= self._most:
            self._listed.append((_place_order(site, device), _make_device(line, device)))
        self.new_at.update([site] if asset.asset_id in self._new else ())
        self.by_hand += asset.presence is Presence.NOT_SCANNED and asset.record_type is not RecordType.LISTED
        order = (line["site"], asset.asset_id)
        if answers_after_removal(asset):
            self._returned.append((order, _make_returned(device)))
        if asset.channels and not asset.hints.get("channels") and line["standing"] in REMAINING:
            self._recorders.append((order, Recorder(asset.asset_id, site, asset.channels)))

    @property
    def devices(self) -> list[Device]:
        """The devices in scope by site, those of no known site last, and within a site the highest priority first.

        Empty if there are too many.
        """
        return [device for _, device in sorted(self._listed, key=itemgetter(0))] if self._meant <= self._most else []

    @property
    def returned(self) -> list[ReturnedDevice]:
        """Devices in scope that answer after their removal, by site."""
        return [device for _, device in sorted(self._returned, key=itemgetter(0))]

    @property
    def incomplete_recorders(self) -> list[Recorder]:
        """Recorders in scope that are not removed, and that report more channels than the register has rows."""
        ordered = [recorder for _, recorder in sorted(self._recorders, key=itemgetter(0))]
        left = (replace(each, unread=each.unread - self._behind[each.number]) for each in ordered)
        return [each for each in left if each.unread > 0]


def _place_order(site: str, device: ListedDevice) -> tuple[bool, str, int, str]:
    return not site, site.casefold(), device.judgement.priority or 9, device.asset.asset_id


# ── the parts of the report ──────────────────────────────────────────────────────────────────────────────────────


def _newest_database(scans: Sequence[StoredScan]) -> tuple[str, ...]:
    """The edition of the fingerprints by which the newest scan judged, without its hash."""
    return (scans[-1].database.partition(".")[0],) if scans and scans[-1].database else ()


def _group_tables(
    tables: Mapping[Grouping, TableCount], rules: Rules, words: Words
) -> Mapping[Grouping, Sequence[Row]]:
    """The tables of the programme, with names for people."""
    makers = {key: maker.name for key, maker in rules.ownership.makers.items()}

    def name_row(row: Row, by: Grouping) -> Row:
        if row.name in {NOT_SAID, NONE_KNOWN} or by in {Grouping.SITE, Grouping.SERVICE}:
            return row
        if by is Grouping.MAKER:
            return replace(row, name=makers.get(row.name, row.name))
        if by is Grouping.CONTROLLER:
            return replace(row, name=choice_in_words("controller", row.name))
        known = words.facts.get(f"capability.{row.name}") if by is Grouping.CAPABILITY else None
        return replace(row, name=known.means if known else in_words(row.name))

    return {by: [name_row(row, by) for row in table.rows] for by, table in tables.items()}


def _make_device(line: Mapping[str, Any], each: ListedDevice) -> Device:
    found, site = each.asset.identification, recorded_site(each.asset)
    return Device(
        number=line["asset_id"],
        tag=each.asset.entries.get("council_asset_tag", ""),
        site=site,
        place=_place_within_site(line["spot"], site),
        maker=line["make"],
        model=found.model or "",
        type=choice_in_words("device_type", device_type(found.kind, found.capabilities)),
        priority=each.judgement.priority,
        standing=STANDINGS[line["standing"]],
        planned=date.fromisoformat(line["planned"]) if line["planned"] else None,
        seen=each.asset.last_seen.date() if each.asset.last_seen else None,
    )


def _place_within_site(spot: str, site: str) -> str:
    """The place within the building, from a text that begins with the site."""
    return spot[len(site) :].removeprefix(", ") if spot.casefold().startswith(site.casefold()) else spot


def _make_returned(each: ListedDevice) -> ReturnedDevice:
    asset = each.asset
    seen = asset.last_seen.date() if asset.last_seen else None
    tag = asset.entries.get("council_asset_tag", "")
    number = f"{tag} ({asset.asset_id})" if tag else asset.asset_id
    return ReturnedDevice(number, recorded_site(asset), removed_day(asset), seen)


def _count_corrections(book: Register, since: datetime, now: date) -> Mapping[str, int]:
    """Kind of correction -> in how many devices people made it since then."""
    found: dict[str, set[str]] = {words: set() for words in _CORRECTED.values()}
    for change in book.changes():
        if change.at < since or change.at.date() > now:
            continue
        words = _CORRECTED.get((change.column, change.new)) or _CORRECTED.get((change.column, ""))
        if words:
            found[words].add(change.asset_id)
    return {words: len(assets) for words, assets in found.items()}


_CORRECTED = {
    ("lifecycle_status", Lifecycle.NOT_OURS.value): "entered as not the council's",
    ("lifecycle_status", Lifecycle.FALSE_POSITIVE.value): "entered as a false alarm",
    ("in_scope", ""): "whose scope a person decided",
    ("merged_into", ""): "found to be duplicates",
}
"""Column and its new value (empty for any) -> the correction in words, after a number of devices."""


def _list_questions(book: Register) -> list[Question]:
    return [
        Question(review.asset_id, review.other, "; ".join(one.detail for one in review.conflicts))
        for review in book.reviews()
    ]


def _silent_networks(happenings: Sequence[Happening]) -> list[tuple[str, str]]:
    """Networks that went silent, with their sites, and do not answer again."""
    lost = (happening.old or happening.new for happening in happenings if happening.event is Event.COVERAGE_LOST)
    return sorted((network, site) for network, _, site in (text.partition(" at ") for text in lost))


def _ruling_policies(rules: Rules) -> Iterator[PolicyInUse]:
    for policy in rules.policies:
        yield PolicyInUse(
            title=rules.describe_decision(policy.id),
            decides=policy.id in rules.scope,
            binding_on=policy.binding_on,
            basis=policy.basis,
            citation=policy.citation,
        )
