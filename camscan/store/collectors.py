"""Whose parcels are believed: keys, the sites and networks that each may speak for, and the parcels that arrived."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Column, Integer, MetaData, RowMapping, String, Table, Text, insert, select, update

from camscan.store.database import Store, intact

APPROVED = "approved"
_METADATA = MetaData()
_COLLECTOR = Table(
    "service_collector",
    _METADATA,
    Column("number", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("key", String(64)),
    Column("state", String(20), nullable=False),
    Column("sites", Text, nullable=False),
    Column("networks", Text, nullable=False),
    Column("role", String(100), nullable=False),
    Column("since", String(40), nullable=False),
)
_PARCEL = Table(
    "service_parcel",
    _METADATA,
    Column("scan_id", String(80), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("arrived_at", String(40), nullable=False),
    Column("dropped", Integer, nullable=False),
)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """A key, and what it may speak for."""

    number: int
    name: str
    key: bytes
    """The public key, 32 bytes."""
    state: str
    sites: tuple[str, ...]
    """By their names in camscan.yaml."""
    networks: tuple[Network, ...]
    """Besides those of the sites."""
    role: str
    """Of whoever approved it."""
    since: datetime

    @property
    def is_approved(self) -> bool:
        """Whether it is believed."""
        return self.state == APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedParcel:
    """A parcel that was recorded."""

    scan_id: str
    digest: str
    """SHA-256 of what it holds, in hexadecimal."""
    key: bytes
    arrived_at: datetime
    dropped: int
    """Replies that its key might not speak for."""


class Collectors:
    """The keys and parcels of a store. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[Collector]:
        """Those with a key, in the order in which they came."""
        with self._store.reading() as connection, intact(self._store):
            query = select(_COLLECTOR).where(_COLLECTOR.c.key.is_not(None)).order_by(_COLLECTOR.c.number)
            return [_collector(row) for row in connection.execute(query).mappings()]

    def of_key(self, key: bytes) -> Collector | None:
        """The one with this public key."""
        with self._store.reading() as connection, intact(self._store):
            row = connection.execute(select(_COLLECTOR).where(_COLLECTOR.c.key == key.hex())).mappings().first()
            return _collector(row) if row else None

    def approve(
        self,
        key: bytes,
        *,
        name: str,
        sites: Sequence[str],
        networks: Sequence[Network],
        role: str,
        now: datetime | None = None,
    ) -> Collector:
        """Let a key speak for these sites and networks, beside those that it speaks for already.

        A name that another key has is told apart by a number.
        """
        mine = _COLLECTOR.c.key == key.hex()
        with self._store.writing() as connection:
            row = connection.execute(select(_COLLECTOR).where(mine)).mappings().first()
            before = _collector(row) if row else None
            values = {
                "state": APPROVED,
                "sites": json.dumps(list(dict.fromkeys([*(before.sites if before else ()), *sites]))),
                "networks": json.dumps(
                    [str(one) for one in dict.fromkeys([*(before.networks if before else ()), *networks])]
                ),
                "role": role,
            }
            if before:
                connection.execute(update(_COLLECTOR).where(mine).values(**values))
            else:
                taken = set(connection.execute(select(_COLLECTOR.c.name)).scalars())
                own = next(text for text in _spellings(name) if text not in taken)
                since = (now or datetime.now(UTC)).astimezone(UTC).isoformat()
                connection.execute(insert(_COLLECTOR).values(key=key.hex(), name=own, since=since, **values))
            return _collector(connection.execute(select(_COLLECTOR).where(mine)).mappings().one())

    def parcel(self, scan_id: str) -> ArrivedParcel | None:
        """The parcel of a scan, where one was recorded."""
        with self._store.reading() as connection, intact(self._store):
            row = connection.execute(select(_PARCEL).where(_PARCEL.c.scan_id == scan_id)).mappings().first()
            return _parcel(row) if row else None

    def keep(self, parcel: ArrivedParcel) -> None:
        """Remember a parcel that was recorded; one of the same scan stays as it is."""
        with self._store.writing() as connection:
            if connection.execute(select(_PARCEL.c.scan_id).where(_PARCEL.c.scan_id == parcel.scan_id)).first():
                return
            connection.execute(
                insert(_PARCEL).values(
                    scan_id=parcel.scan_id,
                    digest=parcel.digest,
                    key=parcel.key.hex(),
                    arrived_at=parcel.arrived_at.astimezone(UTC).isoformat(),
                    dropped=parcel.dropped,
                )
            )


def _spellings(name: str) -> list[str]:
    return [name, *(f"{name} {number}" for number in range(2, 10_000))]


def _collector(row: RowMapping) -> Collector:
    return Collector(
        number=row["number"],
        name=row["name"],
        key=bytes.fromhex(row["key"]),
        state=row["state"],
        sites=tuple(map(str, json.loads(row["sites"]))),
        networks=tuple(map(ipaddress.ip_network, json.loads(row["networks"]))),
        role=row["role"],
        since=datetime.fromisoformat(row["since"]),
    )


def _parcel(row: RowMapping) -> ArrivedParcel:
    return ArrivedParcel(
        scan_id=row["scan_id"],
        digest=row["digest"],
        key=bytes.fromhex(row["key"]),
        arrived_at=datetime.fromisoformat(row["arrived_at"]),
        dropped=row["dropped"],
    )
