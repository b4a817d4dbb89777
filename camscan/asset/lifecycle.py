"""What follows when people move a device along its life, and which combinations make no sense. Pure.

Any step is allowed: people know what happened. Only what contradicts itself is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from camscan.asset import GONE, Lifecycle

_PAST = ("actual_removal_date", "disposal_date", "last_confirmed_on")
"""Dates of what has happened; a day ahead is let pass, since the days of two places differ."""


def completed(before: Mapping[str, str], wanted: Mapping[str, str], today: date) -> dict[str, str]:
    """The entries that a person wants to make, and those that follow from them; an empty text clears.

    ``before`` holds the entries so far. Raises ValueError with a sentence where the result would contradict itself.
    """
    entries = dict(wanted)
    was = Lifecycle(before.get("lifecycle_status", Lifecycle.FOUND))
    status = Lifecycle(entries.get("lifecycle_status", was) or Lifecycle.FOUND)
    _follow(entries, before, was, status, today)
    after = {name: value for name, value in {**before, **entries}.items() if value}
    _check(after, entries, status, today)
    return entries


def _follow(entries: dict[str, str], before: Mapping[str, str], was: Lifecycle, status: Lifecycle, today: date) -> None:
    if status is was:
        return
    has_date = bool(entries.get("actual_removal_date", before.get("actual_removal_date")))
    if status is Lifecycle.REMOVED and not has_date:
        entries["actual_removal_date"] = today.isoformat()
    if status is Lifecycle.DISPOSED:
        if not has_date:
            raise ValueError(
                "it was never removed: give actual_removal_date too, or set lifecycle_status=removed first"
            )
        if not entries.get("disposal_date", before.get("disposal_date")):
            entries["disposal_date"] = today.isoformat()
    if was in GONE and status not in GONE:
        # It is back: the next removal has a date of its own, and the log keeps this one.
        for name in ("actual_removal_date", "disposal_date"):
            if before.get(name):
                entries.setdefault(name, "")


def _check(after: Mapping[str, str], entries: Mapping[str, str], status: Lifecycle, today: date) -> None:
    if "lifecycle_status" in entries or "planned_removal_date" in entries:
        planned = status in {Lifecycle.PLANNED, Lifecycle.ORDERED}
        if planned and not after.get("planned_removal_date"):
            raise ValueError(f"lifecycle_status {status} needs a planned_removal_date")
    if status in GONE and entries.get("actual_removal_date") == "":
        raise ValueError(f"lifecycle_status {status} needs the actual_removal_date; give another, or another status")
    if status not in GONE and entries.get("actual_removal_date"):
        raise ValueError(
            f"actual_removal_date says it is gone, lifecycle_status says {status}; set that to removed too"
        )
    for name in _PAST:
        if entries.get(name) and date.fromisoformat(entries[name]) > today + timedelta(days=1):
            raise ValueError(f"{name} {entries[name]} lies in the future; it is for what has happened")
    removed, disposed = after.get("actual_removal_date"), after.get("disposal_date")
    if removed and disposed and disposed < removed and {"actual_removal_date", "disposal_date"} & entries.keys():
        raise ValueError(f"disposal_date {disposed} is before the removal on {removed}")
