"""``camscan register export``: the register as a spreadsheet."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import click

from camscan import app, sheets
from camscan.cli import _options
from camscan.output import check_writable, write_bytes_atomically


@click.command("export")
@click.argument("file", metavar="FILE.ods|.xlsx|.csv")
@click.option(
    "--view",
    type=_options.OneOf(["full", "timeline"]),
    default="full",
    help="Every column, or those of the removal plan; full by default.",
)
@click.option("--site", metavar="SITE", help="Only the devices of this site.")
@click.option("--bom", is_flag=True, help="Of a CSV: begin it so that Excel takes it for UTF-8.")
@_options.register
@_options.config
def export(  # noqa: PLR0917 - one per option
    file: str, view: str, site: str | None, bom: bool, register: str | None, config: Path | None
) -> None:
    """Write the register to a spreadsheet: .ods, .xlsx or .csv, by the ending of FILE; '-' is CSV on standard output.

    \b
    camscan register export register-OFFICIAL-SENSITIVE.ods
    camscan register export --view timeline plan.xlsx

    The columns that people may edit are marked; `camscan register import` takes the edits back. Treat the file as
    sensitive: it says where your security equipment is.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    sheet = sheets.of(file)
    if bom and sheet.suffix != ".csv":
        raise click.UsageError(f"--bom is for a CSV; {file} needs none")
    check_writable(file)
    space = app.workspace.find_workspace(config, register)
    with _no_collector():
        with _options.explained(), space.open(readonly=True) as book:
            rows, every = app.spreadsheet.rows_of(book, site)
        parts = app.spreadsheet.written(rows, every, sheet, space.settings, view=view, bom=bom)
        write_bytes_atomically(file, lambda stream: _put(stream, parts))
    if file != "-":
        click.echo(f"{file}: {len(rows):,} devices, {app.spreadsheet.columns_of(view)} columns ({view} view)")


def _put(stream: BinaryIO, parts: Sequence[bytes]) -> None:
    for part in parts:  # noqa: FURB122 - what stands in for standard output need not see writelines
        stream.write(part)


@contextlib.contextmanager
def _no_collector() -> Iterator[None]:
    """Nothing here is cyclic, and the collector would walk through 20,000 rows again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


COMMAND = export
