"""Socket options of Windows, its error numbers, and how to wait for its sockets."""

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
"""Whether a socket that listens to a group hears everything on its port: here none can be bound to a group alone."""
READS_AHEAD = True
"""Whether the loop reads a datagram before it is wanted: it would be lost if nobody watched the socket for a while."""
NO_RAW_PACKETS = "camscan sends no raw packets on Windows"
"""Why nobody may send raw packets here."""
SYNS = 3
"""Maximum packets of a connection that is not established: Windows also tries twice again after a refusal."""
_RESET = struct.pack("hh", 1, 0)
"""SO_LINGER of no time: closing sends RST. It has two numbers of 16 bits here."""
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
"""Numbers of the system (winerror.h) that the Proactor loop passes on and Python does not translate -> errno."""
_OF_EARLIER = frozenset({errno.ECONNRESET, errno.ENETRESET})
_watchers: WeakKeyDictionary[socket.socket, asyncio.Task[None]] = WeakKeyDictionary()


def error_number(error: OSError) -> int | None:
    """The error as a number of errno."""
    return _ERRORS.get(getattr(error, "winerror", None) or 0, error.errno)


def zone_index(zone: str) -> int:
    """The index of the interface that the zone of an address gives as a number.

    Raises OSError if it is not a number.
    """
    if not zone.isdigit():
        raise OSError(errno.ENODEV, f"{zone} is not the number of an interface")
    return int(zone)


def zone_name(index: int, _name: str) -> str:
    """The zone of an address on an interface, which is its number: ``12`` of ``fe80::1%12``."""
    return str(index)


def prepare(sock: socket.socket, source: Source) -> None:
    """Bind to the chosen interface: Windows sends from the interface that has the address ("strong host")."""
    if ":" in source.address:
        link_local = source.address.lower().startswith(("fe8", "fe9", "fea", "feb"))
        sock.bind((source.address, 0, 0, source.zone if link_local else 0))
    elif source.address or sock.type == socket.SOCK_DGRAM:  # a socket that is not bound cannot be read
        sock.bind((source.address, 0))


# ── TCP ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def tune_connection(_sock: socket.socket) -> None:
    """Do nothing: Windows cannot set how often a SYN is repeated for a single connection."""


def acknowledge_late(_sock: socket.socket) -> None:
    """Do nothing: Windows cannot set when it acknowledges for a single connection."""


def expect_reset(sock: socket.socket) -> None:
    """Let closing send RST."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def traffic(_sock: socket.socket) -> Traffic | None:
    """Return None: Python cannot read the counts of a connection on Windows."""
    return None


# ── UDP ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def tune_datagrams(sock: socket.socket, receive: int, send: int) -> None:
    """Set the sizes of a socket's buffers, as far as they are granted."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_V6ONLY, 1)


def bind_to_group(sock: socket.socket, group: str, port: int, index: int) -> None:
    """Bind a socket that listens to a group, beside other such sockets.

    It is bound to every address, because nothing else is possible.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("::", port, 0, index) if ":" in group else ("", port))


def join_group(sock: socket.socket, group: str, own: str, index: int) -> None:
    """Join a group on one interface; ``own`` is an IPv4 address there, or empty. Harmless when repeated."""
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
    """Send to groups through the interface of the source, and only on its link (TTL 1)."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, source.zone)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source.address))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)


def watch(sock: socket.socket, drain: Drain) -> None:
    """Call ``drain`` with each datagram that the loop has read; it reads by itself what waits behind it."""
    _watchers[sock] = asyncio.get_running_loop().create_task(_wait(sock, drain))


def unwatch(sock: socket.socket) -> None:
    """Stop calling it."""
    if watcher := _watchers.pop(sock, None):
        watcher.cancel()


async def _wait(sock: socket.socket, drain: Drain) -> None:
    loop = asyncio.get_running_loop()
    while sock.fileno() >= 0:
        try:
            datagram = await loop.sock_recvfrom(sock, _LARGEST)
        except OSError:  # an ICMP refusal of an earlier datagram, and Windows does not say of which
            await asyncio.sleep(0)
            continue
        drain(datagram)


def refusals(_sock: socket.socket, _most: int) -> list[Refusal]:
    """The ICMP errors that wait on a socket: always none, because Windows does not say whom an error was about."""
    return []


def is_of_earlier(error: OSError) -> bool:
    """Whether the error of sending a datagram is the refusal of an earlier one (WSAECONNRESET, WSAENETRESET)."""
    return error_number(error) in _OF_EARLIER
