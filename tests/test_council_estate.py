"""The benchmarks' council estate: each unit that is out of order is so in its own way, and no other is."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import council_estate as council

from camscan.demo import catalogue
from camscan.demo.device import Question, Reply, Tcp, Udp, Unit
from camscan.demo.estate import Estate

BASE = IPv4Network("127.93.0.0/24")
GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
WEB, RTSP = 20080, 20554


def unit(device: str, alter: council.Alter) -> Unit:
    units = catalogue.make_units(BASE, None, addresses=None, low_ports=False, seed=1)
    found = next(one for one in units if one.device.name == device)
    return replace(found, device=alter(found.device))


def one_estate(broken: Unit) -> Estate:
    return Estate([broken], BASE, multicast=False)


async def said(ip: str, port: int, question: bytes, seconds: float) -> bytes | None:
    """What a unit says within some time, until it closes; None where it neither speaks nor closes."""
    reader, writer = await asyncio.open_connection(ip, port)
    try:
        writer.write(question)
        async with asyncio.timeout(seconds):
            return await reader.read(4096)
    except TimeoutError:
        return None
    finally:
        writer.close()


def test_eleven_of_250_units_are_out_of_order_and_none_lies() -> None:
    units, wrong = council.estate()
    assert len(units) == council.UNITS
    assert len(wrong) == len(council.BROKEN) == 11
    hostile = [one.device.name for one in units if one.device.hostile]
    assert hostile == [council.DRIP]
    where = IPv4Network("10.77.0.0/24")
    plain = catalogue.make_units(
        where, council.UNITS, addresses=None, low_ports=True, seed=1, without=council.left_out()
    )
    assert {new.ip for new, old in zip(units, plain, strict=True) if new.device != old.device} == {
        ip for ip, one in wrong.items() if one.device != council.DRIP
    }
    assert [(new.ip, new.mac, new.serial) for new in units] == [(old.ip, old.mac, old.serial) for old in plain]


def test_every_protocol_has_a_mute_unit() -> None:
    units, wrong = council.estate()
    mute = {
        service.port
        for one in units
        if "mute" in wrong.get(one.ip, council.Broken("", "")).what
        for service in one.device.services
        if isinstance(service, Tcp) and service.patience == council.HOUR
    }
    assert mute == {80, 443, 554, 37777}
    (hung,) = (one for one in units if one.ip in wrong and wrong[one.ip].what.startswith("hangs"))
    assert not catalogue.truth_of(hung).given_fields()


async def test_a_mute_web_server_accepts_and_never_answers_while_the_rest_speaks() -> None:
    broken = unit("dahua_ipc_hfw4300", council.mute(80))
    async with one_estate(broken):
        assert await said(broken.ip, WEB, GET, 0.3) is None
        answer = await said(broken.ip, RTSP, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", 2)
        assert answer
        assert answer.startswith(b"RTSP/1.0 ")


async def test_mute_tls_takes_the_hello_and_begins_no_handshake() -> None:
    broken = unit("hikvision_tls_only", council.mute(443))
    async with one_estate(broken):
        assert await said(broken.ip, 20443, b"\x16\x03\x01\x00\x05hello", 0.3) is None


async def test_a_late_unit_says_what_it_always_says_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(council, "LATE", 0.4)
    punctual, broken = (unit("hikvision_ds_2cd2146g2", how) for how in (lambda device: device, council.late))
    async with one_estate(punctual):
        expected = await said(punctual.ip, WEB, GET, 2)
    async with one_estate(broken):
        began = time.monotonic()
        assert await said(broken.ip, WEB, GET, 3) == expected
        assert time.monotonic() - began > 0.4
    question = b'<?xml version="1.0" encoding="utf-8"?><Probe><Uuid>A</Uuid><Types>inquiry</Types></Probe>'
    (before,), (after,) = (list(answers(one, "sadp", question)) for one in (punctual, broken))
    assert after == replace(before, delay=before.delay + 0.4)


def answers(one: Unit, protocol: str, question: bytes) -> Iterator[Reply]:
    (service,) = (each for each in one.device.services if isinstance(each, Udp) and each.protocol == protocol)
    yield from service.answer(one, Question(question, to_group=False))


def test_the_first_datagram_is_lost_and_again_after_it_was_forgotten() -> None:
    broken = unit("hikvision_ds_7616ni", council.drops_first)
    question = b'<?xml version="1.0" encoding="utf-8"?><Probe><Uuid>A</Uuid><Types>inquiry</Types></Probe>'
    assert not list(answers(broken, "sadp", question))
    assert list(answers(broken, "sadp", question))
    council.forget()
    assert not list(answers(broken, "sadp", question))


async def test_who_closes_late_answers_at_once_and_keeps_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(council, "LINGER", 0.5)
    broken = unit("dahua_ipc_hdw5421", council.closes_late)
    assert all(isinstance(service, Tcp) for service in broken.device.services)
    async with one_estate(broken):
        reader, writer = await asyncio.open_connection(broken.ip, WEB)
        writer.write(GET)
        began = time.monotonic()
        answer = await reader.read(4096)
        assert answer.startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began < 0.4
        await reader.read()
        assert time.monotonic() - began > 0.4
        writer.close()


def test_a_firewall_leaves_rtsp_and_nothing_else() -> None:
    broken = unit("hikvision_ds_2cd2320d", council.only(554))
    assert [(type(service), service.port) for service in broken.device.services] == [(Tcp, 554)]
