"""The option that all commands of ``camscan collect`` have."""

from __future__ import annotations

from pathlib import Path

import click

file = click.option(
    "--file",
    type=click.Path(path_type=Path),
    default=Path("collector.yaml"),
    show_default=True,
    metavar="FILE",
    help="The file that says what the site allows.",
)
