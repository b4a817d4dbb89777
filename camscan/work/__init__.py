"""The queue: jobs that wait in PostgreSQL, and the workers that do them. All use of Procrastinate is in this room.

Its tables are in a schema of their own beside the register's, on the same server: ``queue`` beside ``public``,
``oak_queue`` beside ``oak``. They do not decide what is to be done: the store does that, and a job that was lost is
added again. Procrastinate 3.10 (docs/adr/0033-procrastinate.md) is used by five functions: :func:`make_tables`,
:func:`enqueue`, :func:`read_state`, :func:`run` and :func:`is_available`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Sequence

from camscan.work.kinds import Job, Kind, Pace, QueueState, TryLater

__all__ = [
    "Job",
    "Kind",
    "Pace",
    "QueueState",
    "TryLater",
    "enqueue",
    "is_available",
    "make_tables",
    "read_state",
    "run",
]


def is_available() -> bool:
    """Whether Procrastinate is installed: it comes with the extra ``postgresql``."""
    return importlib.util.find_spec("procrastinate") is not None


def make_tables(address: str) -> None:
    """Make the tables of the queue, or upgrade them to this version. It may be called again at any time.

    ``address`` is that of a register on a server. Raises RegisterError in one line if that cannot be done.
    """
    from camscan.work import tables  # noqa: PLC0415 - Procrastinate takes 0.2 s that others need not wait for

    tables.make(address)


def enqueue(address: str, kind: Kind, subjects: Iterable[str]) -> int:
    """Add a job for each subject, in this order and in one batch. Returns how many were not already waiting.

    Raises RegisterError if the queue cannot be reached, or has no tables.
    """
    from camscan.work import waiting  # noqa: PLC0415 - as above

    return waiting.enqueue(address, kind, subjects)


def read_state(address: str, pace: Pace | None = None) -> QueueState | None:
    """Read the state of the queue; None if it has no tables. Raises RegisterError if it cannot be reached."""
    from camscan.work import waiting  # noqa: PLC0415 - as above

    return waiting.read_state(address, pace or Pace())


def run(
    address: str,
    jobs: Sequence[Job],
    pace: Pace,
    *,
    is_over: Callable[[], bool],
    report: Callable[[str], None],
    is_once: bool = False,
) -> None:
    """Do the jobs of a queue as they come, until ``is_over``; with ``is_once``, until none waits.

    A job that has begun is finished. ``report`` gets one line if a job fails, or if the server cannot be reached; the
    worker then tries again until the server is back. With ``is_once`` it raises RegisterError instead.
    """
    from camscan.work import worker  # noqa: PLC0415 - as above

    worker.run(address, jobs, pace, is_over=is_over, report=report, is_once=is_once)
