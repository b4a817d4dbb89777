"""``camscan register export``: the register as a spreadsheet."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from pathlib import Path

import click

from camscan.cli import _options


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
    from camscan.cli import _devices, _judge  # noqa: PLC0415
    from camscan.config import find_config  # noqa: PLC0415
    from camscan.fingerprints.ownership import load  # noqa: PLC0415
    from camscan.output import check_writable, write_bytes_atomically  # noqa: PLC0415
    from camscan.register import open_register  # noqa: PLC0415
    from camscan.sheets.row import setting  # noqa: PLC0415
    from camscan.sheets.table import table  # noqa: PLC0415

    gc.disable()  # nothing here is cyclic, and the collector would walk through 20,000 rows again and again
    sheet = sheets.of(file)
    check_writable(file)
    settings = find_config(config)
    with open_register(register or settings.register or _options.REGISTER, readonly=True) as book:
        every = book.devices()
    rows = _devices.of_site(every, site) if site else every
    if site and not rows:
        raise click.UsageError(f"the register knows no device at the site {site}")
    made = table(
        rows,
        _judge.judged(rows, settings),
        setting(every, load(settings.overlays), _judge.today()),
        view=view,
        organisation=settings.organisation,
        now=datetime.now(UTC),
        bom=bom,
    )
    write_bytes_atomically(file, lambda stream: sheet.write(made, stream))
    if file != "-":
        click.echo(f"{file}: {len(rows):,} devices, {len(made.columns)} columns ({view} view)")


COMMAND = export
