"""``camscan oui``: whose MAC address blocks are whose."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click

from camscan.cli import EXIT_PARTIAL, Group, _options
from camscan.errors import OutputError, UsageError
from camscan.fingerprints import load, registry
from camscan.fingerprints.registry import Block
from camscan.output import explained, make_folder, open_existing, write_atomically
from camscan.vulnerabilities.kev import data_directory

MARK = "# Written by camscan oui import"
"""How a file begins that an import may replace."""
_SHOWN = 20
"""Differences that are printed one by one."""


@click.group("oui", cls=Group)
def oui() -> None:
    """Keep the table of MAC address blocks up to date, from files."""


@oui.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--to", "directory", type=click.Path(path_type=Path), metavar="DIR", help="Where to write oui.yaml.")
@_options.overlay
def import_(files: tuple[Path, ...], directory: Path | None, overlay: tuple[Path, ...]) -> int:
    """Take camera makers' new blocks from the IEEE registry's files: oui.csv, with mam.csv and oui36.csv.

    Nothing is fetched: download the files from standards-oui.ieee.org on any machine and bring them here, all at once.
    Wireshark's file of the same blocks, manuf, is read too.
    The new prefixes go into oui.yaml in a directory of their own, to be named under 'overlays' in camscan.yaml.
    Exit code 3 where rows could not be read; they are named, and the others are used.
    """
    database = load(overlay)
    blocks, bad = _blocks(files)
    found = registry.sort(blocks, registry.load(overlay), database)
    for prefix, section, name in found.different[:_SHOWN]:
        click.echo(f"{registry.colons(prefix)}: {section} here, registered to '{name}'; left as it is", err=True)
    if len(found.different) > _SHOWN:
        click.echo(f"… and {len(found.different) - _SHOWN} more that differ", err=True)
    fresh = sum(map(len, found.fresh.values()))
    click.echo(
        f"{len(blocks)} blocks: {found.known} of makers that the database knows, {found.others} of others, {fresh} new"
    )
    if fresh:
        target = (directory or data_directory() / "fingerprints") / "oui.yaml"
        names = ", ".join(file.name for file in files)
        remark = f"{MARK} on {datetime.now(UTC):%Y-%m-%d} from {names}; the next import replaces it."
        _write(target, "\n".join(registry.overlay(found, database, remark)) + "\n")
        for section, prefixes in sorted(found.fresh.items()):
            click.echo(f"  {section}: {len(prefixes)}")
        click.echo(f"Written to {target}. To use it, name {target.parent} under 'overlays' in camscan.yaml.")
    return EXIT_PARTIAL if bad else 0


def _write(target: Path, text: str) -> None:
    """Replace an earlier import, and nothing that a person wrote."""

    def fill(stream: TextIO) -> None:
        stream.write(text)

    try:
        with open_existing(target) as stream:
            is_import = stream.read(len(MARK.encode())) == MARK.encode()
    except FileNotFoundError:
        is_import = True
    except OSError as error:
        raise OutputError(f"{target}: cannot be replaced: {error.strerror or error}") from error
    if not is_import:
        raise UsageError(f"{target}: not written by an import; name another directory with --to")
    with explained(target):
        make_folder(target.parent)
    write_atomically(target, fill)


def _blocks(files: tuple[Path, ...]) -> tuple[list[Block], int]:
    """The blocks of all files, and how many rows could not be read."""
    blocks: list[Block] = []
    bad = 0
    for file in files:
        try:
            with file.open(encoding="utf-8", errors="replace", newline="") as stream:
                for item in registry.read_blocks(stream, str(file)):
                    if isinstance(item, registry.BadRow):
                        bad += 1
                        click.echo(f"camscan: {file}:{item.line}: {item.why}", err=True)
                    else:
                        blocks.append(item)
        except OSError as error:
            raise UsageError(f"{file}: cannot be read: {error.strerror or error}") from error
    return blocks, bad


COMMAND = oui
