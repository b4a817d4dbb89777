"""What a scan found, for the person who ran it."""

from __future__ import annotations

from collections import Counter

import click

from camscan.cli._table import print_table
from camscan.exports import table
from camscan.model import Completion, Report
from camscan.register import Recorded


def print_report(report: Report, recorded: Recorded, register: str) -> None:
    """The table, the counts by maker, the coverage, and what could not be seen."""
    systems = [device for device in report.devices if device.identification.is_camera_system is not False]
    others = len(report.devices) - len(systems)
    if systems:
        print_table(table.COLUMNS, table.rows(systems))
        click.echo()
    makers = Counter(
        f"{device.identification.maker or 'unknown maker'} ({device.identification.confidence.value})"
        for device in systems
    )
    click.echo(f"{len(systems)} camera systems or unknown devices, {others} other devices")
    for name, count in sorted(makers.items()):
        click.echo(f"  {count:5} {name}")
    covered = report.coverage
    click.echo(
        f"Coverage: {covered.addresses} addresses: {covered.answered} answered, {covered.refused} are there but spoke "
        f"no asked protocol, {covered.silent} silent, {covered.unreachable} unreachable, {covered.not_tried} not tried"
    )
    for note in covered.notes:
        click.echo(f"  not seen: {note}")
    if report.completion is not Completion.COMPLETE:
        click.echo(f"The scan is {report.completion.value}: what was found is kept, run it again for the rest")
    click.echo(
        f"Register {register}: {len(recorded.new)} new, {len(recorded.changed)} changed, "
        f"{len(recorded.returned)} returned; `camscan show ADDRESS` tells why"
    )
    for conflict in recorded.conflicts:
        click.echo(f"  please look: {conflict.detail}")
