"""``camscan register backup``: write the whole register into one file."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.cli._words import size_text


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@_options.register
@_options.config
def backup(file: Path, register: Path | None, config: Path | None, *, force: bool) -> None:
    """Write the whole register into FILE, even while a scan is running.

    The backup is a register itself: `camscan show --register FILE` reads it, and `camscan register restore` fills a new
    register from it. FILE appears only when all of it was written and read back; until then an older FILE is kept.
    """
    space = app.workspace.find_workspace(config, register)
    with space.open(readonly=True) as book:
        written = book.write_backup(file, force=force)
        click.echo(f"{book.where} is backed up in {file} ({size_text(written)}), which only you can read")


COMMAND = backup
