"""Writes a scan or the register in one of the formats of ``camscan/exports/``."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from camscan import system
from camscan.asset import Asset
from camscan.config import Config
from camscan.dataclass import dataclass
from camscan.drafts import Text, pieces_of
from camscan.errors import UsageError
from camscan.exports import (
    LEFT_OUT,
    NOTHING,
    Export,
    ExportResult,
    GivenOptions,
    Inventory,
    OptionKind,
    find_export,
    load_exports,
)
from camscan.model import Report
from camscan.output import check_writable, is_taken, write_atomically, write_bytes_atomically
from camscan.output_folder import check_folder, write_folder
from camscan.register import Register

if TYPE_CHECKING:
    from camscan.app.metrics import Run
    from camscan.app.workspace import Workspace

_LARGEST = 200 * 1024 * 1024
"""The largest file that is read, in bytes."""


# ── a scan ───────────────────────────────────────────────────────────────────────────────────────────────────────


def export_scan(name: str, report: Report, path: str) -> None:
    """Write the report of a scan to a file; '-' is standard output.

    Raises UsageError for a format that cannot hold a scan, OutputError if the file cannot be written.
    """
    export = find_export(name)
    if export is None or export.of_scan is None:
        raise UsageError(f"there is no format '{name}' for a scan; the formats are: {', '.join(formats_of_scans())}")
    write = export.of_scan
    write_atomically(path, lambda stream: write(report, stream))


def formats_of_scans() -> list[str]:
    """The names of the formats in which a scan can be written."""
    return [name for name, export in load_exports().items() if export.of_scan]


def export_recorded_scan(name: str, book: Register, path: str, scan_id: str | None = None) -> int:
    """Write a recorded scan, the newest unless another is named. Returns the number of its devices.

    Raises the same errors as :func:`export_scan`.
    """
    _refuse_register(book.where, path)
    report = book.report(scan_id)
    export_scan(name, report, path)
    return len(report.devices)


def text_of_recorded_scan(name: str, book: Register, scan_id: str | None = None) -> str:
    """The text of a recorded scan, the newest unless another is named, in a format for scans."""
    write, text = load_exports()[name].of_scan, io.StringIO(newline="")
    if write is None:
        raise UsageError(f"{name} is not a format for a scan")
    write(book.report(scan_id), text)
    return text.getvalue()


# ── the register ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """The export of the register that somebody wants, and its place."""

    name: str
    """The name of the format."""
    path: str
    """A file, or a folder if the format makes one; '-' is standard output, for a file."""
    options: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """The options of the format: name -> text, name of a file, or ``yes``."""
    site: str | None = None
    on: date | None = None
    """The day for which devices are judged; today by default."""
    left_out: str = ""
    """A file for the list of what was left out; a folder has its own."""
    force: bool = False
    """Whether existing files are replaced."""


@dataclass(frozen=True, slots=True)
class WrittenExport:
    """The result of an export: its contents and the written files."""

    made: ExportResult
    names: tuple[str, ...]
    """The names of the files in a folder; empty for a single file."""
    others: tuple[str, ...] = ()
    """Files that were in the folder before, do not belong to this export, and were left there."""


def check_export(wanted: ExportRequest, space: Workspace) -> None:
    """Raise UsageError or OutputError now if a file could not be written later, or would replace another."""
    export, _ = _of_register(wanted.name)
    space.refuse_own(*_named_files(export, wanted))
    if export.is_folder:
        check_folder(wanted.path, replace=wanted.force)
    paths = _named_files(export, wanted)
    for path in paths:
        if paths.count(path) > 1:
            raise UsageError(f"{path}: is named twice; name a different file for each")
        check_file(path, force=wanted.force)


def check_file(path: str, *, force: bool) -> None:
    """Raise UsageError if the file exists and must not be replaced, OutputError if it cannot be written."""
    if path != "-" and not force and is_taken(path):
        raise UsageError(f"{path}: exists already; name another file, or add --force to replace it")
    check_writable(path)


def export_register(wanted: ExportRequest, book: Register, settings: Config) -> WrittenExport:
    """Write the register in a format for registers: completely, or not at all.

    Raises UsageError for what cannot be done, OutputError for what cannot be written.
    """
    export, _ = _of_register(wanted.name)
    _refuse_register(book.where, *_named_files(export, wanted))
    asked = {option.name: wanted.options[option.name] for option in export.options if option.name in wanted.options}
    reads = {option.name for option in export.options if option.kind is OptionKind.READ}
    asked |= {name: _read_text(path) for name, path in asked.items() if name in reads}
    made = make_register_export(wanted.name, book, settings, asked, site=wanted.site, on=wanted.on)
    return _write_export(export, wanted, made)


def make_register_export(
    name: str,
    book: Register,
    settings: Config,
    asked: GivenOptions,
    *,
    site: str | None = None,
    on: date | None = None,
    sees: Callable[[Asset], bool] | None = None,
) -> ExportResult:
    """Make the contents of an export of the register; nothing is written.

    For an option that names a file to read, ``asked`` has its text. ``sees`` decides which devices the caller may see.
    Raises UsageError for what cannot be done.
    """
    from camscan.app.inventory import take_inventory  # noqa: PLC0415 - of no use to those who export a scan

    _, make = _of_register(name)
    return make(take_inventory(book, settings, on=on, site=site, sees=sees), asked)


def export_files(made: ExportResult, name: str, *, with_left_out: bool = False) -> Mapping[str, Text]:
    """The files of an export, by name; ``name`` is that of a single file. A folder lists itself what was left out."""
    if "" not in made.files:
        return {**made.files, LEFT_OUT: made.left_out.table}
    stem = Path(name).stem
    beside = {f"{stem}.{option}": text for option, text in made.other_files.items()}
    left = {LEFT_OUT: made.left_out.table} if with_left_out else {}
    return {name: made.files[""], **beside, **left}


def export_figures(name: str, space: Workspace, path: str, run: Run | None = None) -> None:
    """Write the counts of a register in a format for counts; an existing file is replaced.

    ``run`` adds what only the caller knows about its runs. Raises the same errors as :func:`export_scan`.
    """
    space.refuse_own(path)
    _write_text(path, text_of_figures(name, space, run))


def text_of_figures(name: str, space: Workspace, run: Run | None = None) -> str:
    """The text of the counts of a register, in a format for counts."""
    from camscan.app.metrics import count_figures  # noqa: PLC0415 - as above

    make = load_exports()[name].of_figures
    if make is None:
        raise UsageError(f"{name} is not a format for counts")
    return make(count_figures(space, run))


def _of_register(name: str) -> tuple[Export, Callable[[Inventory, GivenOptions], ExportResult]]:
    export = load_exports().get(name)
    if export is None or export.of_register is None:
        known = [each for each, export in load_exports().items() if export.of_register]
        raise UsageError(f"there is no format '{name}' for the register; the formats are: {', '.join(known)}")
    return export, export.of_register


def _refuse_register(where: str, *paths: str) -> None:
    """Raise UsageError if a file that is to be written is the register that is read."""
    for path in paths:
        if path != "-" and Path(path).exists() and Path(where).exists() and Path(path).samefile(where):
            raise UsageError(f"{path}: is the register itself; name another file")


def _named_files(export: Export, wanted: ExportRequest) -> list[str]:
    """Every file that would be written."""
    beside = [wanted.options.get(option.name, "") for option in export.options if option.kind is OptionKind.WRITE]
    return [path for path in (*([] if export.is_folder else [wanted.path]), *beside, wanted.left_out) if path]


def _read_text(path: str) -> str:
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file; check the name and the folder") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {system.why_not_read(error, Path(path))}") from error
    if len(content) > _LARGEST:
        raise UsageError(f"{path}: larger than {_LARGEST // 1024 // 1024} MB; is it the right file?")
    return content.decode("utf-8-sig", "replace")


def _write_export(export: Export, wanted: ExportRequest, made: ExportResult) -> WrittenExport:
    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    if export.is_folder:
        files = {**made.files, LEFT_OUT: made.left_out.table}
        names = tuple(files)
        others = write_folder(
            wanted.path, {name: pieces_of(text) for name, text in files.items()}, replace=wanted.force
        )
    else:
        _write_text(wanted.path, made.files[""])
    for name, text in made.other_files.items():
        _write_text(wanted.options[name], text)
    if wanted.left_out:
        _write_text(wanted.left_out, made.left_out.table)
    return WrittenExport(made, names, others)


def _write_text(path: str, text: Text) -> None:
    write_bytes_atomically(path, lambda stream: stream.writelines(pieces_of(text)))
