"""``camscan import arp|mac|dhcp …``: one command for each source of ``camscan/ingest/sources``, found by its place."""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import EXIT_PARTIAL, _keep, _later, _options
from camscan.cli._words import print_text, warn
from camscan.output import visible
from camscan.words import count_reason, count_text, verb

if TYPE_CHECKING:
    from camscan.app.elsewhere import Evidence
    from camscan.app.workspace import Workspace
    from camscan.fingerprints import Database
    from camscan.ingest.source import Source
    from camscan.register import ListedDevice, RecordedList

_HELP_WIDTH = 76
"""Columns of a line of help, without its indent."""
_SHOWN = 30
"""Maximum rows of a table that are printed; the register has all."""


def source_names() -> list[str]:
    """The name of every source, from its file name; no source is loaded for that."""
    folder = Path(__file__).parents[1] / "ingest" / "sources"
    return sorted(path.stem.replace("_", "-") for path in folder.glob("*.py") if not path.stem.startswith("_"))


def make_command(name: str) -> click.Command:
    """Make the command of one source."""
    source = _later.sources.load_source(name)
    width = max(len(form.name) for form in source.forms)
    rest = " " * (width + 4)
    forms = "\n".join(
        textwrap.fill(f"  {form.name:{width}}  {form.title}", _HELP_WIDTH, subsequent_indent=rest)
        for form in source.forms
    )

    @click.command(
        name,
        help=f"Show what {source.title} would add to the register; with --apply, add it.\n\n"
        f"camscan recognises the format by itself. It knows these (for --form):\n\n\b\n{forms}\n\n"
        "Exit code 3: some of it could not be read; the rest was used.",
    )
    @click.argument("files", nargs=-1, required=True, metavar="FILE…")
    @click.option(
        "--apply", "is_applied", is_flag=True, help="Write it into the register; without this, only print it."
    )
    @click.option("--site", default="", metavar="NAME", help="The site in camscan.yaml that the addresses belong to.")
    @click.option("--as-of", metavar="TIME", help="When the files were written; by default, their own dates.")
    @click.option("--form", default="", metavar="NAME", help="The format of the files, if it is not recognised.")
    @click.option(
        "--everything", is_flag=True, help="Also enter devices that show no sign of being a camera or recorder."
    )
    @_options.register
    @_options.overlay
    @_options.config
    @click.option("-q", "--quiet", is_flag=True, help="For unattended runs: only print what is new or wrong.")
    def run(  # noqa: PLR0917 - one per option
        files: tuple[str, ...],
        is_applied: bool,
        site: str,
        as_of: str | None,
        form: str,
        everything: bool,
        register: Path | None,
        overlay: tuple[Path, ...],
        config: Path | None,
        quiet: bool,
    ) -> int:
        space = app.workspace.find_workspace(config, register)
        site = space.settings.site(site).name if site else ""  # a register that does not exist is reported now
        database = _later.fingerprints.load_database([*space.settings.overlays, *overlay])
        evidence = read_files(source, files, space, database, form=form, site=site, as_of=as_of, everything=everything)
        return conclude(evidence, space, database, is_applied=is_applied, everything=everything, quiet=quiet)

    return run


def read_files(
    source: Source,
    files: Sequence[str],
    space: Workspace,
    database: Database,
    *,
    form: str,
    site: str,
    as_of: str | None,
    everything: bool,
) -> Evidence:
    """Read the evidence in files; ``-`` is standard input. Raises UsageError if a file cannot be read."""
    now = datetime.now(UTC)
    with _options.explain_values():
        when = app.elsewhere.parse_moment(as_of, now) if as_of else None
        return app.elsewhere.read_evidence(
            *(source, app.elsewhere.open_files(files, when, now, sys.stdin.buffer)),
            form=form,
            site=site,
            database=database,
            started_at=now,
            config=space.settings,
            everything=everything,
        )


def conclude(
    evidence: Evidence, space: Workspace, database: Database, *, is_applied: bool, everything: bool, quiet: bool
) -> int:
    """Enter what a source says, or print what it would change. Returns the exit code."""
    if evidence.source.is_listing:
        entered = _enter_list(evidence, space, database, is_applied=is_applied, everything=everything)
        _print_result(evidence, entered, space, is_applied=is_applied, quiet=quiet)
    else:
        _record_evidence(evidence, space, is_applied=is_applied, quiet=quiet)
    return EXIT_PARTIAL if evidence.problems else 0


def _enter_list(
    evidence: Evidence, space: Workspace, database: Database, *, is_applied: bool, everything: bool
) -> RecordedList:
    if not is_applied:
        return app.elsewhere.rehearse_import(evidence, space, database, everything=everything)
    with space.open() as book:
        return app.elsewhere.enter_evidence(evidence, book, space, database, everything=everything)


def _record_evidence(evidence: Evidence, space: Workspace, *, is_applied: bool, quiet: bool) -> None:
    """Record devices that answered in a file as devices that a scan has heard."""
    if not is_applied:
        would = app.record.rehearse_report(evidence.report, space)
        headline = app.headline.headline_of_workspace(space)
        _keep.print_recorded(evidence.report, would, space.name, headline, quiet=quiet, dry_run=True)
        return
    with space.open() as book:
        recorded = app.record.record_and_write(evidence.report, book, {}, space.settings, warn)
        news = app.scan_news.find_scan_news(book, evidence.report, recorded)
        headline = app.headline.headline_of_register(book, space.settings)
    _keep.print_recorded(evidence.report, recorded, space.name, headline, news, quiet=quiet)


def _print_result(
    evidence: Evidence, entered: RecordedList, space: Workspace, *, is_applied: bool, quiet: bool
) -> None:
    for problem in evidence.problems:
        warn(problem)
    _print_alarm(entered)
    new = [device for device in entered.devices if device.is_new]
    known = [device for device in entered.devices if not device.is_new]
    adding = [device for device in known if device.added]
    if quiet:
        if new:
            print_text(f"{count_text(len(new), 'new device')} in the {evidence.source.noun}", err=True)
        return
    for line in evidence.files:
        print_text(visible(line))
    print_text(
        f"{count_text(evidence.entries, 'entry', 'entries')}: {count_text(len(known), 'known device')}, "
        f"{count_text(len(new), 'new device')}"
    )
    if adding:
        _print_devices("Added to known devices:", adding)
    if new:
        _print_devices("New, and known only from this list: no scan has had an answer from them:", new)
    _print_left_out(evidence, entered)
    verb = "" if is_applied else "would be "
    done = f"Register {space.name}: {verb}{len(new)} new, {len(adding)} updated, {len(known) - len(adding)} unchanged"
    print_text(done if is_applied else f"{done}. Nothing was written to it; --apply writes it.")


def _print_alarm(entered: RecordedList) -> None:
    """Print an alarm for devices that are on the network although their removal was recorded."""
    back = [
        happening for happening in entered.happenings if happening.event is _later.asset.Event.REAPPEARED_AFTER_REMOVAL
    ]
    if back:
        warn(f"ALARM: {count_text(len(back), 'device')} recorded as removed {verb(len(back), 'is', 'are')} still there")
    for happening in back:
        warn(f"{happening.asset_id} {happening.detail}")


def _print_left_out(evidence: Evidence, entered: RecordedList) -> None:
    reasons = Counter(evidence.left_out) + Counter(entered.left_out)
    if reasons:
        print_text(f"Left out: {'; '.join(count_reason(number, why) for why, number in reasons.most_common())}")
    if any("nothing says" in why for why in entered.left_out):
        print_text("--everything enters those too")


def _print_devices(title: str, devices: Sequence[ListedDevice]) -> None:
    click.echo(title)
    rows = [
        (
            _first_text(device.ip_addresses),
            _first_text(device.mac_addresses),
            _describe_device(device),
            _describe_added(device),
        )
        for device in devices
    ]
    _later.table.print_table(("IP", "MAC", "Device", "Added"), rows[:_SHOWN], cut={"Device": 12, "Added": 20})
    if len(rows) > _SHOWN:
        click.echo(f"… and {len(rows) - _SHOWN} more")


def _first_text(texts: Sequence[str]) -> str:
    return f"{texts[0]} +{len(texts) - 1}" if len(texts) > 1 else "".join(texts)


def _describe_device(device: ListedDevice) -> str:
    found = device.after
    maker = app.choice.maker_name(found.maker, "")
    sure = " ?" if found.maker and found.confidence == "possible" else ""
    return visible(" ".join(filter(None, (f"{maker}{sure}", found.model or ""))), 60) or "not known"


def _describe_added(device: ListedDevice) -> str:
    mac = {f"MAC {address}" for address in device.mac_addresses} if device.is_new else set()
    return visible("; ".join(text for text in device.added if text not in mac), 200)
