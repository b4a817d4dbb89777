"""Writes a complete register into one SQLite file, and reads it back: for backups, and to move a register."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Table, select

from camscan import system
from camscan.errors import OutputError, RegisterError, UsageError
from camscan.output import is_taken, replace_file
from camscan.register import schema
from camscan.register.backends import Database, Mode, sqlite
from camscan.register.backends.copying import copy_rows


def write_backup(database: Database, target: Path, *, force: bool) -> int:
    """See ``Register.backup``."""
    if not force and is_taken(target):
        raise UsageError(f"{target}: exists already; name another file, or add --force to replace it")
    own = getattr(database, "path", None)
    if own and target.exists() and target.samefile(own):
        raise UsageError(f"{target}: is the register itself; name another file")
    with _temporary_beside(target) as part:
        database.copy_to(part)
        _verify_backup(part)
        return part.stat().st_size


@contextlib.contextmanager
def _temporary_beside(target: Path) -> Iterator[Path]:
    """A new file in the target's directory that only its owner may read. At the end it replaces the target."""
    part: Path | None = None
    try:
        with replace_file(target) as part:
            yield part
    except OSError as error:
        why = system.why_not_written(error, target) or error.strerror
        raise OutputError(f"{target}: cannot be written: {why}; nothing was changed") from error
    except RegisterError as error:
        raise OutputError(str(error).replace(str(part), str(target))) from error


def _verify_backup(part: Path) -> None:
    """Open the written file as a register, and let SQLite check every page."""
    with contextlib.closing(sqlite.open_file(part, Mode.READ)) as written, written.explain_errors():
        if wrong := written.find_damage():
            raise RegisterError(f"{part}: the copy is faulty ({wrong[0]}); see `camscan register check`")


@contextlib.contextmanager
def sound_copy(source: Path) -> Iterator[Database]:
    """A copy of a backup of any version, in a temporary file and in the current version.

    Raises RegisterError if the backup is not a register, or is damaged.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "camscan.db"
        try:
            opened = sqlite.open_any_version(source)
        except RegisterError as error:
            raise RegisterError(
                str(error).replace("name another file with --register", "name a backup of one")
            ) from error
        with contextlib.closing(opened) as kept:
            if wrong := kept.find_damage():
                raise RegisterError(f"{source}: it is damaged ({wrong[0]}); name another backup. Nothing was changed")
            kept.copy_to(copy)
        with contextlib.closing(sqlite.open_file(copy, Mode.RUN)) as upgraded:
            yield upgraded


def fill_register(database: Database, copy: Database) -> None:
    """Fill an empty register with the rows of the copy. Raises RegisterError if it is not empty."""
    with database.begin_writing() as target:
        if target.execute(select(schema.device.c.id).limit(1)).first() or _holds_rows(target, schema.scan):
            raise RegisterError(
                f"{database.where}: already holds a register; name a new file or an empty database with --register"
            )
        with copy.begin_reading() as rows:
            copy_rows(rows, target)


def _holds_rows(connection: Connection, of: Table) -> bool:
    return connection.execute(select(of.c.id).limit(1)).first() is not None
