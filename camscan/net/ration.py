"""Limits how much is read from one sender, so that a flood from one does not hide the others. Pure."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import field

from camscan.dataclass import dataclass

_BURST = 1024 * 1024
"""Bytes that a sender may send at once: 300 answers of the longest kind, as a proxy sends them for a whole site."""
_RATE = 128 * 1024
"""Bytes per second after that."""
_LEAST = 512
"""Bytes that the shortest datagram counts for, because reading it has a cost too."""
_SENDERS = 65536
"""How many senders are kept; forged ones replace the oldest."""


@dataclass(slots=True)
class Ration:
    """The remaining allowance of each sender."""

    unread: Counter[str] = field(default_factory=Counter)
    """Sender -> datagrams that were dropped; at most ``_SENDERS`` senders."""
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Sender -> remaining bytes, and the time at which that was true."""

    def allows(self, sender: str, size: int, now: float) -> bool:
        """Whether a datagram of so many bytes may be read; ``now`` is a reading of ``time.monotonic``."""
        left, then = self._left.get(sender, (float(_BURST), now))
        left = min(_BURST, left + (now - then) * _RATE) - max(size, _LEAST)
        if left < 0:
            if sender in self.unread or len(self.unread) < _SENDERS:
                self.unread[sender] += 1
            return False
        self._left[sender] = left, now
        if len(self._left) > _SENDERS:
            for oldest in list(itertools.islice(self._left, _SENDERS // 2)):
                del self._left[oldest]
        return True
