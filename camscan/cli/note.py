"""``camscan note``: a line in the notes of a device."""

from __future__ import annotations

from pathlib import Path

import click

from camscan.cli import _options


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
    from camscan.cli import _devices  # noqa: PLC0415 - keeps --help quick
    from camscan.config import find_config  # noqa: PLC0415
    from camscan.register import open_register  # noqa: PLC0415

    if not text.strip():
        raise click.UsageError("the note is empty")
    settings = find_config(config)
    acting = _devices.role_of(role, settings)
    line = f"{_devices.day(None).isoformat()} {acting}: {text.strip()}"
    with open_register(register or settings.register or _options.REGISTER, editing=True, create=False) as book:
        row = _devices.one(book, device)
        book.append(row.asset_id, "notes", line, role=acting, how="camscan note")
    click.echo(f"{_devices.described(row)}: noted: {line}")


COMMAND = note
