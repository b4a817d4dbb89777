"""Prints interrupted scans, and finds the one that ``--resume`` continues."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app, system
from camscan.cli._words import program_name, warn
from camscan.dataclass import dataclass
from camscan.errors import UsageError
from camscan.output import mask_password, visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.request import PreparedScan, Request
    from camscan.app.resume import Order
    from camscan.scan.journal import InterruptedRun


@dataclass(frozen=True, slots=True)
class Invocation:
    """The options with which camscan was called, to show a command for the same register."""

    register: str = ""
    """The register as the command line named it; empty if it did not."""
    config: Path | None = None
    quiet: bool = False

    def __str__(self) -> str:
        named = [("--register", mask_password(self.register)), ("--config", str(self.config or ""))]
        return " ".join(
            (f"{program_name()} scan", *(f"{option} {system.quote(text)}" for option, text in named if text))
        )


def discard_runs(place: Path, register: str) -> None:
    """Delete every interrupted scan of a register, unless one is in progress, and print how many there were."""
    count = app.resume.remove_journals(place, register)
    if not count:
        click.echo("No interrupted scans")
        return
    click.echo(f"Discarded: {count_text(count, 'interrupted scan')}. What they recorded stays in the register")


def find_only_interrupted(place: Path) -> InterruptedRun:
    """The scan that ``--resume`` alone continues. Raises UsageError if there is none, or several."""
    found = app.resume.list_resumable(place)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError("there is no interrupted scan to continue; name addresses to scan, such as 10.1.2.0/24")
    runs = "; ".join(map(describe_run, found))
    raise UsageError(f"several scans were interrupted: name the targets or the site of one of them ({runs})")


def describe_run(run: InterruptedRun) -> str:
    """Targets and time of a scan: ``10.1.2.0/24 of 23 November 2026, 13:40``."""
    begun = run.head.begun.astimezone()
    return f"{visible(run.head.target_words, 72)} of {begun.day} {begun:%B %Y, %H:%M}"


def announce_interrupted(place: Path, key: str, call: Invocation) -> None:
    """Print one line on standard error about an interrupted scan with this key, which a person starts again."""
    now = datetime.now(UTC)
    found = app.resume.list_unfinished(place)
    for journal in found:
        if journal.head.key == key:
            kept = "" if journal.is_stale(now) else "; --resume would have continued it"
            warn(f"the interrupted scan ({describe_run(journal)}) starts again from the beginning{kept}")
    others = [journal for journal in found if journal.head.key != key]
    if others:
        how = f"discard with `{call} --discard`"
        if not all(journal.is_stale(now) for journal in others):
            how = f"continue with `{call} --resume`, {how}"
        warn(f"interrupted: {'; '.join(map(describe_run, others))}; {how}")


def decide_order(place: Path, prepared: PreparedScan, request: Request, call: Invocation, *, resume: bool) -> Order:
    """Decide whether this scan continues an interrupted one, or starts beside it.

    Raises UsageError if it should continue one, but has other targets.
    """
    is_left = resume and has_same_interrupted(place, prepared.key, request, call)
    if resume and not is_left and not call.quiet:
        warn("no such scan was interrupted; this one starts from the beginning")
    return app.resume.decide_order(place, prepared, request, resume=is_left)


def has_same_interrupted(place: Path, key: str, request: Request, call: Invocation) -> bool:
    """Whether there is an interrupted scan of this key to continue.

    Raises UsageError if the interrupted scans are of something else: then the wrong thing was probably named.
    """
    left, found = app.resume.find_unfinished(place, key, request)
    if left is app.resume.Unfinished.CHANGED:
        raise UsageError(
            f"the interrupted scan ({describe_run(found[0])}) asked something else: camscan.yaml or the options have "
            f"changed since; start again without --resume, or with --discard"
        )
    if left is app.resume.Unfinished.ANOTHER:
        runs = "; ".join(map(describe_run, found))
        raise UsageError(f"the interrupted scan is another one: {runs}; continue it with `{call} --resume`")
    return left is app.resume.Unfinished.SAME
