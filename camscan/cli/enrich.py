"""``camscan enrich``: log in to devices of the register, and record what they say about themselves."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from camscan import app
from camscan.cli import _keep, _later, _options
from camscan.cli._signals import like_ctrl_c
from camscan.cli._words import warn


@click.command("enrich")
@click.argument("devices", nargs=-1, metavar="[DEVICE]…")
@click.option("--site", metavar="SITE", help="All devices of this site that the credential covers.")
@click.option(
    "--credential", "name", required=True, metavar="NAME", help="The entry under credentials in camscan.yaml."
)
@click.option("--allow-unverified-tls", is_flag=True, help="Log in even if a certificate cannot be verified.")
@_options.register
@_options.pace
@click.option("--json", "json_path", metavar="PATH", help="Write the report as JSON; '-' is standard output.")
@_options.config
@_options.log_options
@click.option(
    "-q",
    "--quiet",
    is_flag=True,
    help="For unattended runs: print only what is new or wrong, without table and summary.",
)
def enrich(  # noqa: PLR0917 - one per option
    devices: tuple[str, ...],
    site: str | None,
    name: str,
    allow_unverified_tls: bool,
    register: Path | None,
    pace: str | None,
    json_path: str | None,
    config: Path | None,
    quiet: bool,
) -> int:
    """Log in to devices in the register and ask what they are; ask recorders for their channels too.

    \b
    camscan enrich 10.1.20.5 --credential recorders
    camscan enrich --site "Town Hall" --credential recorders

    A device is named by its asset number, council tag, serial number (or its end), MAC or IP address. camscan only
    reads. A device that refuses the login is not asked again in this run: most lock an account, or this machine's
    address, after five to seven wrong tries. Exit code 3: not every device answered.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    space = app.workspace.find_workspace(config, register)
    prepared = app.enrich.prepare_enrichment(space, name)
    files = {"json": json_path} if json_path else {}
    _keep.check_files(files, space)
    with like_ctrl_c() as signals:
        report, recorded = app.enrich.enrich_devices(
            prepared,
            devices,
            site,
            pace=pace,
            allow_unverified_tls=allow_unverified_tls,
            files=files,
            warn=warn,
        )
    with space.open(readonly=True) as book:
        headline = app.headline.headline_of_register(book, space.settings)
    _later.logins.print_logins(report, recorded, space.name, headline, quiet=quiet or json_path == "-")
    number = signals[0] if signals else signal.SIGINT
    return _keep.exit_code(report, number if report.completion is _later.model.Completion.INTERRUPTED else 0)


GROUP = "find"
COMMAND = enrich
