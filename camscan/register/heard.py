"""Records which lines of the log a piece of work has written, so that its author can be named later."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_HEARD: ContextVar[list[int] | None] = ContextVar("camscan_heard", default=None)


@contextlib.contextmanager
def collect_log_numbers() -> Iterator[list[int]]:
    """Collect the first and the last log number of every transaction that this thread makes within the block."""
    heard: list[int] = []
    token = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(token)


def current_listener() -> list[int] | None:
    """The list that collects the numbers; None if nothing is collected."""
    return _HEARD.get()
