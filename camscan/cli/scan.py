"""``camscan scan``: ask an estate, name every device, keep it in the register."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan.cli import _options

if TYPE_CHECKING:
    from camscan.cli._run import Request

PASSIVE_SECONDS = 60.0


@click.command("scan")
@click.argument("targets", nargs=-1, metavar="[TARGET]…")
@click.option("--site", default="", metavar="NAME", help="Site of camscan.yaml: without TARGET, all its networks.")
@_options.register
@click.option("--json", "json_path", metavar="PATH", help="Write the report as JSON; '-' is standard output.")
@click.option("--csv", "csv_path", metavar="PATH", help="Write the devices as CSV; '-' is standard output.")
@_options.pace
@_options.max_pps
@_options.interface
@click.option("--passive", is_flag=True, help="Only listen; send nothing at all.")
@click.option(
    "--listen-for",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help=f"How long to listen with --passive; {PASSIVE_SECONDS:g} by default.",
)
@_options.confirm_count
@_options.overlay
@_options.config
@click.option("-q", "--quiet", is_flag=True, help="For cron: print nothing unless something is wrong or was left out.")
def scan(  # noqa: PLR0917 - one per option
    targets: tuple[str, ...],
    site: str,
    register: Path | None,
    json_path: str | None,
    csv_path: str | None,
    pace: str | None,
    max_pps: float | None,
    interface: str | None,
    passive: bool,
    listen_for: float | None,
    confirm_count: int | None,
    overlay: tuple[Path, ...],
    config: Path | None,
    quiet: bool,
) -> int:
    """Find every camera and recorder at TARGET: addresses, prefixes or ranges of your own estate.

    \b
    camscan scan 10.1.2.0/24
    camscan scan 10.1.2.10-50 10.1.3.7 --csv cameras.csv

    Every device is kept in the register, with the evidence for every claim. What is sent: `camscan probes`.

    \b
    Exit code  0  all of it was scanned
               1  failed; what was in the register is as it was
               2  the request is wrong; nothing was sent
               3  some addresses could not be asked; what was found is kept
               4  another run is writing to the register
             130  interrupted; what was found is kept
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    from camscan.cli._run import Request  # noqa: PLC0415 - keeps --help quick
    from camscan.errors import UsageError  # noqa: PLC0415

    if listen_for is not None and not passive:
        raise UsageError("--listen-for says how long --passive listens; add --passive")
    request = Request(
        targets=targets,
        site=site,
        pace=pace or "",
        max_pps=max_pps,
        interface=interface,
        listen_for=(listen_for or PASSIVE_SECONDS) if passive else 0.0,
        config=config,
        confirm_count=confirm_count,
        overlays=overlay,
        quiet=quiet,
    )
    return run(request, register=register, json_path=json_path, csv_path=csv_path)


def run(request: Request, *, register: Path | None, json_path: str | None, csv_path: str | None) -> int:
    """Scan, record, export, print; the exit code. Everything that can be wrong is found before anything is sent."""
    from camscan.cli import _keep  # noqa: PLC0415
    from camscan.cli._run import interruptible, prepare  # noqa: PLC0415
    from camscan.register import open_register  # noqa: PLC0415

    prepared = prepare(request)
    path = str(register or prepared.config.register or _options.REGISTER)
    files = {name: file for name, file in (("json", json_path), ("csv", csv_path)) if file}
    _keep.check(files, path)
    with open_register(path) as book, interruptible() as interruption:
        report = prepared.run(interruption)
        recorded = _keep.keep(report, book, files)
    _keep.tell(report, recorded, path, quiet=request.quiet or "-" in files.values())
    return _keep.exit_code(report, interruption.number)


COMMAND = scan
