"""What Linux and Windows both report about networks, as the same nouns."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from camscan.dataclass import dataclass
from camscan.net.span import Span

InterfaceAddress = ipaddress.IPv4Interface | ipaddress.IPv6Interface
Datagram = tuple[bytes, Any]
"""Payload and sender, as ``socket.recvfrom`` returns them: two members for IPv4, four for IPv6."""
Drain = Callable[[Datagram | None], None]
"""Called when a socket has something to read; with a datagram if the system has already read it."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One network interface, as the system lists it."""

    name: str
    """The name that people know, and give to ``--interface``: ``eth0``, ``Wi-Fi``."""
    index: int
    addresses: tuple[InterfaceAddress, ...]
    resolves: bool
    """Whether it asks for the MAC of a neighbour before it sends; a tunnel does not."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route; ``gateway`` is empty if the destination is attached."""

    interface: str
    gateway: str
    span: Span
    """The destination."""
    prefix: int
    metric: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One entry of the table of neighbours."""

    mac: str
    """In lower case, with colons."""
    confirmed: float | None
    """Seconds since the neighbour last answered ARP, or a connection to it went on; infinite if an administrator fixed
    it.

    None if the system does not keep such a time (Windows).
    """
    assumed: bool = False
    """Whether the system trusts the entry and does not ask: for up to 45 seconds after an answer, or because it is
    fixed."""


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a packet: address and device of the chosen interface; empty if the system may choose."""

    address: str = ""
    device: str = ""
    zone: int = 0
    """Interface index, for link-local IPv6."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One ICMP error that came back."""

    ip: str = ""
    """The address of the packet that was refused; empty on a connection, which has one peer."""
    port: int = 0
    number: int = 0
    """Number of errno; 0 if the system says only that something was refused."""
    is_prohibited: bool = False
    """Whether a firewall or an overrun router refused, and not the peer or a router without a route."""
    sender: bytes = b""
    """The sender of the error, as the bytes of an address; empty if it is not known."""

    def is_of_another(self, ip: str) -> bool:
        """Whether another address than ``ip`` sent the error."""
        return bool(self.sender) and self.sender != ipaddress.ip_address(ip.partition("%")[0]).packed


@dataclass(frozen=True, slots=True)
class Traffic:
    """The system's counts for one connection."""

    sent: int
    """Packets so far."""
    repeated: int
    round_trip: float
    """Seconds; 0 if it was not measured."""
    is_over: bool
    """Whether it is still connecting, or already closed: closing it sends nothing."""
    is_established: bool
    has_spoken: bool
    """Whether its round trip was measured: it is established, or was closed by the peer."""
