"""``camscan run``: an unattended run of everything that is due."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import _later, _options
from camscan.cli._bar import make_watcher
from camscan.cli._signals import take_signals
from camscan.cli._words import warn
from camscan.output import visible
from camscan.words import list_text

if TYPE_CHECKING:
    from camscan.app.due_sites import DueSites
    from camscan.app.run import RunResult

_MINUTE = 60


@click.command("run")
@click.option(
    "--random-delay",
    type=click.IntRange(min=0, max=720),
    default=0,
    metavar="MINUTES",
    help="First wait for a random time of up to this many minutes, so that many machines do not start together.",
)
@click.option("--dry-run", is_flag=True, help="Only print which sites are due.")
@click.option("--keep-journal", is_flag=True, help="Keep every answer in files, for `camscan parcel export`.")
@_options.register
@_options.config
@_options.log_options
def run(
    random_delay: int, register: str | Path | None, config: Path | None, *, dry_run: bool, keep_journal: bool
) -> int:
    """Scan the sites that are due, back up the register, write the exports, and send alerts.

    It is made for a timer and prints nothing if all went well. Interrupted scans are continued first. camscan.yaml
    says how often a site is scanned, at which hours, and what is written afterwards.

    \b
    Exit code, the worst of all steps:
               0  everything due was done, or nothing was due
               1  a step failed; the others were done
               2  camscan.yaml is wrong, or no authorisation allows a due site
               3  some addresses could not be asked, or are left for the next run
               4  another run is running or writing to the register
             130  interrupted (143 by the system); the next run continues
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    space = app.workspace.find_workspace(config, register)
    if dry_run:
        _print_due(app.run.list_due_sites(space))
        return 0
    if random_delay:
        time.sleep(random.uniform(0, random_delay * _MINUTE))  # noqa: S311 - no secret: it spreads the load
    with take_signals() as interruption:
        ran = app.run.run_unattended(
            space,
            watcher=make_watcher(quiet=not sys.stderr.isatty()),
            interruption=interruption,
            keep_journal=keep_journal,
        )
    _print_trouble(ran, is_told=bool(space.settings.notify))
    return ran.exit_code


def _print_due(found: DueSites) -> None:
    for name in found.sites:
        click.echo(f"{visible(name)}: {'to be continued' if name in found.begun else 'due'}")
    if found.waiting:
        click.echo(f"Due, but not at this hour: {list_text([visible(name) for name in found.waiting])}")
    for name, count in found.too_large:
        click.echo(f"{visible(name)}: due, but too large for an unattended scan ({count:,} addresses)")
    if not (found.sites or found.waiting or found.too_large):
        click.echo("Nothing is due")


def _print_trouble(ran: RunResult, *, is_told: bool) -> None:
    """Print what went wrong, on standard error; also what is new, if no alert reports it."""
    for sentence in app.run.describe_trouble(ran):
        warn(sentence)
    if ran.going and not is_told:
        for name, kept in ran.going.kept.items():
            _later.summary.print_alarms(kept.recorded, err=True)
            _later.summary.print_new(ran.going.news[name])


GROUP = "unattended"
COMMAND = run
