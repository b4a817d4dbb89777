"""Parcels that have arrived: recorded, waiting to be recorded, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    update,
)

from camscan.store.database import Store, explain_damage

RECORDED, WAITING, REFUSED, LOST = "recorded", "waiting", "refused", "lost"
"""A parcel is lost if its file is missing: its collector sends it again."""
_PARCEL = Table(
    "service_parcel",
    MetaData(),
    Column("scan_id", String(80), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("arrived_at", String(40), nullable=False),
    Column("dropped", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("why", Text, nullable=False),
    Column("blob", String(64), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("took_ms", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedParcel:
    """A parcel that arrived."""

    scan_id: str
    digest: str
    """SHA-256 of its contents, in hexadecimal."""
    key: bytes
    arrived_at: datetime
    """When it arrived; for a recorded parcel, when it was recorded."""
    dropped: int = 0
    """How many replies were left out because its key may not speak for them."""
    state: str = RECORDED
    why: str = ""
    """Why it was refused, or could not be recorded yet."""
    blob: str = ""
    """SHA-256 of its file, if one is kept."""
    tries: int = 0
    """How often recording it failed."""
    took_ms: int = 0
    """Milliseconds that recording it took; 0 if nobody measured it."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The parcels that wait to be recorded."""

    waiting: int
    oldest: datetime | None
    """When the parcel that has waited longest arrived."""


class Parcels:
    """The parcels of a store. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_scan(self, scan_id: str) -> ArrivedParcel | None:
        """The parcel of a scan."""
        with self._store.reading() as connection, explain_damage(self._store):
            row = connection.execute(select(_PARCEL).where(_PARCEL.c.scan_id == scan_id)).mappings().first()
            return _parcel(row) if row else None

    def waiting(self) -> list[ArrivedParcel]:
        """Parcels that wait to be recorded, in the order of their scans: ids sort by time."""
        with self._store.reading() as connection, explain_damage(self._store):
            query = select(_PARCEL).where(_PARCEL.c.state == WAITING).order_by(_PARCEL.c.scan_id)
            return [_parcel(row) for row in connection.execute(query).mappings()]

    def backlog(self) -> Backlog:
        """How many parcels wait to be recorded, without reading them."""
        told = select(func.count(), func.min(_PARCEL.c.arrived_at)).where(_PARCEL.c.state == WAITING)
        with self._store.reading() as connection, explain_damage(self._store):
            count, oldest = connection.execute(told).one()
            return Backlog(count, datetime.fromisoformat(oldest) if oldest else None)

    def count_waiting(self, key: bytes) -> int:
        """How many from this key are to be recorded."""
        mine = (_PARCEL.c.key == key.hex()) & (_PARCEL.c.state == WAITING)
        with self._store.reading() as connection:
            return connection.execute(select(func.count()).select_from(_PARCEL).where(mine)).scalar_one()

    def next_waiting(self, scan_id: str) -> str:
        """The next scan after this one whose parcel is of the same collector and waits; empty if there is none."""
        mine = select(_PARCEL.c.key).where(_PARCEL.c.scan_id == scan_id).scalar_subquery()
        later = (_PARCEL.c.key == mine) & (_PARCEL.c.state == WAITING) & (_PARCEL.c.scan_id > scan_id)
        with self._store.reading() as connection:
            return connection.execute(select(func.min(_PARCEL.c.scan_id)).where(later)).scalar() or ""

    def counts(self) -> dict[bytes, dict[str, int]]:
        """Key -> state -> number of parcels."""
        query = select(_PARCEL.c.key, _PARCEL.c.state, func.count()).group_by(_PARCEL.c.key, _PARCEL.c.state)
        found: dict[bytes, dict[str, int]] = {}
        with self._store.reading() as connection, explain_damage(self._store):
            for key, state, count in sorted(map(tuple, connection.execute(query))):
                found.setdefault(bytes.fromhex(key), {})[state] = count
        return found

    def page(self, first: int, most: int, *, state: str = "", key: bytes = b"") -> tuple[list[ArrivedParcel], int]:
        """``most`` parcels from number ``first`` on, newest first; and how many there are in all."""
        wanted = [_PARCEL.c.state == state] if state else []
        wanted += [_PARCEL.c.key == key.hex()] if key else []
        query = select(_PARCEL).where(*wanted).order_by(_PARCEL.c.arrived_at.desc(), _PARCEL.c.scan_id.desc())
        with self._store.reading() as connection, explain_damage(self._store):
            total = connection.execute(select(func.count()).select_from(_PARCEL).where(*wanted)).scalar_one()
            rows = connection.execute(query.offset(first).limit(most)).mappings()
            return [_parcel(row) for row in rows], total

    def lost_of(self, key: bytes, scan_ids: Sequence[str]) -> list[str]:
        """The scans among these whose parcel is missing, or whose file was lost; never another collector's."""
        columns = _PARCEL.c.scan_id, _PARCEL.c.key, _PARCEL.c.state
        with self._store.reading() as connection, explain_damage(self._store):
            rows = connection.execute(select(*columns).where(_PARCEL.c.scan_id.in_(scan_ids))).all()
        settled = {scan_id for scan_id, owner, state in rows if owner != key.hex() or state != LOST}
        return [each for each in scan_ids if each not in settled]

    def mean_seconds(self, since: datetime) -> float | None:
        """The average seconds that recording took, for the parcels recorded since then; None if none was."""
        lately = (_PARCEL.c.state == RECORDED) & (_PARCEL.c.arrived_at >= since.astimezone(UTC).isoformat())
        query = select(func.avg(_PARCEL.c.took_ms)).where(lately & (_PARCEL.c.took_ms > 0))
        with self._store.reading() as connection:
            found = connection.execute(query).scalar()
            return None if found is None else float(found) / 1000

    def keep(self, parcel: ArrivedParcel) -> ArrivedParcel:
        """Store a parcel. Returns the stored one. A parcel that was recorded, or has other content, is unchanged."""
        with self._store.writing() as connection, explain_damage(self._store):
            before = _find_parcel(connection, parcel.scan_id)
            if before is None:
                connection.execute(insert(_PARCEL).values(scan_id=parcel.scan_id, **_parcel_values(parcel)))
                return parcel
            if before.state == RECORDED or before.digest != parcel.digest:
                return before
            now = replace(parcel, blob=parcel.blob or before.blob)
            mine = _PARCEL.c.scan_id == parcel.scan_id
            connection.execute(update(_PARCEL).where(mine).values(**_parcel_values(now)))
            return now

    def wait_again(self, parcel: ArrivedParcel) -> None:
        """Let a parcel wait again if its file is here and its scan is not in the register, whatever its state."""
        mine = _PARCEL.c.scan_id == parcel.scan_id
        with self._store.writing() as connection, explain_damage(self._store):
            if _find_parcel(connection, parcel.scan_id) is None:
                connection.execute(insert(_PARCEL).values(scan_id=parcel.scan_id, **_parcel_values(parcel)))
            else:
                connection.execute(update(_PARCEL).where(mine).values(**_parcel_values(parcel)))

    def note_failure(self, scan_id: str, why: str, state: str = WAITING) -> None:
        """Note that a waiting parcel could not be recorded, or is refused."""
        mine = (_PARCEL.c.scan_id == scan_id) & (_PARCEL.c.state == WAITING)
        with self._store.writing() as connection:
            connection.execute(update(_PARCEL).where(mine).values(state=state, why=why, tries=_PARCEL.c.tries + 1))


def _find_parcel(connection: Connection, scan_id: str) -> ArrivedParcel | None:
    row = connection.execute(select(_PARCEL).where(_PARCEL.c.scan_id == scan_id)).mappings().first()
    return _parcel(row) if row else None


def _parcel_values(parcel: ArrivedParcel) -> dict[str, object]:
    return {
        "digest": parcel.digest,
        "key": parcel.key.hex(),
        "arrived_at": parcel.arrived_at.astimezone(UTC).isoformat(),
        "dropped": parcel.dropped,
        "state": parcel.state,
        "why": parcel.why,
        "blob": parcel.blob,
        "tries": parcel.tries,
        "took_ms": parcel.took_ms,
    }


def _parcel(row: RowMapping) -> ArrivedParcel:
    return ArrivedParcel(
        scan_id=row["scan_id"],
        digest=row["digest"],
        key=bytes.fromhex(row["key"]),
        arrived_at=datetime.fromisoformat(row["arrived_at"]),
        dropped=row["dropped"],
        state=row["state"],
        why=row["why"],
        blob=row["blob"],
        tries=row["tries"],
        took_ms=row["took_ms"],
    )
