"""Whose parcels are believed: keys, the sites and networks that each may speak for, and how each came to be known."""

from __future__ import annotations

import enum
import hashlib
import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from camscan.store.database import Store, intact

_COLLECTOR = Table(
    "service_collector",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("key", String(64)),
    Column("state", String(20), nullable=False),
    *(Column(name, Text, nullable=False) for name in ("sites", "networks", "recent", "said")),
    Column("role", String(100), nullable=False),
    Column("code", String(64), nullable=False),
    Column("counter", BigInteger, nullable=False),
    *(Column(name, String(40), nullable=False) for name in ("since", "code_ends_at", "seen_at")),
)
CODE_DAYS = 7
"""How long a code may be used."""
_REMEMBERED = 64
"""Requests by which a clone and a repetition are told apart."""
_MOST_SAID = 2000
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class State(enum.StrEnum):
    """How a collector stands."""

    INVITED = "invited"
    """It has a code, and no key yet."""
    WAITING = "waiting"
    """It has given its key, and nobody has compared the words."""
    APPROVED = "approved"
    STOPPED = "stopped"
    """Its counter went two ways: somebody has a copy of its key."""
    REVOKED = "revoked"


class Turn(enum.Enum):
    """What the counter of a request says."""

    NEXT = "next"
    REPEATED = "repeated"
    """It was sent before."""
    FORKED = "forked"
    """Another request had this number: two programs use one key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """A key, and what it may speak for."""

    number: int
    name: str
    key: bytes
    """The public key, 32 bytes; empty until it has one."""
    state: State
    sites: tuple[str, ...]
    """By their names in camscan.yaml."""
    networks: tuple[Network, ...]
    """Besides those of the sites."""
    role: str
    """Of whoever approved it."""
    since: datetime
    seen_at: datetime | None
    """When it asked last."""
    said: Mapping[str, Any]
    """What it said of itself then."""

    @property
    def is_approved(self) -> bool:
        """Whether it is believed."""
        return self.state is State.APPROVED


class Collectors:
    """The keys of a store. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[Collector]:
        """In the order in which they came."""
        with self._store.reading() as connection, intact(self._store):
            rows = connection.execute(select(_COLLECTOR).order_by(_COLLECTOR.c.number)).mappings()
            return [_collector(row) for row in rows]

    def of_key(self, key: bytes) -> Collector | None:
        """The one with this public key."""
        with self._store.reading() as connection, intact(self._store):
            return _found(connection, _COLLECTOR.c.key == key.hex())

    def named(self, name: str) -> Collector | None:
        """The one of this name, in whatever case."""
        return next((each for each in self.all() if each.name.casefold() == name.casefold()), None)

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
        with self._store.writing() as connection, intact(self._store):
            before = _found(connection, mine)
            values = {
                "state": State.APPROVED.value,
                "sites": _texts([*(before.sites if before else ()), *sites]),
                "networks": _texts([*(before.networks if before else ()), *networks]),
                "role": role,
            }
            if before:
                connection.execute(update(_COLLECTOR).where(mine).values(**values))
            else:
                _insert(connection, now or datetime.now(UTC), name=name, key=key.hex(), **values)
            row = connection.execute(select(_COLLECTOR).where(mine)).mappings().one()
            return _collector(row)

    def invite(self, name: str, sites: Sequence[str], code: str, role: str, now: datetime) -> Collector:
        """Keep a new collector that may enrol with a code once, within ``CODE_DAYS``; the code itself is not kept."""
        ends = (now + timedelta(days=CODE_DAYS)).astimezone(UTC).isoformat()
        values = {"sites": _texts(sites), "networks": "[]", "role": role, "code": _digest(code), "code_ends_at": ends}
        with self._store.writing() as connection, intact(self._store):
            number = _insert(connection, now, name=name, key=None, state=State.INVITED.value, **values)
            row = connection.execute(select(_COLLECTOR).where(_COLLECTOR.c.number == number)).mappings().one()
            return _collector(row)

    def enrol(self, code: str, key: bytes, now: datetime) -> Collector | None:
        """Take the key of the one that was given this code, which is spent then.

        None where nobody was, where its time is over, or where the key is another collector's.
        """
        mine = (_COLLECTOR.c.code == _digest(code)) & (_COLLECTOR.c.state == State.INVITED.value)
        with self._store.writing() as connection, intact(self._store):
            row = connection.execute(select(_COLLECTOR).where(mine)).mappings().first()
            taken = _found(connection, _COLLECTOR.c.key == key.hex())
            if row is None or taken or datetime.fromisoformat(row["code_ends_at"]) < now:
                return None
            own = _COLLECTOR.c.number == row["number"]
            values = {"key": key.hex(), "state": State.WAITING.value, "code": "", "code_ends_at": ""}
            connection.execute(update(_COLLECTOR).where(own).values(**values))
            return _found(connection, own)

    def turn(self, key: bytes, counter: int, digest: str, now: datetime) -> Turn:
        """Take note of a request before anything is done for it; of a fork, the collector is stopped."""
        mine = _COLLECTOR.c.key == key.hex()
        with self._store.writing() as connection, intact(self._store):
            row = connection.execute(select(_COLLECTOR).where(mine)).mappings().one()
            recent = {int(number): str(text) for number, text in json.loads(row["recent"])}
            if counter > row["counter"]:
                kept = [*sorted(recent.items())[-(_REMEMBERED - 1) :], (counter, digest)]
                seen = now.astimezone(UTC).isoformat()
                values = {"counter": counter, "recent": json.dumps(kept), "seen_at": seen}
                connection.execute(update(_COLLECTOR).where(mine).values(**values))
                return Turn.NEXT
            if recent.get(counter, digest) == digest:
                return Turn.REPEATED
            if row["state"] != State.REVOKED.value:
                connection.execute(update(_COLLECTOR).where(mine).values(state=State.STOPPED.value))
            return Turn.FORKED

    def hear(self, key: bytes, said: Mapping[str, Any]) -> None:
        """Remember what a collector says of itself."""
        text = json.dumps(said)
        if len(text) <= _MOST_SAID:
            with self._store.writing() as connection:
                mine = _COLLECTOR.c.key == key.hex()
                connection.execute(update(_COLLECTOR).where(mine).values(said=text))

    def set_state(self, number: int, state: State, role: str) -> None:
        """Approve, stop or revoke the collector of this number."""
        with self._store.writing() as connection:
            own = _COLLECTOR.c.number == number
            connection.execute(update(_COLLECTOR).where(own).values(state=state.value, role=role, code=""))


def _insert(connection: Connection, now: datetime, *, name: str, **values: Any) -> int:
    taken = {text.casefold() for text in connection.execute(select(_COLLECTOR.c.name)).scalars()}
    spellings = (name, *(f"{name} {number}" for number in range(2, 10_000)))
    own = next(text for text in spellings if text.casefold() not in taken)
    blank = {"code": "", "code_ends_at": "", "counter": 0, "recent": "[]", "seen_at": "", "said": "{}"}
    since = now.astimezone(UTC).isoformat()
    made = connection.execute(insert(_COLLECTOR).values(**{**blank, "name": own, "since": since, **values}))
    return int(made.inserted_primary_key[0]) if made.inserted_primary_key else 0


def _texts(values: Sequence[object]) -> str:
    return json.dumps(list(dict.fromkeys(map(str, values))))


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def _found(connection: Connection, which: Any) -> Collector | None:
    row = connection.execute(select(_COLLECTOR).where(which)).mappings().first()
    return _collector(row) if row else None


def _collector(row: RowMapping) -> Collector:
    return Collector(
        number=row["number"],
        name=row["name"],
        key=bytes.fromhex(row["key"] or ""),
        state=State(row["state"]),
        sites=tuple(map(str, json.loads(row["sites"]))),
        networks=tuple(map(ipaddress.ip_network, json.loads(row["networks"]))),
        role=row["role"],
        since=datetime.fromisoformat(row["since"]),
        seen_at=datetime.fromisoformat(row["seen_at"]) if row["seen_at"] else None,
        said=json.loads(row["said"]),
    )
