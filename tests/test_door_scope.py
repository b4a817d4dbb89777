"""No packet leaves for an address out of scope: every way of sending, watched at the socket."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from camscan.model import Outcome
from camscan.net.door import Door
from camscan.net.interface import Interface
from camscan.net.pace import FAST
from camscan.net.scope import Scope
from camscan.net.span import Network

INSIDE = "127.7.0.1"
SCOPE = Scope((ipaddress.ip_network("127.7.0.0/24"),), excluded=(ipaddress.ip_network("127.7.0.66/32"),))
OUTSIDE = [
    "127.7.1.1",
    "127.7.0.66",
    "::ffff:127.7.1.1",
    "::ffff:127.7.0.66",
    "::1",
    "8.8.8.8",
    "::ffff:8.8.8.8",
    "255.255.255.255",
    "127.255.255.255",
    "239.255.255.250",
    "ff02::c",
    "ff02::c%lo",
    "fe80::1%lo",
    "0.0.0.0",
    "localhost",
    "127.1",
    "",
]
SENDERS = ("connect", "connect_ex", "sendto", "sendmsg")
LOOPBACK = Interface("lo", 1, (ipaddress.ip_interface("127.0.0.1/8"), ipaddress.ip_interface("::1/128")))


@pytest.fixture
def destinations(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Every destination that any socket of this process was given."""
    seen: list[Any] = []

    def spy(original: Callable[..., Any], name: str) -> Callable[..., Any]:
        def method(sock: socket.socket, *args: Any) -> Any:
            if sock.family in {socket.AF_INET, socket.AF_INET6}:
                seen.append(args[-1] if name != "sendmsg" else args[3])
            return original(sock, *args)

        return method

    for name in SENDERS:
        monkeypatch.setattr(socket.socket, name, spy(getattr(socket.socket, name), name))
    yield seen
    monkeypatch.undo()


@pytest.mark.parametrize("ip", OUTSIDE)
async def test_no_way_of_sending_leaves_the_scope(ip: str, destinations: list[Any]) -> None:
    async with asyncio.timeout(10), Door(SCOPE, FAST) as door, door.datagrams(lambda *_: None) as port:
        host = door.host(ip)
        answers = [
            await host.reachable(80),
            await host.exchange(554, b"OPTIONS"),
            await host.http(80, b"GET / HTTP/1.0\r\n\r\n"),
            await host.http(443, b"GET / HTTP/1.0\r\n\r\n"),
            await host.certificate(443),
        ]
        outcomes = {answer.outcome for answer in answers} | {await port.send(b"x", ip, 37020)}
    assert outcomes == {Outcome.OUT_OF_SCOPE}
    assert destinations == []
    assert not door.sent


async def test_the_spy_sees_what_is_in_scope(destinations: list[Any]) -> None:
    async with asyncio.timeout(10), Door(SCOPE, FAST) as door, door.datagrams(lambda *_: None) as port:
        assert await port.send(b"x", INSIDE, 9) is None
        assert await port.send(b"x", f"::ffff:{INSIDE}", 9) is None
        assert (await door.host(f"::ffff:{INSIDE}").reachable(9)).outcome is Outcome.REFUSED
        assert await port.multicast(b"x", "239.255.255.250", 9, LOOPBACK) is Outcome.OUT_OF_SCOPE  # one is excluded
    assert set(destinations) == {(INSIDE, 9)}
    assert len(destinations) >= 3  # more where an ICMP error made the system refuse one, and it was sent again


def allowing(*inside: str, excluded: tuple[str, ...] = ()) -> Scope:
    def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
        return tuple(ipaddress.ip_network(text) for text in texts)

    return Scope(networks(inside), excluded=networks(excluded))


@pytest.mark.parametrize(
    ("scope", "group", "left"),
    [
        (allowing("127.7.0.0/24"), "239.255.255.250", True),
        (allowing("127.7.0.0/24"), "239.255.255.251", True),
        (allowing("127.7.0.0/24"), "224.0.0.251", True),
        (allowing("127.7.0.0/24"), "224.0.0.5", False),
        (allowing("127.7.0.0/24"), "239.1.1.1", False),
        (allowing("127.7.0.0/24"), INSIDE, False),
        (allowing("127.7.0.0/24"), "ff05::c", False),
        (allowing("10.1.2.0/24"), "239.255.255.250", False),
        (allowing("127.7.0.0/24", excluded=("127.9.9.9/32",)), "239.255.255.250", False),
        (allowing("127.7.0.0/24", excluded=("10.0.0.0/8",)), "239.255.255.250", True),
    ],
)
async def test_multicast_goes_to_discovery_groups_on_links_in_scope(
    scope: Scope, group: str, left: bool, destinations: list[Any]
) -> None:
    async with asyncio.timeout(10), Door(scope, FAST) as door, door.datagrams(lambda *_: None) as port:
        outcome = await port.multicast(b"x", group, 9, LOOPBACK)
    assert (outcome is None) is left
    assert destinations == ([(group, 9)] if left else [])


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        (allowing("127.0.0.0/8"), True),
        (allowing("127.7.0.0/24"), False),
        (allowing("127.0.0.0/8", excluded=("127.9.9.9/32",)), False),
        (allowing("10.0.0.0/8"), False),
    ],
)
async def test_broadcast_needs_the_whole_subnet_in_scope(scope: Scope, left: bool, destinations: list[Any]) -> None:
    async with asyncio.timeout(10), Door(scope, FAST) as door, door.datagrams(lambda *_: None) as port:
        outcome = await port.broadcast(b"x", 9, LOOPBACK)
    assert (outcome is None) is left
    assert destinations == ([("127.255.255.255", 9), ("255.255.255.255", 9)] if left else [])


async def test_a_broadcast_address_is_not_unicast_destination() -> None:
    async with Door(allowing("127.0.0.0/8"), FAST) as door, door.datagrams(lambda *_: None) as port:
        assert await port.send(b"x", "127.255.255.255", 9) is Outcome.UNREACHABLE
