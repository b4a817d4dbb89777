# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""The layers below IP, and those in front of UDP and TCP: where the inner layer begins, by offsets only. Pure.

Every function may raise IndexError or struct.error if a frame is shorter than its headers claim; the caller drops it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

ARP, IPV4, IPV6, SADP = 0x0806, 0x0800, 0x86DD, 0x8033
TAGS = frozenset({0x8100, 0x88A8, 0x9100})
"""EtherTypes of VLAN tags (IEEE 802.1Q, 802.1ad and its predecessor)."""
MOST_TAGS = 4
PPPOE, PPP_IPV4, PPP_IPV6 = 0x8864, 0x0021, 0x0057

ETHERNET, LOOPBACK, RAW, OPENBSD_LOOPBACK, COOKED, ONLY_IPV4, ONLY_IPV6, COOKED_2 = 1, 0, 101, 108, 113, 228, 229, 276
RAWS = frozenset({RAW, 12, 14})
"""LINKTYPE_RAW, and the numbers that systems write for it."""

TCP, UDP, GRE = 6, 17, 47
VXLAN = 4789
"""UDP port of VXLAN (RFC 7348)."""
FRAGMENT = 44
EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})
"""IPv6 headers that give their length in units of 8 bytes (RFC 8200, 7045); authentication headers use 4."""
AUTHENTICATION = 51
MOST_EXTENSIONS = 8
NO_MAC = bytes(6)
HALF, WORDS = struct.Struct(">H"), struct.Struct(">HH")


class Network(NamedTuple):
    """The network layer of a frame."""

    kind: int
    """EtherType; 0 if there is none that camscan reads."""
    at: int
    """The place in the frame where the network layer begins."""


NOTHING = Network(0, 0)


def network_layer(link: int, frame: bytes) -> Network | None:
    """The network layer of a packet; None if packets of this link type are not read."""
    if link == ETHERNET:
        return _behind_tags(frame, 12)
    if link in RAWS or link in {ONLY_IPV4, ONLY_IPV6}:
        return Network({4: IPV4, 6: IPV6}.get(frame[0] >> 4, 0), 0)
    if link == COOKED:
        return _behind_tags(frame, 14)
    if link == COOKED_2:
        (kind,) = HALF.unpack_from(frame)  # the type comes first, the rest of the header after it
        return _behind_tags(frame, 22) if kind in TAGS else Network(kind, 20)
    if link in {LOOPBACK, OPENBSD_LOOPBACK}:
        return Network(
            {4: IPV4, 6: IPV6}.get(frame[4] >> 4, 0), 4
        )  # the family is in the byte order of the machine that captured
    return None


def _behind_tags(frame: bytes, at: int) -> Network:
    for _ in range(MOST_TAGS + 1):
        (kind,) = HALF.unpack_from(frame, at)
        if kind == PPPOE:
            inner = {PPP_IPV4: IPV4, PPP_IPV6: IPV6}.get(HALF.unpack_from(frame, at + 8)[0], 0)
            return Network(inner, at + 10)
        if kind not in TAGS:
            return Network(kind, at + 2)
        at += 4
    return NOTHING


def sender_mac(link: int, frame: bytes) -> bytes:
    """The MAC of the frame's sender; zeros if the link type has none."""
    if link == ETHERNET:
        return frame[6:12]
    return frame[6:12] if link == COOKED else frame[12:18] if link == COOKED_2 else NO_MAC


def receiver_mac(link: int, frame: bytes) -> bytes:
    """The MAC that the frame was sent to; zeros if the link type does not have it."""
    return frame[:6] if link == ETHERNET else NO_MAC


class Internet(NamedTuple):
    """One IP packet, or a fragment of one."""

    protocol: int
    at: int
    """The place in the frame where the payload begins."""
    end: int
    """The place where the payload ends, as far as it was captured."""
    ends: bytes
    """The two addresses as bytes, sender first."""
    is_whole: bool
    """Whether everything that the header promises was captured."""
    fragment: tuple[bytes, int, bool] | None = None
    """Of a fragment: what all fragments of its packet have in common, its place, and whether more follow."""


def ipv4_layer(frame: bytes, at: int) -> Internet:
    """Read an IPv4 header (RFC 791).

    A total length of 0 means everything: so captures show what the card splits later.
    """
    total = HALF.unpack_from(frame, at + 2)[0] or len(frame) - at
    start, end = at + 4 * (frame[at] & 15), min(at + total, len(frame))
    ends = frame[at + 12 : at + 20]
    position = HALF.unpack_from(frame, at + 6)[0] & 0x3FFF
    is_whole = at + total <= len(frame)
    if not position:
        return Internet(frame[at + 9], start, end, ends, is_whole)
    siblings = ends + frame[at + 4 : at + 6] + frame[at + 9 : at + 10]
    return Internet(
        frame[at + 9], start, end, ends, is_whole, (siblings, 8 * (position & 0x1FFF), bool(position & 0x2000))
    )


def ipv6_layer(frame: bytes, at: int) -> Internet:
    """Read an IPv6 header (RFC 8200), and the extension headers between it and the payload."""
    length = HALF.unpack_from(frame, at + 4)[0]
    end = min(at + 40 + length, len(frame)) if length else len(frame)
    ends, is_whole = frame[at + 8 : at + 40], at + 40 + length <= len(frame)
    kind, at = frame[at + 6], at + 40
    for _ in range(MOST_EXTENSIONS):
        if kind == FRAGMENT:
            position = HALF.unpack_from(frame, at + 2)[0]
            siblings, place = ends + frame[at + 4 : at + 8] + frame[at : at + 1], position & 0xFFF8
            fragment = (siblings, place, bool(position & 1)) if place or position & 1 else None
            return Internet(frame[at], at + 8, end, ends, is_whole, fragment)
        if kind in EXTENSIONS:
            kind, at = frame[at], at + 8 + 8 * frame[at + 1]
        elif kind == AUTHENTICATION:
            kind, at = frame[at], at + 8 + 4 * frame[at + 1]
        else:
            break
    return Internet(kind, at, end, ends, is_whole)
