"""``camscan collector replay``: record parcels that the register has lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.words import count_text


@click.command("replay")
@_options.register
@_options.config
def replay(register: str | Path | None, config: Path | None) -> None:
    """Record again the kept parcels that the register lacks, after it was restored from an older backup."""
    space = app.workspace.find_workspace(config, register)
    found, recorded = app.collectors.replay_parcels(space, datetime.now(UTC))
    click.echo(f"{count_text(found, 'parcel')} not in the register, {recorded:,} recorded now")


COMMAND = replay
