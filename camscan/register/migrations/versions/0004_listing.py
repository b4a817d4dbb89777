"""Version 4: the read model, with one line for each device as lists show it, stored counts, and lines out of date."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_INDEXED = (
    *("asset_id", "tag", "site", "address", "maker", "model", "serial", "firmware", "kind", "confidence"),
    *("presence", "lifecycle", "in_scope", "priority", "standing", "planned", "last_seen"),
    *("system_key", "site_key", "until"),
)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _word(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def upgrade() -> None:
    """Create empty tables: they are filled when somebody reads them first."""
    op.create_table(
        "listing",
        sa.Column("device_id", ID, sa.ForeignKey("device.id"), primary_key=True, autoincrement=False),
        _word("asset_id", 32),
        *(_text(name) for name in ("tag", "site", "address", "maker", "model", "serial", "firmware", "kind")),
        *(_word(name, 20) for name in ("confidence", "presence", "lifecycle")),
        _word("in_scope", 10),
        sa.Column("priority", sa.Integer, nullable=True),
        _word("standing", 20),
        _word("planned", 10),
        sa.Column("last_seen", sa.String(27), nullable=True),
        _word("system_key", 32),
        _text("site_key"),
        sa.Column("pence", sa.BigInteger, nullable=True),
        sa.Column("answers", sa.Boolean, nullable=False),
        sa.Column("until", sa.String(10), nullable=True),
        *(_text(name) for name in ("ips", "make", "badge", "spot")),
        sa.Column("missed", sa.Integer, nullable=False),
        sa.Column("other", sa.Boolean, nullable=False),
        _text("hay"),
        _text("facts"),
    )
    for name in _INDEXED:
        op.create_index(f"ix_listing_{name}", "listing", [name])
    op.create_table("overview", sa.Column("name", sa.String(20), primary_key=True), _text("content"))
    op.create_table("touched", sa.Column("device_id", ID, primary_key=True, autoincrement=False))
