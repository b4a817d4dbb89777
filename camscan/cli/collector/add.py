"""``camscan collector add``: allow a collector to enrol."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.output import visible


@click.command("add")
@click.argument("name")
@click.option(
    "--site", "sites", multiple=True, required=True, metavar="SITE", help="A site that it scans; can be repeated."
)
@_options.role
@_options.register
@_options.config
def add(name: str, sites: tuple[str, ...], role: str | None, register: str | Path | None, config: Path | None) -> None:
    """Make a code by which a collector enrols once, within seven days.

    The code is printed once and is not kept. Give it to the person who sets up the collector. Until the collector has
    enrolled, the same command makes another code, and the first is void.
    """
    space = app.workspace.find_workspace(config, register)
    now = datetime.now(UTC)
    made, code = app.collectors.invite_collector(space, name, sites, space.role(role), now)
    ends = space.settings.clock(app.collectors.code_end(now))
    click.echo(f"{visible(made.name)} may enrol until {ends:%d %B %Y, %H:%M} with this code:")
    click.echo(app.collectors.code_in_groups(code))


COMMAND = add
