"""The remaining removals as CSV for project tools and contractors, and as a calendar of works.

The file has one row for each device in scope that is not removed. ``camscan register import`` reads the file back once
dates, evidence and certificates are filled in: the columns are the register's, and ``revision`` and ``inherited`` say
what the sheet showed. Names and order are a promise; new columns are only appended.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter

from camscan.asset import GONE
from camscan.drafts import Draft, Span, whole_text
from camscan.exports import (
    Export,
    ExportResult,
    GivenOptions,
    Inventory,
    Item,
    Option,
    OptionKind,
    SiteNames,
    choose_items,
    csv_draft,
)
from camscan.words import count_text

COLUMNS = (
    *("asset_id", "council_asset_tag", "site_name", "uprn", "site_type", "controller", "owner_service"),
    *("location_detail", "device_type", "manufacturer", "model", "recorder_asset_id", "removal_priority", "standing"),
    *("lifecycle_status", "planned_removal_date", "removal_phase", "blocked_by", "replacement_make_model"),
    *("estimated_cost", "budget_code", "funding_source", "actual_removal_date", "removal_evidence_ref", "data_wiped"),
    *("disposal_certificate_ref", "last_confirmed_on", "presence", "scope_decision_ref", "revision"),
    "inherited",
)
NO_SITE = "no site known"
_Order = tuple[str, int, str, str]
_Works = dict[tuple[str, str], Counter[tuple[int, bool]]]
"""Day and key of the site -> priority, and whether something prevents the removal -> number of devices."""
_NO_PRIORITY = 9
_SUMS = "#"
"""Member of ``inherited`` that shows an import whether camscan's own columns were edited (``sheets/row.py``)."""


def make_removals(inventory: Inventory, options: GivenOptions) -> ExportResult:
    """Make the sheet, the first removal first, and the calendar if the options ask for it."""
    kept, rows = choose_items(inventory.items, _why_left_out), Draft()
    places: list[tuple[_Order, Span]] = []
    works: _Works = {}
    names = SiteNames()
    for item in kept:
        places.append((_removal_order(item), rows.write(json.dumps(_sheet_row(item)))))
        _add_work(works, names, item)
    beside = {"ics": calendar_text(works, names, inventory.on)} if "ics" in options else {}
    sheet = csv_draft(COLUMNS, (json.loads(whole_text(span)) for _, span in sorted(places, key=itemgetter(0))))
    return kept.result({"": sheet}, beside)


def _why_left_out(item: Item) -> str:
    if item.judgement.in_scope == "yes":
        return "already removed" if item.asset.lifecycle in GONE else ""
    return "not in scope" if item.judgement.in_scope == "no" else "of unknown scope"


def _removal_order(item: Item) -> _Order:
    """Sort key: planned day, those without a day last; then priority, site and number."""
    day = item.texts["planned_removal_date"] or "9"
    return day, item.judgement.priority or _NO_PRIORITY, item.texts["site_name"].casefold(), item.asset.asset_id


def _sheet_row(item: Item) -> Sequence[str]:
    own = {"manufacturer": item.maker or "unknown", "standing": item.standing, "inherited": _inherited_text(item)}
    return [own.get(name) or item.texts[name] for name in COLUMNS]


def _inherited_text(item: Item) -> str:
    """What these columns show from the site map and the scanner, so that an import does not take it for edits.

    The checksums of camscan's own columns are included only if this sheet shows the same columns as the register.
    """
    shown: dict[str, str] = json.loads(item.texts["inherited"])
    is_alike = item.maker == item.texts["manufacturer"]
    kept = {name: text for name, text in shown.items() if name in COLUMNS or (name == _SUMS and is_alike)}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)


# ── the calendar ─────────────────────────────────────────────────────────────────────────────────────────────────


def _add_work(works: _Works, names: SiteNames, item: Item) -> None:
    """Count a planned removal."""
    place = item.texts["planned_removal_date"], names.add(item)
    if place[0]:
        works.setdefault(place, Counter())[item.judgement.priority or _NO_PRIORITY, item.standing == "blocked"] += 1


def calendar_text(works: _Works, names: SiteNames, on: date) -> str:
    """The planned removals as all-day events (RFC 5545), one for each site and day: no addresses, no names of devices.

    An event keeps its UID as long as site and day stay the same.
    """
    import icalendar  # noqa: PLC0415 - 0.2 s, and only a calendar needs it

    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//camscan//removals//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for (day, key), group in sorted(works.items()):
        site = names.name(key) or NO_SITE
        event = icalendar.Event()
        first = date.fromisoformat(day)
        event.add("uid", f"{hashlib.sha256(f'{day} {site}'.encode()).hexdigest()[:32]}@camscan")
        event.add("dtstamp", datetime(on.year, on.month, on.day, tzinfo=UTC))
        event.add("dtstart", first)
        event.add("dtend", first + timedelta(days=1))
        event.add("summary", f"{'Overdue: ' if first < on else ''}Camera removal, {site}: {count_text(group.total())}")
        event.add("description", _calendar_text(group))
        event.add("location", site)
        event.add("class", "CONFIDENTIAL")
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical()).decode()


def _calendar_text(group: Counter[tuple[int, bool]]) -> str:
    """How many devices have each priority, and what prevents the removal."""
    priorities: Counter[int] = Counter()
    for (priority, _), number in group.items():
        priorities[priority] += number
    lines = [f"Priority {each}: {count_text(priorities[each])}" for each in sorted({*priorities} - {_NO_PRIORITY})]
    held_up = sum(number for (_, is_blocked), number in group.items() if is_blocked)
    return "\n".join([*lines, *([f"Held up: {count_text(held_up)}"] if held_up else [])])


EXPORT = Export(
    "removals",
    ".csv",
    "the devices that remain to be removed as CSV, for project tools and contractors",
    of_register=make_removals,
    options=(
        Option(
            "ics", OptionKind.WRITE, "Also write the planned days as a calendar, with one event for each site and day."
        ),
    ),
)
