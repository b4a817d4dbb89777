"""The tables of the queue: made when they are first needed, and upgraded by Procrastinate's own steps."""

from __future__ import annotations

from pathlib import Path

from procrastinate.schema import SchemaManager

from camscan.errors import RegisterError
from camscan.output import mask_password
from camscan.work.link import open_link

_LOCK = 0x43414D51
"""A PostgreSQL advisory lock: the process that holds it makes the tables."""
_MARK = "camscan queue "
"""The beginning of the comment on our schema, which ends with the last step that was taken."""
_PLACE = b"""
SELECT current_setting('search_path'), to_regnamespace(current_setting('search_path')) IS NOT NULL,
       obj_description(to_regnamespace(current_setting('search_path')), 'pg_namespace'),
       EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(current_setting('search_path'))),
       has_database_privilege(current_database(), 'CREATE'), quote_ident(current_user)
"""


def make(address: str) -> None:
    """See :func:`camscan.work.make_tables`. It makes all tables or none."""
    steps = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    newest = steps[-1].name
    with open_link(address) as link, link.pool.connection() as connection:
        connection.execute(b"SELECT pg_advisory_xact_lock(%s, hashtext(current_setting('search_path')))", [_LOCK])
        schema, is_there, said, is_used, may_make, user = connection.execute(_PLACE).fetchall()[0]
        done = (said or "").removeprefix(_MARK) if (said or "").startswith(_MARK) else ""
        if done >= newest:
            return
        if is_used and not done:
            raise RegisterError(
                f"{mask_password(address)}: the schema {schema} holds another program's tables; rename one of the two"
            )
        if not is_there and not may_make:
            raise RegisterError(
                f"{mask_password(address)}: the queue needs a schema of its own, which this user may not make; let an "
                f"administrator run: CREATE SCHEMA {schema} AUTHORIZATION {user}"
            )
        if not is_there:
            connection.execute(f"CREATE SCHEMA {schema}".encode())
        wanted = [step.read_text(encoding="utf-8") for step in steps if step.name > done]
        for text in wanted if done else [SchemaManager.get_schema()]:
            connection.execute(text.encode())
        connection.execute(f"COMMENT ON SCHEMA {schema} IS '{_MARK}{newest}'".encode())
