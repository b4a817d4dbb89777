"""Tables for keys that sign parcels, with the sites that each may speak for, and for the parcels that have arrived."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "service_collector",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        sa.Column("key", sa.String(64), unique=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("sites", sa.Text, nullable=False),
        sa.Column("networks", sa.Text, nullable=False),
        sa.Column("role", sa.String(100), nullable=False),
        sa.Column("since", sa.String(40), nullable=False),
    )
    op.create_table(
        "service_parcel",
        sa.Column("scan_id", sa.String(80), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("arrived_at", sa.String(40), nullable=False),
        sa.Column("dropped", sa.Integer, nullable=False),
    )
