"""The register's tables. Everything here belongs to the scanner; ``docs/register.md`` explains them to people.

What people enter will live in tables of their own that refer to ``device.asset_id``; recording a scan touches none but
these. The types are portable: the same tables are meant for SQLite and PostgreSQL.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

VERSION = "0002"
"""The revision that this program writes; the newest of ``migrations/versions`` (a test compares them)."""

APPLICATION_ID = 0x63616D73
"""SQLite's application id, ``cams``: tells a register from any other SQLite file."""

_UNSTORABLE = re.compile("[\x00\x1a\ud800-\udfff]")
_MARK = "\x1a"


class DeviceText(TypeDecorator[str]):
    """Any text, also what a database cannot hold: NUL and lone surrogates are kept as escapes after a SUB character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Escape where needed."""
        if value is None or not _UNSTORABLE.search(value):
            return value
        return _MARK + value.encode("unicode_escape").decode("ascii")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """Undo the escape."""
        if value is None or not value.startswith(_MARK):
            return value
        return value[1:].encode("ascii").decode("unicode_escape")


class Moment(TypeDecorator[datetime]):
    """A UTC time as text that sorts and that a person can read: ``2026-03-02T12:00:00.000000Z``."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """To text."""
        if value is None:
            return None
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        """To a time."""
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """JSON in plain ASCII text: also holds what DeviceText has to escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002 - as above
        """To JSON."""
        return json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - as above
        """From JSON."""
        return None if value is None else json.loads(value)


_ID = BigInteger().with_variant(Integer, "sqlite")
METADATA = MetaData()


def _reference(name: str, to: str, *, optional: bool = False, key: bool = False) -> Column[int]:
    return Column(name, _ID, ForeignKey(f"{to}.id"), nullable=optional, primary_key=key, autoincrement=False)


scan = Table(
    "scan",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=False),
    Column("scan_id", DeviceText, nullable=False, unique=True),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment, nullable=False),
    Column("completion", String(20), nullable=False),
    Column("site", DeviceText, nullable=False),
    Column("targets", Json, nullable=False),
    Column("pace", DeviceText, nullable=False),
    Column("version", DeviceText, nullable=False),
    Column("database", DeviceText, nullable=False),
    Column("coverage", Json, nullable=False),
    Column("devices", Integer, nullable=False),
)

device = Table(
    "device",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=False),
    Column("asset_id", String(32), nullable=False, unique=True),
    Column("site", DeviceText, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    _reference("first_scan", "scan"),
    _reference("last_scan", "scan"),
    Column("sightings", Integer, nullable=False),
    # What is known of it: the last known value of each, for questions in SQL.
    Column("maker", DeviceText),
    Column("brand", DeviceText),
    Column("model", DeviceText),
    Column("firmware", DeviceText),
    Column("serial", DeviceText),
    Column("mac", DeviceText),
    Column("kind", DeviceText),
    Column("is_camera_system", Boolean),
    Column("confidence", String(20), nullable=False),
    Column("certainty", Float, nullable=False),
    Column("known", Json, nullable=False),
    Column("evidence_digest", LargeBinary(16), nullable=False),
    Index("ix_device_serial", "serial"),
    Index("ix_device_maker", "maker"),
)

device_key = Table(
    "device_key",
    METADATA,
    Column("kind", String(20), primary_key=True),
    Column("value", DeviceText, primary_key=True),
    _reference("device_id", "device", key=True),
    _reference("first_scan", "scan"),
    _reference("last_scan", "scan"),
    Index("ix_device_key_device", "device_id"),
)

device_address = Table(
    "device_address",
    METADATA,
    _reference("device_id", "device", key=True),
    Column("kind", String(3), primary_key=True),
    Column("value", DeviceText, primary_key=True),
    Column("position", Integer, nullable=False),
    _reference("first_scan", "scan"),
    _reference("last_scan", "scan"),
    Index("ix_device_address_value", "value"),
)

device_state = Table(
    "device_state",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=False),
    _reference("device_id", "device"),
    Column("digest", LargeBinary(16), nullable=False),
    Column("state", Json, nullable=False),
    UniqueConstraint("device_id", "digest", name="uq_device_state"),
)

sighting = Table(
    "sighting",
    METADATA,
    _reference("scan", "scan", key=True),
    _reference("device_id", "device", key=True),
    _reference("state_id", "device_state"),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Index("ix_sighting_device", "device_id"),
)

fact = Table(
    "fact",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("key", DeviceText, nullable=False),
    Column("value", DeviceText, nullable=False),
)

observation = Table(
    "observation",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=False),
    _reference("device_id", "device"),
    Column("ip", DeviceText, nullable=False),
    Column("port", Integer, nullable=False),
    Column("probe", DeviceText, nullable=False),
    _reference("fact_id", "fact"),
    Column("seen_at", Moment, nullable=False),
    _reference("first_scan", "scan"),
    # Last sighting in which it held; empty while it holds.
    _reference("last_scan", "scan", optional=True),
    Index("ix_observation_device", "device_id"),
)

payload = Table(
    "payload",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("content", LargeBinary, nullable=False),
)

attempt = Table(
    "attempt",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=False),
    _reference("scan", "scan"),
    Column("ip", DeviceText, nullable=False),
    Column("port", Integer, nullable=False),
    Column("probe", DeviceText, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("detail", DeviceText, nullable=False),
    _reference("payload_id", "payload", optional=True),
    Column("seen_at", Moment, nullable=False),
    Index("ix_attempt_scan_ip", "scan", "ip"),
)

conflict = Table(
    "conflict",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=False),
    _reference("scan", "scan"),
    _reference("device_id", "device"),
    Column("kind", String(30), nullable=False),
    Column("detail", DeviceText, nullable=False),
    Index("ix_conflict_device", "device_id"),
)
