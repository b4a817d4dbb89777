"""``camscan register log``: who changed what, when and why."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _devices, _options
from camscan.cli._words import print_text
from camscan.output import visible


@click.command("log")
@click.argument("device", required=False, metavar="[DEVICE]")
@click.option("--since", metavar="DATE", help="Only changes of this day and later.")
@_options.register
@_options.config
def log(device: str | None, since: str | None, register: str | None, config: Path | None) -> None:
    """Print every change that people made, oldest first: of one device, or of all.

    Each line gives the time (UTC), the role, the command or file, and the entry before and after.
    """
    space = app.workspace.find_workspace(config, register)
    first = app.edit.parse_day_or_today(since) if since else None
    changes = space.look(
        lambda book: book.changes(app.devices.find_device(book, device).asset_id if device is not None else None)
    )
    wanted = [change for change in changes if first is None or change.at.date() >= first]
    for change in wanted:
        why = f" (because: {visible(change.because, 200)})" if change.because else ""
        who = f"{visible(change.role, 100)}, {visible(change.how, 100)}"
        print_text(f"{change.at:%Y-%m-%d %H:%M}  {change.asset_id}  {_devices.describe_change(change)}  [{who}]{why}")
    if not wanted:
        click.echo("Nothing was changed" + (f" since {first}" if first else ""), err=True)


COMMAND = log
