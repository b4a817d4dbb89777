"""Keeps the counts that pages show: a thread counts them, and the old ones are shown meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from camscan import app
from camscan.app.front import Front
from camscan.app.workspace import Workspace
from camscan.errors import CamscanError, ConfigError, RegisterError
from camscan.web.readers import Readers

T = TypeVar("T")
_SOON = 2.0
"""Seconds that a page waits for new counts of a small register before it shows the old ones."""
_SMALL = 3000
"""A register of up to this many devices is counted in this process; a larger one by a separate program."""
_REST = 4.0
"""After counting a large register, the keeper rests this many times as long as the count took."""
_LONG = 25.0
"""Seconds that a page waits if there are no counts yet."""


@dataclass(frozen=True, slots=True)
class KeptCounts:
    """Counts of the register, and whether they are current."""

    front: Front
    is_current: bool
    """Whether nothing has changed since the count; otherwise a new count is running."""


def register_position(readers: Readers) -> object:
    """A value that changes whenever something that is counted changes."""
    with readers.lend() as book:
        return app.front.basis_of_front(book)


class Keeper:
    """Counts again after a change: in one thread, however many pages ask."""

    def __init__(self, space: Workspace, readers: Readers, *, is_read_only: bool = False) -> None:
        self._space = space
        self._readers = readers
        self._is_read_only = is_read_only
        self._done = threading.Condition()
        self._front: Front | None = None
        self._trouble: CamscanError | None = None
        self._is_running = False
        self._is_small = True
        self._rested = 0.0
        self._is_over = threading.Event()

    def start(self) -> None:
        """Begin to count before any page asks."""
        with self._done:
            self._start_counting()

    def front(self) -> KeptCounts:
        """The last counts, or new ones. Raises the error of the count if there is nothing to show."""
        far = register_position(self._readers)
        with self._done:
            if self._is_changed(far):
                self._start_counting()
                seconds = _LONG if self._front is None else _SOON if self._is_small else 0
                self._done.wait_for(lambda: not self._is_changed(far) or not self._is_running, seconds)
            front = self._front
            if front is None:
                raise self._trouble or RegisterError(
                    "the devices of the register are being counted; try again in a moment"
                )
            return KeptCounts(front, not self._is_changed(far))

    def _is_changed(self, far: object) -> bool:
        return self._front is None or (self._front.mark, self._front.day) != far

    def _start_counting(self) -> None:
        """Start counting, unless a count is running. The caller holds the lock."""
        if not self._is_running:
            self._is_running = True
            threading.Thread(target=self._count, name="counting", daemon=True).start()

    def close(self) -> None:
        """Stop counting."""
        self._is_over.set()

    def _count(self) -> None:
        front, trouble = None, None
        try:
            self._is_over.wait(max(self._rested - time.monotonic(), 0))
            if not self._is_over.is_set():
                front = self._count_front()
        except (CamscanError, ConfigError) as error:
            trouble = error
        finally:
            with self._done:
                self._front = front or self._front
                self._trouble = trouble
                self._is_running = False
                self._done.notify_all()

    def _count_front(self) -> Front:
        self._is_small = self._count_devices() <= _SMALL
        if not self._is_small and app.front_apart.can_count_apart(self._space):
            begun = time.monotonic()
            front = app.front_apart.count_apart(self._space, is_read_only=self._is_read_only)
            self._rested = time.monotonic() + _REST * (time.monotonic() - begun)
            return front
        if not self._is_read_only:
            app.front.bring_up_to_date(self._space)
        return app.front.gather_front(self._space)

    def _count_devices(self) -> int:
        try:
            with self._readers.lend() as book:
                return book.size()
        except CamscanError:
            return 0  # the count itself reports what is wrong


class CountedValue(Generic[T]):
    """A value that is counted from the complete register on demand, when the register has changed since."""

    def __init__(self, space: Workspace, readers: Readers, count: Callable[[Workspace], T]) -> None:
        self._space = space
        self._readers = readers
        self._count = count
        self._lock = threading.Lock()
        self._kept: tuple[object, T] | None = None

    def get(self) -> T:
        """The value for the register as it is now. Threads that ask at the same time wait for the same count."""
        with self._lock:
            far = register_position(self._readers)
            if self._kept is None or self._kept[0] != far:
                self._kept = (far, self._count(self._space))
            return self._kept[1]
