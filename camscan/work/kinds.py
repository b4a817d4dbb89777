"""The nouns of the queue, without Procrastinate's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta


class TryLater(Exception):  # noqa: N818 - it is a wish, and no error
    """Raised by a job that cannot be done now. The job is tried again after a heartbeat."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job. Two jobs of one kind and one subject never wait at the same time."""

    name: str
    is_alone: bool = False
    """Whether the job writes to the register: only one of all such jobs runs at a time."""
    is_by_clock: bool = False
    """Whether the clock starts the job: such jobs are not counted, and not repeated if they were killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How jobs of a kind are done. A job that is done twice must have the same result as one that is done once."""

    kind: Kind
    do: Callable[[str], None]
    """Does the job; called with its subject. A CamscanError is reported, and the job has failed."""
    every: str = ""
    """For a job by the clock: a line of cron, in UTC, that says when it is added."""
    is_at_start: bool = False
    """Whether a job is also added when a worker starts."""
    is_worth_another_try: Callable[[str], bool] = lambda _subject: True
    """Whether to do the job again; called with its subject if the program that did the job was killed."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How soon a dead worker is noticed, in seconds."""

    heartbeat: float = 10.0
    """Seconds between two heartbeats of a worker."""
    stalled_after: float = 120.0
    """Seconds without a heartbeat after which a worker's job is done again."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """The state of the queue: jobs by status, stalled jobs and how long the oldest job has waited."""

    jobs: Mapping[str, int]
    """Status (``todo``, ``doing``, ``succeeded``, ``failed``, ``cancelled``, ``aborted``) -> number of jobs."""
    stalled: int = 0
    """Jobs of dead workers that are not yet back in the queue."""
    stalled_long: int = 0
    """Stalled jobs for which that has lasted ten minutes: no worker puts them back."""
    unseen: timedelta | None = None
    """The time since the last heartbeat of any worker; None if there was none, or if every worker has stopped in order.
    """
    oldest: timedelta | None = None
    """How long the oldest job that could be done has waited; None if none waits."""
