"""What the queue is told, and what it tells: without Procrastinate's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta


class Later(Exception):  # noqa: N818 - it is a wish, and no error
    """Raised by a job that cannot be done now: it is done again after a heartbeat."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job. Two of one kind and one subject never wait at the same time."""

    name: str
    is_alone: bool = False
    """Whether it writes to the register: only one of all such jobs is done at a time."""
    is_by_clock: bool = False
    """Whether the time is its only reason: it is not counted, and not done again where it was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How jobs of a kind are done. Doing one twice must do no more than doing it once."""

    kind: Kind
    do: Callable[[str], None]
    """Given the subject. A CamscanError is reported, and the job has failed."""
    every: str = ""
    """Of one by the clock, when it is put in: a line of cron, in UTC."""
    is_at_start: bool = False
    """Whether it is also put in whenever a worker starts."""
    is_worth_another_try: Callable[[str], bool] = lambda _subject: True
    """Asked where the program that did it was killed."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How soon a worker that died is noticed, in seconds."""

    heartbeat: float = 10.0
    """So often a worker says that it is there."""
    stalled_after: float = 120.0
    """After so long without that, what it was doing is done again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the queue stands."""

    jobs: Mapping[str, int]
    """Status (``todo``, ``doing``, ``succeeded``, ``failed``, ``cancelled``, ``aborted``) -> how many."""
    stalled: int = 0
    """Being done by a worker that is gone, and not put back yet."""
    stalled_long: int = 0
    """Of these, for ten minutes: nobody puts them back."""
    unseen: timedelta | None = None
    """Since a worker said last that it is there; None if none has, or where each said that it ends."""
    oldest: timedelta | None = None
    """For how long the oldest job has waited that could be done; None if none waits."""
