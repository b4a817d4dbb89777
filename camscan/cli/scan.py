"""``camscan scan``: ask an estate, name every device, keep it in the register."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan.cli import EXIT_PARTIAL

if TYPE_CHECKING:
    from camscan.cli._run import Request
    from camscan.model import Report

PASSIVE_SECONDS = 60.0
SIGNAL_EXIT = 128
"""A shell's way to say that a signal ended a program: 128 + its number."""


@click.command("scan")
@click.argument("targets", nargs=-1, metavar="[TARGET]…")
@click.option("--site", default="", help="Site of camscan.yaml: its networks are scanned where no TARGET is given.")
@click.option("--register", "register", type=click.Path(path_type=Path), help="The register; ./camscan.db by default.")
@click.option("--json", "json_path", metavar="PATH", help="Write the report as JSON; '-' is standard output.")
@click.option("--csv", "csv_path", metavar="PATH", help="Write the devices as CSV; '-' is standard output.")
@click.option("--pace", type=click.Choice(["gentle", "normal", "fast"]), help="How fast to ask; gentle by default.")
@click.option("--max-pps", type=click.FloatRange(min=1), help="Never send more packets per second than this.")
@click.option(
    "--interface", help="Interface for multicast and the ARP sweep; by default, those of the targets' subnets."
)
@click.option("--passive", is_flag=True, help="Only listen; send nothing at all.")
@click.option(
    "--listen-for",
    type=click.FloatRange(min=1),
    default=PASSIVE_SECONDS,
    show_default=True,
    help="Seconds to listen with --passive.",
)
@click.option(
    "--confirm-count", type=int, metavar="N", help="Confirm that a large scan of exactly N addresses is meant."
)
@click.option("--overlay", multiple=True, type=click.Path(path_type=Path), help="Directory of your own fingerprints.")
@click.option("--config", type=click.Path(path_type=Path), help="camscan.yaml to use.")
@click.option("-q", "--quiet", is_flag=True, help="Print no table and no summary; errors still appear.")
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
    listen_for: float,
    confirm_count: int | None,
    overlay: tuple[Path, ...],
    config: Path | None,
    quiet: bool,
) -> int:
    """Find every camera and recorder at TARGET: addresses, prefixes or ranges of your own estate.

    \b
    camscan scan 10.1.2.0/24
    camscan scan 10.1.2.10-50 10.1.3.7 --csv cameras.csv

    Devices are kept in the register, with the evidence for every claim. Exit code 0: all of the scope was scanned;
    3: some of it could not be reached; 1: failed, the register is as it was; 2: the request is wrong; 4: another
    scan holds the register; 130: interrupted, what was found is kept.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    from camscan.cli._run import Request  # noqa: PLC0415 - keeps --help quick

    request = Request(
        targets=targets,
        site=site,
        pace=pace or "",
        max_pps=max_pps,
        interface=interface,
        listen_for=listen_for if passive else 0.0,
        config=config,
        confirm_count=confirm_count,
        overlays=overlay,
    )
    return run(request, register=register, json_path=json_path, csv_path=csv_path, quiet=quiet)


def run(
    request: Request, *, register: Path | None, json_path: str | None, csv_path: str | None, quiet: bool = False
) -> int:
    """Scan, record, export, print; the exit code. Everything that can be wrong is found before anything is sent."""
    from camscan.cli._run import prepare  # noqa: PLC0415
    from camscan.exports import check_writable, load, write_atomically  # noqa: PLC0415
    from camscan.register import open_register  # noqa: PLC0415

    prepared = prepare(request)
    files = {name: path for name, path in (("json", json_path), ("csv", csv_path)) if path}
    if list(files.values()).count("-") > 1:
        raise click.UsageError("only one of --json and --csv can be '-'")
    for path in files.values():
        check_writable(path)
    with open_register(register or prepared.config.register or "camscan.db") as book:
        report, signal_number = prepared.run()
        recorded = book.record(report)
    for name, path in files.items():
        write_atomically(path, lambda stream, name=name: load()[name].write(report, stream))  # type: ignore[misc]
    if not quiet and "-" not in files.values():
        from camscan.cli._summary import print_report  # noqa: PLC0415

        print_report(report, recorded, str(book.path))
    return exit_code(report, signal_number)


def exit_code(report: Report, signal_number: int) -> int:
    """The documented exit code of a scan that was recorded."""
    from camscan.model import Completion  # noqa: PLC0415

    if signal_number:
        return SIGNAL_EXIT + signal_number
    return EXIT_PARTIAL if report.completion is Completion.PARTIAL else 0


COMMAND = scan
