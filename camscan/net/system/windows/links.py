"""Interfaces, routes and limits of a Windows machine."""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import struct
from collections.abc import Iterator, Mapping

from camscan.net.span import Span
from camscan.net.system.nouns import Adapter, InterfaceAddress, Route
from camscan.net.system.windows.iphlpapi import address, filled, rows

_NEITHER = 0x2 | 0x4 | 0x8  # GAA_FLAG_SKIP_ANYCAST, _MULTICAST, _DNS_SERVER
_UP = 1  # IfOperStatusUp
_UNRESOLVED = frozenset({23, 53, 131})
"""PPP, virtual adapters of VPN programs, tunnels (IANA ifType): they do not ask for a MAC."""
_LARGEST_SOCKADDR = 28
_DIRECT, _INDIRECT = 3, 4  # MIB_IPROUTE_TYPE
_ROUTE = struct.Struct("<4s4sI4s10I")
"""MIB_IPFORWARDROW: destination, mask, policy, next hop, index, type, protocol, age, AS, metrics 1 to 5."""
_NEIGHBOUR_ROOM = 256
"""Entries of the neighbour table for each interface. Only ``netsh interface ipv4 show global`` gives the number."""


class _Unicast(ctypes.Structure):
    """IP_ADAPTER_UNICAST_ADDRESS_LH of iptypes.h."""


_Unicast._fields_ = (
    ("length", ctypes.c_ulong),
    ("flags", ctypes.c_ulong),
    ("next", ctypes.POINTER(_Unicast)),
    ("sockaddr", ctypes.c_void_p),
    ("sockaddr_length", ctypes.c_int),
    ("padding", ctypes.c_int),
    ("origins_and_lifetimes", ctypes.c_ulong * 6),
    ("prefix", ctypes.c_uint8),
)


class _Adapter(ctypes.Structure):
    """The part of IP_ADAPTER_ADDRESSES_LH of iptypes.h that is read here."""


_Adapter._fields_ = (
    ("length", ctypes.c_ulong),
    ("index", ctypes.c_ulong),
    ("next", ctypes.POINTER(_Adapter)),
    ("guid", ctypes.c_char_p),
    ("unicast", ctypes.POINTER(_Unicast)),
    ("other_addresses", ctypes.c_void_p * 3),
    ("dns_suffix", ctypes.c_wchar_p),
    ("description", ctypes.c_wchar_p),
    ("name", ctypes.c_wchar_p),
    ("mac", ctypes.c_uint8 * 8),
    ("mac_length", ctypes.c_ulong),
    ("flags", ctypes.c_ulong),
    ("mtu", ctypes.c_ulong),
    ("kind", ctypes.c_ulong),
    ("status", ctypes.c_int),
    ("index_v6", ctypes.c_ulong),
)


def adapters() -> tuple[Adapter, ...]:
    """Every interface that is up and has an address, by the name that ``ipconfig`` shows.

    Empty if Windows gives none.
    """
    with contextlib.suppress(OSError):
        buffer = filled("GetAdaptersAddresses", 0, _NEITHER, None)
        return tuple(_adapters(ctypes.cast(buffer, ctypes.POINTER(_Adapter))))
    return ()


def _adapters(one: ctypes._Pointer[_Adapter]) -> Iterator[Adapter]:
    while one:
        found = one.contents
        own = tuple(_addresses(found.unicast))
        if own and found.status == _UP:
            name = found.name or str(found.index or found.index_v6)
            yield Adapter(name, found.index or found.index_v6, own, resolves=found.kind not in _UNRESOLVED)
        one = found.next


def _addresses(one: ctypes._Pointer[_Unicast]) -> Iterator[InterfaceAddress]:
    while one:
        found = one.contents
        own = address(ctypes.string_at(found.sockaddr, min(found.sockaddr_length, _LARGEST_SOCKADDR)))
        if own is not None:
            yield ipaddress.ip_interface(f"{own}/{found.prefix}")
        one = found.next


def routes() -> list[Route]:
    """Every usable IPv4 route, Windows' first choice first; empty if Windows gives none."""
    with contextlib.suppress(OSError):
        content = filled("GetIpForwardTable", after=(0,)).raw
        count = int.from_bytes(content[:4], "little")
        return read_routes(content[4 : 4 + count * _ROUTE.size], {one.index: one.name for one in adapters()})
    return []


def read_routes(content: bytes, names: Mapping[int, str]) -> list[Route]:
    """The routes in the rows of a MIB_IPFORWARDTABLE, without those of interfaces that have no name."""
    found = []
    for row in rows(content, _ROUTE.size):
        destination, mask, _policy, hop, index, kind, _protocol, _age, _system, metric, *_ = _ROUTE.unpack(row)
        if index not in names or kind not in {_DIRECT, _INDIRECT}:
            continue
        first, bits = int.from_bytes(destination, "big"), int.from_bytes(mask, "big")
        gateway = str(ipaddress.IPv4Address(hop)) if kind == _INDIRECT else ""
        span = Span(4, first & bits, (first & bits) | (0xFFFFFFFF ^ bits))
        found.append(Route(names[index], gateway, span, bits.bit_count(), metric))
    return sorted(found, key=lambda route: (-route.prefix, route.metric))


def neighbour_room() -> int:
    """How many entries the table of neighbours holds."""
    return _NEIGHBOUR_ROOM


def neighbours_lost() -> int:
    """How often that table was full: always 0, because Windows does not say."""
    return 0


def tracked_share() -> float:
    """How full a table of tracked connections is: always 0, because Windows does not say."""
    return 0.0


def affordable(in_flight: int) -> int:
    """How many connections may be open at once: ``in_flight``, because the Proactor loop has no limit."""
    return in_flight
