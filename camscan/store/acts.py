"""What people did in the pages. The register's log holds roles; this says which account acted in a role.

Actions that changed something are kept as long as the register; actions that only looked at something are kept for 13
months.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, RowMapping, String, Table, delete, func, insert, select

from camscan.store.act import LASTING, Act, ActQuery
from camscan.store.database import Store, explain_damage

KEPT = timedelta(days=396)
"""How long actions that only looked at something are kept: 13 months."""
_ACT = Table(
    "service_act",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("at", String(40), nullable=False),
    Column("session", String(16), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("role", String(100), nullable=False),
    Column("method", String(10), nullable=False),
    Column("path", String(400), nullable=False),
    Column("from_change", BigInteger),
    Column("to_change", BigInteger),
    Column("outcome", String(40), nullable=False),
)
_TEXTS = {"session": 16, "subject": 200, "role": 100, "method": 10, "path": 400}


class Acts:
    """The actions of a store. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, acts: Sequence[Act]) -> None:
        """Store actions, in their order."""
        if not acts:
            return
        with self._store.writing() as connection:
            connection.execute(insert(_ACT), [_row_of_act(act) for act in acts])

    def page(self, wanted: ActQuery, start: int, most: int) -> tuple[list[Act], int]:
        """One page of the matching actions, newest first, and how many match in all."""
        where = list(_conditions(wanted))
        with self._store.reading() as connection, explain_damage(self._store):
            total = connection.execute(select(func.count()).select_from(_ACT).where(*where)).scalar_one()
            query = select(_ACT).where(*where).order_by(_ACT.c.number.desc()).offset(start).limit(most)
            return [_act_of_row(row) for row in connection.execute(query).mappings()], total

    def purge(self, now: datetime | None = None) -> int:
        """Delete actions that only looked at something and are older than ``KEPT``. Returns how many there were."""
        old = _sortable_text((now or datetime.now(UTC)) - KEPT)
        with self._store.writing() as connection:
            gone = connection.execute(delete(_ACT).where(_ACT.c.at < old, _ACT.c.outcome.not_in(LASTING)))
            return gone.rowcount


def _conditions(wanted: ActQuery) -> Iterator[Any]:
    if wanted.subject:
        yield _ACT.c.subject == wanted.subject
    if wanted.outcome:
        yield _ACT.c.outcome == wanted.outcome
    if wanted.path:
        yield _ACT.c.path.contains(wanted.path, autoescape=True)
    if wanted.since:
        yield _ACT.c.at >= _sortable_text(wanted.since)
    if wanted.before:
        yield _ACT.c.at < _sortable_text(wanted.before)
    if wanted.change is not None:
        yield _ACT.c.from_change <= wanted.change
        yield _ACT.c.to_change >= wanted.change


def _row_of_act(act: Act) -> dict[str, Any]:
    return {
        **{name: getattr(act, name)[:most] for name, most in _TEXTS.items()},
        "at": _sortable_text(act.at),
        "from_change": act.from_change,
        "to_change": act.to_change,
        "outcome": act.outcome,
    }


def _act_of_row(row: RowMapping) -> Act:
    return Act(
        **{name: row[name] for name in _TEXTS},
        at=datetime.fromisoformat(row["at"]),
        from_change=row["from_change"],
        to_change=row["to_change"],
        outcome=row["outcome"],
    )


def _sortable_text(moment: datetime) -> str:
    """A time as text that sorts."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
