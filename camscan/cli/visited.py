"""``camscan visited``: record a visit to a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.asset import GONE
from camscan.cli import _devices, _options

if TYPE_CHECKING:
    from camscan.app.edit import EntryContext


@click.command("visited")
@click.argument("devices", nargs=-1, metavar="DEVICE…")
@click.option("--on", metavar="DATE", help="The date; today by default.")
@click.option("--site", metavar="SITE", help="All devices of this site, instead of DEVICE.")
@_options.acting_options("camscan visited")
def visited(
    devices: tuple[str, ...],
    on: str | None,
    site: str | None,
    acting: EntryContext,
) -> None:
    """Record a site visit: the date and the visitor's role.

    A device with the status `found` becomes `visited`; a later status is unchanged. A possible maker counts as sure
    after a visit. If the label names another maker, enter it: `camscan set DEVICE stated_manufacturer=NAME`.
    """
    entered = app.edit.enter_visit(devices, acting, on=on, site=site)
    _devices.print_entered(entered, dry_run=acting.dry_run)
    for row in entered.rows:
        if row.lifecycle in GONE:
            click.echo(
                f"{row.asset_id} is {row.lifecycle} in the register; if it is still there, `camscan set "
                f"{row.asset_id} lifecycle_status=visited`"
            )


GROUP = "register"
COMMAND = visited
