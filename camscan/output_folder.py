"""Folders of files: all of the files are written, or none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from camscan import system
from camscan.errors import UsageError
from camscan.output import (
    create_file,
    explain_errors,
    is_special,
    require_name,
    require_replaceable,
    temporary_name,
)

_FEW = 100
"""Up to this many files of a folder are written to the disk one by one."""


def check_folder(path: str | Path, *, replace: bool = False) -> None:
    """Raise OutputError now, before anything is made, if :func:`write_folder` could not write there.

    Raises UsageError for a folder that is not empty, unless its files may be replaced.
    """
    target = Path(path)
    with explain_errors(target):
        if str(path) == "-":
            raise OSError(0, "this writes a folder of files; name a folder")
        if target.is_symlink():
            raise OSError(0, "it is a symbolic link, which is not followed; name the folder itself")
        if target.exists() and not target.is_dir():
            raise NotADirectoryError(0, "it is a file; name a folder")
        if not replace and target.exists() and any(target.iterdir()):
            raise UsageError(f"{path}: contains files; name another folder, or add --force to replace them")
        _stage_folder(target).rmdir()


def write_folder(path: str | Path, files: Mapping[str, Iterable[bytes]], *, replace: bool = False) -> tuple[str, ...]:
    """Write a folder of files, for its owner only: all of them, or none. Each is given in pieces.

    A folder that exists keeps its rights, and so do its files that are replaced. Files of other names are not touched;
    their names are returned. Raises as :func:`check_folder` does.
    """
    check_folder(path, replace=replace)
    target = Path(path)
    with explain_errors(target):
        staged = _stage_folder(target)
        try:
            for name, content in files.items():
                _write_staged(staged / name, content, target / name, flush=len(files) <= _FEW)
            if len(files) > _FEW:
                system.flush_everything()  # file by file, 20,000 of them took more than a minute
            return _move_files(staged, target)
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def _stage_folder(target: Path) -> Path:
    """A new folder on the same disk; its files are moved to their places when all of them are written."""
    if not target.exists():
        require_name(target)
    staged = (target if target.exists() else target.parent) / temporary_name()
    require_name(staged)
    staged.mkdir(mode=0o700)
    system.owner_alone(staged)
    return staged


def _write_staged(path: Path, content: Iterable[bytes], target: Path, *, flush: bool) -> None:
    if is_special(target):
        raise OSError(0, f"{target.name} in it is not a regular file; name another folder")
    try:
        require_replaceable(target)
    except OSError as error:
        raise OSError(0, f"{target.name} in it: {system.why_not_written(error, target) or error.strerror}") from error
    require_name(path)
    descriptor = create_file(path)
    with os.fdopen(descriptor, "wb") as stream:
        stream.writelines(content)
        stream.flush()
        system.keep_rights(path, stream.fileno(), target)
        if flush:
            os.fsync(stream.fileno())


def _move_files(staged: Path, target: Path) -> tuple[str, ...]:
    """Move the files to their places. Returns the names of the other files in the folder."""
    if not target.exists():
        staged.rename(target)
        system.flush_folder(target.parent)
        return ()
    own = sorted(each.name for each in staged.iterdir())
    others = sorted({each.name for each in target.iterdir()} - {*own, staged.name})
    for name in own:
        (staged / name).replace(target / name)
    system.flush_folder(target)
    return tuple(others)
