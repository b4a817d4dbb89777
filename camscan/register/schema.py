"""The register's tables; ``docs/register.md`` explains them to people.

People's entries are in tables of their own (``people``, ``change``, ``site``, ``subnet``), and recording a scan does
not write to them. The types are portable: the same tables serve SQLite and PostgreSQL.
"""

from __future__ import annotations

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
    UniqueConstraint,
)

from camscan.register.column_types import DeviceText, Json, Moment
from camscan.register.tables import APPLICATION_ID, READABLE, VERSION

__all__ = ["APPLICATION_ID", "KEPT", "LONGEST_SORTED", "METADATA", "READABLE", "READ_MODEL", "VERSION"]

_ID = BigInteger().with_variant(Integer, "sqlite")
METADATA = MetaData()


def _reference(
    name: str, to: str, *, optional: bool = False, key: bool = False, constraint: str | None = None
) -> Column[int]:
    reference = ForeignKey(f"{to}.id", name=constraint)
    return Column(name, _ID, reference, nullable=optional, primary_key=key, autoincrement=False)


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
    # Empty if no scan has seen the device: rows that people entered or imported, channels.
    Column("first_seen", Moment),
    Column("last_seen", Moment),
    _reference("first_scan", "scan", optional=True),
    _reference("last_scan", "scan", optional=True),
    Column("sightings", Integer, nullable=False),
    # What is known about the device: the last known value of each, for SQL queries.
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
    Column("record_type", String(20), nullable=False, server_default="network"),
    Column("presence", String(20), nullable=False, server_default="seen"),
    Column("scans_missed", Integer, nullable=False, server_default="0"),
    # Of a channel: its recorder. Of a recorder: how many channels it says it has.
    _reference("recorder_id", "device", optional=True, constraint="fk_device_recorder_id"),
    Column("channel", Integer),
    Column("channels", Integer),
    # The row that a person declared to be the same unit. This one is kept for its number and history, and not shown.
    _reference("merged_into", "device", optional=True, constraint="fk_device_merged_into"),
)

device_key = Table(
    "device_key",
    METADATA,
    Column("kind", String(20), primary_key=True),
    Column("value", DeviceText, primary_key=True),
    _reference("device_id", "device", key=True),
    # Empty if a person stated the key and no scan has seen it yet.
    _reference("first_scan", "scan", optional=True),
    _reference("last_scan", "scan", optional=True),
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
    # The last sighting in which it held; empty while it holds.
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
    # The other row that the conflict is about; empty if there is none.
    _reference("other_id", "device", optional=True, constraint="fk_conflict_other_id"),
    # What a person decided; empty while it waits in `camscan review`.
    Column("decision", String(20)),
    Column("settled_at", Moment),
    Column("settled_by", DeviceText),
    Index("ix_conflict_device", "device_id"),
)

event = Table(
    "event",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=False),
    # Empty for what a person entered.
    _reference("scan", "scan", optional=True),
    # Number of the last scan that was recorded then: it orders events whatever the clock said. 0 before the first.
    Column("after_scan", _ID, nullable=False),
    # Empty for an event of a whole subnet.
    _reference("device_id", "device", optional=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("old", DeviceText, nullable=False),
    Column("new", DeviceText, nullable=False),
    Column("detail", DeviceText, nullable=False),
    Index("ix_event_after_scan", "after_scan"),
)

tally = Table(
    "tally",
    METADATA,
    _reference("scan", "scan", key=True),
    Column("counts", Json, nullable=False),
)

people = Table(
    "people",
    METADATA,
    _reference("device_id", "device", key=True),
    Column("entries", Json, nullable=False),
    Column("revision", _ID, nullable=False),
)

change = Table(
    "change",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("role", DeviceText, nullable=False),
    Column("how", DeviceText, nullable=False),
    _reference("device_id", "device"),
    Column("column_name", String(40), nullable=False),
    Column("old", DeviceText, nullable=False),
    Column("new", DeviceText, nullable=False),
    Column("because", DeviceText, nullable=False),
    Index("ix_change_device", "device_id"),
)

site = Table(
    "site",
    METADATA,
    Column("name", DeviceText, primary_key=True),
    *(
        Column(name, DeviceText, nullable=False)
        for name in ("ref", "type", "sensitivity", "controller", "owner_service", "network_zone")
    ),
)

subnet = Table(
    "subnet",
    METADATA,
    Column("cidr", String(50), primary_key=True),
    Column("site", DeviceText, ForeignKey("site.name"), nullable=False),
    Column("vlan", DeviceText, nullable=False),
    # Empty if the site's own value applies: a core network and a camera network may share a building.
    Column("network_zone", DeviceText, nullable=False),
    Column("controller", DeviceText, nullable=False),
)

# ── the read model: made from the tables above, and made again whenever that is in doubt ─────────────────────────

LONGEST_SORTED = 200
"""Maximum characters by which a text sorts. An index of PostgreSQL takes 2,700 bytes; one character may need ten."""

_SORTED = (
    *("asset_id", "tag", "site", "address", "maker", "model", "serial", "firmware", "kind", "confidence"),
    *("presence", "lifecycle", "in_scope", "priority", "standing", "planned", "last_seen"),
)

listing = Table(
    "listing",
    METADATA,
    _reference("device_id", "device", key=True),
    Column("asset_id", String(32), nullable=False),
    *(Column(name, DeviceText, nullable=False) for name in ("tag", "site")),
    # The first IP address in a form that sorts, as camscan.addresses.sort_key makes it; empty if it has none.
    Column("address", DeviceText, nullable=False),
    *(Column(name, DeviceText, nullable=False) for name in ("maker", "model", "serial", "firmware", "kind")),
    Column("confidence", String(20), nullable=False),
    Column("presence", String(20), nullable=False),
    Column("lifecycle", String(20), nullable=False),
    Column("in_scope", String(10), nullable=False),
    Column("priority", Integer),
    # Of a device in scope: planned, overdue, removed …
    Column("standing", String(20), nullable=False),
    Column("planned", String(10), nullable=False),
    Column("last_seen", Moment),
    # For counts: the system and the site of the device, its cost in pence, and whether it answers although removed.
    Column("system_key", String(32), nullable=False),
    Column("site_key", DeviceText, nullable=False),
    Column("pence", BigInteger),
    Column("answers", Boolean, nullable=False),
    # The last day for which this line is valid; empty if no day changes it.
    Column("until", String(10)),
    # For lists: all its addresses, the names of its maker and on its badge, and where exactly it is.
    *(Column(name, DeviceText, nullable=False) for name in ("ips", "make", "badge", "spot")),
    # How many scans in a row missed it; whether it is something other than video surveillance.
    Column("missed", Integer, nullable=False),
    Column("other", Boolean, nullable=False),
    # All texts by which somebody may search for it, in lower case.
    Column("hay", DeviceText, nullable=False),
    # The rest of what lists show and count, as the program that wrote it understands it.
    Column("facts", Json, nullable=False),
    *(Index(f"ix_listing_{name}", name) for name in (*_SORTED, "system_key", "site_key", "until")),
)

overview = Table(
    "overview",
    METADATA,
    Column("name", String(20), primary_key=True),
    Column("content", Json, nullable=False),
)

touched = Table(
    "touched",
    METADATA,
    # Number of a device whose line in ``listing`` may be out of date; 0 for all devices. Triggers write it.
    Column("device_id", _ID, primary_key=True, autoincrement=False),
)

READ_MODEL = (listing, overview, touched)
"""Never copied from one register to another: the reader makes them again."""
KEPT = tuple(table for table in METADATA.sorted_tables if table not in READ_MODEL)
"""The tables of which nothing may be lost; a table comes after the tables to which it refers."""
