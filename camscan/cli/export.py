"""``camscan export``: a scan, or the register, in a format for other people and programs. One command per format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app, exports
from camscan.cli import Group, _options
from camscan.cli._words import print_text
from camscan.exports import LEFT_OUT, Export, Option, OptionKind, count_reasons
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.export import ExportRequest, WrittenExport


class Formats(Group):
    """The formats of ``camscan/exports/``, found by their place."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all formats."""
        return list(exports.load_exports())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The command that writes one format."""
        export = exports.load_exports().get(name)
        if export is None:
            return None
        if export.of_scan:
            return _scan_command(export)
        return _figures_command(export) if export.of_figures else _register_command(export)


def _scan_command(export: Export) -> click.Command:
    """Make the command ``camscan export NAME FILE`` for a scan."""

    @click.command(export.name, help=f"Write {export.title}. {_file_words(export)}")
    @click.argument("file", metavar="FILE")
    @click.option("--scan", "scan_id", metavar="ID", help="The scan with this id; the newest by default.")
    @click.option("--force", is_flag=True, help="Replace FILE if it exists.")
    @_options.register
    @_options.config
    def write(file: str, scan_id: str | None, force: bool, register: str | Path | None, config: Path | None) -> None:
        space = app.workspace.find_workspace(config, register)
        space.refuse_own(file)
        app.export.check_file(file, force=force)
        with _options.explain_values(), space.open(readonly=True) as book:
            devices = app.export.export_recorded_scan(export.name, book, file, scan_id)
        if file != "-":
            click.echo(f"{file}: {count_text(devices)}")

    return write


def _figures_command(export: Export) -> click.Command:
    """Make the command ``camscan export NAME FILE`` for counts."""

    @click.command(export.name, help=f"Write {export.title}. {_file_words(export)}")
    @click.argument("file", metavar="FILE")
    @click.option("--force", is_flag=True, help="Replace FILE if it exists.")
    @_options.register
    @_options.config
    def write(file: str, force: bool, register: str | Path | None, config: Path | None) -> None:
        space = app.workspace.find_workspace(config, register)
        app.export.check_file(file, force=force)
        app.export.export_figures(export.name, space, file)
        if file != "-":
            click.echo(f"{file}: written")

    return write


def _file_words(export: Export) -> str:
    return f"FILE usually ends in {export.suffix}; '-' is standard output."


def _register_command(export: Export) -> click.Command:
    """Make the command ``camscan export NAME FILE`` for the register, with the format's options.

    A format that makes a folder takes DIR instead of FILE.
    """
    words = "DIR is a new or empty folder." if export.is_folder else _file_words(export)

    @click.command(export.name, help=f"Write {export.title}. {words}")
    @click.argument("path", metavar="DIR" if export.is_folder else "FILE")
    @click.option("--site", metavar="SITE", help="Only the devices at this site.")
    @click.option(
        "--on",
        metavar="DATE",
        help="The day that dates are compared with; today by default. Entries are always the present ones.",
    )
    @click.option("--force", is_flag=True, help="Replace existing files.")
    @_options.register
    @_options.config
    def write(  # noqa: PLR0917 - one per option
        path: str,
        site: str | None,
        on: str | None,
        force: bool,
        register: str | Path | None,
        config: Path | None,
        left_out: str | None = None,
        **own: str | bool | None,
    ) -> None:
        given = {name.replace("_", "-"): _value_text(value) for name, value in own.items() if value}
        day = app.edit.parse_day_or_today(on) if on else None
        wanted = app.export.ExportRequest(
            name=export.name, path=path, options=given, site=site, on=day, left_out=left_out or "", force=force
        )
        _write_exports(wanted, register, config)

    if not export.is_folder:
        click.option(
            "--left-out", metavar="FILE", help="Also write a CSV of the devices that were left out, with the reason."
        )(write)
    for option in export.options:
        _own_option(option)(write)
    return write


def _own_option(option: Option) -> Callable[[click.Command], click.Command]:
    name = f"--{option.name}"
    if option.kind is OptionKind.FLAG:
        return click.option(name, is_flag=True, help=option.help)
    return click.option(name, metavar=option.metavar, help=option.help)


def _value_text(value: str | bool) -> str:
    return value if isinstance(value, str) else "yes"


def _write_exports(wanted: ExportRequest, register: str | Path | None, config: Path | None) -> None:
    space = app.workspace.find_workspace(config, register)
    app.export.check_export(wanted, space)
    app.by_site.list_first(space)
    with _options.explain_values(), space.open(readonly=True) as book:
        written = app.export.export_register(wanted, book, space.settings)
    for line in _result_lines(wanted, written):
        print_text(line, err="-" in {wanted.path, wanted.left_out, *wanted.options.values()})


def _result_lines(wanted: ExportRequest, written: WrittenExport) -> Iterator[str]:
    """What was written and what was not, in a line or two."""
    made = written.made
    name = "standard output" if wanted.path == "-" else wanted.path
    files = f"{count_text(len(written.names), 'file')}, " if written.names else ""
    yield f"{name}: {files}{count_text(made.devices)}"
    if made.left_out:
        where = LEFT_OUT if written.names else wanted.left_out
        what_lists = f"{where} lists them" if where else "--left-out FILE lists them"
        yield f"left out: {count_reasons(made.left_out)}; {what_lists}"
    if written.others:
        yield f"files in {name} that do not belong to this export were left there: {visible(', '.join(written.others))}"


@click.group("export", cls=Formats)
def export() -> None:
    """Write a scan or the register in a format for other people and programs.

    `camscan register export` writes the spreadsheet that people fill in.
    """


GROUP = "tell"
COMMAND = export
