"""How long an address has to say again, to a port of its own, what was said in its name. Nothing is sent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest
from udp_replies import SADP_CAMERA

from camscan import fingerprints
from camscan.net.datagram import DatagramPort
from camscan.net.door import Door
from camscan.net.pace import FAST
from camscan.net.scope import Scope
from camscan.net.target import parse_targets
from camscan.scan.engine import Scan
from camscan.scan.plan import Plan
from camscan.scan.replies import CROWD

TARGETS = parse_targets(["198.18.7.0/24"])
"""Behind a router on every machine (RFC 2544)."""
SADP, DHIP = 37020, 37810
SEARCH_ANSWER = b'{"method":"client.notifyDevInfo","params":{"deviceInfo":{"DeviceType":"IPC-HDW1431T1-S4"}}}'
WHOLE = FAST.answer_timeout + FAST.tail


@dataclass
class Silent:
    """A port that nobody answers; it lets go of who waits when so many have asked."""

    together: int = 1
    asked: list[tuple[str, int]] = field(default_factory=list)
    waits: dict[str, float] = field(default_factory=dict)
    is_full: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask_apart(self, _payload: bytes, ip: str, port: int, wait: float) -> list[tuple[bytes, int]]:
        self.asked.append((ip, port))
        self.waits[ip] = max(wait, self.waits.get(ip, 0.0))  # the second question ends with the first
        if len(self.asked) >= self.together:
            self.is_full.set()
        async with asyncio.timeout(20):
            await self.is_full.wait()
        return []


def scan() -> Scan:
    found = Scan(Door(Scope(TARGETS.networks), FAST), Plan(TARGETS), fingerprints.load_database())
    assert found.door.is_routed("198.18.7.1")
    return found


async def bear_out(one: Scan, port: Silent, ip: str) -> None:
    await one.questions.confirm_or_doubt(cast("DatagramPort", port), ip)


def test_all_protocols_are_asked_at_once() -> None:
    """Else who is silent makes the scan wait for each of them."""

    async def run() -> set[int]:
        one, port = scan(), Silent(together=2)
        one.replies.on_datagram(SADP_CAMERA, "198.18.7.1", SADP)
        one.replies.on_datagram(SEARCH_ANSWER, "198.18.7.1", DHIP)
        await bear_out(one, port, "198.18.7.1")
        assert one.state.is_unsolicited("198.18.7.1")
        return {asked for _, asked in port.asked[:2]}

    assert asyncio.run(run()) == {SADP, DHIP}


@pytest.mark.parametrize("alive", [False, True])
def test_a_few_addresses_get_the_full_time_and_a_crowd_only_if_alive(alive: bool) -> None:
    async def run() -> list[float]:
        one, port = scan(), Silent()
        ips = [f"198.18.7.{number}" for number in range(1, CROWD + 3)]
        for ip in ips:
            one.replies.on_datagram(SEARCH_ANSWER, ip, DHIP)
            if alive:
                one.state.alive.add(ip)
            await bear_out(one, port, ip)
        return [port.waits[ip] for ip in ips]

    waits = asyncio.run(run())
    assert waits[:CROWD] == [WHOLE] * CROWD
    assert all(wait == WHOLE if alive else wait < WHOLE for wait in waits[CROWD:])


def test_where_nobody_waits_for_it_any_more_nothing_goes_on() -> None:
    async def run() -> int:
        one, port = scan(), Silent(together=9)
        one.replies.on_datagram(SEARCH_ANSWER, "198.18.7.1", DHIP)
        proving = asyncio.create_task(bear_out(one, port, "198.18.7.1"))
        for _ in range(9):  # turns of the loop, until it has asked
            await asyncio.sleep(0)
        assert port.asked
        proving.cancel()
        await asyncio.wait({proving})
        await asyncio.sleep(0)
        return len(asyncio.all_tasks()) - 1

    assert asyncio.run(run()) == 0
