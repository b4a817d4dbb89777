"""Alembic's entry point: runs the steps on the connection that ``camscan.store.database`` passes to it."""

from __future__ import annotations

from alembic import context

given = context.config.attributes
context.configure(connection=given["connection"], version_table=given["version_table"], render_as_batch=True)
context.run_migrations()
