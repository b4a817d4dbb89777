"""Alembic's entry point: runs the steps on the connection that ``camscan.register.backends.sqlite`` passes to it."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
