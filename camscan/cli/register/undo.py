"""``camscan register undo``: undo the last import."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import EXIT_PARTIAL, _devices, _options
from camscan.cli._words import print_text
from camscan.output import visible
from camscan.words import count_text


@click.command("undo")
@click.option("--apply", "do", is_flag=True, help="Undo it; without this, only print what it would change.")
@_options.because
@_options.role
@_options.register
@_options.config
def undo(do: bool, because: str, role: str | None, register: str | Path | None, config: Path | None) -> int:
    """Show what undoing the last spreadsheet import would change; with --apply, undo it.

    \b
    camscan register undo
    camscan register undo --apply

    Entries get back their earlier values, and devices that the import added are deleted, unless a scan has
    seen them. What somebody changed since is kept and listed (exit code 3). The log keeps both. Run it again to undo
    the import before that one.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    space = app.workspace.find_workspace(config, register)
    acting = space.role(role) if do else "nobody: this is a dry run"
    with space.open(editing=True, create=False) as book:
        done = book.undo_import(role=acting, because=because, dry_run=not do)
    click.echo(f"{visible(done.how, 200)} on {done.at.astimezone():%Y-%m-%d %H:%M}, as {visible(done.role, 100)}:")
    gone = set(done.gone)
    for change in done.changes:
        if change.asset_id not in gone:
            print_text(f"    {change.asset_id}: {_devices.describe_change(change)}")
    for name in done.gone:
        print_text(f"    {name}: {'was' if do else 'would be'} deleted from the register")
    for name, sentence in done.kept:
        print_text(f"    {name}: {visible(sentence, 300)}")
    entries = sum(change.asset_id not in gone for change in done.changes)
    print_text(
        f"{count_text(entries, 'entry', 'entries')} {'restored' if do else 'would be restored'}, "
        f"{count_text(len(gone))} {'deleted' if do else 'would be deleted'}, {len(done.kept)} unchanged."
        f"" + ("" if do else " Nothing was written; --apply does it.")
    )
    return EXIT_PARTIAL if done.kept else 0


COMMAND = undo
