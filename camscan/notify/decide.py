"""Chooses which changes become messages, and which were sent already. Pure: a table of cases tests it."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from camscan.notify.message import KINDS, MOST, Item, Message

QUIET = timedelta(days=7)
"""For this long, the same thing is not sent again."""
FLAPS = 3
"""This many changes of one thing within ``SCANS`` scans of its place are sent once, as flapping."""
SCANS = 10
FAMILY = {"coverage_lost": "coverage", "coverage_restored": "coverage"}
"""Kinds that are one thing which changes and changes back."""
UNTOLD = frozenset({"coverage_restored"})
"""Kinds that are only counted, to find out what flaps."""
ONCE = frozenset({"overdue"})
"""Kinds that are sent once and never again, however long they last."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is remembered about one item: that it happened, or that it was sent."""

    kind: str
    subject: str
    value: str
    at: datetime
    scan: str = ""
    """The scan that showed it; empty for a state, such as an authorisation that ends."""
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """An item that one scan showed; other items are states."""

    item: Item
    scan: str


@dataclass(frozen=True, slots=True)
class ChosenNews:
    """What is to be sent, and what is to be remembered about it."""

    items: tuple[Item, ...] = ()
    notes: tuple[Note, ...] = ()


def choose_items(
    events: Iterable[Event], standing: Iterable[Item], past: Iterable[Note], now: datetime, recent: Iterable[str]
) -> ChosenNews:
    """What to send now, out of everything that happened (``events``) or is the case (``standing``).

    ``past`` is what earlier calls remembered; ``recent`` are the ids of the last ``SCANS`` scans of each place.
    """
    memory = _Memory(past, now, frozenset(recent))
    items: list[Item] = []
    for event in events:
        item = event.item
        memory.remember(item, scan=event.scan, is_told=False)
        if memory.is_flapping(item):
            item = _flapping_item(item)
        if item.kind not in UNTOLD and not memory.was_sent_lately(item):
            items.append(item)
            memory.remember(item, scan=event.scan, is_told=True)
    for item in standing:
        if not memory.was_sent_lately(item):
            items.append(item)
            memory.remember(item, scan="", is_told=True)
    return ChosenNews(tuple(items), tuple(memory.new))


class _Memory:
    """What was sent, including what is being sent now."""

    def __init__(self, past: Iterable[Note], now: datetime, recent: frozenset[str]) -> None:
        self._now, self._recent = now, recent
        self._told: defaultdict[tuple[str, str, str], list[datetime]] = defaultdict(list)
        self._changes: Counter[tuple[str, str]] = Counter()
        self.new: list[Note] = []
        for event in past:
            self._take_note(event)

    def _take_note(self, note: Note) -> None:
        if note.is_told:
            self._told[note.kind, note.subject, note.value].append(note.at)
        elif note.scan in self._recent:
            self._changes[FAMILY.get(note.kind, note.kind), note.subject] += 1

    def remember(self, item: Item, *, scan: str, is_told: bool) -> None:
        note = Note(item.kind, item.subject, item.value, self._now, scan, is_told)
        self.new.append(note)
        self._take_note(note)

    def is_flapping(self, item: Item) -> bool:
        """Whether it only changes and changes back. An alarm is never flapping."""
        is_alarm = item.kind in KINDS and KINDS[item.kind].about == "alarm"
        return not is_alarm and self._changes[FAMILY.get(item.kind, item.kind), item.subject] >= FLAPS

    def was_sent_lately(self, item: Item) -> bool:
        """Whether it was sent lately. A time in the future comes from a clock that was wrong, and says nothing."""
        times = self._told[item.kind, item.subject, item.value]
        if item.kind in ONCE:
            return bool(times)
        return any(abs(self._now - at) < QUIET for at in times)


def _flapping_item(item: Item) -> Item:
    kind = "coverage_flapping" if FAMILY.get(item.kind) == "coverage" else "flapping"
    detail = f"changed at least {FLAPS} times in the last {SCANS} scans; the last time: {item.detail}"
    return Item(kind, item.subject, "", item.asset_id, item.site, detail=detail, brief=item.brief)


def compose_messages(
    items: Sequence[Item], now: datetime, *, organisation: str = "", command: str = "", salt: str = ""
) -> Iterator[Message]:
    """One message for each class that has items; ``now`` is by the clock of camscan.yaml.

    ``salt`` distinguishes messages that two registers make in the same second.
    """
    order = {kind: place for place, kind in enumerate(KINDS)}
    by_class: defaultdict[str, list[Item]] = defaultdict(list)
    for item in sorted(items, key=lambda each: (order[each.kind], each.site, each.subject)):
        by_class[KINDS[item.kind].about].append(item)
    for about, found in by_class.items():
        counts = Counter(item.kind for item in found)
        yield Message(
            id=message_id(about, now, salt, *(f"{each.kind} {each.subject} {each.value}" for each in found)),
            about=about,
            at=now,
            organisation=organisation,
            items=tuple(found[:MOST]),
            counts=dict(counts),
            command=command,
        )


def message_id(about: str, now: datetime, *parts: str) -> str:
    """32 hexadecimal digits that no other message has."""
    return hashlib.sha256("\n".join((about, now.isoformat(), *parts)).encode("utf-8", "replace")).hexdigest()[:32]
