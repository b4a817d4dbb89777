"""``camscan export``: a scan, or the register, in a format for other people and programs. One command per format."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app, exports
from camscan.cli import Group, _options
from camscan.exports import Export
from camscan.output import check_writable
from camscan.words import counted


class Formats(Group):
    """The formats of ``camscan/exports/``, found by their place."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every format."""
        return list(exports.load())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The command that writes one format."""
        export = exports.load().get(name)
        return None if export is None else _command(export)


def _command(export: Export) -> click.Command:
    """``camscan export NAME FILE``."""

    @click.command(
        export.name, help=f"Write {export.title}. FILE often ends in {export.suffix}; '-' is standard output."
    )
    @click.argument("file", metavar="FILE")
    @_options.register
    @_options.config
    def write(file: str, register: str | Path | None, config: Path | None, scan_id: str | None = None) -> None:
        _write(export.name, file, register, config, scan_id)

    if export.of_scan:
        click.option("--scan", "scan_id", metavar="ID", help="The scan of this id; the newest by default.")(write)
    return write


def _write(name: str, file: str, register: str | Path | None, config: Path | None, scan_id: str | None) -> None:
    space = app.workspace.find_workspace(config, register)
    check_writable(file)
    with _options.explained(), space.open(readonly=True) as book:
        devices = app.export.export_register(name, book, file, space.settings, scan_id=scan_id)
    if file != "-":
        click.echo(f"{file}: {counted(devices)}")


@click.group("export", cls=Formats)
def export() -> None:
    """Write a scan or the register in a format for other people and programs.

    `camscan register export` writes the spreadsheet that people fill in.
    """


GROUP = "tell"
COMMAND = export
