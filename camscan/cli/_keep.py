"""What becomes of a report at the command line: into the register, into files, onto the screen, into an exit code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from camscan.cli import EXIT_PARTIAL
from camscan.cli._judge import tallier
from camscan.cli._summary import print_alarms, print_coverage, print_report
from camscan.config import Config
from camscan.errors import CamscanError, ConfigError, UsageError
from camscan.exports import load
from camscan.model import Completion, Report
from camscan.output import check_writable, write_atomically
from camscan.register import Recorded, Register
from camscan.register.backends import masked

SIGNAL_EXIT = 128
"""A shell's way to say that a signal ended a program: 128 + its number."""


def check(files: Mapping[str, str], register: str) -> None:
    """Raise CamscanError unless every file can be written and none is another's place, or the register's."""
    if list(files.values()).count("-") > 1:
        raise UsageError("only one of --json and --csv can be '-': name a file for the other")
    taken = {Path(register).resolve(): "the register"}
    for name, file in files.items():
        if file == "-":
            continue
        before = taken.setdefault(Path(file).resolve(), f"--{name}")
        if before != f"--{name}":
            raise UsageError(f"--{name} {file}: that is {before}; name another file")
        check_writable(file)


def keep(report: Report, book: Register, files: Mapping[str, str], settings: Config | None = None) -> Recorded:
    """Record and write the files, all that can be: one full disk must not cost what another has room for.

    The site map and the policies of ``settings`` decide where devices are and what is counted for the burn-down.
    Raises the first CamscanError in the end, after the others were said.
    """
    recorded: Recorded | None = None
    troubles: list[CamscanError] = []
    try:
        recorded = _record(report, book, settings)
    except CamscanError as error:
        troubles.append(error)
    troubles += _write(report, files)
    for trouble in troubles[1:]:
        click.echo(f"camscan: {trouble}", err=True)
    if troubles or recorded is None:
        raise troubles[0]
    return recorded


def _record(report: Report, book: Register, settings: Config | None) -> Recorded:
    """Record; a mistake in the policies costs the counts of the burn-down, and not the scan."""
    if settings is None:
        return book.record(report)
    if settings.sites:  # a configuration without any says nothing about the map
        book.remember_sites(settings.places())
    try:
        return book.record(report, tally=tallier(settings), offline_after=settings.offline_after)
    except ConfigError as error:
        click.echo(f"camscan: recorded, but not counted for the burn-down: {error}", err=True)
        return book.record(report, offline_after=settings.offline_after)


def _write(report: Report, files: Mapping[str, str]) -> Iterator[CamscanError]:
    for name, file in files.items():
        export = load()[name]
        try:
            write_atomically(file, lambda stream, export=export: export.write(report, stream))  # type: ignore[misc]
        except CamscanError as error:
            yield error


def tell(report: Report, recorded: Recorded, register: str, *, quiet: bool) -> None:
    """Print the summary; where ``quiet``, only alarms and what is missing from the report, on standard error."""
    if quiet:
        print_alarms(recorded, err=True)
        if report.completion is not Completion.COMPLETE:
            print_coverage(report, err=True)
        return
    with contextlib.suppress(BrokenPipeError):  # `camscan scan … | head` has scanned all the same
        print_report(report, recorded, masked(register))


def exit_code(report: Report, signal_number: int) -> int:
    """The documented exit code of a scan that was recorded."""
    if signal_number:
        return SIGNAL_EXIT + signal_number
    return EXIT_PARTIAL if report.completion is Completion.PARTIAL else 0
