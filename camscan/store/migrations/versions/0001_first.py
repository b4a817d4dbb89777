"""The first version: a table that says which program made the store and when, so that a stray file is recognised."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from camscan.version import __version__

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table and its one row."""
    made = op.create_table(
        "service_store",
        sa.Column("made_by", sa.String(40), nullable=False),
        sa.Column("made_at", sa.String(40), nullable=False),
    )
    op.bulk_insert(made, [{"made_by": f"camscan {__version__}", "made_at": datetime.now(UTC).isoformat()}])
