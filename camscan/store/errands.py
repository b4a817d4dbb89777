"""What collectors are asked to scan, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Column, MetaData, RowMapping, String, Table, Text, bindparam, func, insert, select, update

from camscan.store.database import Store, intact

WAITING = "waiting"
ANSWERS = frozenset({"accepted", "refused", "begun", "failed", "done"})
"""What a collector says of an errand."""
OVER = frozenset({"refused", "failed", "done"})
_ERRAND = Table(
    "service_errand",
    MetaData(),
    Column("id", String(40), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("site", String(200), nullable=False),
    *(Column(name, String(40), nullable=False) for name in ("made_at", "ends_at")),
    Column("state", String(20), nullable=False),
    Column("why", Text, nullable=False),
)
_MOST = 5
"""Errands that a collector is given at once."""
_DUE = (
    select(_ERRAND)
    .where(_ERRAND.c.key == bindparam("wanted"))
    .where(_ERRAND.c.state.not_in(sorted(OVER)), _ERRAND.c.ends_at > bindparam("now"))
    .order_by(_ERRAND.c.id)
    .limit(_MOST)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One scan of one site that a collector is asked for."""

    id: str
    key: bytes
    """Of the collector."""
    site: str
    made_at: datetime
    ends_at: datetime
    """After that it is not to be begun."""
    state: str = WAITING
    why: str = ""


class Errands:
    """The errands of a store. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, errand: Errand) -> None:
        """Keep a new one."""
        with self._store.writing() as connection:
            connection.execute(
                insert(_ERRAND).values(
                    id=errand.id,
                    key=errand.key.hex(),
                    site=errand.site,
                    made_at=errand.made_at.astimezone(UTC).isoformat(),
                    ends_at=errand.ends_at.astimezone(UTC).isoformat(),
                    state=errand.state,
                    why=errand.why,
                )
            )

    def due(self, key: bytes, now: datetime) -> list[Errand]:
        """Those that are not over and may still be begun, or continued, oldest first."""
        told = {"wanted": key.hex(), "now": now.astimezone(UTC).isoformat()}
        with self._store.reading() as connection, intact(self._store):
            return [_errand(row) for row in connection.execute(_DUE, told).mappings()]

    def of_key(self, key: bytes) -> list[Errand]:
        """All of a collector, oldest first: ids sort by time."""
        with self._store.reading() as connection, intact(self._store):
            query = select(_ERRAND).where(_ERRAND.c.key == key.hex()).order_by(_ERRAND.c.id)
            return [_errand(row) for row in connection.execute(query).mappings()]

    def latest(self) -> dict[bytes, Errand]:
        """Key -> the last that its collector was asked for."""
        last = select(func.max(_ERRAND.c.id)).group_by(_ERRAND.c.key)
        with self._store.reading() as connection, intact(self._store):
            found = map(_errand, connection.execute(select(_ERRAND).where(_ERRAND.c.id.in_(last))).mappings())
            return {each.key: each for each in found}

    def answer(self, errand: str, key: bytes, state: str, why: str) -> bool:
        """Take note of what its collector says of it; False where it has none of that id. What is over stays so."""
        mine = (_ERRAND.c.id == errand) & (_ERRAND.c.key == key.hex())
        with self._store.writing() as connection:
            if connection.execute(select(_ERRAND.c.id).where(mine)).first() is None:
                return False
            going = mine & _ERRAND.c.state.not_in(sorted(OVER))
            connection.execute(update(_ERRAND).where(going).values(state=state, why=why))
            return True


def _errand(row: RowMapping) -> Errand:
    return Errand(
        id=row["id"],
        key=bytes.fromhex(row["key"]),
        site=row["site"],
        made_at=datetime.fromisoformat(row["made_at"]),
        ends_at=datetime.fromisoformat(row["ends_at"]),
        state=row["state"],
        why=row["why"],
    )
