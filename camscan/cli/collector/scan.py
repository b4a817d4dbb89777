"""``camscan collector scan``: ask a collector for a scan."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.output import visible

_HOURS = 24


@click.command("scan")
@click.argument("name")
@click.option("--site", metavar="SITE", help="Which of its sites, if it has several.")
@click.option(
    "--within",
    type=click.IntRange(1, 24 * 31),
    default=_HOURS,
    show_default=True,
    metavar="HOURS",
    help="The scan must begin within this many hours.",
)
@_options.register
@_options.config
def scan(name: str, site: str | None, within: int, register: str | Path | None, config: Path | None) -> None:
    """Ask a collector to scan its site. It does so if its own collector.yaml allows that, and reports the result."""
    space = app.workspace.find_workspace(config, register)
    found = app.collectors.find_collector(space, name)
    errand = app.collectors.ask_for_scan(space, found.collector, site, timedelta(hours=within))
    click.echo(
        f"{visible(found.collector.name, 72)} will be asked to scan {visible(errand.site, 72)} at its next request"
    )


COMMAND = scan
