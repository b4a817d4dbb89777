"""Ctrl-C and SIGTERM, while there is something to keep."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

from camscan import app

if TYPE_CHECKING:
    from camscan.app.scan import Interruption


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """Take signals for as long as there is something to keep: from the first packet until all is written.

    The first ends the scan and keeps what was found, the second ends the program.
    """
    interruption = app.scan.Interruption()

    def handle(number: int, _frame: FrameType | None) -> None:
        if interruption.number:
            raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)
        interruption.number = number
        interruption.on_first()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
