"""Accounts of people who sign in, and what each may do. They are kept by the service's identifier, without a name.

A row is kept when somebody's access ends, because actions refer to its number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from camscan.store.account import Account, Person
from camscan.store.database import Store, explain_damage

_PERSON = Table(
    "service_person",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("issuer", String(255), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("rights", String(40), nullable=False),
    Column("claimed", String(40), nullable=False),
    Column("role", String(100), nullable=False),
    Column("sites", Text),
    Column("revision", Integer, nullable=False),
    *(Column(name, String(40), nullable=False) for name in ("since", "seen_at", "ended_at")),
)
WAITS = timedelta(days=30)
"""How long an account without rights is kept after its sign-in."""
_MOST_WAITING = 1000


class People:
    """The accounts of a store. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[Person]:
        """All accounts, in the order in which they came."""
        with self._store.reading() as connection, explain_damage(self._store):
            rows = connection.execute(select(_PERSON).order_by(_PERSON.c.number)).mappings()
            return [_person_of_row(row) for row in rows]

    def find(self, number: int) -> Person | None:
        """The account of this number; None if there is none."""
        with self._store.reading() as connection, explain_damage(self._store):
            return _find_person(connection, _PERSON.c.number == number)

    def note_sign_in(self, account: Account, claimed: str = "", now: datetime | None = None) -> Person:
        """Note a sign-in, and the rights that the service named.

        Accounts without rights are deleted after ``WAITS``. If very many are waiting, one more is not stored: its
        number is 0.
        """
        at = now or datetime.now(UTC)
        is_it, is_waiting = _is_account(account), (_PERSON.c.rights == "") & (_PERSON.c.claimed == "")
        is_waiting &= _PERSON.c.ended_at == ""
        with self._store.writing() as connection, explain_damage(self._store):
            connection.execute(delete(_PERSON).where(is_waiting, _PERSON.c.seen_at < _sortable_text(at - WAITS)))
            if _find_person(connection, is_it) is None:
                waiting = connection.execute(select(func.count()).select_from(_PERSON).where(is_waiting)).scalar_one()
                if waiting >= _MOST_WAITING and not claimed:
                    return Person(number=0, account=account, since=at)
                connection.execute(insert(_PERSON).values(**_new_row(account, at)))
            connection.execute(update(_PERSON).where(is_it).values(claimed=claimed, seen_at=_sortable_text(at)))
            return _require_person(_find_person(connection, is_it))

    def add(
        self, account: Account, *, rights: str, role: str = "", sites: tuple[str, ...] | None = None
    ) -> Person | None:
        """Give an account rights before it has signed in; None if it is known already."""
        with self._store.writing() as connection, explain_damage(self._store):
            if _find_person(connection, _is_account(account)) is not None:
                return None
            values = {"rights": rights, "role": role, "sites": _sites_text(sites)}
            connection.execute(insert(_PERSON).values(**{**_new_row(account, datetime.now(UTC)), **values}))
            return _require_person(_find_person(connection, _is_account(account)))

    def change(
        self, number: int, revision: int, *, rights: str, role: str = "", sites: tuple[str, ...] | None = None
    ) -> bool:
        """Give an account other rights, also after its access had ended.

        False if somebody changed the row meanwhile.
        """
        values = {"rights": rights, "role": role, "sites": _sites_text(sites), "ended_at": ""}
        return self._write(number, revision, values)

    def end_access(self, number: int, revision: int, now: datetime | None = None) -> bool:
        """Take all rights from an account, whatever the service says; False if somebody changed the row meanwhile."""
        return self._write(number, revision, {"ended_at": _sortable_text(now or datetime.now(UTC))})

    def _write(self, number: int, revision: int, values: Mapping[str, Any]) -> bool:
        is_it = (_PERSON.c.number == number) & (_PERSON.c.revision == revision)
        with self._store.writing() as connection:
            done = connection.execute(update(_PERSON).where(is_it).values(**values, revision=revision + 1))
            return done.rowcount == 1


def _is_account(account: Account) -> Any:
    return (_PERSON.c.issuer == account.issuer) & (_PERSON.c.subject == account.subject)


def _new_row(account: Account, at: datetime) -> dict[str, Any]:
    empty = dict.fromkeys(("rights", "claimed", "role", "seen_at", "ended_at"), "")
    return {
        **empty,
        "issuer": account.issuer,
        "subject": account.subject,
        "sites": None,
        "revision": 1,
        "since": _sortable_text(at),
    }


def _find_person(connection: Connection, is_it: Any) -> Person | None:
    row = connection.execute(select(_PERSON).where(is_it)).mappings().first()
    return None if row is None else _person_of_row(row)


def _require_person(found: Person | None) -> Person:
    assert found  # noqa: S101 - it was written in the same transaction
    return found


def _person_of_row(row: RowMapping) -> Person:
    return Person(
        number=row["number"],
        account=Account(issuer=row["issuer"], subject=row["subject"]),
        rights=row["rights"],
        claimed=row["claimed"],
        role=row["role"],
        sites=None if row["sites"] is None else tuple(map(str, json.loads(row["sites"]))),
        revision=row["revision"],
        since=datetime.fromisoformat(row["since"]),
        seen_at=datetime.fromisoformat(row["seen_at"]) if row["seen_at"] else None,
        ended_at=datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else None,
    )


def _sites_text(sites: tuple[str, ...] | None) -> str | None:
    return None if sites is None else json.dumps(sites)


def _sortable_text(moment: datetime) -> str:
    """A time as text that sorts."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
