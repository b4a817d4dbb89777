"""Version 1: scans, devices, keys, addresses, states, sightings, facts, observations, replies, conflicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _id() -> sa.Column[int]:
    return sa.Column("id", ID, primary_key=True, autoincrement=False)


def _text(name: str, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=optional)


def _moment(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(27), nullable=False)


def _reference(name: str, to: str, *, optional: bool = False, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, ID, sa.ForeignKey(f"{to}.id"), nullable=optional, primary_key=key, autoincrement=False)


def upgrade() -> None:
    """Create every table."""
    _scan_and_device()
    _identity()
    _evidence()


def _scan_and_device() -> None:
    op.create_table(
        "scan",
        _id(),
        sa.Column("scan_id", sa.Text, nullable=False, unique=True),
        _moment("started_at"),
        _moment("finished_at"),
        sa.Column("completion", sa.String(20), nullable=False),
        _text("site"),
        _text("targets"),
        _text("pace"),
        _text("version"),
        _text("database"),
        _text("coverage"),
        sa.Column("devices", sa.Integer, nullable=False),
    )
    op.create_table(
        "device",
        _id(),
        sa.Column("asset_id", sa.String(32), nullable=False, unique=True),
        _text("site"),
        sa.Column("provisional", sa.Boolean, nullable=False),
        _moment("first_seen"),
        _moment("last_seen"),
        _reference("first_scan", "scan"),
        _reference("last_scan", "scan"),
        sa.Column("sightings", sa.Integer, nullable=False),
        *(_text(name, optional=True) for name in ("maker", "brand", "model", "firmware", "serial", "mac", "kind")),
        sa.Column("is_camera_system", sa.Boolean),
        sa.Column("confidence", sa.String(20), nullable=False),
        sa.Column("certainty", sa.Float, nullable=False),
        _text("known"),
        sa.Column("state_digest", sa.LargeBinary(16), nullable=False),
        sa.Column("evidence_digest", sa.LargeBinary(16), nullable=False),
    )
    op.create_index("ix_device_serial", "device", ["serial"])
    op.create_index("ix_device_maker", "device", ["maker"])


def _identity() -> None:
    op.create_table(
        "device_key",
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        _reference("device_id", "device", key=True),
        _reference("first_scan", "scan"),
        _reference("last_scan", "scan"),
    )
    op.create_index("ix_device_key_device", "device_key", ["device_id"])
    op.create_table(
        "device_address",
        _reference("device_id", "device", key=True),
        sa.Column("kind", sa.String(3), primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        _reference("first_scan", "scan"),
        _reference("last_scan", "scan"),
    )
    op.create_index("ix_device_address_value", "device_address", ["value"])
    op.create_table(
        "conflict",
        _id(),
        _reference("scan", "scan"),
        _reference("device_id", "device"),
        sa.Column("kind", sa.String(30), nullable=False),
        _text("detail"),
    )
    op.create_index("ix_conflict_device", "conflict", ["device_id"])


def _evidence() -> None:
    op.create_table(
        "device_state",
        _id(),
        _reference("device_id", "device"),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        _text("state"),
        sa.UniqueConstraint("device_id", "digest", name="uq_device_state"),
    )
    op.create_table(
        "sighting",
        _reference("scan", "scan", key=True),
        _reference("device_id", "device", key=True),
        _reference("state_id", "device_state"),
        _moment("first_seen"),
        _moment("last_seen"),
    )
    op.create_index("ix_sighting_device", "sighting", ["device_id"])
    op.create_table(
        "fact",
        _id(),
        sa.Column("digest", sa.LargeBinary(16), nullable=False, unique=True),
        _text("key"),
        _text("value"),
    )
    op.create_table(
        "observation",
        _id(),
        _reference("device_id", "device"),
        _text("ip"),
        sa.Column("port", sa.Integer, nullable=False),
        _text("probe"),
        _reference("fact_id", "fact"),
        _moment("seen_at"),
        _reference("first_scan", "scan"),
        _reference("last_scan", "scan", optional=True),
    )
    op.create_index("ix_observation_device", "observation", ["device_id"])
    op.create_table(
        "payload",
        _id(),
        sa.Column("digest", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "attempt",
        _id(),
        _reference("scan", "scan"),
        _text("ip"),
        sa.Column("port", sa.Integer, nullable=False),
        _text("probe"),
        sa.Column("outcome", sa.String(20), nullable=False),
        _text("detail"),
        _reference("payload_id", "payload", optional=True),
        _moment("seen_at"),
    )
    op.create_index("ix_attempt_scan_ip", "attempt", ["scan", "ip"])
