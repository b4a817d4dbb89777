"""The progress report: its facts are gathered from the register, and its file is written."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from camscan.app import assess
from camscan.app.edit import parse_day_or_today as read_day
from camscan.app.listing_lines import ListedDevice, decode_lines, make_lister
from camscan.app.overview import count_lines, load_overview
from camscan.app.plan import describe_formula as formula_in_words
from camscan.app.report_form import form_suffix
from camscan.app.workspace import Workspace
from camscan.asset import Asset, Event, Grouping, Happening, Lifecycle, Presence, RecordType
from camscan.asset.kinds import device_type
from camscan.asset.spelling import choice_in_words, in_words
from camscan.briefing import Facts, Level, compose_report, render_report, write_workbook
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
from camscan.plan import Row, Rules, group_table
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
    facts = gather_facts(space, on)
    is_book = suffix == ".ods"
    report = compose_report(facts, level, listed=True if devices or is_book else None)
    stream = io.BytesIO()
    if is_book:
        write_workbook(report, stream)
    else:
        stream.write(render_report(report).encode())
    has_list = any(each.name == "Devices" for section in report.sections for each in section.exhibits)
    return stream.getvalue(), WrittenReport(
        len(facts.devices), bool(facts.devices) and level is Level.FULL and not has_list
    )


def gather_facts(space: Workspace, on: str | None = None) -> Facts:
    """Gather all facts for the report from the present register, judged as of a day (today)."""
    now = read_day(on) if on else assess.today_utc()
    is_listed = not on and load_overview(space) is not None  # it brings the listing up to date
    with space.open(readonly=True) as book:
        lines = list(book.lines("site", "asset_id")) if is_listed else judge_lines(book, space.settings, now)
        return facts_from_lines(book, space.settings, lines, now)


def judge_lines(book: Register, settings: Config, now: date) -> list[Mapping[str, Any]]:
    """The lines of every device, made now, for use if the kept ones cannot be read."""
    found = make_lister(settings).lines(book.devices(), now)
    return sorted(found, key=lambda line: (line["site"], line["asset_id"]))


def _scan_authorisation(each: Authorisation) -> ScanAuthorisation:
    return ScanAuthorisation(each.role, each.begins, each.expires, len(each.cidrs))


def facts_from_lines(book: Register, settings: Config, lines: Sequence[Mapping[str, Any]], now: date) -> Facts:
    """The facts for the report, from the lines of every device as they are on that day."""
    found = decode_lines(lines)
    rules = assess.load_rules(settings)
    counted = count_lines(found, entered_twice([device.asset for device in found]), book, settings, now)
    meant = [(line, each) for line, each in zip(lines, found, strict=True) if each.judgement.in_scope == "yes"]
    scans = [scan for scan in book.scans() if scan.finished_at.date() <= now]
    recent = datetime.combine(now - timedelta(days=RECENT), time(), UTC)
    happened = [each for each in book.happenings(recent) if each.at.date() <= now]
    sites = {each.asset.asset_id: recorded_site(each.asset) for _, each in meant}
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
        groups=_group_tables(found, rules, load_words(settings.overlays), now),
        makers=frozenset(maker.name for maker in rules.ownership.makers.values()),
        devices=[_make_device(line, each) for line, each in _sort_by_place(meant)],
        returned=[_make_returned(each) for _, each in meant if answers_after_removal(each.asset)],
        new_at=Counter(sites[each.asset_id] for each in happened if each.event is Event.NEW and each.asset_id in sites),
        corrected=_count_corrections(book, recent, now),
        questions=_list_questions(book),
        recorders=_incomplete_recorders(found, meant),
        silent=_silent_networks(book.happenings()),
        by_hand=sum(_is_by_hand(each.asset) for _, each in meant),
        only_listed=sum(each.asset.record_type is RecordType.LISTED for each in found),
        policies=tuple(_ruling_policies(rules)),
        is_decided=rules.is_decided,
        formula=formula_in_words(settings.planning.formula),
        authorisations=[_scan_authorisation(each) for each in settings.authorisations],
        scans=len(scans),
        first_scan=min((scan.started_at.date() for scan in scans), default=None),
    )


def _is_by_hand(asset: Asset) -> bool:
    return asset.presence is Presence.NOT_SCANNED and asset.record_type is not RecordType.LISTED


# ── the parts of the report ──────────────────────────────────────────────────────────────────────────────────────


def _newest_database(scans: Sequence[StoredScan]) -> tuple[str, ...]:
    """The edition of the fingerprints by which the newest scan judged, without its hash."""
    return (scans[-1].database.partition(".")[0],) if scans and scans[-1].database else ()


def _group_tables(
    found: Sequence[ListedDevice], rules: Rules, words: Words, now: date
) -> Mapping[Grouping, Sequence[Row]]:
    """The tables of the programme, with names for people."""
    rows = [each.asset for each in found]
    judgements = {each.asset.asset_id: each.judgement for each in found}
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

    return {by: [name_row(row, by) for row in group_table(rows, judgements, now, by)] for by in Grouping}


def _sort_by_place(
    meant: Sequence[tuple[Mapping[str, Any], ListedDevice]],
) -> list[tuple[Mapping[str, Any], ListedDevice]]:
    """Devices by site, those of no known site last, and within a site the highest priority first."""

    def sort_key(pair: tuple[Mapping[str, Any], ListedDevice]) -> tuple[bool, str, int, str]:
        line, each = pair
        site = recorded_site(each.asset).casefold()
        return not site, site, each.judgement.priority or 9, line["asset_id"]

    return sorted(meant, key=sort_key)


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
        Question(each.asset_id, each.other, "; ".join(one.detail for one in each.conflicts)) for each in book.reviews()
    ]


def _incomplete_recorders(
    found: Sequence[ListedDevice], meant: Sequence[tuple[Mapping[str, Any], ListedDevice]]
) -> list[Recorder]:
    """Recorders in scope that are not removed, and that report more channels than the register has rows."""
    recorders_of = ((each.asset.asset_id, system_id(each.asset)) for each in found)
    behind = Counter(recorder for asset_id, recorder in recorders_of if recorder != asset_id)
    recorders = []
    for line, each in meant:
        asset = each.asset
        unread = 0 if asset.hints.get("channels") else (asset.channels or 0) - behind[asset.asset_id]
        if unread > 0 and line["standing"] in REMAINING:
            recorders.append(Recorder(asset.asset_id, recorded_site(asset), unread))
    return recorders


def _silent_networks(happenings: Sequence[Happening]) -> list[tuple[str, str]]:
    """Networks that went silent, with their sites, and do not answer again."""
    lost = (each.old or each.new for each in happenings if each.event is Event.COVERAGE_LOST)
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
