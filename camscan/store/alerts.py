"""Alerts: what was sent, what is waiting to be sent, and how far the register was read for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, Text, delete, insert, select, update

from camscan.store.database import Store, explain_damage

_METADATA = MetaData()
_NOTE = Table(
    "service_alert_note",
    _METADATA,
    Column("id", Integer, primary_key=True),
    *(Column(name, Text) for name in ("kind", "subject", "value", "at", "scan")),
    Column("is_told", Boolean),
)
_DUE = Table(
    "service_alert_due",
    _METADATA,
    Column("id", Integer, primary_key=True),
    *(Column(name, Text) for name in ("recipient", "made", "message", "trouble")),
)
_MARK = Table("service_alert_mark", _METADATA, Column("name", String(40), primary_key=True), Column("value", Text))


@dataclass(frozen=True, slots=True)
class AlertNote:
    """One event that was noted, or one alert that was sent."""

    kind: str
    subject: str
    value: str
    at: datetime
    scan: str
    is_told: bool


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """One message that a recipient has not accepted yet."""

    recipient: str
    made: datetime
    message: Mapping[str, Any]
    """The message as JSON."""
    trouble: str = ""
    """Why it was not accepted the last time; empty before the first attempt."""
    number: int = 0
    """Its number in the store; 0 for a message that is not stored yet."""


class Alerts:
    """Everything about alerts in a store. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read_notes(self) -> list[AlertNote]:
        """All notes, oldest first."""
        with self._store.reading() as connection:
            rows = connection.execute(select(_NOTE).order_by(_NOTE.c.id)).all()
        with explain_damage(self._store):
            return [
                AlertNote(row.kind, row.subject, row.value, datetime.fromisoformat(row.at), row.scan, bool(row.is_told))
                for row in rows
            ]

    def read_marks(self) -> dict[str, str]:
        """Name -> the value that was last written."""
        with self._store.reading() as connection:
            return {row.name: row.value for row in connection.execute(select(_MARK))}

    def keep(
        self, notes: Iterable[AlertNote], marks: Mapping[str, str], due: Sequence[WaitingMessage], forget: datetime
    ) -> None:
        """Store all of it or nothing: what was sent, how far the register was read, and what is to be sent.

        Notes from before ``forget`` are deleted.
        """
        fresh = [
            {
                "kind": note.kind,
                "subject": note.subject,
                "value": note.value,
                "at": _sortable_text(note.at),
                "scan": note.scan,
                "is_told": note.is_told,
            }
            for note in notes
        ]
        waiting = [
            {
                "recipient": message.recipient,
                "made": _sortable_text(message.made),
                "message": json.dumps(message.message),
                "trouble": message.trouble,
            }
            for message in due
        ]
        with self._store.writing() as connection:
            connection.execute(delete(_NOTE).where(_NOTE.c.at < _sortable_text(forget)))
            for table, rows in ((_NOTE, fresh), (_DUE, waiting)):
                if rows:
                    connection.execute(insert(table), rows)
            for name, value in marks.items():
                connection.execute(delete(_MARK).where(_MARK.c.name == name))
                connection.execute(insert(_MARK).values(name=name, value=value))

    def waiting_messages(self) -> list[WaitingMessage]:
        """The waiting messages, oldest first."""
        with self._store.reading() as connection:
            rows = connection.execute(select(_DUE).order_by(_DUE.c.id)).all()
        with explain_damage(self._store):
            return [
                WaitingMessage(
                    row.recipient, datetime.fromisoformat(row.made), json.loads(row.message), row.trouble, row.id
                )
                for row in rows
            ]

    def drop(self, numbers: Iterable[int]) -> None:
        """Delete messages that were accepted, or are too old."""
        with self._store.writing() as connection:
            connection.execute(delete(_DUE).where(_DUE.c.id.in_(list(numbers))))

    def note_failure(self, number: int, trouble: str) -> None:
        """Note that a message was not accepted. The message is kept, and every failure is counted."""
        with self._store.writing() as connection:
            connection.execute(update(_DUE).where(_DUE.c.id == number).values(trouble=trouble))
            known = connection.execute(select(_MARK.c.value).where(_MARK.c.name == FAILURES)).scalar()
            connection.execute(delete(_MARK).where(_MARK.c.name == FAILURES))
            connection.execute(insert(_MARK).values(name=FAILURES, value=str(int(known or 0) + 1)))


FAILURES = "failures"
"""The mark that counts every attempt that failed."""


def _sortable_text(at: datetime) -> str:
    """A time as text that sorts."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
