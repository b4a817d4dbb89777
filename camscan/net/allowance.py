"""The cost of one TCP connection: the packets that this machine sends for it, and the memory that its reply takes."""

from __future__ import annotations

import asyncio
from dataclasses import field

from camscan.dataclass import dataclass
from camscan.net.pace import Throttle

MOST_HELD = 32 << 20
"""Maximum bytes of unfinished replies, over all connections; a long reply then waits until others have ended."""
FREE = 8192
"""Bytes that each connection may hold in any case: a short reply never waits for long ones."""
_LARGEST = 65536
"""About the maximum bytes that are held for one connection; further bytes are skipped."""


@dataclass(slots=True)
class HeldBytes:
    """The bytes that all open connections hold."""

    total: int = 0
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def change(self, by: int) -> None:
        """Add or subtract bytes, and wake the connections that wait for room."""
        self.total += by
        while by < 0 and self._waiting:
            if not (one := self._waiting.pop()).done():
                one.set_result(None)

    async def fewer(self) -> None:
        """Wait until fewer bytes are held."""
        self._waiting.append(asyncio.get_running_loop().create_future())
        await self._waiting[-1]


@dataclass(slots=True)
class Allowance:
    """The share of one connection.

    Some packets are reserved at first, and more when it needs them; unused ones go back.
    """

    packets: Throttle
    taken: int
    """Packets that are reserved so far."""
    all_held: HeldBytes = field(default_factory=HeldBytes)
    _held: int = 0

    async def grow(self, sent: int, received: int) -> None:
        """Wait until so many packets may have been sent in all, and there is room for more bytes than were received."""
        self._hold(min(received, _LARGEST))
        if sent > self.taken:
            self._charge(sent)
            await self.packets.sleep(max(0.0, self.packets.ahead))
        while self._held > FREE and self.all_held.total > MOST_HELD:
            await self.all_held.fewer()

    def settle(self, sent: int) -> None:
        """Note the end of the connection: it sent ``sent`` packets in all, and holds no bytes any more."""
        self._charge(sent)
        self._hold(0)

    def _charge(self, sent: int) -> None:
        self.packets.charge(sent - self.taken)
        self.taken = sent

    def _hold(self, held: int) -> None:
        self.all_held.change(held - self._held)
        self._held = held
