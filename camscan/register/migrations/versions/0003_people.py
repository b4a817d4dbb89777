"""Version 3: people's entries with their audit log, presence, events, sites, burn-down, rows that no scan has seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_LONG = 9
"""Characters from which a serial number identifies a device without its maker."""
_ESCAPED = "\x1a"
"""How a text begins that a database could not hold unchanged."""
ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _text(name: str, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=optional)


def _id(name: str = "id") -> sa.Column[int]:
    return sa.Column(name, ID, primary_key=True, autoincrement=False)


def _reference(name: str, to: str, *, optional: bool = False, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, ID, sa.ForeignKey(f"{to}.id"), nullable=optional, primary_key=key, autoincrement=False)


def upgrade() -> None:
    """Widen the columns that exist, then add what is new. Every row so far came from a scan."""
    _device()
    _identity()
    _units()
    _history()
    _people()


def _device() -> None:
    with op.batch_alter_table("device") as device:
        for name in ("first_seen", "last_seen"):
            device.alter_column(name, existing_type=sa.String(27), nullable=True)
        for name in ("first_scan", "last_scan"):
            device.alter_column(name, existing_type=ID, nullable=True)
        device.add_column(sa.Column("record_type", sa.String(20), nullable=False, server_default="network"))
        device.add_column(sa.Column("presence", sa.String(20), nullable=False, server_default="seen"))
        device.add_column(sa.Column("scans_missed", sa.Integer, nullable=False, server_default="0"))
        for name in ("recorder_id", "merged_into"):
            device.add_column(sa.Column(name, ID, sa.ForeignKey("device.id", name=f"fk_device_{name}"), nullable=True))
        for name in ("channel", "channels"):
            device.add_column(sa.Column(name, sa.Integer, nullable=True))
        # Nothing searches by these; and a text from a device may be longer than an index of PostgreSQL allows.
        device.drop_index("ix_device_serial")
        device.drop_index("ix_device_maker")


def _identity() -> None:
    with op.batch_alter_table("device_key") as key:
        for name in ("first_scan", "last_scan"):
            key.alter_column(name, existing_type=ID, nullable=True)
    with op.batch_alter_table("conflict") as conflict:
        conflict.add_column(
            sa.Column("other_id", ID, sa.ForeignKey("device.id", name="fk_conflict_other_id"), nullable=True)
        )
        conflict.add_column(sa.Column("decision", sa.String(20), nullable=True))
        conflict.add_column(sa.Column("settled_at", sa.String(27), nullable=True))
        conflict.add_column(_text("settled_by", optional=True))


def _units() -> None:
    """Add keys of long serial numbers without the maker.

    A device is then still recognised when its maker becomes known.
    """
    columns = ("kind", "value", "device_id", "first_scan", "last_scan")
    table = sa.table("device_key", *(sa.column(name) for name in columns))
    rows = op.get_bind().execute(sa.select(table).where(table.c.kind.in_(("serial", "unit")))).mappings().all()
    held = {(row["value"], row["device_id"]) for row in rows if row["kind"] == "unit"}
    spans: dict[tuple[str, int], list[int]] = {}
    for row in (row for row in rows if row["kind"] == "serial" and not row["value"].startswith(_ESCAPED)):
        key = (row["value"].partition("|")[2], row["device_id"])
        if len(key[0]) >= _LONG and key not in held:
            spans.setdefault(key, []).extend((row["first_scan"], row["last_scan"]))
    new = [
        {"kind": "unit", "value": serial, "device_id": device, "first_scan": min(scans), "last_scan": max(scans)}
        for (serial, device), scans in spans.items()
    ]
    if new:
        op.bulk_insert(table, new)


def _history() -> None:
    op.create_table(
        "event",
        _id(),
        _reference("scan", "scan", optional=True),
        sa.Column("after_scan", ID, nullable=False),
        _reference("device_id", "device", optional=True),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        *(_text(name) for name in ("old", "new", "detail")),
    )
    op.create_index("ix_event_after_scan", "event", ["after_scan"])
    op.create_table("tally", _reference("scan", "scan", key=True), _text("counts"))


def _people() -> None:
    op.create_table(
        "people",
        _reference("device_id", "device", key=True),
        _text("entries"),
        sa.Column("revision", ID, nullable=False),
    )
    op.create_table(
        "change",
        _id(),
        sa.Column("at", sa.String(27), nullable=False),
        *(_text(name) for name in ("role", "how")),
        _reference("device_id", "device"),
        sa.Column("column_name", sa.String(40), nullable=False),
        *(_text(name) for name in ("old", "new", "because")),
    )
    op.create_index("ix_change_device", "change", ["device_id"])
    op.create_table(
        "site",
        sa.Column("name", sa.Text, primary_key=True),
        *(_text(name) for name in ("ref", "type", "sensitivity", "controller", "owner_service", "network_zone")),
    )
    op.create_table(
        "subnet",
        sa.Column("cidr", sa.String(50), primary_key=True),
        sa.Column("site", sa.Text, sa.ForeignKey("site.name"), nullable=False),
        *(_text(name) for name in ("vlan", "network_zone", "controller")),
    )
