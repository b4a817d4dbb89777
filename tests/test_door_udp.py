"""UDP through the door: readers that drain, groups, broadcasts, ICMP errors. Loopback only."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import ipaddress
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from camscan import net
from camscan.model import Outcome
from camscan.net.door import Door
from camscan.net.interface import Interface
from camscan.net.pace import FAST, GENTLE, Pace
from camscan.net.scope import Scope
from camscan.net.system.windows import sockets as windows_sockets

SCOPE = Scope((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))
GROUP = "239.255.255.250"


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with Door(SCOPE, FAST) as opened:
        yield opened


@pytest.fixture
def loopback(door: Door) -> Interface:
    return next(one for one in door.interfaces if one.loopback)


@contextmanager
def device(ip: str, port: int = 0, group: str = "") -> Iterator[socket.socket]:
    """A device's socket, in the group where one is named."""
    with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((group or ip, port))
        if group:
            request = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
        sock.settimeout(5)
        yield sock


async def until(condition: Callable[[], bool]) -> None:
    """Wait as long as it takes, within reason."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the condition is a list that callbacks fill
            await asyncio.sleep(0.005)


Replies = list[tuple[bytes, str, int]]


def keeping(replies: Replies) -> Callable[[bytes, str, int], None]:
    return lambda payload, ip, port: replies.append((payload, ip, port))


@pytest.mark.parametrize("ip", ["127.0.3.1", "::1"])
async def test_question_and_answer(door: Door, ip: str) -> None:
    replies: Replies = []
    with device(ip) as camera:
        port = camera.getsockname()[1]
        async with door.datagrams(keeping(replies)) as asking:
            assert await asking.send(b"inquiry", ip, port) is None
            question, address, *_ = camera.recvfrom(100)
            camera.sendto(b"answer", (address, *_) if isinstance(address, str) else address)
            await until(lambda: bool(replies))
    assert question == b"inquiry"
    assert replies == [(b"answer", ip, port)]
    assert door.sent == {"packets": 1, "datagrams": 1, "bytes": 7}


async def test_answers_from_another_port_and_address_are_heard(door: Door) -> None:
    replies: Replies = []
    with device("127.0.3.1") as camera, device("127.0.3.2") as second:
        async with door.datagrams(keeping(replies)) as asking:
            await asking.send(b"x", "127.0.3.1", camera.getsockname()[1])
            asker = camera.recvfrom(100)[1]
            second.sendto(b"", asker)
            second.sendto(b"z" * 60000, asker)
            await until(lambda: len(replies) >= 2)
    assert [(len(payload), ip) for payload, ip, _ in replies] == [(0, "127.0.3.2"), (60000, "127.0.3.2")]


async def test_a_burst_is_drained(door: Door) -> None:
    """asyncio's own endpoint reads one datagram per turn of the loop; this reader empties the socket."""
    replies: Replies = []
    turns = 0
    with device("127.0.3.1") as camera:
        async with door.datagrams(keeping(replies)) as asking:
            await asking.send(b"x", "127.0.3.1", camera.getsockname()[1])
            asker = camera.recvfrom(100)[1]
            for number in range(200):
                camera.sendto(struct.pack(">I", number), asker)
            while len(replies) < 200:
                await asyncio.sleep(0)
                turns += 1
    assert [struct.unpack(">I", payload)[0] for payload, _, _ in replies] == list(range(200))
    assert turns < 20


@pytest.mark.parametrize(("option", "wanted"), [(socket.SO_RCVBUF, 1 << 25), (socket.SO_SNDBUF, 1 << 21)])
async def test_the_buffers_are_asked_to_be_large(option: int, wanted: int, door: Door) -> None:
    with device("127.0.3.1") as camera, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        async with door.datagrams(lambda *_: None) as asking:
            await asking.send(b"x", "127.0.3.1", camera.getsockname()[1])
            (sock,) = asking._sockets.values()
            size = sock.getsockopt(socket.SOL_SOCKET, option)
        plain.setsockopt(socket.SOL_SOCKET, option, wanted)
        assert size >= plain.getsockopt(socket.SOL_SOCKET, option)


async def test_a_closed_port_is_reported_and_disturbs_no_other_question(door: Door) -> None:
    replies: Replies = []
    errors: list[tuple[str, int, Outcome]] = []
    with device("127.0.3.1") as camera, device("127.0.3.2") as gone:
        port, shut = camera.getsockname()[1], gone.getsockname()[1]
        gone.close()
        async with door.datagrams(keeping(replies), lambda *error: errors.append(error)) as asking:
            for _ in range(20):
                assert await asking.send(b"x", "127.0.3.2", shut) is None
                assert await asking.send(b"x", "127.0.3.1", port) is None
            for _ in range(20):
                camera.sendto(b"y", camera.recvfrom(100)[1])
            await until(lambda: len(replies) >= 20 and len(errors) >= 1)
    assert set(errors) == {("127.0.3.2", shut, Outcome.REFUSED)}


class Refusing(socket.socket):
    """As Windows' sockets are: what was sent before was refused, which the next one is told instead of being sent."""

    refusals = 1

    def sendto(self, *arguments: Any) -> int:
        if Refusing.refusals:
            Refusing.refusals -= 1
            raise ConnectionResetError(errno.ECONNRESET, "An existing connection was forcibly closed")
        return super().sendto(*arguments)


@pytest.mark.parametrize(("refusals", "outcome"), [(1, None), (8, None), (9, Outcome.REFUSED)])
async def test_the_refusal_of_an_earlier_question_is_not_taken_for_this_ones(
    door: Door, monkeypatch: pytest.MonkeyPatch, refusals: int, outcome: Outcome | None
) -> None:
    monkeypatch.setattr(net.system, "is_of_earlier", windows_sockets.is_of_earlier)
    monkeypatch.setattr(socket, "socket", Refusing)
    Refusing.refusals = refusals
    async with door.datagrams(lambda *_: None) as asking:
        assert await asking.send(b"x", "127.0.3.1", 9) is outcome


async def test_multicast_question_is_answered_to_the_asker(door: Door, loopback: Interface) -> None:
    replies: Replies = []
    with device("127.0.3.1", group=GROUP) as camera, device("127.0.3.1") as sender:
        port = camera.getsockname()[1]  # a port of its own: other tests' estates listen on the real ones
        answering = sender.getsockname()
        async with door.datagrams(keeping(replies)) as asking:
            assert await asking.multicast(b"probe", GROUP, port, loopback) is None
            question, asker = camera.recvfrom(100)
            sender.sendto(b"answer", asker)
            await until(lambda: bool(replies))
    assert (question, asker[0]) == (b"probe", "127.0.0.1")
    assert replies == [(b"answer", *answering)]


async def test_the_group_is_heard_and_our_own_question_is_not(door: Door, loopback: Interface) -> None:
    replies: Replies = []
    with device("127.0.3.1") as camera, device("", group=GROUP) as one, device("", group=GROUP) as two:
        ports = [one.getsockname()[1], two.getsockname()[1]]
        camera.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        async with door.datagrams(keeping(replies)) as asking:
            assert asking.join(loopback, [(GROUP, ports[0]), (GROUP, ports[1]), (GROUP, ports[0])]) == []
            assert await asking.multicast(b"ours", GROUP, ports[0], loopback) is None
            camera.sendto(b"hello", (GROUP, ports[0]))
            camera.sendto(b"other port", (GROUP, ports[1]))
            await until(lambda: len(replies) >= 2)
    assert {(payload, ip) for payload, ip, _ in replies} == {(b"hello", "127.0.3.1"), (b"other port", "127.0.3.1")}


async def test_listening_shares_the_port_with_other_programs(door: Door, loopback: Interface) -> None:
    with ExitStack() as stack:
        port = stack.enter_context(device("", group=GROUP)).getsockname()[1]
        stack.enter_context(device("", port, GROUP))
        async with door.datagrams(lambda *_: None) as one, door.datagrams(lambda *_: None) as two:
            assert one.join(loopback, [(GROUP, port)]) == two.join(loopback, [(GROUP, port)]) == []


async def test_what_cannot_be_heard_is_reported(door: Door, loopback: Interface) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as greedy:
        greedy.bind((GROUP, 0))
        port = greedy.getsockname()[1]
        async with door.datagrams(lambda *_: None) as asking:
            notes = asking.join(loopback, [(GROUP, port), ("239.1.1.1", 5)])
    assert notes[0] == f"{GROUP} port {port} on lo: address already in use"
    assert "239.1.1.1 port 5 on lo" in notes[1]


async def test_multicast_stays_on_the_link(door: Door, loopback: Interface) -> None:
    async with door.datagrams(lambda *_: None) as asking:
        await asking.multicast(b"probe", GROUP, 9, loopback)
        (sock,) = asking._sockets.values()
        assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 1


async def test_broadcast_reaches_the_subnet(door: Door, loopback: Interface) -> None:
    replies: Replies = []
    with device("0.0.0.0") as camera:
        port = camera.getsockname()[1]
        async with door.datagrams(keeping(replies)) as asking:
            assert await asking.broadcast(b"question", port, loopback) is None
            question, asker = camera.recvfrom(100)
            camera.sendto(b"answer", asker)
            await until(lambda: bool(replies))
    assert (question, replies[0][0]) == (b"question", b"answer")


@pytest.mark.parametrize("wanted", [["127.0.4.0/24"], ["127.0.3.0/24", "127.0.4.0/24"]])
async def test_each_subnet_of_a_link_is_asked_from_our_address_on_it(wanted: list[str], loopback: Interface) -> None:
    addresses = ("127.0.3.1/24", "127.0.4.1/24")
    both = dataclasses.replace(loopback, addresses=tuple(ipaddress.ip_interface(text) for text in addresses))
    homes = {text.replace("0/24", "1") for text in wanted}
    scope = Scope(tuple(ipaddress.ip_network(text) for text in wanted))
    with device("", group=GROUP) as member, device("0.0.0.0") as camera:
        async with Door(scope, FAST) as door, door.datagrams(lambda *_: None) as asking:
            assert await asking.multicast(b"question", GROUP, member.getsockname()[1], both) is None
            assert {member.recvfrom(100)[1][0] for _ in homes} == homes
            assert await asking.broadcast(b"question", camera.getsockname()[1], both) is None
            assert {camera.recvfrom(100)[1][0] for _ in range(2 * len(homes) if len(homes) > 1 else 1)} == homes
        camera.setblocking(False)
        with pytest.raises(BlockingIOError):  # 255.255.255.255 would reach the other subnet too
            camera.recvfrom(100)


async def test_a_sender_out_of_scope_is_heard_and_nothing_can_be_sent_to_it() -> None:
    replies: Replies = []
    scope = Scope((ipaddress.ip_network("127.0.3.0/30"),))
    with device("127.0.3.1") as camera, device("127.0.9.9") as stranger:
        async with asyncio.timeout(10), Door(scope, FAST) as door, door.datagrams(keeping(replies)) as asking:
            await asking.send(b"x", "127.0.3.1", camera.getsockname()[1])
            stranger.sendto(b"factory address", camera.recvfrom(100)[1])
            await until(lambda: bool(replies))
            assert not door.scope.allows(replies[0][1])
            assert await asking.send(b"x", *replies[0][1:]) is Outcome.OUT_OF_SCOPE


async def test_datagrams_keep_to_their_own_rate_and_to_the_packets_of_all() -> None:
    pace = dataclasses.replace(FAST, datagrams=200.0, packets=100.0)
    with device("127.0.3.1") as camera:
        async with Door(SCOPE, pace) as door, door.datagrams(lambda *_: None) as asking:
            loop = asyncio.get_running_loop()
            started = loop.time()
            for _ in range(40):
                await asking.send(b"x", "127.0.3.1", camera.getsockname()[1])
            assert loop.time() - started >= 39 / 100 - 0.05  # never faster


async def test_a_closed_port_reads_no_more(door: Door) -> None:
    replies: Replies = []
    with device("127.0.3.1") as camera:
        async with door.datagrams(keeping(replies)) as asking:
            await asking.send(b"x", "127.0.3.1", camera.getsockname()[1])
            asker = camera.recvfrom(100)[1]
        camera.sendto(b"late", asker)
        await asyncio.sleep(0.05)
    assert replies == []


async def test_at_a_slow_pace_answers_gather_before_they_are_read() -> None:
    replies: Replies = []
    read_on: list[Callable[[], None]] = []
    async with Door(SCOPE, GENTLE) as door:
        with device("127.0.3.1") as camera:
            async with door.datagrams(keeping(replies)) as asking:
                asking.pause = read_on.append
                await asking.send(b"x", "127.0.3.1", camera.getsockname()[1])
                asker = camera.recvfrom(100)[1]
                camera.sendto(b"first", asker)
                await until(lambda: len(replies) == 1)
                for payload in (b"second", b"third"):
                    camera.sendto(payload, asker)
                await asyncio.sleep(0.05)
                assert len(replies) == len(read_on) == 1
                read_on.pop()()
                await until(lambda: len(replies) == 3)
            camera.sendto(b"late", asker)
            read_on.pop()()  # it ends after the end
            await asyncio.sleep(0.05)
    assert [payload for payload, _, _ in replies] == [b"first", b"second", b"third"]


@pytest.mark.skipif(net.system.READS_AHEAD, reason="here no datagram may be left unread")
@pytest.mark.parametrize(("pace", "pauses"), [(GENTLE, True), (FAST, False)])
async def test_reading_goes_on_after_each_pause(pace: Pace, *, pauses: bool) -> None:
    replies: Replies = []
    async with Door(SCOPE, pace) as door:
        with device("127.0.3.1") as camera:
            async with door.datagrams(keeping(replies)) as asking:
                assert (asking.pause is not None) == pauses
                await asking.send(b"x", "127.0.3.1", camera.getsockname()[1])
                asker = camera.recvfrom(100)[1]
                for number in range(3):
                    camera.sendto(b"answer", asker)
                    began = asyncio.get_running_loop().time()
                    await until(lambda seen=number: len(replies) > seen)  # type: ignore[misc]
                    assert asyncio.get_running_loop().time() - began < 0.5


async def test_a_full_neighbour_table_delays_and_loses_nothing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel answers ENOBUFS while its table is full; it empties after some seconds."""
    refusals = [errno.ENOBUFS, errno.EAGAIN, errno.ENOBUFS]
    sendto = socket.socket.sendto

    def full(sock: socket.socket, payload: bytes, address: tuple[str, int]) -> int:
        if refusals:
            raise OSError(refusals.pop(), "full")
        return sendto(sock, payload, address)

    with device("127.0.3.1") as camera:
        async with door.datagrams(lambda *_: None) as asking:
            monkeypatch.setattr(socket.socket, "sendto", full)
            assert await asking.send(b"x", "127.0.3.1", camera.getsockname()[1]) is None
            monkeypatch.undo()
        assert camera.recvfrom(100)[0] == b"x"
    assert not refusals


async def test_an_address_answers_to_a_port_of_its_own(door: Door) -> None:
    replies: Replies = []
    with device("127.0.0.9") as unit, device("127.0.0.10") as forger:
        port = unit.getsockname()[1]

        def answer() -> None:
            question, asker = unit.recvfrom(4096)
            forger.sendto(b"forged", asker)
            unit.sendto(question + b"!", asker)

        async with door.datagrams(keeping(replies)) as asking:
            answering = asyncio.create_task(asyncio.to_thread(answer))
            assert await asking.ask_apart(b"who", "127.0.0.9", port, 5) == [(b"who!", port)]
            await answering
    assert replies == []


async def test_an_address_that_is_silent_or_out_of_scope_answers_nothing(door: Door) -> None:
    with device("127.0.0.9") as unit:
        port = unit.getsockname()[1]
        async with door.datagrams(lambda *_: None) as asking:
            assert not await asking.ask_apart(b"who", "127.0.0.9", port, 0.05)
            assert not await asking.ask_apart(b"who", "10.0.0.9", port, 0.05)
            assert unit.recv(100) == b"who"
            unit.settimeout(0.05)
            with pytest.raises(TimeoutError):
                unit.recv(100)
