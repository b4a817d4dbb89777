"""``camscan register check``: is the register sound?"""

from __future__ import annotations

from pathlib import Path

import click

from camscan.cli import _options


@click.command("check")
@_options.register
@_options.config
def check(register: Path | None, config: Path | None) -> int:
    """Read all of the register and print whatever is wrong with it.

    Looks at the file itself, at every reference between its tables, at everything stored, and at counts and entries
    that two tables tell. Changes nothing. Exit code 1 where something is wrong: restore a backup then.
    """
    from camscan.config import find_config  # noqa: PLC0415 - keeps --help quick
    from camscan.output import visible  # noqa: PLC0415
    from camscan.register import open_register  # noqa: PLC0415

    settings = find_config(config)
    with open_register(register or settings.register or _options.REGISTER, readonly=True) as book:
        findings = book.check()
        for line in findings:
            click.echo(visible(line, 500))
        if findings:
            return 1
        sizes = book.sizes()
        click.echo(f"{book.where} is sound: {sizes['device']:,} devices, {sizes['scan']:,} scans")
    return 0


COMMAND = check
