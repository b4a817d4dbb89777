"""``camscan not-ours``: devices of somebody else."""

from __future__ import annotations

import click

from camscan.cli import _options

_CONTROLLERS = ("landlord", "contractor", "school", "nhs", "other")
"""Those of ``camscan.asset.columns`` but the first, which is us: slow to import for --help (a test compares them)."""


@click.command("not-ours")
@click.argument("devices", nargs=-1, metavar="DEVICE…")
@click.option("--controller", type=click.Choice(_CONTROLLERS), help="Whose it is, where that is known.")
@click.option("--site", metavar="SITE", help="Every device of this site, in place of DEVICE.")
@_options.acting(
    click.option(
        "--because",
        required=True,
        type=_options.WORDS,
        metavar="TEXT",
        help="How that is known; it goes into the log.",
    )
)
def not_ours(
    devices: tuple[str, ...],
    controller: str | None,
    site: str | None,
    acting: _options.Acting,
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
        acting=acting,
        site=site,
    )


COMMAND = not_ours
