"""SQLAlchemy over the connection to a file: for statements that are built with it, and for upgrades of the tables."""

from __future__ import annotations

import functools
import sqlite3
import threading

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from camscan.errors import RegisterError
from camscan.register.backends.migrating import migrate_tables
from camscan.register.tables import APPLICATION_ID, VERSION

READING = "camscan_reading"
"""Execution option of a connection whose next transaction only reads, and so does not have to wait for a writer."""


class _Handover(threading.local):
    """The driver's connection for the next connection of the engine."""

    driver: sqlite3.Connection | None = None

    def take(self) -> sqlite3.Connection:
        """Take it: the engine asks for it once."""
        driver, self.driver = self.driver, None
        assert driver is not None  # noqa: S101 - connect_over has put it there
        return driver


_handover = _Handover()


def connect_over(driver: sqlite3.Connection) -> Connection:
    """A connection of SQLAlchemy over an open one; closing it closes that one too.

    ``begin`` takes the write lock at once, unless READING is set, so that no work is wasted.
    """
    engine = _engine()  # first: it must not take the driver's connection for its own beginning
    _handover.driver = driver
    return engine.connect()


@functools.cache
def _engine() -> Engine:
    """The engine of all files. There is one, because it holds the translated statements."""
    engine = create_engine("sqlite+pysqlite://", creator=_handover.take, poolclass=NullPool, isolation_level=None)

    def begin_transaction(connection: Connection) -> None:
        reads = connection.get_execution_options().get(READING)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    event.listen(engine, "begin", begin_transaction)
    return engine


def upgrade_tables(connection: Connection, to: str = VERSION) -> None:
    """Bring the register to revision ``to`` in one transaction; an empty register gets its tables."""
    # A step may rebuild tables, which SQLite forbids while other tables refer to them (sqlite.org/lang_altertable.html,
    # 7). So references are switched off for the steps, and checked before the transaction ends.
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - for the type checker
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version = {int(to)}")
            migrate_tables(connection, to)
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise RegisterError(f"the upgrade to version {to} would lose references ({broken[0]}); it was not made")
    finally:
        driver.execute("PRAGMA foreign_keys = ON")
