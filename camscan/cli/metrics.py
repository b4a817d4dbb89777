"""``camscan metrics``: counts for a monitoring program."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.output import check_writable


@click.command("metrics")
@click.argument("file", metavar="FILE.prom")
@_options.register
@_options.config
def metrics(file: str, register: str | Path | None, config: Path | None) -> None:
    """Write counts for Prometheus: devices, programme, coverage; no site, address or serial number.

    \b
    camscan metrics /var/lib/prometheus/node-exporter/camscan.prom

    FILE is replaced in one step, so that no program reads half of it; '-' is standard output. It prints nothing if
    all is well.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    space = app.workspace.find_workspace(config, register)
    check_writable(file)
    app.export.export_figures("prometheus", space, file)


GROUP = "unattended"
COMMAND = metrics
