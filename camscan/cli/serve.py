"""``camscan serve``: the register in a browser, on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _later, _options
from camscan.errors import UsageError
from camscan.words import how_to_add

_PORT = 8377


@click.command("serve")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=_PORT, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--read-only", is_flag=True, help="Write nothing at all: for a copied register, or a screen on a wall.")
@click.option("--print-cookie", is_flag=True, help="Also print the Cookie line of a session, for scripts.")
@_options.register
@_options.config
def serve(port: int, read_only: bool, print_cookie: bool, register: str | Path | None, config: Path | None) -> None:
    """Show the register in a browser, for whoever started this: it listens on this machine only. Ctrl-C ends it.

    \b
    camscan serve
    camscan serve --register demo-output/camscan.db

    The address that it prints works once, for five minutes. It never scans, and works while a scan is running.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    space = app.workspace.find_workspace(config, register)
    try:
        server = _later.server
    except ImportError as error:
        raise UsageError(f"the pages need {error.name}: {how_to_add('web')}") from error

    def tell(address: str) -> None:
        click.echo(f"Open {address}\n(works once, for five minutes; Ctrl-C ends camscan serve)")

    server.serve(space, port=port, is_read_only=read_only, tell=tell, tell_cookie=click.echo if print_cookie else None)
    click.echo("Ended.")


GROUP = "tell"
COMMAND = serve
