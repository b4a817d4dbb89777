"""Open registers for pages to read, kept for the next: opening one, and preparing its queries, took half of a page."""

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
"""That are kept while nobody reads in them."""
SECONDS = 30.0
"""Within which one must have been used, to be used again: the server may have gone meanwhile."""


@dataclass(frozen=True, slots=True)
class _Idle:
    book: Register
    file: object
    """Which file it is, so that one that was put into its place is not missed."""
    since: float


class Readers:
    """Lends each to one thread at a time."""

    def __init__(self, space: Workspace, clock: Callable[[], float] = time.monotonic) -> None:
        self._space = space
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: deque[_Idle] = deque()
        self._is_over = False

    @contextlib.contextmanager
    def lend(self) -> Iterator[Register]:
        """The register, to be read. One in which something went wrong is not used again."""
        file = self._file()
        book = self._kept(file) or self._space.open(readonly=True)
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
        """Close those that nobody reads in; the others are closed when they come back."""
        with self._lock:
            self._is_over = True
            idle, self._idle = self._idle, deque()
        for each in idle:
            each.book.close()

    def _kept(self, file: object) -> Register | None:
        """The one that was used last; those that are too old, or of a file that is gone, are closed."""
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

    def _file(self) -> object:
        if address_of(self._space.where) is not None:
            return None
        try:
            status = Path(self._space.where).stat()
        except OSError:
            return None  # opening it says what is wrong
        return status.st_dev, status.st_ino
