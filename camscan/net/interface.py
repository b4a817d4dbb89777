"""This machine's interfaces: which subnets are attached, and where multicast can go."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from camscan.dataclass import dataclass
from camscan.errors import UsageError
from camscan.net.span import Address, Network, canonical
from camscan.net.system import InterfaceAddress, adapters, neighbour_room


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface and its addresses, as they were when listed."""

    name: str
    index: int
    addresses: tuple[InterfaceAddress, ...]
    chosen: bool = False
    """Whether the operator named it: link-local addresses then mean this link."""
    resolves: bool = True
    """Whether it asks for the MAC of a neighbour before it sends: a tunnel does not."""

    @property
    def subnets(self) -> tuple[Network, ...]:
        """Its subnets, as far as they tell it from other links: every link has fe80::/64."""
        return tuple(own.network for own in self.addresses if self.chosen or not own.ip.is_link_local)

    @property
    def loopback(self) -> bool:
        """Whether it leads nowhere but to this machine."""
        return any(address.ip.is_loopback for address in self.addresses)

    @property
    def ipv4(self) -> ipaddress.IPv4Interface | None:
        """First IPv4 address, or None."""
        return next((address for address in self.addresses if isinstance(address, ipaddress.IPv4Interface)), None)

    @property
    def ipv6_link_local(self) -> ipaddress.IPv6Interface | None:
        """Link-local IPv6 address (on the loopback, ``::1``), or None."""
        six = [address for address in self.addresses if isinstance(address, ipaddress.IPv6Interface)]
        return next((address for address in six if address.ip.is_link_local or address.ip.is_loopback), None)

    def covers(self, ip: str) -> bool:
        """Whether ``ip`` lies on one of its subnets."""
        zone = ip.partition("%")[2]
        try:
            address = canonical(ip)
        except ValueError:
            return False
        return zone in {"", self.name, str(self.index)} and any(address in own.network for own in self.addresses)

    def source_for(self, ip: Address) -> InterfaceAddress | None:
        """The address to send to ``ip`` from: one of its subnet, else any of its family, else None."""
        family = [address for address in self.addresses if address.version == ip.version]
        return next((address for address in family if ip in address.network), family[0] if family else None)


def interfaces() -> tuple[Interface, ...]:
    """Every interface that has an address, in the order of the system."""
    return tuple(Interface(one.name, one.index, one.addresses, resolves=one.resolves) for one in adapters())


def find(name: str, among: Sequence[Interface]) -> Interface:
    """The interface of that name; UsageError that lists the others if there is none."""
    for interface in among:
        if interface.name == name:
            return interface
    names = ", ".join(interface.name for interface in among) or "none has an address"
    raise UsageError(f"there is no interface {name}; the interfaces are: {names}")


def require_link(networks: Iterable[Network], interface: str | None) -> None:
    """Raise UsageError where a target is link-local and no interface says on which link: every link has those."""
    for network in networks:
        if network.is_link_local and interface is None:
            raise UsageError(f"{network}: link-local addresses exist on every link; name the link with --interface")


def attached(ip: str, among: Sequence[Interface]) -> Interface | None:
    """The interface on whose subnet ``ip`` lies (longest prefix first), or None if a router leads there."""
    found = [
        (own.network.prefixlen, interface)
        for interface in among
        if interface.covers(ip)
        for own in interface.addresses
        if canonical(ip) in own.network
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def unresolved_cap() -> int:
    """How many attached addresses may be waiting for ARP at once: 0.4 of the system's neighbour table.

    Beyond that the table overflows and live hosts are lost without any error.
    """
    return max(1, int(0.4 * neighbour_room()))
