"""``camscan register reidentify``: say what every device is, with the present fingerprints and the stored evidence."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app, fingerprints
from camscan.cli import _options
from camscan.cli._words import program_name
from camscan.output import visible
from camscan.words import count_text


@click.command("reidentify")
@click.option("--apply", is_flag=True, help="Write the changes; without this, only print them.")
@_options.overlay
@_options.register
@_options.config
def reidentify(apply: bool, overlay: tuple[Path, ...], register: Path | None, config: Path | None) -> None:
    """Identify every device again, from the evidence of its last sighting; nothing is sent.

    After a new version of camscan, or a change in your own fingerprints, this brings the register up to date without a
    scan. It changes only what devices are. It does not change people's entries, times or presence, and it merges
    nothing.
    """
    space = app.workspace.find_workspace(config, register)
    database = fingerprints.load_database([*space.settings.overlays, *overlay])
    with space.open(readonly=not apply, create=False) as book:
        found = book.reidentify(database, apply=apply)
    for device in found:
        for name, old, new in device.changes:
            before, after = visible(old, 100) or "none", visible(new, 100) or "none"
            click.echo(f"{device.asset_id}: {visible(name, 60)}: {before} → {after}")
    count = count_text(len(found))
    if not found:
        click.echo(f"Nothing changes: database {database.version} gives the same results as the register")
    elif apply:
        click.echo(f"{count} changed; `{program_name()} diff` lists it")
    else:
        click.echo(f"{count} would change; nothing was written. --apply writes it")


COMMAND = reidentify
