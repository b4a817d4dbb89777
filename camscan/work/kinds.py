"""The nouns of the queue, without Procrastinate's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta


class Later(Exception):  # noqa: N818 - it is a wish, and no error
    """Raised by a job that cannot be done now. It is done again after a heartbeat."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job. Two jobs of one kind and one subject never wait at the same time."""

    name: str
    is_alone: bool = False
    """Whether it writes to the register: only one of all such jobs runs at a time."""
    is_by_clock: bool = False
    """Whether only the time causes it: it is not counted, and not repeated if it was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How jobs of a kind are done. Doing one twice must have the same result as doing it once."""

    kind: Kind
    do: Callable[[str], None]
    """Called with the subject. A CamscanError is reported, and the job has failed."""
    every: str = ""
    """For a job by the clock: a line of cron, in UTC, that says when it is added."""
    is_at_start: bool = False
    """Whether it is also put in whenever a worker starts."""
    is_worth_another_try: Callable[[str], bool] = lambda _subject: True
    """Called if the program that did the job was killed."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How soon a worker that died is noticed, in seconds."""

    heartbeat: float = 10.0
    """How often a worker says that it is there."""
    stalled_after: float = 120.0
    """After this long without that, its job is done again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of the queue."""

    jobs: Mapping[str, int]
    """Status (``todo``, ``doing``, ``succeeded``, ``failed``, ``cancelled``, ``aborted``) -> how many."""
    stalled: int = 0
    """Jobs of a worker that is gone, which are not yet returned to the queue."""
    stalled_long: int = 0
    """Of these, for ten minutes: nobody puts them back."""
    unseen: timedelta | None = None
    """The time since a worker last said that it is there; None if none has, or if each said that it ends."""
    oldest: timedelta | None = None
    """How long the oldest job that could be done has waited; None if none waits."""
