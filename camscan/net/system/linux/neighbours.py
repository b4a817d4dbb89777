"""The kernel's neighbour table: the neighbours on attached links, readable without any privilege (rtnetlink(7))."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator

from camscan.net.system.nouns import Neighbour

_TICK = 0.01
"""Seconds: the kernel gives times in hundredths, whatever its own clock (USER_HZ)."""
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_NEIGHBOUR = struct.Struct("=BxxxiHBB")  # ndmsg: family, interface, state, flags, type
_ATTRIBUTE = struct.Struct("=HH")  # rtattr: length, type
_CACHE = struct.Struct("=IIII")  # nda_cacheinfo: confirmed, used, updated, references
_NEW, _DELETE, _GET, _DONE, _ERROR = 28, 29, 30, 3, 2
_REQUEST_DUMP, _REQUEST_ACK = 0x301, 0x5
_DESTINATION, _LINK_ADDRESS, _CACHE_INFO = 1, 2, 3
_REACHABLE = 0x02
_VALID = _REACHABLE | 0x04 | 0x08 | 0x10  # NUD_STALE, _DELAY, _PROBE
_FIXED = 0x40 | 0x80  # NUD_NOARP, _PERMANENT: what an administrator fixed proves nothing
_MAC = 6
_SIZES = {int(socket.AF_INET): 4, int(socket.AF_INET6): 16}
"""Bytes of an address."""
_RECEIVE = 1 << 18
_LONGEST = 10.0


def neighbours() -> dict[str, Neighbour]:
    """IPv4 address -> entry of every neighbour whose MAC is known; empty if the system does not say."""
    return _table(socket.AF_INET)


def neighbours_v6() -> dict[str, Neighbour]:
    """IPv6 address -> entry of every neighbour; link-local ones with their zone (``fe80::1%eth0``)."""
    return _table(socket.AF_INET6)


def _table(family: int) -> dict[str, Neighbour]:
    found: dict[str, Neighbour] = {}
    with contextlib.suppress(OSError), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        sock.settimeout(_LONGEST)
        sock.bind((0, 0))
        body = _NEIGHBOUR.pack(family, 0, 0, 0, 0)
        sock.send(_HEADER.pack(_HEADER.size + len(body), _GET, _REQUEST_DUMP, 1, 0) + body)
        while True:
            answer = sock.recv(_RECEIVE)
            found |= parse(answer)
            if is_last(answer):
                break
    return found


def forget_neighbour(ip: str, interface: int) -> None:
    """Remove an entry from the table; harmless if there is none. Raises OSError, for example without the privilege."""
    destination = _ATTRIBUTE.pack(_ATTRIBUTE.size + 4, _DESTINATION) + socket.inet_aton(ip)
    body = _NEIGHBOUR.pack(socket.AF_INET, interface, 0, 0, 0) + destination
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        sock.settimeout(_LONGEST)
        sock.bind((0, 0))
        sock.send(_HEADER.pack(_HEADER.size + len(body), _DELETE, _REQUEST_ACK, 1, 0) + body)
        for kind, told in _messages(sock.recv(_RECEIVE)):
            number = -int.from_bytes(told[:4], sys.byteorder, signed=True) if kind == _ERROR else 0
            if number not in {0, errno.ENOENT}:
                raise OSError(number, os.strerror(number))


def is_last(answer: bytes) -> bool:
    """Whether a part of a dump is its last, or an error."""
    return not answer or any(kind in {_DONE, _ERROR} for kind, _ in _messages(answer))


def parse(answer: bytes, name_of: Callable[[int], str] = socket.if_indextoname) -> dict[str, Neighbour]:
    """Address -> entry, from one part of a dump; entries without a MAC are left out. ``name_of`` names an interface."""
    found = {}
    for kind, body in _messages(answer):
        if kind != _NEW or len(body) < _NEIGHBOUR.size:
            continue
        family, interface, state, _flags, _type = _NEIGHBOUR.unpack_from(body)
        attributes = dict(_attributes(body[_NEIGHBOUR.size :]))
        mac, times = attributes.get(_LINK_ADDRESS, b""), attributes.get(_CACHE_INFO, b"")
        destination = attributes.get(_DESTINATION, b"")
        if len(destination) != _SIZES.get(family) or not state & (_VALID | _FIXED) or len(mac) != _MAC or not any(mac):
            continue
        if len(times) >= _CACHE.size:
            confirmed = float("inf") if state & _FIXED else _CACHE.unpack_from(times)[0] * _TICK
            assumed = bool(state & (_REACHABLE | _FIXED))
            if ip := _address(family, destination, interface, name_of):
                found[ip] = Neighbour(mac.hex(":"), confirmed, assumed)
    return found


def _address(family: int, packed: bytes, interface: int, name_of: Callable[[int], str]) -> str:
    """An address as the rest of the program writes it; empty if its interface does not exist any more."""
    ip = socket.inet_ntop(family, packed)
    if family == socket.AF_INET or not ipaddress.IPv6Address(packed).is_link_local:
        return ip
    with contextlib.suppress(OSError):
        return f"{ip}%{name_of(interface)}"
    return ""


def _messages(answer: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each netlink message."""
    while len(answer) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(answer)
        if length < _HEADER.size:
            return
        yield kind, answer[_HEADER.size : length]
        answer = answer[_aligned(length) :]


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and value of each attribute of a message."""
    while len(body) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(body)
        if length < _ATTRIBUTE.size:
            return
        yield kind, body[_ATTRIBUTE.size : length]
        body = body[_aligned(length) :]


def _aligned(length: int) -> int:
    """The next multiple of four bytes, at which netlink begins everything."""
    return (length + 3) & ~3
