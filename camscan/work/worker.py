"""Does the jobs: Procrastinate's worker, which is started again after the server was away."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from procrastinate import App, JobContext, RetryStrategy, exceptions
from procrastinate.jobs import Job as QueuedJob
from procrastinate.jobs import Status

from camscan.errors import CamscanError, RegisterError
from camscan.output import mask_password
from camscan.probes import catch_fault
from camscan.work.kinds import Job, Pace, TryLater
from camscan.work.link import error_reason, explain_errors, worker_link
from camscan.work.waiting import ALONE, CLOCK, queue_of

_AT_ONCE = 3
"""Jobs that a worker does at a time: a job by the clock must not wait for a long recording."""
_FIRST, _LONGEST = 1.0, 30.0
"""The first and the longest wait between two tries while the server is away, in seconds."""
_LOOK = 0.2
_POLL = 5.0
"""Seconds after which the worker looks for jobs that the server did not announce."""
_MINUTE = 60
FINISHED_HOURS, CLOCK_HOURS = 7 * 24, 1
"""How long finished jobs are kept, in hours: all jobs, and jobs by the clock."""


class _FailedError(Exception):
    """A job has failed and was reported."""


@dataclass(frozen=True, slots=True)
class _Work:
    jobs: Sequence[Job]
    pace: Pace
    report: Callable[[str], None]

    def make_app(self, address: str) -> App:
        """Procrastinate's own app, with every job."""
        app = App(connector=worker_link(address))
        for job in self.jobs:
            kind = job.kind
            task: Any = app.task(
                name=kind.name,
                queue=queue_of(kind),
                lock=ALONE if kind.is_alone else None,
                queueing_lock=f"{kind.name} ",
                retry=RetryStrategy(wait=math.ceil(self.pace.heartbeat), retry_exceptions=[TryLater]),
            )(self._make_task(job))
            if job.every:
                app.periodic(cron=job.every)(task)
        # Never with a lock: a job that was killed would lock out the next (Procrastinate's issue 1408).
        retry: Any = app.task(name="retry_stalled", queue=CLOCK, queueing_lock="retry_stalled", pass_context=True)
        app.periodic(cron=_check_schedule(self.pace))(retry(self._retry_stalled))
        forget: Any = app.task(name="forget_finished", queue=CLOCK, queueing_lock="forget_finished", pass_context=True)
        app.periodic(cron="17 * * * *")(forget(_forget_finished))
        return app

    def _make_task(self, job: Job) -> Callable[..., None]:
        def do(subject: str = "", timestamp: int = 0) -> None:  # noqa: ARG001 - the clock gives it
            said, later = "", None
            with catch_fault() as fault:
                try:
                    job.do(subject)
                except TryLater as error:
                    later = error
                except CamscanError as error:
                    said = str(error)
            if later:
                raise later
            if said or fault.detail:
                self.report(f"{job.kind.name}: {said or fault.detail}")
                raise _FailedError

        return do

    async def _retry_stalled(self, context: JobContext, timestamp: int = 0) -> None:  # noqa: ARG002 - as above
        """Return jobs of dead workers to the queue, including those of workers whose row was removed."""
        known = {job.kind.name: job for job in self.jobs}
        manager = context.app.job_manager
        for each in await manager.get_stalled_jobs(seconds_since_heartbeat=self.pace.stalled_after):
            job = known.get(each.task_name)
            try:
                if job and not job.kind.is_by_clock and await asyncio.to_thread(_is_worth_it, job, each):
                    await manager.retry_job(each)
                    continue
            except exceptions.UniqueViolation:
                pass  # another program has added it again meanwhile, and that job is done
            except (exceptions.ConnectorException, CamscanError):
                continue  # it has ended meanwhile, or the next call returns it
            await _give_up(context, each)


def _is_worth_it(job: Job, stalled: QueuedJob) -> bool:
    return job.is_worth_another_try(str(stalled.task_kwargs.get("subject", "")))


async def _give_up(context: JobContext, stalled: QueuedJob) -> None:
    try:
        await context.app.job_manager.finish_job(stalled, Status.FAILED, delete_job=False)
    except exceptions.ConnectorException:
        return  # it has ended meanwhile


async def _forget_finished(context: JobContext, timestamp: int = 0) -> None:  # noqa: ARG001 - as above
    every: dict[str, Any] = {"include_failed": True, "include_cancelled": True, "include_aborted": True}
    await context.app.job_manager.delete_old_jobs(nb_hours=CLOCK_HOURS, queue=CLOCK, **every)
    await context.app.job_manager.delete_old_jobs(nb_hours=FINISHED_HOURS, **every)


def _check_schedule(pace: Pace) -> str:
    """How often to look for stalled jobs, as a line of cron: every minute; more often if a test wants it."""
    if pace.stalled_after >= _MINUTE:
        return "* * * * *"
    return f"* * * * * */{max(1, int(pace.stalled_after // 2))}"


def run(
    address: str,
    jobs: Sequence[Job],
    pace: Pace,
    *,
    is_over: Callable[[], bool],
    report: Callable[[str], None],
    is_once: bool,
) -> None:
    """See :func:`camscan.work.run`."""
    # psycopg cannot use the loop that Windows would have.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(_run(address, _Work(jobs, pace, report), is_over, is_once=is_once))


async def _run(address: str, work: _Work, is_over: Callable[[], bool], *, is_once: bool) -> None:
    # The result of a job is in the queue; if it could not be written there, the job is done again.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    wait, is_told = _FIRST, False
    while not is_over():
        said = "a connection was lost"
        try:
            with explain_errors(address):
                app = work.make_app(address)
                async with app.open_async():
                    if is_told:
                        work.report(f"{mask_password(address)}: the queue can be reached again")
                    wait, is_told = _FIRST, False
                    await _put_in_at_start(app, work.jobs)
                    await _run_until(is_over, _run_worker(app, work.pace, is_once=is_once))
        except RegisterError as error:
            if is_once:
                raise
            said = error_reason(error.__cause__ or error)
            wait = min(_LONGEST, 2 * wait)
        if is_once or is_over():
            return
        if not is_told:
            work.report(f"{mask_password(address)}: the queue cannot be reached ({said}); it is tried again")
        is_told = True
        await _run_until(is_over, asyncio.sleep(wait))


async def _put_in_at_start(app: App, jobs: Sequence[Job]) -> None:
    """Add the jobs that make up for the time without a worker."""
    for job in jobs:
        if job.is_at_start:
            with contextlib.suppress(exceptions.AlreadyEnqueued):
                await app.configure_task(job.kind.name).defer_async(subject="")


async def _run_worker(app: App, pace: Pace, *, is_once: bool) -> None:
    await app.run_worker_async(
        concurrency=1 if is_once else _AT_ONCE,  # otherwise it ends while a job adds others
        wait=not is_once,
        fetch_job_polling_interval=min(_POLL, pace.heartbeat),
        install_signal_handlers=False,
        update_heartbeat_interval=pace.heartbeat,
        # Otherwise a worker that starts would take a slow one for dead.
        stalled_worker_timeout=pace.stalled_after,
    )


async def _run_until(is_over: Callable[[], bool], doing: Coroutine[Any, Any, None]) -> None:
    """Run a task to its end; once ``is_over``, ask it to stop. A worker finishes the job that it is doing."""
    task = asyncio.create_task(doing)
    is_asked = False
    while not task.done():
        await asyncio.wait([task], timeout=_LOOK)
        if is_over() and not is_asked:
            is_asked = task.cancel()
    if not task.cancelled():
        task.result()
