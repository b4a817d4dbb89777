"""What only a person can settle: the questions, two rows held beside each other, and what a decision comes to."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from camscan.app import choice
from camscan.app.device_list import lifecycle_in_words, presence_in_words
from camscan.app.devices import is_end_of_other, reasons_for_two
from camscan.asset import Asset, Change
from camscan.asset.columns import EDITABLE
from camscan.config import Config
from camscan.errors import StaleError, UsageError
from camscan.register import Register, Review, Seen

__all__ = [
    "Compared",
    "Deciding",
    "Decision",
    "Likeness",
    "Merged",
    "Question",
    "decide",
    "entries_of",
    "facts_of",
    "find_question",
    "keep_and_gone",
    "merged",
    "names_of",
    "questions",
    "why_not",
]


class Likeness(enum.StrEnum):
    """How two rows stand to each other in one thing."""

    SAME = "the same"
    OVERLAP = "partly the same"
    END = "one is the end of the other"
    DIFFERENT = "different"
    ONLY_FIRST = "only the first row says"
    ONLY_SECOND = "only the second row says"
    NOT_COMPARED = ""
    """It differs in any case, and that says nothing."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that a person compares."""

    name: str
    cells: tuple[str, ...]
    """One for each row."""
    likeness: Likeness = Likeness.NOT_COMPARED


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a person, with all that is known for an answer."""

    review: Review
    rows: Sequence[Asset]
    """One, or two that may be the same device."""
    says: Sequence[str]
    """What was found, a sentence for each of its conflicts."""

    @property
    def number(self) -> int:
        """The number that names it: that of the first of its conflicts."""
        return self.review.conflicts[0].number

    @property
    def findings(self) -> Sequence[str]:
        """What was found, each sentence once: of two rows that share a key, both conflicts say the same."""
        return list(dict.fromkeys(self.says))

    @property
    def seen(self) -> Seen:
        """What somebody has before them who decides it now."""
        numbers = frozenset(each.number for each in self.review.conflicts)
        return Seen(numbers, {row.asset_id: row.revision for row in self.rows})


class Decision(enum.StrEnum):
    """What may become of a question."""

    FIRST = "first"
    """Both rows are one device: the first is kept, the second becomes part of it."""
    SECOND = "second"
    APART = "apart"
    """They are two devices."""
    KEEP = "keep"
    """Nothing changes, and the question is not asked again."""


def questions(book: Register, start: int = 0, most: int | None = None) -> tuple[list[Question], int]:
    """Some of what is open, oldest first, with the rows; and how many there are in all."""
    found = book.reviews()
    return _with_rows(book, found[start : None if most is None else start + most]), len(found)


def find_question(book: Register, number: int) -> Question | None:
    """The open question that a conflict of this number belongs to."""
    found = [each for each in book.reviews() if any(one.number == number for one in each.conflicts)]
    return next(iter(_with_rows(book, found)), None)


def _with_rows(book: Register, found: Iterable[Review]) -> list[Question]:
    found = list(found)
    rows = {row.asset_id: row for row in book.devices_by_number({name for each in found for name in names_of(each)})}
    return [
        Question(
            each,
            [rows[name] for name in names_of(each) if name in rows],
            [choice.plain_detail(conflict.detail) for conflict in each.conflicts],
        )
        for each in found
    ]


def names_of(each: Review) -> tuple[str, ...]:
    """The asset ids of the rows that it is about."""
    return (each.asset_id, each.other) if each.other else (each.asset_id,)


# ── comparing ────────────────────────────────────────────────────────────────────────────────────────────────────


def facts_of(rows: Sequence[Asset]) -> Iterator[Compared]:
    """What a person compares: one line for each thing that any of the rows has."""
    for name, of in _FACTS.items():
        cells = tuple(of(row) for row in rows)
        if any(cells):
            yield Compared(name, cells, _likeness(name, cells) if len(cells) > 1 else Likeness.NOT_COMPARED)


def entries_of(rows: Sequence[Asset]) -> Iterator[Compared]:
    """The same for what people entered, by the names of the columns."""
    for column in EDITABLE:
        cells = tuple(row.entries.get(column.name, "") for row in rows)
        if any(cells):
            yield Compared(column.name, cells, _alike(cells) if len(cells) > 1 else Likeness.NOT_COMPARED)


_FACTS: Mapping[str, Callable[[Asset], str]] = {
    "number": lambda row: row.asset_id,
    "maker": lambda row: choice.maker_name(row.identification.maker),
    "model": lambda row: row.identification.model or "",
    "serial": lambda row: row.identification.serial or "",
    "firmware": lambda row: row.identification.firmware or "",
    "MAC": lambda row: ", ".join(row.mac_addresses or row.past_mac_addresses),
    "address": lambda row: ", ".join(row.ip_addresses),
    "site": lambda row: row.entry("site_name") or row.site,
    "seen": lambda row: (
        f"{row.first_seen:%Y-%m-%d} to {row.last_seen:%Y-%m-%d}, sightings: {row.sightings}"
        if row.first_seen and row.last_seen
        else "not seen by any scan"
    ),
    "now": lambda row: (
        f"{presence_in_words(row.presence, row.scans_missed)}, {lifecycle_in_words(row.lifecycle).lower()}"
    ),
    "entries": lambda row: f"{len(row.entries)} by people" if row.entries else "none by people",
}
_LISTS = frozenset({"MAC", "address"})
_NOT_COMPARED = frozenset({"number", "seen", "now", "entries"})


def _likeness(name: str, cells: tuple[str, ...]) -> Likeness:
    one, other = cells
    if name in _NOT_COMPARED:
        return Likeness.NOT_COMPARED
    if name == "maker":
        one, other = ("" if each == choice.UNKNOWN else each for each in cells)
        if not one and not other:
            return Likeness.NOT_COMPARED
    if name in _LISTS and one != other and {*one.split(", ")} & {*other.split(", ")} - {""}:
        return Likeness.OVERLAP
    if name == "serial" and one and other and one.casefold() != other.casefold() and is_end_of_other(one, other):
        return Likeness.END
    return _alike((one, other))


def _alike(cells: tuple[str, ...]) -> Likeness:
    one, other = cells
    if one.casefold() == other.casefold():
        return Likeness.SAME
    if not other:
        return Likeness.ONLY_FIRST
    return Likeness.DIFFERENT if one else Likeness.ONLY_SECOND


# ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Deciding:
    """Who decides, how and why, and what they had before them."""

    role: str
    how: str
    because: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class Merged:
    """What happens to people's entries where one row becomes part of another."""

    copied: tuple[tuple[str, str], ...]
    """Column and value: of the row that goes, since the one that is kept has none."""
    dropped: tuple[tuple[str, str, str], ...]
    """Column, value that is dropped, and what stands; only the log has the first."""
    renamed: tuple[tuple[str, str], ...]
    """Asset id and column of other devices, which named the row that goes and now name the one that is kept."""


def merged(changes: Iterable[Change], keep: str, gone: str) -> Merged:
    """The lines of the log that a merge wrote, by what they mean."""
    found = [each for each in changes if each.column != "merged_into"]
    return Merged(
        tuple((each.column, each.new) for each in found if each.asset_id == keep),
        tuple((each.column, each.old, each.new) for each in found if each.asset_id == gone),
        tuple((each.asset_id, each.column) for each in found if each.asset_id not in {keep, gone}),
    )


def why_not(question: Question, settings: Config) -> list[str]:
    """What says that the two rows of a question are two devices, a sentence for each."""
    if len(question.rows) < 2:  # noqa: PLR2004 - as it says
        return []
    one, other = question.rows
    return reasons_for_two(one, other, choice.ownership(settings.overlays))


def keep_and_gone(question: Question, decision: Decision) -> tuple[str, str]:
    """Asset ids of the row that is kept and of the one that becomes part of it. Raises UsageError if none does."""
    if len(question.rows) < 2:  # noqa: PLR2004 - as it says
        raise UsageError("the question is about one row, so there is nothing to merge")
    first, second = (row.asset_id for row in question.rows)
    return (second, first) if decision is Decision.SECOND else (first, second)


def decide(
    book: Register, question: Question, decision: Decision, by: Deciding, *, dry_run: bool = False
) -> list[Change]:
    """Settle a question; the lines of the log. ``dry_run`` only says what they would be, and of a merge alone.

    Raises StaleError if the question is no longer what was seen; nothing is written then.
    """
    if question.seen != by.seen:
        raise StaleError("the question has changed since you opened it; nothing was written")
    if decision in {Decision.FIRST, Decision.SECOND}:
        return book.merge_devices(
            *keep_and_gone(question, decision),
            role=by.role,
            how=by.how,
            because=by.because,
            seen=by.seen,
            dry_run=dry_run,
        )
    if dry_run:
        return []
    if decision is Decision.APART:
        pair = keep_and_gone(question, decision)
        return book.keep_separate(*pair, role=by.role, how=by.how, because=by.because, seen=by.seen)
    return book.close_conflicts(sorted(by.seen.conflicts), role=by.role, how=by.how, because=by.because, seen=by.seen)
