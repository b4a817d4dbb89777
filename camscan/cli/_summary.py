"""Prints the results of a scan for the person who ran it."""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.asset import Event
from camscan.cli._table import address_order, print_table
from camscan.cli._words import print_text, program_name
from camscan.exports import table
from camscan.headline import is_system, is_unknown
from camscan.identify.channel_count import count_channels
from camscan.model import Completion, Confidence, Device, Report
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.scan_news import ScanNews
    from camscan.headline import Headline
    from camscan.register import Recorded

IMPORTANT = ("IP", "Maker", "Confidence", "Model", "Serial", "Kind", "Firmware", "Brand", "Because")
"""The columns of the table. Those that a narrow window must still show come first."""
CUT = {"Model": 8, "Because": 24}
_CLUES = ("http.title", "http.realm", "http.server", "rtsp.server", "tls.subject_cn", "ssdp.server", "ftp.banner")
"""Facts about a device of unknown maker that may help a person to recognise it."""
_FEW = 3
"""Maximum open ports that are printed for one device."""
_ALSO = {
    Event.MISSED: "missed",
    Event.OFFLINE: "offline",
    Event.MOVED_SITE: "at another site",
    Event.RECORDER_ADDED_CAMERA: "newly listed by recorders",
    Event.RECORDER_DROPPED_CAMERA: "no longer listed by their recorders",
    Event.CONFIRMED_REMOVED: "removals verified",
}
"""Further news about the register, which is printed if there is any."""
_FEW_CONFLICTS = 5
_MOST_UNKNOWN = 50
"""Maximum rows of unknown devices that are printed; the CSV and the register hold all."""


def print_report(
    report: Report, recorded: Recorded, register: str, headline: Headline, *, dry_run: bool = False
) -> None:
    """Print alarms, the camera systems, the unknown devices, the headline, the coverage, and what to do next.

    ``headline`` is that of the register. ``dry_run`` says that nothing was recorded.
    """
    print_alarms(recorded)
    systems = [device for device in report.devices if is_system(device.identification)]
    unknown = [device for device in report.devices if _is_unknown(device)]
    others = [device for device in report.devices if not is_system(device.identification) and not _is_unknown(device)]
    left_out: Sequence[str] = ()
    if systems:
        left_out = print_table(table.COLUMNS, table.table_rows(systems), first=IMPORTANT, cut=CUT)
        click.echo()
    if unknown:
        _print_unknown(unknown)
        click.echo()
    print_headline(headline, report, dry_run=dry_run)
    _print_makers(systems)
    _print_channels(systems)
    if others:
        print_text(f"{count_text(len(others), 'other device')}{_kinds_text(others)}")
    print_coverage(report)
    addresses = [device.ip_addresses for device in systems or report.devices if device.ip_addresses]
    if dry_run:
        would = f"would be {', '.join(_count_lines(recorded))}"
        print_text(f"Register {register}: {would}. Nothing was written to it; --apply writes it.")
    else:
        print_register(min(addresses, key=address_order, default=()), recorded, register)
    if left_out:
        print_text(
            f"Columns left out for lack of room: {', '.join(left_out)}. A wider window, --csv and --json show them."
        )


def print_headline(headline: Headline, report: Report | None = None, *, dry_run: bool = False) -> None:
    """Print the headline of the register, and below it the headline of this scan if it differs."""
    print_text(f"In the register until now: {headline.text}" if dry_run else headline.text)
    if report is None:
        return
    seen = app.headline.headline_of_report(report)
    if (
        replace(seen, sites=headline.sites, without_site=headline.without_site, strangers=headline.strangers)
        != headline
    ):
        print_text(f"This scan found: {replace(seen, strangers=0).counts}")


def print_alarms(recorded: Recorded, *, err: bool = False) -> None:
    """Print what is urgent: removed devices that answer, and subnets that fell silent."""
    back = [happening for happening in recorded.happenings if happening.event is Event.REAPPEARED_AFTER_REMOVAL]
    if back:
        one = len(back) == 1
        title = f"ALARM: {count_text(len(back), 'device')} recorded as removed {'answers' if one else 'answer'} again"
        click.echo(click.style(title, bold=True, fg="red") if _is_coloured(err=err) else title, err=err)
        for happening in back:
            print_text(f"  {happening.asset_id} {visible(happening.detail)}", err=err)
    for happening in recorded.happenings:
        if happening.event is Event.COVERAGE_LOST:
            print_text(f"Coverage lost: {visible(happening.detail)}", err=err)


def print_new(news: ScanNews) -> None:
    """Print a first scan of a place, or new devices, on standard error, if the table is not shown."""
    for sentence in news.sentences():
        print_text(visible(sentence), err=True)


def _is_coloured(*, err: bool) -> bool:
    stream = sys.stderr if err else sys.stdout
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_coverage(report: Report, *, err: bool = False) -> None:
    """Print what was asked and the result, what could not be seen, and whether something remains to be done."""
    covered = report.coverage
    print_text(
        f"Coverage: {count_text(covered.addresses, 'address')}: {covered.answered:,} answered, "
        f"{covered.refused:,} present but spoke none of the protocols asked, {covered.silent:,} silent, "
        f"{covered.unreachable:,} unreachable, {covered.not_tried:,} not tried",
        err=err,
    )
    for note in covered.notes:
        print_text(f"  - {visible(note)}", hang=4, err=err)
    if report.completion is Completion.PARTIAL:
        print_text("The scan is partial: what was found is kept; run it again for the rest", err=err)
    elif report.completion is Completion.INTERRUPTED:
        click.echo("The scan was interrupted: what was found is kept; run it again for the rest", err=err)


def _is_unknown(device: Device) -> bool:
    """Whether a person must look at a device: no maker is named, and it is not plainly a camera or something else."""
    found = device.identification
    if found.maker is not None or found.is_camera_system is True:
        return False
    return is_unknown(found.is_camera_system, found.kind, device.open_ports)


def _print_unknown(devices: Iterable[Device]) -> None:
    ordered = [
        (device.ip_addresses[0] if device.ip_addresses else "", _first_few(device.open_ports), describe_clue(device))
        for device in sorted(devices, key=lambda device: address_order(device.ip_addresses))
    ]
    click.echo("Of unknown maker; please inspect them:")
    print_table(("IP", "Answers on", "Says"), ordered[:_MOST_UNKNOWN], cut={"Says": 24})
    if len(ordered) > _MOST_UNKNOWN:
        click.echo(f"… and {len(ordered) - _MOST_UNKNOWN} more; --csv PATH and `{program_name()} show` list them all")


def _first_few(ports: Sequence[str]) -> str:
    more = len(ports) - _FEW
    return ", ".join(ports[:_FEW]) + (f" +{more}" if more > 0 else "")


def describe_clue(device: Device) -> str:
    """A short line from what the device says about itself that may help a person."""
    said: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for seen in device.observations:
        said[seen.key][seen.value] = None
    found = [f"{key} = {value}" for key in _CLUES for value in said.get(key, ()) if value.strip()]
    return visible("; ".join(found), 72)


def _print_makers(systems: Sequence[Device]) -> None:
    """Print camera systems of every make, because an officer compares them with the cameras on the wall."""
    if not systems:
        click.echo("No camera system of any make was found")
        return
    makers: defaultdict[str, Counter[Confidence]] = defaultdict(Counter)
    for device in systems:
        makers[app.choice.maker_name(device.identification.maker, "unknown maker")][
            device.identification.confidence
        ] += 1
    sure = sum(device.identification.is_camera_system is True for device in systems)
    more = len(systems) - sure
    may_be = f", and {count_text(more)} that may be {'one' if more == 1 else 'camera systems'}" if more else ""
    click.echo(f"{count_text(sure, 'camera system')} of every make in this scan{may_be}:")
    for maker, words in sorted(makers.items(), key=lambda item: (-item[1].total(), item[0])):
        by_word = ", ".join(f"{words[word]} {word.value}" for word in Confidence if words[word])
        click.echo(f"  {words.total():5} {maker} ({by_word})")


def _print_channels(systems: Iterable[Device]) -> None:
    """Print how to read the cameras of recorders, which no scan can see."""
    if any(count_channels(device.identification.kind, device.observations) for device in systems):
        print_text(f"A scan does not see the cameras behind recorders; {program_name()} enrich reads them with a login")


def _kinds_text(devices: Iterable[Device]) -> str:
    kinds = Counter(device.identification.kind or "kind not known" for device in devices)
    return f" ({', '.join(f'{count} {kind}' for kind, count in kinds.most_common())})" if kinds else ""


def _count_lines(recorded: Recorded) -> list[str]:
    told = Counter(happening.event for happening in recorded.happenings)
    also = [f"{told[event]} {word}" for event, word in _ALSO.items() if told[event]]
    counts = [f"{len(recorded.new)} new", f"{len(recorded.changed)} changed", f"{len(recorded.returned)} returned"]
    outdated = len(recorded.outdated)
    return [*counts, *also, *([f"{outdated} left unchanged, because a scan has seen them since"] if outdated else [])]


def print_register(example: Sequence[str], recorded: Recorded, register: str) -> None:
    where = "" if Path(register) == Path(app.workspace.REGISTER) else f" --register {register}"
    print_text(f"Register {register}: {', '.join(_count_lines(recorded))}")
    if recorded.recognised:
        print_text(f"  entered by people, now seen for the first time: {len(recorded.recognised)}")
    for conflict in recorded.conflicts[:_FEW_CONFLICTS]:
        print_text(f"  please check: {visible(app.choice.plain_detail(conflict.detail))}")
    if recorded.conflicts:
        questions = app.review.count_questions(recorded.conflicts)
        print_text(f"Settle {count_text(questions, 'contradiction')}: {program_name()} review{where}")
    if recorded.happenings and len(recorded.new) < recorded.devices:
        print_text(f"What changed: {program_name()} diff{where}")
    if example:
        print_text(f"Why a device was named: {program_name()} show {example[0]}{where}")
