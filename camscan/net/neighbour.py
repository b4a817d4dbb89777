"""The neighbours on the attached links, from the system's table, which needs no privilege."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping

from camscan.net.resolving import LIFETIME
from camscan.net.system import Neighbour, forget_neighbour, neighbours, neighbours_v6

__all__ = ["KEPT", "RENEWED", "Neighbour", "Neighbours", "forget_neighbour", "neighbours", "neighbours_v6"]
RENEWED = 8.0
"""Seconds in which the kernel finds out whether an earlier neighbour is still there, after a packet to it: five until
it asks, then three questions, a second apart (delay_first_probe_time and ucast_solicit of arp(7))."""
KEPT = 256
"""How many neighbours' entries a run leaves in the table; earlier ones are removed."""
_EVERY = 0.2
"""Seconds between two readings of the table."""
_TICK = 0.01
"""Seconds: the kernel gives times in hundredths, whatever its own clock (USER_HZ)."""


class Neighbours:
    """The table as one run uses it. An entry from before the run does not prove that a unit is there."""

    def __init__(
        self,
        read: Callable[[], Mapping[str, Neighbour]] | None = None,
        *,
        forget: Callable[[str, int], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read or neighbours
        self._forget = forget or forget_neighbour
        self._clock = clock
        self._began = clock()
        self._doubted: set[str] = set()
        before = self._read()
        self._before = frozenset(before)
        self._doubt(before)
        self._done: deque[tuple[str, int]] = deque()
        self._may_forget = True
        self._at = float("-inf")
        self._entries: Mapping[str, Neighbour] = {}

    def mac(self, ip: str, *, lives: bool) -> str:
        """The MAC of an address; empty if none is known.

        An earlier one counts only if other signs show that the device is there.
        """
        found = self._look().get(ip)
        return found.mac if found and (lives or self._is_fresh(ip, found)) else ""

    def is_assumed(self, ip: str) -> bool:
        """Whether the kernel sends to the address without asking for it: the table then proves nothing."""
        found = self._look().get(ip)
        return found is not None and found.assumed

    def asked_for(self, ip: str) -> float:
        """Seconds from a packet to the address until the kernel knows whether a device is there."""
        return RENEWED if ip in self._look() else LIFETIME

    def release(self, ip: str, interface: int) -> None:
        """Note that this run does not need the neighbour any more. With many of them, the earliest entries are removed.

        Linux frees no entry before 15 to 45 seconds after an answer, however full the table is. Only root may remove
        one.
        """
        if not self._may_forget or ip in self._before:
            return
        self._done.append((ip, interface))
        if len(self._done) > KEPT:
            try:
                self._forget(*self._done.popleft())
            except OSError:
                self._may_forget = False
                self._done.clear()

    def _is_fresh(self, ip: str, entry: Neighbour) -> bool:
        if entry.confirmed is None:  # a neighbour that the system trusted when the run began may have left just before
            return ip not in self._before or (entry.assumed and ip in self._doubted)
        return self._at - entry.confirmed >= self._began - _TICK

    def _look(self) -> Mapping[str, Neighbour]:
        if self._clock() - self._at > _EVERY:
            self._entries, self._at = self._read(), self._clock()
            self._doubt(self._entries)
        return self._entries

    def _doubt(self, entries: Mapping[str, Neighbour]) -> None:
        """Note the neighbours of which the system was not sure: if it is sure later, they have answered in between."""
        self._doubted.update(ip for ip, entry in entries.items() if entry.confirmed is None and not entry.assumed)
