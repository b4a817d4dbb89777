"""How fast and how often camscan asks: the presets, and the throttle that keeps to them."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import NamedTuple, Protocol

from camscan.dataclass import dataclass
from camscan.errors import UsageError

PACKETS_PER_CONVERSATION = 5
"""Packets that an established connection costs in addition to its SYN: ACK, request, two ACKs, FIN."""
_BURST = 0.02
"""Maximum seconds of unused allowance that may be used later: the loop wakes late, and the rate should still be met."""
_FULL_BURST_RATE = 5_000
"""Rate from which all of that may be used: at a slow pace, an even flow matters more than the last packet."""
_LATE = 0.004
"""Seconds that may be used later at any rate: a busy loop wakes so late."""
_GRAIN = 0.002
"""Seconds that something may be early: a shorter sleep costs more than it smooths."""
_TOGETHER = 0.008
"""The same where many wait: each time that a sleeping program wakes costs as much as sending three packets …"""
_FEW_PACKETS, _LONGEST_TOGETHER = 10, 0.02
"""… and the same at a slow pace: the seconds in which ten packets leave, or these."""
LANE_BURST = 0.01
"""Seconds of a lane's unused allowance that may be used later: its things wait for packets, which flow evenly."""
_LOOK = 0.03
"""Maximum seconds between two checks of who may send if packets are what is missing: unused ones are given back."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Upper limits of one run. Rates are per second over the whole run, times in seconds."""

    name: str
    packets: float
    """Packets sent per second, everything counted."""
    connections: float
    """New TCP connections per second."""
    datagrams: float
    """UDP datagrams per second."""
    gap: float
    """Time between the end of a connection to a device and the start of the next one to the same device."""
    jitter: float
    """Fraction by which the gap is lengthened at random, so that devices are not asked at the same moments."""
    in_flight: int
    """TCP connections that are open or opening at once, over all devices; at most one per device."""
    connections_per_device: int
    """TCP connections that are tried per device and run, with refused ones."""
    requests_per_device: int
    """TCP conversations (connections that were established) per device and run."""
    connect_timeout: float
    """Used while nothing is known about the way. Later the measured round trip counts, between the next two limits."""
    connect_least: float
    """Longer than a second, after which the system repeats a SYN that was lost."""
    connect_most: float
    answer_timeout: float
    """Maximum silence after a question, on an open connection: waiting sends nothing, and some devices are slow."""
    read_timeout: float
    """Maximum silence within a reply; and the minimum after a question to a device that has answered before."""
    reply_timeout: float
    """Maximum time from the first byte of a reply to its last, however slowly they come."""
    exchange_timeout: float
    """Maximum time for connecting, asking and reading together."""
    settle: float
    """Time that an address has to answer a datagram before its next question (WS-Discovery allows it half a second)."""
    tail: float
    """Time to wait for answers to a group after the last question to it."""

    def with_max_pps(self, packets: float) -> Pace:
        """The same pace with all rates scaled down, so that at most ``packets`` per second are sent; never faster."""
        if packets < 1:
            raise UsageError(f"--max-pps {packets:g}: at least 1 packet per second is needed")
        if packets >= self.packets:
            return self
        factor = packets / self.packets
        return replace(
            self,
            packets=packets,
            connections=self.connections * factor,
            datagrams=self.datagrams * factor,
        )


# 50 connections of six packets and 200 datagrams are the 500 packets per second of the gentle pace.
GENTLE = Pace(
    name="gentle",
    packets=500,
    connections=50,
    datagrams=200,
    gap=0.2,
    jitter=0.25,
    in_flight=150,
    connections_per_device=48,
    requests_per_device=16,
    connect_timeout=3.0,
    connect_least=2.0,
    connect_most=5.0,
    answer_timeout=5.0,
    read_timeout=5.0,
    reply_timeout=5.0,
    exchange_timeout=10.0,
    settle=1.0,
    tail=3.0,
)
"""For any estate at any hour: slower than a person with a browser, as one camera sees it."""
NORMAL = Pace(
    name="normal",
    packets=2_500,
    connections=250,
    datagrams=1_000,
    gap=0.1,
    jitter=0.25,
    in_flight=600,
    connections_per_device=48,
    requests_per_device=20,
    connect_timeout=2.0,
    connect_least=1.6,
    connect_most=4.0,
    answer_timeout=4.0,
    read_timeout=4.0,
    reply_timeout=4.0,
    exchange_timeout=8.0,
    settle=0.8,
    tail=2.0,
)
"""For an estate whose switches and firewalls are known to have capacity."""
FAST = Pace(
    name="fast",
    packets=20_000,
    connections=2_500,
    datagrams=10_000,
    gap=0.02,
    jitter=0.25,
    in_flight=4_000,
    connections_per_device=64,
    requests_per_device=24,
    connect_timeout=1.5,
    connect_least=1.3,
    connect_most=3.0,
    answer_timeout=2.3,
    read_timeout=0.8,
    reply_timeout=1.0,
    exchange_timeout=5.0,
    settle=0.3,
    tail=1.0,
)
"""For laboratories, and for networks that somebody watches during the scan."""
PACES = {pace.name: pace for pace in (GENTLE, NORMAL, FAST)}


class Throttle:
    """Lets ``rate`` things per second pass, evenly: never more than about 20 ms worth at once (GCRA, ITU-T I.371)."""

    def __init__(
        self,
        rate: float,
        *,
        burst: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """``burst`` is how many seconds of unused allowance may be used later; by default, it depends on the rate."""
        self._rate = rate
        self._lent = 0.0
        self._factor = 1.0
        self._interval = 1.0 / rate
        self._burst = burst or max(_LATE, _BURST * min(1.0, rate / _FULL_BURST_RATE))
        self._clock = clock
        self._sleep = sleep
        self._due = clock()

    @property
    def rate(self) -> float:
        """How many pass per second if nothing slows it down."""
        return self._rate

    def now(self) -> float:
        """The time of its clock."""
        return self._clock()

    async def take(self, n: int = 1) -> None:
        """Wait until ``n`` more may pass; callers pass in the order in which they asked."""
        now = self._clock()
        due = max(self._due, now - self._burst)
        self._due = due + n * self._interval
        if due - now > _GRAIN:
            await self._sleep(due - now)

    @property
    def ahead(self) -> float:
        """Seconds until one more may pass, if nobody else does."""
        now = self._clock()
        return max(self._due, now - self._burst) - now

    async def sleep(self, seconds: float) -> None:
        """Wait, by the clock of this throttle."""
        await self._sleep(seconds)

    def lend(self, rate: float) -> None:
        """Let ``rate`` fewer per second pass from now on, because somebody else sends them.

        A negative rate reverses it.
        """
        self._lent += rate
        self._interval = 1.0 / ((self._rate - self._lent) * self._factor)

    def slow(self, factor: float) -> None:
        """Let only this fraction of the rate pass from now on."""
        self._factor = factor
        self.lend(0.0)

    def charge(self, n: int) -> None:
        """Count ``n`` that have already passed: the next caller waits longer."""
        self._due = max(self._due, self._clock() - self._burst) + n * self._interval


class Timer(Protocol):
    """A call that will be made."""

    def cancel(self) -> None:
        """Do not make it."""


CallLater = Callable[[float, Callable[[], None]], Timer]
"""Makes a call after so many seconds."""


class Turnstile:
    """Lets connections and datagrams be sent side by side, each when its own rate and the packets' rate allow it.

    Two throttles in a row would not do: while one waits for its packets, those behind it pass the first throttle, and
    are then sent together. Neither would one queue for all: while a connection waits for its turn, a datagram may be
    sent. Urgent ones of a kind are sent before the others.
    """

    def __init__(
        self, packets: Throttle, *lanes: Throttle, rest_late: float = 0.0, call_later: CallLater | None = None
    ) -> None:
        """``lanes`` are the rates of the kinds. All of them share ``packets``.

        ``rest_late`` is the maximum of seconds by which a rest may be longer than was asked for. ``call_later`` makes a
        call after so many seconds, by the clock of the throttles; by default, the loop does.
        """
        self._packets = packets
        self._together = min(max(_TOGETHER, _FEW_PACKETS / packets.rate), _LONGEST_TOGETHER)
        self._lanes = [(lane, is_urgent, deque[_Waiting]()) for lane in lanes for is_urgent in (True, False)]
        self._arrived = itertools.count()
        self._rest_late = rest_late
        self._resting: list[tuple[float, int, Callable[[], None]]] = []
        """When each one has rested for long enough, the earliest first, and what wakes it."""
        self._call_later = call_later or (lambda seconds, call: asyncio.get_running_loop().call_later(seconds, call))
        self._timer: Timer | None = None
        """For the next look at who may leave; None while nobody waits."""
        self._look_at = 0.0
        """The time of that look."""

    async def take(self, lane: Throttle, packets: int = 1, *, is_urgent: bool = False) -> None:
        """Wait until one more of a kind may be sent, with its ``packets``; first come, first served within a lane."""
        before = [queue for one, urgent, queue in self._lanes if one is lane and (urgent or not is_urgent)]
        if not any(before) and self._wait_in(lane) <= self._together:
            self._pass(lane, packets)
            return
        turn = asyncio.get_running_loop().create_future()
        before[-1].append(_Waiting(next(self._arrived), packets, turn))
        self._look_after(self._seconds_to_look(lane))
        await turn

    async def rest(self, seconds: float) -> None:
        """Wait so many seconds, or a little longer: those that rest wake together, and when others leave."""
        if seconds <= 0:
            return
        rested = asyncio.get_running_loop().create_future()
        self.call_rested(seconds, lambda: _give_turn(rested))
        await rested

    def call_rested(self, seconds: float, wake: Callable[[], None]) -> None:
        """Call ``wake`` after such a rest."""
        heapq.heappush(self._resting, (self._packets.now() + seconds, next(self._arrived), wake))
        self._look_after(seconds + self._rest_late)

    def _wait_in(self, lane: Throttle) -> float:
        """Seconds until the first one in a lane may leave."""
        return max(lane.ahead, self._packets.ahead)

    def _seconds_to_look(self, lane: Throttle) -> float:
        """Seconds until the first one in a lane may leave; fewer if packets that are given back may let it leave."""
        own, shared = lane.ahead, self._packets.ahead
        return max(own, min(shared, _LOOK))

    def _pass(self, lane: Throttle, packets: int) -> None:
        lane.charge(1)
        self._packets.charge(packets)

    def _look_after(self, seconds: float) -> None:
        """Look again after so many seconds, unless that happens earlier anyway."""
        at = self._packets.now() + seconds
        if self._timer is None or at < self._look_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer, self._look_at = self._call_later(seconds, self._let_out), at

    def _let_out(self) -> None:
        """Let out all who may leave now, and look again when the next one may."""
        self._timer = None
        now = self._packets.now()
        while self._resting and self._resting[0][0] <= now:
            heapq.heappop(self._resting)[2]()
        if self._resting:
            self._look_after(self._resting[0][0] + self._rest_late - now)
        while waiting := [one for one in self._lanes if _first(one[2])]:
            lane, _, queue = min(
                waiting, key=lambda one: (max(one[0].ahead, self._together), not one[1], one[2][0].number)
            )
            if self._wait_in(lane) > self._together:
                self._look_after(self._seconds_to_look(lane))
                return
            first = queue.popleft()
            self._pass(lane, first.packets)
            _give_turn(first.turn)


class _Waiting(NamedTuple):
    """One that waits at a turnstile."""

    number: int
    """Its number in the order of arrival."""
    packets: int
    turn: asyncio.Future[None]


def _first(queue: deque[_Waiting]) -> bool:
    """Whether anybody waits, apart from those that were cancelled meanwhile."""
    while queue and queue[0].turn.done():
        queue.popleft()
    return bool(queue)


def _give_turn(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


def jittered(gap: float, jitter: float) -> float:
    """``gap`` seconds, lengthened by up to the fraction ``jitter``."""
    return gap * (1.0 + random.random() * jitter)  # noqa: S311 - spreads load, keeps no secret
