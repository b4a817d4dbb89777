"""What is done beside the pages of a centre: recording what arrives, asking for what is due, tidying up.

Where the register is on a server, ``camscan work`` does it, by a queue; else, and while no worker has been seen there
for two minutes, ``camscan serve`` does it itself. Should both do so for a moment, the register's own lock lets one in
at a time, and a scan that was recorded is not recorded again.
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
    recordable,
    remove_old,
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
from camscan.words import counted, how_to_add
from camscan.work import Pace

__all__ = ["Pace", "StandIn", "run_worker", "tick", "tidy_up"]

_TICK, _ALARMS, _DAY = timedelta(minutes=1), timedelta(minutes=5), timedelta(days=1)
_TURN = 30.0
"""Seconds after which ``camscan serve`` looks at the clock again, however many parcels wait."""
_KEPT = timedelta(days=90)
"""So long errands are kept that are over."""


def run_worker(
    space: Workspace,
    pace: Pace,
    *,
    is_over: Callable[[], bool],
    tell: Callable[[str], None],
    warn: Callable[[str], None],
    is_once: bool = False,
) -> None:
    """Do the jobs of this register's queue until ``is_over``; with ``is_once``, what there is to do now.

    The tables of register, store and queue are made or upgraded first. ``tell`` is given a line for each parcel, and
    with ``is_once`` one if there was none; ``warn`` is given one for each failure. Raises UsageError if the register is
    a file, RegisterError where the server cannot be reached at the start.
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
        work.run(address, jobs.all(), pace, is_over=is_over, report=warn, is_once=is_once)
        if is_once and not jobs.has_told:
            tell(_describe_nothing(Parcels(store).backlog().waiting))


class _Jobs:
    """What the jobs of one register's queue do."""

    def __init__(self, space: Workspace, store: Store, address: str, tell: Callable[[str], None]) -> None:
        self._space, self._store, self._address, self._tell = space, store, address, tell
        self._failures = Failures()
        self.has_told = False
        """Whether it has done something about a parcel, and said so."""
        self._is_said = False
        """Whether it was said since the last tick that the folder of the parcels is not there."""

    def all(self) -> Sequence[work.Job]:
        """As the queue is given them."""
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
            raise work.Later from None
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
            raise work.Later

    def _tick(self, _subject: str) -> None:
        self._failures.end()
        self._is_said = False
        tick(self._space, self._store, datetime.now(UTC))
        turns = next_turns(recordable(self._space, self._store))
        work.enqueue(self._address, INGEST, [each.scan_id for each in turns])
        if not _is_listed(self._space):
            work.enqueue(self._address, RELIST, [""])

    def _alert(self, _subject: str) -> None:
        send_alarms(self._space, datetime.now(UTC))

    def _purge(self, _subject: str) -> None:
        tidy_up(self._space, self._store, datetime.now(UTC))


def _describe_nothing(waiting: int) -> str:
    if not waiting:
        return "Nothing to do: no parcel waits"
    return f"No parcel was recorded, and {counted(waiting, 'parcel')} left: `camscan collector list` says why"


def _is_listed(space: Workspace) -> bool:
    """Whether the lines of every device are as today's settings judge them."""
    with space.open(readonly=True, create=False) as book:
        if not book.has_listing:
            return True
        list_by(book, space.settings)
        return bool(book.counting_basis())


def tick(space: Workspace, store: Store, now: datetime) -> None:
    """What is due by the clock, whoever does it: scans are asked for, and errands whose time is over end."""
    ask_for_due_scans(space, store, now)


def send_alarms(space: Workspace, now: datetime) -> None:
    """Tell people what is wrong at the centre. Where another program sends alerts now, the next call does it.

    Raises CamscanError in one line if somebody could not be told; that is tried again.
    """
    with contextlib.suppress(BusyError):
        failed = alerts.send_centre_alarms(space, now).failed_sends
        if failed:
            raise CamscanError(f"{visible(failed[0].recipient)} got no message: {visible(failed[0].detail)}")


def tidy_up(space: Workspace, store: Store, now: datetime) -> None:
    """Remove the files of parcels that are no longer needed, and forget errands that ended long ago."""
    remove_old(space, store, now)
    Errands(store).forget(now - _KEPT)


class StandIn:
    """Does what a worker would do, in ``camscan serve``, while none is there."""

    def __init__(self, space: Workspace, store: Callable[[], Store]) -> None:
        """``store`` opens the store: not before somebody has sent something, or a collector is known."""
        self._space, self._store = space, store
        self._ticked = self._alarmed = self._tidied = datetime.min.replace(tzinfo=UTC)

    def look(self, now: datetime) -> None:
        """Do what is due by the clock, and record what has arrived.

        Raises CamscanError if a step fails; the next call does the rest. Recording comes last: so a register
        that fails keeps nobody from being told.
        """
        if not self._space.has_store:
            return
        store = self._store()
        self._make_folder(store)
        is_minute, is_waiting = now - self._ticked >= _TICK, bool(recordable(self._space, store))
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
        """The folder of the parcels, where there are collectors: by it a worker knows that it is on this machine."""
        folder = uploads.folder_of(self._space)
        if not folder.exists() and Collectors(store).all():
            with explain_errors(folder):
                make_folder(folder)
