"""Keeps what the pages rest on: counted in a thread of its own, shown while it is counted anew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from camscan import app
from camscan.app.front import Front
from camscan.app.workspace import Workspace
from camscan.errors import CamscanError, ConfigError, RegisterError

T = TypeVar("T")
_SOON = 2.0
"""Seconds that a page waits for new counts before it shows the old ones."""
_LONG = 25.0
"""Seconds that it waits where there are none yet."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is."""

    front: Front
    is_current: bool
    """Whether nothing has changed since; else it is being counted anew."""


class Keeper:
    """Counts when something has changed: one thread, however many ask."""

    def __init__(self, space: Workspace, *, is_read_only: bool = False) -> None:
        self._space = space
        self._is_read_only = is_read_only
        self._done = threading.Condition()
        self._front: Front | None = None
        self._trouble: CamscanError | None = None
        self._is_running = False

    def start(self) -> None:
        """Begin to count, before anybody asks."""
        with self._done:
            self._run()

    def front(self) -> Kept:
        """What was counted last, or just now. Raises what counting raised where there is nothing to show."""
        far = app.front.basis_of_front(self._space)
        with self._done:
            if self._is_new(far):
                self._run()
                self._done.wait_for(
                    lambda: not self._is_new(far) or not self._is_running, _SOON if self._front else _LONG
                )
            front = self._front
            if front is None:
                raise self._trouble or RegisterError("the register is being counted; try again in a moment")
            return Kept(front, not self._is_new(far))

    def _is_new(self, far: object) -> bool:
        return self._front is None or (self._front.mark, self._front.day) != far

    def _run(self) -> None:
        """Start counting, unless that is going on. The caller holds the lock."""
        if not self._is_running:
            self._is_running = True
            threading.Thread(target=self._count, name="counting", daemon=True).start()

    def _count(self) -> None:
        front, trouble = None, None
        try:
            if not self._is_read_only:
                app.front.bring_up_to_date(self._space)
            front = app.front.gather_front(self._space)
        except (CamscanError, ConfigError) as error:
            trouble = error
        finally:
            with self._done:
                self._front = front or self._front
                self._trouble = trouble
                self._is_running = False
                self._done.notify_all()


class Counted(Generic[T]):
    """Something else that is counted from the whole register, when somebody asks for it and it has changed since."""

    def __init__(self, space: Workspace, count: Callable[[Workspace], T]) -> None:
        self._space = space
        self._count = count
        self._lock = threading.Lock()
        self._kept: tuple[object, T] | None = None

    def get(self) -> T:
        """It, as the register stands; whoever asks meanwhile waits for the one who counts."""
        with self._lock:
            far = app.front.basis_of_front(self._space)
            if self._kept is None or self._kept[0] != far:
                self._kept = (far, self._count(self._space))
            return self._kept[1]
