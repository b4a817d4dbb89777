"""When each address is looked at next, and its state at that time."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import heapq
import time
from dataclasses import field

from camscan.dataclass import dataclass


class HostState(enum.Enum):
    """Where an address stands between its first datagram and its release.

    ::

        an attached address whose MAC is not known          any other: routed, or found by the ARP sweep
                         │                                                     │
                         ▼  KNOCK is asked                                     │
                      KNOCKED ──────── a MAC answers: CORE is asked ──────┐    │  CORE is asked
                         │                                                ▼    ▼
              no MAC yet │  ┌──────────────── no MAC any more ────────── ASKED
                         ▼  ▼                                             │  │
                    AWAITING_ARP ───── a MAC answers: CORE is asked ──────┘  │ not all is known: the rest is asked
                         │      ▲                                            ▼
                         │      └──────────── no MAC any more ───────── ASKED_AGAIN
                  no MAC │                                                   │
                         ▼                                                   ▼
                     released ◀──── a sweep found nobody; or after ──── conversations (TCP)
                                                                             ▲
                                                 from ASKED, all being known ┘
    """

    KNOCKED = "knocked"
    """One short datagram was sent to an attached address; the kernel asks for its MAC meanwhile."""
    AWAITING_ARP = "awaiting ARP"
    """The kernel continues to ask for its MAC: the first question may have been lost."""
    ASKED = "asked"
    """It was asked the core questions."""
    ASKED_AGAIN = "asked again"
    """The protocols that had not answered were asked once more, and the secondary ones for the first time."""


@dataclass(slots=True)
class Schedule:
    """The addresses in progress whose answers are awaited.

    Several tasks may take from it; one of them waits for all.
    """

    _heap: list[tuple[float, str, HostState]] = field(default_factory=list)
    """The time at which it is looked at, the address, its state."""
    _watch: asyncio.Lock = field(default_factory=asyncio.Lock)
    """The task that looks at the schedule holds it."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody has come who is due before all others, or nobody else comes."""
    _is_complete: bool = False

    def look_later(self, ip: str, state: HostState, seconds: float) -> None:
        """Have an address taken, in this state, after this many seconds."""
        due = time.monotonic() + seconds
        if not self._heap or due < self._heap[0][0]:
            self._news.set()
        heapq.heappush(self._heap, (due, ip, state))

    def mark_complete(self) -> None:
        """Every address was put on it once: it ends when it is empty."""
        self._is_complete = True
        self._news.set()

    async def next_due(self) -> tuple[str, HostState] | None:
        """Wait until the next address is due; None when no more come."""
        async with self._watch:
            while self._heap or not self._is_complete:
                early = self._heap[0][0] - time.monotonic() if self._heap else None
                if early is not None and early <= 0:
                    _, ip, state = heapq.heappop(self._heap)
                    return ip, state
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(early):
                        await self._news.wait()
        return None
