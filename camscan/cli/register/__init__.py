"""``camscan register``: the register as a whole; one file per command."""

from __future__ import annotations

import click

from camscan.cli import Folder


class _Register(Folder):
    package = __name__


@click.group("register", cls=_Register)
def register() -> None:
    """Look after the register: back it up, check it, take it to a spreadsheet and back."""


GROUP = "register"
COMMAND = register
