"""Tables and columns for a centre: collectors with codes and signed requests, waiting parcels, and errands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns and the table. What was recorded before stays recorded."""
    with op.batch_alter_table("service_collector") as table:
        table.add_column(sa.Column("code", sa.String(64), nullable=False, server_default=""))
        table.add_column(sa.Column("code_ends_at", sa.String(40), nullable=False, server_default=""))
        table.add_column(sa.Column("counter", sa.BigInteger, nullable=False, server_default="0"))
        table.add_column(sa.Column("recent", sa.Text, nullable=False, server_default="[]"))
        table.add_column(sa.Column("seen_at", sa.String(40), nullable=False, server_default=""))
        table.add_column(sa.Column("said", sa.Text, nullable=False, server_default="{}"))
    with op.batch_alter_table("service_parcel") as table:
        table.add_column(sa.Column("state", sa.String(20), nullable=False, server_default="recorded"))
        table.add_column(sa.Column("why", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("blob", sa.String(64), nullable=False, server_default=""))
        table.add_column(sa.Column("tries", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "service_errand",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False, index=True),
        sa.Column("site", sa.String(200), nullable=False),
        sa.Column("made_at", sa.String(40), nullable=False),
        sa.Column("ends_at", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
