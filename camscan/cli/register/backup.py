"""``camscan register backup``: the whole register in one file."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.cli._words import size


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@_options.register
@_options.config
def backup(file: Path, register: Path | None, config: Path | None, *, force: bool) -> None:
    """Write the whole register into FILE, also while a scan is running.

    The backup is a register itself: `camscan show --register FILE` reads it, and `camscan register restore` fills a new
    register from it. It appears when all of it is written and was read back; until then an older one stays.
    """
    space = app.workspace.find_workspace(config, register)
    with space.open(readonly=True) as book:
        written = book.backup(file, force=force)
        click.echo(f"{book.where} is backed up in {file} ({size(written)}), which only you can read")


COMMAND = backup
