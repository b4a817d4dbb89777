"""Peers that never stop sending: a conversation ends, reads no more than it may, and others get their turn.

They send from threads of their own, so that bytes always wait: nothing but the reader's own turns lets others go on.
"""

from __future__ import annotations

import asyncio
import dataclasses
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine

import pytest
from certificates import make, server_context
from peers import HELLO_REQUEST, OK, Peer, Talk, drips, peer, pours

from camscan.model import Outcome
from camscan.net import tcp
from camscan.net.door import Door
from camscan.net.host import Answer
from camscan.net.pace import FAST
from camscan.net.ration import Ration
from camscan.net.scope import Scope

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
PACE = dataclasses.replace(FAST, gap=0.0, read_timeout=2.0, reply_timeout=2.0, exchange_timeout=20.0)
REQUEST = b"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"
IP = "127.0.0.9"
PROMPT = 4
"""Reads that a conversation may make before it lets others go on: the first few, of a reply that is at hand."""
DER, PEM = make()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with Door(Scope(LOOPBACK), PACE) as opened:
        yield opened


@dataclasses.dataclass
class Turns:
    """What a conversation read while others waited for their turn."""

    reads: int = 0
    at_a_stretch: int = 0
    """The most reads between two turns of others."""


async def beside_others(talk: Coroutine[None, None, Answer], piece: int = 16384) -> tuple[Answer, Turns]:
    """The answer of a conversation that runs beside another task, which wants every turn.

    Of what waits, ``piece`` bytes at most are given to one read: so a busy machine, on which more bytes wait, makes no
    difference to how often it reads.
    """
    loop, turns, since = asyncio.get_running_loop(), Turns(), 0
    receive = loop.sock_recv

    async def counted(connection: socket.socket, size: int) -> bytes:
        nonlocal since
        since += 1
        turns.reads += 1
        turns.at_a_stretch = max(turns.at_a_stretch, since)
        return await receive(connection, min(size, piece))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "sock_recv", counted)
        conversation = asyncio.create_task(talk)
        while not conversation.done():
            await asyncio.sleep(0)
            since = 0
    return await conversation, turns


HANDSHAKES = {
    "HelloRequest for ever": HELLO_REQUEST,
    "several in one record": b"\x16\x03\x03\x00\x40" + bytes(64),
    "records without content": b"\x16\x03\x03\x00\x00",
    "records of TLS 1.0 without content": b"\x16\x03\x01\x00\x00",
    "warnings for ever": b"\x15\x03\x03\x00\x02\x01\x00",
    "a ServerHello that never ends": b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + bytes(16380),
}


@pytest.mark.parametrize("what", HANDSHAKES)
async def test_a_handshake_without_end_ends(door: Door, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "_PAUSE", 0)  # hundreds of reads
    with peer(pours(HANDSHAKES[what])) as other:
        answer, turns = await beside_others(door.host(IP).certificate(other.port), piece=2048)
    assert turns.at_a_stretch <= PROMPT
    if what == "warnings for ever":  # the first is an answer: it speaks TLS, and not with us
        assert (answer.outcome, answer.payload, answer.is_cut_off) == (Outcome.CLOSED, b"", False)
    else:  # so that the device stands in the report, with its port and how it began
        assert (answer.outcome, answer.is_cut_off) == (Outcome.MALFORMED, True)
        assert 100 < len(answer.payload) <= 1024
        assert turns.reads > 30  # so that it would show
        assert (HANDSHAKES[what] * 300).startswith(answer.payload)
        assert answer.detail in {"cut off: it sends without end", "cut off: a TLS handshake without end or certificate"}


REPLIES = {
    "interim replies": (pours(b"HTTP/1.1 100 Continue\r\n\r\n"), 1),
    "interim replies, one by one": (drips(b"HTTP/1.1 100 Continue\r\n\r\n"), 1),
    "header lines": (pours(b"X: y\r\n", OK), 65536),
    "a header line in single bytes": (drips(b"x", OK + b"X: "), 100),
    "header lines in single bytes": (drips(b"\n", OK + b"X: "), 20),
    "blanks in single bytes": (drips(b" "), 0),
    "NULs in single bytes": (drips(b"\0"), 0),
    "chunks of one byte": (pours(b"1\r\na\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n"), 10_000),
    "chunks of one byte, one by one": (drips(b"1\r\na\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n"), 50),
    "line ends between chunks": (pours(b"\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n"), 0),
    "chunk extensions": (pours(b"1;" + b"x" * 250 + b"\r\na\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n"), 100),
    "a body": (pours(b"x", OK + b"\r\n"), 65536),
    "no message, then single bytes": (drips(b"x", b"SSH-2.0-x\r\n\r\n"), 12),
    "a page in single bytes": (drips(b"<", b"<html>"), 50),
}


@pytest.mark.parametrize("what", REPLIES)
async def test_a_reply_without_end_ends(door: Door, what: str) -> None:
    talk, least = REPLIES[what]
    with peer(talk) as other:
        answer, turns = await beside_others(door.host(IP).http(other.port, REQUEST), piece=4096)
    assert answer.outcome is Outcome.ANSWERED
    assert least <= len(answer.payload) <= 65536
    assert answer.is_cut_off
    assert turns.reads > 10  # so that it would show
    assert turns.at_a_stretch <= PROMPT


@pytest.mark.parametrize("until", [b"", b"\r\n\r\n"])
async def test_an_exchange_without_end_ends(door: Door, until: bytes) -> None:
    with peer(drips(b"\r", b"RTSP/1.0 200 OK\r\n")) as other:
        answer = await door.host(IP).exchange(other.port, b"OPTIONS * RTSP/1.0\r\n\r\n", until=until, limit=16384)
    assert (answer.outcome, answer.is_cut_off) == (Outcome.ANSWERED, True)
    assert 16 < len(answer.payload) <= 16384


def speaks_tls(pem: bytes, version: ssl.TLSVersion, then: Callable[[ssl.SSLSocket, Peer], None], tickets: int) -> Talk:
    context = server_context(pem, version)
    context.num_tickets = tickets

    def talk(connection: socket.socket, other: Peer) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(4096)
            then(secure, other)

    return talk


@pytest.mark.parametrize(
    ("version", "tickets"), [(ssl.TLSVersion.TLSv1_2, 0), (ssl.TLSVersion.TLSv1_3, 0), (ssl.TLSVersion.TLSv1_3, 30_000)]
)
@pytest.mark.slow
async def test_tls_of_single_bytes_and_of_tickets_without_end_ends(
    door: Door, version: ssl.TLSVersion, tickets: int
) -> None:
    def single(secure: ssl.SSLSocket, other: Peer) -> None:
        other.pour(secure, b"x")

    with peer(speaks_tls(PEM, version, single, tickets)) as other:
        host = door.host(IP)
        host.gate.tls[other.port] = True
        answer, turns = await beside_others(host.http(other.port, REQUEST))
    assert turns.reads > 10
    assert turns.at_a_stretch <= PROMPT
    assert answer.has_hung
    assert answer.is_cut_off
    assert 0 < len(answer.payload) <= 65536


@pytest.mark.parametrize("what", HANDSHAKES)
async def test_whatever_a_peer_sends_a_conversation_can_be_cancelled(door: Door, what: str) -> None:
    with peer(pours(HANDSHAKES[what])) as other:
        conversation = asyncio.create_task(door.host(IP).certificate(other.port))
        for _ in range(5):
            await asyncio.sleep(0)
        conversation.cancel()
        with pytest.raises(asyncio.CancelledError):
            await conversation


async def test_one_that_floods_with_datagrams_is_read_up_to_its_ration_and_others_are_heard(door: Door) -> None:
    heard: list[str] = []
    port = door.datagrams(lambda _payload, ip, _port: heard.append(ip))
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as honest,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood,
    ):
        honest.bind(("127.0.0.10", 0))
        flood.bind((IP, 0))
        await port.send(b"?", "127.0.0.10", honest.getsockname()[1])
        _, asker = honest.recvfrom(16)
        for turn in range(40):
            for _ in range(4):
                flood.sendto(bytes(16_000), ("127.0.0.1", asker[1]))
            if turn == 39:
                honest.sendto(b"!", ("127.0.0.1", asker[1]))
            for _ in range(10_000):
                if sum(port.ration.unread.values()) + len(heard) == 4 * (turn + 1) + (turn == 39):
                    break
                await asyncio.sleep(0)
    assert heard[-1] == "127.0.0.10"
    assert 65 <= heard.count(IP) < 100
    assert port.ration.unread == {IP: 160 - heard.count(IP)}


def test_a_ration_comes_back_and_forged_senders_fill_no_memory() -> None:
    ration = Ration()
    assert [ration.allows("a", 300_000, 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert ration.allows("b", 300_000, 0.0)
    assert not ration.allows("a", 300_000, 0.5)
    assert ration.allows("a", 300_000, 3.0)
    assert sum(ration.allows("c", 0, 0.0) for _ in range(5000)) == 2048
    for number in range(200_000):
        ration.allows(str(number), 100, 4.0)
    assert len(ration._left) <= 65536
    assert ration.unread == {"a": 3, "c": 5000 - 2048}
