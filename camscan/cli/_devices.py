"""Prints the changes that people's entries made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import _later
from camscan.cli._words import print_text
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.edit import EntryResult
    from camscan.asset import Asset, Change

_SHOWN = 120
"""Maximum characters of a cell that a line shows."""


def print_entered(entered: EntryResult, *, dry_run: bool = False) -> None:
    """Print what changed, and which devices of a site were left unchanged."""
    print_changes(entered.changes, entered.rows, dry_run=dry_run)
    if entered.left_out:
        print_text(f"Unchanged: {count_text(len(entered.left_out))} at that site, removed or not ours.")


def print_changes(changes: Sequence[Change], rows: Sequence[Asset], *, dry_run: bool = False) -> None:
    """Print what changed, one line for each entry."""
    by_id = {row.asset_id: row for row in rows}
    for change in changes:
        row = by_id.get(change.asset_id)
        print_text(f"{app.devices.describe_briefly(row) if row else change.asset_id}: {describe_change(change)}")
    if not changes:
        click.echo("No change needed.")
        return
    devices = len({change.asset_id for change in changes})
    would = "would change; nothing was written" if dry_run else "changed"
    click.echo(f"{count_text(len(changes), 'entry', 'entries')} of {count_text(devices)} {would}.")


def describe_change(change: Change) -> str:
    """One change in words: ``notes: (empty) → by the stair``."""
    return describe_entry(change.column, change.old, change.new)


def describe_entry(column: str, old: str, new: str) -> str:
    """The old and the new value of one entry."""
    before, after = (_value_text(_later.spelling.SHOWN_AS.get((column, text), text)) for text in (old, new))
    return f"{column}: {before} → {after}"


def _value_text(text: str) -> str:
    return visible(re.sub(r"\n", " ⏎ ", text), _SHOWN) if text else "(empty)"
