"""``camscan parcel``: scans carried from one register to another; one file per command."""

from __future__ import annotations

import click

from camscan.cli import Folder


class _Parcel(Folder):
    package = __name__


@click.group("parcel", cls=_Parcel)
def parcel() -> None:
    """Carry a scan from one register to another in a signed file, without any network between them."""


GROUP = "many"
COMMAND = parcel
