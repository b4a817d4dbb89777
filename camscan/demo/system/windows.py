"""The estate's sockets on Windows, whose loopback has every address of 127.0.0.0/8, as on Linux.

Windows does not tell Python the destination of a datagram. So a socket for a group is bound in such a way that it gets
nothing else: on Windows to the address of an interface, under Wine, as on Linux, to that of the group.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from typing import Any
from weakref import WeakKeyDictionary

Address = tuple[str, int]
RESET = struct.pack("hh", 1, 0)
"""SO_LINGER of no time: closing sends RST. It has two numbers of 16 bits here."""
_LARGEST = 65535
_IPV6_V6ONLY = 27
_EVERYWHERE = "0.0.0.0"
_MAPPED = "::ffff:"
_watchers: WeakKeyDictionary[socket.socket, asyncio.Task[None]] = WeakKeyDictionary()
_places: WeakKeyDictionary[socket.socket, str] = WeakKeyDictionary()


def allow_files(_count: int) -> None:
    """Do nothing: Windows does not have a limit of open sockets that would be too low."""


def when_to_end() -> asyncio.Event:
    """An event that is set at Ctrl-C or Ctrl-Break, or when standard input closes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(*_: object) -> None:
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGINT, getattr(signal, "SIGBREAK", signal.SIGTERM)):
        signal.signal(number, end)

    def read_stdin() -> None:
        try:
            while os.read(0, 4096):
                pass
        except OSError:  # there is none: only a signal ends the run
            return
        end()

    threading.Thread(target=read_stdin, daemon=True).start()
    return stop


# ── TCP ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def stream_socket(interface: str) -> socket.socket:
    """A TCP socket that can be bound. Raises OSError if an interface is named, because no socket can have one here."""
    _require_no(interface)
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    return sock


def watch_connections(sock: socket.socket, take: Callable[[socket.socket], None]) -> None:
    """Call ``take`` with each connection that a listening socket accepts."""

    async def accept() -> None:
        accepted, _peer = await asyncio.get_running_loop().sock_accept(sock)
        accepted.setblocking(False)
        take(accepted)

    _watch(sock, accept)


def is_open(sock: socket.socket) -> bool:
    """Whether the peer has neither closed nor reset, unless unread bytes hide it."""
    try:
        return bool(sock.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return True
    except OSError:
        return False


# ── UDP ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def unit_socket(ip: str, port: int, own: str, interface: str) -> socket.socket:
    """A UDP socket at a unit's address, which may share its port. ``own`` names the interface for groups.

    It is an IPv6 socket with an IPv4 address (RFC 4291, 2.5.5.2): Wine 8 binds an IPv4 socket to every address, and
    sends from 127.0.0.1. Raises OSError if it cannot be opened.
    """
    _require_no(interface)
    sock = _datagram_socket(socket.AF_INET6)
    try:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_V6ONLY, 0)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        sock.bind((_MAPPED + ip, port))
    except OSError:
        sock.close()
        raise
    return sock


def group_socket(place: str, port: int, group: str, own: str, interface: str) -> socket.socket:
    """A UDP socket for datagrams to a group on the interface of ``own``, or to the address ``place``.

    Raises OSError if it cannot be opened.
    """
    if place != _EVERYWHERE:
        sock = unit_socket(place, port, own, interface)
    else:
        _require_no(interface)
        try:
            sock = _listening(socket.AF_INET6, _MAPPED + group if group else "", port, group, own)
        except OSError:  # as Windows itself refuses it
            sock = _listening(socket.AF_INET, own, port, group, own)
    _places[sock] = place if place != _EVERYWHERE else group or "255.255.255.255"
    return sock


def _listening(family: socket.AddressFamily, place: str, port: int, group: str, own: str) -> socket.socket:
    """A socket that is bound to an address and has joined the group. Raises OSError."""
    if not place:
        raise OSError(0, "no address to bind to")
    sock = _datagram_socket(family)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_V6ONLY, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.bind((place, port))
        if group:
            member = socket.inet_aton(group) + socket.inet_aton(own)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    except OSError:
        sock.close()
        raise
    return sock


def _datagram_socket(family: socket.AddressFamily) -> socket.socket:
    """A datagram socket that may share its port: the scanner on the same machine listens to the same groups."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return sock


def watch_unit(sock: socket.socket, take: Callable[[bytes, Address], None]) -> None:
    """Call ``take`` with each datagram to a unit's socket, and its sender."""

    async def read() -> None:
        payload, sender = await asyncio.get_running_loop().sock_recvfrom(sock, _LARGEST)
        take(payload, (sender[0].removeprefix(_MAPPED), sender[1]))

    _watch(sock, read)


def watch_group(sock: socket.socket, take: Callable[[bytes, Address, str], None]) -> None:
    """Call ``take`` with each datagram to a group's socket, its sender, and its destination."""
    watch_unit(sock, lambda payload, sender: take(payload, sender, _places[sock]))


def send_datagram(sock: socket.socket, payload: bytes, target: Address) -> None:
    """Send from a unit's socket. Raises OSError."""
    sock.sendto(payload, (_MAPPED + target[0], target[1]))


# ── both ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def unwatch(sock: socket.socket) -> None:
    """Stop all calls for a socket."""
    if watcher := _watchers.pop(sock, None):
        watcher.cancel()


def _watch(sock: socket.socket, once: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run ``once`` again and again until the socket is closed: the loop here waits for results, not for sockets."""

    async def wait() -> None:
        while sock.fileno() >= 0:
            try:
                await once()
            except OSError:  # an earlier answer found nobody listening, or a visitor has ended
                await asyncio.sleep(0)

    _watchers[sock] = asyncio.get_running_loop().create_task(wait())


def _require_no(interface: str) -> None:
    if interface:
        raise OSError(0, f"{interface}: Windows gives no unit an interface of its own")
