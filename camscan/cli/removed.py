"""``camscan removed``: record that devices were removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import _devices, _options

if TYPE_CHECKING:
    from camscan.app.edit import EntryContext


@click.command("removed")
@click.argument("devices", nargs=-1, required=True, metavar="DEVICE…")
@click.option("--on", metavar="DATE", help="The date; today by default.")
@click.option(
    "--evidence", required=True, type=_options.WORDS, metavar="REF", help="The works order or other proof of removal."
)
@_options.acting_options("camscan removed")
def removed(
    devices: tuple[str, ...],
    on: str | None,
    evidence: str,
    acting: EntryContext,
) -> None:
    """Enter that devices were removed, with the proof.

    \b
    camscan removed CCTV-0017 CCTV-0018 --on 2027-03-31 --evidence "order 48213"

    If one of them answers a scan again, `camscan diff` says so first. Only people record a removal: a device that
    scans do not see counts as not seen, not as removed.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    _devices.print_entered(app.edit.enter_removal(devices, evidence, acting, on=on), dry_run=acting.dry_run)


GROUP = "register"
COMMAND = removed
