"""``camscan set``: enter what people know about devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.asset.columns import EDITABLE
from camscan.cli import _devices, _options
from camscan.cli._words import print_text

if TYPE_CHECKING:
    from camscan.app.edit import EntryContext


@click.command("set")
@click.argument("words", nargs=-1, metavar="DEVICE… COLUMN=VALUE…")
@click.option("--columns", "list_columns", is_flag=True, help="List the columns that you may edit, and what they hold.")
@click.option("--site", metavar="SITE", help="All devices of this site, instead of DEVICE.")
@_options.acting_options("camscan set")
def set_(
    words: tuple[str, ...],
    list_columns: bool,
    site: str | None,
    acting: EntryContext,
) -> None:
    """Enter what you know about devices. COLUMN= with nothing after it clears the entry.

    \b
    camscan set 10.1.20.5 site_name="Town Hall" location_detail="north stair"
    camscan set CCTV-0017 CCTV-0018 planned_removal_date=2027-03-31
    camscan set --site Depot blocked_by=

    A device is named by its asset number, council tag, serial number (or its end), MAC or IP address. No scan ever
    changes what you enter, and every change is kept in `camscan register log`.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    if list_columns:
        _print_columns()
        return
    names = [word for word in words if "=" not in word]
    entries = app.edit.entries_of([word for word in words if "=" in word])
    if not entries:
        raise click.UsageError("name what to enter as COLUMN=VALUE; `camscan set --columns` lists the columns")
    entered = app.edit.enter_entries(names, entries, acting, site=site, closed_too=True)
    _devices.print_entered(entered, dry_run=acting.dry_run)


def _print_columns() -> None:
    for column in EDITABLE:
        holds = ", ".join(column.choices) if column.choices else str(column.kind)
        print_text(f"{column.name:26}{column.what}\n{'':26}[{holds}]", hang=27)


GROUP = "register"
COMMAND = set_
