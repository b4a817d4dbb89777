"""``camscan not-ours``: devices of somebody else."""

from __future__ import annotations

from pathlib import Path

import click

from camscan.asset.columns import CONTROLLERS
from camscan.cli import _options


@click.command("not-ours")
@click.argument("devices", nargs=-1, metavar="DEVICE…")
@click.option("--because", required=True, metavar="TEXT", help="How that is known; it goes into the log.")
@click.option("--controller", type=click.Choice(CONTROLLERS[1:]), help="Whose it is, where that is known.")
@click.option("--site", metavar="SITE", help="Every device of this site, in place of DEVICE.")
@_options.dry_run
@_options.role
@_options.register
@_options.config
def not_ours(  # noqa: PLR0917 - one per option
    devices: tuple[str, ...],
    because: str,
    controller: str | None,
    site: str | None,
    dry_run: bool,
    role: str | None,
    register: str | None,
    config: Path | None,
) -> None:
    """Enter that devices belong to somebody else: a landlord, a tenant, a neighbour on the same network.

    They stay in the register, so that the next scan does not find them anew, and are counted apart.
    """
    from camscan.cli import _devices  # noqa: PLC0415 - keeps --help quick

    entries = {"lifecycle_status": "not_ours"}
    _devices.enter(
        devices,
        entries | {"controller": controller} if controller else entries,
        command="camscan not-ours",
        role=role,
        because=because,
        register=register,
        config=config,
        site=site,
        dry_run=dry_run,
    )


COMMAND = not_ours
