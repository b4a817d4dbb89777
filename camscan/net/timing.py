"""How long an answer may take: a smoothed round trip for each subnet and each device (RFC 6298), within the pace."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import field

from camscan.dataclass import dataclass
from camscan.net.pace import Pace

SYN_REPEAT = 1.0
"""Seconds after which the kernel sends a SYN again (RFC 6298, section 2: the initial RTO)."""
_GRAIN = 0.01
_LATEST = 64
"""How many of the latest answers of a subnet count."""
_FEW = 8
"""Answers of a subnet that are too few to show how much they vary."""
_MOST = 0.9
"""Share of a subnet's answers that is waited for: later ones are accepted too, but nothing waits for them."""
_MARGIN = 1.5
_REMEMBERED = 5.0
"""Seconds for which the time of a question is kept: later answers say nothing about the way."""


@dataclass(slots=True)
class RoundTrip:
    """Smoothed round-trip time and its variation, in seconds."""

    smoothed: float = 0.0
    variation: float = 0.0
    samples: int = 0

    def observe(self, seconds: float) -> None:
        """Add one measurement (RFC 6298, sections 2.2 and 2.3)."""
        if self.samples:
            self.variation += (abs(self.smoothed - seconds) - self.variation) / 4
            self.smoothed += (seconds - self.smoothed) / 8
        else:
            self.smoothed, self.variation = seconds, seconds / 2
        self.samples += 1

    @property
    def wait(self) -> float:
        """How long to wait for an answer: the RTO, without its limits."""
        return self.smoothed + max(_GRAIN, 4 * self.variation)


@dataclass(slots=True)
class Answers:
    """How long the devices of a subnet take to answer. A few slow ones do not lengthen the wait for the others."""

    trip: RoundTrip = field(default_factory=RoundTrip)
    latest: deque[float] = field(default_factory=lambda: deque(maxlen=_LATEST))

    def observe(self, seconds: float) -> None:
        """Add one measurement."""
        self.trip.observe(seconds)
        self.latest.append(seconds)

    @property
    def wait(self) -> float:
        """How long to wait for an answer: half as much again as nearly all of them took."""
        if len(self.latest) < _FEW:
            return self.trip.wait
        return min(self.trip.wait, sorted(self.latest)[int(_MOST * (len(self.latest) - 1))] * _MARGIN)


class Timing:
    """Measurements on the way to each subnet (/24, /64), and the waits that follow from them.

    Memory grows with the number of devices that answer. A device's own measurements count before those of its
    neighbours.
    """

    def __init__(self, pace: Pace, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace = pace
        self._clock = clock
        self._connects: dict[str, RoundTrip] = {}
        self._datagrams: dict[str, Answers] = {}
        self._asked: dict[str, float] = {}
        self._answers: dict[str, float] = {}

    def note_connection(self, ip: str, seconds: float, own: RoundTrip) -> None:
        """Note that a SYN was answered, by SYN-ACK or reset, after so many seconds.

        Not if it had to be repeated (Karn).
        """
        self._connects.setdefault(subnet(ip), RoundTrip()).observe(seconds)
        own.observe(seconds)

    def connect(self, ip: str, own: RoundTrip) -> float:
        """Seconds to wait for a connection: enough for a SYN that is lost once."""
        known = own if own.samples else self._connects.get(subnet(ip))
        if known is None:
            return self._pace.connect_timeout
        return min(max(SYN_REPEAT + known.wait, self._pace.connect_least), self._pace.connect_most)

    def connect_promptly(self, ip: str, own: RoundTrip) -> float:
        """Seconds to wait for a connection if no SYN is expected to be lost."""
        known = own if own.samples else self._connects.get(subnet(ip))
        longest = self.connect(ip, own)
        return longest if known is None else min(max(known.wait, self._pace.settle), longest)

    def note_question(self, ip: str) -> None:
        """Note a datagram to an address; the last one before the answer counts, because an earlier one may be lost."""
        now = self._clock()
        while self._asked and next(iter(self._asked.values())) < now - _REMEMBERED:
            del self._asked[next(iter(self._asked))]
        self._asked.pop(ip, None)  # the oldest stay first
        self._asked[ip] = now

    def note_answer(self, ip: str) -> None:
        """Note a datagram from an address; the first one after a question gives the round trip."""
        began = self._asked.pop(ip, None)
        if began is not None:
            self._answers[ip] = self._clock() - began
            self._datagrams.setdefault(subnet(ip), Answers()).observe(self._answers[ip])

    def answer(self, ip: str) -> float | None:
        """Seconds in which a device answered the last datagram that it answered; None if it answered none."""
        return self._answers.get(ip)

    def is_quick(self, ip: str) -> bool:
        """Whether a device and its neighbours answer so quickly that an answer belongs to the last question."""
        took, known = self._answers.get(ip), self._datagrams.get(subnet(ip))
        return took is not None and known is not None and max(took, known.trip.smoothed) < self._pace.settle / 4

    def settle(self, ip: str) -> float:
        """Seconds that an address has for its answer before it is asked again."""
        known = self._datagrams.get(subnet(ip))
        least = self._pace.settle
        return least if known is None else min(max(known.wait, least), self._pace.answer_timeout)


def subnet(ip: str) -> str:
    """The subnet of an address, whose addresses are probably as far away: its /24, or its /64 as it is written."""
    if ":" not in ip:
        return ip.rpartition(".")[0]
    return ":".join(ip.partition("%")[0].split(":")[:4])
