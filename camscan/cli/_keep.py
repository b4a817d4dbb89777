"""Prints a recorded report, and turns it into an exit code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from camscan.cli import EXIT_PARTIAL, _later
from camscan.errors import UsageError
from camscan.output import check_writable, while_somebody_reads

if TYPE_CHECKING:
    from camscan.app.scan_news import ScanNews
    from camscan.app.workspace import Workspace
    from camscan.headline import Headline
    from camscan.model import Report
    from camscan.register import Recorded

SIGNAL_EXIT = 128
"""A shell's exit code for a program that a signal ended: 128 + the signal's number."""


def check_files(files: Mapping[str, str], space: Workspace) -> None:
    """Raise CamscanError unless every file can be written, and none is named twice or is a file of camscan itself."""
    if list(files.values()).count("-") > 1:
        raise UsageError("--json and --csv cannot both be '-': name a file for one of them")
    taken = {Path(space.where).resolve(): "the register"}
    for name, file in files.items():
        if file == "-":
            check_writable(file)
            continue
        check_writable(file)
        before = taken.setdefault(Path(file).resolve(), f"--{name}")
        if before != f"--{name}":
            raise UsageError(f"--{name} {file}: that is {before}; name another file")
        space.refuse_own(file)


def print_recorded(
    report: Report,
    recorded: Recorded,
    register: str,
    headline: Headline,
    news: ScanNews | None = None,
    *,
    quiet: bool,
    dry_run: bool = False,
) -> None:
    """Print the summary; with ``quiet``, only alarms, new and missing devices, on standard error.

    ``register`` is its name as it may be printed, ``headline`` the headline of the whole register.
    """
    if quiet:
        _later.summary.print_alarms(recorded, err=True)
        if news:
            _later.summary.print_new(news)
        if report.completion is not _later.model.Completion.COMPLETE:
            _later.summary.print_coverage(report, err=True)
        return
    with while_somebody_reads():
        _later.summary.print_report(report, recorded, register, headline, dry_run=dry_run)


def exit_code(report: Report, signal_number: int) -> int:
    """The documented exit code of a scan that was recorded."""
    if signal_number:
        return SIGNAL_EXIT + signal_number
    return EXIT_PARTIAL if report.completion is _later.model.Completion.PARTIAL else 0
