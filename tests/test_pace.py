"""Pace presets and the throttle, on a clock of the test's own."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.errors import UsageError
from camscan.net.pace import (
    GENTLE,
    LANE_BURST,
    PACES,
    PACKETS_PER_CONVERSATION,
    Pace,
    Throttle,
    Turnstile,
    jittered,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def passed(rate: float, asks: list[int], clock: Clock) -> list[float]:
    throttle = Throttle(rate, clock=clock, sleep=clock.sleep)
    times = []
    for n in asks:
        await throttle.take(n)
        times += [clock.now] * n
    return times


@pytest.mark.parametrize("rate", [1, 50, 200, 500, 20_000])
async def test_rate_is_kept_to_within_a_hundredth(rate: int) -> None:
    times = await passed(rate, [1] * (rate * 2), Clock())
    assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(rate, rel=0.02 if rate > 1 else 0.5)


@pytest.mark.parametrize("rate", [50, 500, 5_000])
async def test_no_tenth_of_a_second_holds_much_more_than_its_share(rate: int) -> None:
    times = await passed(rate, [1] * rate, Clock())
    worst = max(sum(start <= other < start + 0.1 for other in times) for start in times[:: max(1, rate // 50)])
    assert worst <= rate * 0.1 * 1.3 + 2


async def test_idle_time_is_not_saved_up() -> None:
    clock = Clock()
    throttle = Throttle(500, clock=clock, sleep=clock.sleep)
    await throttle.take()
    clock.now += 3600
    start = clock.now
    for _ in range(500):
        await throttle.take()
    assert clock.now - start == pytest.approx(1.0, abs=0.03)


async def test_several_at_once_cost_as_much_as_one_by_one() -> None:
    one, six = Clock(), Clock()
    await passed(500, [1] * 600, one)
    await passed(500, [6] * 100, six)
    assert one.now == pytest.approx(six.now, abs=0.02)


async def test_charge_delays_and_refunds() -> None:
    clock = Clock()
    throttle = Throttle(100, clock=clock, sleep=clock.sleep)
    throttle.charge(100)
    await throttle.take()
    late = clock.now
    assert late == pytest.approx(101.0, abs=0.05)
    throttle.charge(100)
    throttle.charge(-100)
    await throttle.take()
    assert clock.now - late == pytest.approx(0.01, abs=0.03)


async def test_many_waiters_share_one_rate() -> None:
    times: list[float] = []
    loop = asyncio.get_running_loop()
    throttle = Throttle(2000, clock=loop.time)

    async def worker() -> None:
        for _ in range(10):
            await throttle.take()
            times.append(loop.time())

    await asyncio.gather(*(worker() for _ in range(20)))
    assert times[-1] - times[0] >= 199 / 2000 - 0.03  # never faster; how much slower is the machine's affair


class Yielding(Clock):
    """Lets the others run, as the real one does."""

    def call_later(self, seconds: float, call: Callable[[], None]) -> asyncio.Handle:
        def ring() -> None:
            self.now += seconds
            call()

        return asyncio.get_running_loop().call_soon(ring)


async def test_connections_that_wait_for_packets_do_not_leave_together() -> None:
    clock = Yielding()
    connections, packets = (Throttle(rate, clock=clock, sleep=clock.sleep) for rate in (50, 500))
    turnstile = Turnstile(packets, connections, call_later=clock.call_later)
    left: list[tuple[float, int]] = []

    async def leave(number: int) -> None:
        await turnstile.take(connections, 6)
        left.append((clock.now, number))

    packets.charge(250)  # an ARP sweep has found many
    waiting = [asyncio.create_task(leave(number)) for number in range(120)]
    await asyncio.sleep(0)
    for gone in (0, 7):  # whoever gives up keeps nobody waiting
        waiting[gone].cancel()
    await asyncio.wait(waiting, timeout=10)
    assert [number for _, number in left] == [number for number in range(120) if number not in {0, 7}]
    times = [at for at, _ in left]
    assert times[0] >= 100.479  # 20 ms early at most
    assert max(sum(start <= at < start + 1 for at in times) for start in times) <= 52
    assert max(sum(start <= at < start + 0.1 for at in times) for start in times) <= 7
    assert times[-1] - times[0] == pytest.approx(len(left) / 50, rel=0.03)


async def test_limits_work_side_by_side() -> None:
    clock = Yielding()
    packets = Throttle(500, clock=clock, sleep=clock.sleep)
    connections, datagrams = (Throttle(rate, burst=LANE_BURST, clock=clock, sleep=clock.sleep) for rate in (50, 200))
    turnstile = Turnstile(packets, connections, datagrams, call_later=clock.call_later)
    left: dict[Throttle, list[float]] = {connections: [], datagrams: []}

    async def leave(lane: Throttle, cost: int) -> None:
        await turnstile.take(lane, cost)
        left[lane].append(clock.now)

    began = clock.now
    waiting = [asyncio.create_task(leave(connections, 6)) for _ in range(100)]
    waiting += [asyncio.create_task(leave(datagrams, 1)) for _ in range(400)]
    await asyncio.wait(waiting, timeout=10)
    # 1,000 packets take two seconds at 500 a second; so do 100 connections at 50, and 400 datagrams at 200.
    assert clock.now - began == pytest.approx(2, rel=0.03)
    for times, most in ((left[connections], 50), (left[datagrams], 200)):
        assert max(sum(start <= at < start + 1 for at in times) for start in times) <= most * 1.02 + 1


async def test_who_may_leave_does_not_wait_for_another_kind() -> None:
    clock = Yielding()
    packets, connections, datagrams = (Throttle(rate, clock=clock, sleep=clock.sleep) for rate in (500, 1, 200))
    turnstile = Turnstile(packets, connections, datagrams, call_later=clock.call_later)
    for _ in range(2):
        connecting = asyncio.create_task(turnstile.take(connections, 6))
        await asyncio.sleep(0)
    began = clock.now
    await turnstile.take(datagrams)
    assert clock.now - began < 0.1
    assert not connecting.done()
    connecting.cancel()


async def test_the_urgent_leave_before_the_others_of_their_kind() -> None:
    clock = Yielding()
    packets, connections = (Throttle(rate, clock=clock, sleep=clock.sleep) for rate in (500, 50))
    turnstile = Turnstile(packets, connections, call_later=clock.call_later)
    left: list[str] = []

    async def leave(name: str) -> None:
        await turnstile.take(connections, 6, is_urgent=name.startswith("urgent"))
        left.append(name)

    await asyncio.gather(*map(leave, ["first", "second", "third", "urgent 1", "urgent 2"]))
    assert left == ["first", "second", "urgent 1", "urgent 2", "third"]  # nobody else had come when the second left


async def test_those_that_rest_wake_together_and_never_early() -> None:
    clock = Yielding()
    packets = Throttle(500, clock=clock, sleep=clock.sleep)
    turnstile = Turnstile(packets, rest_late=0.04, call_later=clock.call_later)
    woken: dict[float, float] = {}

    async def rest(seconds: float) -> None:
        await turnstile.rest(seconds)
        woken[seconds] = clock.now - 100

    resting = {seconds: asyncio.create_task(rest(seconds)) for seconds in (0.25, 0.2, 0.225, 0.21, 0.3, 0.0, -1.0)}
    await asyncio.sleep(0)
    resting.pop(0.21).cancel()
    await asyncio.wait(resting.values(), timeout=10)
    assert woken.pop(0.0) == woken.pop(-1.0) == 0
    assert len(woken) == 4
    assert all(0 <= at - seconds <= 0.04 + 1e-6 for seconds, at in woken.items())
    assert len(set(woken.values())) == 3


async def test_who_rests_wakes_when_others_leave() -> None:
    clock = Yielding()
    packets, connections = (Throttle(rate, clock=clock, sleep=clock.sleep) for rate in (500, 50))
    turnstile = Turnstile(packets, connections, rest_late=0.04, call_later=clock.call_later)
    resting = asyncio.create_task(turnstile.rest(0.1))
    await asyncio.gather(*(turnstile.take(connections, 6) for _ in range(8)))
    assert resting.done()
    assert clock.now == pytest.approx(100.12, abs=0.021)


def test_gentle_holds_the_published_bounds() -> None:
    assert GENTLE.packets <= 500
    assert GENTLE.connections <= 50
    assert GENTLE.datagrams <= 200
    assert GENTLE.gap >= 0.2
    assert GENTLE.connections * (1 + PACKETS_PER_CONVERSATION) + GENTLE.datagrams <= GENTLE.packets


def test_presets_grow_faster_in_order() -> None:
    paces = list(PACES.values())
    assert [pace.name for pace in paces] == ["gentle", "normal", "fast"]
    for slower, faster in pairwise(paces):
        assert slower.packets < faster.packets
        assert slower.gap > faster.gap
        assert slower.exchange_timeout >= faster.exchange_timeout


@given(st.sampled_from(list(PACES.values())), st.floats(1, 1e6))
def test_max_pps_only_ever_slows_down(pace: Pace, packets: float) -> None:
    slower = pace.with_max_pps(packets)
    assert slower.packets == min(packets, pace.packets)
    assert slower.connections <= pace.connections
    assert slower.datagrams <= pace.datagrams
    assert slower.gap == pace.gap


def test_max_pps_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="--max-pps 0: at least 1"):
        GENTLE.with_max_pps(0)


@given(st.floats(0, 10), st.floats(0, 1))
def test_jitter_only_lengthens(gap: float, jitter: float) -> None:
    assert gap <= jittered(gap, jitter) <= gap * (1 + jitter)
