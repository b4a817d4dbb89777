"""Opens a store, and runs its transactions."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, Select, column, create_engine, event, exc, func, inspect, select, table

from camscan.errors import BusyError, RegisterError
from camscan.output import create_file, mask_password
from camscan.register.address import address_of
from camscan.store.place import store_path

STEPS = Path(__file__).with_name("migrations")
ADVICE = "move it away, and camscan makes a new one; alerts may then come twice, and earlier answers are not compared"
"""The advice if the store cannot be read."""
_DAMAGED = ("not a database", "malformed")
"""SQLite's words for a file that it cannot read."""
BUSY_SECONDS = 30.0
"""Seconds that a writer waits for another one."""
_WRITE_LOCK = 0x43414D53
"""A PostgreSQL advisory lock: a writer holds it. Each schema has its own, as for the register."""
_WAITING = f"SET LOCAL lock_timeout = '{BUSY_SECONDS:g}s'"
_LIGHTLY = f"{_WAITING}; SET LOCAL synchronous_commit = off"
"""SQLite in its write-ahead mode does not wait for the disk either (``synchronous = NORMAL``)."""
VERSION_TABLE = "service_version"


class Store:
    """An open store. Every transaction takes a connection of its own, so that threads may share one Store."""

    def __init__(self, engine: Engine, where: str) -> None:
        self._engine = engine
        self.where = where
        """Its file or address without a password, for messages."""

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state and changes nothing."""
        with self._explain_errors(), self._engine.connect() as connection, connection.begin() as transaction:
            yield connection
            transaction.rollback()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that waits until no other one writes. It is written completely or not at all."""
        with self._explain_errors(), self._engine.connect() as connection:
            connection.execution_options(camscan_writing=True)
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def writing_rows(self) -> Iterator[Connection]:
        """A transaction that changes only rows which it has locked (``FOR UPDATE``): others may write beside it.

        It does not wait for the disk. After a power failure, its changes of the last second may be lost. What a later
        transaction of another kind wrote is never kept without them.
        """
        with self._explain_errors(), self._engine.connect() as connection:
            connection.execution_options(camscan_writing="rows")
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close its connections. Harmless when repeated."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _explain_errors(self) -> Iterator[None]:
        """Turn a database error into one line for a person."""
        try:
            yield
        except exc.OperationalError as error:
            if "locked" in str(error.orig) or "lock timeout" in str(error.orig):
                raise BusyError(f"{self.where}: another program is writing to it; try again in a moment") from error
            raise RegisterError(f"{self.where}: it cannot be used ({_first_line(error)})") from error
        except exc.DatabaseError as error:
            said = _first_line(error)
            advice = f"; {ADVICE}" if any(words in said for words in _DAMAGED) else ""
            raise RegisterError(f"{self.where}: it cannot be used ({said}){advice}") from error


@contextlib.contextmanager
def explain_damage(store: Store) -> Iterator[None]:
    """Turn a row that cannot be read into a RegisterError: one line that says what to do."""
    try:
        yield
    except (ValueError, TypeError, KeyError) as error:
        raise RegisterError(f"{store.where}: is damaged ({type(error).__name__}); {ADVICE}") from error


def open_store_of(register: str | Path) -> Store:
    """Open the store of a register; see ``camscan.store.open_store``."""
    address = address_of(register)
    store = _open_file(store_path(Path(register))) if address is None else _open_server(address)
    try:
        with store.writing() as connection:
            upgrade(connection, store.where)
    except BaseException:
        store.close()
        raise
    return store


def _open_file(path: Path) -> Store:
    try:
        # The file is not opened to look at it. Closing a descriptor would release the locks of a connection that this
        # program already has (sqlite.org/howtocorrupt.html, 2.2), and another program would remove the log to which it
        # writes.
        try:
            status = path.lstat()
        except FileNotFoundError:
            os.close(create_file(path))  # for its owner only, from the moment it exists
        else:
            if not stat.S_ISREG(status.st_mode):
                raise OSError(0, "it is not a regular file")
    except OSError as error:
        why = "it is a symbolic link" if path.is_symlink() else error.strerror
        raise RegisterError(f"{path}: cannot be opened: {why}") from error
    engine = create_engine(f"sqlite+pysqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Store(engine, str(path))


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # `_begin_sqlite` begins transactions
    for pragma in ("trusted_schema = OFF", "foreign_keys = ON", "journal_mode = WAL", "synchronous = NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("camscan_writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _open_server(address: str) -> Store:
    engine = create_engine(
        address.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1),
        pool_pre_ping=True,
    )
    event.listen(engine, "begin", _begin_postgresql)
    return Store(engine, mask_password(address))


def _begin_postgresql(connection: Connection) -> None:
    writes = connection.get_execution_options().get("camscan_writing")
    if writes == "rows":
        connection.exec_driver_sql(_LIGHTLY)
    elif writes:
        connection.exec_driver_sql(_WAITING)
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, hashtext(current_schema()))", (_WRITE_LOCK,))
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def upgrade(connection: Connection, where: str) -> None:
    """Bring the tables to the newest step in the caller's transaction.

    Raises RegisterError if a later program made them.
    """
    steps = sorted(step.name.split("_")[0] for step in (STEPS / "versions").glob("[0-9]*.py"))
    version = _read_version(connection)
    if version == steps[-1]:
        return
    if version is not None and version not in steps:
        raise RegisterError(
            f"{where}: a newer camscan wrote it (version {version}; this one reads up to {steps[-1]}); upgrade camscan"
        )
    from alembic import command  # noqa: PLC0415 - 0.2 s that only an upgrade needs
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(STEPS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    command.upgrade(config, "head")


def _read_version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    query: Select[Any] = select(func.max(column("version_num"))).select_from(table(VERSION_TABLE))
    version: Any = connection.execute(query).scalar()
    return None if version is None else str(version)


def _first_line(error: exc.DatabaseError) -> str:
    return mask_password(str(error.orig).strip().partition("\n")[0])
