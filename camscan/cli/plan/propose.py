"""``camscan plan propose``: a draft of the programme."""

from __future__ import annotations

import gc
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan.cli import _options

if TYPE_CHECKING:
    from camscan.asset import Asset
    from camscan.config import Config
    from camscan.plan import Limits, Proposal
    from camscan.register import Register

_SITES = 4
"""Sites that one line names."""
_NAMED = 10
"""Devices that a message names."""
_LEFT = {
    "blocked": "blocked: something stands in the way",
    "accepted_risk": "accepted risk: it was decided to keep them",
    "removed": "gone already",
    "closed": "closed: not ours, or no such device",
    "other_site": "at other sites, without a date",
}
_WHY = {"blocked": "blocked_by", "accepted_risk": "scope_decision_ref"}
"""The column that says why, where the devices are named."""


@click.command("propose")
@click.option("--by", required=True, metavar="DATE", help="The last day of the programme.")
@click.option("--from", "begin", metavar="DATE", help="Its first day; by default the first of next month.")
@click.option(
    "--per-month", type=click.IntRange(min=1), metavar="N", help="Devices that can be taken down in one month."
)
@click.option(
    "--budget", metavar="POUNDS[/year]", help="For all of it, or with /year for each financial year, April to March."
)
@click.option("--cost-each", metavar="POUNDS", help="Cost of a device that has no estimated cost.")
@click.option("--site", metavar="SITE", help="Only this site; what is planned elsewhere keeps its room.")
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
    """Draft phases, one a month: the most pressing site first, whole sites together where they fit.

    Nothing is written without --apply. Dates that devices have already stay as they are and take their room. Devices
    that are blocked, or kept by decision, are listed and left alone. Exit code 3 where not every device finds room.
    """
    from camscan.app import assess  # noqa: PLC0415
    from camscan.cli import EXIT_PARTIAL, _devices  # noqa: PLC0415 - keeps --help quick
    from camscan.cli.plan._coverage import tell_stale_map  # noqa: PLC0415
    from camscan.config import find_config  # noqa: PLC0415
    from camscan.plan import propose as run  # noqa: PLC0415
    from camscan.plan.calendar import month_of  # noqa: PLC0415
    from camscan.register import open_register  # noqa: PLC0415

    gc.disable()  # nothing here is cyclic, and the collector would walk through 20,000 rows again and again
    settings = find_config(config)
    limits = _limits(per_month, budget, cost_each)
    acting = _devices.role_of(role, settings) if is_applied else ""
    where = register or settings.register or _options.REGISTER
    with open_register(where, readonly=not is_applied, editing=is_applied, create=False) as book:
        tell_stale_map(book, settings)
        rows = book.devices()
        if site is not None and not _devices.of_site(rows, site):
            raise click.UsageError(f"the register knows no device at the site {site}")
        today, last = assess.today(), _devices.day(by)
        first = _devices.day(begin) if begin else min(month_of(today).next.first, max(last, today))
        judged = assess.judged(rows, settings, today)
        draft = run(rows, judged, today, by=last, begin=first, limits=limits, site=site)
        _tell(draft, rows, settings)
        if is_applied and draft.planned:
            _apply(book, draft, rows, acting, because)
    if not is_applied and draft.planned:
        click.echo("\nThis is a draft: nothing was written. The same with --apply writes it.")
    return EXIT_PARTIAL if draft.unplaced or draft.unpriced else 0


def _limits(per_month: int | None, budget: str | None, cost_each: str | None) -> Limits:
    from camscan.plan import Limits  # noqa: PLC0415 - keeps --help quick

    amount, is_yearly = budget, False
    if budget is not None:
        parts = re.fullmatch(r"(?i)(.*?)\s*(?:(?:/|per)\s*(?:year|y|a))?", budget.strip())
        amount = parts[1] if parts else budget
        is_yearly = amount != budget.strip()
    return Limits(
        per_month=per_month,
        budget=_pounds("--budget", amount) if amount is not None else None,
        is_yearly=is_yearly,
        cost_each=_pounds("--cost-each", cost_each) if cost_each is not None else None,
    )


def _pounds(option: str, text: str) -> Decimal:
    from camscan.asset.columns import BY_NAME, normalise  # noqa: PLC0415 - keeps --help quick

    try:
        return Decimal(normalise(BY_NAME["estimated_cost"], text) or "none")
    except (ValueError, ArithmeticError):
        raise click.UsageError(f"{option}: '{text}' is no amount in pounds; write it as 1250 or 1250.50") from None


def _tell(draft: Proposal, rows: list[Asset], settings: Config) -> None:
    from camscan.plan import in_words  # noqa: PLC0415 - keeps --help quick

    _tell_size(draft, rows)
    if draft.phases:
        _tell_phases(draft)
    _tell_left_alone(draft, rows)
    if draft.unplaced or draft.unpriced:
        click.echo()
        for sentence in draft.advice:
            click.echo(f"{sentence[:1].upper()}{sentence[1:]}.")
        _name((*draft.unplaced, *draft.unpriced), rows, "")
    if draft.planned:
        click.echo("\nThe order comes from the removal priority:")
        for line in in_words(settings.planning.formula):
            click.echo(f"  {line}")


def _tell_size(draft: Proposal, rows: list[Asset]) -> None:
    """How many devices, and which of those that were planned before need another day."""
    from camscan.plan.standing import planned_day, spelled  # noqa: PLC0415 - keeps --help quick

    number = len(draft.planned)
    phases = sum(bool(phase.devices) for phase in draft.phases)
    click.echo(
        f"{spelled(number)} in {spelled(phases, 'phase')} from {draft.begin} to {draft.by}; "
        f"{spelled(len(draft.kept))} with a date already, which stays"
    )
    kept = set(draft.kept)
    late = [row for row in rows if row.asset_id in kept and (planned_day(row) or draft.begin) < draft.begin]
    if late:
        click.echo(
            f"{spelled(len(late))} of these before {draft.begin}: for a new day, `camscan plan set DEVICE --on DATE`"
        )


def _tell_phases(draft: Proposal) -> None:
    from camscan.cli._table import print_table  # noqa: PLC0415 - rich takes its time to load

    click.echo()
    table = [
        (
            phase.name,
            str(phase.day),
            f"{len(phase.devices):,}",
            f"{len(phase.kept):,}" if phase.kept else "",
            _money(phase.cost, phase.without_cost, len(phase.devices) + len(phase.kept)),
            _listed(phase.sites, _SITES),
        )
        for phase in draft.phases
    ]
    print_table(("Phase", "By", "Devices", "Planned before", "Cost", "Sites"), table)


def _tell_left_alone(draft: Proposal, rows: list[Asset]) -> None:
    from camscan.plan.standing import spelled  # noqa: PLC0415 - keeps --help quick

    for name, left in draft.left.items():
        click.echo(f"\nLeft alone, {_LEFT[name]}: {spelled(len(left))}")
        if name in _WHY:
            _name(left, rows, _WHY[name])


def _money(cost: Decimal, without: int, devices: int) -> str:
    if without == devices:
        return "not known"
    return f"£{cost:,.2f}" + (f" and {without} not known" if without else "")


def _listed(names: tuple[str, ...], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _name(asset_ids: tuple[str, ...], rows: list[Asset], column: str) -> None:
    from camscan.cli import _devices  # noqa: PLC0415 - keeps --help quick
    from camscan.output import visible  # noqa: PLC0415

    by_id = {row.asset_id: row for row in rows}
    for name in asset_ids[:_NAMED]:
        why = visible(by_id[name].entry(column), 80) if column else ""
        click.echo(f"  {_devices.described(by_id[name])}{': ' + why if why else ''}")
    if len(asset_ids) > _NAMED:
        click.echo(f"  … and {len(asset_ids) - _NAMED:,} more")


def _apply(book: Register, draft: Proposal, rows: list[Asset], role: str, because: str) -> None:
    from camscan.cli.plan.set import lifecycle  # noqa: PLC0415 - keeps --help quick
    from camscan.plan.standing import spelled  # noqa: PLC0415
    from camscan.register import Edit  # noqa: PLC0415

    by_id = {row.asset_id: row for row in rows}
    edits = []
    for name, phase in draft.planned.items():
        entries = {"planned_removal_date": phase.day.isoformat(), "removal_phase": phase.name}
        entries |= lifecycle(by_id[name], entries)
        edits += [Edit(name, column, value) for column, value in entries.items()]
    changes = book.edit(edits, role=role, how="camscan plan propose", because=because)
    devices = len({change.asset_id for change in changes})
    click.echo(f"\nWritten: {spelled(len(changes), 'entry', 'entries')} of {spelled(devices)}.")


COMMAND = propose
