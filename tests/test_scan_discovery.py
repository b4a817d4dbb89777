"""Which addresses are asked, and by which way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from ipaddress import ip_interface
from typing import Any

import pytest
from raw_sweeps import unavailable

from camscan.model import Outcome
from camscan.net import door, link
from camscan.net.door import Door
from camscan.net.interface import Interface
from camscan.net.pace import FAST
from camscan.net.route import Route
from camscan.net.scope import Scope
from camscan.net.span import Span
from camscan.net.target import parse_targets
from camscan.scan import discovery
from camscan.scan.coverage import Tally
from camscan.scan.discovery import read_ahead


async def test_loopback_is_never_handed_to_the_raw_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = Span(4, 0, 2**32 - 1)
    targets = parse_targets(["127.20.0.1-127.20.0.3"])
    async with Door(Scope(targets.networks), FAST) as opened:
        others = [one.name for one in opened.interfaces if not one.loopback] or ["none"]
        monkeypatch.setattr(discovery, "routes", lambda: [Route(others[0], "192.0.2.1", everywhere, 0, 0)])

        def refuse(*_arguments: object, **_options: object) -> object:
            raise AssertionError("a raw sweep was started")

        monkeypatch.setattr(link, "syn_sweep", refuse)
        tally = Tally()
        ways = discovery.Discovery(opened, targets, tally, lambda _ip, _mac: None, lambda _ip: None)
        assert [ip async for ip in ways.addresses()] == ["127.20.0.1", "127.20.0.2", "127.20.0.3"]
        assert tally.notes == []


async def test_a_link_is_asked_as_a_whole_once_its_addresses_were_asked_for_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Interface("eth7", 7, (ip_interface("10.9.0.1/24"),))
    asked: list[bool] = []

    async def sweep(_name: str, _networks: object, _pps: float, **told: Any) -> AsyncIterator[tuple[str, str]]:
        yield "10.9.0.7", "44:19:b6:00:00:07"
        asked.append(waiting.done())
        told["on_asked"]()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asked.append(waiting.done())
        yield "10.9.0.8", "44:19:b6:00:00:08"

    targets = parse_targets(["10.9.0.4-10.9.0.20"])
    monkeypatch.setattr(door, "interfaces", lambda: (here,))
    monkeypatch.setattr(discovery, "routes", list)
    monkeypatch.setattr(link, "arp_sweep", sweep)
    async with Door(Scope(targets.networks), FAST) as opened:
        ways = discovery.Discovery(opened, targets, Tally(), lambda _ip, _mac: None, lambda _ip: None)
        waiting = asyncio.create_task(ways.wait_for_arp(here))
        await asyncio.sleep(0)
        assert [ip async for ip in ways.addresses()] == ["10.9.0.7", "10.9.0.8"]
    assert asked == [False, True]


@pytest.mark.parametrize(("prefix", "waits"), [(30, True), (21, False)])
async def test_without_an_arp_sweep_a_small_link_is_asked_one_by_one_first(
    prefix: int, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Interface("eth7", 7, (ip_interface(f"10.9.0.1/{prefix}"),))
    loopback = Interface("lo", 1, (ip_interface("127.0.0.1/8"),))

    targets = parse_targets([f"10.9.0.0/{prefix}"])
    monkeypatch.setattr(door, "interfaces", lambda: (here, loopback))
    monkeypatch.setattr(discovery, "routes", list)
    monkeypatch.setattr(link, "arp_sweep", unavailable)
    async with Door(Scope(targets.networks), FAST) as opened:
        tally = Tally()
        ways = discovery.Discovery(opened, targets, tally, lambda _ip, _mac: None, lambda _ip: None)
        await ways.wait_for_arp(loopback)
        waiting = asyncio.create_task(ways.wait_for_arp(here))
        found = []
        async for ip in ways.addresses():
            found.append(ip)
            await asyncio.sleep(0)
            assert waiting.done() is (not waits and len(found) > 1)
        assert found[0] == "10.9.0.1"  # our own, for which no ARP is needed
        assert len(found) > 1
        await waiting
    assert tally.notes == ["no ARP sweep on eth7 (no privilege): addresses are tried one by one, which is slower"]


async def test_no_answer_to_arp_is_silence_and_no_missing_way(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Interface("eth7", 7, (ip_interface("10.9.0.1/24"),))
    monkeypatch.setattr(door, "interfaces", lambda: (here,))
    targets = parse_targets(["10.9.0.0/24", "10.8.0.0/24"])
    async with Door(Scope(targets.networks), FAST) as opened:
        ways = discovery.Discovery(opened, targets, Tally(), lambda _ip, _mac: None, lambda _ip: None)
        assert ways.is_mere_silence("10.9.0.7", Outcome.UNREACHABLE)
        assert not ways.is_mere_silence("10.8.0.7", Outcome.UNREACHABLE)
        assert not ways.is_mere_silence("10.9.0.7", Outcome.REFUSED)


async def test_a_sweep_that_only_listens_gives_its_share_of_the_packets_back(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Interface("eth7", 7, (ip_interface("10.9.0.1/28"),))
    happened: list[str] = []

    @contextlib.contextmanager
    def lent(_door: Door) -> Iterator[Callable[[], float]]:
        happened.append("lent")
        yield lambda: 100.0
        happened.append("given back")

    async def sweep(*_arguments: object, **told: Any) -> AsyncIterator[tuple[str, str]]:
        yield "10.9.0.7", "44:19:b6:00:00:07"
        told["on_asks"](False)
        happened.append("listens")
        yield "10.9.0.8", "44:19:b6:00:00:08"
        told["on_asks"](True)
        happened.append("asks again")

    targets = parse_targets(["10.9.0.4-10.9.0.9"])
    monkeypatch.setattr(door, "interfaces", lambda: (here,))
    monkeypatch.setattr(discovery, "routes", list)
    monkeypatch.setattr(link, "arp_sweep", sweep)
    monkeypatch.setattr(Door, "lend_pace", lent)
    async with Door(Scope(targets.networks), FAST) as opened:
        ways = discovery.Discovery(opened, targets, Tally(), lambda _ip, _mac: None, lambda _ip: None)
        assert [ip async for ip in ways.addresses()] == ["10.9.0.7", "10.9.0.8"]
    assert happened == ["lent", "given back", "listens", "lent", "asks again", "given back"]


async def test_two_interfaces_on_one_subnet_ask_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cable = Interface("eth7", 7, (ip_interface("10.9.0.1/28"),))
    wireless = Interface("wlan0", 8, (ip_interface("10.9.0.2/28"),))
    asked: list[str] = []

    async def sweep(name: str, networks: Iterable[str], _pps: float, **_told: object) -> AsyncIterator[tuple[str, str]]:
        if list(networks):
            asked.append(name)
            yield "10.9.0.7", "44:19:b6:00:00:07"

    targets = parse_targets(["10.9.0.4-10.9.0.9"])
    monkeypatch.setattr(door, "interfaces", lambda: (cable, wireless))
    monkeypatch.setattr(discovery, "routes", list)
    monkeypatch.setattr(link, "arp_sweep", sweep)
    async with Door(Scope(targets.networks), FAST) as opened:
        tally = Tally()
        ways = discovery.Discovery(opened, targets, tally, lambda _ip, _mac: None, lambda _ip: None)
        assert [ip async for ip in ways.addresses()] == ["10.9.0.7"]
        assert asked == ["eth7"]
        assert tally.asked == 5  # the silent ones; who answered is counted by whoever asks more


async def test_a_sweep_that_breaks_off_hands_nobody_on_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Interface("eth7", 7, (ip_interface("10.9.0.1/28"),))

    async def sweep(*_arguments: object, **_told: object) -> AsyncIterator[tuple[str, str]]:
        yield "10.9.0.7", "44:19:b6:00:00:07"
        raise link.Unavailable("the network is down")

    targets = parse_targets(["10.9.0.4-10.9.0.9"])
    monkeypatch.setattr(door, "interfaces", lambda: (here,))
    monkeypatch.setattr(discovery, "routes", list)
    monkeypatch.setattr(link, "arp_sweep", sweep)
    async with Door(Scope(targets.networks), FAST) as opened:
        ways = discovery.Discovery(opened, targets, Tally(), lambda _ip, _mac: None, lambda _ip: None)
        found = [ip async for ip in ways.addresses()]
    assert sorted(found) == [f"10.9.0.{number}" for number in range(4, 10)]


async def test_what_a_tunnel_leads_to_is_not_asked_for_by_arp(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Interface("eth7", 7, (ip_interface("10.9.0.1/16"),))
    tunnel = Interface("tun0", 8, (ip_interface("10.10.0.1/24"),), resolves=False)
    asked: list[str] = []

    async def sweep(
        name: str, networks: Iterable[str], *_pps: float, **_told: object
    ) -> AsyncIterator[tuple[str, str]]:
        asked.extend(f"{name} {network}" for network in networks)
        for pair in [("", "")][:0]:
            yield pair

    targets = parse_targets(["10.9.0.7-10.9.0.8", "10.9.50.7", "10.10.0.7"])
    monkeypatch.setattr(door, "interfaces", lambda: (here, tunnel))
    monkeypatch.setattr(door, "routes", lambda: [Route("tun0", "", Span(4, 0x0A093200, 0x0A0932FF), 24, 0)])
    monkeypatch.setattr(discovery, "routes", list)
    monkeypatch.setattr(link, "arp_sweep", sweep)
    async with Door(Scope(targets.networks), FAST) as opened:
        ways = discovery.Discovery(opened, targets, Tally(), lambda _ip, _mac: None, lambda _ip: None)
        assert [ip async for ip in ways.addresses()] == ["10.9.50.7", "10.10.0.7"]
        assert asked == ["eth7 10.9.0.7/32", "eth7 10.9.0.8/32"]
        assert [opened.on_link(ip) for ip in targets] == [True, True, False, False]


async def test_a_sweep_of_routed_addresses_says_nothing_of_attached_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Interface("eth7", 7, (ip_interface("10.9.0.1/24"),))

    async def arp(*_arguments: object, **_options: object) -> AsyncIterator[tuple[str, str]]:
        yield "10.9.0.7", "00:00:5e:00:01:07"  # which a router may have answered for it

    async def syn(*_arguments: object, **_options: object) -> AsyncIterator[str | link.FinishedStretch]:
        yield link.FinishedStretch("10.8.0.4", "10.8.0.5")

    targets = parse_targets(["10.9.0.7", "10.8.0.4-10.8.0.5"])
    monkeypatch.setattr(door, "interfaces", lambda: (here,))
    monkeypatch.setattr(discovery, "routes", lambda: [Route("eth7", "10.9.0.254", Span(4, 0, 2**32 - 1), 0, 0)])
    monkeypatch.setattr(link, "arp_sweep", arp)
    monkeypatch.setattr(link, "syn_sweep", syn)
    async with Door(Scope(targets.networks), FAST) as opened:
        ways = discovery.Discovery(opened, targets, Tally(), lambda _ip, _mac: None, lambda _ip: None)
        assert [ip async for ip in ways.addresses()] == ["10.9.0.7", "10.8.0.4", "10.8.0.5"]
        assert [ways.is_silent(ip, ()) for ip in ("10.9.0.7", "10.8.0.4", "10.8.0.5")] == [False, True, True]


async def test_a_sweep_ends_before_those_it_found_are_done_with() -> None:
    ended = asyncio.Event()

    async def sweep() -> AsyncGenerator[int]:
        for number in range(5):
            yield number
        ended.set()

    taken = []
    async for number in read_ahead(sweep()):
        await asyncio.wait_for(ended.wait(), 5)
        taken.append(number)
    assert taken == list(range(5))


async def test_what_breaks_a_sweep_off_is_reported_after_those_it_found() -> None:
    async def sweep() -> AsyncGenerator[int]:
        yield 1
        raise LookupError("broken off")

    ahead = read_ahead(sweep())
    assert await anext(ahead) == 1
    with pytest.raises(LookupError, match="broken off"):
        await anext(ahead)


async def test_a_sweep_that_nobody_waits_for_any_more_is_ended() -> None:
    ended = []

    async def sweep() -> AsyncGenerator[int]:
        try:
            yield 1
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    ahead = read_ahead(sweep())
    assert await anext(ahead) == 1
    await ahead.aclose()
    assert ended == [True]
