"""``camscan register export``: the register as a spreadsheet."""

from __future__ import annotations

import contextlib
import gc
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from camscan.cli import _options

if TYPE_CHECKING:
    from camscan.asset import Asset
    from camscan.config import Config
    from camscan.sheets import Sheet

_MANY = 5000
"""Devices from which on the start of a second process is worth its while."""


@click.command("export")
@click.argument("file", metavar="FILE.ods|.xlsx|.csv")
@click.option(
    "--view",
    type=click.Choice(["full", "timeline"]),
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
    from camscan import sheets  # noqa: PLC0415 - keeps --help quick
    from camscan.cli import _devices  # noqa: PLC0415
    from camscan.config import find_config  # noqa: PLC0415
    from camscan.output import check_writable, write_bytes_atomically  # noqa: PLC0415
    from camscan.register import open_register  # noqa: PLC0415
    from camscan.sheets.table import VIEWS, ordered  # noqa: PLC0415

    sheet = sheets.of(file)
    if bom and sheet.suffix != ".csv":
        raise click.UsageError(f"--bom is for a CSV; {file} needs none")
    check_writable(file)
    settings = find_config(config)
    with _no_collector():
        with open_register(register or settings.register or _options.REGISTER, readonly=True) as book:
            every = book.devices()
        rows = ordered(_devices.of_site(every, site) if site else every)
        if site and not rows:
            raise click.UsageError(f"the register knows no device at the site {site}")
        parts = _written(rows, every, sheet, settings, view=view, bom=bom)
        write_bytes_atomically(file, lambda stream: _put(stream, parts))
    if file != "-":
        click.echo(f"{file}: {len(rows):,} devices, {len(VIEWS[view])} columns ({view} view)")


def _written(
    rows: Sequence[Asset], every: Sequence[Asset], sheet: Sheet, settings: Config, *, view: str, bom: bool
) -> tuple[bytes, ...]:
    """The whole file; a long CSV by both processors, since nothing is said of the rows together."""
    from camscan.app import assess  # noqa: PLC0415 - keeps --help quick
    from camscan.cli._halves import in_halves  # noqa: PLC0415
    from camscan.policies.companies import load  # noqa: PLC0415
    from camscan.sheets.row import setting  # noqa: PLC0415
    from camscan.sheets.table import table  # noqa: PLC0415

    around = setting(every, load(settings.overlays), assess.today())
    now = datetime.now(UTC)

    def file_of(some: Sequence[Asset], *, bom: bool) -> bytes:
        judged = assess.judged(some, settings)
        made = table(some, judged, around, view=view, organisation=settings.organisation, now=now, bom=bom)
        stream = io.BytesIO()
        sheet.write(made, stream)
        return stream.getvalue()

    def half(some: Sequence[Asset]) -> bytes:
        is_first = some[0] is rows[0]
        written = file_of(some, bom=bom and is_first)
        return written if is_first else written.partition(b"\r\n")[2]  # without a second header

    return in_halves(half, rows) if sheet.suffix == ".csv" and len(rows) >= _MANY else (file_of(rows, bom=bom),)


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
