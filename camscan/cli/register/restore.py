"""``camscan register restore``: a new register from a backup."""

from __future__ import annotations

from pathlib import Path

import click

from camscan.cli import _options


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@_options.register
@_options.config
def restore(file: Path, register: Path | None, config: Path | None) -> None:
    """Fill a new register from FILE, a backup or any register in a file.

    With --register postgresql://… this moves a register to a server; `camscan register backup` brings it back into a
    file. A register that holds anything is never overwritten: move it out of the way first.
    """
    from camscan.config import find_config  # noqa: PLC0415 - keeps --help quick
    from camscan.register import open_register  # noqa: PLC0415

    settings = find_config(config)
    with open_register(register or settings.register or _options.REGISTER) as book:
        book.restore(file)
        sizes = book.sizes()
        click.echo(f"{book.where} holds what {file} held: {sizes['device']:,} devices, {sizes['scan']:,} scans")


COMMAND = restore
