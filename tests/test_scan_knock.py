"""Attached addresses without an ARP sweep: one short datagram each, the others to those who live. Nothing is sent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from ipaddress import ip_interface

import pytest
from raw_sweeps import unavailable

from camscan import fingerprints
from camscan.model import Outcome
from camscan.net import door, link, neighbour
from camscan.net.datagram import DatagramPort
from camscan.net.door import Door
from camscan.net.interface import Interface
from camscan.net.neighbour import Neighbour
from camscan.net.pace import FAST
from camscan.net.scope import Scope
from camscan.net.target import parse_targets
from camscan.scan import discovery
from camscan.scan.engine import Scan
from camscan.scan.plan import Plan
from camscan.scan.tcp import Conversations

HERE = Interface("eth7", 7, (ip_interface("10.9.0.1/29"),))
LIVING = "10.9.0.3"
GONE = "10.9.0.4"
"""Lived there an hour ago."""
STALE = Neighbour("44:19:b6:00:00:04", 3600.0)
JUST_NOW = "10.9.0.5"
"""Answered ARP five seconds before the scan: the kernel does not ask for it again meanwhile."""
REACHABLE = Neighbour("44:19:b6:00:00:05", 5.0, assumed=True)
CORE_PORTS = {37020, 37810, 3702}


async def test_who_does_not_answer_arp_is_sent_one_datagram(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: defaultdict[str, list[int]] = defaultdict(list)
    interviewed: list[str] = []

    async def send(_port: DatagramPort, _payload: bytes, ip: str, port: int) -> Outcome | None:
        asked[ip].append(port)
        return None

    async def ask_all(_port: DatagramPort, *_question: object) -> Outcome | None:
        return None

    async def hold(_self: Conversations, ip: str) -> None:
        interviewed.append(ip)

    for name, instead in (("send", send), ("multicast", ask_all), ("broadcast", ask_all)):
        monkeypatch.setattr(DatagramPort, name, instead)
    monkeypatch.setattr(DatagramPort, "join", lambda *_arguments: [])
    monkeypatch.setattr(Conversations, "hold", hold)
    monkeypatch.setattr(door, "interfaces", lambda: (HERE,))
    monkeypatch.setattr(discovery, "routes", list)
    monkeypatch.setattr(link, "arp_sweep", unavailable)
    monkeypatch.setattr(link, "sadp_layer2", unavailable)
    table = {LIVING: Neighbour("44:19:b6:00:00:03", 0.0), GONE: STALE, JUST_NOW: REACHABLE}
    monkeypatch.setattr(neighbour, "neighbours", lambda: table)
    monkeypatch.setattr(neighbour, "LIFETIME", 0.1)
    monkeypatch.setattr(neighbour, "RENEWED", 0.2)
    targets = parse_targets(["10.9.0.2-10.9.0.6"])
    pace = replace(FAST, settle=0.05, tail=0.05, answer_timeout=0.1)
    async with Door(Scope(targets.networks), pace) as opened:
        report = await Scan(opened, Plan(targets), fingerprints.load_database()).run()
    dead = {ip: ports for ip, ports in asked.items() if ip not in {LIVING, JUST_NOW}}
    assert dead == {f"10.9.0.{number}": [37810] for number in (2, 4, 6)}
    assert set(asked[LIVING]) > CORE_PORTS
    assert set(asked[JUST_NOW]) > CORE_PORTS
    assert sorted(interviewed) == [LIVING, JUST_NOW]
    assert report.coverage.silent == 4  # it answered nothing
    assert [device.ip_addresses for device in report.devices] == [(LIVING,)]
    assert report.coverage.outcomes["sadp"][Outcome.TIMED_OUT] == 2  # the others were not asked in it
