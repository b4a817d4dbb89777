"""``camscan capture``: ask, and write the replies as they came off the wire."""

from __future__ import annotations

from pathlib import Path

import click

from camscan.cli import EXIT_PARTIAL


@click.command("capture")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET…")
@click.option("-o", "--output", default="-", show_default=True, help="File to write; '-' is standard output.")
@click.option("--pace", type=click.Choice(["gentle", "normal", "fast"]), help="How fast to ask; gentle by default.")
@click.option("--interface", help="Interface for multicast and the ARP sweep.")
@click.option("--config", type=click.Path(path_type=Path), help="camscan.yaml to use.")
def capture(targets: tuple[str, ...], output: str, pace: str | None, interface: str | None, config: Path | None) -> int:
    """Ask TARGET like `camscan scan` does, and write every reply as JSON Lines for `camscan identify`.

    The file holds serial numbers and MAC addresses: treat it as you treat the register.
    """
    from camscan.cli._run import Request, prepare  # noqa: PLC0415 - keeps --help quick
    from camscan.exports import check_writable, write_atomically  # noqa: PLC0415
    from camscan.ingest import captures  # noqa: PLC0415
    from camscan.model import Completion  # noqa: PLC0415

    prepared = prepare(Request(targets=targets, pace=pace or "", interface=interface, config=config))
    check_writable(output)
    report, signal_number = prepared.run()
    lines = list(captures.write(report.attempts))
    write_atomically(output, lambda stream: stream.writelines(f"{line}\n" for line in lines))
    click.echo(f"{len(lines)} replies from {report.coverage.answered} addresses", err=True)
    if signal_number:
        return 128 + signal_number
    return EXIT_PARTIAL if report.completion is Completion.PARTIAL else 0


COMMAND = capture
