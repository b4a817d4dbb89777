"""The history of one device in one list: what scans saw, and what people entered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from camscan.asset import Asset, Change, Event
from camscan.asset.columns import BY_NAME, Kind, heading_of
from camscan.asset.spelling import choice_in_words
from camscan.dates import day_text
from camscan.register import Register

MOST = 200
"""How many entries of one device are shown; the log has the older ones."""
HAPPENED: Mapping[Event, str] = {
    Event.NEW: "Seen for the first time",
    Event.RETURNED: "Seen again",
    Event.MISSED: "Not seen",
    Event.OFFLINE: "Offline",
    Event.MOVED_IP: "At another address",
    Event.MOVED_SITE: "At another site",
    Event.IDENTITY_CONFLICT: "Contradicts itself",
    Event.FIRMWARE_CHANGED: "Other firmware",
    Event.MAKER_CHANGED: "Another maker",
    Event.CAPABILITY_CHANGED: "Other capabilities",
    Event.RECORDER_ADDED_CAMERA: "Newly listed by a recorder",
    Event.RECORDER_DROPPED_CAMERA: "No longer listed by its recorder",
    Event.COVERAGE_LOST: "Network silent",
    Event.COVERAGE_RESTORED: "Network answers again",
    Event.CONFIRMED_REMOVED: "Removal verified by a scan",
    Event.REAPPEARED_AFTER_REMOVAL: "Back after removal",
}
"""Event -> its words for people."""
_OWN = {"merged_into": "Found to be the same device as", "record": "Row"}


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the history."""

    at: datetime
    by: str
    """The role of a person; empty for a scan."""
    title: str
    """What happened, in a few words; if there are several entries, one line for each."""
    says: str
    """A sentence about it, or the reason that was given."""


def device_timeline(book: Register, row: Asset) -> list[Moment]:
    """The history of one device, the newest first; what one person entered at once is one entry."""
    said = groupby(book.changes(row.asset_id), key=lambda each: (each.at, each.role, each.because))
    found = [*_scan_moments(book, row), *(_join_changes(list(group)) for _, group in said)]
    return sorted(found, key=lambda each: each.at, reverse=True)[:MOST]


def _join_changes(changes: Sequence[Change]) -> Moment:
    first = describe_entry(changes[0])
    return replace(first, title="\n".join(describe_entry(change).title for change in changes))


def _scan_moments(book: Register, row: Asset) -> Iterator[Moment]:
    happened = book.device_happenings(row.asset_id, MOST)
    for happening in happened:
        yield Moment(happening.at, "", HAPPENED[happening.event], happening.detail)
    if row.first_seen and not any(happening.event is Event.NEW for happening in happened):
        yield Moment(row.first_seen, "", HAPPENED[Event.NEW], "")
    if row.last_seen and row.sightings > 1:
        yield Moment(row.last_seen, "", "Last seen by a scan", "")


def describe_entry(change: Change) -> Moment:
    """A line of the audit log in words: ``Planned removal: 2027-03-31 (was empty)``."""
    name = _OWN.get(change.column) or heading_of(change.column)
    new, old = (value_in_words(change.column, value) for value in (change.new, change.old))
    was = f" (was {old})" if old else ""
    title = f"{name}: {new}{was}" if new else f"{name}: emptied{was}"
    return Moment(change.at, change.role, title, change.because)


def value_in_words(column: str, value: str) -> str:
    """A value of a column in words."""
    known = BY_NAME.get(column)
    if not value or known is None:
        return value
    if known.kind is Kind.CHOICE:
        return choice_in_words(column, value)
    if known.kind is Kind.MONEY:
        return f"£{value}"
    return _day_text(value) if known.kind is Kind.DATE else value


def _day_text(text: str) -> str:
    try:
        return day_text(date.fromisoformat(text))
    except ValueError:  # from an earlier camscan
        return text
