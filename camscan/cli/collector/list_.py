"""``camscan collector list``: every collector and its state."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from camscan import app
from camscan.cli import _later, _options
from camscan.output import visible
from camscan.store.quota import day_end
from camscan.words import count_text


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
    now, rows = datetime.now(UTC), []
    for collector in found:
        one = collector.collector
        seen = f"{space.settings.clock(one.seen_at):%d %B %Y, %H:%M}" if one.seen_at else "never"
        counts = ", ".join(f"{count:,} {state}" for state, count in collector.parcels.items())
        rows.append(
            (
                visible(one.name, 72),
                f"{one.state.value}{', silent' if collector.is_silent(now) else ''}",
                collector.what,
                collector.words,
                seen,
                counts,
            )
        )
    _later.table.print_table(("Name", "State", "For", "Words", "Last asked", "Parcels"), rows)
    state = app.centre_state.centre_state(space, now)
    if state and (waiting := state.parcels["waiting"]):
        minutes = round(state.oldest.total_seconds() / 60)
        worker = "" if state.queue is None or state.has_worker else "; no worker has been seen"
        click.echo(
            f"{count_text(waiting, 'parcel')} not recorded yet, the oldest for {count_text(minutes, 'minute')}{worker}"
        )

    for one in state.full if state else ():
        ends = space.settings.clock(day_end(now))
        click.echo(
            f"{visible(one.name, 72)}: its day is full, so its parcels wait; recording continues on "
            f"{ends:%d %B %Y, %H:%M}"
        )


COMMAND = list_
