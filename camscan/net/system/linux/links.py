"""Interfaces, routes and limits of a Linux machine."""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import resource
import socket
import struct
import sys
from pathlib import Path

import ifaddr

from camscan.net.span import Span
from camscan.net.system.nouns import Adapter, InterfaceAddress, Route

ROUTES = Path("/proc/net/route")
CONNTRACK = Path("/proc/sys/net/netfilter")
_GC_THRESH3 = Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3")
_ARP_STATISTICS = Path("/proc/net/stat/arp_cache")
_DEFAULT_GC_THRESH3 = 1024
_SIOCGIFFLAGS = 0x8913
_UNRESOLVED = 0x10 | 0x80  # IFF_POINTOPOINT, IFF_NOARP
_UP, _REJECT = 0x1, 0x200  # RTF_UP, RTF_REJECT of linux/route.h
_COLUMNS = 8
_SPARE_FILES = 128
"""File descriptors left for everything that is not a connection."""


def adapters() -> tuple[Adapter, ...]:
    """Every interface that has an address, in the order of the system; labels such as ``eth0:1`` are not interfaces."""
    found: dict[str, list[InterfaceAddress]] = {}
    for adapter in ifaddr.get_adapters():
        found.setdefault(adapter.name.partition(":")[0], []).extend(
            ipaddress.ip_interface(f"{address.ip if isinstance(address.ip, str) else address.ip[0]}/{length}")
            for address in adapter.ips
            if (length := address.network_prefix) >= 0
        )
    return tuple(
        Adapter(name, _index(name), tuple(addresses), resolves=not _flags(name) & _UNRESOLVED)
        for name, addresses in found.items()
    )


def _index(name: str) -> int:
    """The number of an interface; 0 if it does not exist any more."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0


def _flags(name: str) -> int:
    """The flags of an interface (netdevice(7)); 0 if it does not exist any more."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        answer = fcntl.ioctl(sock, _SIOCGIFFLAGS, struct.pack("16sH22x", name.encode()[:15], 0))
        found: int = struct.unpack_from("16xH", answer)[0]
        return found
    return 0


def routes(table: Path = ROUTES) -> list[Route]:
    """Every usable route of the main table, the kernel's first choice first; empty without a table."""
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []
    found = []
    for line in lines:
        fields = line.split()
        if len(fields) < _COLUMNS or not int(fields[3], 16) & _UP or int(fields[3], 16) & _REJECT:
            continue
        first, gateway, mask = (_number(fields[column]) for column in (1, 2, 7))
        prefix = mask.bit_count()
        span = Span(4, first, first | (0xFFFFFFFF ^ mask))
        via = str(ipaddress.IPv4Address(gateway)) if gateway else ""
        found.append(Route(fields[0], via, span, prefix, int(fields[6])))
    return sorted(found, key=lambda route: (-route.prefix, route.metric))


def _number(text: str) -> int:
    """An address from the table's text: hexadecimal, in the byte order of the machine."""
    return int.from_bytes(int(text, 16).to_bytes(4, sys.byteorder), "big")


def neighbour_room(path: Path = _GC_THRESH3) -> int:
    """How many entries the kernel's neighbour table holds; its default if it does not say."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return _DEFAULT_GC_THRESH3


def neighbours_lost(statistics: Path = _ARP_STATISTICS) -> int:
    """How often the neighbour table was full since the machine started, whoever filled it; 0 if it does not say.

    A number that rises during a scan means that TCP questions to attached addresses were lost without an error.
    """
    try:
        header, *rows = statistics.read_text(encoding="ascii").splitlines()
        column = header.split().index("table_fulls")
        return sum(int(row.split()[column], 16) for row in rows)  # one row for each processor
    except (OSError, ValueError, IndexError):
        return 0


def tracked_share(conntrack: Path = CONNTRACK) -> float:
    """How full this machine's table of tracked connections is, from 0 to 1; 0 if there is none."""
    try:
        count, most = (int((conntrack / f"nf_conntrack_{name}").read_text("ascii")) for name in ("count", "max"))
    except (OSError, ValueError):
        return 0.0
    return count / most if most > 0 else 0.0


def affordable(in_flight: int) -> int:
    """How many connections this process may open, up to ``in_flight``.

    It first asks for all open files that the system grants.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = in_flight + _SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return in_flight if soft == resource.RLIM_INFINITY else max(1, min(in_flight, soft - _SPARE_FILES))
