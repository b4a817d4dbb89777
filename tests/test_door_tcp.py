"""TCP through the door, against servers that behave as cameras and tarpits do. Loopback only."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import ipaddress
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress

import pytest
from certificates import make, server_context

from camscan.errors import UsageError
from camscan.model import Outcome
from camscan.net.door import Door
from camscan.net.host import Host
from camscan.net.pace import FAST, PACKETS_PER_CONVERSATION
from camscan.net.reading import Ending, Patience, read_reply
from camscan.net.scope import Scope
from camscan.net.tcp import Connection
from camscan.net.tls import Hello, client_hello

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
PACE = dataclasses.replace(
    FAST, gap=0.0, connect_timeout=1.0, answer_timeout=0.4, read_timeout=0.3, exchange_timeout=0.6
)
REQUEST = b"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Length: 5\r\n\r\nhello"
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
DER, PEM = make()


@asynccontextmanager
async def serving(
    behaviour: Behaviour, ip: str = "127.0.0.9", context: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[int]:
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await behaviour(reader, writer)
        writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(handle(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, ip, port, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with Door(Scope(LOOPBACK), PACE) as opened:
        yield opened


def says(reply: bytes) -> Behaviour:
    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(reply)
        await writer.drain()

    return behaviour


async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    await reader.read()


def reset(after: bytes) -> Behaviour:
    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(after)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return behaviour


def drip(piece: bytes, start: bytes = b"") -> Behaviour:
    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)

    return behaviour


async def test_a_page_is_read_and_the_connection_closed(door: Door) -> None:
    closed = asyncio.Event()

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\r\n\r\n") == REQUEST
        writer.write(PAGE)
        assert await reader.read() == b""
        closed.set()

    async with serving(behaviour) as port:
        host: Host = door.host("127.0.0.9")
        answer = await host.http(port, REQUEST)
        assert (answer.port, answer.outcome, answer.payload, answer.detail) == (port, Outcome.ANSWERED, PAGE, "")
        await closed.wait()
    assert door.sent["connections"] == door.sent["requests"] == 1
    assert door.sent["bytes"] == len(REQUEST)


async def test_ipv6(door: Door) -> None:
    async with serving(says(PAGE), ip="::1") as port:
        assert (await door.host("::1").http(port, REQUEST)).payload == PAGE


@pytest.mark.parametrize(
    ("behaviour", "outcome", "payload"),
    [
        (silence, Outcome.TIMED_OUT, b""),
        (says(b""), Outcome.CLOSED, b""),
        (reset(b""), Outcome.CLOSED, b""),
        (reset(b"RTSP/1.0 200"), Outcome.ANSWERED, b"RTSP/1.0 200"),
        (says(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"), Outcome.ANSWERED, b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"),
        (says(b"RTSP/1.0 200 OK\n\nmore"), Outcome.ANSWERED, b"RTSP/1.0 200 OK\n\nmore"),
    ],
)
async def test_outcomes_of_an_exchange(door: Door, behaviour: Behaviour, outcome: Outcome, payload: bytes) -> None:
    async with serving(behaviour) as port:
        answer = await door.host("127.0.0.9").exchange(port, b"OPTIONS", until=b"\r\n\r\n")
    assert (answer.outcome, answer.payload) == (outcome, payload)


async def test_a_reply_that_ends_as_expected_is_not_waited_on(door: Door) -> None:
    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        for piece in (b"RTSP/1.0 200 OK\r\nCSeq: 1\r", b"\n\r", b"\n"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        await reader.read()

    async with serving(behaviour) as port:
        answer = await door.host("127.0.0.9").exchange(port, b"OPTIONS", until=b"\r\n\r\n")
    assert (answer.payload, answer.detail) == (b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", "")


@pytest.mark.parametrize(
    ("behaviour", "detail"),
    [
        (drip(b"x"), "cut off: the reply took too long"),
        (drip(b"X: y\r\n", b"HTTP/1.1 200 OK\r\n"), "cut off: the reply took too long"),
        (drip(b"z", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), "cut off: the reply took too long"),
    ],
)
async def test_a_tarpit_holds_nobody_longer_than_the_pace_allows(door: Door, behaviour: Behaviour, detail: str) -> None:
    async with serving(behaviour) as port:
        answer = await door.host("127.0.0.9").http(port, REQUEST)
    assert (answer.outcome, answer.detail) == (Outcome.ANSWERED, detail)
    assert answer.payload


async def test_an_endless_reply_ends_at_the_limit(door: Door) -> None:
    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Header: endless\r\n" * 500)
            await writer.drain()

    async with serving(behaviour) as port:
        host = door.host("127.0.0.9")
        assert len((await host.http(port, REQUEST, limit=20_000)).payload) == 20_000
        assert len((await host.exchange(port, REQUEST, limit=20_000)).payload) == 20_000


@pytest.mark.parametrize("length", [b"1000000", b"-1", b"nonsense"])
async def test_a_lying_length_loses_nothing(door: Door, length: bytes) -> None:
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\nhello"
    async with serving(says(reply)) as port:
        answer = await door.host("127.0.0.9").http(port, REQUEST)
    assert (answer.outcome, answer.payload) == (Outcome.ANSWERED, reply)


async def test_a_half_closed_connection_is_read_to_the_end(door: Door) -> None:
    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nno length")
        writer.write_eof()
        await reader.read()

    async with serving(behaviour) as port:
        answer = await door.host("127.0.0.9").http(port, REQUEST)
    assert (answer.payload, answer.detail) == (b"HTTP/1.0 200 OK\r\n\r\nno length", "")


async def test_refused_silent_and_open_ports(door: Door) -> None:
    host = door.host("127.0.0.9")
    with socket.socket() as closed:
        closed.bind(("127.0.0.9", 0))
        port = closed.getsockname()[1]
        assert [
            (await ask).outcome for ask in (host.reachable(port), host.http(port, b""), host.certificate(port))
        ] == [Outcome.REFUSED] * 3
    async with serving(silence) as port:
        assert await host.reachable(port) == dataclasses.replace(await host.reachable(port), outcome=Outcome.ANSWERED)


async def test_a_full_backlog_times_out(door: Door) -> None:
    # The kernel drops the SYN where the backlog is full: the nearest thing to a silent address on the loopback.
    with socket.socket() as server, socket.socket() as one, socket.socket() as two:
        server.bind(("127.0.0.9", 0))
        server.listen(0)
        for waiting in (one, two):
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        answer = await door.host("127.0.0.9").reachable(server.getsockname()[1])
    assert answer.outcome is Outcome.TIMED_OUT


async def test_one_connection_at_a_time_per_address_whoever_asks(door: Door) -> None:
    now, most, together = 0, 0, 0

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await reader.read(100)
        await asyncio.sleep(0.01)
        now -= 1  # before the client can see the end and come back
        writer.write(PAGE)

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal together
        await reader.read(100)
        together = max(together, now)
        await asyncio.sleep(0.03)
        writer.write(PAGE)

    async with serving(behaviour) as first, serving(behaviour) as second, serving(other, ip="127.0.0.10") as third:
        spellings = ["127.0.0.9", "::ffff:127.0.0.9", "::ffff:7f00:9", "127.0.0.9"]
        answers = await asyncio.gather(
            *(door.host(ip).http(port, REQUEST) for ip in spellings for port in (first, second)),
            *(door.host(ip).exchange(first, REQUEST) for ip in spellings),
            *(door.host("127.0.0.10").http(third, REQUEST) for _ in range(4)),
        )
    assert {answer.outcome for answer in answers} == {Outcome.ANSWERED}
    assert most == 1
    assert together == 1  # other devices do not wait


async def test_the_gap_between_connections_is_kept() -> None:
    async with Door(Scope(LOOPBACK), dataclasses.replace(PACE, gap=0.1)) as door, serving(says(PAGE)) as port:
        started = time.monotonic()
        for _ in range(4):
            await door.host("127.0.0.9").http(port, REQUEST)
        assert time.monotonic() - started >= 0.3


async def test_the_budget_of_a_device_lasts_for_the_whole_run() -> None:
    pace = dataclasses.replace(PACE, requests_per_device=2, connections_per_device=5)
    served = 0

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        await says(PAGE)(reader, writer)

    async with Door(Scope(LOOPBACK), pace) as door, serving(behaviour) as port:
        outcomes = [(await door.host("127.0.0.9").http(port, REQUEST)).outcome for _ in range(4)]
        assert outcomes == [Outcome.ANSWERED] * 2 + [Outcome.NOT_TRIED] * 2
        with socket.socket() as closed:
            closed.bind(("127.0.0.11", 0))
            shut = closed.getsockname()[1]
            refused = [(await door.host("127.0.0.11").reachable(shut)).outcome for _ in range(6)]
        assert refused == [Outcome.REFUSED] * 5 + [Outcome.NOT_TRIED]
    assert served == 2


async def test_connections_in_flight_are_bounded_over_all_devices() -> None:
    now, most = 0, 0

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await reader.read(100)
        await asyncio.sleep(0.01)
        now -= 1
        writer.write(PAGE)

    async with AsyncExitStack() as stack:
        door = await stack.enter_async_context(Door(Scope(LOOPBACK), dataclasses.replace(PACE, in_flight=3)))
        ports = {
            f"127.0.1.{n}": await stack.enter_async_context(serving(behaviour, f"127.0.1.{n}")) for n in range(1, 13)
        }
        await asyncio.gather(*(door.host(ip).http(port, REQUEST) for ip, port in ports.items()))
    assert most == 3


async def test_addresses_that_were_only_looked_at_leave_no_trace(door: Door) -> None:
    for n in range(1, 200):
        door.host(f"127.0.2.{n}")
    assert len(door._gates) == len(door._kept) == 0


async def test_cancelling_closes_the_connection_and_frees_the_address(door: Door) -> None:
    gone = asyncio.Event()

    async def behaviour(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(REQUEST))
        with pytest.raises(ConnectionResetError):
            await reader.read()
        gone.set()

    async with serving(behaviour) as port, serving(says(PAGE)) as fine:
        asking = asyncio.create_task(door.host("127.0.0.9").http(port, REQUEST))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await gone.wait()
        assert (await door.host("127.0.0.9").http(fine, REQUEST)).outcome is Outcome.ANSWERED


@pytest.mark.parametrize("secure", [False, True])
async def test_a_device_that_hangs_is_reset_and_not_left_half_open(door: Door, *, secure: bool) -> None:
    ends: list[str] = []

    async def behaviour(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(4096):
                pass
            ends.append("closed")
        except ConnectionResetError:
            ends.append("reset")

    async with serving(behaviour) as port:
        host = door.host("127.0.0.9")
        answer = await (host.certificate(port) if secure else host.http(port, REQUEST))
        await asyncio.sleep(0.05)
    assert (answer.outcome, answer.has_hung) == (Outcome.TIMED_OUT, True)
    assert ends == ["reset"]


async def test_a_slow_answer_is_awaited_and_is_not_a_hang() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        await asyncio.sleep(0.5)
        writer.write(PAGE)

    pace = dataclasses.replace(PACE, answer_timeout=1.0, read_timeout=0.2, reply_timeout=0.3, exchange_timeout=2.0)
    async with Door(Scope(LOOPBACK), pace) as door, serving(slow) as port:
        answer = await door.host("127.0.0.9").http(port, REQUEST)
    assert (answer.outcome, answer.payload, answer.has_hung) == (Outcome.ANSWERED, PAGE, False)


async def test_a_device_that_has_only_ever_hung_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = dataclasses.replace(PACE, answer_timeout=0.8, read_timeout=0.1, exchange_timeout=2.0)
    times, patience = [], []

    async def reading(
        connection: Connection, feed: Callable[[bytes], bool], allowed: Patience, deadline: float
    ) -> Ending:
        patience.append(allowed.first)
        return await read_reply(connection, feed, allowed, deadline)

    monkeypatch.setattr("camscan.net.conversation.read_reply", reading)
    async with Door(Scope(LOOPBACK), pace) as door, serving(silence) as port:
        for _ in range(3):
            began = time.monotonic()
            await door.host("127.0.0.9").exchange(port, REQUEST)
            times.append(time.monotonic() - began)
    assert times[0] >= 0.8
    assert patience == [0.8, 0.05, 0.05]


async def test_the_packets_of_a_connection_are_those_on_the_wire(door: Door) -> None:
    async with serving(says(PAGE)) as port:
        await door.host("127.0.0.9").http(port, REQUEST)
    # SYN, ACK, the request, FIN; the page and their FIN are acknowledged by it, or by one or two packets before.
    page = door.sent["packets"]
    assert page in {4, 5, 6}
    await door.host("127.0.0.9").reachable(port)
    assert door.sent["packets"] == page + 1  # refused: a SYN


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    for _ in range(300):
        writer.write(b"x")
        await asyncio.sleep(0.001)


async def pours(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


@pytest.mark.parametrize("behaviour", [drips, pours])
async def test_each_piece_that_a_device_sends_is_not_acknowledged_alone(behaviour: Behaviour) -> None:
    patient = dataclasses.replace(PACE, read_timeout=2.0, reply_timeout=5.0, exchange_timeout=5.0)
    async with Door(Scope(LOOPBACK), patient) as opened, serving(behaviour) as port:
        answer = await opened.host("127.0.0.9").exchange(port, REQUEST, limit=1 << 21)
        assert answer.payload.count(b"x") >= 300
        assert opened.sent["packets"] < 60  # one late acknowledgement for many pieces


async def test_where_the_system_counts_no_packets_each_piece_that_is_read_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A page of one packet costs what was reserved; a device that drips costs about as many as it sends (Windows)."""
    monkeypatch.setattr("camscan.net.system.traffic", lambda _sock: None)
    patient = dataclasses.replace(PACE, read_timeout=2.0, reply_timeout=5.0, exchange_timeout=5.0)
    async with Door(Scope(LOOPBACK), patient) as opened, serving(says(PAGE)) as page, serving(drips) as dripping:
        await opened.host("127.0.0.9").http(page, REQUEST)
        reserved = opened.sent["packets"]
        assert reserved == 1 + PACKETS_PER_CONVERSATION
        await opened.host("127.0.0.9").exchange(dripping, REQUEST, limit=1 << 21)
        assert 60 < opened.sent["packets"] - reserved < 400


async def test_who_pours_is_read_no_faster_than_the_pace_allows_to_acknowledge_it() -> None:
    """Segments of 1,448 bytes, as an Ethernet has them: a megabyte of them is acknowledged a few hundred times."""
    slow = dataclasses.replace(PACE.with_max_pps(100), read_timeout=2.0, reply_timeout=9.0, exchange_timeout=9.0)
    async with Door(Scope(LOOPBACK), slow) as opened, serving(pours) as port:
        began = time.monotonic()
        await opened.host("127.0.0.9").exchange(port, REQUEST, limit=1 << 21)
        assert opened.sent["packets"] <= 10 + 100 * (time.monotonic() - began)


@pytest.mark.parametrize("header", [b"Authorization: Basic YWRtaW46", b"authorization : x", b"Proxy-Authorization: x"])
async def test_no_request_carries_a_credential(door: Door, header: bytes) -> None:
    request = b"GET / HTTP/1.1\r\n" + header + b"\r\n\r\n"
    with pytest.raises(ValueError, match="credential"):
        await door.host("127.0.0.9").http(80, request)
    with pytest.raises(ValueError, match="credential"):
        await door.host("127.0.0.9").exchange(80, request)
    assert not door.sent


async def test_a_missing_interface_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no interface nonesuch"):
        Door(Scope(LOOPBACK), PACE, interface="nonesuch")


async def test_a_named_interface_is_the_source() -> None:
    sources = []

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sources.append(writer.get_extra_info("peername")[0])
        await says(PAGE)(reader, writer)

    async with Door(Scope(LOOPBACK), PACE, interface="lo") as door, serving(behaviour) as port:
        assert (await door.host("127.0.0.9").http(port, REQUEST)).outcome is Outcome.ANSWERED
    assert sources == ["127.0.0.1"]


# ── TLS ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
)
async def test_certificates_of_every_tls_version(door: Door, version: ssl.TLSVersion) -> None:
    async with serving(silence, context=server_context(PEM, version)) as port:
        answer = await door.host("127.0.0.9").certificate(port)
    lines = answer.payload.decode().splitlines()
    assert answer.outcome is Outcome.ANSWERED
    assert f"version={version.name.replace('_', '.')}" in lines
    assert f"sha256={hashlib.sha256(DER).hexdigest()}" in lines
    assert lines[0] == "subject=CN=www.hikvision.com,OU=DVRNVR,O=HIKVISION,L=HangZhou,ST=ZheJiang,C=CN"


async def test_certificate_of_a_server_that_openssl_cannot_speak_to(door: Door) -> None:
    """RC4 only, as on old recorders: OpenSSL offers none of its suites; the bare hello does."""
    hellos = []

    def record(kind: int, data: bytes) -> bytes:
        return bytes((kind, 3, 1)) + struct.pack(">H", len(data)) + data

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        header = await reader.readexactly(5)
        hello = await reader.readexactly(int.from_bytes(header[3:]))
        session = hello[38]
        suites = hello[41 + session : 41 + session + int.from_bytes(hello[39 + session : 41 + session])]
        offered = {bytes(suites[at : at + 2]) for at in range(0, len(suites), 2)}
        hellos.append(b"\x00\x05" in offered)
        if b"\x00\x05" not in offered:
            writer.write(record(21, b"\x02\x28"))
            return
        body = b"\x03\x01" + bytes(32) + b"\x00\x00\x05\x00"
        chain = len(DER).to_bytes(3) + DER
        certificate = b"\x0b" + (len(chain) + 3).to_bytes(3) + len(chain).to_bytes(3) + chain
        writer.write(record(22, b"\x02" + len(body).to_bytes(3) + body) + record(22, certificate))
        await writer.drain()
        await reader.read()

    async with serving(behaviour) as port:
        answer = await door.host("127.0.0.9").certificate(port)
    assert answer.outcome is Outcome.ANSWERED
    assert b"\nversion=TLSv1\n" in answer.payload
    assert hellos == [False, True]


async def test_the_bare_hello_is_understood_by_a_real_server(door: Door) -> None:
    context = server_context(PEM, ssl.TLSVersion.TLSv1_2, "AES128-SHA:@SECLEVEL=0")
    async with serving(silence, context=context) as port:
        answer = await door.host("127.0.0.9").exchange(port, client_hello())
    hello = Hello()
    assert (hello.feed(answer.payload), hello.version, hello.certificate) == (True, "TLSv1.2", DER)


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (says(PAGE), Outcome.NOT_SPOKEN),
        (silence, Outcome.TIMED_OUT),
        (says(b"\x15\x03\x01\x00\x02\x02\x28"), Outcome.CLOSED),
    ],
)
async def test_ports_without_a_certificate(door: Door, behaviour: Behaviour, outcome: Outcome) -> None:
    async with serving(behaviour) as port:
        assert (await door.host("127.0.0.9").certificate(port)).outcome is outcome


async def test_http_over_tls_is_found_out_and_remembered(door: Door) -> None:
    connections = 0

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await says(PAGE)(reader, writer)

    async with serving(behaviour, context=server_context(PEM)) as port:
        host = door.host("127.0.0.9")
        first, second = await host.http(port, REQUEST), await host.http(port, REQUEST)
    assert first.payload == second.payload == PAGE
    assert connections == 2  # handshakes that succeeded
    assert door.sent["connections"] == 3  # the first was in plain text, and led nowhere


async def test_plain_text_on_443_is_found_out() -> None:
    async with Door(Scope(LOOPBACK), PACE) as door:
        try:
            async with serving(says(PAGE), ip="127.9.9.9", port=443):
                answer = await door.host("127.9.9.9").http(443, REQUEST)
        except PermissionError:
            pytest.skip("port 443 needs a privilege that this machine does not give")
    assert (answer.outcome, answer.payload) == (Outcome.ANSWERED, PAGE)


async def test_a_server_that_complains_of_plain_text_is_asked_in_tls_once(door: Door) -> None:
    asked = []

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.read(4096))[:1])
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port")

    async with serving(behaviour) as port:
        await door.host("127.0.0.9").http(port, REQUEST)
    assert asked == [b"G", b"\x16"]


@pytest.fixture
def swallowed() -> Iterator[list[int]]:
    """Three ports of a unit on which no SYN is answered: nobody takes the connection that fills their queue."""
    with ExitStack() as stack:
        ports = []
        for _ in range(3):
            server = stack.enter_context(socket.create_server(("127.0.0.9", 0), backlog=0))
            stack.enter_context(socket.create_connection(server.getsockname()))
            ports.append(server.getsockname()[1])
        yield ports


async def test_behind_a_firewall_that_swallows_questions_each_port_costs_a_round_trip(swallowed: list[int]) -> None:
    pace = dataclasses.replace(PACE, connect_timeout=0.5, connect_least=0.5, connect_most=0.5, settle=0.1)
    took = []
    async with Door(Scope(LOOPBACK), pace) as door, serving(silence) as open_port:
        host = door.host("127.0.0.9")
        assert (await host.reachable(open_port)).outcome is Outcome.ANSWERED
        for port in swallowed:
            began = time.monotonic()
            assert (await host.reachable(port)).outcome is Outcome.TIMED_OUT
            took.append(time.monotonic() - began)
    assert min(took[:2]) >= 0.5  # two ports: one SYN and its repetition may both be lost
    assert took[2] < 0.4
