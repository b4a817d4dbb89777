"""``camscan work``: record what arrives at a centre, through a queue."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.cli._signals import take_signals
from camscan.cli._words import warn


@click.command("work")
@click.option("--once", is_flag=True, help="Do the work that is waiting now, and end.")
@click.option(
    "--heartbeat",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How often the worker reports that it is running.",
)
@click.option(
    "--stalled-after",
    type=click.FloatRange(min=1),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="After so long without such a report, another worker takes over its work.",
)
@_options.register
@_options.config
def work(
    register: str | Path | None, config: Path | None, *, once: bool, heartbeat: float, stalled_after: float
) -> int:
    """Record the parcels that collectors send, and ask collectors for the scans that are due. Ctrl-C ends it.

    \b
    camscan work --register postgresql://camscan@db.example.gov.uk/estate

    It needs a register on a PostgreSQL server; several may run at once. When it is stopped, it first finishes what it
    is doing.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    space = app.workspace.find_workspace(config, register)
    if heartbeat * 2 > stalled_after:
        raise click.UsageError("--stalled-after must be at least twice --heartbeat")
    with take_signals() as interruption:
        app.worker.run_worker(
            space,
            app.worker.Pace(heartbeat, stalled_after),
            is_over=lambda: interruption.is_wanted,
            tell=click.echo,
            warn=warn,
            is_once=once,
        )
    return 0


GROUP = "many"
COMMAND = work
