"""``camscan kev``: which known vulnerabilities are being exploited."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import Group


@click.group("kev", cls=Group)
def kev() -> None:
    """Keep the list of exploited vulnerabilities up to date, from a file."""


@kev.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
def import_(file: Path) -> None:
    """Import which vulnerabilities are exploited, from CISA's known_exploited_vulnerabilities.json.

    Nothing is fetched: download the file from cisa.gov on any machine and bring it here. What is imported is
    kept in your data folder, and `camscan show` uses it.
    """
    taken = app.database.import_flags(file)
    flagged = [(entry, entry.kev) for entry in taken.known if entry.kev is not None]
    for entry, flag in flagged:
        due = f", to be fixed by {flag.due}" if flag.due else ""
        click.echo(f"{entry.id:16} exploited since {flag.added}{due}: {entry.what}")
    click.echo(
        f"Catalogue {taken.version}, {taken.entries} entries: {len(flagged)} of the {len(taken.known)} "
        f"vulnerabilities that camscan knows for these makers are exploited. Kept in"
        f" {taken.file}"
    )


GROUP = "experts"
COMMAND = kev
