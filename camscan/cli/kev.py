"""``camscan kev``: which known weaknesses are being exploited."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import vulnerabilities
from camscan.cli import Group
from camscan.vulnerabilities.kev import catalogue_file, read_catalogue, store_catalogue


@click.group("kev", cls=Group)
def kev() -> None:
    """Keep the flags of known exploited weaknesses up to date, from a file."""


@kev.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
def import_(file: Path) -> None:
    """Take the flags from the published catalogue, known_exploited_vulnerabilities.json.

    Nothing is fetched: download the file from cisa.gov on any machine and bring it here. Flags are kept in your data
    directory and used by `camscan show`.
    """
    version, flags = read_catalogue(file)
    kept = catalogue_file()
    store_catalogue(version, flags, kept)
    known = vulnerabilities.load(catalogue=kept).entries
    flagged = [(entry, entry.kev) for entry in known if entry.kev is not None]
    for entry, flag in flagged:
        due = f", to be mended by {flag.due}" if flag.due else ""
        click.echo(f"{entry.id:16} exploited since {flag.added}{due}: {entry.what}")
    click.echo(
        f"Catalogue {version}, {len(flags)} entries: {len(flagged)} of the {len(known)} weaknesses that camscan knows "
        f"of these makers are exploited. Kept in {kept}"
    )


COMMAND = kev
