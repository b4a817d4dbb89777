"""The work beside the pages of a centre: recording parcels, asking for scans that are due, tidying up.

If the register is on a server, ``camscan work`` does it, by a queue; otherwise, and while no worker has been seen for
two minutes, ``camscan serve`` does it itself. If both do so for a moment, the register's own lock lets one in at a
time, and a scan that was recorded is not recorded again.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from camscan import work
from camscan.app import alerts, front, uploads
from camscan.app.arrivals import (
    Failures,
    next_turns,
    note_broken_off,
    record_arrival,
    record_arrivals,
    recordable_parcels,
    remove_old_files,
)
from camscan.app.due_errands import ask_for_due_scans
from camscan.app.overview import list_by
from camscan.app.queueing import ALERT, INGEST, PURGE, RELIST, TICK, is_worker_there
from camscan.app.workspace import Workspace
from camscan.errors import BusyError, CamscanError, OutputError, RegisterError, UsageError
from camscan.memory import keep_memory_flat
from camscan.output import explain_errors, make_folder, visible
from camscan.register.address import address_of
from camscan.store import open_store
from camscan.store.collectors import Collectors
from camscan.store.database import Store
from camscan.store.errands import Errands
from camscan.store.parcels import Parcels
from camscan.words import count_text, how_to_add
from camscan.work import Pace

__all__ = ["Pace", "StandIn", "run_worker", "tick", "tidy_up"]

_TICK, _ALARMS, _DAY = timedelta(minutes=1), timedelta(minutes=5), timedelta(days=1)
_TURN = 30.0
"""Seconds after which ``camscan serve`` looks at the clock again, however many parcels wait."""
_KEPT = timedelta(days=90)
"""How long finished errands are kept."""


def run_worker(
    space: Workspace,
    pace: Pace,
    *,
    is_over: Callable[[], bool],
    tell: Callable[[str], None],
    warn: Callable[[str], None],
    is_once: bool = False,
) -> None:
    """Do the jobs of this register's queue until ``is_over``; with ``is_once``, those that wait now.

    The tables of register, store and queue are made or upgraded first. ``tell`` gets a line for each parcel, and with
    ``is_once`` one if there was none; ``warn`` gets one for each failure. Raises UsageError if the register is a file,
    RegisterError if the server cannot be reached at the start.
    """
    address = address_of(space.where)
    if address is None:
        raise UsageError(
            f"{space.name}: camscan work needs a register on a PostgreSQL server (--register postgresql://…); for one "
            f"in a file, camscan serve records what arrives itself"
        )
    if not work.is_available():
        raise UsageError(f"camscan work needs Procrastinate: {how_to_add('postgresql')}")
    space.open(editing=True).close()
    with open_store(space.where) as store:
        work.make_tables(address)
        keep_memory_flat()
        jobs = _Jobs(space, store, address, tell)
        work.run(address, jobs.make_jobs(), pace, is_over=is_over, report=warn, is_once=is_once)
        if is_once and not jobs.has_told:
            tell(_describe_nothing(Parcels(store).backlog().waiting))


class _Jobs:
    """The jobs of one register's queue."""

    def __init__(self, space: Workspace, store: Store, address: str, tell: Callable[[str], None]) -> None:
        self._space, self._store, self._address, self._tell = space, store, address, tell
        self._failures = Failures()
        self.has_told = False
        """Whether a job has done something about a parcel, and reported it."""
        self._is_said = False
        """Whether a missing folder of the parcels was reported since the last tick."""

    def make_jobs(self) -> Sequence[work.Job]:
        """The jobs in the form that the queue takes."""
        broken_off = functools.partial(note_broken_off, self._store)
        return (
            work.Job(kind=INGEST, do=self._ingest, is_worth_another_try=broken_off),
            work.Job(kind=RELIST, do=self._relist),
            work.Job(kind=TICK, do=self._tick, every="* * * * *", is_at_start=True),
            work.Job(kind=ALERT, do=self._alert, every="*/5 * * * *"),
            work.Job(kind=PURGE, do=self._purge, every="41 3 * * *"),
        )

    def _ingest(self, scan_id: str) -> None:
        folder = uploads.folder_of(self._space)
        if not folder.exists():
            if self._is_said:
                return
            self._is_said = True
            raise OutputError(
                f"{folder}: is not there; camscan work must run where camscan serve runs, as the same user, and see "
                f"the parcels that it keeps"
            )
        try:
            state = record_arrival(self._space, self._store, scan_id, self._failures)
        except BusyError:
            raise work.TryLater from None
        if state:
            self.has_told = True
            self._tell(f"Parcel {scan_id}: {state}")
            self._give_next_turn(scan_id)

    def _give_next_turn(self, scan_id: str) -> None:
        """Put the next parcel of the same collector behind those of all others: no collector holds up another."""
        following = Parcels(self._store).next_waiting(scan_id)
        if following:
            with contextlib.suppress(RegisterError):  # the tick does it
                work.enqueue(self._address, INGEST, [following])

    def _relist(self, _subject: str) -> None:
        if not front.bring_up_to_date(self._space):
            raise work.TryLater

    def _tick(self, _subject: str) -> None:
        self._failures.end()
        self._is_said = False
        tick(self._space, self._store, datetime.now(UTC))
        turns = next_turns(recordable_parcels(self._space, self._store))
        work.enqueue(self._address, INGEST, [each.scan_id for each in turns])
        if not _is_listing_current(self._space):
            work.enqueue(self._address, RELIST, [""])

    def _alert(self, _subject: str) -> None:
        send_alarms(self._space, datetime.now(UTC))

    def _purge(self, _subject: str) -> None:
        tidy_up(self._space, self._store, datetime.now(UTC))


def _describe_nothing(waiting: int) -> str:
    if not waiting:
        return "Nothing to do: no parcel waits"
    return f"No parcel was recorded, and {count_text(waiting, 'parcel')} left: `camscan collector list` says why"


def _is_listing_current(space: Workspace) -> bool:
    """Whether the lines of every device are as today's settings judge them."""
    with space.open(readonly=True, create=False) as book:
        if not book.has_listing:
            return True
        list_by(book, space.settings)
        return bool(book.counting_basis())


def tick(space: Workspace, store: Store, now: datetime) -> None:
    """Do what is due by the clock: ask for scans, and end errands whose time is over."""
    ask_for_due_scans(space, store, now)


def send_alarms(space: Workspace, now: datetime) -> None:
    """Send alarms about the centre. If another program is sending alerts now, the next call does it.

    Raises CamscanError in one line if an alarm could not be sent; the next call tries again.
    """
    with contextlib.suppress(BusyError):
        failed = alerts.send_centre_alarms(space, now).failed_sends
        if failed:
            raise CamscanError(f"{visible(failed[0].recipient)} got no message: {visible(failed[0].detail)}")


def tidy_up(space: Workspace, store: Store, now: datetime) -> None:
    """Remove the files of parcels that are no longer needed, and forget errands that ended long ago."""
    remove_old_files(space, store, now)
    Errands(store).forget(now - _KEPT)


class StandIn:
    """Does the work of a worker in ``camscan serve``, while no worker is running."""

    def __init__(self, space: Workspace, store: Callable[[], Store]) -> None:
        """``store`` opens the store; it is called only once a parcel has come, or a collector is known."""
        self._space, self._store = space, store
        self._ticked = self._alarmed = self._tidied = datetime.min.replace(tzinfo=UTC)

    def look(self, now: datetime) -> None:
        """Do what is due by the clock, and record what has arrived.

        Raises CamscanError if a step fails; the next call does the rest. Recording comes last, so that a failing
        register prevents no alarm.
        """
        if not self._space.has_store:
            return
        store = self._store()
        self._make_folder(store)
        is_minute, is_waiting = now - self._ticked >= _TICK, bool(recordable_parcels(self._space, store))
        if not (is_minute or is_waiting) or is_worker_there(self._space):
            return
        if now - self._alarmed >= _ALARMS:
            self._alarmed = now
            send_alarms(self._space, now)
        if is_minute:
            self._ticked = now
            tick(self._space, store, now)
        if now - self._tidied >= _DAY:
            self._tidied = now
            tidy_up(self._space, store, now)
        if is_waiting:
            record_arrivals(self._space, store, _TURN)

    def _make_folder(self, store: Store) -> None:
        """Make the folder of the parcels if there are collectors.

        A worker uses it to check that it is on this machine.
        """
        folder = uploads.folder_of(self._space)
        if not folder.exists() and Collectors(store).all():
            with explain_errors(folder):
                make_folder(folder)
