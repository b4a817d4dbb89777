"""``camscan register export``: the register as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import click

from camscan import app, sheets
from camscan.cli import _options
from camscan.cli._words import print_text
from camscan.errors import UsageError
from camscan.output import check_writable, is_taken, write_bytes_atomically
from camscan.register.uncollected import pause_collector
from camscan.words import count_text


@click.command("export")
@click.argument("file", metavar="FILE.ods|.xlsx|.csv")
@click.option(
    "--view",
    type=_options.OneOf(["short", "full", "timeline", "costs"]),
    default="short",
    help="short: what is in scope, to be printed; full: every device and column; timeline: the removal plan; "
    "costs: what it costs, without addresses. short by default.",
)
@click.option("--full", "is_full", is_flag=True, help="Short for --view full.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option("--site", metavar="SITE", help="Only the devices at this site.")
@click.option("--bom", is_flag=True, help="For a CSV: begin with a byte order mark, so that Excel reads it as UTF-8.")
@_options.register
@_options.config
def export(  # noqa: PLR0917 - one per option
    file: str,
    view: str,
    is_full: bool,
    force: bool,
    site: str | None,
    bom: bool,
    register: str | None,
    config: Path | None,
) -> None:
    """Write the register to a spreadsheet: .ods, .xlsx or .csv, by the ending of FILE; '-' is CSV on standard output.

    \b
    camscan register export register-OFFICIAL-SENSITIVE.ods
    camscan register export --full everything-OFFICIAL-SENSITIVE.ods

    A workbook is laid out for printing: A4 landscape, fifteen columns, totals, and the costs by financial year. The
    columns that people may edit are marked; `camscan register import` takes the edits of any view back. An existing
    file is not replaced without --force. Treat the file as sensitive: it says where your security equipment is.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    sheet = sheets.format_of_file(file)
    if bom and sheet.suffix != ".csv":
        raise click.UsageError(f"--bom is for a CSV file; {file} does not need it")
    view = "full" if is_full else view
    if file != "-" and not force and is_taken(file):
        raise UsageError(f"{file}: exists already; name another file, or add --force to replace it")
    check_writable(file)
    space = app.workspace.find_workspace(config, register)
    space.refuse_own(file)
    with pause_collector(), _options.explain_values():
        app.by_site.list_first(space)
        with space.open(readonly=True) as book:
            found = app.by_site.read_by_site(book, space.settings, site=site)
            made = app.spreadsheet.RegisterSheet(found, space.settings, view)
            write_bytes_atomically(file, lambda stream: _write_parts(stream, made.pieces(sheet, bom=bom)))
    if file != "-":
        left = "" if made.rows == made.every or site else f"; --full writes all {count_text(made.every)}"
        what = made.scope if view == "short" else count_text(made.rows)
        print_text(f"{file}: {what}, {app.spreadsheet.count_columns(view)} columns ({view} view){left}")


def _write_parts(stream: BinaryIO, parts: Iterable[bytes]) -> None:
    for part in parts:  # noqa: FURB122 - what stands in for standard output need not see writelines
        stream.write(part)


COMMAND = export
