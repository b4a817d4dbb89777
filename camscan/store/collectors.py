"""The collectors whose parcels are trusted: keys, the sites and networks of each, and how each became known."""

from __future__ import annotations

import enum
import hashlib
import ipaddress
import itertools
import json
from collections.abc import Collection, Mapping, Sequence
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
    bindparam,
    func,
    insert,
    select,
    update,
)

from camscan.errors import UsageError
from camscan.store.database import Store, explain_damage
from camscan.store.quota import Quota, add_unpacked, take_part, unpacked_today

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
    Column("used", String(200), nullable=False),
)
_OWN = update(_COLLECTOR).where(_COLLECTOR.c.key == bindparam("wanted"))
_ADMITTED = select(_COLLECTOR).where(_COLLECTOR.c.key == bindparam("wanted")).with_for_update()
CODE_DAYS = 7
"""Days for which a code may be used."""
_REMEMBERED = 40
"""How many requests are remembered, to tell a copied key from a repeated request."""
_DIGEST = 12
"""How many hexadecimal digits of each digest are kept."""
_CHUNK = 500
"""The most keys in one statement."""
_MOST_SAID = 2000
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class State(enum.StrEnum):
    """The state of a collector."""

    INVITED = "invited"
    """The collector has a code, and has sent no key yet."""
    WAITING = "waiting"
    """The collector has sent its key, and nobody has compared the words."""
    APPROVED = "approved"
    STOPPED = "stopped"
    """Two requests had the same counter: somebody has a copy of the collector's key."""
    REVOKED = "revoked"


ENDED = frozenset({State.STOPPED, State.REVOKED})
"""The states in which a collector's key is never used again."""


class Turn(enum.Enum):
    """What the counter of a request shows."""

    NEXT = "next"
    REPEATED = "repeated"
    """The same request was sent before."""
    FORKED = "forked"
    """Another request had this number: two programs use one key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """A collector: its key, and the sites and networks that it may speak for."""

    number: int
    name: str
    key: bytes
    """The public key, 32 bytes; empty until the collector has enrolled."""
    state: State
    sites: tuple[str, ...]
    """The names of its sites in camscan.yaml."""
    networks: tuple[Network, ...]
    """Networks besides those of the sites."""
    role: str
    """The role of the person who approved it."""
    since: datetime
    seen_at: datetime | None
    """The time of its last request; None before the first."""
    said: Mapping[str, Any]
    """What it said about itself in its last request."""
    counter: int = 0
    """The counter of its last request."""
    code_ends_at: datetime | None = None
    """When its code expires; None if it has no code, or has used it."""

    @property
    def is_approved(self) -> bool:
        """Whether its parcels are trusted."""
        return self.state is State.APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequestParts:
    """The parts of a signed request that are judged before it is answered."""

    key: bytes
    counter: int
    digest: str
    """The digest of the signature."""
    created: int
    """When it was signed, in seconds since 1970, by the clock of the signer."""
    part: int = 0
    """The size of the part of a parcel that the request brings, in bytes; 0 if it brings none."""
    said: Mapping[str, Any] | None = None
    """What the collector says about itself; None if the request says nothing about it."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The decision about a request."""

    collector: Collector | None
    """The collector as it was before this request; None if nobody has the key."""
    turn: Turn
    wait: int = 0
    """Seconds after which the part may be sent again; 0 if it is accepted."""


class Collectors:
    """The keys of a store. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[Collector]:
        """All collectors, in the order in which they came."""
        with self._store.reading() as connection, explain_damage(self._store):
            rows = connection.execute(select(_COLLECTOR).order_by(_COLLECTOR.c.number)).mappings()
            return [_collector(row) for row in rows]

    def find_key(self, key: bytes) -> Collector | None:
        """The collector with this public key; None if there is none."""
        with self._store.reading() as connection, explain_damage(self._store):
            return _find_collector(connection, _COLLECTOR.c.key == key.hex())

    def find(self, number: int) -> Collector | None:
        """The collector with this number; None if there is none."""
        with self._store.reading() as connection, explain_damage(self._store):
            return _find_collector(connection, _COLLECTOR.c.number == number)

    def find_name(self, name: str) -> Collector | None:
        """The collector of this name, whether in capitals or small letters; None if there is none."""
        return next((collector for collector in self.all() if collector.name.casefold() == name.casefold()), None)

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
        """Let a key speak for these sites and networks, besides those that it speaks for already.

        If another key has the name, a number is added to it. Raises UsageError if the key was revoked or stopped.
        """
        mine = _COLLECTOR.c.key == key.hex()
        with self._store.writing() as connection, explain_damage(self._store):
            before = _find_collector(connection, mine)
            if before and before.state in ENDED:
                raise UsageError(f"the key of {before.name} is {before.state} here; whoever sent it needs a new key")
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
        """Add a new collector that may enrol with a code once, within ``CODE_DAYS``; the code itself is not kept."""
        own = {"code": _digest(code), "code_ends_at": _code_end(now)}
        values = {"sites": _texts(sites), "networks": "[]", "role": role, **own}
        with self._store.writing() as connection, explain_damage(self._store):
            number = _insert(connection, now, name=name, key=None, state=State.INVITED.value, **values)
            row = connection.execute(select(_COLLECTOR).where(_COLLECTOR.c.number == number)).mappings().one()
            return _collector(row)

    def renew_code(self, number: int, code: str, role: str, now: datetime) -> bool:
        """Give a collector that has not enrolled another code, and make the old one void.

        Returns False for any other.
        """
        mine = (_COLLECTOR.c.number == number) & (_COLLECTOR.c.state == State.INVITED.value)
        values = {"code": _digest(code), "code_ends_at": _code_end(now), "role": role}
        with self._store.writing() as connection:
            return connection.execute(update(_COLLECTOR).where(mine).values(**values)).rowcount == 1

    def enrol(self, code: str, key: bytes, now: datetime) -> Collector | None:
        """Store the key of the collector that was given this code. The code is used up then.

        Returns None if nobody has this code, if it has expired, or if the key is another collector's.
        """
        mine = (_COLLECTOR.c.code == _digest(code)) & (_COLLECTOR.c.state == State.INVITED.value)
        with self._store.writing() as connection, explain_damage(self._store):
            row = connection.execute(select(_COLLECTOR).where(mine)).mappings().first()
            taken = _find_collector(connection, _COLLECTOR.c.key == key.hex())
            if row is None or taken or datetime.fromisoformat(row["code_ends_at"]) < now:
                return None
            own = _COLLECTOR.c.number == row["number"]
            values = {"key": key.hex(), "state": State.WAITING.value, "code": "", "code_ends_at": ""}
            connection.execute(update(_COLLECTOR).where(own).values(**values))
            return _find_collector(connection, own)

    def admit(self, asked: SignedRequestParts, now: datetime, quota: Quota) -> Admission:
        """Note a request before anything is done for it. If its counter forks, the collector is stopped.

        One transaction, which reads and changes the row of this collector and no other.
        """
        with self._store.writing_rows() as connection, explain_damage(self._store):
            row = connection.execute(_ADMITTED, {"wanted": asked.key.hex()}).mappings().first()
            if row is None:
                return Admission(None, Turn.NEXT)
            collector = _collector(row)
            if collector.state in ENDED:
                return Admission(collector, Turn.NEXT)
            if asked.counter <= row["counter"]:
                turn = _turn_of(asked, row["recent"])
                if turn is Turn.FORKED:
                    connection.execute(_OWN.values(state=State.STOPPED.value), {"wanted": asked.key.hex()})
                return Admission(collector, turn)
            used, wait = take_part(row["used"], asked.part, now, quota) if asked.part else (row["used"], 0)
            noted = {
                "wanted": asked.key.hex(),
                "counter": asked.counter,
                "recent": _with_recent(row["recent"], asked),
                "seen_at": now.astimezone(UTC).isoformat(),
                "used": used,
                "said": row["said"] if asked.said is None else _said(asked.said, row["said"]),
            }
            connection.execute(_OWN, noted)
            return Admission(collector, Turn.NEXT, wait)

    def approved_of(self, keys: Collection[bytes]) -> frozenset[bytes]:
        """The keys among these whose parcels are trusted."""
        wanted, found = sorted({key.hex() for key in keys}), set[bytes]()
        approved = _COLLECTOR.c.state == State.APPROVED.value
        with self._store.reading() as connection:
            for start in range(0, len(wanted), _CHUNK):
                mine = _COLLECTOR.c.key.in_(wanted[start : start + _CHUNK])
                found |= set(
                    map(bytes.fromhex, connection.execute(select(_COLLECTOR.c.key).where(mine, approved)).scalars())
                )
        return frozenset(found)

    def unpacked_today(self, keys: Collection[bytes], now: datetime) -> Mapping[bytes, int]:
        """Key -> bytes of its parcels that were recorded today, unpacked."""
        wanted, found = sorted({key.hex() for key in keys}), dict[bytes, int]()
        with self._store.reading() as connection:
            for start in range(0, len(wanted), _CHUNK):
                query = select(_COLLECTOR.c.key, _COLLECTOR.c.used)
                rows = connection.execute(query.where(_COLLECTOR.c.key.in_(wanted[start : start + _CHUNK])))
                found |= {bytes.fromhex(key): unpacked_today(used, now) for key, used in rows}
        return found

    def add_unpacked(self, key: bytes, size: int, now: datetime) -> None:
        """Add to the bytes of a collector's parcels that were recorded today. ``size`` is in bytes, unpacked."""
        own = _COLLECTOR.c.key == key.hex()
        with self._store.writing_rows() as connection:
            used = connection.execute(select(_COLLECTOR.c.used).where(own).with_for_update()).scalar()
            if used is not None:
                connection.execute(update(_COLLECTOR).where(own).values(used=add_unpacked(used, size, now)))

    def count_approved(self) -> int:
        """Count the collectors that are trusted."""
        with self._store.reading() as connection:
            approved = _COLLECTOR.c.state == State.APPROVED.value
            return connection.execute(select(func.count()).select_from(_COLLECTOR).where(approved)).scalar_one()

    def set_state(self, number: int, state: State, role: str, *, of: Collection[State] = tuple(State)) -> bool:
        """Approve, stop or revoke the collector of this number, if its state is one of ``of``; False if it is not."""
        with self._store.writing() as connection:
            own = (_COLLECTOR.c.number == number) & _COLLECTOR.c.state.in_([each.value for each in of])
            values = {"state": state.value, "role": role, "code": ""}
            return connection.execute(update(_COLLECTOR).where(own).values(**values)).rowcount == 1


def _turn_of(asked: SignedRequestParts, recent: str) -> Turn:
    """Judge the counter of a request if it is not higher than the last one.

    Two programs use the key if the number comes with other content, or if a lower number was signed after a higher one:
    somebody who only repeats a request cannot sign it again.
    """
    seen = _read_recent(recent)
    known = {number: text for number, text, _ in seen}
    if asked.counter in known:
        is_forked = known[asked.counter] != asked.digest[:_DIGEST]
    else:
        is_forked = 0 < max((at for *_, at in seen), default=0) < asked.created
    return Turn.FORKED if is_forked else Turn.REPEATED


def _with_recent(recent: str, asked: SignedRequestParts) -> str:
    """The latest requests with this one added, as short text, because the row is written again at every request."""
    kept = [*_read_recent(recent)[-(_REMEMBERED - 1) :], (asked.counter, asked.digest[:_DIGEST], asked.created)]
    return json.dumps(kept, separators=(",", ":"))


def _read_recent(recent: str) -> list[tuple[int, str, int]]:
    """The latest requests: number, beginning of the digest, and time of the signature (0 if unknown), oldest first."""
    return [(int(number), str(text)[:_DIGEST], int(*at or [0])) for number, text, *at in json.loads(recent)]


def _said(said: Mapping[str, Any], before: str) -> str:
    text = json.dumps(said)
    return text if len(text) <= _MOST_SAID else before


def _insert(connection: Connection, now: datetime, *, name: str, **values: Any) -> int:
    taken = {text.casefold() for text in connection.execute(select(_COLLECTOR.c.name)).scalars()}
    spellings = itertools.chain([name], (f"{name} {number}" for number in range(2, 10_000)))
    own = next(text for text in spellings if text.casefold() not in taken)
    blank = {"code": "", "code_ends_at": "", "counter": 0, "recent": "[]", "seen_at": "", "said": "{}", "used": ""}
    since = now.astimezone(UTC).isoformat()
    made = connection.execute(insert(_COLLECTOR).values(**{**blank, "name": own, "since": since, **values}))
    return int(made.inserted_primary_key[0]) if made.inserted_primary_key else 0


def _texts(values: Sequence[object]) -> str:
    return json.dumps(list(dict.fromkeys(map(str, values))))


def _code_end(now: datetime) -> str:
    return (now + timedelta(days=CODE_DAYS)).astimezone(UTC).isoformat()


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def _find_collector(connection: Connection, which: Any) -> Collector | None:
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
        counter=row["counter"],
        code_ends_at=datetime.fromisoformat(row["code_ends_at"]) if row["code_ends_at"] else None,
    )
