"""How far the removal has got, what it costs, and what comes next. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from camscan.asset import Grouping
from camscan.briefing.nouns import RECENT, Exhibit, Facts, Level, Section
from camscan.dates import day_text, month_and_year, short_month
from camscan.page import Head, Kind, Table
from camscan.page.charts import Bar, Bars, Column, Columns
from camscan.page.render import pounds_text
from camscan.plan import Money, Point
from camscan.plan.standing import Standing
from camscan.plan.status import NOT_SAID, PlannedRemoval
from camscan.words import begin_sentence, count_text, verb

_OTHER = "Months in which another decision was in force are left empty."
_YEAR = "Financial year"
NO_SITE = "No known site"
"""The row of devices without a recorded place."""


def burndown_section(facts: Facts) -> Section:
    """The counts month by month, and how many devices the plan leaves."""
    points, title = facts.points, "Progress against the plan"
    seen = [point for point in points if point.remaining is not None]
    if not facts.status.total.in_scope and not seen:
        return Section("progress", title, ("Nothing is in scope, so there is no progress to show.",))
    other = any(point.is_other_scope for point in points)
    count = "" if other and not seen else _count_sentence(seen)
    says = tuple(filter(None, (count, _plan_sentence(facts, points), _OTHER if other else "")))
    if len(points) < 2:  # noqa: PLR2004 - one month does not show a trend
        return Section("progress", title, says)
    names = ("remaining, by the last scan of the month", "of these, not seen and not recorded as removed", "the plan")
    columns = (
        Column(short_month(point.month.first), point.remaining, point.unconfirmed or 0, point.planned)
        for point in points
    )
    chart = Columns("Devices remaining, month by month", " ".join(says), tuple(columns), names)
    numbers = ("Remaining", "Of these, not seen", "The plan leaves")
    table = Table(
        chart.title,
        (Head("Month"), *(Head(name, Kind.NUMBER) for name in numbers)),
        [(month_and_year(point.month.first), point.remaining, point.unconfirmed, point.planned) for point in points],
        note="The plan is today's. Devices that are held up or kept by decision stay in it to the end. A "
        "scan's count is never changed later."
        "",
    )
    return Section("progress", title, says, (), (Exhibit("Progress", table, chart, is_folded=True),))


def _count_sentence(seen: Sequence[Point]) -> str:
    if not seen:
        return "No scan has counted what remains yet."
    first, last = seen[0], seen[-1]
    missed = last.unconfirmed or 0
    doubt = f", of which {missed:,} {verb(missed, 'was', 'were')} not seen by the last scans" if missed else ""
    begin = f"In {month_and_year(first.month.first)} {count_text(first.remaining or 0)} remained"
    if len(seen) == 1:
        return f"{begin}{doubt}."
    return f"{begin}. In {month_and_year(last.month.first)} {last.remaining:,} remained{doubt}."


def _plan_sentence(facts: Facts, points: Sequence[Point]) -> str:
    if not points:
        return ""
    last = points[-1]
    if not facts.status.total.standings[Standing.PLANNED]:
        return "No device has a future date, so the plan leaves today's number."
    return f"The plan leaves {last.planned:,} at the end of {month_and_year(last.month.first)}."


def costs_section(facts: Facts, level: Level) -> Section:
    """The costs by financial year and phase."""
    status, title = facts.status, "What it costs"
    if not any(line.cost for line in (*status.by_year, *status.spent)):
        return Section("costs", title, ("Nobody has entered an estimated cost, so there is no sum.",))
    says = ("Costs are the register's estimates for removal and replacement. A financial year is April to March.",)
    found = [
        _money_exhibit(
            "Cost by year", "Remaining devices, by the financial year of their planned day", _YEAR, status.by_year
        )
    ]
    if any(line.cost for line in status.spent):
        found.append(
            _money_exhibit(
                "Cost of the removed", "Removed devices, by the financial year of their removal", _YEAR, status.spent
            )
        )
    if level is Level.FULL:
        phases = _money_exhibit("Cost by phase", "Remaining devices, by phase", "Phase", status.by_phase)
        found.append(replace(phases, chart=None, is_folded=False))
    return Section("costs", title, says, (), tuple(found))


def _money_exhibit(name: str, caption: str, by: str, lines: Sequence[Money]) -> Exhibit:
    sums = (
        sum(line.devices for line in lines),
        sum((line.cost for line in lines), Decimal(0)),
        sum(line.without_cost for line in lines),
    )
    table = Table(
        caption,
        (Head(by), Head("Devices", Kind.NUMBER), Head("Estimated cost", Kind.POUNDS), Head("No cost", Kind.NUMBER)),
        [(_line_name(line.name, by), line.devices, line.cost, line.without_cost) for line in lines],
        total=("All", *sums),
    )
    most = max(lines, key=lambda line: line.cost)
    chart = Bars(
        f"Estimated cost: {caption[:1].lower()}{caption[1:]}",
        f"{pounds_text(sums[1])} in all. The largest sum is {pounds_text(most.cost)}: {_line_name(most.name, by)}.",
        tuple(Bar(_line_name(line.name, by), round(line.cost), 0, pounds_text(line.cost)) for line in lines),
        ("estimated cost", ""),
    )
    return Exhibit(name, table, chart, is_folded=True) if len(lines) > 1 else Exhibit(name, table)


def _line_name(name: str, by: str) -> str:
    return f"No {'date' if by == _YEAR else 'phase'} yet" if name == NOT_SAID else name


def due_section(facts: Facts, level: Level) -> Section:
    """What comes next, what is late, and what has no date."""
    late, soon = facts.status.overdue, facts.status.soon
    without = facts.status.total.standings[Standing.NO_DATE]
    coming = f"{begin_sentence(len(soon))} {verb(len(soon) or 1, 'is', 'are')} to be removed in the next {RECENT} days."
    behind = f"{begin_sentence(len(late))} {verb(len(late) or 1, 'is', 'are')} overdue"
    undated = f"{without:,} {verb(without, 'has', 'have')} no date" if without else "none is without a date"
    found = []
    if late:
        found.append(_days_exhibit("Overdue", f"Overdue on {day_text(facts.day)}", late, level))
    if soon:
        found.append(_days_exhibit("Next", f"To be removed in the next {RECENT} days", soon, level))
    if without and level is Level.FULL:
        rows = facts.groups[Grouping.SITE]
        left = [
            (NO_SITE if row.name == NOT_SAID else row.name, row.standings[Standing.NO_DATE], row.highest)
            for row in rows
        ]
        heads = (Head("Site"), Head("Devices", Kind.NUMBER), Head("Highest priority of the site", Kind.NUMBER))
        found.append(Exhibit("No date", Table("Without a date, by site", heads, [line for line in left if line[1]])))
    return Section(
        "due", "Next, overdue, and without a date", (f"{coming} {behind}, and {undated}.",), (), tuple(found)
    )


def _days_exhibit(name: str, caption: str, found: Sequence[PlannedRemoval], level: Level) -> Exhibit:
    """Devices by day and site; in a summary by month."""
    devices = Head("Devices", Kind.NUMBER)
    if level is Level.SUMMARY:
        months = Counter(removal.day.replace(day=1) for removal in found)
        rows = [(month_and_year(month), number) for month, number in sorted(months.items())]
        return Exhibit(name, Table(caption, (Head("Month"), devices), rows))
    groups: dict[tuple[date, str], list[PlannedRemoval]] = {}
    for removal in found:
        groups.setdefault((removal.day, removal.site), []).append(removal)
    lines = [
        (
            site or NO_SITE,
            day,
            len(these),
            min((removal.priority for removal in these if removal.priority), default=None),
        )
        for (day, site), these in groups.items()
    ]
    heads = (Head("Site"), Head("Planned day", Kind.DAY), devices, Head("Highest priority", Kind.NUMBER))
    return Exhibit(name, Table(caption, heads, lines))
