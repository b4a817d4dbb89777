"""``camscan note``: add a line to the notes of a device."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.cli._words import print_text


@click.command("note")
@click.argument("device", metavar="DEVICE")
@click.argument("text", metavar="TEXT")
@_options.role
@_options.register
@_options.config
def note(device: str, text: str, role: str | None, register: str | None, config: Path | None) -> None:
    """Add a line to the notes of a device, with today's date and your role before it.

    \b
    camscan note 10.1.20.5 "ladder needed; caretaker has the key"
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    acting = app.edit.EntryContext(role, register=register, config=config, how="camscan note")
    with _options.explain_values():
        row, line = app.edit.enter_note(device, text, acting)
    print_text(f"{app.devices.describe_briefly(row)}: noted: {line}")


GROUP = "register"
COMMAND = note
