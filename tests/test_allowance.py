"""What one TCP connection may cost, in packets and in memory."""

from __future__ import annotations

import asyncio

import pytest

from camscan.net.allowance import FREE, MOST_HELD, Allowance, HeldBytes
from camscan.net.pace import Throttle


async def test_a_connection_that_needs_more_packets_waits_for_them_and_gives_the_rest_back() -> None:
    now = 100.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    throttle = Throttle(100, clock=lambda: now, sleep=sleep)
    allowance = Allowance(throttle, 6)
    await throttle.take(6)
    await allowance.grow(6, 0)
    assert now == 100  # it has these
    await allowance.grow(106, 0)
    assert now == pytest.approx(101.06, abs=0.02)
    allowance.settle(56)  # half of them were not sent after all
    assert throttle.ahead == pytest.approx(-0.004)  # nobody has to wait


async def test_where_many_pour_a_long_reply_waits_for_room_and_a_short_one_does_not() -> None:
    throttle, held = Throttle(100), HeldBytes()
    pouring = [Allowance(throttle, 6, held) for _ in range(MOST_HELD // 65536 + 1)]
    for one in pouring[:-1]:
        await one.grow(0, 1 << 20)
    assert held.total <= MOST_HELD  # of each, no more than is kept of a reply
    waiting = asyncio.create_task(pouring[-1].grow(0, 65536))
    await Allowance(throttle, 6, held).grow(0, FREE)
    await asyncio.sleep(0)
    assert not waiting.done()
    for one in pouring[:2]:
        one.settle(6)
    await asyncio.wait_for(waiting, 10)
    for one in pouring[2:]:
        one.settle(6)
    assert held.total == FREE
