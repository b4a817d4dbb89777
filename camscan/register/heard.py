"""Which lines of the log a piece of work has written, for whoever must say later whose work that was."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_HEARD: ContextVar[list[int] | None] = ContextVar("camscan_heard", default=None)


@contextlib.contextmanager
def hear_changes() -> Iterator[list[int]]:
    """The first and the last number of every transaction that writes to the log in this block, in this thread."""
    heard: list[int] = []
    token = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(token)


def listener() -> list[int] | None:
    """Where the numbers go; None if nobody listens."""
    return _HEARD.get()
