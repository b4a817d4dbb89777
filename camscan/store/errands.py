"""The scans that collectors are asked for, and their results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    Column,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from camscan.store.database import Store, explain_damage

WAITING = "waiting"
ANSWERS = frozenset({"accepted", "refused", "begun", "failed", "done"})
"""What a collector may say about an errand."""
EXPIRED = "expired"
"""Its time ended before its collector had finished it."""
OVER = frozenset({"refused", "failed", "done", EXPIRED})
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
_AHEAD = timedelta(hours=1)
"""An errand that was made further in the future than this was made by a wrong clock."""
_MOST = 5
"""Maximum errands that a collector gets at once."""
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
    """The key of the collector."""
    site: str
    made_at: datetime
    ends_at: datetime
    """The latest time at which it may begin."""
    state: str = WAITING
    why: str = ""


class Errands:
    """The errands of a store. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, errand: Errand) -> None:
        """Store a new errand."""
        with self._store.writing() as connection:
            connection.execute(
                insert(_ERRAND).values(
                    id=errand.id,
                    key=errand.key.hex(),
                    site=errand.site,
                    made_at=_moment(errand.made_at),
                    ends_at=_moment(errand.ends_at),
                    state=errand.state,
                    why=errand.why,
                )
            )

    def due(self, key: bytes, now: datetime) -> list[Errand]:
        """Errands that are not over and may still be begun or continued, oldest first."""
        told = {"wanted": key.hex(), "now": now.astimezone(UTC).isoformat()}
        with self._store.reading() as connection, explain_damage(self._store):
            return [_errand(row) for row in connection.execute(_DUE, told).mappings()]

    def of_key(self, key: bytes) -> list[Errand]:
        """All errands of a collector, oldest first: ids sort by time."""
        with self._store.reading() as connection, explain_damage(self._store):
            query = select(_ERRAND).where(_ERRAND.c.key == key.hex()).order_by(_ERRAND.c.id)
            return [_errand(row) for row in connection.execute(query).mappings()]

    def latest(self) -> dict[bytes, Errand]:
        """Key -> the last errand of its collector."""
        last = select(func.max(_ERRAND.c.id)).group_by(_ERRAND.c.key)
        with self._store.reading() as connection, explain_damage(self._store):
            found = map(_errand, connection.execute(select(_ERRAND).where(_ERRAND.c.id.in_(last))).mappings())
            return {errand.key: errand for errand in found}

    def answer(self, errand: str, key: bytes, state: str, why: str) -> bool:
        """Note what the collector says about an errand.

        Returns False if the collector does not have an errand of that id. A finished errand is unchanged.
        """
        mine = (_ERRAND.c.id == errand) & (_ERRAND.c.key == key.hex())
        with self._store.writing() as connection:
            if connection.execute(select(_ERRAND.c.id).where(mine)).first() is None:
                return False
            going = mine & _ERRAND.c.state.not_in(sorted(OVER - {EXPIRED}))  # a scan may end after its errand
            connection.execute(update(_ERRAND).where(going).values(state=state, why=why))
            return True

    def expire(self, now: datetime) -> int:
        """Mark the errands whose time has ended. Returns how many."""
        with self._store.writing() as connection:
            late = _ERRAND.c.state.not_in(sorted(OVER)) & (_ERRAND.c.ends_at < _moment(now))
            return connection.execute(update(_ERRAND).where(late).values(state=EXPIRED)).rowcount

    def forget(self, before: datetime) -> int:
        """Delete finished errands that were made before ``before``. Returns how many."""
        with self._store.writing() as connection:
            old = _ERRAND.c.state.in_(sorted(OVER)) & (_ERRAND.c.made_at < _moment(before))
            return connection.execute(delete(_ERRAND).where(old)).rowcount

    def newest(self, now: datetime) -> dict[tuple[str, str], datetime]:
        """Site and state -> when the newest errand of that site in that state was made.

        Finished errands that were made in the future, by a clock that was wrong, do not count.
        """
        is_made = (_ERRAND.c.made_at <= _moment(now + _AHEAD)) | _ERRAND.c.state.not_in(sorted(OVER))
        newest = func.max(_ERRAND.c.made_at).label("made_at")
        query = select(_ERRAND.c.site, _ERRAND.c.state, newest).where(is_made)
        with self._store.reading() as connection, explain_damage(self._store):
            rows = connection.execute(query.group_by(_ERRAND.c.site, _ERRAND.c.state)).all()
            return {(row.site, row.state): datetime.fromisoformat(row.made_at) for row in rows}

    def count(self) -> dict[str, int]:
        """State -> number of errands."""
        with self._store.reading() as connection:
            rows = connection.execute(select(_ERRAND.c.state, func.count()).group_by(_ERRAND.c.state)).all()
            return {str(state): int(number) for state, number in rows}


def _moment(at: datetime) -> str:
    """A time as it is stored: text that sorts as times do."""
    return at.astimezone(UTC).isoformat()


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
