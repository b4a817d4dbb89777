"""The estate's sockets on Linux."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable

Address = tuple[str, int]
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends RST."""
_ESTABLISHED = 1
_IP_PKTINFO = 8
_LARGEST = 65535
_BURST = 64
"""Datagrams that are read before other tasks get their turn."""


def allow_files(count: int) -> None:
    """Raise this process's soft limit of open files if it is too low for so many sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count * 2
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )


def when_to_end() -> asyncio.Event:
    """An event that is set at SIGTERM or Ctrl-C, or when standard input closes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def read_stdin() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            stop.set()
            loop.remove_reader(sys.stdin)

    with contextlib.suppress(PermissionError):  # a plain file or /dev/null: only a signal ends the run
        loop.add_reader(sys.stdin, read_stdin)
    return stop


# ── TCP ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def stream_socket(interface: str) -> socket.socket:
    """A TCP socket that can be bound; on one interface if it is named."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if interface:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    return sock


def watch_connections(sock: socket.socket, take: Callable[[socket.socket], None]) -> None:
    """Call ``take`` with each connection that a listening socket accepts."""

    def accept() -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            accepted, _peer = sock.accept()
            accepted.setblocking(False)
            take(accepted)

    asyncio.get_running_loop().add_reader(sock, accept)


def is_open(sock: socket.socket) -> bool:
    """Whether the peer has neither closed nor reset.

    The kernel is asked, because the close may not have been read yet.
    """
    try:
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _ESTABLISHED
    except OSError:
        return False


# ── UDP ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def unit_socket(ip: str, port: int, own: str, interface: str) -> socket.socket:
    """A UDP socket at a unit's address, which may share its port. ``own`` names the interface for groups.

    Raises OSError if it cannot be opened.
    """
    sock = _datagram_socket(interface)
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.bind((ip, port))
    except OSError:
        sock.close()
        raise
    return sock


def group_socket(place: str, port: int, group: str, own: str, interface: str) -> socket.socket:
    """A UDP socket for datagrams to everybody, and to a group if one is named, on ``own``'s interface.

    ``place`` is the address to which it is bound. Raises OSError if it cannot be opened.
    """
    sock = _datagram_socket(interface)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        sock.bind((place, port))
        if group:
            member = struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton(own))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    except OSError:
        sock.close()
        raise
    return sock


def _datagram_socket(interface: str) -> socket.socket:
    """A datagram socket that may share its port: the scanner on the same machine listens to the same groups."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if interface:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    return sock


def watch_unit(sock: socket.socket, take: Callable[[bytes, Address], None]) -> None:
    """Call ``take`` with each datagram to a unit's socket, and its sender."""

    def read() -> None:
        for _ in range(_BURST):
            try:
                payload, sender = sock.recvfrom(_LARGEST)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue  # an earlier answer found nobody listening
            take(payload, sender)

    asyncio.get_running_loop().add_reader(sock, read)


def watch_group(sock: socket.socket, take: Callable[[bytes, Address, str], None]) -> None:
    """Call ``take`` with each datagram to a group's socket, its sender, and its destination."""

    def read() -> None:
        for _ in range(_BURST):
            try:
                payload, extra, _flags, sender = sock.recvmsg(_LARGEST, 64)
            except BlockingIOError:
                return
            target = next((socket.inet_ntoa(data[8:12]) for _level, kind, data in extra if kind == _IP_PKTINFO), "")
            take(payload, sender, target)

    asyncio.get_running_loop().add_reader(sock, read)


def send_datagram(sock: socket.socket, payload: bytes, target: Address) -> None:
    """Send from a unit's socket. Raises OSError."""
    sock.sendto(payload, target)


def unwatch(sock: socket.socket) -> None:
    """Stop all calls for a socket."""
    asyncio.get_running_loop().remove_reader(sock)
