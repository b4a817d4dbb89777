"""``camscan register restore``: a new register from a backup."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.words import count_text


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@_options.register
@_options.config
def restore(file: Path, register: Path | None, config: Path | None) -> None:
    """Fill a new register from FILE, a backup or any register in a file.

    With --register postgresql://… this moves a register to a server; `camscan register backup` brings it back into a
    file. A register with entries is never overwritten: move it away first. A backup that cannot be used changes
    nothing.
    """
    space = app.workspace.find_workspace(config, register)
    with space.restore(file) as book:
        sizes = book.count_rows()
        click.echo(
            f"{book.where} was restored from {file}: {count_text(sizes['device'])}, {count_text(sizes['scan'], 'scan')}"
        )


COMMAND = restore
