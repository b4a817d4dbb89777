"""``camscan register reidentify``: say what every device is, with the present fingerprints and the stored evidence."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app, fingerprints
from camscan.cli import _options
from camscan.cli._words import program
from camscan.output import visible
from camscan.words import counted


@click.command("reidentify")
@click.option("--apply", is_flag=True, help="Write it; without this, it is only said what would change.")
@_options.overlay
@_options.register
@_options.config
def reidentify(apply: bool, overlay: tuple[Path, ...], register: Path | None, config: Path | None) -> None:
    """Identify every device anew, from the evidence of its last sighting; nothing is sent.

    After a new version of camscan, or a change in your own fingerprints, this brings the register up to date without a
    scan. It writes what devices are, and nothing else: no entry of people's, no time, no presence; it merges nothing.
    """
    space = app.workspace.find_workspace(config, register)
    database = fingerprints.load([*space.settings.overlays, *overlay])
    with space.open(readonly=not apply, create=False) as book:
        found = book.reidentify(database, apply=apply)
    for each in found:
        for name, old, new in each.changes:
            before, after = visible(old, 100) or "none", visible(new, 100) or "none"
            click.echo(f"{each.asset_id}: {visible(name, 60)}: {before} → {after}")
    count = counted(len(found))
    if not found:
        click.echo(f"Nothing changes: database {database.version} says of the stored evidence what the register says")
    elif apply:
        click.echo(f"{count} changed; `{program()} diff` lists it")
    else:
        click.echo(f"{count} would change; nothing was written. Write it with --apply")


COMMAND = reidentify
