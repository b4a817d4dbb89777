"""``camscan collect``: this machine scans a site for a centre elsewhere; one file per command."""

from __future__ import annotations

import click

from camscan.cli import Folder


class _Collect(Folder):
    package = __name__


@click.group("collect", cls=_Collect)
def collect() -> None:
    """Scan this site for a centre elsewhere: what collector.yaml allows, and nothing else."""


GROUP = "many"
COMMAND = collect
