"""``camscan collect enrol``: make this collector known to its centre."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli._words import program_name
from camscan.cli.collect import _options
from camscan.output import visible


@click.command("enrol")
@click.argument("code")
@_options.file
def enrol(code: str, file: Path) -> None:
    """Give the centre this collector's public key, by the CODE that the centre printed.

    Read the six words to the person who runs the centre, by telephone. Until they approve this collector, nothing
    is asked or sent.
    """
    own = app.collect.read_place(file)
    name = app.collect.enrol_collector(own, code)
    click.echo(f"Enrolled at {own.file.centre} as {visible(name, 72)}")
    click.echo(f"Read these words to whoever runs the centre: {own.words()}")
    click.echo(f"When they have approved this collector: {program_name()} collect run")


COMMAND = enrol
