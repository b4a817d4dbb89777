"""``camscan register vacuum``: make the register as small as it can be."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.cli._words import size_text


@click.command("vacuum")
@_options.register
@_options.config
def vacuum(register: Path | None, config: Path | None) -> None:
    """Rewrite the register without gaps, and print its size before and after.

    Nothing is lost. It needs as much free disk space as the register takes, and no scan may be running (exit code 4).
    """
    space = app.workspace.find_workspace(config, register)
    with space.open(create=False) as book:
        before, after = book.vacuum()
        click.echo(f"{book.where}: {size_text(before)} before, {size_text(after)} now")


COMMAND = vacuum
