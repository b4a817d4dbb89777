"""``camscan accept-risk``: somebody decided to keep devices as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import _devices, _options

if TYPE_CHECKING:
    from camscan.app.edit import Acting


@click.command("accept-risk")
@click.argument("devices", nargs=-1, metavar="DEVICE…")
@click.option(
    "--ref", required=True, type=_options.WORDS, metavar="MINUTE", help="Where that was decided: minute and date."
)
@click.option("--until", metavar="DATE", help="Until when; then it is to be decided anew.")
@click.option("--site", metavar="SITE", help="Every device of this site, in place of DEVICE.")
@_options.acting("camscan accept-risk")
def accept_risk(
    devices: tuple[str, ...],
    ref: str,
    until: str | None,
    site: str | None,
    acting: Acting,
) -> None:
    """Enter that it was decided to keep devices, where that is written down, and until when.

    \b
    camscan accept-risk CCTV-0017 --ref "Cabinet 12 January 2027, minute 48" --until 2028-03-31
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    with _options.explained():
        entered = app.edit.enter_accepted_risk(devices, ref, acting, until=until, site=site)
    _devices.tell(entered, dry_run=acting.dry_run)


GROUP = "register"
COMMAND = accept_risk
