"""What counts as a change is worked out from what is known: its digest counted the order of addresses too."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Drop the digest."""
    op.drop_column("device", "state_digest")
