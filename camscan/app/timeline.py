"""What happened to one device, in one list: what scans saw of it, and what people entered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from camscan.asset import Asset, Change
from camscan.asset.columns import BY_NAME, Kind, heading_of
from camscan.asset.spelling import in_words
from camscan.register import Register

MOST = 200
"""Things of one device that are told; older ones stand in the log."""
_OWN = {"merged_into": "Found to be the same device as", "record": "Row"}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: datetime
    by: str
    """The role of a person; empty for a scan."""
    title: str
    """In a few words."""
    says: str
    """A sentence, or the reason that was given."""


def timeline(book: Register, row: Asset) -> list[Moment]:
    """Of one device, the newest first."""
    found = [*_of_scans(book, row), *map(entered, book.changes(row.asset_id))]
    return sorted(found, key=lambda each: each.at, reverse=True)[:MOST]


def _of_scans(book: Register, row: Asset) -> Iterator[Moment]:
    for each in book.happened_to(row.asset_id, MOST):
        yield Moment(each.at, "", in_words(each.event.value), each.detail)
    if row.first_seen:
        yield Moment(row.first_seen, "", "Seen for the first time", "")
    if row.last_seen and row.last_seen != row.first_seen:
        yield Moment(row.last_seen, "", "Seen by the newest scan that saw it", "")


def entered(change: Change) -> Moment:
    """A line of the audit log in words: ``Planned removal: 2027-03-31 (was empty)``."""
    name = _OWN.get(change.column) or heading_of(change.column)
    new, old = (value_in_words(change.column, value) for value in (change.new, change.old))
    was = f" (was {old})" if old else ""
    title = f"{name}: {new}{was}" if new else f"{name}: emptied{was}"
    return Moment(change.at, change.role, title, change.because)


def value_in_words(column: str, value: str) -> str:
    """What stands in a column, as people read it."""
    known = BY_NAME.get(column)
    return in_words(value) if value and known and known.kind is Kind.CHOICE else value
