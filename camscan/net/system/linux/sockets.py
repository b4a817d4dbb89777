"""Socket options of Linux, its ICMP error queue, and its counts for a connection."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
import sys

from camscan.net.system.nouns import Drain, Refusal, Source, Traffic

AIM = 0.94
"""Share of the packets that is aimed at: what a connection costs is known afterwards, and no second may hold more."""
AIM_GENTLY = 0.82
"""The same at the gentle pace, of whose packets answers to ARP, which the system adds, are a larger share."""
GROUP_SOCKETS_HEAR_ALL = False
"""Whether a socket that listens to a group hears everything on its port. Here it is bound to the group itself."""
READS_AHEAD = False
"""Whether the loop reads a datagram before it is wanted: it would be lost if nobody watched the socket for a while."""
NO_RAW_PACKETS = ""
"""Why nobody may send raw packets here; empty if it depends on the user."""
SYNS = 2
"""Maximum packets of a connection that is not established."""
_SYNCNT = 1
"""SYN retransmissions: one, a second after the first, so that one lost packet does not lose a camera."""
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends RST, and neither end, nor a firewall between, keeps any state."""
_BIND_ADDRESS_NO_PORT = 24  # the port is chosen for each destination
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_IP_MULTICAST_ALL = 49
_MSG_ERRQUEUE = 0x2000
_EXTENDED_ERROR = struct.Struct("IBBBBII")
"""sock_extended_err of linux/errqueue.h."""
_PROHIBITED = frozenset({(2, 3, 9), (2, 3, 10), (2, 3, 13), (2, 4, 0), (3, 1, 1), (3, 1, 5), (3, 1, 6)})
"""Origin, type and code of errors of a firewall or an overrun router: RFC 792, RFC 1812 section 5.2.7, RFC 4443."""
_SENDERS = {int(socket.AF_INET): (4, 4), int(socket.AF_INET6): (8, 16)}
"""Position and length of the address in a sockaddr of each family."""
_TCP_INFO = 192
_SEGMENTS = struct.Struct("=68xI28xI32xI")
"""Round trip in microseconds, repetitions, segments sent: from tcp_info, linux/tcp.h."""
_ESTABLISHED = 1
_SPOKEN = frozenset({1, 8})
"""Established, and closed by the peer: net/tcp_states.h."""
_OVER = frozenset({2, 7})
"""Still connecting, and already closed: closing sends nothing."""


def error_number(error: OSError) -> int | None:
    """The error as a number of errno."""
    return error.errno


def zone_index(zone: str) -> int:
    """The index of the interface that the zone of an address names, by name or number.

    Raises OSError if there is none.
    """
    return int(zone) if zone.isdigit() else socket.if_nametoindex(zone)


def zone_name(index: int, name: str) -> str:
    """The zone of an address on an interface: ``eth0`` of ``fe80::1%eth0``."""
    return name or str(index)


def prepare(sock: socket.socket, source: Source) -> None:
    """Bind to the chosen interface, as far as an ordinary user may."""
    if source.device:
        with contextlib.suppress(PermissionError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, source.device.encode())
    if source.address:
        sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        zone = source.zone if source.address.lower().startswith(("fe8", "fe9", "fea", "feb")) else 0
        sock.bind((source.address, 0, 0, zone) if ":" in source.address else (source.address, 0))


# ── TCP ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def tune_connection(sock: socket.socket) -> None:
    """Let a connection that is not made yet repeat its SYN once."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, _SYNCNT)


def acknowledge_late(sock: socket.socket) -> None:
    """Acknowledge bytes late (after 40 ms), and not each small piece; it applies until one acknowledgement was sent."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)


def expect_reset(sock: socket.socket) -> None:
    """Let closing send RST."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def traffic(sock: socket.socket) -> Traffic | None:
    """The system's counts for a connection; None if it has none."""
    info = b""
    with contextlib.suppress(OSError):
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO)
    if len(info) < _SEGMENTS.size:
        return None
    state = info[0]
    microseconds, repeated, sent = _SEGMENTS.unpack_from(info)
    return Traffic(sent, repeated, microseconds / 1e6, state in _OVER, state == _ESTABLISHED, state in _SPOKEN)


# ── UDP ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def tune_datagrams(sock: socket.socket, receive: int, send: int) -> None:
    """Set the sizes of a socket's buffers, as far as they are granted, and let ICMP errors be kept for it."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, receive)
        sock.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, send)
    except PermissionError:  # cut to net.core.rmem_max and wmem_max
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)


def bind_to_group(sock: socket.socket, group: str, port: int, index: int) -> None:
    """Bind a socket that listens to a group, beside other such sockets."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Bound to the group, not to every address: unicast answers on this port belong to another program.
    sock.bind((group, port, 0, index) if ":" in group else (group, port))


def join_group(sock: socket.socket, group: str, own: str, index: int) -> None:
    """Join a group on one interface; ``own`` is an IPv4 address there, or empty. Harmless when repeated."""
    if ":" in group:
        request = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", index)
        level, option = socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
        request = socket.inet_aton(group) + (socket.inet_aton(own) if own else bytes(4)) + struct.pack("@i", index)
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
        request = bytes(4) + socket.inet_aton(source.address) + struct.pack("@i", source.zone)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, request)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)


def watch(sock: socket.socket, drain: Drain) -> None:
    """Call ``drain(None)`` whenever there is something to read."""
    asyncio.get_running_loop().add_reader(sock, drain, None)


def unwatch(sock: socket.socket) -> None:
    """Stop calling it."""
    asyncio.get_running_loop().remove_reader(sock)


def refusals(sock: socket.socket, most: int) -> list[Refusal]:
    """Take the ICMP errors that wait on a socket: those of UDP, and the one behind a connection's end.

    Linux keeps the latter since 5.10; before that, all errors of IPv4 look like a missing host.
    """
    found: list[Refusal] = []
    with contextlib.suppress(OSError):
        while len(found) < most:
            _, ancillary, _, address = sock.recvmsg(0, 512, _MSG_ERRQUEUE)
            found.append(_refusal([data for _, _, data in ancillary], address))
    return found


def _refusal(told: list[bytes], address: tuple[str, int] | None) -> Refusal:
    data = next((data for data in told if len(data) >= _EXTENDED_ERROR.size), b"")
    if not data:
        return Refusal()
    number, origin, kind, code, *_ = _EXTENDED_ERROR.unpack_from(data)
    ip, port = address[:2] if address else ("", 0)
    return Refusal(ip, port, number, (origin, kind, code) in _PROHIBITED, _sender(data[_EXTENDED_ERROR.size :]))


def _sender(address: bytes) -> bytes:
    """The address in a sockaddr; empty if it has none."""
    start, size = _SENDERS.get(int.from_bytes(address[:2], sys.byteorder), (0, 0))
    packed = address[start : start + size]
    return packed if len(packed) == size else b""


def is_of_earlier(_error: OSError) -> bool:
    """Whether the error of sending a datagram is the refusal of an earlier one: :func:`refusals` returns these."""
    return False
