"""The nouns of ``acts.py``: one action of a person in the pages. Cheap to import."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SEEN, CHANGED, DONE, TAKEN, REFUSED, FAILED = "seen", "changed", "done", "taken", "refused", "failed"
SIGNED_IN, SIGNED_OUT, LOST = "signed in", "signed out", "lost"
OUTCOMES = (SEEN, CHANGED, DONE, TAKEN, REFUSED, FAILED, SIGNED_IN, SIGNED_OUT, LOST)
"""The results of an action: a page was seen, entries were changed, another form or a file was taken, and so on."""
LASTING = (CHANGED, DONE, LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One request of a person."""

    at: datetime
    outcome: str
    """One of ``OUTCOMES``."""
    session: str = ""
    """The number of the session; empty without one."""
    subject: str = ""
    """The subject of the session: ``person 12``, or ``local``."""
    role: str = ""
    method: str = ""
    path: str = ""
    from_change: int | None = None
    """The first line of the register's log that it wrote."""
    to_change: int | None = None
    """The last line of the register's log that it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActQuery:
    """Which actions are wanted; each value that is given must match."""

    subject: str = ""
    outcome: str = ""
    path: str = ""
    """A part of the path."""
    since: datetime | None = None
    before: datetime | None = None
    change: int | None = None
    """Only actions that wrote this line of the register's log."""
