"""Adds jobs, and reads the state of the queue."""

from __future__ import annotations

from collections.abc import Iterable

from procrastinate import exceptions
from procrastinate.jobs import Job as QueuedJob
from procrastinate.manager import JobManager

from camscan.work.kinds import Kind, Pace, QueueState
from camscan.work.link import open_link

QUEUE, CLOCK = "work", "clock"
"""The queue for jobs with a subject, and the queue for jobs by the clock."""
ALONE = "register"
_LONG = 600.0
_LOOK = """
WITH gone AS (
    SELECT j.id,
           coalesce(w.last_heartbeat, (SELECT max(e.at) FROM procrastinate_events e
                                       WHERE e.job_id = j.id AND e.type = 'started')) AS since
    FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
    WHERE j.status = 'doing'
      AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %(stalled)s)))
SELECT (SELECT coalesce(jsonb_object_agg(status, count), '{}') FROM (
            SELECT status, count(*) FROM procrastinate_jobs WHERE queue_name = 'work' GROUP BY status) s) AS jobs,
       (SELECT count(*) FROM gone) AS stalled,
       (SELECT count(*) FROM gone WHERE since < now() - make_interval(secs => %(long)s)) AS stalled_long,
       (SELECT now() - max(last_heartbeat) FROM procrastinate_workers) AS unseen,
       (SELECT now() - min(e.at) FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id
        WHERE j.status = 'todo' AND j.queue_name = 'work' AND e.type = 'deferred'
          AND (j.scheduled_at IS NULL OR j.scheduled_at <= now())) AS oldest
"""


def enqueue(address: str, kind: Kind, subjects: Iterable[str]) -> int:
    """See :func:`camscan.work.enqueue`."""
    wanted = list(dict.fromkeys(subjects))
    if not wanted:
        return 0
    with open_link(address) as link:
        manager = JobManager(link)
        if len(wanted) == 1:  # one subject is added without reading the jobs that wait, however many there are
            return sum(_add_job(manager, _make_job(kind, subject)) for subject in wanted)
        there = {job.task_kwargs.get("subject") for job in manager.list_jobs(task=kind.name, status="todo")}
        fresh = [_make_job(kind, subject) for subject in wanted if subject not in there]
        try:
            return len(manager.batch_defer_jobs(fresh)) if fresh else 0
        except exceptions.AlreadyEnqueued:  # another program has added one of the subjects meanwhile
            return sum(_add_job(manager, job) for job in fresh)


def _add_job(manager: JobManager, job: QueuedJob) -> bool:
    try:
        manager.defer_job(job)
    except exceptions.AlreadyEnqueued:
        return False
    return True


def queue_of(kind: Kind) -> str:
    """The name of Procrastinate's queue for a kind of job."""
    return CLOCK if kind.is_by_clock else QUEUE


def _make_job(kind: Kind, subject: str) -> QueuedJob:
    return QueuedJob(
        id=None,
        queue=queue_of(kind),
        lock=ALONE if kind.is_alone else None,
        queueing_lock=f"{kind.name} {subject}",
        task_name=kind.name,
        task_kwargs={"subject": subject},
    )


def read_state(address: str, pace: Pace) -> QueueState | None:
    """See :func:`camscan.work.read_state`."""
    with open_link(address) as link:
        if link.execute_query_one(query="SELECT to_regclass('procrastinate_jobs') AS found")["found"] is None:
            return None
        found = link.execute_query_one(query=_LOOK, stalled=pace.stalled_after, long=pace.stalled_after + _LONG)
        return QueueState(**found)
