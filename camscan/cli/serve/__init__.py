"""``camscan serve``: the register in a browser, on this machine, or for people who sign in."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import Folder, _later, _options
from camscan.errors import UsageError
from camscan.words import how_to_add

_PORT = 8377


class _Serve(Folder):
    package = __name__


@click.group("serve", cls=_Serve, invoke_without_command=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    show_default=True,
    metavar="N",
    help="Port; 0 takes a free one.",
)
@click.option(
    "--listen",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="The address to listen on; any other than 127.0.0.1 needs web: in camscan.yaml, so that people sign in.",
)
@click.option("--local", is_flag=True, help="Only for the person who starts it, even if camscan.yaml has web:.")
@click.option(
    "--read-only",
    is_flag=True,
    help="Only show the register, and take no entries: for a copied register, or a screen on a wall.",
)
@click.option("--print-cookie", is_flag=True, help="Also print the Cookie line of a session, for scripts.")
@_options.register
@_options.config
@click.pass_context
def serve(
    context: click.Context,
    port: int,
    listen: str,
    register: str | Path | None,
    config: Path | None,
    *,
    local: bool,
    read_only: bool,
    print_cookie: bool,
) -> None:
    """Show the register in a browser, on this machine only, for the person who starts it. Ctrl-C ends it.

    \b
    camscan serve
    camscan serve --register demo-output/camscan.db

    The address that it prints works once, for five minutes. It never scans, and works while a scan is running. With
    web: in camscan.yaml, people sign in (docs/web-admin.md).
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    if context.invoked_subcommand is not None:
        return
    space = app.workspace.find_workspace(config, register)
    try:
        server = _later.server
    except ImportError as error:
        raise UsageError(f"the pages need {error.name}: {how_to_add('web')}") from error
    is_shared = space.settings.web.is_shared and not local

    def print_address(address: str) -> None:
        if is_shared:
            click.echo(f"The pages are at {address} (Ctrl-C ends camscan serve)")
        else:
            click.echo(f"Open {address}\n(works once, for five minutes; Ctrl-C ends camscan serve)")

    server.serve(
        space,
        server.setting_of(port=port, host=listen, is_read_only=read_only, is_local=local),
        tell=print_address,
        tell_cookie=click.echo if print_cookie else None,
    )
    click.echo("Ended.")


GROUP = "tell"
COMMAND = serve
