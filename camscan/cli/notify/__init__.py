"""``camscan notify``: send people messages about changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import Folder, _options
from camscan.cli._words import warn
from camscan.errors import CamscanError
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.alerts import AlertsResult


class _Notify(Folder):
    package = __name__


@click.group("notify", cls=_Notify, invoke_without_command=True)
@click.option("--digest", is_flag=True, help="Send news and progress now, even if they are not due.")
@click.option("-q", "--quiet", is_flag=True, help="Print only what was not sent.")
@_options.register
@_options.config
@click.pass_context
def notify(
    context: click.Context, register: str | Path | None, config: Path | None, *, digest: bool, quiet: bool
) -> int:
    """Send alerts to the recipients in camscan.yaml: alarms and trouble at once, news daily, progress monthly.

    Nothing is repeated within seven days. A message that could not be delivered is tried again by later runs, for
    three days.

    \b
    Exit code  0  everything due was delivered, or nothing was due
               1  some messages were not delivered, or the register cannot be read
               2  camscan.yaml names no recipient, or is wrong
               4  another run is running
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    if context.invoked_subcommand is not None:
        return 0
    space = app.workspace.find_workspace(config, register)
    with app.unattended.lock_runs(space):
        told = app.alerts.send_due_alerts(space, digest=digest)
    if not quiet:
        for send in told.sent:
            if send.is_sent:
                click.echo(f"{visible(send.recipient)}: {send.about}, {visible(send.detail)}")
        if not told.sent:
            click.echo("Nothing is due")
    return _warn_not_sent(told)


def _warn_not_sent(told: AlertsResult) -> int:
    for send in told.failed_sends:
        warn(f"{visible(send.recipient)} got no message ({send.about}): {visible(send.detail)}")
    if told.waiting:
        warn(f"{count_text(told.waiting, 'message')} will be tried again by the next run")
    if told.trouble:
        raise CamscanError(told.trouble)
    return CamscanError.exit_code if told.failed_sends else 0


GROUP = "tell"
COMMAND = notify
