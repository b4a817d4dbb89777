"""The steps of an unattended run after its scans: a backup, the exports that camscan.yaml names, figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from camscan import exports
from camscan.app import export
from camscan.app.metrics import Run, figures_of_run
from camscan.app.report_form import form_suffix
from camscan.app.workspace import Workspace, workspace_of
from camscan.config import Config
from camscan.errors import CamscanError, ConfigError, OutputError, RegisterError, UsageError
from camscan.output import explain_errors, make_folder, write_atomically
from camscan.register.address import address_of

REPORTS = {"report": "full", "summary": "summary"}
"""What ``after`` may name besides the formats of exports -> level of the report."""


# ── backups ──────────────────────────────────────────────────────────────────────────────────────────────────────


def back_up(space: Workspace, day: date) -> Path | None:
    """Write the backup of that day, and remove those beyond the number to keep; None if no backup is wanted.

    Raises CamscanError if it cannot be written; then no older one is removed.
    """
    keep = space.settings.run.keep
    if keep == 0 or not space.has_register:
        return None
    folder, stem = folder_of_backups(space), _backup_stem(space)
    with explain_errors(folder):
        make_folder(folder)
    target = folder / f"{stem}-{day.isoformat()}.db"
    with space.open(readonly=True) as book:
        book.write_backup(target, force=True)
    _prune_backups(folder, stem, target, keep)
    return target


def folder_of_backups(space: Workspace) -> Path:
    """The folder of the backups.

    As camscan.yaml says, or beside the register; beside camscan.yaml for one on a server.
    """
    named = space.settings.run.backups
    if named is not None:
        return named
    if address_of(space.where) is None:
        return Path(space.where).parent / "backups"
    return (space.settings.path or Path()).parent / "backups"


def require_register_not_lost(space: Workspace) -> None:
    """Raise RegisterError if the register's file is missing, and there are backups of it.

    An empty register in its place would be backed up each night, until no backup of the lost one was left.
    """
    folder, pattern = folder_of_backups(space), _backup_pattern(_backup_stem(space))
    if space.has_register or not folder.is_dir():
        return
    with explain_errors(folder):
        found = sorted(path.name for path in folder.iterdir() if pattern.fullmatch(path.name))
    if found:
        raise RegisterError(
            f"{space.name}: does not exist, but backups of it do; fill it with `camscan register restore "
            f"{folder / found[-1]}`, or move {folder} away to start a new one"
        )


def _backup_pattern(stem: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(stem)}-\d{{4}}-\d\d-\d\d\.db")


def _backup_stem(space: Workspace) -> str:
    return "camscan" if address_of(space.where) else Path(space.where).stem


def _prune_backups(folder: Path, stem: str, newest: Path, keep: int) -> None:
    """Remove the oldest backups; never the one that was just written, whatever the clock said when others were."""
    pattern = _backup_pattern(stem)
    with explain_errors(folder):
        found = sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name) and path != newest)
    for path in found[: max(0, len(found) - keep + 1)]:
        try:
            path.unlink()
        except OSError as error:
            raise OutputError(f"{path}: cannot be removed: {error.strerror or error}") from error


# ── exports ──────────────────────────────────────────────────────────────────────────────────────────────────────


def list_writers(config: Config) -> Mapping[str, Callable[[Workspace], None]]:
    """Name in ``after`` -> function that writes it. Raises ConfigError for an impossible name, with file and line."""
    found = {}
    taken: dict[Path, str] = {}
    for name, path in config.run.after.items():
        make = _make_writer(name, path)
        if make is None:
            known = ", ".join([*exports.load_exports(), *REPORTS])
            raise ConfigError(f"{config.run.lines[name]}: there is no export '{name}'; the exports are: {known}")
        before = taken.setdefault(Path(path).resolve(), name)
        if before != name:
            raise ConfigError(f"{config.run.lines[name]}: {before} and {name} are the same file; name two files")
        try:
            if name in REPORTS:
                form_suffix(path)
            workspace_of(config).refuse_own(path)
        except UsageError as error:
            raise ConfigError(f"{config.run.lines[name]}: {error}") from error
        found[name] = make
    return found


def _make_writer(name: str, path: str) -> Callable[[Workspace], None] | None:
    known = exports.load_exports().get(name)
    if name in REPORTS:
        return lambda space: _write_report(space, path, REPORTS[name])
    if known is None:
        return None

    def write_export(space: Workspace) -> None:
        space.refuse_own(path)
        with explain_errors(Path(path)):
            make_folder(Path(path).parent)
        if known.of_register is not None:
            from camscan.app.by_site import list_first  # noqa: PLC0415 - as above

            wanted = export.ExportRequest(name=name, path=path, force=True)
            list_first(space)
            with space.open(readonly=True) as book:
                export.export_register(wanted, book, space.settings)
        elif known.of_figures is not None:
            export.export_figures(name, space, path)
        else:
            with space.open(readonly=True) as book:
                export.export_recorded_scan(name, book, path)

    return write_export


def _write_report(space: Workspace, path: str, level: str) -> None:
    from camscan.app.report import Level, write_report  # noqa: PLC0415 - 0.2 s that `camscan config check` need not wait for

    with explain_errors(Path(path)):
        make_folder(Path(path).parent)
    write_report(space, path, Level(level))


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────────


def write_metrics(space: Workspace, path: Path, run: Run) -> None:
    """Write the counts and the result of the run; the run alone if the register cannot be read.

    Raises CamscanError for that too, once the file is written.
    """
    space.refuse_own(path)
    make = exports.load_exports()["prometheus"].of_figures
    assert make is not None  # noqa: S101 - it is what that format is for
    try:
        export.export_figures("prometheus", space, str(path), run)
    except CamscanError:
        text = make(figures_of_run(run))
        write_atomically(path, lambda stream: stream.writelines([text]))
        raise
