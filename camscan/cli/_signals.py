"""Handles Ctrl-C, SIGTERM and SIGHUP while there are results to save."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

from camscan import app, system
from camscan.cli import _later

if TYPE_CHECKING:
    from camscan.app.scan import Interruption

Handler = Callable[[int, FrameType | None], None]


@contextlib.contextmanager
def take_signals() -> Iterator[Interruption]:
    """Handle signals while there are results to save: from the first packet until everything is written.

    The first signal ends the scan and keeps what was found; the second ends the program. A terminal that is closed
    sends more than one, through the kernel and through the shell: together they count as the first. Under nohup there
    is none.
    """
    interruption = app.scan.Interruption()
    had_terminal = system.has_terminal()

    def handle_signal(number: int, _frame: FrameType | None) -> None:
        if interruption.number == number == system.HANG_UP and had_terminal and not system.has_terminal():
            return
        if not interruption.is_wanted:
            interruption.stop(number)
        elif not interruption.stop_at_once():
            raise _end_by_signal(number)

    with _take_signals(handle_signal, signal.SIGINT, signal.SIGTERM, system.HANG_UP):
        try:
            yield interruption
        except _later.asyncio.CancelledError:
            if not interruption.is_urgent:
                raise
            raise _end_by_signal(interruption.number) from None


@contextlib.contextmanager
def like_ctrl_c() -> Iterator[list[int]]:
    """Let SIGTERM and SIGHUP work like Ctrl-C. The list has the numbers of the signals that came."""
    came: list[int] = []

    def handle_signal(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        signal.raise_signal(signal.SIGINT)

    with _take_signals(handle_signal, signal.SIGTERM, system.HANG_UP):
        yield came


@contextlib.contextmanager
def _take_signals(handle: Handler, *numbers: int | None) -> Iterator[None]:
    wanted = [number for number in numbers if number is not None]
    wanted = [number for number in wanted if number != system.HANG_UP or signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_by_signal(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)
