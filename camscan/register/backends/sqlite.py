"""A register in an SQLite file. Errors become one line, and no file is changed before it is known to be sound.

It relies on these pages: sqlite.org/wal.html, /pragma.html, /rescode.html, /lang_transaction.html.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from camscan import system
from camscan.errors import BusyError, RegisterError
from camscan.output import create_file
from camscan.register.backends import (
    Mode,
    known_revisions,
    newer_register_error,
    outdated_register_error,
)
from camscan.register.backends.header import header_of
from camscan.register.backends.lock import Lock
from camscan.register.glance import is_writable_now, sqlite_uri
from camscan.register.listing import begin_listing
from camscan.register.plain_sql import driver_errors, table_names
from camscan.register.tables import APPLICATION_ID, READABLE, VERSION, make_tables
from camscan.register.watching import create_triggers

if TYPE_CHECKING:
    from sqlalchemy import Connection

BUSY_SECONDS = 30.0
"""How many seconds a reader or writer waits for another before it gives up."""
_CACHE_KIB = 16_384
"""Memory for pages of a register that is written to, if so many are needed. Digests are inserted in random order: with
SQLite's own 2 MB, a hundred thousand new facts wrote and read the same pages again and again."""

_MAGIC = b"SQLite format 3\x00"
_HEADER_SIZE = 100
"""sqlite.org/fileformat.html 1.3: journal at byte 18; schema cookie, user version, application id at 40, 60, 68."""
_ROLLBACK_JOURNAL = 1
_ROOM = len(".unfinished-00000000")
"""The longest name beside a register is so much longer than its own: the journal of a scan."""

_PLAIN_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space and run again. Nothing of this run was recorded",
    sqlite3.SQLITE_IOERR: "the disk reports an error (full, over quota, or failing?); free some space and run again. "
    "Nothing of this run was recorded",
    sqlite3.SQLITE_READONLY: "it is read-only; change its permissions, or name another file with --register",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check the permissions of the file and of its folder",
    sqlite3.SQLITE_NOTADB: "it is not a register; name another file with --register",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore it from a backup",
    sqlite3.SQLITE_PERM: "access is denied; check the permissions of the file",
}


@contextlib.contextmanager
def explain_file_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite into one line for a person. Errors of another database pass unchanged."""
    try:
        yield
    except driver_errors() as error:
        cause = getattr(error, "orig", error)
        if not isinstance(cause, sqlite3.Error):
            raise
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise BusyError(f"{path}: another program is writing to it; wait until it has ended") from error
        raise RegisterError(f"{path}: {_PLAIN_WORDS.get(code, str(cause))}") from error


def check_file(path: Path) -> bool:
    """Return whether there is a register. Raises RegisterError for anything that this program may not open.

    Only the first bytes are read, so that a file of another program, or a newer register, is not even opened as a
    database.
    """
    _require_name(path)
    try:
        if path.is_dir():
            raise RegisterError(f"{path}: it is a folder; name a file in it")
        header = header_of(_real_path(path), _HEADER_SIZE)
    except FileNotFoundError:
        if path.parent.is_dir():
            return _may_be_made(path)
        raise RegisterError(f"{path}: {system.missing_folder(path.parent)}") from None
    except OSError as error:
        raise RegisterError(f"{path}: cannot be read: {error.strerror}") from error
    if not header:
        return _may_be_made(path)
    if len(header) < _HEADER_SIZE or not header.startswith(_MAGIC):
        raise RegisterError(f"{path}: {_PLAIN_WORDS[sqlite3.SQLITE_NOTADB]}")
    cookie, version, application = (struct.unpack_from(">I", header, place)[0] for place in (40, 60, 68))
    if not cookie and header[18] == _ROLLBACK_JOURNAL:
        return _may_be_made(path)  # a database without tables: a run was killed while it created the register
    if application != APPLICATION_ID:
        raise RegisterError(f"{path}: it is another program's database; name another file with --register")
    if version > int(VERSION):
        raise newer_register_error(str(path), f"{version:04d}")
    return True


def _require_name(path: Path, *, room: int = 0) -> None:
    if problem := system.name_problem(path, room=room):
        raise RegisterError(f"{path}: cannot be a register: {problem}")


def _real_path(path: Path) -> Path:
    """The target of a link that we or root created: locks and logs are then beside the register itself."""
    if not path.is_symlink():
        return path
    status = path.lstat()
    if not (system.is_ours(status) or system.is_administrators(status)):
        raise RegisterError(f"{path}: it is a symbolic link that another user made; name the register itself")
    return path.resolve()


def _may_be_made(path: Path) -> bool:
    """Return False if a register may be created at the path.

    Raises RegisterError for a link: nothing is created through one. Raises it too for a path that leaves no room for
    the names of the files beside a register, such as the journal of a scan.
    """
    _require_name(path, room=_ROOM)
    if path.is_symlink():
        raise RegisterError(
            f"{path}: it is a symbolic link, but not to a register, and is not followed; name the file itself"
        )
    return False


def open_file(path: Path, mode: Mode, *, create: bool = True) -> SQLite:
    """Open the register in a file; see :func:`camscan.register.open_register`."""
    exists = check_file(path)
    path = _real_path(path)
    if not exists and (mode is Mode.READ or not create):
        raise RegisterError(f"{path}: there is no register; run a scan first, or name another file with --register")
    if mode is Mode.READ:
        return _open_to_read(path)
    if mode is Mode.EDIT and exists and (opened := _open_to_edit(path)):
        return opened
    opened = _open_to_write(path, mode)
    if mode is Mode.EDIT:
        opened.release_lock()
    return opened


def open_any_version(path: Path) -> SQLite:
    """Open a register of this or an earlier version in order to copy it. Raises RegisterError for anything else."""
    if not check_file(path):
        raise RegisterError(f"{path}: there is no register in it; name a backup of one")
    path = _real_path(path)
    with explain_file_errors(path), _open_connection(path, readonly=True) as driver:
        version_of(driver, path)
        return SQLite(path, driver, Mode.READ)


def make_register(path: Path) -> SQLite:
    """Create a new register in a file that nobody else knows of."""
    with explain_file_errors(path), _open_connection(path, readonly=False) as driver:
        _make_first_tables(driver)
        return SQLite(path, driver, Mode.RUN)


def _open_to_read(path: Path) -> SQLite:
    with explain_file_errors(path), _open_connection(path, readonly=True) as driver:
        if version_of(driver, path) in {VERSION, READABLE}:
            return SQLite(path, driver, Mode.READ)
        raise outdated_register_error(str(path))


def _open_to_edit(path: Path) -> SQLite | None:
    """Open the register while a run may be going on.

    None if it must be upgraded first, which needs a run of its own.
    """
    with explain_file_errors(path), _open_connection(path, readonly=False) as driver:
        if version_of(driver, path) == VERSION:
            return SQLite(path, driver, Mode.EDIT)
    driver.close()
    return None


def _open_to_write(path: Path, mode: Mode) -> SQLite:
    lock = Lock(path)
    fresh = not path.exists()
    try:
        if fresh:
            _make_file(path)
        with explain_file_errors(path), _open_connection(path, readonly=False) as driver:
            opened = SQLite(path, driver, mode, lock)
            version = version_of(driver, path)
            if version is None:
                _make_first_tables(driver)
            elif version != VERSION:
                opened.upgrade()
            write_ahead(driver)
            return opened
    except BaseException:
        if fresh:
            path.unlink(missing_ok=True)
        lock.release()
        raise


def _make_file(path: Path) -> None:
    """Create an empty file for its owner only. SQLite gives its logs the same rights."""
    try:
        os.close(create_file(path))
    except OSError as error:
        raise RegisterError(
            f"{path}: cannot be made: {error.strerror}; check the permissions of the folder, or name another file "
            "with --register"
        ) from error


@contextlib.contextmanager
def _open_connection(path: Path, *, readonly: bool) -> Iterator[sqlite3.Connection]:
    """A connection that stays open, unless opening the register fails."""
    driver = connect_driver(path, readonly=readonly)
    try:
        yield driver
    except BaseException:
        driver.close()
        raise


class SQLite:
    """An open register in a file; a :class:`camscan.register.backends.Database`.

    It has one connection, that of Python's driver. SQLAlchemy, which takes a fifth of a second to load, is put over it
    when statements are built with it.
    """

    def __init__(self, path: Path, driver: sqlite3.Connection, mode: Mode, lock: Lock | None = None) -> None:
        self.where = str(path)
        self.path = path
        self.driver = driver
        self.mode = mode
        self._lock = lock
        self._built: Connection | None = None

    @property
    def connection(self) -> Connection:
        """See Database."""
        if self._built is None:
            from camscan.register.backends.built import connect_over  # noqa: PLC0415 - it loads SQLAlchemy

            self._built = connect_over(self.driver)
        return self._built

    def upgrade(self) -> None:
        """Bring the tables of an earlier version up to date."""
        from camscan.register.backends.built import upgrade_tables  # noqa: PLC0415 - as above

        upgrade_tables(self.connection)

    @property
    def place(self) -> str:
        """See Database."""
        return str(self.path.absolute())

    def explain_errors(self) -> contextlib.AbstractContextManager[None]:
        """See Database."""
        return explain_file_errors(self.path)

    def read_plainly(self) -> contextlib.AbstractContextManager[sqlite3.Connection]:
        """See Database."""
        return _transaction(self.driver, "BEGIN")

    def write_plainly(self) -> contextlib.AbstractContextManager[sqlite3.Connection]:
        """See Database."""
        return _transaction(self.driver, "BEGIN IMMEDIATE")  # it waits before any work is done

    def begin_reading(self) -> contextlib.AbstractContextManager[Connection]:
        """See Database."""
        return self._begin(reading=True)

    def begin_writing(self) -> contextlib.AbstractContextManager[Connection]:
        """See Database."""
        return self._begin(reading=self.mode is Mode.READ)

    @contextlib.contextmanager
    def _begin(self, *, reading: bool) -> Iterator[Connection]:
        from camscan.register.backends.built import READING  # noqa: PLC0415 - it loads SQLAlchemy

        with self.connection.execution_options(**{READING: reading}).begin():
            yield self.connection

    @property
    def is_free(self) -> bool:
        """See Database."""
        return is_writable_now(self.path)

    def copy_to(self, path: Path) -> None:
        """See Database.

        The copy is made in one step, so that a commit of another writer does not make it start again.
        """
        with explain_file_errors(path), contextlib.closing(sqlite3.connect(path)) as copy:
            with self.read_plainly() as driver:
                driver.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it

    def find_damage(self) -> list[str]:
        """See Database."""
        with self.read_plainly() as driver:
            found = [str(row[0]) for row in driver.execute("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def vacuum(self) -> None:
        """See Database."""
        self.driver.execute("VACUUM")
        self.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def size_in_bytes(self) -> int:
        """See Database."""
        beside = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(each.stat().st_size for each in beside if each.exists())

    def release_lock(self) -> None:
        """Let another run write while this register stays open."""
        if self._lock:
            self._lock.release()

    def close(self) -> None:
        """See Database."""
        if self._built is not None:
            self._built.close()
        self.driver.close()
        self.release_lock()


@contextlib.contextmanager
def _transaction(driver: sqlite3.Connection, begin: str) -> Iterator[sqlite3.Connection]:
    driver.execute(begin)
    try:
        yield driver
        driver.commit()
    except BaseException:
        driver.rollback()
        raise


def version_of(driver: sqlite3.Connection, path: Path) -> str | None:
    """The revision of an open register; None for an empty one. Raises RegisterError for an unknown revision."""
    with _transaction(driver, "BEGIN"):
        if "alembic_version" not in table_names(driver):
            return None
        version: str | None = driver.execute("SELECT max(version_num) FROM alembic_version").fetchone()[0]
    if version is not None and version not in known_revisions():
        raise newer_register_error(str(path), version)
    return version


def _make_first_tables(driver: sqlite3.Connection) -> None:
    """Make the tables of a new register, all or none."""
    with _transaction(driver, "BEGIN IMMEDIATE"):
        driver.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        driver.execute(f"PRAGMA user_version = {int(VERSION)}")
        make_tables(driver)
        driver.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (VERSION,))
        create_triggers(driver)
        begin_listing(driver)


def connect_driver(path: Path, *, readonly: bool) -> sqlite3.Connection:
    """The only connection of an open register."""
    connection = sqlite3.connect(
        sqlite_uri(path, readonly=readonly),
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=not readonly,  # a reader may pass from one thread to another; a writer never does
    )
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        if not readonly:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        else:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def write_ahead(driver: sqlite3.Connection) -> None:
    """Let readers continue while a scan is recorded.

    It is switched on only once the tables exist, because ``check_file`` trusts the header.
    """
    driver.execute("PRAGMA journal_mode = WAL")
