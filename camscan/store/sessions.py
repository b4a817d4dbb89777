"""Sessions of people who have signed in.

Each is stored under a digest of the secret in its cookie, without the secret.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Column, MetaData, RowMapping, String, Table, Text, delete, insert, select, update

from camscan.store.database import Store, explain_damage

_SESSION = Table(
    "service_session",
    MetaData(),
    Column("digest", String(64), primary_key=True),
    Column("subject", String(200), nullable=False),
    Column("rights", String(40), nullable=False),
    Column("role", String(100), nullable=False),
    Column("sites", Text),
    *(Column(name, String(40), nullable=False) for name in ("began_at", "seen_at", "ends_at")),
)
_BYTES = 32
NUMBER = 16
"""Characters of a session's number: the beginning of its digest."""
_AHEAD = timedelta(minutes=10)
"""How far a clock may be set back before sessions end."""
_STEP = timedelta(minutes=1)
"""How exactly the last use of a session is known: not every page is noted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person who has signed in."""

    subject: str
    """The name that the sign-in gave to the person; ``local`` for the person who started the program."""
    rights: str
    """The rights of the person: a word that the caller chooses."""
    role: str = ""
    """The role for the log; empty until the person names it."""
    sites: tuple[str, ...] | None = None
    """The only sites that they may see; None for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    """A session without its secret, for its owner and the people who manage access."""

    number: str
    """The number with which it can be ended."""
    session: Session
    began_at: datetime
    seen_at: datetime
    """The last use, to the minute."""
    ends_at: datetime


class Sessions:
    """The sessions of a store. Every method is one transaction; threads and processes may share them."""

    def __init__(self, store: Store, *, longest: timedelta, idle: timedelta) -> None:
        """A session ends after ``longest``, and earlier after ``idle`` without a request."""
        self._store = store
        self._longest = longest
        self._idle = idle

    def begin(self, session: Session, now: datetime | None = None) -> str:
        """Store a new session. Returns the secret for its cookie. Ended sessions are deleted."""
        at, secret = now or datetime.now(UTC), secrets.token_urlsafe(_BYTES)
        with self._store.writing() as connection:
            connection.execute(delete(_SESSION).where(_SESSION.c.ends_at < _sortable_text(at)))
            connection.execute(delete(_SESSION).where(_SESSION.c.seen_at < _sortable_text(at - self._idle)))
            connection.execute(
                insert(_SESSION).values(
                    digest=_digest_of(secret),
                    subject=session.subject,
                    rights=session.rights,
                    role=session.role,
                    sites=None if session.sites is None else json.dumps(session.sites),
                    began_at=_sortable_text(at),
                    seen_at=_sortable_text(at),
                    ends_at=_sortable_text(at + self._longest),
                )
            )
        return secret

    def find(self, secret: str, now: datetime | None = None) -> Session | None:
        """The session of a cookie; None if there is none, or if it has ended. Its use is noted."""
        at, own = now or datetime.now(UTC), _SESSION.c.digest == _digest_of(secret)
        with self._store.reading() as connection, explain_damage(self._store):
            row = connection.execute(select(_SESSION).where(own)).mappings().first()
            if row is None or row["ends_at"] < _sortable_text(at) or row["seen_at"] < _sortable_text(at - self._idle):
                return None
            if row["ends_at"] > _sortable_text(at + self._longest + _AHEAD):
                return None  # it began by a clock that was wrong, and would last until then
            found = _session_of_row(row)
        if row["seen_at"] < _sortable_text(at - _STEP):
            with self._store.writing() as connection:
                connection.execute(update(_SESSION).where(own).values(seen_at=_sortable_text(at)))
        return found

    def all(self, now: datetime | None = None) -> list[ListedSession]:
        """Every session that has not ended, the latest first."""
        at = now or datetime.now(UTC)
        lasting = (_SESSION.c.ends_at >= _sortable_text(at), _SESSION.c.seen_at >= _sortable_text(at - self._idle))
        with self._store.reading() as connection, explain_damage(self._store):
            rows = connection.execute(select(_SESSION).where(*lasting).order_by(_SESSION.c.began_at.desc())).mappings()
            return [
                ListedSession(
                    number=row["digest"][:NUMBER],
                    session=_session_of_row(row),
                    began_at=datetime.fromisoformat(row["began_at"]),
                    seen_at=datetime.fromisoformat(row["seen_at"]),
                    ends_at=datetime.fromisoformat(row["ends_at"]),
                )
                for row in rows
            ]

    def act_as(self, secret: str, role: str) -> None:
        """Use this role in the log from now on."""
        with self._store.writing() as connection:
            connection.execute(update(_SESSION).where(_SESSION.c.digest == _digest_of(secret)).values(role=role))

    def end(self, secret: str) -> None:
        """End the session of a secret. Harmless when repeated."""
        with self._store.writing() as connection:
            connection.execute(delete(_SESSION).where(_SESSION.c.digest == _digest_of(secret)))

    def end_number(self, number: str) -> bool:
        """End the session with this number. Returns whether there was one."""
        if len(number) != NUMBER or not number.isalnum():
            return False
        with self._store.writing() as connection:
            ended = connection.execute(delete(_SESSION).where(_SESSION.c.digest.startswith(number, autoescape=True)))
            return bool(ended.rowcount)

    def end_all(self, subject: str) -> int:
        """End every session of a subject. Returns how many there were."""
        with self._store.writing() as connection:
            return connection.execute(delete(_SESSION).where(_SESSION.c.subject == subject)).rowcount


def number_of(secret: str) -> str:
    """The number of a session. It reveals nothing about the secret."""
    return _digest_of(secret)[:NUMBER]


def _session_of_row(row: RowMapping) -> Session:
    sites = None if row["sites"] is None else tuple(map(str, json.loads(row["sites"])))
    return Session(subject=row["subject"], rights=row["rights"], role=row["role"], sites=sites)


def _digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _sortable_text(moment: datetime) -> str:
    """A time as text that sorts."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
