"""``camscan collector revoke``: stop trusting a collector."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.output import visible


@click.command("revoke")
@click.argument("name")
@_options.role
@_options.register
@_options.config
def revoke(name: str, role: str | None, register: str | Path | None, config: Path | None) -> None:
    """Refuse a collector from its next request on. What it sent before stays recorded."""
    space = app.workspace.find_workspace(config, register)
    found = app.collectors.find_collector(space, name)
    app.collectors.revoke_collector(space, found.collector, space.role(role))
    click.echo(f"{visible(found.collector.name, 72)} is revoked; nothing more is taken from it")


COMMAND = revoke
