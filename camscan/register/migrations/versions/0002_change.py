"""Version 2: drops a digest that also depended on the order of addresses. Changes now follow from what is known."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Drop the digest."""
    op.drop_column("device", "state_digest")
