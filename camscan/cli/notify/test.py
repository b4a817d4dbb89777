"""``camscan notify test``: whether alerts arrive."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.cli._words import warn
from camscan.errors import CamscanError
from camscan.output import visible


@click.command("test")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@_options.config
def test(names: tuple[str, ...], config: Path | None) -> int:
    """Send a test message to every recipient in camscan.yaml, or to the NAMEs, and print the results.

    Exit code 0: all were delivered. 1: some were not.
    """
    space = app.workspace.find_workspace(config)
    found = app.alerts.send_test_alerts(space, names)
    for send in found:
        if send.is_sent:
            click.echo(f"{visible(send.recipient)}: {visible(send.detail)}")
        else:
            warn(f"{visible(send.recipient)} got no message: {visible(send.detail)}")
    return 0 if all(send.is_sent for send in found) else CamscanError.exit_code


COMMAND = test
