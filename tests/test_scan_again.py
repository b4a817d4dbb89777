"""Where many packets are lost, the silent are asked again before a scan ends. Nothing is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_interface

import pytest
from raw_sweeps import unavailable

from camscan import fingerprints
from camscan.model import Outcome
from camscan.net import door, link
from camscan.net.backoff import Backoff
from camscan.net.datagram import DatagramPort
from camscan.net.door import Door
from camscan.net.interface import Interface
from camscan.net.pace import FAST
from camscan.net.scope import Scope
from camscan.net.target import parse_targets
from camscan.scan import discovery
from camscan.scan.again import DATAGRAMS
from camscan.scan.engine import Scan
from camscan.scan.plan import Plan
from camscan.scan.questions import ROUNDS
from camscan.scan.tcp import Conversations

HERE = Interface("eth7", 7, (ip_interface("10.9.0.1/29"),))
SILENT, GONE = "10.9.0.3", "10.9.0.4"
"""One answers ARP and nothing else; the other nothing at all."""
SADP = 37020


@pytest.mark.parametrize("lossy", [False, True])
async def test_who_has_said_nothing_is_asked_several_times_more(
    monkeypatch: pytest.MonkeyPatch, *, lossy: bool
) -> None:
    asked: Counter[tuple[str, int]] = Counter()
    held: list[str] = []
    held_again: list[str] = []

    async def send(_port: DatagramPort, _payload: bytes, ip: str, port: int) -> Outcome | None:
        asked[ip, port] += 1
        return None

    async def ask_all(_port: DatagramPort, *_question: object) -> Outcome | None:
        return None

    async def hold(_self: Conversations, ip: str) -> None:
        held.append(ip)

    async def hold_lost_again(_self: Conversations, ip: str) -> None:
        held_again.append(ip)

    async def sweep(*_arguments: object, **_options: object) -> AsyncIterator[tuple[str, str]]:
        yield SILENT, "44:19:b6:00:00:03"

    for name, instead in (("send", send), ("multicast", ask_all), ("broadcast", ask_all)):
        monkeypatch.setattr(DatagramPort, name, instead)
    monkeypatch.setattr(DatagramPort, "join", lambda *_arguments: [])
    monkeypatch.setattr(Conversations, "hold", hold)
    monkeypatch.setattr(Conversations, "hold_lost_again", hold_lost_again)
    monkeypatch.setattr(Backoff, "doubtful", property(lambda _self: lossy))
    monkeypatch.setattr(door, "interfaces", lambda: (HERE,))
    monkeypatch.setattr(discovery, "routes", list)
    monkeypatch.setattr(link, "arp_sweep", sweep)
    monkeypatch.setattr(link, "sadp_layer2", unavailable)
    targets = parse_targets([SILENT, GONE])
    pace = replace(FAST, settle=0.05, tail=0.05, answer_timeout=0.1)
    async with Door(Scope(targets.networks), pace) as opened:
        report = await Scan(opened, Plan(targets), fingerprints.load_database()).run()
    assert held == [SILENT]
    assert held_again == [SILENT] * lossy
    assert {ip for ip, _ in asked} == {SILENT}
    assert asked[SILENT, SADP] == ROUNDS + DATAGRAMS * lossy
    assert report.coverage.outcomes["sadp"][Outcome.TIMED_OUT] == 1  # repetitions are not counted
    assert report.coverage.outcomes["ssdp"][Outcome.TIMED_OUT] == 1
