"""``camscan collector list``: every collector, and how it stands."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _later, _options
from camscan.output import visible


@click.command("list")
@_options.register
@_options.config
def list_(register: str | Path | None, config: Path | None) -> None:
    """Print every collector: its sites, its six words, when it asked last, and its parcels."""
    space = app.workspace.find_workspace(config, register)
    found = app.collectors.list_collectors(space)
    if not found:
        click.echo("No collectors yet; `camscan collector add NAME --site SITE` makes a code for one")
        return
    rows = []
    for each in found:
        one = each.collector
        seen = f"{space.settings.clock(one.seen_at):%d %B %Y, %H:%M}" if one.seen_at else "never"
        counts = ", ".join(f"{count:,} {state}" for state, count in each.parcels.items())
        rows.append((visible(one.name, 72), one.state.value, each.what, each.words, seen, counts))
    _later.table.print_table(("Name", "State", "For", "Words", "Last asked", "Parcels"), rows)


COMMAND = list_
