"""Stage 6, conflicts: contradictions between a report and the register, for a person to settle. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import NamedTuple

from camscan.dataclass import dataclass
from camscan.identify.keys import (
    Key,
    are_compatible,
    describe_key,
    serials_contradict,
    sort_strongest_first,
    wire_contradiction,
)
from camscan.register.record.entry import Entry
from camscan.register.record.known import KnownDevice
from camscan.register.record.matching import Matching, Search

APART = "apart"
"""The decision that two rows are two devices: contradictions between them are not reported again."""


class Contradiction(NamedTuple):
    """A contradiction that only a person can settle."""

    device: int
    """Index of the device in the report."""
    kind: str
    detail: str
    other: int | None = None
    """Number of the stored device that the contradiction is about; None if there is none."""
    other_in_report: int | None = None
    """Index of the other device in the report; None if it is not in the report."""


def list_contradictions(question: Search, matching: Matching) -> tuple[Contradiction, ...]:
    """Everything that matching could not decide."""
    settled = {row.id for _, row in matching.stand_ins}
    return tuple(one for one in _find_contradictions(question, matching) if one.other not in settled)


def _find_contradictions(question: Search, matching: Matching) -> Iterator[Contradiction]:
    used = {each.id for each in matching.known.values()}
    yield from _shared_keys(question)
    for index, device in enumerate(question.report.devices):
        same, own = matching.known.get(index), question.report_keys.keys[index]
        others = {
            owner.id: (key, owner)
            for key in reversed(sort_strongest_first(own))
            for owner in question.owners.get(key, ())
        }
        for key, owner in others.values():
            if owner is not same:
                yield _key_elsewhere(question, index, key, owner)
        if same is None:
            for row in question.rows_at_address(device):
                if row.id not in used and _may_be_same(question, index, row):
                    ip = next(ip for ip in device.ip_addresses if row.answered_on(ip))
                    detail = f"{ip} was last held by {row.asset_id}: the same device?"
                    yield Contradiction(index, "possible-duplicate", detail, row.id)
            yield from _find_stated_address(question, index)
        elif device.identification.maker and same.found.maker and device.identification.maker != same.found.maker:
            detail = f"was {same.found.maker}, now {device.identification.maker}"
            yield Contradiction(index, "maker-changed", detail)


def _shared_keys(question: Search) -> Iterator[Contradiction]:
    claimants: defaultdict[Key, list[int]] = defaultdict(list)
    for index, keys in enumerate(question.report_keys.shared):
        for key in _without_second_serial_key(keys):
            claimants[key].append(index)
    for key, indices in sorted(claimants.items()):
        detail = f"{describe_key(key)} is claimed by several devices of one scan; it was not used"
        for index in indices:
            beside = indices[0] if index != indices[0] else indices[1]
            yield Contradiction(index, "shared-key", detail, other_in_report=beside)


def _without_second_serial_key(keys: frozenset[Key]) -> list[Key]:
    """The keys without the second key of a serial number, so that a person reads about it once."""
    has_serial = any(key.kind == "serial" for key in keys)
    return [key for key in sort_strongest_first(keys) if not (has_serial and key.kind == "unit")]


def _key_elsewhere(question: Search, index: int, key: Key, owner: KnownDevice) -> Contradiction:
    """The question about a key of a device that is also a key of another row."""
    if serials_contradict(question.report_keys.keys[index], owner.keys):
        detail = f"{describe_key(key)} is that of {owner.asset_id}, whose serial number differs; kept apart"
        return Contradiction(index, "contradiction", detail, owner.id)
    if reason := question.describe_refusal(index, owner):
        detail = f"{describe_key(key)} is that of {owner.asset_id}, but {reason}; kept apart"
        return Contradiction(index, "contradiction", detail, owner.id)
    return Contradiction(
        index, "key-elsewhere", f"{describe_key(key)} is also that of {owner.asset_id}; kept apart", owner.id
    )


def _find_stated_address(question: Search, index: int) -> Iterator[Contradiction]:
    """A new device at an address that people stated for a device that no scan has seen.

    An address alone does not identify a device.
    """
    device = question.report.devices[index]
    maker, site = device.identification.maker, question.report.site.casefold()
    for ip in device.ip_addresses:
        for row in question.stored.unseen.get(ip, ()):
            its_site = (row.entries or {}).get("site_name", "").casefold()
            elsewhere = site and its_site not in {"", site} and question.stored.find_place("", [ip]) is None
            if not elsewhere and (maker is None or row.found.maker in {None, maker}):
                detail = f"{ip} is what people stated of {row.asset_id}, which no scan has seen: the same device?"
                yield Contradiction(index, "possible-duplicate", detail, row.id)


def _may_be_same(question: Search, index: int, holder: KnownDevice) -> bool:
    """Whether the two are kept apart only because one of them has no strong key."""
    device = question.report.devices[index]
    keyless = not question.report_keys.keys[index] or holder.row["provisional"]
    apart = wire_contradiction(question.marks_to_compare(index), question.marks[holder.id])
    near = keyless and not apart and question.is_here(holder, device)
    return near and are_compatible(device.identification, holder.found)


@dataclass(frozen=True, slots=True)
class Question:
    """A contradiction that is not yet in the table, about a row and perhaps another one."""

    device: int
    asset_id: str
    kind: str
    detail: str
    other: int | None = None


def list_questions(found: Sequence[Contradiction], entries: Sequence[Entry]) -> list[Question]:
    """The contradictions of a report, with the rows of its devices."""
    return [
        Question(
            entries[contradiction.device].id,
            entries[contradiction.device].asset_id,
            contradiction.kind,
            contradiction.detail,
            contradiction.other if contradiction.other_in_report is None else entries[contradiction.other_in_report].id,
        )
        for contradiction in found
    ]


@dataclass(frozen=True, slots=True)
class StoredConflicts:
    """What was read from the register about the rows in question."""

    fresh: int = 1
    """The first free id."""
    noted_before: frozenset[tuple[int, str, str]] = frozenset()
    """(row, kind, detail) of each contradiction that was noted before."""
    separate_pairs: frozenset[frozenset[int]] = frozenset()
    """Pairs of rows that a person has declared to be two devices."""
    names: Mapping[int, str] = field(default_factory=dict)
    """Number -> asset number of the other rows."""


@dataclass(frozen=True, slots=True)
class NewConflict:
    """A contradiction that is noted for the first time."""

    id: int
    question: Question
    other: str
    """Asset number of the other row; empty if there is none."""


def new_questions(
    asked: Sequence[Question], entries: Sequence[Entry], stored: StoredConflicts
) -> tuple[NewConflict, ...]:
    """The new questions, each once.

    A contradiction that was noted before is left out, and so is one between two rows that a person has declared to be
    two devices.
    """
    names = {**stored.names, **{each.id: each.asset_id for each in entries}} if asked else {}
    said = set(stored.noted_before)
    noted: list[NewConflict] = []
    for each in asked:
        words = (each.device, each.kind, each.detail)
        if words in said or (each.other is not None and frozenset((each.device, each.other)) in stored.separate_pairs):
            continue
        said.add(words)
        noted.append(NewConflict(stored.fresh + len(noted), each, names[each.other] if each.other is not None else ""))
    return tuple(noted)
