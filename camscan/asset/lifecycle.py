"""What follows when people change the stage of a device, and which combinations are contradictions. Pure.

Every change is allowed, because people know what happened. Only contradictions are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from camscan.asset import CLOSED, GONE, Lifecycle

_PAST = ("actual_removal_date", "disposal_date", "last_confirmed_on", "purchase_date", "reported_gone_on")
"""Dates of past events. One day ahead is allowed, because the date may differ between two places."""
_DAYS = (*_PAST, "planned_removal_date", "accepted_until", "warranty_or_support_end", "dpia_review_date")
_EARLIEST = date(1970, 1, 1)
"""No camera that a council still has was bought before this day; day 0 of a spreadsheet is in 1899 or 1900."""
_YEAR = 365
_BEHIND = 5 * _YEAR
"""Days by which a plan may be late; an older date is a typing error."""
_AHEAD = 50 * _YEAR
"""Days ahead that a plan may be: more than anybody plans."""


def was_inspected(entries: Mapping[str, str]) -> bool:
    """Whether a person has looked at the device, by its entries: they hold a status or the date of a visit."""
    status = entries.get("lifecycle_status", Lifecycle.FOUND)
    return status != Lifecycle.FOUND or bool(entries.get("last_confirmed_on"))


def complete_entries(before: Mapping[str, str], wanted: Mapping[str, str], today: date) -> dict[str, str]:
    """The entries that a person wants to make, with those that follow from them; an empty text clears an entry.

    ``before`` holds the entries so far. Raises ValueError with a sentence if the result would contradict itself.
    """
    entries = dict(wanted)
    was = Lifecycle(before.get("lifecycle_status", Lifecycle.FOUND))
    status = Lifecycle(entries.get("lifecycle_status", was) or Lifecycle.FOUND)
    if "lifecycle_status" not in entries:
        status = _status_when_removed(entries, before, _status_when_planned(entries, before, status))
    _add_following(entries, before, was, status, today)
    _answer_report(entries, before, status)
    after = {name: value for name, value in {**before, **entries}.items() if value}
    _check_days(entries, today)
    _check_entries(after, entries, was, status)
    return entries


def _status_when_planned(entries: dict[str, str], before: Mapping[str, str], status: Lifecycle) -> Lifecycle:
    """The status after a change of the removal date: planned with a date, and no longer planned without one."""
    day = entries.get("planned_removal_date")
    if day is None or status in CLOSED or not (day or before.get("planned_removal_date")):
        return status
    if day and status is not Lifecycle.ORDERED:
        status = Lifecycle.PLANNED
    elif not day and status in {Lifecycle.PLANNED, Lifecycle.ORDERED}:
        visited = entries.get("last_confirmed_on", before.get("last_confirmed_on"))
        status = Lifecycle.CONFIRMED if visited else Lifecycle.FOUND
    else:
        return status
    entries["lifecycle_status"] = status.value
    return status


def _status_when_removed(entries: dict[str, str], before: Mapping[str, str], status: Lifecycle) -> Lifecycle:
    """The status after a removal date with evidence is entered, as in a sheet that a contractor returns: removed."""
    proof = entries.get("removal_evidence_ref", before.get("removal_evidence_ref"))
    if not (entries.get("actual_removal_date") and proof) or status in CLOSED:
        return status
    entries["lifecycle_status"] = Lifecycle.REMOVED.value
    return Lifecycle.REMOVED


def _add_following(
    entries: dict[str, str], before: Mapping[str, str], was: Lifecycle, status: Lifecycle, today: date
) -> None:
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
        # The device is back: the next removal has its own date, and the log keeps this one.
        for name in ("actual_removal_date", "disposal_date"):
            if before.get(name):
                entries.setdefault(name, "")


def _answer_report(entries: dict[str, str], before: Mapping[str, str], status: Lifecycle) -> None:
    """Clear the report that a device is no longer there, once its removal is recorded or somebody sees it there."""
    if before.get("reported_gone_on") and (status in CLOSED or entries.get("last_confirmed_on")):
        entries.setdefault("reported_gone_on", "")


def _check_days(entries: Mapping[str, str], today: date) -> None:
    """Refuse impossible dates: most are a mistyped year, or a spreadsheet's date for an empty cell."""
    for name in _DAYS:
        text = entries.get(name)
        if not text:
            continue
        day, how = date.fromisoformat(text), "is the year right? Write it with four digits"
        if name in _PAST and day > today + timedelta(days=1):
            raise ValueError(f"{name} {day} is in the future, but this column is for past events; {how}")
        if day < _EARLIEST or day > today + timedelta(days=_AHEAD):
            raise ValueError(f"{name} {day} is not possible; {how}")
        if name == "planned_removal_date" and day < today - timedelta(days=_BEHIND):
            raise ValueError(f"{name} {day} is years ago; {how}")


def _check_entries(after: Mapping[str, str], entries: Mapping[str, str], was: Lifecycle, status: Lifecycle) -> None:
    if "lifecycle_status" in entries or "planned_removal_date" in entries:
        planned = status in {Lifecycle.PLANNED, Lifecycle.ORDERED}
        if planned and not after.get("planned_removal_date"):
            raise ValueError(f"lifecycle_status {status} needs a planned_removal_date; give that too")
    if status in GONE and entries.get("actual_removal_date") == "":
        raise ValueError(f"lifecycle_status {status} needs the actual_removal_date; give another, or another status")
    if status not in GONE and entries.get("actual_removal_date"):
        todo = "set that to removed too" if "lifecycle_status" in entries else "give the removal_evidence_ref too"
        raise ValueError(f"actual_removal_date says that it is removed, but lifecycle_status is {status}; {todo}")
    newly = status in GONE and (was not in GONE or "removal_evidence_ref" in entries)
    if newly and not after.get("removal_evidence_ref"):
        raise ValueError(
            f"lifecycle_status {status} needs a removal_evidence_ref: the works order or other proof; give that too"
        )
    removed, disposed = after.get("actual_removal_date"), after.get("disposal_date")
    if removed and disposed and disposed < removed and {"actual_removal_date", "disposal_date"} & entries.keys():
        raise ValueError(f"disposal_date {disposed} is before the removal on {removed}")
