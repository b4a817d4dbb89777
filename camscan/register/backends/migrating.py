"""Makes the tables of a register by SQLAlchemy, and brings those of an earlier version up to date by Alembic."""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect

from camscan.register import backends
from camscan.register.listing import begin_listing
from camscan.register.schema import METADATA, overview, touched
from camscan.register.watching import create_triggers, drop_triggers

_STAMP = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""The table in which Alembic keeps the revision, as Alembic creates it."""


def migrate_tables(connection: Connection, to: str) -> None:
    """Bring the tables to revision ``to`` in the caller's transaction; missing tables are created."""
    if to == backends.VERSION and not inspect(connection).has_table(_STAMP.name):
        METADATA.create_all(connection, checkfirst=False)
        _STAMP.create(connection, checkfirst=False)
        connection.execute(_STAMP.insert().values(version_num=to))
        create_triggers(connection)
        begin_listing(connection)
        return
    from alembic import command  # noqa: PLC0415 - 0.2 s that only an upgrade needs
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(backends.STEPS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    if inspect(connection).has_table(touched.name):
        drop_triggers(connection)
    command.upgrade(config, to)
    if to == backends.VERSION:
        connection.execute(overview.delete())  # a step may have changed the tables from which the listing is made
        create_triggers(connection)
