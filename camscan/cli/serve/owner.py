"""``camscan serve owner``: give a person who has signed in the rights of an owner, who can let others in."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options


@click.command("owner")
@click.argument("code")
@_options.role
@_options.register
@_options.config
def owner(code: str, role: str | None, register: str | Path | None, config: Path | None) -> None:
    """Make the account with this CODE an owner: the first owner, or a new one if none is left.

    The pages show the code to a person who signs in without a role.

    \b
    camscan serve owner K7QX-M2PD --role "Head of ICT"

    Owners give others their roles on the page People.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    space = app.workspace.find_workspace(config, register)
    found = app.people.make_owner(space, code, role)
    click.echo(f"Account {found} is an owner now; sign in again.")


COMMAND = owner
