"""The counts for the front page and the lists of a web front end: counted once, and kept until they change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from camscan.app import assess
from camscan.app.diff import changes_since
from camscan.app.listing_lines import ListedDevice, decode_lines
from camscan.app.report import EstateLines, facts_from_lines, judge_lines
from camscan.app.sites import KnownSites, gather_known_sites, place_details
from camscan.app.workspace import Workspace
from camscan.asset import Event, Place
from camscan.asset.kinds import device_type
from camscan.asset.spelling import choice_in_words
from camscan.briefing import Facts, Report, compose_report
from camscan.errors import BusyError, RegisterError
from camscan.headline import MAKERS, SURE, is_of_video
from camscan.plan.entered_twice import entered_twice
from camscan.plan.standing import recorded_site
from camscan.register import ChangeMark, Register, StoredScan
from camscan.words import count_text, verb

__all__ = ["MAKER_WORDS", "Alarm", "Choice", "Front", "SiteLine", "basis_of_front", "bring_up_to_date", "gather_front"]

MAKER_WORDS = {
    "hikvision": "Hikvision",
    "dahua": "Dahua",
    "possible": "Possibly one of the two",
    "unknown": "Not known",
    "other": "Another maker",
}
"""Word -> name of the groups by which devices are listed by their maker."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person should see to, and what to do about it."""

    kind: str
    """One word: ``answering``, ``new``, ``reported``, ``overdue``, ``silent``, ``questions`` …"""
    number: int
    title: str
    """A sentence without its full stop."""
    advice: str
    """What to do."""
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One value by which devices can be listed, and how many have it."""

    value: str
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class SiteLine:
    """One site in the table of all sites."""

    name: str
    devices: int
    """Devices that are neither removed nor somebody else's, of any kind."""
    in_scope: int
    removed: int
    remaining: int
    overdue: int
    highest: int | None
    """The highest priority among the remaining devices; None if there is none."""
    last_complete: str
    """The day since which all its networks were asked, or how many ever were; empty if it has none."""


@dataclass(frozen=True, slots=True)
class Front:
    """The counts of a register at one moment."""

    mark: ChangeMark
    day: date
    made_at: datetime
    facts: Facts
    """The facts of the report, without the list of devices."""
    report: Report
    """The progress report about these facts."""
    alarms: tuple[Alarm, ...]
    apart: frozenset[str]
    """Asset numbers of rows that are in no count, because another row represents the same device."""
    sites: tuple[SiteLine, ...]
    known: KnownSites
    reported: frozenset[str]
    """Asset numbers of devices that somebody on site reported gone, and whose removal nobody has recorded."""
    choices: Mapping[str, tuple[Choice, ...]]
    """The filters of the list of devices: ``site``, ``maker``, ``kind``, ``standing``, ``priority``."""

    @property
    def has_sites(self) -> bool:
        """Whether any site is known."""
        return bool(self.sites)


def basis_of_front(book: Register) -> tuple[ChangeMark, date]:
    """The state of the register and the day by which a Front is made; if they change, it is out of date.

    Reads little.
    """
    return book.mark(), assess.today_utc()


def bring_up_to_date(space: Workspace) -> bool:
    """Bring the listing of the register up to date. Returns whether that was possible.

    Upgrades a register of an earlier version. Raises RegisterError if there is no register.
    """
    try:
        with space.open(editing=True, create=False) as book:
            book.list_now()
    except BusyError:
        return False
    return True


def gather_front(space: Workspace) -> Front:
    """Count the register, from the listing if it is up to date, or else from every device.

    Takes seconds for tens of thousands of devices.
    """
    now = assess.today_utc()
    with space.open(readonly=True) as book:
        mark = book.mark()
        try:
            lines = list(book.lines("site", "asset_id")) if mark.turn else judge_lines(book, space.settings, now)
        except RegisterError:
            lines = judge_lines(book, space.settings, now)
        found = decode_lines(lines)
        twice = entered_twice([each.asset for each in found])
        apart = frozenset(twice)
        facts = facts_from_lines(book, space.settings, EstateLines(lines, twice), now, most=0)
        known = gather_known_sites(book, space.settings, [each.asset for each in found])
        scans = book.scans()
    reported = frozenset(each.asset.asset_id for each in found if each.asset.entries.get("reported_gone_on"))
    return Front(
        mark=mark,
        day=now,
        made_at=datetime.now(UTC),
        facts=facts,
        report=compose_report(facts, listed=False),
        alarms=tuple(_list_alarms(facts, _count_new(space, scans), len(reported))),
        apart=apart,
        reported=reported,
        sites=tuple(_list_sites(facts, known)),
        known=known,
        choices=_list_choices(found, apart),
    )


# ── alarms ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _count_new(space: Workspace, scans: Sequence[StoredScan]) -> int:
    """How many devices the last round, or the last scans of the sites, saw for the first time; 0 for the first scan."""
    if len(scans) < 2:  # noqa: PLR2004 - with one alone, everything is new
        return 0
    told = changes_since(space)
    return sum(
        happening.event is Event.NEW and is_of_video(told.rows[happening.asset_id]) for happening in told.happenings
    )


def _list_alarms(facts: Facts, new: int, reported: int) -> Iterator[Alarm]:
    """The alarms, the most pressing first."""
    status, looked = facts.status, facts.looked
    if back := len(status.answers_after_removal):
        title = f"{count_text(back)} came back after removal"
        advice = "Visit each device. If it is still installed, correct its status; if not, record its removal again."
        yield Alarm("answering", back, title, advice, is_urgent=True)
    if new:
        title = f"{count_text(new, 'new device')} since the previous scans"
        advice = (
            f"Find out who installed {verb(new, 'it', 'them')}, and whether {verb(new, 'it is', 'they are')} in scope."
        )
        yield Alarm("new", new, title, advice, is_urgent=True)
    if reported:
        title = f"{count_text(reported)} {verb(reported, 'is', 'are')} reported gone by somebody on site"
        yield Alarm("reported", reported, title, "Ask for the proof and record the removal, or check the report.")
    if silent := len(facts.silent):
        title = f"{count_text(silent, 'network')} answered once and {verb(silent, 'is', 'are')} silent now"
        yield Alarm("silent", silent, title, "Ask whoever runs the network: the state of its devices is not known.")
    if late := len(status.overdue):
        title = f"{count_text(late)} {verb(late, 'is', 'are')} overdue"
        yield Alarm(
            "overdue", late, title, f"Record {verb(late, 'its', 'their')} removal, or plan a new date and say why."
        )
    if questions := len(facts.questions):
        title = f"{count_text(questions, 'question')} about the identity of devices"
        yield Alarm("questions", questions, title, "Only a person can say whether two rows are one device.")
    if looked.never_asked:
        title = f"{count_text(len(looked.never_asked), 'site')} never scanned completely"
        yield Alarm("never_scanned", len(looked.never_asked), title, "What is installed there is not known yet.")
    if not facts.is_decided:
        title = "no decision of the council is recorded, so nothing is in scope yet"
        would = f"{count_text(status.would_match)} would match. " if status.would_match else ""
        advice = f"{would}Write into camscan.yaml what was decided (planning: local_decision)."
        yield Alarm("undecided", 0, title, advice)


# ── sites ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _list_sites(facts: Facts, known: KnownSites) -> Iterator[SiteLine]:
    """The sites of the site map, and those that scans and people have named, by name."""
    rows = {row.name: row for by, found in facts.groups.items() if by == "site" for row in found}
    names = {place.name for place in known.places} | {name for name in known.devices if name}
    for name in sorted(names, key=lambda each: (each.casefold(), each)):
        row = rows.get(name)
        yield SiteLine(
            name=name,
            devices=known.devices[name],
            in_scope=row.in_scope if row else 0,
            removed=row.removed if row else 0,
            remaining=row.remaining if row else 0,
            overdue=next((number for each, number in row.standings.items() if each == "overdue"), 0) if row else 0,
            highest=row.highest if row else None,
            last_complete=known.last_complete(name) if any(network.site == name for network in known.networks) else "",
        )


def facts_of_place(place: Place) -> Mapping[str, str]:
    """The facts about a place, in words: who controls it, what it is."""
    said = place_details(place)
    return {
        name: choice_in_words(_CHOICES[key], said[key]) if key in _CHOICES else said[key]
        for key, name in _OF_PLACE.items()
        if key in said
    }


_OF_PLACE = {
    "uprn": "Property number (UPRN)",
    "type": "Kind of place",
    "sensitivity": "Sensitivity, 1 (highest) to 4",
    "controller": "Controlled by",
    "owner_service": "Service",
    "network_zone": "Network zone",
    "vlan": "Network number (VLAN)",
}
_CHOICES = {"type": "site_type", "controller": "controller", "network_zone": "network_zone"}
"""Fact with a choice of a few words -> the column that has them."""


# ── the filters of lists ─────────────────────────────────────────────────────────────────────────────────────────


def maker_word(each: ListedDevice) -> str:
    """The word of ``MAKER_WORDS`` under which a device is listed."""
    found = each.asset.identification
    if found.maker in MAKERS:
        return str(found.maker) if found.confidence in SURE else "possible"
    return "other" if found.maker else "unknown"


def _list_choices(found: Sequence[ListedDevice], apart: frozenset[str]) -> Mapping[str, tuple[Choice, ...]]:
    shown = [each for each in found if is_of_video(each.asset)]
    makers = Counter(map(maker_word, shown))
    kinds = Counter(each.asset.identification.kind or "" for each in shown)
    priorities = Counter(
        each.judgement.priority for each in shown if each.judgement.priority and each.asset.asset_id not in apart
    )
    sites = Counter(recorded_site(each.asset) for each in shown)
    return {
        "site": tuple(
            Choice(name, name or "No known site", number)
            for name, number in sorted(sites.items(), key=lambda item: (not item[0], item[0].casefold(), item[0]))
        ),
        "maker": tuple(Choice(word, label, makers[word]) for word, label in MAKER_WORDS.items() if makers[word]),
        "kind": tuple(
            Choice(kind, choice_in_words("device_type", device_type(kind, {})) if kind else "Not known", number)
            for kind, number in sorted(kinds.items(), key=lambda item: (not item[0], item[0]))
        ),
        "priority": tuple(Choice(str(each), str(each), number) for each, number in sorted(priorities.items())),
    }
