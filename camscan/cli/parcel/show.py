"""``camscan parcel show``: what is in a parcel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import _options
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.model import Coverage

_WIDTH = 14


@click.command("show")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@_options.register
@_options.config
def show(file: Path, register: str | Path | None, config: Path | None) -> None:
    """Print what is in a parcel: who signed it, what was asked and when, and the results. Nothing is recorded."""
    space = app.workspace.find_workspace(config, register)
    sealed, content = app.parcel.read_parcel(file)
    tail = content.tail
    begun, ended = space.settings.clock(tail.started_at), space.settings.clock(tail.finished_at)
    for name, text in (
        ("Scan", tail.scan_id),
        ("Signed by", sealed.words),
        ("Known here as", app.parcel.describe_key(sealed, space) or "nobody: the key is not approved"),
        ("Site", tail.site or "none named"),
        ("Asked", ", ".join(tail.targets)),
        ("Begun", f"{begun:%d %B %Y, %H:%M}"),
        ("Ended", f"{ended:%d %B %Y, %H:%M} ({tail.completion})"),
        (
            "Addresses",
            _counts_text(tail.coverage),
        ),
        ("Holds", f"{count_text(tail.replies, 'reply', 'replies')}, {count_text(tail.attempts, 'attempt')}"),
        ("Made by", f"camscan {tail.version}"),
        ("In register", app.parcel.describe_standing(content, space)),
    ):
        click.echo(f"{name:<{_WIDTH}}{visible(text, 300)}")


def _counts_text(covered: Coverage) -> str:
    """The results of the addresses, as a sentence."""
    return (
        f"{covered.addresses:,}: {covered.answered:,} answered, {covered.refused:,} refused, "
        f"{covered.silent:,} silent, {covered.unreachable:,} unreachable, {covered.not_tried:,} not asked"
    )


COMMAND = show
