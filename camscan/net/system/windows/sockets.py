"""Socket options of Windows, its numbers of errors, and how its sockets are waited for."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
from weakref import WeakKeyDictionary

from camscan.net.system.nouns import Drain, Refusal, Source, Traffic

AIM = 0.88
"""Share of the packets that is aimed at, less than on Linux: what a connection costs is estimated, and never known."""
AIM_GENTLY = 0.75
"""The same at the gentle pace, of whose packets answers to ARP, which the system adds, are a larger share."""
GROUP_SOCKETS_HEAR_ALL = True
"""Whether a socket that listens to a group hears everything on its port: none can be bound to a group alone."""
NO_RAW_PACKETS = "camscan sends no raw packets on Windows"
"""Why nobody may send raw packets here."""
SYNS = 3
"""Packets that a connection costs at most that is not made: Windows tries again twice after a refusal, too."""
_RESET = struct.pack("hh", 1, 0)
"""SO_LINGER of no time: closing sends RST. Two numbers of 16 bits here."""
_LARGEST = 65535
_IPV6_V6ONLY = 27
_ERRORS = {
    64: errno.ECONNRESET,  # ERROR_NETNAME_DELETED
    121: errno.ETIMEDOUT,  # ERROR_SEM_TIMEOUT
    1225: errno.ECONNREFUSED,  # ERROR_CONNECTION_REFUSED
    1231: errno.ENETUNREACH,  # ERROR_NETWORK_UNREACHABLE
    1232: errno.EHOSTUNREACH,  # ERROR_HOST_UNREACHABLE
    1234: errno.ECONNREFUSED,  # ERROR_PORT_UNREACHABLE
    1236: errno.ECONNRESET,  # ERROR_CONNECTION_ABORTED
}
"""Of the system's own numbers (winerror.h), which the Proactor loop hands on, those that Python has no errno for."""
_OF_EARLIER = frozenset({errno.ECONNRESET, errno.ENETRESET})
_watchers: WeakKeyDictionary[socket.socket, asyncio.Task[None]] = WeakKeyDictionary()


def error_number(error: OSError) -> int | None:
    """What went wrong, as a number of errno."""
    return _ERRORS.get(getattr(error, "winerror", None) or 0, error.errno)


def zone_index(zone: str) -> int:
    """The interface that the zone of an address names by its number. Raises OSError if it is none."""
    if not zone.isdigit():
        raise OSError(errno.ENODEV, f"{zone} is not the number of an interface")
    return int(zone)


def zone_name(index: int, _name: str) -> str:
    """How an interface is named in an address, by its number: ``fe80::1%12``."""
    return str(index)


def prepare(sock: socket.socket, source: Source) -> None:
    """Bind to the chosen interface: Windows sends from the interface that has the address ("strong host")."""
    if ":" in source.address:
        link_local = source.address.lower().startswith(("fe8", "fe9", "fea", "feb"))
        sock.bind((source.address, 0, 0, source.zone if link_local else 0))
    elif source.address or sock.type == socket.SOCK_DGRAM:  # nothing can be read from a socket that is not bound
        sock.bind((source.address, 0))


# ── TCP ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def tune_connection(_sock: socket.socket) -> None:
    """Nothing: Windows cannot set how often a SYN is repeated for a single connection."""


def acknowledge_late(_sock: socket.socket) -> None:
    """Nothing: Windows cannot set when it acknowledges for a single connection."""


def expect_reset(sock: socket.socket) -> None:
    """Let closing send RST."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def traffic(_sock: socket.socket) -> Traffic | None:
    """What the system has counted of a connection: nothing that Python can ask for."""
    return None


# ── UDP ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def tune_datagrams(sock: socket.socket, receive: int, send: int) -> None:
    """Give a socket buffers of so many bytes, as far as they are granted."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_V6ONLY, 1)


def bind_to_group(sock: socket.socket, group: str, port: int, index: int) -> None:
    """Bind a socket that listens to a group, beside others that do: to every address, since no other is possible."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("::", port, 0, index) if ":" in group else ("", port))


def join_group(sock: socket.socket, group: str, own: str, index: int) -> None:
    """Hear a group on one interface; ``own`` is an IPv4 address there, or empty. Harmless when repeated."""
    if ":" in group:
        request = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", index)
        level, option = socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP
    else:
        request = socket.inet_aton(group) + (socket.inet_aton(own) if own else bytes(4))
        level, option = socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP
    try:
        sock.setsockopt(level, option, request)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:  # joined already
            raise


def send_to_groups(sock: socket.socket, source: Source) -> None:
    """Let what is sent to groups leave by the interface of the source, and go no further than its link (TTL 1)."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, source.zone)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source.address))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)


def watch(sock: socket.socket, drain: Drain) -> None:
    """Have ``drain`` called with each datagram that the loop has read; it reads on by itself what waits behind it."""
    _watchers[sock] = asyncio.get_running_loop().create_task(_wait(sock, drain))


def unwatch(sock: socket.socket) -> None:
    """Have it called no more."""
    if watcher := _watchers.pop(sock, None):
        watcher.cancel()


async def _wait(sock: socket.socket, drain: Drain) -> None:
    loop = asyncio.get_running_loop()
    while sock.fileno() >= 0:
        try:
            datagram = await loop.sock_recvfrom(sock, _LARGEST)
        except OSError:  # an ICMP refusal of something sent earlier, and Windows does not say of what
            await asyncio.sleep(0)
            continue
        drain(datagram)


def refusals(_sock: socket.socket, _most: int) -> list[Refusal]:
    """ICMP errors that wait on a socket: Windows tells that there was one, and not to whom."""
    return []


def is_of_earlier(error: OSError) -> bool:
    """Whether what sending a datagram ended with is the refusal of an earlier one (WSAECONNRESET, WSAENETRESET)."""
    return error_number(error) in _OF_EARLIER
