"""A column for the time that recording a parcel took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column: 0 if nobody measured the time."""
    with op.batch_alter_table("service_parcel") as table:
        table.add_column(sa.Column("took_ms", sa.Integer, nullable=False, server_default="0"))
