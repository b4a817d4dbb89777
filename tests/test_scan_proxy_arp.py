"""A router that answers ARP for everybody makes no devices. Nothing is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_interface

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_sweeps import unavailable

from camscan import fingerprints
from camscan.model import Attempt, Outcome
from camscan.net import door, link
from camscan.net.datagram import DatagramPort
from camscan.net.door import Door
from camscan.net.interface import Interface
from camscan.net.pace import FAST
from camscan.net.scope import Scope
from camscan.net.target import parse_targets
from camscan.scan import discovery
from camscan.scan.checkpoint import Checkpoint
from camscan.scan.coverage import Tally
from camscan.scan.engine import Scan
from camscan.scan.plan import Plan
from camscan.scan.state import MANY, SHARED, ScanState
from camscan.scan.tcp import Conversations

HERE = Interface("eth7", 7, (ip_interface("10.9.0.1/24"),))
ROUTER = "00:00:5e:00:01:07"
CAMERA, BEHIND, BEHIND_TOO = "10.9.0.30", "10.9.0.3", "10.9.0.25"
"""One has a MAC of its own; the router answers for the others, of which these two live."""
OTHERS = [f"10.9.0.{number}" for number in range(2, 30)]


async def test_who_only_a_router_answers_for_is_asked_and_is_not_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    interviewed: list[str] = []

    async def send(_port: DatagramPort, *_question: object) -> Outcome | None:
        return None

    async def hold(self: Conversations, ip: str) -> None:
        interviewed.append(ip)
        if ip in {BEHIND, BEHIND_TOO}:
            self.state.record(Attempt("http", ip, 80, Outcome.ANSWERED, payload=b"HTTP/1.0 200 OK\r\n\r\n"))

    async def sweep(*_arguments: object, **_options: object) -> AsyncIterator[tuple[str, str]]:
        for ip in OTHERS:
            yield ip, ROUTER
        yield CAMERA, "44:19:b6:00:00:03"

    for name in ("send", "multicast", "broadcast"):
        monkeypatch.setattr(DatagramPort, name, send)
    monkeypatch.setattr(DatagramPort, "join", lambda *_arguments: [])
    monkeypatch.setattr(Conversations, "hold", hold)
    monkeypatch.setattr(door, "interfaces", lambda: (HERE,))
    monkeypatch.setattr(discovery, "routes", list)
    monkeypatch.setattr(link, "arp_sweep", sweep)
    monkeypatch.setattr(link, "sadp_layer2", unavailable)
    targets = parse_targets(["10.9.0.2-10.9.0.30"])
    pace = replace(FAST, settle=0.05, tail=0.05, answer_timeout=0.1)
    async with Door(Scope(targets.networks), pace) as opened:
        report = await Scan(opened, Plan(targets), fingerprints.load_database()).run()
    assert len(OTHERS) > SHARED
    assert sorted(interviewed) == sorted([*OTHERS, CAMERA])
    assert sorted(device.ip_addresses for device in report.devices) == [(BEHIND_TOO,), (BEHIND,), (CAMERA,)]
    assert [device.mac_addresses for device in report.devices if device.ip_addresses != (CAMERA,)] == [(), ()]
    assert (report.coverage.answered, report.coverage.silent) == (2, len(OTHERS) - 2)
    assert any(f"{ROUTER} answered ARP for 28 addresses:" in note for note in report.coverage.notes)


def test_a_run_that_goes_on_knows_the_router_too() -> None:
    state = ScanState(fingerprints.load_database())
    told = [Attempt("mac", ip, 0, Outcome.ANSWERED, payload=ROUTER.encode()) for ip in OTHERS[:SHARED]]
    Checkpoint(tuple(told)).restore(state, Tally(), parse_targets(["10.9.0.2-10.9.0.30"]))
    assert sorted(state.hosts) == sorted(OTHERS[:SHARED])
    assert not state.is_own_mac(OTHERS[SHARED], ROUTER)
    assert (state.hosts, state.alive) == ({}, set())


@given(st.sets(st.integers(1, 120), max_size=120).flatmap(lambda numbers: st.permutations(sorted(numbers))))
def test_rows_and_crowds_are_a_routers_in_whatever_order_they_answer(numbers: list[int]) -> None:
    state = ScanState(fingerprints.load_database())
    for number in numbers:
        ip = f"10.9.0.{number}"
        if state.is_own_mac(ip, ROUTER):  # several units of one MAC: a bridge, a host with many addresses
            state.record(Attempt("mac", ip, 0, Outcome.ANSWERED, payload=ROUTER.encode()))
    rows = "".join("x" if number in numbers else " " for number in range(1, 121)).split(" ")
    many = len(numbers) if len(numbers) > MANY else sum(len(row) for row in rows if len(row) > SHARED)
    assert len(state.proxied) == many
    assert len(state.alive) == len(numbers) - many
    assert state.alive.isdisjoint(state.proxied)


def test_a_gateway_that_answers_for_a_few_in_each_subnet_knows_who_is_there() -> None:
    state = ScanState(fingerprints.load_database())
    few = [f"10.9.{subnet}.{number}" for subnet in range(64) for number in range(3, 200, 10)]
    crowd = [f"10.9.64.{number}" for number in range(3, 200, 2)]
    believed = [ip for ip in [*few, *crowd] if state.is_own_mac(ip, ROUTER)]
    assert len(few) > MANY
    assert len(crowd) > MANY
    assert believed == [*few, *crowd[:MANY]]
    assert sorted(state.proxied) == sorted(crowd)
