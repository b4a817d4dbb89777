"""A register on a PostgreSQL server. Errors become one line, and tables of other programs are never changed.

It relies on PostgreSQL's documentation: 13.3.5 advisory locks, 13.2 isolation, appendix A error codes, 34.1 connection
strings. Passwords are left to libpq (``~/.pgpass``, ``PGPASSWORD``, a service file): none is kept or printed here.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.pool import NullPool

from camscan.errors import BusyError, RegisterError
from camscan.output import mask_password
from camscan.register import schema
from camscan.register.backends import (
    Mode,
    known_revisions,
    newer_register_error,
    outdated_register_error,
    sqlite,
)
from camscan.register.backends.copying import copy_rows
from camscan.register.backends.migrating import migrate_tables
from camscan.register.backends.pg_errors import NO_ADDRESS, explain_server_errors, of_connecting
from camscan.register.tables import APPLICATION_ID, READABLE, VERSION
from camscan.words import how_to_add

BUSY_SECONDS = 30
"""How many seconds a writer waits for another writer before it gives up."""

_MARK = "camscan register"
"""The comment on our table of versions. It distinguishes a register from the tables of another program."""
_READING = "camscan_reading"
_DEFAULTS = {
    "application_name": "camscan",
    "connect_timeout": "10",
    # A scan holds its connection for hours: a firewall on the way must see that the connection is still in use.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_AGAIN = (0.05, 0.1, 0.2)
"""Seconds between attempts to take the lock: a server may notice a moment late that the previous run has ended."""
_RUN_LOCK, _WRITE_LOCK = APPLICATION_ID, APPLICATION_ID + 1
"""Advisory locks are numbers. The run holds the first, and a writer holds the second; each schema has its own pair."""

_TABLES = """
SELECT c.relname, obj_description(c.oid, 'pg_class')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT starts_with(c.relname, 'service_')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname
"""
"""Every table in our schema, with its comment, except tables of extensions and of the store."""


_SIZE = """
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind = 'r'
"""


def open_address(address: str, mode: Mode, *, create: bool = True) -> PostgreSQL:
    """Open the register at ``postgresql://…``; see :func:`camscan.register.open_register`."""
    opened = PostgreSQL(address, mode)
    try:
        with opened.explain_errors():
            opened.prepare_tables(create=create)
    except BaseException:
        opened.close()
        raise
    return opened


class PostgreSQL:
    """An open register on a server; a :class:`camscan.register.backends.Database`."""

    def __init__(self, address: str, mode: Mode) -> None:
        self.where = mask_password(address)
        self.mode = mode
        self._address = address
        self._locked = False
        self.connection = self._open_connection()

    @property
    def place(self) -> str:
        """See Database."""
        return self._address

    def prepare_tables(self, *, create: bool) -> None:
        """Take the lock if this is a run, and check that the tables are ours and of the current version."""
        version = self._table_revision()
        if version is None and (self.mode is Mode.READ or not create):
            raise RegisterError(
                f"{self.where}: there is no register; run a scan first, or name another one with --register"
            )
        if self.mode is Mode.READ:
            if version not in {VERSION, READABLE}:
                raise outdated_register_error(self.where)
            return
        if self.mode is Mode.RUN:
            self.take_lock()
        if version != VERSION:
            self._upgrade_tables()

    def _upgrade_tables(self) -> None:
        """Upgrade the tables in a run of its own, and check again what others did while we waited for the lock."""
        beside_a_run = self.mode is Mode.EDIT
        if beside_a_run:
            self.take_lock()
        if self._table_revision() != VERSION:
            self._check_encoding()
            self.make_tables(VERSION)
        if beside_a_run:
            self._release_lock()

    def make_tables(self, to: str) -> None:
        """Bring the tables to a revision, completely or not at all; missing tables are created."""
        with self.begin_writing() as connection:
            migrate_tables(connection, to)
            connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{_MARK}'")

    def _open_connection(self) -> Connection:
        driver = _load_driver(self.where)
        try:
            options = {**_DEFAULTS, **driver.conninfo.conninfo_to_dict(self._address)}
        except driver.Error:
            raise RegisterError(f"{self.where}: {NO_ADDRESS}") from None
        with of_connecting(self.where, options):
            return _engine_of(driver.connect, tuple(options.items())).connect()

    def take_lock(self) -> None:
        """Begin a run. Raises BusyError if another run is going on."""
        for wait in (*_AGAIN, None):
            with self._transaction(reading=True) as connection:
                self._locked = bool(
                    connection.exec_driver_sql(
                        "SELECT pg_try_advisory_lock(%s, hashtext(current_schema()))", (_RUN_LOCK,)
                    ).scalar()
                )
            if self._locked:
                return
            if wait is not None:
                time.sleep(wait)
        raise BusyError(f"{self.where}: another camscan run is writing to it; wait until it has ended")

    def _release_lock(self) -> None:
        with self._transaction(reading=True) as connection:
            connection.exec_driver_sql("SELECT pg_advisory_unlock(%s, hashtext(current_schema()))", (_RUN_LOCK,))
        self._locked = False

    def _table_revision(self) -> str | None:
        """The revision of the tables; None for an empty schema.

        Raises RegisterError if the tables are not ours or have a newer version.
        """
        with self._transaction(reading=True) as connection:
            if connection.exec_driver_sql("SELECT current_schema()").scalar() is None:
                raise RegisterError(f"{self.where}: the search_path of this user names no schema that exists")
            tables = {row[0]: row[1] for row in connection.exec_driver_sql(_TABLES)}
            if not tables:
                return None
            if tables.get("alembic_version") != _MARK:
                raise RegisterError(
                    f"{self.where}: it holds another program's tables ({next(iter(tables))}); name an empty database"
                )
            version = connection.exec_driver_sql("SELECT max(version_num) FROM alembic_version").scalar()
        if version not in known_revisions():
            raise newer_register_error(self.where, str(version))
        return str(version)

    def _check_encoding(self) -> None:
        with self._transaction(reading=True) as connection:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            raise RegisterError(
                f"{self.where}: the database's encoding is {encoding}, which cannot hold every text; "
                "create one with ENCODING 'UTF8'"
            )

    def explain_errors(self) -> contextlib.AbstractContextManager[None]:
        """See Database."""
        return explain_server_errors(self.where)

    def read_plainly(self) -> contextlib.AbstractContextManager[Connection]:
        """See Database."""
        return self.begin_reading()

    def write_plainly(self) -> contextlib.AbstractContextManager[Connection]:
        """See Database."""
        return self.begin_writing()

    def begin_reading(self) -> contextlib.AbstractContextManager[Connection]:
        """See Database."""
        return self._transaction(reading=True)

    @contextlib.contextmanager
    def begin_writing(self) -> Iterator[Connection]:
        """See Database."""
        self._stay_connected()
        with self._transaction(reading=False) as connection:
            yield connection

    @contextlib.contextmanager
    def _transaction(self, *, reading: bool) -> Iterator[Connection]:
        with self.connection.execution_options(**{_READING: reading}).begin():
            yield self.connection

    def _stay_connected(self) -> None:
        """Connect again if the server or the network has dropped the connection: a scan of hours is worth it."""
        try:
            with self._transaction(reading=True) as connection:
                connection.exec_driver_sql("SELECT 1")
        except exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            self._close_connection()
            self.connection = self._open_connection()
            if self._locked:
                self.take_lock()

    @property
    def is_free(self) -> bool:
        """See Database."""
        with self._transaction(reading=True) as connection:
            found = connection.exec_driver_sql(
                "SELECT pg_try_advisory_xact_lock(%s, hashtext(current_schema()))", (_WRITE_LOCK,)
            ).scalar()
        return bool(found)

    def copy_to(self, path: Path) -> None:
        """See Database."""
        made = contextlib.closing(sqlite.make_register(path))
        with (
            sqlite.explain_file_errors(path),
            self.explain_errors(),
            made as copy,
            self.begin_reading() as rows,
            copy.begin_writing() as target,
        ):
            copy_rows(rows, target)

    def find_damage(self) -> list[str]:
        """See Database. The server checks its files itself, and reports what it cannot read when that is asked for."""
        return []

    def vacuum(self) -> None:
        """See Database."""
        driver: Any = self.connection.connection.driver_connection
        driver.autocommit = True
        try:
            for name in schema.METADATA.tables:
                driver.execute(f'VACUUM (FULL, ANALYZE) "{name}"')
        finally:
            driver.autocommit = False

    def size_in_bytes(self) -> int:
        """See Database."""
        with self.begin_reading() as connection:
            return int(connection.exec_driver_sql(_SIZE).scalar_one())

    def close(self) -> None:
        """See Database. The server drops the locks of a connection that has ended, but a moment later."""
        if hasattr(self, "connection"):
            self._close_connection()

    def _close_connection(self) -> None:
        with contextlib.suppress(exc.DBAPIError):  # a lost connection cannot be closed properly
            self.connection.close()


@functools.lru_cache(maxsize=4)
def _engine_of(connect: Callable[..., Any], options: tuple[tuple[str, Any], ...]) -> Engine:
    """The engine that makes connections to a server. It is kept, because it holds the translated statements.

    A worker opens the register about once a second. An engine for each time would translate every statement again.
    It would also leave many objects behind that refer to each other, and Python removes those only from time to time.
    """
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect(**dict(options)),
        poolclass=NullPool,
        use_native_hstore=False,
    )
    event.listen(engine, "begin", _begin_transaction)
    return engine


def _begin_transaction(connection: Connection) -> None:
    """Run the first statements of a transaction.

    A reader sees one state throughout. Writers take turns, so that each sees everything that the previous one
    committed: the lock comes before the first snapshot, and READ COMMITTED takes a new snapshot for every statement.
    """
    if connection.get_execution_options().get(_READING):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return
    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, hashtext(current_schema()))", (_WRITE_LOCK,))


def _load_driver(where: str) -> Any:
    try:
        import psycopg  # noqa: PLC0415 - an extra
        import psycopg.conninfo  # noqa: PLC0415 - as above
    except ImportError as error:
        raise RegisterError(
            f"{where}: a register on a PostgreSQL server needs one more library: {how_to_add('postgresql')}"
        ) from error
    # The driver also logs the errors that it raises: a person would see them twice.
    log = logging.getLogger(psycopg.__name__)
    if not log.handlers:  # once, however often a worker opens the register
        log.addHandler(logging.NullHandler())
    return psycopg
