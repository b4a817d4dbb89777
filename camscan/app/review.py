"""Questions that only a person can settle: the rows, a comparison of two, and the result of a decision."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from camscan.app import choice
from camscan.app.device_list import lifecycle_in_words, presence_in_words
from camscan.app.devices import is_end_of_other, reasons_for_two
from camscan.asset import Asset, Change
from camscan.asset.columns import EDITABLE
from camscan.config import Config
from camscan.dataclass import dataclass
from camscan.errors import StaleError, UsageError
from camscan.register import Conflict, Review, SeenQuestion
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.register import Register
    from camscan.register.one_device import DeviceReader

__all__ = [
    "ComparedFact",
    "Decision",
    "DecisionContext",
    "Likeness",
    "MergeEffects",
    "Question",
    "asset_numbers_of",
    "compare_entries",
    "compare_facts",
    "count_questions",
    "find_question",
    "keep_and_gone",
    "list_questions",
    "merge_effects",
    "reasons_against_merge",
    "settle_question",
]


class Likeness(enum.StrEnum):
    """How two rows compare in one fact."""

    SAME = "the same"
    OVERLAP = "partly the same"
    END = "one is the end of the other"
    DIFFERENT = "different"
    ONLY_FIRST = "only the first row says"
    ONLY_SECOND = "only the second row says"
    NOT_COMPARED = ""
    """The fact differs in any case, and shows nothing."""


@dataclass(frozen=True, slots=True)
class ComparedFact:
    """One fact that a person compares."""

    name: str
    cells: tuple[str, ...]
    """The texts of the fact, one for each row."""
    likeness: Likeness = Likeness.NOT_COMPARED


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a person, with everything that helps to answer it."""

    review: Review
    rows: Sequence[Asset]
    """One row, or two that may be the same device."""
    says: Sequence[str]
    """What was found, a sentence for each of its conflicts."""

    @property
    def number(self) -> int:
        """The number of the question: that of the first of its conflicts."""
        return self.review.conflicts[0].number

    @property
    def findings(self) -> Sequence[str]:
        """What was found, each sentence once: if two rows share a key, both conflicts have the same one."""
        return list(dict.fromkeys(self.says))

    @property
    def seen(self) -> SeenQuestion:
        """What a person sees who decides it now."""
        numbers = frozenset(conflict.number for conflict in self.review.conflicts)
        return SeenQuestion(numbers, {row.asset_id: row.revision for row in self.rows})


class Decision(enum.StrEnum):
    """The possible answers to a question."""

    FIRST = "first"
    """Both rows are one device: the first is kept, the second becomes part of it."""
    SECOND = "second"
    APART = "apart"
    """The rows are two devices."""
    KEEP = "keep"
    """Nothing changes, and the question is not asked again."""


def count_questions(conflicts: Iterable[Conflict]) -> int:
    """How many questions these conflicts are: all about the same two devices are one (``Register.reviews``)."""
    found = list(conflicts)
    pairs = {frozenset((conflict.asset_id, conflict.other)) for conflict in found if conflict.other}
    return len(pairs) + sum(not conflict.other for conflict in found)


def list_questions(
    book: Register | DeviceReader, start: int = 0, most: int | None = None
) -> tuple[list[Question], int]:
    """Some of the open questions, oldest first, with their rows; and how many there are in all."""
    found = book.reviews()
    return _with_rows(book, found[start : None if most is None else start + most]), len(found)


def find_question(book: Register, number: int) -> Question | None:
    """The open question to which the conflict of this number belongs; None if there is none."""
    found = [review for review in book.reviews() if any(one.number == number for one in review.conflicts)]
    return next(iter(_with_rows(book, found)), None)


def _with_rows(book: Register | DeviceReader, found: Iterable[Review]) -> list[Question]:
    found = list(found)
    rows = {
        row.asset_id: row for row in book.devices_by_number({name for each in found for name in asset_numbers_of(each)})
    }
    return [
        Question(
            each,
            [rows[name] for name in asset_numbers_of(each) if name in rows],
            [choice.plain_detail(conflict.detail) for conflict in each.conflicts],
        )
        for each in found
    ]


def asset_numbers_of(each: Review) -> tuple[str, ...]:
    """The asset numbers of the rows that a question is about."""
    return (each.asset_id, each.other) if each.other else (each.asset_id,)


# ── comparing ────────────────────────────────────────────────────────────────────────────────────────────────────


def compare_facts(rows: Sequence[Asset]) -> Iterator[ComparedFact]:
    """The facts that a person compares: one for each that any of the rows has."""
    for name, of in _FACTS.items():
        cells = tuple(of(row) for row in rows)
        if any(cells):
            yield ComparedFact(name, cells, _compare_cells(name, cells) if len(cells) > 1 else Likeness.NOT_COMPARED)


def compare_entries(rows: Sequence[Asset]) -> Iterator[ComparedFact]:
    """The entries of people for the same comparison, by the names of the columns."""
    for column in EDITABLE:
        cells = tuple(row.entries.get(column.name, "") for row in rows)
        if any(cells):
            yield ComparedFact(column.name, cells, _compare_lists(cells) if len(cells) > 1 else Likeness.NOT_COMPARED)


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
        f"{count_text(row.sightings, 'scan')}, {row.first_seen:%Y-%m-%d} to {row.last_seen:%Y-%m-%d}"
        if row.first_seen and row.last_seen
        else "not seen by any scan"
    ),
    "now": lambda row: (
        f"{lifecycle_in_words(row.lifecycle)}; scans: {presence_in_words(row.presence, row.scans_missed).lower()}"
    ),
    "entries": lambda row: f"{len(row.entries)} by people" if row.entries else "none by people",
}
_LISTS = frozenset({"MAC", "address"})
_NOT_COMPARED = frozenset({"number", "seen", "now", "entries"})


def _compare_cells(name: str, cells: tuple[str, ...]) -> Likeness:
    one, other = cells
    if name in _NOT_COMPARED:
        return Likeness.NOT_COMPARED
    if name == "maker":
        one, other = ("" if cell == choice.UNKNOWN else cell for cell in cells)
        if not one and not other:
            return Likeness.NOT_COMPARED
    if name in _LISTS and one != other and {*one.split(", ")} & {*other.split(", ")} - {""}:
        return Likeness.OVERLAP
    if name == "serial" and one and other and one.casefold() != other.casefold() and is_end_of_other(one, other):
        return Likeness.END
    return _compare_lists((one, other))


def _compare_lists(cells: tuple[str, ...]) -> Likeness:
    one, other = cells
    if one.casefold() == other.casefold():
        return Likeness.SAME
    if not other:
        return Likeness.ONLY_FIRST
    return Likeness.DIFFERENT if one else Likeness.ONLY_SECOND


# ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """Who decides, how and why, and what they saw."""

    role: str
    how: str
    because: str
    seen: SeenQuestion


@dataclass(frozen=True, slots=True)
class MergeEffects:
    """What happens to people's entries if one row is merged into another."""

    copied: tuple[tuple[str, str], ...]
    """Column and value that were copied from the row that goes, because the kept row has none."""
    dropped: tuple[tuple[str, str, str], ...]
    """Column, value that is dropped, and value that is kept; only the log has the dropped one."""
    renamed: tuple[tuple[str, str], ...]
    """Asset number and column of other devices that named the row that goes, and now name the kept row."""


def merge_effects(changes: Iterable[Change], keep: str, gone: str) -> MergeEffects:
    """Sort the lines of the log that a merge wrote by their meaning."""
    found = [change for change in changes if change.column != "merged_into"]
    return MergeEffects(
        tuple((each.column, each.new) for each in found if each.asset_id == keep),
        tuple((each.column, each.old, each.new) for each in found if each.asset_id == gone),
        tuple((each.asset_id, each.column) for each in found if each.asset_id not in {keep, gone}),
    )


def reasons_against_merge(question: Question, settings: Config) -> list[str]:
    """Reasons why the two rows of a question are two devices, one sentence each."""
    if len(question.rows) < 2:  # noqa: PLR2004 - as it says
        return []
    one, other = question.rows
    return reasons_for_two(one, other, choice.ownership(settings.overlays))


def keep_and_gone(question: Question, decision: Decision) -> tuple[str, str]:
    """Asset numbers of the row that is kept and of the one that is merged into it. Raises UsageError if none is."""
    if len(question.rows) < 2:  # noqa: PLR2004 - as it says
        raise UsageError("the question is about one row, so there is nothing to merge")
    first, second = (row.asset_id for row in question.rows)
    return (second, first) if decision is Decision.SECOND else (first, second)


def settle_question(
    book: Register, question: Question, decision: Decision, by: DecisionContext, *, dry_run: bool = False
) -> list[Change]:
    """Settle a question. Returns the lines of the log; with ``dry_run``, those that a merge would write.

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
