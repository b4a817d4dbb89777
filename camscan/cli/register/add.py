"""``camscan register add``: a device that no scan has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import _options

if TYPE_CHECKING:
    from camscan.app.edit import EntryContext


@click.command("add")
@click.argument("words", nargs=-1, metavar="COLUMN=VALUE…")
@click.option("--recorder", metavar="DEVICE", help="The recorder that the camera is connected to.")
@click.option(
    "--channel",
    type=click.IntRange(min=1),
    metavar="N",
    help="The number of its channel on that recorder; the first is 1.",
)
@_options.acting_options("camscan register add")
def add(
    words: tuple[str, ...],
    recorder: str | None,
    channel: int | None,
    acting: EntryContext,
) -> None:
    """Add a device that no scan has seen: switched off, on a separate network, or behind a recorder.

    \b
    camscan register add manufacturer=Hikvision model=DS-2CD2042WD site_name=Depot
    camscan register add --recorder 10.1.20.9 --channel 3 location_detail="gate"

    Make, model, serial number and MAC address are kept as stated. When a later scan finds a device with this serial
    number or MAC address, it updates the same row. `camscan set --columns` lists the columns.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    if channel is not None and recorder is None:
        raise click.UsageError("--channel needs --recorder; give both")
    entries = app.edit.entries_of([app.edit.stated_column(word) for word in words])
    if not entries and channel is None:
        raise click.UsageError("describe the device as COLUMN=VALUE; `camscan set --columns` lists the columns")
    added = app.edit.add_device(entries, acting, recorder=recorder, channel=channel)
    told = ", ".join(f"{column}={value}" for column, value in entries.items())
    where = f" behind {added.recorder}, channel {channel or 'unknown'}" if added.recorder else ""
    if added.row is None:
        click.echo(f"Would be added{where}: {told}; nothing was written.")
    else:
        click.echo(f"Added {app.devices.describe_briefly(added.row)}{where}")


COMMAND = add
