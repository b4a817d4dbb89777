"""``camscan capture``: ask devices, and write the replies as they arrive."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.cli._bar import make_watcher
from camscan.cli._keep import exit_code
from camscan.cli._signals import take_signals
from camscan.output import check_writable, write_atomically


@click.command("capture")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET…")
@click.option(
    "-o", "--output", default="-", show_default=True, metavar="PATH", help="File to write; '-' is standard output."
)
@_options.pace
@_options.max_pps
@_options.interface
@_options.ask_groups
@_options.confirm_count
@_options.config
@_options.log_options
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def capture(  # noqa: PLR0917 - one per option
    targets: tuple[str, ...],
    output: str,
    pace: str | None,
    max_pps: float | None,
    interface: str | None,
    ask_groups: bool,
    confirm_count: int | None,
    config: Path | None,
    quiet: bool,
) -> int:
    """Ask TARGET like `camscan scan` does, and write every reply as JSON Lines for `camscan identify`.

    Nothing is recorded in the register. The file holds serial numbers and MAC addresses: treat it as you treat the
    register.
    """
    prepared = app.request.prepare_request(
        app.request.Request(
            targets=targets,
            pace=pace or "",
            max_pps=max_pps,
            interface=interface,
            config=config,
            confirm_count=confirm_count,
            ask_groups=ask_groups,
        )
    )
    check_writable(output)
    with take_signals() as interruption:
        report = app.scan.run_scan(prepared, make_watcher(quiet=quiet), interruption).report
        lines = app.scan.captured_lines(report)
        write_atomically(output, lambda stream: stream.writelines(f"{line}\n" for line in lines))
    if not quiet:
        click.echo(f"{len(lines)} replies from {len({attempt.ip for attempt in report.attempts})} addresses", err=True)
    return exit_code(report, interruption.number)


GROUP = "experts"
COMMAND = capture
