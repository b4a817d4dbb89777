"""``camscan collect run``: ask the centre, scan, and send the results."""

from __future__ import annotations

import os
import random
import re
import sys
import time
from pathlib import Path

import click

from camscan import app
from camscan.cli import _options as shared
from camscan.cli._bar import make_watcher
from camscan.cli._signals import take_signals
from camscan.cli._words import warn
from camscan.cli.collect import _options
from camscan.errors import CamscanError, ConfigError, UsageError
from camscan.output import visible
from camscan.words import count_text

_FIRST, _LONGEST = 30.0, 3600.0
"""The first and the longest wait between two attempts while the centre cannot be reached, in seconds."""
_DOUBLED = 10
_LOOK = 1.0


@click.command("run")
@click.option("--once", is_flag=True, help="One round only: for a timer.")
@_options.file
@shared.log_options
def run(file: Path, *, once: bool) -> int:
    """Ask the centre what is to be done, scan what collector.yaml allows, and send the results. Ctrl-C ends it.

    If the centre cannot be reached, results wait in the spool and are sent later.
    """
    failures = rounds = 0
    with take_signals() as interruption:
        while True:
            wait = _FIRST
            try:
                own = app.collect.read_place(file)  # the site may have changed what it allows
                done = app.collect.do_round(
                    own,
                    watcher=make_watcher(quiet=not sys.stderr.isatty()),
                    interruption=interruption,
                    warn=warn,
                    read_again=lambda: app.collect.read_place(file),
                )
            except UsageError as error:
                if once or not (rounds and isinstance(error, ConfigError)):
                    raise
                warn(f"{error}; until this is corrected, nothing is scanned or sent")
            except CamscanError as error:
                if once:
                    raise
                failures += 1
                wait = max(pause_after(failures), min(_LONGEST, app.collect.put_off_seconds(error)))
                warn(f"{error}; it is tried again")
            else:
                failures, rounds, wait = 0, rounds + 1, vary_seconds(done.next_seconds)
                _print_round(done)
            wait = min(wait, _longest_wait())
            if once or interruption.is_wanted or _wait(wait, lambda: interruption.is_wanted):
                return 128 + interruption.number if interruption.number else 0


def vary_seconds(seconds: float) -> float:
    """About the same number of seconds, varied at random: after a power cut, all collectors start together."""
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311 - it spreads the load


def pause_after(failures: int) -> float:
    """Seconds until the next attempt, varied at random: more after each failure, up to an hour."""
    return random.uniform(0, min(_LONGEST, _FIRST * 2.0 ** min(failures, _DOUBLED)))  # noqa: S311 - it spreads the load


def _longest_wait() -> float:
    """The longest wait in seconds: ``CAMSCAN_COLLECT_SECONDS``, for a trial from end to end."""
    said = os.environ.get("CAMSCAN_COLLECT_SECONDS", "")
    return float(said) if re.fullmatch(r"[0-9]{1,3}(\.[0-9])?", said) else _LONGEST


def _wait(seconds: float, is_over: object) -> bool:
    """Wait so many seconds; return True as soon as ``is_over`` is true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if callable(is_over) and is_over():
            return True
        time.sleep(min(_LOOK, max(0.0, until - time.monotonic())))
    return False


def _print_round(done: app.collect.CollectorRound) -> None:
    for site in done.scanned:
        click.echo(f"Scanned: {visible(site, 72)}")
    for site, why in done.refused:
        warn(f"{visible(site, 72)} was not scanned: {visible(why, 300)}")
    if done.sent or done.left:
        click.echo(f"Sent: {count_text(done.sent, 'parcel')}; {done.left:,} waiting")
    if done.state == "waiting":
        click.echo("The centre has not approved this collector yet")


COMMAND = run
