"""``camscan parcel import``: a signed scan into the register."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import _later, _options
from camscan.cli._words import print_text, warn
from camscan.cli.parcel import _say
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.parcel import Approval, ParcelResult
    from camscan.app.workspace import Workspace


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--trust-once", is_flag=True, help="Trust FILE this once, whoever signed it: for scripts.")
@_say.sites
@_say.networks
@_options.role
@_options.register
@_options.config
def import_(  # noqa: PLR0917 - one per option
    file: Path,
    trust_once: bool,
    sites: tuple[str, ...],
    texts: tuple[str, ...],
    role: str | None,
    register: str | Path | None,
    config: Path | None,
) -> int:
    """Take a scan that another camscan made into the register, as if it had been run here.

    A key that is not known is shown as six words, and you are asked once whether you trust it. What the key may not
    speak for is left out. FILE may be imported again: that changes nothing.
    """
    space = app.workspace.find_workspace(config, register)
    parcel = app.parcel.open_parcel(file, space)
    once: Approval | None = None
    if trust_once:
        once = app.parcel.propose_approval(parcel, space.settings, sites, _say.networks_of(texts))
    elif not app.parcel.is_trusted(parcel):
        given = app.parcel.propose_approval(parcel, space.settings, sites, _say.networks_of(texts))
        if not _say.ask_for_trust(parcel, given):
            click.echo("Not trusted; nothing was recorded", err=True)
            return 1
        parcel = _say.approve_key(parcel, space, given, role)
    brought = app.parcel.record_parcel(parcel, space, app.parcel.decide_limits(parcel, space.settings, once), warn)
    _print_result(brought, space)
    return 0


def _print_result(brought: ParcelResult, space: Workspace) -> None:
    """Print the result in a few lines."""
    report, recorded = brought.report, brought.recorded
    when = space.settings.clock(report.finished_at)
    if recorded is None:
        click.echo(f"Scan {report.scan_id} of {when:%d %B %Y} is in the register already; nothing was changed")
        return
    site = f" of {visible(report.site, 72)}" if report.site else ""
    print_text(f"Recorded: the scan{site} of {when:%d %B %Y, %H:%M} ({report.completion})")
    print_text(
        f"{count_text(recorded.devices, 'device')}: {len(recorded.new):,} new, {len(recorded.changed):,} changed"
    )
    if brought.is_late:
        print_text(
            "It is older than a recorded scan of the same addresses: evidence and history were added, "
            "presence is unchanged"
        )
    confined, content = brought.confined, brought.content
    if confined.outside or confined.dropped:
        asked, replies = count_text(confined.outside, "asked address"), count_text(confined.dropped, "reply", "replies")
        print_text(f"Left out, because its key may not speak for it: {asked}, {replies}")
    if content.unread or content.mistimed:
        print_text(f"Left out: {content.unread:,} replies of unknown protocols, {content.mistimed:,} with a wrong time")
    _later.summary.print_alarms(recorded)


COMMAND = import_
