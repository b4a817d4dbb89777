"""Packs of answers that were released: who released them when, and the tables that are public now."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text, insert, select

from camscan.store.database import Store

_PACKS = Table(
    "service_pack",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("reference", String(100), nullable=False),
    Column("role", String(100), nullable=False),
    Column("released_at", String(40), nullable=False),
    Column("day", String(10), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("content", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class KeptPack:
    """One pack that was released."""

    reference: str
    role: str
    """A role, never a name."""
    released_at: datetime
    day: date
    """The day whose numbers it gives."""
    digest: str
    """SHA-256 of its answers, in hexadecimal."""
    content: str
    """Its tables as they were released, as JSON."""


class Packs:
    """The released packs, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[KeptPack]:
        """The packs, in the order of their release."""
        rows = self._connection.execute(select(_PACKS).order_by(_PACKS.c.number)).mappings()
        return [
            KeptPack(
                reference=row["reference"],
                role=row["role"],
                released_at=datetime.fromisoformat(row["released_at"]),
                day=date.fromisoformat(row["day"]),
                digest=row["digest"],
                content=row["content"],
            )
            for row in rows
        ]

    def keep(self, pack: KeptPack) -> None:
        """Store a released pack."""
        self._connection.execute(
            insert(_PACKS).values(
                reference=pack.reference,
                role=pack.role,
                released_at=pack.released_at.isoformat(),
                day=pack.day.isoformat(),
                digest=pack.digest,
                content=pack.content,
            )
        )


def released_packs(store: Store) -> list[KeptPack]:
    """Every pack that was released, in the order of its release."""
    with store.reading() as connection:
        return Packs(connection).all()


@contextlib.contextmanager
def release_transaction(store: Store) -> Iterator[Packs]:
    """A transaction in which nobody else releases anything. It is written if the block ends without an error."""
    with store.writing() as connection:
        yield Packs(connection)
