"""``camscan import``: evidence from other tools, for the same register."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from camscan import app
from camscan.cli import Group, _elsewhere, _inventory, _keep, _later, _options, _snmp
from camscan.cli._words import warn
from camscan.cli.register import import_ as sheet
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.workspace import Workspace
    from camscan.model import Report


class Sources(Group):
    """The sources of ``camscan/ingest/sources/``, found by their place, and the other commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted({*super().list_commands(ctx), *_elsewhere.source_names()})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name."""
        found = super().get_command(ctx, name)
        return _elsewhere.make_command(name) if found is None and name in _elsewhere.source_names() else found


@click.group("import", cls=Sources)
def import_() -> None:
    """Add what other tools found to the register."""


@import_.command("nmap")
@click.argument("what", nargs=-1, required=True, metavar="FILE…|TARGET…")
@click.option("--apply", "is_applied", is_flag=True, help="Record it in the register; without this, only print it.")
@click.option("--run", is_flag=True, help="Run nmap gently on each TARGET instead of reading each FILE.")
@click.option("--site", default="", metavar="SITE", help="The site in camscan.yaml that the addresses belong to.")
@_options.register
@click.option("--json", "json_path", metavar="PATH", help="Write the report as JSON; '-' is standard output.")
@_options.confirm_count
@_options.overlay
@_options.config
@_options.log_options
@click.option(
    "-q",
    "--quiet",
    is_flag=True,
    help="For unattended runs: print only what is new, wrong or left out, without the table.",
)
def nmap(  # noqa: PLR0917 - one per option
    what: tuple[str, ...],
    is_applied: bool,
    run: bool,
    site: str,
    register: Path | None,
    json_path: str | None,
    confirm_count: int | None,
    overlay: tuple[Path, ...],
    config: Path | None,
    quiet: bool,
) -> int:
    """Show what nmap's XML (nmap -oX FILE) would add to the register; with --apply, record it as a separate scan.

    \b
    camscan import nmap estate.xml
    camscan import nmap estate.xml --apply
    camscan import nmap --run 10.1.2.0/24 --apply   (runs an installed nmap)

    Exit code 3: a file ends too early; the part that could be read is used.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    space = app.workspace.find_workspace(config, register)
    settings = space.settings
    site = settings.site(site).name if site else ""  # a register that does not exist is reported now
    targets = app.request.targets_in_scope(what, site, settings, confirm_count).targets if run else None
    database = _later.fingerprints.load_database([*settings.overlays, *overlay])
    files = {"json": json_path} if json_path else {}
    _keep.check_files(files, space)
    if targets and not is_applied:
        click.echo(
            f"nmap would ask {count_text(targets.count, 'address')}. Nothing was asked; --apply runs nmap and writes "
            "the result."
        )
        return 0
    documents = app.evidence.run_nmap(targets, settings) if targets else _open(what)  # read only when they are needed
    read = functools.partial(app.evidence.read_nmap, documents, what, site, database)
    report = (_record if is_applied else _preview)(read, space, files, quiet=quiet or json_path == "-")
    return _keep.exit_code(report, 0)


def _preview(read: Callable[[], Report], space: Workspace, files: Mapping[str, str], *, quiet: bool) -> Report:
    """Print what the evidence would change in the register."""
    report = read()
    for name, path in files.items():
        app.export.export_scan(name, report, path)
    would = app.record.rehearse_report(report, space)
    headline = app.headline.headline_of_workspace(space)
    _keep.print_recorded(report, would, space.name, headline, quiet=quiet, dry_run=True)
    return report


def _record(read: Callable[[], Report], space: Workspace, files: Mapping[str, str], *, quiet: bool) -> Report:
    """Record the evidence; the register is locked before nmap asks anybody."""
    with space.open() as book:
        report = read()
        recorded = app.record.record_and_write(report, book, files, space.settings, warn)
        news = app.scan_news.find_scan_news(book, report, recorded)
        headline = app.headline.headline_of_register(book, space.settings)
    _keep.print_recorded(report, recorded, space.name, headline, news, quiet=quiet)
    return report


def _open(files: tuple[str, ...]) -> Iterator[tuple[str, BinaryIO]]:
    with _options.explain_values():
        for file in app.elsewhere.open_files(files, None, datetime.now(UTC), sys.stdin.buffer):
            yield file.name, file.stream


import_.add_command(sheet.COMMAND, "sheet")
import_.add_command(_snmp.COMMAND, "snmp")
import_.add_command(_inventory.COMMAND, "inventory")

GROUP = "find"
COMMAND = import_
