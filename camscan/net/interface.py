"""This machine's interfaces: the attached subnets, and where multicast can go."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from camscan.dataclass import dataclass
from camscan.errors import UsageError
from camscan.net.span import Address, Network, canonical
from camscan.net.system import InterfaceAddress, adapters, neighbour_room


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface and its addresses at the time when it was listed."""

    name: str
    index: int
    addresses: tuple[InterfaceAddress, ...]
    chosen: bool = False
    """Whether the operator named it: link-local addresses then mean this link."""
    resolves: bool = True
    """Whether it asks for the MAC of a neighbour before it sends; a tunnel does not."""

    @property
    def subnets(self) -> tuple[Network, ...]:
        """Its subnets that distinguish it from other links: every link has fe80::/64."""
        return tuple(own.network for own in self.addresses if self.chosen or not own.ip.is_link_local)

    @property
    def loopback(self) -> bool:
        """Whether it leads only to this machine."""
        return any(address.ip.is_loopback for address in self.addresses)

    @property
    def ipv4(self) -> ipaddress.IPv4Interface | None:
        """Its first IPv4 address; None if it has none."""
        return next((address for address in self.addresses if isinstance(address, ipaddress.IPv4Interface)), None)

    @property
    def ipv6_link_local(self) -> ipaddress.IPv6Interface | None:
        """Its link-local IPv6 address (on the loopback, ``::1``); None if it has none."""
        six = [address for address in self.addresses if isinstance(address, ipaddress.IPv6Interface)]
        return next((address for address in six if address.ip.is_link_local or address.ip.is_loopback), None)

    def covers(self, ip: str) -> bool:
        """Whether ``ip`` is in one of its subnets."""
        zone = ip.partition("%")[2]
        try:
            address = canonical(ip)
        except ValueError:
            return False
        return zone in {"", self.name, str(self.index)} and any(address in own.network for own in self.addresses)

    def source_for(self, ip: Address) -> InterfaceAddress | None:
        """The source address for packets to ``ip``: one in its subnet, otherwise any of its family.

        None if it has none.
        """
        family = [address for address in self.addresses if address.version == ip.version]
        return next((address for address in family if ip in address.network), family[0] if family else None)


def interfaces() -> tuple[Interface, ...]:
    """Every interface that has an address, in the order of the system."""
    return tuple(Interface(one.name, one.index, one.addresses, resolves=one.resolves) for one in adapters())


def find(name: str, among: Sequence[Interface]) -> Interface:
    """The interface of that name. Raises UsageError, which lists the others, if there is none."""
    for interface in among:
        if interface.name == name:
            return interface
    names = ", ".join(interface.name for interface in among) or "none has an address"
    raise UsageError(f"there is no interface {name}; the interfaces are: {names}")


def require_link(networks: Iterable[Network], interface: str | None) -> None:
    """Raise UsageError if a target is link-local and no interface is named: every link has such addresses."""
    for network in networks:
        if network.is_link_local and interface is None:
            raise UsageError(f"{network}: link-local addresses exist on every link; name the link with --interface")


def attached_interface(ip: str, among: Sequence[Interface]) -> Interface | None:
    """The interface whose subnet contains ``ip`` (longest prefix first); None if it is behind a router."""
    found = [
        (own.network.prefixlen, interface)
        for interface in among
        if interface.covers(ip)
        for own in interface.addresses
        if canonical(ip) in own.network
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def unresolved_cap() -> int:
    """How many attached addresses may wait for ARP at once: 0.4 of the system's neighbour table.

    With more, the table overflows, and live hosts are lost without any error.
    """
    return max(1, int(0.4 * neighbour_room()))
