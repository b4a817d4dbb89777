"""``camscan collector``: the collectors whose parcels this register takes; one file per command."""

from __future__ import annotations

import click

from camscan.cli import Folder


class _Collector(Folder):
    package = __name__


@click.group("collector", cls=_Collector)
def collector() -> None:
    """Look after collectors: the machines at other sites that scan there and send what they find to this register."""


GROUP = "many"
COMMAND = collector
