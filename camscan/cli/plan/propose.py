"""``camscan plan propose``: a draft of the programme."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import EXIT_PARTIAL, _options
from camscan.cli._table import print_table
from camscan.cli._words import print_text, program_name
from camscan.cli.plan._stale_map import warn_of_stale_map
from camscan.output import visible
from camscan.words import count_text, verb

if TYPE_CHECKING:
    from camscan.asset import Asset
    from camscan.config import Config
    from camscan.plan import Proposal

_SITES = 4
"""Maximum sites that one line names."""
_NAMED = 10
"""Maximum devices that a message names."""


@click.command("propose")
@click.option("--by", required=True, metavar="DATE", help="The last day of the programme.")
@click.option("--from", "begin", metavar="DATE", help="Its first day; by default the first of next month.")
@click.option("--per-month", type=click.IntRange(min=1), metavar="N", help="Devices that can be removed in one month.")
@click.option(
    "--budget",
    metavar="POUNDS[/year]",
    help="The budget for the whole programme, or with /year for each financial year (April to March).",
)
@click.option("--cost-each", metavar="POUNDS", help="The cost to assume for a device without an estimated cost.")
@click.option("--site", metavar="SITE", help="Only this site; devices planned elsewhere keep their places.")
@click.option("--apply", "is_applied", is_flag=True, help="Write the dates and phases into the register.")
@_options.because
@_options.role
@_options.register
@_options.config
def propose(  # noqa: PLR0917 - one per option
    by: str,
    begin: str | None,
    per_month: int | None,
    budget: str | None,
    cost_each: str | None,
    site: str | None,
    is_applied: bool,
    because: str,
    role: str | None,
    register: Path | None,
    config: Path | None,
) -> int:
    """Draft monthly phases: the most pressing site first, whole sites together if they fit.

    Nothing is written without --apply. Devices that already have a date keep it and count towards the limits.
    Devices that are blocked, or kept by decision, are listed but not planned. Exit code 3: not every device could be
    placed.
    """
    gc.disable()  # objects here have no cycles, and the collector would walk through the candidates again and again
    space = app.workspace.find_workspace(config, register)
    with _options.explain_values():
        within = app.plan.parse_limits(per_month, budget, cost_each)
    acting = space.role(role) if is_applied else ""
    app.by_site.list_first(space)
    with space.open(readonly=not is_applied, editing=is_applied, create=False) as book:
        warn_of_stale_map(space.settings, is_stale=app.overview.is_map_stale(book, space.settings))
        with _options.explain_values():
            draft = app.plan.propose_plan(book, space.settings, by=by, begin=begin, within=within, site=site)
        proposal = draft.proposal
        _print_draft(proposal, draft.named, space.settings)
        if is_applied and proposal.planned:
            changes = app.plan.write_plan(book, draft, role=acting, how="camscan plan propose", because=because)
            devices = count_text(len({change.asset_id for change in changes}), "device", "devices")
            click.echo(f"\nWritten: {count_text(len(changes), 'entry', 'entries')} of {devices}.")
    if not is_applied and proposal.planned:
        click.echo("\nThis is a draft: nothing was written. Add --apply to write it.")
    return EXIT_PARTIAL if proposal.unplaced or proposal.unpriced else 0


def _print_draft(draft: Proposal, rows: Mapping[str, Asset], settings: Config) -> None:
    _print_size(draft)
    if draft.phases:
        _print_phases(draft)
    _print_left_alone(draft, rows)
    if draft.unplaced or draft.unpriced:
        click.echo()
        for sentence in draft.advice:
            print_text(f"{sentence[:1].upper()}{sentence[1:]}.")
        if draft.unpriced:
            print_text("`--cost-each 400` assumes £400 for each of them.")
        _device_names((*draft.unplaced, *draft.unpriced), rows, "")
    if draft.planned:
        click.echo("\nThe order comes from the removal priority:")
        for line in app.plan.describe_formula(settings.planning.formula):
            print_text(f"  {line}", hang=4)


def _print_size(draft: Proposal) -> None:
    """Print how many devices there are, and which devices with an earlier date need another day."""
    number = len(draft.planned)
    phases = sum(bool(phase.devices) for phase in draft.phases)
    limit = f" (the last day allowed is {draft.by})" if draft.last_day < draft.by else ""
    print_text(
        f"{count_text(number)} in {count_text(phases, 'phase', 'phases')} from {draft.begin} to "
        f"{draft.last_day}{limit}; {count_text(len(draft.kept))} already "
        f"{verb(len(draft.kept), 'has a date and keeps', 'have a date and keep')} it"
    )
    if draft.late:
        how = f"`{program_name()} plan set DEVICE --on DATE`"
        print_text(f"{count_text(draft.late)} of these are due before {draft.begin}; for a new date: {how}")


def _print_phases(draft: Proposal) -> None:
    click.echo()
    table = [
        (
            phase.name,
            str(phase.day),
            f"{len(phase.devices):,}",
            f"{len(phase.kept):,}" if phase.kept else "",
            _money_text(phase.cost, phase.without_cost, len(phase.devices) + len(phase.kept)),
            _list_names(phase.sites, _SITES),
        )
        for phase in draft.phases
    ]
    print_table(("Phase", "By", "New", "Planned before", "Cost", "Sites"), table)


def _print_left_alone(draft: Proposal, rows: Mapping[str, Asset]) -> None:
    for name, left in draft.left.items():
        click.echo(f"\nNot planned, {app.plan.LEFT[name]}: {count_text(len(left))}")
        if name in app.plan.WHY_LEFT:
            _device_names(left, rows, app.plan.WHY_LEFT[name])


def _money_text(cost: Decimal, without: int, devices: int) -> str:
    if without == devices:
        return "not known"
    return f"£{cost:,.2f}" + (f" and {without} not known" if without else "")


def _list_names(names: tuple[str, ...], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _device_names(asset_ids: tuple[str, ...], rows: Mapping[str, Asset], column: str) -> None:
    for row in (rows[name] for name in asset_ids[:_NAMED] if name in rows):
        why = visible(row.entry(column), 80) if column else ""
        print_text(f"  {app.devices.describe_briefly(row)}{': ' + why if why else ''}")
    if len(asset_ids) > _NAMED:
        click.echo(f"  … and {len(asset_ids) - _NAMED:,} more")


COMMAND = propose
