"""What one TCP connection may cost: packets that this machine sends for it, and memory that its reply takes."""

from __future__ import annotations

import asyncio
from dataclasses import field

from camscan.dataclass import dataclass
from camscan.net.pace import Throttle

MOST_HELD = 32 << 20
"""Bytes of replies that have not ended yet, of all connections together; then a long one waits until others have."""
FREE = 8192
"""Bytes that each connection may hold all the same: who says little need not wait for those who pour."""
_LARGEST = 65536
"""Bytes that are held of one connection at most, about: what goes beyond is passed over."""


@dataclass(slots=True)
class Held:
    """Bytes that all connections under way hold."""

    total: int = 0
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def change(self, by: int) -> None:
        """Count more bytes, or fewer; whoever waits for room looks again."""
        self.total += by
        while by < 0 and self._waiting:
            if not (one := self._waiting.pop()).done():
                one.set_result(None)

    async def fewer(self) -> None:
        """Return when there are fewer of them."""
        self._waiting.append(asyncio.get_running_loop().create_future())
        await self._waiting[-1]


@dataclass(slots=True)
class Allowance:
    """The share of one connection: some packets are taken beforehand, more when it needs them; the rest goes back."""

    packets: Throttle
    taken: int
    """Packets, so far."""
    all_held: Held = field(default_factory=Held)
    _held: int = 0

    async def grow(self, sent: int, received: int) -> None:
        """Return when so many packets may have been sent in all, and there is room for more than these bytes."""
        self._hold(min(received, _LARGEST))
        if sent > self.taken:
            self._charge(sent)
            await self.packets.sleep(max(0.0, self.packets.ahead))
        while self._held > FREE and self.all_held.total > MOST_HELD:
            await self.all_held.fewer()

    def settle(self, sent: int) -> None:
        """It has ended: count so many packets in all, whether that is more or less than was taken; hold nothing."""
        self._charge(sent)
        self._hold(0)

    def _charge(self, sent: int) -> None:
        self.packets.charge(sent - self.taken)
        self.taken = sent

    def _hold(self, held: int) -> None:
        self.all_held.change(held - self._held)
        self._held = held
