"""Which changes become messages, and which were sent already. Pure: a table of cases tests it."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from camscan.notify.message import KINDS, MOST, Item, Message

QUIET = timedelta(days=7)
"""So long the same thing is not told again."""
FLAPS = 3
"""So many changes of one thing within ``SCANS`` scans of its place are told once, as flapping."""
SCANS = 10
FAMILY = {"coverage_lost": "coverage", "coverage_restored": "coverage"}
"""Kinds that are one thing changing there and back."""
UNTOLD = frozenset({"coverage_restored"})
"""Kinds that are only counted, to know what flaps."""
ONCE = frozenset({"overdue"})
"""Kinds that are told once and never again, however long they last."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is remembered of one item: that it happened, or that it was told."""

    kind: str
    subject: str
    value: str
    at: datetime
    scan: str = ""
    """The scan that showed it; empty for what lasts, such as an authorisation that ends."""
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """An item that one scan showed, as against one that simply is so."""

    item: Item
    scan: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be told, and what is to be remembered of it."""

    items: tuple[Item, ...] = ()
    notes: tuple[Note, ...] = ()


def choose_items(
    events: Iterable[Event], standing: Iterable[Item], past: Iterable[Note], now: datetime, recent: Iterable[str]
) -> Chosen:
    """Of everything that happened (``events``) or is so (``standing``), what is to be told now.

    ``past`` is what is remembered of earlier calls; ``recent`` are the ids of the last ``SCANS`` scans of each place.
    """
    memory = _Memory(past, now, frozenset(recent))
    items: list[Item] = []
    for each in events:
        item = each.item
        memory.note(item, scan=each.scan, is_told=False)
        if memory.is_flapping(item):
            item = _flapping_item(item)
        if item.kind not in UNTOLD and not memory.was_sent_lately(item):
            items.append(item)
            memory.note(item, scan=each.scan, is_told=True)
    for item in standing:
        if not memory.was_sent_lately(item):
            items.append(item)
            memory.note(item, scan="", is_told=True)
    return Chosen(tuple(items), tuple(memory.new))


class _Memory:
    """What was told, with what is being told now."""

    def __init__(self, past: Iterable[Note], now: datetime, recent: frozenset[str]) -> None:
        self._now, self._recent = now, recent
        self._told: defaultdict[tuple[str, str, str], list[datetime]] = defaultdict(list)
        self._changes: Counter[tuple[str, str]] = Counter()
        self.new: list[Note] = []
        for each in past:
            self._take_note(each)

    def _take_note(self, note: Note) -> None:
        if note.is_told:
            self._told[note.kind, note.subject, note.value].append(note.at)
        elif note.scan in self._recent:
            self._changes[FAMILY.get(note.kind, note.kind), note.subject] += 1

    def note(self, item: Item, *, scan: str, is_told: bool) -> None:
        note = Note(item.kind, item.subject, item.value, self._now, scan, is_told)
        self.new.append(note)
        self._take_note(note)

    def is_flapping(self, item: Item) -> bool:
        """Whether it only changes there and back; what is an alarm stays one."""
        is_alarm = item.kind in KINDS and KINDS[item.kind].about == "alarm"
        return not is_alarm and self._changes[FAMILY.get(item.kind, item.kind), item.subject] >= FLAPS

    def was_sent_lately(self, item: Item) -> bool:
        """Whether it was told lately. A time in the future is one of a clock that was wrong, and says nothing."""
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
    """One message for each class that has something to tell; ``now`` is by the clock of camscan.yaml.

    ``salt`` keeps messages of two registers apart that are made in the same second.
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
