"""Where the devices are and what they are, and the list of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from camscan.asset import Grouping
from camscan.briefing.nouns import Device, Exhibit, Facts, Level, Section
from camscan.briefing.progress import NO_SITE
from camscan.page import Head, Kind, Table
from camscan.page.charts import Bar, Bars
from camscan.page.table import Cell
from camscan.plan import Row
from camscan.plan.standing import Standing
from camscan.plan.status import NONE_KNOWN, NOT_SAID
from camscan.words import count_text

MOST_BARS = 12
"""Maximum sites of the chart; the table has all."""
MOST_LISTED = 5_000
"""Maximum devices of a list that a browser still shows quickly."""
_BY = {
    Grouping.SITE: ("By site", "Site"),
    Grouping.MAKER: ("By maker", "Maker"),
    Grouping.CAPABILITY: ("By capability", "What it can do"),
    Grouping.CONTROLLER: ("By controller", "Who controls the building"),
    Grouping.SERVICE: ("By service", "Service"),
}
"""Grouping -> the name of its table, and of its first column."""
_MISSING = {
    Grouping.MAKER: "No device has a known maker",
    Grouping.CAPABILITY: "No device has known capabilities",
    Grouping.CONTROLLER: "Nobody has entered who controls the buildings",
    Grouping.SERVICE: "Nobody has entered whose services the devices belong to",
}
"""Grouping -> the sentence that replaces a table with nothing but "not said"."""
_OPEN = frozenset({Grouping.MAKER, Grouping.CAPABILITY, Grouping.CONTROLLER})
"""Groupings in a summary: none shows where a device is, and none is free text of the council's."""
_NUMBERS = (
    *("In scope", "Removed", "Remaining", "Planned", "Overdue", "No date", "Held up", "Accepted risk", "Not seen"),
    "Highest priority",
)
_STANDINGS = (Standing.PLANNED, Standing.OVERDUE, Standing.NO_DATE, Standing.BLOCKED, Standing.ACCEPTED_RISK)


def groups_section(facts: Facts, level: Level) -> Section:
    """The programme by site, maker, capability, controller and service."""
    title = "Where they are, and what they are"
    if not facts.status.total.in_scope:
        return Section("groups", title, ("Nothing is in scope.",))
    shown = [by for by in _BY if level is Level.FULL or by in _OPEN]
    said = [by for by in shown if by is Grouping.SITE or any(row.name != NOT_SAID for row in facts.groups[by])]
    says = [
        "Each table lists the most pressing first: the highest priority among what remains, then the largest number."
    ]
    if level is Level.SUMMARY:
        says.append("Sites and services are left out of a summary.")
    says += [f"{_MISSING[by]}." for by in shown if by not in said]
    found = tuple(_group_exhibit(by, _group_rows(facts, by, level)) for by in said)
    return Section("groups", title, tuple(says), (), found)


def _group_rows(facts: Facts, by: Grouping, level: Level) -> Sequence[Row]:
    """The rows of a table.

    A summary has one row for all makers whose names somebody typed, because such names may contain anything.
    """
    rows = facts.groups[by]
    if level is Level.FULL or by is not Grouping.MAKER:
        return rows
    typed = [row for row in rows if row.name not in facts.makers and row.name != NOT_SAID]
    return [*(row for row in rows if row not in typed), *([_join_rows(typed)] if typed else [])]


def _join_rows(rows: Sequence[Row]) -> Row:
    return Row(
        name="Other names",
        in_scope=sum(row.in_scope for row in rows),
        remaining=sum(row.remaining for row in rows),
        removed=sum(row.removed for row in rows),
        closed=sum(row.closed for row in rows),
        standings={each: sum(row.standings[each] for row in rows) for each in Standing},
        unconfirmed=sum(row.unconfirmed for row in rows),
        highest=min((row.highest for row in rows if row.highest), default=None),
    )


def _group_exhibit(by: Grouping, rows: Sequence[Row]) -> Exhibit:
    name, first = _BY[by]
    heads = (Head(first), *(Head(title, Kind.NUMBER) for title in _NUMBERS))
    cells = [
        (
            _row_name(row.name, by),
            *(row.in_scope, row.removed, row.remaining),
            *(row.standings[each] for each in _STANDINGS),
            *(row.unconfirmed, row.highest),
        )
        for row in rows
    ]
    note = "A device with several of these is in several rows." if by is Grouping.CAPABILITY else ""
    return Exhibit(name, Table(f"Devices in scope {name.lower()}", heads, cells, note=note), _group_bars(by, rows))


def _group_bars(by: Grouping, rows: Sequence[Row]) -> Bars | None:
    """A chart of the sites or of the makers; None if it would have only one bar."""
    if by not in {Grouping.SITE, Grouping.MAKER} or len(rows) < 2:  # noqa: PLR2004 - as it says
        return None
    shown = sorted(rows, key=lambda row: -row.remaining)[:MOST_BARS]
    first, last = shown[0], shown[-1]
    what = "sites" if by is Grouping.SITE else "makers"
    of = f"the {len(shown)} {what} with most devices remaining" if len(rows) > len(shown) else f"all {what}"
    most = f"Most devices remain at {_row_name(first.name, by)}: {first.remaining:,} of {first.in_scope:,}."
    least = f"Of those shown, the fewest remain at {_row_name(last.name, by)}: {last.remaining:,} of {last.in_scope:,}."
    bars = (
        Bar(_row_name(row.name, by), row.remaining, row.removed, f"{row.remaining:,} of {row.in_scope:,}")
        for row in shown
    )
    names = ("remaining", "removed" if any(row.removed for row in shown) else "")
    return Bars(f"Remaining and removed: {of}", f"{most} {least}", tuple(bars), names)


def _row_name(name: str, by: Grouping) -> str:
    if name == NONE_KNOWN:
        return "None known"
    if name != NOT_SAID:
        return name
    return NO_SITE if by is Grouping.SITE else "Not said"


def devices_section(facts: Facts, *, listed: bool) -> Section:
    """The list of every device in scope; a sentence replaces it if ``listed`` is False."""
    title, number = "Every device in scope", count_text(facts.status.total.in_scope)
    if not facts.status.total.in_scope:
        return Section("devices", title, ("No device is in scope.",))
    if not listed:
        left = f"The list of {number} is left out of this page, because browsers are slow with so long a table."
        return Section("devices", title, (f"{left} `camscan report FILE.ods` writes a spreadsheet with the list.",))
    says = (
        f"{number}, by site, the highest priority first. “Last seen” is the day of the last scan that saw the device."
    )
    return Section("devices", title, (says,), (), (device_list(facts.devices),), is_wide=True)


def device_list(found: Sequence[Device]) -> Exhibit:
    """The table of these devices."""
    heads = (
        *(Head(title) for title in ("Number", "Site", "Council tag", "Place", "Maker", "Model", "Type")),
        Head("Priority", Kind.NUMBER),
        Head("Standing"),
        Head("Planned day", Kind.DAY),
        Head("Last seen", Kind.DAY),
    )
    return Exhibit("Devices", Table("Every device in scope", heads, [_device_cells(each) for each in found], by=1))


def _device_cells(each: Device) -> tuple[Cell, ...]:
    return (
        *(each.number, each.site or NO_SITE, each.tag, each.place, each.maker, each.model, each.type),
        *(each.priority, each.standing, each.planned, each.seen),
    )
