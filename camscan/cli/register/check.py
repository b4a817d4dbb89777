"""``camscan register check``: is the register sound?"""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.output import visible
from camscan.words import count_text


@click.command("check")
@_options.register
@_options.config
def check(register: Path | None, config: Path | None) -> int:
    """Read all of the register and print whatever is wrong with it.

    It checks the file itself, every reference between its tables, everything stored, and counts and entries that are
    in two tables. It changes nothing. Exit code 1: something is wrong; restore a backup then.
    """
    space = app.workspace.find_workspace(config, register)
    with space.open(readonly=True) as book:
        findings = book.find_faults()
        for line in findings:
            click.echo(visible(line, 500))
        if findings:
            return 1
        sizes = book.count_rows()
        click.echo(f"{book.where} has no faults: {count_text(sizes['device'])}, {count_text(sizes['scan'], 'scan')}")
    return 0


COMMAND = check
