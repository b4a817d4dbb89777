"""How much work something does, counted instead of timed: the same on every machine, however busy it is."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from camscan.errors import ProtocolError

if TYPE_CHECKING:
    from _typeshed import TraceFunction

SIZE = 65536
"""Bytes of a reply that are ever read."""
SHORT, LONG = 4096, 16384
ALLOWED = 2 * LONG // SHORT
"""Times as much work for four times as many bytes: what grows with the square takes 16 times as much."""
FIXED = 500
"""Steps that a parser may take whatever the length."""
EACH = 50
"""Steps for each byte, where a parser reads so little of a reply that the longer one takes no more."""
_END = 64


def steps(action: Callable[[], object]) -> int:
    """Lines of Python that it runs, and functions that it calls, those written in C included."""
    count = 0

    def line(_frame: FrameType, event: str, _argument: object) -> TraceFunction:
        nonlocal count
        count += event == "line"
        return line

    def call(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(line)
    sys.setprofile(call)
    try:
        action()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return count


def cut(payload: bytes, length: int) -> bytes:
    """As if it repeated itself less often: its head and its end stay."""
    return payload if len(payload) <= length else payload[: length - _END] + payload[-_END:]


def keeps_nobody_busy(parse: Callable[[bytes], object], payload: bytes) -> None:
    """Hold that a parser's work grows with a reply's length, not with the square of it.

    What a regular expression does within one call is not seen here: the benchmark "hostile" times that.
    """

    def read(reply: bytes) -> None:
        with contextlib.suppress(ProtocolError):
            parse(reply)

    read(payload[:SIZE])  # in whole; and what is worked out once is worked out now
    few, many = (steps(functools.partial(read, cut(payload, length))) for length in (SHORT, LONG))
    assert many <= ALLOWED * few + FIXED
    assert many <= EACH * LONG
