"""``camscan not-ours``: devices that belong to somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.asset.columns import CONTROLLERS
from camscan.cli import _devices, _options

if TYPE_CHECKING:
    from camscan.app.edit import EntryContext

_OTHERS = CONTROLLERS[1:]
"""Everybody but the council, which is the first."""


@click.command("not-ours")
@click.argument("devices", nargs=-1, metavar="DEVICE…")
@click.option("--controller", type=_options.OneOf(_OTHERS), help="Who controls it, if known.")
@click.option("--site", metavar="SITE", help="All devices of this site, instead of DEVICE.")
@_options.acting_options(
    "camscan not-ours",
    click.option(
        "--because",
        required=True,
        type=_options.WORDS,
        metavar="TEXT",
        help="How you know; it goes into the log.",
    ),
)
def not_ours(
    devices: tuple[str, ...],
    controller: str | None,
    site: str | None,
    acting: EntryContext,
) -> None:
    """Enter that devices belong to somebody else: a landlord, a tenant, a neighbour on the same network.

    They stay in the register, so that the next scan does not add them again, and are counted separately.
    """
    entered = app.edit.enter_not_ours(devices, acting, controller=controller, site=site)
    _devices.print_entered(entered, dry_run=acting.dry_run)


GROUP = "register"
COMMAND = not_ours
