"""Windows' table of neighbours on the attached links, readable by every user (GetIpNetTable2)."""

from __future__ import annotations

import contextlib
import errno
import os
import struct

from camscan.net.system.nouns import Neighbour
from camscan.net.system.windows.iphlpapi import AF_INET, AF_INET6, address, rows, table

_ROW = struct.Struct("<28sIQ32sIiB3xI")
"""MIB_IPNET_ROW2 of netioapi.h: address, interface, LUID, MAC and its length, state, flags, a time."""
_START = 8
"""Position of the first row: after a number, at a multiple of eight bytes."""
_VALID = frozenset({2, 3, 4, 5, 6})  # NlnsProbe, Delay, Stale, Reachable, Permanent
_REACHABLE, _PERMANENT = 5, 6
_MAC = 6


def neighbours() -> dict[str, Neighbour]:
    """IPv4 address -> entry of every neighbour whose MAC is known; empty if the system does not say."""
    with contextlib.suppress(OSError):
        return read_neighbours(table("GetIpNetTable2", AF_INET, _ROW.size, start=_START))
    return {}


def neighbours_v6() -> dict[str, Neighbour]:
    """IPv6 address -> entry of every neighbour; link-local ones with the number of their interface (``fe80::1%12``)."""
    with contextlib.suppress(OSError):
        return read_neighbours(table("GetIpNetTable2", AF_INET6, _ROW.size, start=_START))
    return {}


def read_neighbours(content: bytes) -> dict[str, Neighbour]:
    """Address -> entry, from the rows of a MIB_IPNET_TABLE2, without groups, broadcasts and entries without a MAC."""
    found = {}
    for row in rows(content, _ROW.size):
        packed, index, _luid, mac, length, state, _flags, _time = _ROW.unpack(row)
        ip, mac = address(packed), mac[:_MAC]
        if ip is None or ip.is_multicast or state not in _VALID or length != _MAC or not any(mac) or mac[0] & 1:
            continue
        name = f"{ip}%{index}" if ip.version == 6 and ip.is_link_local else str(ip)  # noqa: PLR2004 - IPv6
        # The time of its confirmation is in the table of some versions and zero in others: it counts as unknown.
        confirmed = float("inf") if state == _PERMANENT else None
        found[name] = Neighbour(mac.hex(":"), confirmed, assumed=state in {_REACHABLE, _PERMANENT})
    return found


def forget_neighbour(ip: str, interface: int) -> None:
    """Raise OSError: only an administrator may remove an entry, and Windows makes room by itself."""
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), f"{ip} on interface {interface}")
