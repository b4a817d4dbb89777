"""A register in an SQLite file. Errors become one line, and no file is changed before it is known to be sound.

It relies on these pages: sqlite.org/wal.html, /pragma.html, /rescode.html, /lang_transaction.html.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, exc, inspect
from sqlalchemy.pool import NullPool

from camscan import system
from camscan.errors import BusyError, RegisterError
from camscan.output import create_file
from camscan.register.backends import (
    Mode,
    known_revisions,
    migrate_tables,
    newer_register_error,
    outdated_register_error,
)
from camscan.register.backends.header import header_of
from camscan.register.backends.lock import Lock
from camscan.register.glance import is_writable_now, sqlite_uri
from camscan.register.schema import APPLICATION_ID, READABLE, VERSION

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
_READING = "camscan_reading"
"""Execution option of a connection whose next transaction only reads, and so does not have to wait for a writer."""

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
    except (exc.DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, exc.DBAPIError) else error
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
    with explain_file_errors(path), _open_connection(path, readonly=True) as connection:
        version_of(connection, path)
        return SQLite(path, connection, Mode.READ)


def make_register(path: Path) -> SQLite:
    """Create a new register in a file that nobody else knows of."""
    with explain_file_errors(path), _open_connection(path, readonly=False) as connection:
        upgrade_tables(connection)
        return SQLite(path, connection, Mode.RUN)


def _open_to_read(path: Path) -> SQLite:
    with explain_file_errors(path), _open_connection(path, readonly=True) as connection:
        if version_of(connection, path) in {VERSION, READABLE}:
            return SQLite(path, connection, Mode.READ)
        raise outdated_register_error(str(path))


def _open_to_edit(path: Path) -> SQLite | None:
    """Open the register while a run may be going on.

    None if it must be upgraded first, which needs a run of its own.
    """
    with explain_file_errors(path), _open_connection(path, readonly=False) as connection:
        if version_of(connection, path) == VERSION:
            return SQLite(path, connection, Mode.EDIT)
    close_file(connection)
    return None


def _open_to_write(path: Path, mode: Mode) -> SQLite:
    lock = Lock(path)
    fresh = not path.exists()
    try:
        if fresh:
            _make_file(path)
        with explain_file_errors(path), _open_connection(path, readonly=False) as connection:
            if version_of(connection, path) != VERSION:
                upgrade_tables(connection)
            write_ahead(connection)
            return SQLite(path, connection, mode, lock)
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
def _open_connection(path: Path, *, readonly: bool) -> Iterator[Connection]:
    """A connection that stays open, unless opening the register fails."""
    connection = connect_file(path, readonly=readonly)
    try:
        yield connection
    except BaseException:
        close_file(connection)
        raise


def close_file(connection: Connection) -> None:
    """Close a connection and the file behind it."""
    connection.close()


class SQLite:
    """An open register in a file; a :class:`camscan.register.backends.Database`."""

    def __init__(self, path: Path, connection: Connection, mode: Mode, lock: Lock | None = None) -> None:
        self.where = str(path)
        self.path = path
        self.connection = connection
        self.mode = mode
        self._lock = lock

    @property
    def place(self) -> str:
        """See Database."""
        return str(self.path.absolute())

    def explain_errors(self) -> contextlib.AbstractContextManager[None]:
        """See Database."""
        return explain_file_errors(self.path)

    @contextlib.contextmanager
    def begin_reading(self) -> Iterator[Connection]:
        """See Database."""
        with self.connection.execution_options(**{_READING: True}).begin():
            yield self.connection

    @contextlib.contextmanager
    def begin_writing(self) -> Iterator[Connection]:
        """See Database."""
        with self.connection.execution_options(**{_READING: False}).begin():
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
            with self.begin_reading():
                _driver_connection(self.connection).backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it

    def find_damage(self) -> list[str]:
        """See Database."""
        with self.begin_reading() as connection:
            found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def vacuum(self) -> None:
        """See Database."""
        driver = _driver_connection(self.connection)
        driver.execute("VACUUM")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

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
        close_file(self.connection)
        self.release_lock()


def version_of(connection: Connection, path: Path) -> str | None:
    """The revision of an open register; None for an empty one. Raises RegisterError for an unknown revision."""
    with connection.begin():
        if not inspect(connection).has_table("alembic_version"):
            return None
        version = connection.exec_driver_sql("SELECT max(version_num) FROM alembic_version").scalar()
    if version is not None and version not in known_revisions():
        raise newer_register_error(str(path), version)
    return version


def connect_file(path: Path, *, readonly: bool) -> Connection:
    """The only connection of an open register.

    ``begin`` takes the write lock at once, so that no work is wasted.
    """
    return _engine_of(path, readonly).connect()


@functools.lru_cache(maxsize=8)
def _engine_of(path: Path, readonly: bool) -> Engine:
    """The engine that makes connections to a file. It is kept, because it holds the translated statements."""
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: _connect_driver(path, readonly=readonly),
        poolclass=NullPool,
        isolation_level=None,
    )

    def begin_transaction(connection: Connection) -> None:
        waits = not (readonly or connection.get_execution_options().get(_READING))
        connection.exec_driver_sql("BEGIN IMMEDIATE" if waits else "BEGIN")

    event.listen(engine, "begin", begin_transaction)
    return engine


def _connect_driver(path: Path, *, readonly: bool) -> sqlite3.Connection:
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


def write_ahead(connection: Connection) -> None:
    """Let readers continue while a scan is recorded.

    It is switched on only once the tables exist, because ``check_file`` trusts the header.
    """
    _driver_connection(connection).execute("PRAGMA journal_mode = WAL")


def upgrade_tables(connection: Connection, to: str = VERSION) -> None:
    """Bring the register to revision ``to`` in one transaction; an empty register gets its tables."""
    # A step may rebuild tables, which SQLite forbids while other tables refer to them (sqlite.org/lang_altertable.html,
    # 7). So references are switched off for the steps, and checked before the transaction ends.
    _driver_connection(connection).execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version = {int(to)}")
            migrate_tables(connection, to)
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise RegisterError(f"the upgrade to version {to} would lose references ({broken[0]}); it was not made")
    finally:
        _driver_connection(connection).execute("PRAGMA foreign_keys = ON")


def _driver_connection(connection: Connection) -> sqlite3.Connection:
    """The driver's connection, for statements that must not run inside a transaction of SQLAlchemy."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - for the type checker
    return driver
