"""Shows a scan on a terminal: what is about to be done, a progress bar, and what goes wrong."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli._estimate import describe_scan
from camscan.cli._words import duration_text, print_text, warn

if TYPE_CHECKING:
    from camscan.app.request import PreparedScan
    from camscan.app.scan import Watcher
    from camscan.scan.plan import Progress


def make_watcher(*, quiet: bool) -> Watcher:
    """A sentence before the scan and a progress bar if standard error is a terminal; nothing otherwise."""
    is_shown = sys.stderr.isatty() and not quiet
    follow = _show_progress if is_shown else app.scan.watch_nothing
    return app.scan.Watcher(follow=follow, on_stop=_print_stopping, warn=warn)


def _print_stopping() -> None:
    click.echo("\ncamscan: stopping and keeping what was found; press again to stop at once", err=True)


@contextlib.contextmanager
def _show_progress(prepared: PreparedScan) -> Iterator[Callable[[Progress], None]]:
    print_text(_describe_scan(prepared), err=True)
    with progress_bar(prepared.plan.listen_for) as update:
        yield update


def _describe_scan(prepared: PreparedScan) -> str:
    plan = prepared.plan
    if plan.listen_for:
        return f"Listening for {duration_text(plan.listen_for)}; nothing is sent."
    return describe_scan(plan.targets, prepared.pace, prepared.probes, plan.ports)


@contextlib.contextmanager
def progress_bar(listen_for: float) -> Iterator[Callable[[Progress], None]]:
    """A progress bar with counts and the time left; for a passive scan, only with the time."""
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - as above
    from rich.progress import Progress as Bar  # noqa: PLC0415

    columns: list[ProgressColumn] = [TextColumn("listening" if listen_for else "asking"), BarColumn()]
    if not listen_for:
        columns.append(MofNCompleteColumn())
    columns += [
        TextColumn("{task.fields[answered]} answered, {task.fields[alive]} alive,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    ]
    started = time.monotonic()
    with Bar(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("scan", total=listen_for or None, answered=0, alive=0)

        def update_bar(progress: Progress) -> None:
            shown.update(
                task,
                completed=time.monotonic() - started if listen_for else progress.done,
                total=listen_for or progress.total,
                answered=progress.answered,
                alive=progress.alive,
            )

        yield update_bar
