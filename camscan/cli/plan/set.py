"""``camscan plan set``: the day, the phase and the cost of a removal, and what prevents it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.asset.columns import BY_NAME
from camscan.asset.entry import normalise
from camscan.cli import _devices, _options
from camscan.errors import UsageError

if TYPE_CHECKING:
    from camscan.app.edit import EntryContext

_COLUMNS = {
    "on": "planned_removal_date",
    "phase": "removal_phase",
    "cost": "estimated_cost",
    "budget_code": "budget_code",
    "blocked_by": "blocked_by",
}
"""Option -> the column that it fills."""


@click.command("set")
@click.argument("devices", nargs=-1, metavar="DEVICE…")
@click.option("--on", metavar="DATE", help="The planned date of removal.")
@click.option("--phase", metavar="NAME", help="The tranche or programme year.")
@click.option("--cost", metavar="POUNDS", help="The estimated cost of removing and replacing it.")
@click.option("--budget-code", metavar="CODE", help="The cost centre.")
@click.option("--blocked-by", metavar="TEXT", help="What prevents the removal; '' if it is no longer blocked.")
@click.option("--site", metavar="SITE", help="All devices of this site, instead of DEVICE.")
@_options.acting_options("camscan plan set")
def set_(  # noqa: PLR0917 - one per option
    devices: tuple[str, ...],
    on: str | None,
    phase: str | None,
    cost: str | None,
    budget_code: str | None,
    blocked_by: str | None,
    site: str | None,
    acting: EntryContext,
) -> None:
    """Enter when devices are to be removed, at what cost, and what prevents it. An option with '' clears its entry.

    \b
    camscan plan set CCTV-0017 CCTV-0018 --on 2027-03-31 --cost 450
    camscan plan set --site "Town Hall" --blocked-by "listed building consent"

    A device with a date becomes `planned`, unless it is already ordered.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    given = {"on": on, "phase": phase, "cost": cost, "budget_code": budget_code, "blocked_by": blocked_by}
    entries = _normalise_given({name: text for name, text in given.items() if text is not None})
    if not devices and site is None:
        raise UsageError("name a device or a --site; `camscan plan --help` lists the other commands")
    if not entries:
        whom = devices[0] if devices else site
        raise UsageError(
            f"what do you want to enter for {whom}? Add --on, --phase, --cost, --budget-code or --blocked-by"
        )
    _devices.print_entered(app.plan.enter_plan(devices, entries, acting, site=site), dry_run=acting.dry_run)


def _normalise_given(given: Mapping[str, str]) -> dict[str, str]:
    entries = {}
    for name, text in given.items():
        try:
            entries[_COLUMNS[name]] = normalise(BY_NAME[_COLUMNS[name]], text)
        except ValueError as error:
            raise UsageError(f"--{name.replace('_', '-')}: {error}") from None
    return entries


COMMAND = set_
