"""Runs a prepared scan, which can be followed and stopped. Its findings are kept in any case."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime

from camscan import captures
from camscan.app.request import PreparedScan
from camscan.dataclass import dataclass
from camscan.model import Completion, Report
from camscan.net.door import Door
from camscan.net.pace import PACES
from camscan.probes import forget_replies
from camscan.scan.checkpoint import Checkpoint
from camscan.scan.engine import Scan
from camscan.scan.estimate import estimate_seconds
from camscan.scan.journal.write import Journal
from camscan.scan.plan import Progress

__all__ = [
    "PACES",
    "Interruption",
    "ScanResult",
    "Watcher",
    "captured_lines",
    "estimate_seconds",
    "run_scan",
    "watch_nothing",
]
JOURNAL_EVERY = 1.0
"""Seconds between two entries in the journal: a kill loses as much."""
FEW_DEVICES = 500
"""Devices whose scan leaves little memory behind."""
_LOOK_AT_CLOCK = 30.0
"""Seconds between two looks at the clock, which may be set, or continue while the machine sleeps."""


@dataclass(slots=True)
class Interruption:
    """A wish to end a scan early: by Ctrl-C, by SIGTERM, by a button."""

    is_wanted: bool = False
    number: int = 0
    """The number of the first signal; 0 for none."""
    is_urgent: bool = False
    """Whether nothing more is to be kept either."""
    on_first: Callable[[], object] = lambda: None
    """Ends the scan that is running now."""
    on_second: Callable[[], object] | None = None
    """Abandons the scan that is running now; None if none is running."""

    def stop(self, number: int = 0) -> None:
        """End the scan, and begin no other. May be called from another thread, or from the handler of a signal.

        ``number`` is that of the signal.
        """
        if not self.is_wanted:
            self.is_wanted, self.number = True, number
            self.on_first()

    def stop_at_once(self) -> bool:
        """Abandon the scan that is running. Returns False if none is, or if it was told so before.

        An exception out of a signal handler would do it too, and sometimes leave a task that never ends: it may strike
        between any two steps of asyncio.
        """
        if self.is_urgent or self.on_second is None:
            return False
        self.is_wanted = self.is_urgent = True
        self.on_second()
        return True


@contextlib.contextmanager
def watch_nothing(_prepared: PreparedScan) -> Iterator[Callable[[Progress], None]]:
    """Follow a scan without showing anything."""
    yield lambda _progress: None


@dataclass(frozen=True, slots=True)
class Watcher:
    """How a caller follows a scan; by default nothing is shown."""

    follow: Callable[[PreparedScan], AbstractContextManager[Callable[[Progress], None]]] = watch_nothing
    """Entered before the first packet and left after the last.

    It yields a function that is called with the progress.
    """
    on_stop: Callable[[], None] = lambda: None
    """Called once an interruption was noticed: the scan is about to end."""
    warn: Callable[[str], None] = lambda _sentence: None
    """Called if something went wrong that does not end the scan: one sentence, without a full stop."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The result of one scan."""

    report: Report
    is_cut_off: bool = False
    """Whether it had to end because its authorisation ended."""


def run_scan(
    prepared: PreparedScan,
    watcher: Watcher | None = None,
    interruption: Interruption | None = None,
    journal: Journal | None = None,
    earlier: Checkpoint | None = None,
) -> ScanResult:
    """Run a scan until it is complete, is interrupted, or its authorisation ends.

    Findings go into ``journal`` at once; ``earlier`` is the state of an interrupted scan of the same targets. Raises
    asyncio.CancelledError if ``interruption.stop_at_once()`` abandoned it.
    """
    watcher, interruption = watcher or Watcher(), interruption or Interruption()
    with watcher.follow(prepared) as on_progress:
        run = _run_engine(
            prepared,
            on_progress,
            watcher.on_stop,
            interruption,
            journal=journal,
            earlier=earlier or Checkpoint(),
        )
        report = asyncio.run(run)
    _free_memory(prepared, report)
    if interruption.is_urgent:
        raise asyncio.CancelledError  # the wish came after the end of the scan
    if prepared.until and prepared.until <= datetime.now(UTC) and report.completion is Completion.INTERRUPTED:
        return ScanResult(_mark_cut_off(report, prepared), is_cut_off=True)
    return ScanResult(report)


def _free_memory(prepared: PreparedScan, report: Report) -> None:
    """Free the memory that only the scan needed: recording takes as much again, and must not add to it.

    Doors, tasks and errors of a scan refer to each other, so Python does not notice by itself that they are unused. To
    look for them after a small scan takes 10 to 30 ms, and frees 2 MB.
    """
    prepared.database.forget_devices()
    forget_replies()
    if len(report.devices) > FEW_DEVICES:
        gc.collect()


def captured_lines(report: Report) -> list[str]:
    """Every reply as it came off the wire, one JSON line each."""
    return list(captures.write_captures(report.attempts))


async def _run_engine(
    prepared: PreparedScan,
    on_progress: Callable[[Progress], None],
    on_stop: Callable[[], None],
    interruption: Interruption,
    *,
    journal: Journal | None,
    earlier: Checkpoint,
) -> Report:
    loop, myself = asyncio.get_running_loop(), asyncio.current_task()
    async with Door(prepared.scope, prepared.pace, interface=prepared.interface) as door:
        scan = Scan(door, prepared.plan, prepared.database, on_progress, prepared.probes, earlier)
        for note in prepared.notes:
            scan.tally.add_note(note)

        def stop_engine() -> None:
            on_stop()
            scan.stop()

        interruption.on_first = lambda: loop.call_soon_threadsafe(stop_engine)
        interruption.on_second = lambda: loop.call_soon_threadsafe(myself.cancel) if myself else None
        if interruption.is_wanted:
            scan.stop()
        try:
            async with _write_journal(scan, journal), _stop_at(scan, prepared.until):
                return await scan.run()
        finally:
            interruption.on_first, interruption.on_second = lambda: None, None


def _mark_cut_off(report: Report, prepared: PreparedScan) -> Report:
    """The report of a scan that had to end because its authorisation ended."""
    moment = prepared.config.clock(prepared.until or report.finished_at)
    note = f"{prepared.why_until} at {moment:%H:%M}: what was not asked by then is left to do"
    covered = replace(report.coverage, notes=(*report.coverage.notes, note))
    return replace(report, completion=Completion.PARTIAL, coverage=covered)


@contextlib.asynccontextmanager
async def _write_journal(scan: Scan, journal: Journal | None) -> AsyncIterator[None]:
    """Write down what the scan finds while it runs."""
    if journal is None:
        yield
        return
    journal.attach(scan)
    over = asyncio.Event()

    async def write_progress() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), JOURNAL_EVERY)
            await asyncio.to_thread(journal.write, journal.gather_lines(scan))

    writing = asyncio.create_task(write_progress())
    try:
        yield
    finally:
        over.set()
        await writing


@contextlib.asynccontextmanager
async def _stop_at(scan: Scan, moment: datetime | None) -> AsyncIterator[None]:
    """Stop the scan at a moment, by the clock of this machine."""

    async def watch_writer() -> None:
        while moment and (left := (moment - datetime.now(UTC)).total_seconds()) > 0:  # noqa: ASYNC110 - the clock on the wall sets no Event
            await asyncio.sleep(min(left, _LOOK_AT_CLOCK))
        scan.stop()

    watching = asyncio.create_task(watch_writer()) if moment else None
    try:
        yield
    finally:
        if watching:
            watching.cancel()
            await asyncio.wait({watching})
