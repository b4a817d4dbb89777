"""Whatever a parser raises becomes an outcome, with the reply kept, and the run goes on: on every way to facts."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_interface
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from raw_sweeps import unavailable

from camscan import captures, fingerprints, probes
from camscan.enrich import Exchange, Session
from camscan.enrich._attempt import attempt_of
from camscan.fingerprints import Database
from camscan.identify import merge_attempts
from camscan.model import Attempt, Device, Fact, Outcome, Reply, Report
from camscan.net import door, link
from camscan.net.datagram import DatagramPort
from camscan.net.door import Door
from camscan.net.host import Answer
from camscan.net.interface import Interface
from camscan.net.pace import FAST
from camscan.net.scope import Scope
from camscan.net.target import parse_targets
from camscan.probes import Facts, Probe, catch_fault, load, read_datagram, read_reply
from camscan.register import open_register
from camscan.scan import decision, discovery
from camscan.scan.checkpoint import Checkpoint
from camscan.scan.coverage import describe_floods
from camscan.scan.engine import Scan
from camscan.scan.plan import Plan
from camscan.scan.tcp import Conversations

FAULTS = [
    UnicodeDecodeError("utf-8", b"\xed\xa0\x80", 0, 1, "invalid continuation byte"),
    RecursionError("maximum recursion depth exceeded"),
    MemoryError(),
    KeyError("Scopes"),
    AssertionError(),
    ValueError("half a character: \ud800, and a\nline break"),
    StopIteration(),
]
UNREADABLE = b"<ProbeMatch>what no parser was written for</ProbeMatch>"
PACE = replace(FAST, settle=0.1, tail=0.1, answer_timeout=0.3, connect_timeout=0.3)
NEIGHBOUR = "127.61.0.9"
"""An honest unit beside the hostile one."""
HTTP = b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Length: 2\r\n\r\nok"


def broken(name: str, fault: Exception) -> Mapping[str, Probe]:
    """Every probe; the parser of one raises."""

    def parse(_payload: bytes) -> Facts:
        raise fault

    return {**load(), name: replace(load()[name], parse=parse)}


async def scan(probes: Mapping[str, Probe], *targets: str, earlier: Checkpoint | None = None) -> Report:
    asked = parse_targets(targets)
    plan = Plan(asked, ports={name: (8061,) if name == "http" else () for name in probes})
    async with Door(Scope(asked.networks), PACE) as opened:
        return await Scan(
            opened, plan, fingerprints.load_database(), probes=probes, earlier=earlier or Checkpoint()
        ).run()


@contextlib.contextmanager
def answering(ip: str, port: int, reply: bytes) -> Iterator[None]:
    """A unit that answers every datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # an estate beside ours holds the port as well
        sock.bind((ip, port))
        sock.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    sock.sendto(reply, sock.recvfrom(65535)[1])

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield
        finally:
            over.set()
            serving.join()


@contextlib.asynccontextmanager
async def web(ip: str, reply: bytes) -> AsyncIterator[None]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(reply)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, ip, 8061)
    async with server:
        yield


def unread(report: Report, ip: str) -> list[bytes]:
    return [one.payload for one in report.attempts if one.ip == ip and one.outcome is Outcome.BUG]


def addresses_of(report: Report) -> list[str]:
    return [ip for device in report.devices for ip in device.ip_addresses]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_the_outcome_is_a_fault_of_ours_and_the_reply_is_kept(fault: Exception) -> None:
    attempt = read_reply(broken("sadp", fault)["sadp"], Reply("sadp", UNREADABLE, "10.9.0.3", 37020))
    assert (attempt.outcome, attempt.payload, attempt.observations) == (Outcome.BUG, UNREADABLE, ())
    assert attempt.detail.startswith(type(fault).__name__)
    assert attempt.detail.isprintable()
    attempt.detail.encode()


def test_cancellation_passes() -> None:
    with pytest.raises(asyncio.CancelledError), catch_fault():
        raise asyncio.CancelledError


def test_half_a_character_in_a_fact_is_not_a_fault_and_can_be_stored() -> None:
    probe = replace(load()["sadp"], parse=lambda _payload: [Fact("sadp.model", "DS-\ud800")])
    attempt = read_reply(probe, Reply("sadp", UNREADABLE, "10.9.0.3", 37020))
    assert [seen.value for seen in attempt.observations] == ["DS-?"]


@pytest.mark.parametrize("port", [37020, 3702, 49152])
def test_a_datagram_from_any_port_is_not_lost(port: int) -> None:
    probes = {name: broken(name, KeyError("x"))[name] for name in load()}
    attempt = read_datagram(probes.values(), UNREADABLE, "10.9.0.3", port)
    assert attempt is not None
    assert attempt.outcome is Outcome.BUG


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
async def test_a_unit_that_cannot_be_read_stands_in_the_report(fault: Exception, tmp_path: Path) -> None:
    ip = "127.61.0.5"
    with answering(ip, 37020, UNREADABLE):
        async with web(NEIGHBOUR, HTTP):
            report = await scan(broken("sadp", fault), f"{ip}-{NEIGHBOUR}")
    assert unread(report, ip) == [UNREADABLE]
    assert {ip, NEIGHBOUR} <= set(addresses_of(report))
    (device,) = (device for device in report.devices if device.ip_addresses == (ip,))
    assert device.identification.maker is None
    assert device.open_ports == ("udp/37020",)
    assert report.coverage.answered == 2
    notes = report.coverage.notes
    assert [
        note
        for note in notes
        if note.startswith("1 reply could not be read, which is a fault of camscan; `camscan capture`")
    ]
    assert [note for note in notes if "UDP is probably blocked" in note] == []
    (kept,) = (line for line in captures.write_captures(report.attempts) if "no parser was written" in line)
    (reply,) = captures.read_captures([kept])
    assert isinstance(reply, Reply)
    assert reply.payload == UNREADABLE
    with open_register(tmp_path / "camscan.db") as register:
        assert len(register.record(report).new) == 2


async def test_a_conversation_that_cannot_be_read_ends_no_scan() -> None:
    ip = "127.61.0.6"
    async with web(ip, HTTP), web(NEIGHBOUR, HTTP):
        report = await scan(broken("http", RecursionError()), f"{ip}-{NEIGHBOUR}")
    assert HTTP in unread(report, ip)
    assert {ip, NEIGHBOUR} <= set(addresses_of(report))
    assert any("replies could not be read" in note for note in report.coverage.notes)


@pytest.mark.parametrize("what", ["wants", "learned_ports", "ask"])
async def test_a_probe_that_cannot_say_what_to_ask_ends_no_scan(what: str) -> None:
    def wrong(*_arguments: object) -> Any:
        raise LookupError("half")

    ip = "127.61.0.7"
    changed: dict[str, Any] = {what: wrong}
    probes = {**load(), "http": replace(load()["http"], **changed)}
    async with web(ip, HTTP):
        report = await scan(probes, ip)
    assert (ip in addresses_of(report)) is (what != "ask")
    assert any("ended by a fault of camscan" in note for note in report.coverage.notes)


async def test_facts_that_cannot_be_weighed_cost_one_identification_and_no_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def weigh(attempts: Sequence[Attempt], database: Database) -> list[Device]:
        if any(seen.value == "200" for attempt in attempts for seen in attempt.observations if attempt.ip == ip):
            raise OverflowError("date value out of range")
        return merge_attempts(attempts, database)

    ip = "127.61.0.3"
    monkeypatch.setattr(decision, "merge_attempts", weigh)
    async with web(ip, HTTP), web("127.61.0.4", HTTP):
        report = await scan(load(), f"{ip}-127.61.0.4")
    kept = {device.ip_addresses[0]: device for device in report.devices if device.ip_addresses[0].startswith("127.61.")}
    assert sorted(kept) == [ip, "127.61.0.4"]
    assert kept[ip].identification.maker is None
    assert any("could not be evaluated" in note for note in report.coverage.notes)


async def test_an_answer_below_ip_that_cannot_be_read_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    async def layer2(*_arguments: object, **_options: object) -> AsyncIterator[Reply]:
        yield Reply("sadp", UNREADABLE, "10.9.0.4", 37020)

    async def sweep(*_arguments: object, **_options: object) -> AsyncIterator[tuple[str, str]]:
        yield "10.9.0.4", "44:19:b6:00:00:03"

    async def send(_port: DatagramPort, *_question: object) -> Outcome | None:
        return None

    async def hold(_self: Conversations, _ip: str) -> None:
        return

    for name in ("send", "multicast", "broadcast"):
        monkeypatch.setattr(DatagramPort, name, send)
    monkeypatch.setattr(DatagramPort, "join", lambda *_arguments: [])
    monkeypatch.setattr(Conversations, "hold", hold)
    monkeypatch.setattr(door, "interfaces", lambda: (Interface("eth7", 7, (ip_interface("10.9.0.1/24"),)),))
    monkeypatch.setattr(discovery, "routes", list)
    monkeypatch.setattr(link, "arp_sweep", sweep)
    monkeypatch.setattr(link, "sadp_layer2", layer2)
    monkeypatch.setattr(link, "syn_sweep", unavailable)
    report = await scan(broken("sadp", KeyError("x")), "10.9.0.0/24")
    assert unread(report, "10.9.0.4") == [UNREADABLE]
    assert addresses_of(report) == ["10.9.0.4"]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_stored_reply_that_cannot_be_read_gets_a_result(fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "load_probe", broken("sadp", fault).__getitem__)
    replies = [Reply("sadp", UNREADABLE, "10.9.0.3", 37020, id="1"), Reply("http", HTTP, "10.9.0.4", 80, id="2")]
    devices = list(captures.identify_replies(replies, fingerprints.load_database()))
    assert [device.ids for device in devices] == [("1",), ("2",)]


async def test_a_run_goes_on_over_a_reply_that_cannot_be_read() -> None:
    probe = broken("sadp", MemoryError())["sadp"]
    earlier = Checkpoint((read_reply(probe, Reply("sadp", UNREADABLE, "127.61.0.8", 37020)),))
    report = await scan(load(), "127.61.0.8", earlier=earlier)
    assert addresses_of(report) == ["127.61.0.8"]


async def test_a_reply_behind_a_login_that_cannot_be_read_is_an_attempt() -> None:
    session = cast("Session", SimpleNamespace(box=SimpleNamespace(ip="10.9.0.3")))
    exchange = Exchange(Answer(80, Outcome.ANSWERED, HTTP), 200, b"")
    attempt = attempt_of(broken("isapi", RecursionError())["isapi"], session, exchange)
    assert (attempt.outcome, attempt.payload) == (Outcome.BUG, HTTP)


async def test_what_was_left_unread_is_reported() -> None:
    scopes = b" ".join(b"a:%d" % number for number in range(2_000))
    sent = b"<Envelope><Body><ProbeMatches><ProbeMatch><Scopes>" + scopes + b"</Scopes></ProbeMatch></ProbeMatches>"
    with answering("127.61.0.3", 3702, sent + b"</Body></Envelope>"):
        report = await scan(load(), "127.61.0.3")
    [note] = [note for note in report.coverage.notes if "in one reply" in note]
    assert note == ("127.61.0.3 said more in one reply than camscan reads; the JSON report says what, under attempts")
    [attempt] = [one for one in report.attempts if one.probe == "wsd" and one.detail]
    assert attempt.detail == "more than 512 values of wsd.scope: the others left out"


def test_who_floods_is_named() -> None:
    assert describe_floods({}) == []
    assert describe_floods({"10.9.0.3": 1200, "10.9.0.4": 1}) == [
        "2 addresses (10.9.0.3, 10.9.0.4) sent more than camscan reads from one sender: 1,201 datagrams were not read"
    ]
