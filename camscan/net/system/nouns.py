"""What Linux and Windows both say of networks, in the same words."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from camscan.dataclass import dataclass
from camscan.net.span import Span

InterfaceAddress = ipaddress.IPv4Interface | ipaddress.IPv6Interface
Datagram = tuple[bytes, Any]
"""Payload and sender, as ``socket.recvfrom`` gives them: two members of IPv4, four of IPv6."""
Drain = Callable[[Datagram | None], None]
"""Called when a socket has something to read; with a datagram where the system has read that one already."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One network interface, as the system lists it."""

    name: str
    """As people know it, and name it with ``--interface``: ``eth0``, ``Wi-Fi``."""
    index: int
    addresses: tuple[InterfaceAddress, ...]
    resolves: bool
    """Whether it asks for the MAC of a neighbour before it sends: a tunnel does not."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way out; ``gateway`` is empty if the destination is attached."""

    interface: str
    gateway: str
    span: Span
    """Destination."""
    prefix: int
    metric: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One entry of the table of neighbours."""

    mac: str
    """Lower case, colons."""
    confirmed: float | None
    """Seconds since the neighbour last answered ARP, or a connection to it went on; infinite where that was fixed.

    None if the system keeps no such time (Windows).
    """
    assumed: bool = False
    """Whether the system takes the entry for true and does not ask: for up to 45 seconds after an answer, or fixed."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a packet starts: address and device of the chosen interface, empty if the system may choose."""

    address: str = ""
    device: str = ""
    zone: int = 0
    """Interface index, for link-local IPv6."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One ICMP error that came back."""

    ip: str = ""
    """To whom the packet was that was refused; empty on a connection, which has one peer."""
    port: int = 0
    number: int = 0
    """Of errno; 0 if the system says that something was refused, and not what."""
    is_prohibited: bool = False
    """Whether a firewall or an overrun router says so, and not the peer or the want of a way to it."""
    sender: bytes = b""
    """Who sent the error: the bytes of an address; empty if that is not known."""

    def is_of_another(self, ip: str) -> bool:
        """Whether somebody else than the address sent it."""
        return bool(self.sender) and self.sender != ipaddress.ip_address(ip.partition("%")[0]).packed


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the system counted of one connection."""

    sent: int
    """Packets, so far."""
    repeated: int
    round_trip: float
    """Seconds; 0 if it was not measured."""
    is_over: bool
    """Still connecting, or closed already: closing it sends nothing."""
    is_established: bool
    has_spoken: bool
    """Whether its round trip was measured: established, or closed by the peer."""
