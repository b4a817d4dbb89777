"""The front page: what needs attention, the numbers of the programme, and how much of the estate they cover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from camscan.app.front import Alarm, Front
from camscan.briefing.front import coverage_sentence
from camscan.briefing.nouns import STANDINGS
from camscan.page import Table
from camscan.plan.standing import Standing
from camscan.web.page import Answer, Page, PageContent, PageRequest
from camscan.web.rights import Visitor

_WHERE: Mapping[str, tuple[str, str]] = {
    "answering": ("devices", "/devices?answering=yes&everything=yes"),
    "new": ("changes", "/changes?kind=new&since=last"),
    "reported": ("devices", "/devices?reported=yes&everything=yes"),
    "silent": ("coverage", "/coverage"),
    "overdue": ("devices", "/devices?standing=overdue"),
    "questions": ("review", "/review"),
    "never_scanned": ("coverage", "/coverage"),
    "collectors": ("collectors", "/collectors"),
    "parcels": ("parcels", "/parcels"),
}
"""Kind of alarm -> the page that shows its devices, and its address."""
_LEFT = (Standing.PLANNED, Standing.OVERDUE, Standing.NO_DATE, Standing.BLOCKED, Standing.ACCEPTED_RISK)
_NOTES = {
    "planned": "have a future date",
    "overdue": "their date has passed",
    "no_date": "nobody has set one",
    "blocked": "something prevents it",
    "accepted_risk": "kept by decision",
}
_DAYS = 10
"""How many days and sites of the next work are shown."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, and a link to the list of devices that it counts."""

    name: str
    number: int
    note: str
    link: str
    """The address of the list; empty if the visitor may not see it."""


def show(request: PageRequest) -> Answer:
    """Draw the last counts, and say whether a new count is running."""
    kept = request.desk.front()
    front, visitor = kept.front, request.visitor
    sections = {section.anchor: section for section in front.report.sections}
    due = [exhibit for exhibit in sections["due"].exhibits if exhibit.name in {"Next", "Overdue"}]
    values = {
        "front": front,
        "is_current": kept.is_current,
        "alarms": [(alarm, _alarm_link(alarm, visitor)) for alarm in (*front.alarms, *request.desk.watch.alarms())],
        "scope": list(_scope_figures(front, visitor)),
        "left": list(_remaining_figures(front, visitor)),
        "coverage": coverage_sentence(front.facts),
        "progress": sections["progress"],
        "sites": [
            exhibit for exhibit in sections["groups"].exhibits if exhibit.name == "By site" and visitor.may("sites")
        ],
        "due": sections["due"].says[0] if sections["due"].says else "",
        "days": [_first_days(exhibit.table) for exhibit in due] if visitor.may("sites") else [],
        "sees_devices": visitor.may("devices"),
    }
    return PageContent("overview", "Overview", values)


def _alarm_link(alarm: Alarm, visitor: Visitor) -> str:
    page, link = _WHERE.get(alarm.kind, ("", ""))
    return link if visitor.may(page) else ""


def _first_days(table: Table) -> Table:
    """The first days of a table; the page of the plan has all."""
    left = len(table.rows) - _DAYS
    note = f"and {left:,} more lines, in the plan" if left > 0 else table.note
    return replace(table, rows=table.rows[:_DAYS], note=note)


def _scope_figures(front: Front, visitor: Visitor) -> Iterator[Figure]:
    """Devices in scope, and the state of each: the first number is the sum of the others."""
    total = front.facts.status.total
    yield _make_figure("In scope", total.in_scope, "to be removed", "scope=yes", visitor)
    yield _make_figure("Removed", total.removed, "recorded by a person", "standing=removed", visitor)
    if total.closed:
        yield _make_figure("Closed", total.closed, "not ours, or no such device", "standing=closed", visitor)
    yield _make_figure("Remaining", total.remaining, "the sum of the next five", "standing=remaining", visitor)


def _remaining_figures(front: Front, visitor: Visitor) -> Iterator[Figure]:
    """The devices that remain, by the state of the removal."""
    standings = front.facts.status.total.standings
    for each in _LEFT:
        yield _make_figure(STANDINGS[each], standings[each], _NOTES[each], f"standing={each.value}", visitor)


def _make_figure(name: str, number: int, note: str, query: str, visitor: Visitor) -> Figure:
    link = f"/devices?{query}&everything=yes" if number and visitor.may("devices") else ""
    return Figure(name, number, note, link)


PAGE = Page(path="/", title="Overview", show=show, place=1)
