"""``camscan accept-risk``: record a decision to keep devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import _devices, _options

if TYPE_CHECKING:
    from camscan.app.edit import EntryContext


@click.command("accept-risk")
@click.argument("devices", nargs=-1, metavar="DEVICE…")
@click.option("--ref", required=True, type=_options.WORDS, metavar="MINUTE", help="The decision: minute and date.")
@click.option("--until", metavar="DATE", help="The last day of the decision; after it, the council decides again.")
@click.option("--site", metavar="SITE", help="All devices of this site, instead of DEVICE.")
@_options.acting_options("camscan accept-risk")
def accept_risk(
    devices: tuple[str, ...],
    ref: str,
    until: str | None,
    site: str | None,
    acting: EntryContext,
) -> None:
    """Enter a decision to keep devices: where it is recorded, and until when it holds.

    \b
    camscan accept-risk CCTV-0017 --ref "Cabinet 2027/48" --until 2028-03-31
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    with _options.explain_values():
        entered = app.edit.enter_accepted_risk(devices, ref, acting, until=until, site=site)
    _devices.print_entered(entered, dry_run=acting.dry_run)


GROUP = "register"
COMMAND = accept_risk
