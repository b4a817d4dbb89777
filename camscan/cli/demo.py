"""``camscan demo``: a scan of a simulated estate; nothing leaves this machine."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app, system
from camscan.cli import _options
from camscan.cli._estate import serve_estate
from camscan.cli._unfinished import Invocation
from camscan.cli._words import program_name
from camscan.cli.scan import run_one_scan
from camscan.errors import OutputError
from camscan.output import make_folder

PORTS = {
    "http": (20080,),
    "favicon": (20080,),
    "login401": (20080,),
    "onvif": (20080,),
    "tls": (20443,),
    "rtsp": (20554,),
}
"""Ports of the estate's units in place of ports below 1024, which only a privileged process may open."""


@click.command("demo")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    metavar="DIR",
    help="Directory for the register, the CSV and the JSON.",
)
@click.option(
    "--pace",
    type=_options.OneOf(["gentle", "normal", "fast"]),
    default="normal",
    show_default=True,
    help="How fast to ask; a scan of your own network is gentle by default.",
)
@_options.log_options
def demo(output: Path, pace: str) -> int:
    """Scan a simulated estate of cameras, recorders, look-alikes and hostile units on this machine's loopback.

    The units speak the bytes of real devices; serial numbers and MAC addresses are made up.
    """
    try:
        make_folder(output)
    except OSError as error:
        raise OutputError(f"{output}: cannot be created: {error.strerror}; name another with --output") from error
    with serve_estate() as estate:
        click.echo(
            f"A simulated estate of {estate.size} units is running on {estate.network}; scanning it at {pace} pace."
        )
        request = app.request.Request(targets=[estate.network], pace=pace, ports=PORTS, is_alone=True)
        paths = {"register": output / "camscan.db", "json": output / "report.json", "csv": output / "devices.csv"}
        files = {kind: str(paths[kind]) for kind in ("json", "csv")}
        code = run_one_scan(request, Invocation(str(paths["register"])), files=files)
    click.echo(f"Written: {', '.join(str(path) for path in paths.values())}")
    click.echo(f"The same in a browser: {program_name()} serve --register {system.quote(str(paths['register']))}")
    return code


GROUP = "find"
COMMAND = demo
