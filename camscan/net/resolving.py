"""Keeps the kernel's neighbour table from overflowing, which would lose live hosts without any error."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

LIFETIME = 3.0
"""Seconds for which the kernel tries to resolve a neighbour (three questions, a second apart: RFC 4861, section 10)."""
QUESTIONS = 3
"""Packets that this takes if nobody answers."""


class Resolving:
    """Limits how many attached addresses wait for ARP or neighbour discovery at once, over TCP and UDP together."""

    def __init__(
        self,
        cap: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.cap = cap
        self._clock = clock
        self._sleep = sleep
        self._until: dict[str, float] = {}
        self._resolved: set[str] = set()

    async def enter(self, ip: str) -> bool:
        """Wait until a packet may be sent to an attached address without displacing another.

        Returns True if the kernel will first ask for the address, QUESTIONS times if nobody answers.
        """
        if ip in self._resolved:
            return False
        while True:
            now = self._clock()
            while self._until and next(iter(self._until.values())) <= now:  # equal lifetimes: the oldest is first
                del self._until[next(iter(self._until))]
            if ip in self._until:
                return False
            if len(self._until) < self.cap:
                self._until[ip] = now + LIFETIME
                return True
            await self._sleep(max(0.001, next(iter(self._until.values())) - now))

    def knows(self, ip: str) -> bool:
        """Whether the address has answered in this run."""
        return ip in self._resolved

    def settle(self, *ips: str) -> None:
        """Note that these addresses have answered: they do not wait any more in this run."""
        for ip in ips:
            self._until.pop(ip, None)
            self._resolved.add(ip)
