"""``camscan notify``: tell people what changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import Folder, _options
from camscan.cli._words import warn
from camscan.errors import CamscanError
from camscan.output import visible
from camscan.words import counted

if TYPE_CHECKING:
    from camscan.app.alerts import Notified


class _Notify(Folder):
    package = __name__


@click.group("notify", cls=_Notify, invoke_without_command=True)
@click.option("--digest", is_flag=True, help="Send news and progress now, whether or not they are due.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what was not sent.")
@_options.register
@_options.config
@click.pass_context
def notify(
    context: click.Context, register: str | Path | None, config: Path | None, *, digest: bool, quiet: bool
) -> int:
    """Tell those whom camscan.yaml names what changed: alarms and trouble at once, news once a day, progress monthly.

    Nothing is told twice within seven days. What nobody takes is tried again by the next run, for three days.

    \b
    Exit code  0  everybody took what was due, or nothing was
               1  some of it was not taken, or the register cannot be read
               2  camscan.yaml names nobody, or is wrong
               4  another run is under way
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    if context.invoked_subcommand is not None:
        return 0
    space = app.workspace.find_workspace(config, register)
    with app.unattended.alone(space):
        told = app.alerts.tell(space, digest=digest)
    if not quiet:
        for each in told.sent:
            if each.is_sent:
                click.echo(f"{visible(each.recipient)}: {each.about}, {visible(each.detail)}")
        if not told.sent:
            click.echo("Nothing is due")
    return _complain(told)


def _complain(told: Notified) -> int:
    for each in told.failed:
        warn(f"{visible(each.recipient)} was not told ({each.about}): {visible(each.detail)}")
    if told.waiting:
        warn(f"{counted(told.waiting, 'message')} will be tried again by the next run")
    if told.trouble:
        raise CamscanError(told.trouble)
    return CamscanError.exit_code if told.failed else 0


GROUP = "tell"
COMMAND = notify
