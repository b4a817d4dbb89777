# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Puts fragments of IP packets together again, within bounds. Pure.

Fragments that overlap make no packet: RFC 5722 demands it for IPv6, and Linux does the same for IPv4. Otherwise the
last fragment could rewrite the first one. A fragment that comes twice, byte for byte, is not an overlap.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LONGEST = 65_535
MOST_PIECES = 128
MOST_PACKETS = 1024
MOST_BYTES = 8 << 20
PATIENCE = 30.0
"""Seconds of the capture's own time that fragments wait for the others (RFC 8200: 60; Linux: 30)."""


@dataclass(slots=True)
class _Pile:
    """The fragments of one packet so far."""

    since: float
    pieces: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    """Bytes in all; -1 if the packet was given up."""
    length: int = -1
    """Bytes of the complete packet; -1 until the last fragment has come."""


@dataclass(slots=True)
class Fragments:
    """The packets of which some fragments have come."""

    given_up: int = 0
    """Packets that overlapped, contradicted themselves, or had to make room for others."""
    _piles: dict[bytes, _Pile] = field(default_factory=dict)
    """The packets by what their fragments have in common, the oldest first."""
    size: int = 0
    """Bytes in memory."""

    @property
    def count(self) -> int:
        """How many packets wait for fragments."""
        return len(self._piles)

    def add(self, siblings: bytes, place: int, data: bytes, when: float, *, more: bool) -> bytes | None:
        """Add one fragment. Returns the complete packet once nothing is missing, None before."""
        pile = self._piles.get(siblings)
        if pile is not None and when - pile.since > PATIENCE:
            self._drop_pile(siblings, pile)
            pile = None
        if pile is None:
            pile = self._piles[siblings] = _Pile(when)
            self._make_room()
        if pile.size < 0 or pile.pieces.get(place) == data:
            return None
        if not self._fits_in_pile(pile, place, data, more=more):
            self.given_up += 1
            self.size -= pile.size
            pile.pieces, pile.size = {}, -1  # it stays, so that later fragments of it do not begin a new packet
            return None
        pile.pieces[place] = data
        pile.size += len(data)
        self.size += len(data)
        if pile.size != pile.length:
            self._make_room()
            return None
        self.size -= pile.size
        del self._piles[siblings]
        return b"".join(pile.pieces[at] for at in sorted(pile.pieces))

    def _fits_in_pile(self, pile: _Pile, place: int, data: bytes, *, more: bool) -> bool:
        end = place + len(data)
        if not more:
            if pile.length not in {-1, end}:
                return False
            pile.length = end
        if not data or end > LONGEST or len(pile.pieces) >= MOST_PIECES or (more and len(data) % 8):
            return False
        if any(at < end and place < at + len(each) for at, each in pile.pieces.items()):
            return False
        furthest = max(end, *(at + len(each) for at, each in pile.pieces.items())) if pile.pieces else end
        return pile.length < 0 or furthest <= pile.length

    def _make_room(self) -> None:
        while len(self._piles) > MOST_PACKETS or (self.size > MOST_BYTES and len(self._piles) > 1):
            oldest = next(iter(self._piles))
            pile = self._piles[oldest]
            self.given_up += pile.size >= 0
            self._drop_pile(oldest, pile)

    def _drop_pile(self, siblings: bytes, pile: _Pile) -> None:
        self.size -= max(pile.size, 0)
        del self._piles[siblings]
