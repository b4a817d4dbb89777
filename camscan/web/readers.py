"""Registers that stay open for pages to read: opening one and preparing its queries took half the time of a page."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from camscan.app.workspace import Workspace
from camscan.register.address import address_of

if TYPE_CHECKING:
    from camscan.register import Register

MOST = 8
"""How many unused registers are kept open."""
SECONDS = 30.0
"""Seconds for which an unused register is kept open: the server may have closed it meanwhile."""


@dataclass(frozen=True, slots=True)
class _Idle:
    book: Register
    file: object
    """The identity of the file, so that a replaced file is noticed."""
    since: float


class Readers:
    """Lends each open register to one thread at a time."""

    def __init__(self, space: Workspace, clock: Callable[[], float] = time.monotonic) -> None:
        self._space = space
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: deque[_Idle] = deque()
        self._is_over = False

    @contextlib.contextmanager
    def lend(self) -> Iterator[Register]:
        """Lend the register for reading. After an error in the block it is closed, and not used again."""
        file = self._file_identity()
        book = self._take_idle(file) or self._space.open(readonly=True)
        try:
            yield book
        except BaseException:
            book.close()
            raise
        with self._lock:
            is_kept = len(self._idle) < MOST and not self._is_over
            if is_kept:
                self._idle.append(_Idle(book, file, self._clock()))
        if not is_kept:
            book.close()

    def close(self) -> None:
        """Close the registers that nobody reads. The others are closed when they come back."""
        with self._lock:
            self._is_over = True
            idle, self._idle = self._idle, deque()
        for each in idle:
            each.book.close()

    def _take_idle(self, file: object) -> Register | None:
        """The register that was used last. Those that are too old, or of a replaced file, are closed."""
        found, old = None, []
        with self._lock:
            while self._idle and found is None:
                last = self._idle.pop()
                is_good = last.file == file and self._clock() - last.since < SECONDS
                found = last.book if is_good else None
                old += [] if is_good else [last.book]
            while self._idle and self._clock() - self._idle[0].since >= SECONDS:
                old.append(self._idle.popleft().book)
        for each in old:
            each.close()
        return found

    def _file_identity(self) -> object:
        if address_of(self._space.where) is not None:
            return None
        try:
            status = Path(self._space.where).stat()
        except OSError:
            return None  # opening the register reports what is wrong
        return status.st_dev, status.st_ino
