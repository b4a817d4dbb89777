"""``camscan scan``: ask an estate, name every device, keep it in the register."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan.cli import EXIT_PARTIAL, _options

if TYPE_CHECKING:
    from camscan.cli._run import Request
    from camscan.errors import CamscanError
    from camscan.model import Report
    from camscan.register import Recorded, Register

PASSIVE_SECONDS = 60.0
SIGNAL_EXIT = 128
"""A shell's way to say that a signal ended a program: 128 + its number."""


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
    from camscan.cli._run import interruptible, prepare  # noqa: PLC0415
    from camscan.register import open_register  # noqa: PLC0415

    prepared = prepare(request)
    path = str(register or prepared.config.register or _options.REGISTER)
    files = {name: file for name, file in (("json", json_path), ("csv", csv_path)) if file}
    _check_files(files, path)
    with open_register(path) as book, interruptible() as interruption:
        report = prepared.run(interruption)
        recorded = _keep(report, book, files)
    with contextlib.suppress(BrokenPipeError):  # `camscan scan … | head` has scanned all the same
        _tell(report, recorded, path, request, to_stdout="-" in files.values())
    return exit_code(report, interruption.number)


def _check_files(files: Mapping[str, str], register: str) -> None:
    """Every file can be written and none is another's place."""
    from camscan.errors import UsageError  # noqa: PLC0415
    from camscan.exports import check_writable  # noqa: PLC0415

    if list(files.values()).count("-") > 1:
        raise UsageError("only one of --json and --csv can be '-': name a file for the other")
    taken = {Path(register).resolve(): "the register"}
    for name, file in files.items():
        if file == "-":
            continue
        before = taken.setdefault(Path(file).resolve(), f"--{name}")
        if before != f"--{name}":
            raise UsageError(f"--{name} {file}: that is {before}; name another file")
        check_writable(file)


def _keep(report: Report, book: Register, files: Mapping[str, str]) -> Recorded:
    """Record and write the files, all that can be: one full disk must not cost what another has room for.

    Raises the first CamscanError in the end, after the others were said.
    """
    from camscan.errors import CamscanError  # noqa: PLC0415

    recorded: Recorded | None = None
    troubles: list[CamscanError] = []
    try:
        recorded = book.record(report)
    except CamscanError as error:
        troubles.append(error)
    troubles += _write(report, files)
    for trouble in troubles[1:]:
        click.echo(f"camscan: {trouble}", err=True)
    if troubles or recorded is None:
        raise troubles[0]
    return recorded


def _write(report: Report, files: Mapping[str, str]) -> Iterator[CamscanError]:
    from camscan.errors import CamscanError  # noqa: PLC0415
    from camscan.exports import load, write_atomically  # noqa: PLC0415

    for name, file in files.items():
        export = load()[name]
        try:
            write_atomically(file, lambda stream, export=export: export.write(report, stream))  # type: ignore[misc]
        except CamscanError as error:
            yield error


def _tell(report: Report, recorded: Recorded, register: str, request: Request, *, to_stdout: bool) -> None:
    from camscan.cli._summary import print_coverage, print_report  # noqa: PLC0415
    from camscan.model import Completion  # noqa: PLC0415

    if request.quiet or to_stdout:
        if report.completion is not Completion.COMPLETE:
            print_coverage(report, err=True)
        return
    print_report(report, recorded, register)


def exit_code(report: Report, signal_number: int) -> int:
    """The documented exit code of a scan that was recorded."""
    from camscan.model import Completion  # noqa: PLC0415

    if signal_number:
        return SIGNAL_EXIT + signal_number
    return EXIT_PARTIAL if report.completion is Completion.PARTIAL else 0


COMMAND = scan
