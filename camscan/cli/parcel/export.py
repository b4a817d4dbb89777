"""``camscan parcel export``: a scan into a signed file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.cli._words import size_text
from camscan.errors import UsageError
from camscan.output import is_taken


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--scan", default="", metavar="ID", help="The scan, by the beginning of its id; the newest by default.")
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="KEYFILE",
    help="The key that signs; the default is your own, which is made when it is first needed.",
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@_options.register
@_options.config
def export(
    file: Path, scan: str, key: Path | None, register: str | Path | None, config: Path | None, *, force: bool
) -> None:
    """Write a scan into a signed file, for `camscan parcel import` at another register.

    \b
    camscan scan --site "Oak School" --keep-journal
    camscan parcel export oak-school.camparcel

    The scan must have been run with --keep-journal, or have been interrupted. The file holds what devices said: treat
    it as you treat the register. Tell the receiver the six words that this prints.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    if not force and is_taken(file):
        raise UsageError(f"{file} exists already; name another file, or add --force")
    space = app.workspace.find_workspace(config, register)
    made = app.parcel_export.export_parcel(space, file, datetime.now(UTC), scan=scan, key_file=key)
    if made.is_new_key:
        click.echo(f"A new key was made: {made.key_file}")
    half = ", which was interrupted," if made.is_half else ""
    click.echo(f"Scan {made.scan_id}{half} is in {file} ({size_text(made.size)}), which only you can read")
    click.echo(f"Signed by: {made.words}")


COMMAND = export
