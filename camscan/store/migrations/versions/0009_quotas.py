"""A column for what each collector has sent today, and indexes that find parcels by state and key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column and the indexes."""
    op.add_column("service_collector", sa.Column("used", sa.String(200), nullable=False, server_default=""))
    op.create_index("service_parcel_state", "service_parcel", ["state"])
    op.create_index("service_parcel_key", "service_parcel", ["key"])
