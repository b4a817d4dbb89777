"""``camscan collector approve``: trust a collector from now on."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.cli._words import print_text
from camscan.errors import UsageError
from camscan.output import visible


@click.command("approve")
@click.argument("name")
@click.option(
    "--words",
    metavar="WORDS",
    help="The collector's six words, if you have compared them already: camscan then does not ask.",
)
@_options.role
@_options.register
@_options.config
def approve(name: str, words: str | None, role: str | None, register: str | Path | None, config: Path | None) -> int:
    """Trust a collector from now on, for the sites that it was added for.

    Compare the six words first, by telephone, with the person at the collector.
    """
    space = app.workspace.find_workspace(config, register)
    found = app.collectors.find_collector(space, name)
    own = found.words
    if not own:
        raise UsageError(f"{name} has not enrolled yet: first run `camscan collect enrol CODE` at the site")
    if words is not None and words.casefold().split() != own.split():
        raise UsageError(
            f"these are not the words of {name}, so it was not approved: ask for them again; if they are still "
            "different, somebody else has used the code: revoke it, and add a new collector"
        )
    if words is None and not sys.stdin.isatty():
        raise UsageError(
            f"compare the six words of {name} first, then add --words with the words that were read to you"
        )
    if words is None:
        print_text(f"{visible(found.collector.name, 72)}: {own}", err=True)
        print_text(f"It would speak for: {visible(found.what, 300)}", err=True)
        if not click.confirm("Are these the words at the collector?", default=False, err=True):
            click.echo("Not approved", err=True)
            return 1
    app.collectors.approve_collector(space, found.collector, space.role(role))
    click.echo(f"{visible(found.collector.name, 72)} is approved, for: {visible(found.what, 300)}")
    return 0


COMMAND = approve
