"""``camscan plan status``: how far the programme has got."""

from __future__ import annotations

import dataclasses
import gc
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camscan import app
from camscan.asset import Grouping
from camscan.cli import _options
from camscan.cli._table import print_table
from camscan.cli._words import print_text
from camscan.cli.plan._stale_map import warn_of_stale_map
from camscan.dates import day_text
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.overview import Overview
    from camscan.config import Config
    from camscan.plan import Counts, Money, Point, Row, Status
    from camscan.plan.scan_coverage import ScannedNetworks

_WIDTH = 22
_BAR = 40
_FEW = 10


@click.command("status")
@click.option(
    "--by", type=_options.OneOf([grouping.value for grouping in Grouping]), help="Print one table, grouped by this."
)
@click.option(
    "--on",
    metavar="DATE",
    help="The day that dates are compared with; today by default. Entries are always the present ones.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, with every table.")
@_options.register
@_options.config
def status(by: str | None, on: str | None, as_json: bool, register: Path | None, config: Path | None) -> None:
    """Show how many devices remain, are planned, overdue, blocked or removed, what that costs, and what is not known.

    \b
    camscan plan status
    camscan plan status --by site
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    gc.disable()  # objects here have no cycles, and the collector would walk through 20,000 rows again and again
    space = app.workspace.find_workspace(config, register)
    if by and not as_json:
        group = app.plan.plan_progress_by(space, Grouping(by), on)
        warn_of_stale_map(space.settings, is_stale=group.is_map_stale)
        _print_table(group.rows, Grouping(by))
        return
    if as_json:
        found = app.plan.plan_progress(space, on)
        warn_of_stale_map(space.settings, is_stale=found.is_map_stale)
        tables = {name: found.tables[name] for name in ([Grouping(by)] if by else Grouping)}
        click.echo(json.dumps(_status_document(found, tables, space.settings), indent=2))
        return
    _print_page(
        (None if on else app.overview.load_overview(space)) or app.plan.plan_progress(space, on), space.settings
    )


def _print_page(found: Overview, settings: Config) -> None:
    warn_of_stale_map(settings, is_stale=found.is_map_stale)
    print_text(found.headline.text)
    _print_counts(found.status)
    _print_unknowns(found.status, settings)
    _print_doubts(found.status)
    _print_coverage(found.looked)
    _print_costs(found.status)
    _print_days(found.status)
    _print_burndown(found.points)
    _print_formula(settings)


def _print_counts(found: Status) -> None:
    total = found.total
    click.echo(f"The programme on {found.day}\n")
    lines = [
        ("In scope", found.in_scope),
        ("  removed", found.removed),
        ("  remaining", found.remaining),
    ]
    for name, counts in lines:
        print_text(f"{name:{_WIDTH}}{_counts_text(counts)}", hang=_WIDTH + 9)
    for each, words in (
        ("planned", "planned"),
        ("overdue", "overdue"),
        ("no_date", "no date set"),
        ("blocked", "blocked"),
        ("accepted_risk", "accepted risk"),
    ):
        number = next(value for standing, value in total.standings.items() if standing.value == each)
        click.echo(f"{'    ' + words:{_WIDTH}}{number:>7,}")
    if total.closed:
        click.echo(f"{'  closed otherwise':{_WIDTH}}{total.closed:>7,}  (not ours, or a false alarm)")
    print_text(
        f"{'Of those remaining':{_WIDTH}}{total.unconfirmed:>7,}  not seen by the last scans, and not recorded as "
        f"removed",
        hang=_WIDTH + 9,
    )


def _counts_text(counts: Counts) -> str:
    without = f" ({counts.without_site:,} of no known site)" if counts.without_site else ""
    where = f"{count_text(counts.systems, 'system', 'systems')} at {count_text(counts.sites, 'site', 'sites')}"
    return f"{counts.devices:>7,}  {count_text(counts.devices).partition(' ')[2]} in {where}{without}"


def _print_unknowns(found: Status, settings: Config) -> None:
    """Print what the council has not decided, and devices whose scope nobody knows."""
    would = found.would_match
    if would:
        print_text(
            f"{'No decision recorded':{_WIDTH}}{would:>7,}  {count_text(would).partition(' ')[2]} would match; nothing "
            f"is in scope until camscan.yaml names the council's decision"
            " (planning: local_decision)",
            hang=_WIDTH + 9,
        )
    print_text(
        f"{'Not known':{_WIDTH}}{found.scope_unknown - would:>7,}  devices for which it is not known whether they are "
        f"in scope; {found.unknown_maker:,} of them of unknown maker",
        hang=_WIDTH + 9,
    )
    decision = settings.planning.local_decision
    if decision and decision.date > max(found.day, app.assess.today_utc()):
        print_text(
            f"{'Not in force yet':{_WIDTH}}the council's decision in camscan.yaml applies from "
            f"{day_text(decision.date)} on: is the year right?",
            hang=_WIDTH,
        )


def _print_doubts(found: Status) -> None:
    """Print what was counted but may be wrong."""
    if found.entered_twice:
        print_text(
            f"{'Entered twice':{_WIDTH}}{found.entered_twice:>7,}  at an address where a scan has since found a "
            f"device; only the found device is counted, and the plan for the other is left out: merge the two with "
            f"`camscan review`"
            "",
            hang=_WIDTH + 9,
        )
    if found.answers_after_removal:
        names = ", ".join(found.answers_after_removal[:_FEW])
        says = f"entered as removed, but has answered since: {names}"
        print_text(f"{'Removed, and answers':{_WIDTH}}{len(found.answers_after_removal):>7,}  {says}", hang=_WIDTH + 9)


def _print_coverage(seen: ScannedNetworks) -> None:
    """Print how much of the estate scans have looked at."""
    if seen.last is None:
        click.echo(f"{'Coverage':{_WIDTH}}no scan yet: everything was entered by people")
        return
    none = "camscan itself has not asked any address"
    asked = (
        f"{seen.percent:g} % of the {seen.addresses:,} addresses given to scans were asked"
        if seen.percent is not None
        else none
    )
    print_text(f"{'Coverage':{_WIDTH}}{asked}; newest scan {seen.last}", hang=_WIDTH)
    if seen.sites:
        told = f"{seen.fresh_sites} of {seen.sites} sites scanned within 90 days"
        told += f"; never completely: {', '.join(seen.never_asked[:_FEW])}" if seen.never_asked else ""
        told += f"; not in the last 90 days: {', '.join(seen.stale_sites[:_FEW])}" if seen.stale_sites else ""
        print_text(f"{'':{_WIDTH}}{told}", hang=_WIDTH)


def _print_costs(found: Status) -> None:
    for title, lines, without in (
        ("Cost of the remaining devices, by phase", found.by_phase, "no phase yet"),
        ("Cost of the remaining devices, by financial year (April to March)", found.by_year, "no date yet"),
        ("Cost of the removed devices, by financial year", found.spent, "date not recorded"),
    ):
        if any(line.cost for line in lines):
            print_text(f"\n{title}")
            for line in lines:
                name = without if line.name == app.overview.NOT_SAID else visible(line.name)
                print_text(f"  {name:{_WIDTH - 2}}{_money_text(line)}", hang=_WIDTH + 17)


def _money_text(line: Money) -> str:
    without = f"; no cost is entered for {line.without_cost:,} of them" if line.without_cost else ""
    return f"{f'£{line.cost:,.2f}':>15}  {count_text(line.devices, 'device', 'devices')}{without}"


def _print_days(found: Status) -> None:
    for title, due in (("Overdue", found.overdue), ("In the next 90 days", found.soon)):
        if due:
            click.echo(f"\n{title}: {count_text(len(due), 'device', 'devices')}")
            groups: dict[tuple[date, str], int] = {}
            for removal in due:
                groups[removal.day, removal.site] = groups.get((removal.day, removal.site), 0) + 1
            for (day, site), number in list(groups.items())[:_FEW]:
                click.echo(f"  {day}  {number:>5,}  {visible(site) or 'no known site'}")
            if len(groups) > _FEW:
                click.echo(f"  … and {len(groups) - _FEW:,} more; --json has them all")


def _print_burndown(points: Sequence[Point]) -> None:
    if not any(point.remaining is not None or point.is_other_scope for point in points):
        return
    most = max(max(point.remaining or 0, point.planned) for point in points) or 1
    print_text(
        "\nBurn-down: devices that remained at the last scan of each month (some not seen by it), and how many the "
        "plan leaves"
    )
    if any(point.is_other_scope for point in points):
        print_text("  Months in which another decision was in force are left empty.")
    for point in points:
        is_counted = point.remaining is not None
        left = f"{point.remaining:>7,}" if is_counted else f"{'–':>7}"
        doubt = f" ({point.unconfirmed:,})" if point.unconfirmed else ""
        length = round(_BAR * (point.remaining if point.remaining is not None else point.planned) / most)
        bar = ("█" if is_counted else "·") * length
        click.echo(f"  {point.month} {left}{doubt:8} plan {point.planned:>7,}  {bar}".rstrip())


def _print_formula(settings: Config) -> None:
    click.echo("\nWhat is counted")
    for line in app.overview.DEFINITIONS:
        print_text(f"  {line}", hang=4)
    click.echo("Removal priority")
    for line in app.overview.describe_formula(settings.planning.formula):
        print_text(f"  {line}", hang=4)


def _print_table(rows: Sequence[Row], by: Grouping) -> None:
    standings = app.plan.Standing
    shown = (
        standings.PLANNED,
        standings.OVERDUE,
        standings.NO_DATE,
        standings.BLOCKED,
        standings.ACCEPTED_RISK,
    )
    heads = (
        by.capitalize(),
        "In scope",
        "Removed",
        "Remaining",
        *(standing.replace("_", " ").capitalize() for standing in shown),
    )
    lines = [
        (
            _row_name(row.name, by),
            *(f"{number:,}" for number in (row.in_scope, row.removed, row.remaining)),
            *(f"{row.standings[standing]:,}" for standing in shown),
            f"{row.unconfirmed:,}",
            str(row.highest or ""),
        )
        for row in rows
    ]
    print_table((*heads, "Not seen", "Highest priority"), lines, first=(heads[0], "Remaining", "Removed", *heads[1:2]))
    if by is Grouping.CAPABILITY:
        click.echo("A device with several of these is in several lines.")


def _row_name(name: str, by: Grouping) -> str:
    if name == app.overview.NOT_SAID:
        return "not recorded"
    return app.choice.maker_name(name) if by is Grouping.MAKER else name


def _status_document(found: Overview, tables: Mapping[Grouping, Sequence[Row]], settings: Config) -> Mapping[str, Any]:
    document: dict[str, Any] = {
        "organisation": settings.organisation,
        **found.headline.as_json(),
        **_plain_value(found.status),
    }
    document["coverage"] = found.looked.as_json()
    document["burn_down"] = [{**_plain_value(point), "month": str(point.month)} for point in found.points]
    document["tables"] = {name.value: [_plain_value(row) for row in rows] for name, rows in tables.items()}
    document["definitions"] = list(app.plan.DEFINITIONS)
    document["priority_formula"] = list(app.plan.describe_formula(settings.planning.formula))
    return document


def _plain_value(value: Any) -> Any:
    """A noun as a JSON value: dates in ISO form, pounds as text."""
    if dataclasses.is_dataclass(value):
        return {field.name: _plain_value(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain_value(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain_value(item) for item in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return f"{value:.2f}" if isinstance(value, Decimal) else value


COMMAND = status
