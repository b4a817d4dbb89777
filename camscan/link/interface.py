# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Asks the kernel about one network interface: index, MAC and attached IPv4 subnets."""

from __future__ import annotations

import socket
import struct
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from camscan.link.trouble import Code, Trouble

# rtnetlink(7), linux/rtnetlink.h, linux/if_addr.h
RTM_NEWADDR, RTM_GETADDR = 20, 22
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
IFA_ADDRESS, IFA_LOCAL = 1, 2
HEADER = struct.Struct("=IHHII")
IFADDRMSG = struct.Struct("=BBBBI")
ATTRIBUTE = struct.Struct("=HH")
# netdevice(7), linux/sockios.h, linux/if_arp.h
SIOCGIFFLAGS, SIOCGIFHWADDR = 0x8913, 0x8927
REQUEST = struct.Struct("16sH6s16x")
"""struct ifreq: the name, and the first members of a sockaddr."""
ARPHRD_ETHER = 1
IFF_UP = 1
LONGEST_NAME = 15
"""The longest name of an interface, in characters (linux/if.h)."""
LONGEST_PREFIX_WITH_EDGES = 30
"""Longer prefixes (RFC 3021) have neither a network nor a broadcast address."""


class Interface:
    """One Ethernet interface of this machine."""

    __slots__ = ("addresses", "index", "mac", "name")

    def __init__(self, name: str, index: int, mac: bytes, addresses: tuple[IPv4Interface, ...]) -> None:
        self.name = name
        self.index = index
        self.mac = mac
        self.addresses = addresses

    def source_for(self, target: IPv4Network) -> IPv4Address | None:
        """Our address on the attached subnet that contains all of ``target``; None if no subnet does."""
        for address in self.addresses:
            if target.subnet_of(address.network):
                return address.ip
        return None

    def edge_addresses(self) -> frozenset[int]:
        """Addresses that no device has: ours, and each subnet's network and broadcast address, as integers."""
        found = {int(address.ip) for address in self.addresses}
        for network in (address.network for address in self.addresses):
            if network.prefixlen <= LONGEST_PREFIX_WITH_EDGES:
                found |= {int(network.network_address), int(network.broadcast_address)}
        return frozenset(found)


def find_interface(name: str) -> Interface:
    """Look one interface up. Raises Trouble if it is missing, is down, or has no Ethernet address."""
    names = sorted(known for _index, known in socket.if_nameindex())
    if name not in names:
        known = ", ".join(names) or "none"
        raise Trouble(Code.INTERFACE, f"no interface named {name[:LONGEST_NAME]!r} (this machine has: {known})")
    try:
        return _look_up(name)
    except OSError as error:
        raise Trouble(Code.INTERFACE, f"{name} cannot be used: {error}") from None  # most likely it has just gone


def _look_up(name: str) -> Interface:
    kind, mac = _ask_kernel(name, SIOCGIFHWADDR)
    if kind != ARPHRD_ETHER:
        raise Trouble(Code.INTERFACE, f"{name} is not an Ethernet interface: there is no link layer to ask on")
    flags, _rest = _ask_kernel(name, SIOCGIFFLAGS)
    if not flags & IFF_UP:
        raise Trouble(Code.INTERFACE, f"{name} is down; bring it up first: ip link set {name} up")
    index = socket.if_nametoindex(name)
    return Interface(name, index, mac, list_addresses(index))


def _ask_kernel(name: str, question: int) -> tuple[int, bytes]:
    """Ask the kernel about an interface: returns its flags, or the kind of its address, and then the address."""
    import fcntl  # noqa: PLC0415 - Windows has none, and reads captures too

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        answer = fcntl.ioctl(asking, question, REQUEST.pack(name.encode(), 0, b""))
    _name, number, mac = REQUEST.unpack(answer)
    return number, mac


def list_addresses(index: int) -> tuple[IPv4Interface, ...]:
    """The IPv4 addresses of one interface, from the kernel, each with its prefix."""
    found = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        request = IFADDRMSG.pack(socket.AF_INET, 0, 0, 0, 0)
        head = HEADER.pack(HEADER.size + len(request), RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
        netlink.sendto(head + request, (0, 0))
        more = True
        while more:
            messages, more = parse_addresses(netlink.recv(1 << 16))
            found += [address for owner, address in messages if owner == index]
    return tuple(found)


def parse_addresses(data: bytes) -> tuple[list[tuple[int, IPv4Interface]], bool]:
    """Read one datagram of an RTM_GETADDR dump: (interface index, address) pairs, and whether more will come."""
    found: list[tuple[int, IPv4Interface]] = []
    at = 0
    while at + HEADER.size <= len(data):
        length, kind, _flags, _sequence, _port = HEADER.unpack_from(data, at)
        if kind in (NLMSG_DONE, NLMSG_ERROR) or length < HEADER.size:
            return found, False
        if kind == RTM_NEWADDR:
            _family, prefix, _aflags, _scope, owner = IFADDRMSG.unpack_from(data, at + HEADER.size)
            values = _read_attributes(data[at + HEADER.size + IFADDRMSG.size : at + length])
            # On a point-to-point link IFA_ADDRESS is the other end; IFA_LOCAL is always ours.
            raw = values.get(IFA_LOCAL) or values.get(IFA_ADDRESS)
            if raw and len(raw) == 4:  # noqa: PLR2004 - bytes of an IPv4 address
                found.append((owner, IPv4Interface((raw, prefix))))
        at += (length + 3) & ~3
    return found, True


def _read_attributes(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, at)
        if length < ATTRIBUTE.size:
            break
        found[kind] = data[at + ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3
    return found
