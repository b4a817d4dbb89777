"""Reads one reply from a connection: how long to wait for it, and why reading stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from camscan.dataclass import dataclass
from camscan.model import Outcome
from camscan.net.tcp import Connection, TooManyBytes


@dataclass(frozen=True, slots=True)
class Ending:
    """Why reading stopped: ``complete``, ``closed``, ``reset``, ``silent`` (for too long), ``late`` or ``endless``.

    With the last two, the whole reply took too long, or was too long.
    """

    why: str
    received: int
    first: float = 0.0
    """Seconds to the first byte."""

    @property
    def hung(self) -> bool:
        """Whether the peer neither finished nor closed it within the limits of time and bytes."""
        return self.why in {"silent", "late", "endless"}

    @property
    def is_cut_off(self) -> bool:
        """Whether the peer was still sending when the limit of time or bytes was reached."""
        return self.why == "endless" or (self.why == "late" and self.received > 0)

    @property
    def outcome(self) -> Outcome:
        """The outcome for the conversation: any byte is an answer."""
        if self.received:
            return Outcome.ANSWERED
        if self.why == "endless":  # of TLS, but without content
            return Outcome.MALFORMED
        return Outcome.CLOSED if self.why not in {"silent", "late"} else Outcome.TIMED_OUT

    @property
    def detail(self) -> str:
        """One line if the reply may be cut short; otherwise empty."""
        if self.why == "endless":
            return "cut off: it sends without end"
        if not self.received:
            return ""
        return {"reset": "reset while answering", "silent": "fell silent while answering"}.get(
            self.why, "cut off: the reply took too long" if self.why == "late" else ""
        )


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a reply, in seconds."""

    first: float
    """For its first byte."""
    idle: float
    """For each next byte."""
    whole: float
    """From its first byte to its last."""


def _why_nothing(connection: Connection, received: int) -> str:
    """Why reading stopped without a byte of a reply: ``endless`` if many other bytes came; empty if nothing came."""
    return "endless" if connection.has_poured and not received else ""


async def read_reply(
    connection: Connection, feed: Callable[[bytes], bool], patience: Patience, deadline: float
) -> Ending:
    """Pass bytes to ``feed`` until it returns True, the peer ends, ``patience`` is used up, or ``deadline`` is reached.

    ``deadline`` is a reading of ``time.monotonic``: a byte a second keeps no connection open.
    """
    received, first, began = 0, 0.0, time.monotonic()
    idle = patience.first
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return Ending(_why_nothing(connection, received) or "late", received, first)
        try:
            async with asyncio.timeout(min(idle, left)):
                data = await connection.receive()
        except TimeoutError:
            return Ending(_why_nothing(connection, received) or ("silent" if idle < left else "late"), received, first)
        except TooManyBytes:
            return Ending("endless", received, first)
        except OSError:
            return Ending("reset", received, first)
        if not data:
            return Ending("closed", received, first)
        if not received:
            first = time.monotonic() - began
            idle, deadline = patience.idle, min(deadline, began + first + patience.whole)
        received += len(data)
        if feed(data):
            return Ending("complete", received, first)
