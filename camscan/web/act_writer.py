"""Records what people did, in a thread of its own: no page waits for it long, and none fails because of it."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from camscan.errors import CamscanError
from camscan.store.act import LOST, Act

if TYPE_CHECKING:
    from camscan.store.acts import Acts

MOST = 10_000
"""Acts that may wait to be written; more are lost, and their number is noted."""
_AT_ONCE = 500
_SECONDS = 1.0
"""Seconds for which acts are gathered before they are written, and for which a change waits for its act."""
_LONG = 5.0
"""The longest wait in seconds for acts that are not written yet, when the program ends."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Waiting:
    act: Act
    is_written: threading.Event = field(default_factory=threading.Event)
    is_urgent: bool = False


class ActWriter:
    """Writes down acts that many threads pass to it."""

    def __init__(self, acts: Callable[[], Acts], *, seconds: float = _SECONDS) -> None:
        """``acts`` opens the table on first use; ``seconds`` is how long acts are gathered."""
        self._acts = acts
        self._seconds = seconds
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(MOST)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._lost = 0
        self._purged = datetime.min.replace(tzinfo=UTC)

    def note(self, act: Act, *, is_urgent: bool = False) -> None:
        """Record an act soon. If ``is_urgent``, wait until it is written, but never long."""
        waiting = _Waiting(act, is_urgent=is_urgent)
        try:
            self._queue.put_nowait(waiting)
        except queue.Full:
            with self._lock:
                self._lost += 1
            return
        self._start_thread()
        if is_urgent:
            waiting.is_written.wait(self._seconds)

    def close(self) -> None:
        """Write the acts that wait, and stop. It may be called again."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread:
            with contextlib.suppress(queue.Full):
                self._queue.put(None, timeout=_LONG)
            thread.join(_LONG)

    def _start_thread(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_until_closed, name="noting acts", daemon=True)
                self._thread.start()

    def _write_until_closed(self) -> None:
        is_over = False
        while not is_over:
            found, is_over = self._gather()
            self._write_acts(found)

    def _gather(self) -> tuple[list[_Waiting], bool]:
        """The acts that came within ``_SECONDS``, and whether the end has come. An urgent act ends the wait."""
        found: list[_Waiting] = []
        until: float | None = None
        while len(found) < _AT_ONCE:
            try:
                one = self._queue.get(timeout=None if until is None else max(until - time.monotonic(), 0))
            except queue.Empty:
                break
            if one is None:
                return found, True
            found.append(one)
            if one.is_urgent:
                break
            until = until or time.monotonic() + self._seconds
        return found, False

    def _write_acts(self, found: Sequence[_Waiting]) -> None:
        now = datetime.now(UTC)
        with self._lock:
            lost, self._lost = self._lost, 0
        acts = [each.act for each in found]
        if lost:
            acts.append(Act(at=now, outcome=LOST, path=f"{lost} earlier lines of this log could not be written"))
        try:
            store = self._acts()
            store.add(acts)
            if now - self._purged > _DAY:
                store.purge(now)
                self._purged = now
        except CamscanError:
            with self._lock:
                self._lost += lost + len(found)
        for each in found:
            each.is_written.set()
