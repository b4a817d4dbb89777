"""``camscan identify``: captured replies through the parsers, fingerprints and merging of a live scan."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from camscan.cli import EXIT_PARTIAL, _options


@click.command("identify")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@_options.overlay
def identify(files: tuple[str, ...], overlay: tuple[Path, ...]) -> int:
    """Say what captured replies are: one JSON object per device, in input order.

    FILE holds captured replies as JSON Lines, as `camscan capture` writes them; '-' is standard input. Lines that
    cannot be read are named on standard error, the others are still processed, and the exit code is 3.
    """
    from camscan import fingerprints  # noqa: PLC0415 - keeps --help quick
    from camscan.exports.json import dumps, result_object  # noqa: PLC0415
    from camscan.ingest import captures  # noqa: PLC0415

    _check(files)
    database = fingerprints.load(overlay)
    bad = 0
    for name in files:
        replies = []
        for item in captures.read(_lines(name)):
            if isinstance(item, captures.BadLine):
                bad += 1
                click.echo(f"camscan: {name}:{item.number}: {item.why}", err=True)
            else:
                replies.append(item)
        for device in captures.identify(replies, database):
            click.echo(dumps(result_object(device)))
    return EXIT_PARTIAL if bad else 0


def _check(files: tuple[str, ...]) -> None:
    """Every file can be read, before the first result is printed. Raises UsageError."""
    from camscan.errors import UsageError  # noqa: PLC0415

    for name in files:
        path = Path(name)
        if name == "-":
            continue
        if path.is_dir():
            raise UsageError(f"{name}: it is a directory; name the files in it")
        if not path.exists():
            raise UsageError(f"{name}: there is no such file")
        if not os.access(path, os.R_OK):
            raise UsageError(f"{name}: cannot be read; check its permissions")


def _lines(name: str) -> Iterator[str]:
    """The lines of a file or of standard input. Bytes that are not UTF-8 spoil their line, not the file."""
    if name == "-":
        yield from (line.decode("utf-8", "replace") for line in sys.stdin.buffer)
        return
    with Path(name).open(encoding="utf-8", errors="replace") as stream:
        yield from stream


COMMAND = identify
