"""``camscan confirm``: somebody stood before a device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from camscan.cli import _options

if TYPE_CHECKING:
    from camscan.asset import Asset


@click.command("confirm")
@click.argument("devices", nargs=-1, metavar="DEVICE…")
@click.option("--on", metavar="DATE", help="The day; today by default.")
@click.option("--site", metavar="SITE", help="Every device of this site, in place of DEVICE.")
@_options.acting()
def confirm(
    devices: tuple[str, ...],
    on: str | None,
    site: str | None,
    acting: _options.Acting,
) -> None:
    """Enter that somebody stood before devices: the day, and the role of whoever that was.

    One that was only found is then confirmed; where it stands further along its life, that stays.
    """
    from camscan.asset import GONE, Lifecycle  # noqa: PLC0415 - keeps --help quick
    from camscan.cli import _devices  # noqa: PLC0415

    day = _devices.day(on).isoformat()

    def entries(row: Asset, acting: str) -> Mapping[str, str]:
        made = {"last_confirmed_on": day, "last_confirmed_by_role": acting}
        return made | {"lifecycle_status": "confirmed"} if row.lifecycle is Lifecycle.FOUND else made

    rows = _devices.enter(
        devices,
        entries,
        command="camscan confirm",
        acting=acting,
        site=site,
    )
    for row in rows:
        if row.lifecycle in GONE:
            click.echo(
                f"{row.asset_id} is {row.lifecycle} in the register; if it hangs there, "
                f"`camscan set {row.asset_id} lifecycle_status=confirmed`"
            )


COMMAND = confirm
