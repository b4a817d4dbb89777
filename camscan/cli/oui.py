"""``camscan oui``: the owners of MAC address blocks."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import EXIT_PARTIAL, Group, _options
from camscan.cli._words import warn

_SHOWN = 20
"""Maximum differences that are printed one by one."""


@click.group("oui", cls=Group)
def oui() -> None:
    """Keep the table of MAC address blocks up to date, from files."""


@oui.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option(
    "--to",
    "directory",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where to write oui.yaml; by default the folder fingerprints in your data folder.",
)
@_options.overlay
def import_(files: tuple[Path, ...], directory: Path | None, overlay: tuple[Path, ...]) -> int:
    """Import camera makers' new address blocks from the IEEE registry's files: oui.csv, with mam.csv and oui36.csv.

    Nothing is fetched: download the files from standards-oui.ieee.org on any machine and bring them here, all at once.
    Wireshark's file of the same blocks, manuf, can be read too.
    The new prefixes are written to oui.yaml in a separate folder; name that under 'overlays' in camscan.yaml.
    Exit code 3: some rows could not be read; they are named, and the others are used.
    """
    work = app.database.compare_blocks(files, overlay)
    for file, row in work.bad:
        warn(f"{file}:{row.line}: {row.why}")
    found = work.found
    for prefix, section, name in found.different[:_SHOWN]:
        click.echo(
            f"{app.database.prefix_with_colons(prefix)}: {section} here, registered to '{name}'; unchanged", err=True
        )
    if len(found.different) > _SHOWN:
        click.echo(f"… and {len(found.different) - _SHOWN} more that differ", err=True)
    click.echo(
        f"{len(work.blocks)} blocks: {found.known} of makers that the database knows, {found.others} of others, "
        f"{work.new_prefix_count} new"
    )
    if work.new_prefix_count:
        target = app.database.write_blocks(work, directory)
        for section, prefixes in sorted(found.fresh.items()):
            click.echo(f"  {section}: {len(prefixes)}")
        click.echo(f"Written to {target}. To use it, name {target.parent} under 'overlays' in camscan.yaml.")
    return EXIT_PARTIAL if work.bad else 0


GROUP = "experts"
COMMAND = oui
