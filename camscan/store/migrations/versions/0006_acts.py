"""A table for actions: who looked at what in the pages of camscan serve, and who made entries in the register's log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "service_act",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("session", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("role", sa.String(100), nullable=False),
        sa.Column("method", sa.String(10), nullable=False),
        sa.Column("path", sa.String(400), nullable=False),
        sa.Column("from_change", sa.BigInteger),
        sa.Column("to_change", sa.BigInteger),
        sa.Column("outcome", sa.String(40), nullable=False),
    )
    op.create_index("service_act_at", "service_act", ["at"])
    op.create_index("service_act_subject", "service_act", ["subject", "at"])
