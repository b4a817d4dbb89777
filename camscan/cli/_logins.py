"""Prints the results of logging in to devices."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.asset import Event
from camscan.cli._summary import CUT, IMPORTANT, print_alarms, print_headline, print_register
from camscan.cli._table import print_table
from camscan.cli._words import print_text, program_name
from camscan.exports import table
from camscan.model import Completion, Report
from camscan.output import visible, while_somebody_reads
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.headline import Headline
    from camscan.register import Recorded

_NEWS = {
    Event.RECORDER_ADDED_CAMERA: "newly listed by recorders",
    Event.RECORDER_DROPPED_CAMERA: "no longer listed by their recorders",
}
_REPEAT = (
    "Do not run it again with the same credential: after five wrong logins most devices lock the user, or this "
    "machine's address, for half an hour."
    " First log in to one of them with a browser, to check the user and the password."
)


def print_logins(report: Report, recorded: Recorded, register: str, headline: Headline, *, quiet: bool) -> None:
    """Print the devices that answered, the result of each other device, and what to do.

    ``quiet``: only news and errors.
    """
    print_alarms(recorded, err=quiet)
    is_whole = report.completion is Completion.COMPLETE
    with while_somebody_reads():
        if quiet:
            _print_news(recorded)
        if quiet and is_whole:
            return
        if report.devices and not quiet:
            print_table(table.COLUMNS, table.table_rows(report.devices), first=IMPORTANT, cut=CUT)
            click.echo()
        _print_outcome(report, err=quiet)
        if not quiet:
            print_headline(headline)
            addresses = [device.ip_addresses for device in report.devices if device.ip_addresses]
            print_register(min(addresses, default=()), recorded, register)


def _print_news(recorded: Recorded) -> None:
    """Print what recorders list and the register did not know, and contradictions, if the table is not shown."""
    kinds = Counter(happening.event for happening in recorded.happenings)
    for event, words in _NEWS.items():
        if kinds[event]:
            print_text(f"{count_text(kinds[event], 'camera')} {words}", err=True)
    if recorded.conflicts:
        questions = app.review.count_questions(recorded.conflicts)
        print_text(f"{count_text(questions, 'contradiction')} to settle: {program_name()} review", err=True)


def _print_outcome(report: Report, *, err: bool) -> None:
    covered = report.coverage
    others = (
        (covered.refused, "refused the login"),
        (covered.silent, "did not let camscan ask"),
        (covered.not_tried, "not tried"),
    )
    told = ", ".join(f"{number:,} {what}" for number, what in others if number)
    click.echo(
        f"Logged in to {covered.answered:,} of {count_text(covered.addresses)}" + (f"; {told}" if told else ""), err=err
    )
    for note in covered.notes:
        click.echo(f"  - {visible(note)}", err=err)
    if covered.refused:
        click.echo(_REPEAT, err=err)
    if report.completion is Completion.INTERRUPTED:
        click.echo("It was interrupted; answers until then are kept", err=err)
    elif covered.addresses > covered.answered:
        click.echo("The register's entries for the others are unchanged", err=err)
