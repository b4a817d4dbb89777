"""Divides long work on many rows between both processors of a small machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

from camscan import system

_T = TypeVar("_T")


def in_two_processes(work: Callable[[Sequence[_T]], bytes], items: Sequence[_T]) -> tuple[bytes, bytes]:
    """Return ``work(first half), work(second half)``, made at the same time if the system can copy a process (fork).

    ``work`` must open nothing that the two would share. A copy that fails costs only time: its half is done here then.
    """
    middle = len(items) // 2
    if not system.CAN_COPY_PROCESS:
        return work(items[:middle]), work(items[middle:])
    reader, writer = os.pipe()
    copy = system.copy_process()
    if copy == 0:
        _be_the_copy(lambda: work(items[middle:]), reader, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        try:
            mine = work(items[:middle])
            theirs = stream.read()
        finally:
            stream.close()  # a copy that is still writing ends then
            _, status = os.waitpid(copy, 0)
    return mine, theirs if status == 0 else work(items[middle:])


def _be_the_copy(work: Callable[[], bytes], reader: int, writer: int) -> None:
    """Write what the work makes, and end without a message: everything that is open belongs to the other process."""
    try:
        os.close(reader)
        with os.fdopen(writer, "wb") as stream:
            stream.write(work())
        os._exit(0)
    finally:
        os._exit(1)
