"""Answers monitoring programs: whether the program runs, whether it can answer, and whether the centre keeps up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from camscan import app
from camscan.app.front import Alarm
from camscan.app.workspace import Workspace
from camscan.errors import CamscanError
from camscan.words import count_text, verb

if TYPE_CHECKING:
    from camscan.app.centre_state import CentreState
    from camscan.store.database import Store
    from camscan.web.desk import Desk

PATHS = frozenset({"/health", "/ready"})
"""Paths that anybody who reaches the server may ask; the answers contain nothing from the register."""
_KEPT = 10.0
"""Seconds for which one answer of the database is reused, so that nobody can make it busy by asking."""
_SECONDS = 15.0
"""Seconds within which the database must answer."""
_LATE = timedelta(hours=1)
"""How long a parcel may wait before the front page shows it."""
_NOT_READY = "not ready: the register cannot be reached\n"


class Watch:
    """The state of the centre, which is read now and then, however many programs ask."""

    def __init__(self, space: Workspace, store: Callable[[], Store]) -> None:
        self._space, self._store = space, store
        self._lock = threading.Lock()
        self._kept: tuple[float, CentreState | None] | None = None

    def state(self) -> CentreState | None:
        """The state of the centre; None if no collector was ever known.

        Raises RegisterError if the store cannot be read.
        """
        if not self._space.has_store:
            return None
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] > _KEPT:
                found = app.centre_state.state_of(self._space, self._store(), datetime.now(UTC))
                self._kept = time.monotonic(), found
            return self._kept[1]

    def alarms(self) -> Iterator[Alarm]:
        """The alarms of the front page about the centre. What cannot be read causes no alarm."""
        try:
            state = self.state()
        except CamscanError:
            return
        if state is None:
            return
        if stopped := state.collectors.get("stopped", 0):
            title = f"{count_text(stopped, 'collector')} {verb(stopped, 'was', 'were')} stopped"
            advice = "Somebody has a copy of its key: the page of the collector says what to ask."
            yield Alarm("collectors", stopped, title, advice, is_urgent=True)
        if waiting := state.collectors.get("waiting", 0):
            title = f"{count_text(waiting, 'collector')} {verb(waiting, 'waits', 'wait')} for approval"
            yield Alarm("collectors", waiting, title, "Compare the six words by telephone, and approve it.")
        if silent := len(state.silent):
            title = f"{count_text(silent, 'collector')} {verb(silent, 'is', 'are')} silent"
            yield Alarm(
                "collectors", silent, title, "Ask at the site: its machine may be off, or its network may block it."
            )
        if state.oldest > _LATE:
            number = state.parcels["waiting"]
            title = f"{count_text(number, 'parcel')} of collectors {verb(number, 'waits', 'wait')} to be recorded"
            advice = "Check whether another program has locked the register, or whether camscan work is stuck."
            yield Alarm("parcels", number, title, advice)
        if state.queue is not None and not state.has_worker:
            advice = "Until somebody starts it again, camscan serve records what arrives."
            yield Alarm("worker", 0, "camscan work is not running", advice)


def make_routes(desk: Desk) -> list[Route]:
    """The routes for the paths ``/health`` and ``/ready``."""

    async def healthy(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
        return PlainTextResponse("ok\n")

    async def ready(request: Request) -> Response:  # noqa: ARG001 - as above
        with anyio.move_on_after(_SECONDS):
            return PlainTextResponse(*await anyio.to_thread.run_sync(lambda: _readiness(desk), abandon_on_cancel=True))
        return PlainTextResponse(_NOT_READY, 503)

    return [Route("/health", healthy, methods=["GET"]), Route("/ready", ready, methods=["GET"])]


def _readiness(desk: Desk) -> tuple[str, int]:
    try:
        with desk.reading() as book:
            book.mark()
        state = desk.watch.state()
    except CamscanError:
        return _NOT_READY, 503
    return "".join(f"{line}\n" for line in ("ready", *_readiness_lines(state))), 200


def _readiness_lines(state: CentreState | None) -> Iterator[str]:
    if state is None:
        return
    waiting = state.parcels["waiting"]
    yield f"parcels waiting: {waiting}" + (f", the oldest for {state.oldest.total_seconds():.0f} s" if waiting else "")
    if state.queue is not None:
        yield "worker: seen" if state.has_worker else "worker: none seen, camscan serve records parcels itself"
