"""``camscan report``: the state of the programme, for people who do not have camscan."""

from __future__ import annotations

import gc
from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.errors import UsageError
from camscan.output import check_writable, is_taken
from camscan.words import count_text


@click.command("report")
@click.argument("file", metavar="FILE.html|.ods")
@click.option(
    "--level",
    type=_options.OneOf(["full", "summary"]),
    default="full",
    help="full: everything; summary: nothing that identifies a device or its place. The default is full.",
)
@click.option(
    "--on",
    metavar="DATE",
    help="The day that dates are compared with; today by default. Entries are always the present ones.",
)
@click.option("--devices", is_flag=True, help="List every device in a page, even if there are more than 5,000.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@_options.register
@_options.config
def report(  # noqa: PLR0917 - one per option
    file: str,
    level: str,
    on: str | None,
    devices: bool,
    force: bool,
    register: str | Path | None,
    config: Path | None,
) -> None:
    """Write the progress report: one self-contained page, or a spreadsheet, by the ending of FILE.

    \b
    camscan report report-OFFICIAL-SENSITIVE.html
    camscan report appendix.html --level summary

    The page opens in any browser and prints; it has no script and loads nothing from the network. An existing file is
    not replaced without --force. Treat a full report as sensitive: it says where your security equipment is.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    app.report_form.form_suffix(file)
    if file != "-" and not force and is_taken(file):
        raise UsageError(f"{file}: exists already; name another file, or add --force to replace it")
    check_writable(file)
    gc.disable()  # objects here have no cycles, and the collector would walk through 20,000 rows again and again
    space = app.workspace.find_workspace(config, register)
    with _options.explain_values():
        found = app.report.write_report(space, file, app.report.Level(level), on=on, devices=devices)
    if file != "-":
        left = "; the list of devices is left out: add --devices, or write a FILE.ods" if found.left_out else ""
        click.echo(f"{file}: {level} report, {count_text(found.devices)} in scope{left}")


GROUP = "tell"
COMMAND = report
