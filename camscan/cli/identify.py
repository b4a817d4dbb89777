"""``camscan identify``: identify devices from captured replies, with the code of a live scan."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import captures, fingerprints
from camscan.cli import EXIT_PARTIAL, _options
from camscan.cli._replies import UnreadableLines, read_lines, require_readable
from camscan.exports.json import dump_line, result_object


@click.command("identify")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@_options.overlay
def identify(files: tuple[str, ...], overlay: tuple[Path, ...]) -> int:
    """Identify devices from captured replies: one JSON object for each device, in the order of the input.

    FILE holds captured replies as JSON Lines, as `camscan capture` writes them; '-' is standard input. The first
    lines that cannot be read are named on standard error, the other lines are still processed, and the exit code is 3.
    """
    require_readable(files)
    database = fingerprints.load_database(overlay)
    bad = 0
    for name in files:
        replies = []
        unread = UnreadableLines(name)
        for item in captures.read_captures(read_lines(name)):
            if isinstance(item, captures.BadLine):
                unread.add(item)
            else:
                replies.append(item)
        unread.close()
        bad += unread.count
        for device in captures.identify_replies(replies, database):
            click.echo(dump_line(result_object(device)))
    return EXIT_PARTIAL if bad else 0


GROUP = "experts"
COMMAND = identify
