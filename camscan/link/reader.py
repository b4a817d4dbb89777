# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Turns packets into replies in the form of captured replies, whether they are heard now or were captured earlier.

Most packets of a capture are pictures and other people's traffic: a few bytes at known places show that, and they are
dropped at once. Replies of cameras are passed on unchanged, byte for byte: the scanner reads them. Only what devices
say about themselves is kept; questions, from us or from others, are not. Everything that is remembered has a bound.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Protocol

from camscan.link import layers, sadp
from camscan.link.datagrams import (
    DAHUA,
    DHIP,
    LONGEST,
    MARKS,
    MDNS,
    PORTS,
    SADP,
    SSDP,
    WSD,
    QuestionLog,
    protocol_of,
    question_of,
)
from camscan.link.fragments import Fragments
from camscan.link.streams import Streams
from camscan.link.talk import ServerAnswer

Reply = dict[str, Any]

DHCP_SERVER, DHCP_CLIENT = 67, 68
UDP_PORTS = (MDNS, SSDP, WSD, SADP, DHIP, DAHUA, DHCP_SERVER, DHCP_CLIENT)
"""The kernel passes datagrams of these ports to a listener, and from other ports those that begin like an answer."""
TCP_PORTS = (80, 81, 443, 554, 8000, 8080, 8443, 8554, 37777)
"""The kernel passes conversations of these ports to a listener; from a file, those on every port are read."""

_IPV4_ON_ETHERNET = b"\x08\x00"
_DHCP = frozenset({DHCP_SERVER, DHCP_CLIENT})
_DHCP_HEAD = 240
_NOBODY = (bytes(4), bytes(16))
_MOST_CLIENTS = 4096
_GIVEN_WITHIN = 30.0
"""Seconds that a client's message waits for the address that a server gives it."""
_EVERY = 1.0
"""Seconds of the packets' own time between two searches for what is overdue."""
_UDP_HEAD, _TCP_HEAD = 8, 20
_INQUIRY, _ANSWER = sadp.Ask.INQUIRY, sadp.INQUIRY_RESPONSE
_LAYER2 = "sadp-l2"
_TOO_SHORT = (IndexError, struct.error)
"""Errors of a frame that is shorter than its headers claim."""
OUR_FAULT = "a fault of camscan"
_OUR_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors that show a fault of camscan. No packet ends the reading; the last line counts the packets that caused one."""

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SHARED = IPv4Network("100.64.0.0/10")
"""Shared addresses between a provider and its customers (RFC 6598)."""
_THIS = IPv4Network("0.0.0.0/8")
"""No device has such an address (RFC 1122, 3.2.1.3)."""


class Dhcp(Protocol):
    """What the reader needs from :mod:`camscan.link.dissect`, if scapy is installed."""

    def read_message(self, payload: bytes) -> Any:
        """Read one DHCP message; None if it is not about a client on Ethernet."""


@dataclass(slots=True)
class _Client:
    """What a DHCP client has sent, until its address is known."""

    since: float
    wanted_address: str
    options: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Reader:
    """Takes packets, and gives the replies in which devices describe themselves."""

    dhcp: Dhcp | None = None
    """Reads DHCP; None if scapy is missing, and then DHCP is not read."""
    within: Callable[[bytes], bool] | None = None
    """Whether the devices at an address (as bytes) count; None if all do."""
    counts: dict[str, int] = field(default_factory=dict)
    """Reason -> packets that were not read."""
    fragments: Fragments = field(default_factory=Fragments)
    streams: Streams = field(default_factory=Streams)
    _questions: QuestionLog = field(default_factory=QuestionLog)
    _clients: dict[str, _Client] = field(default_factory=dict)
    _known: dict[bytes, Any] = field(default_factory=dict)
    """DHCP messages that were dissected, by the part that does not change when they are repeated."""
    _due: float = 0.0

    def __post_init__(self) -> None:
        self.streams.within = self.within

    def take(self, link: int, when: float, frame: bytes, is_cut: bool = False) -> Iterable[Reply]:
        """Take one packet of a link type, and return the replies that it completes; ``when`` is seconds since 1970."""
        try:
            if link == layers.ETHERNET and frame[12:14] == _IPV4_ON_ETHERNET:
                said = self._read_internet(layers.ipv4_layer(frame, 14), frame, when)
            else:
                said = self._read_other(link, frame, when)
        except _TOO_SHORT:
            self._count_unread("cut" if is_cut else "damaged")
            said = ()
        except _OUR_FAULTS:
            self._count_unread(OUR_FAULT)
            said = ()
        if when > self._due:
            return [*said, *self._overdue_clients(when)]
        return said

    def close(self) -> Iterator[Reply]:
        """Return the replies that were still waiting for more packets."""
        yield from map(self._answer_reply, self.streams.close())
        for mac in list(self._clients):
            yield from self._client_replies(mac)

    def _count_unread(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def _read_other(self, link: int, frame: bytes, when: float) -> Iterable[Reply]:
        found = layers.network_layer(link, frame)
        if found is None:
            self._count_unread(f"link type {link}")
        elif found.kind == layers.IPV4:
            return self._read_internet(layers.ipv4_layer(frame, found.at), frame, when)
        elif found.kind == layers.IPV6:
            return self._read_internet(layers.ipv6_layer(frame, found.at), frame, when)
        elif found.kind == layers.ARP:
            return self._read_arp(frame, found.at, when)
        elif found.kind == layers.SADP:
            return self._read_layer2(link, frame, found.at, when)
        return ()

    def _read_internet(self, packet: layers.Internet, frame: bytes, when: float) -> Iterable[Reply]:
        protocol, at, end, ends, is_whole, piece = packet
        if piece is not None:
            if protocol not in {layers.TCP, layers.UDP} or not is_whole:
                return ()
            rebuilt = self.fragments.add(piece[0], piece[1], frame[at:end], when, more=piece[2])
            if rebuilt is None:
                return ()
            frame, at, end = rebuilt, 0, len(rebuilt)
        if protocol == layers.TCP:
            key = ends + frame[at : at + 4]
            if not self.streams.is_of_interest(key, frame, at):
                return ()
            said = self.streams.take(key, frame[at:end], when, is_whole)
            return [self._answer_reply(each) for each in said]
        if protocol == layers.UDP:
            return self._read_udp(frame, at, end, ends, when)
        if protocol == layers.GRE:
            self._count_unread("tunnel")
        return ()

    def _read_udp(self, frame: bytes, at: int, end: int, ends: bytes, when: float) -> Iterable[Reply]:
        sport, dport = layers.WORDS.unpack_from(frame, at)
        if not (sport in PORTS or dport in PORTS):
            if {sport, dport} <= _DHCP:
                return self._read_dhcp(frame[at + _UDP_HEAD : end], when)
            if dport == layers.VXLAN:
                self._count_unread("tunnel")
            if frame[at + _UDP_HEAD] not in MARKS:
                return ()
        length = layers.HALF.unpack_from(frame, at + 4)[0] or end - at
        payload = frame[at + _UDP_HEAD : min(end, at + length)][:LONGEST]
        sender, receiver = ends[: len(ends) // 2], ends[len(ends) // 2 :]
        protocol = protocol_of(sport, dport, payload)
        if not protocol:
            if question := question_of(dport, payload):
                self._questions.note(question, sender, sport, payload)
            return ()
        if sender in _NOBODY or (self.within and not self.within(sender)):
            return ()
        if at + length > end:
            self._count_unread("cut")  # the captured part is read anyway
        is_answer = self._questions.is_answer(protocol, receiver, dport, payload)
        return (_make_reply(protocol, _address_text(sender), sport, payload, when, is_solicited=is_answer),)

    def _answer_reply(self, said: ServerAnswer) -> Reply:
        protocol, server, port, payload, when, is_proven = said
        return _make_reply(protocol, _address_text(server), port, payload, when, is_solicited=is_proven)

    def _read_arp(self, frame: bytes, at: int, when: float) -> Iterable[Reply]:
        """Read who has which address (RFC 826). A probe (RFC 5227) has none yet, and shows nothing that lasts."""
        mac, ip = frame[at + 8 : at + 14], frame[at + 14 : at + 18]
        if frame[at : at + 6] != b"\0\1\x08\0\6\4" or len(ip) < 4 or ip in _NOBODY:  # noqa: PLR2004 - an address
            return ()
        return ({"protocol": "mac", "ip": _address_text(ip), "payload": mac.hex(":"), **_time_member(when)},)

    def _read_layer2(self, link: int, frame: bytes, at: int, when: float) -> Iterable[Reply]:
        sender, receiver = layers.sender_mac(link, frame), layers.receiver_mac(link, frame)
        if frame[at + 10] == _INQUIRY:
            self._questions.note(_LAYER2, sender, 0, b"")
            return ()
        untagged = receiver + sender + layers.SADP.to_bytes(2, "big") + frame[at:]
        found = sadp.make_reply(untagged)
        if found is None:
            return ()
        is_answer = link != layers.ETHERNET or self._questions.is_answer(_LAYER2, receiver, 0, b"")
        return ({**found, **_time_member(when), **({} if is_answer else {"solicited": False})},)

    def _read_dhcp(self, payload: bytes, when: float) -> Iterable[Reply]:
        """Read one DHCP message.

        A client's message waits for the address that a server gives it: a request proves little.
        """
        if self.dhcp is None:
            self._count_unread("DHCP")
            return ()
        if len(payload) < _DHCP_HEAD:
            return ()
        # Without the transaction's number and the client's waiting time: the rest is the same when it asks again.
        lasting = blake2b(payload[:4] + payload[12:20] + payload[28:34] + payload[_DHCP_HEAD:], digest_size=16).digest()
        if lasting not in self._known:
            if len(self._known) >= _MOST_CLIENTS:
                del self._known[next(iter(self._known))]
            self._known[lasting] = self.dhcp.read_message(payload)
        told = self._known[lasting]
        if told is None:
            return ()
        if told.is_given:
            return list(self._client_replies(told.mac, told.address)) if told.mac in self._clients else ()
        client = self._clients.setdefault(told.mac, _Client(when, told.address))
        client.wanted_address = told.address or client.wanted_address
        client.options |= dict.fromkeys(told.options)
        full = len(self._clients) > _MOST_CLIENTS
        return list(self._client_replies(next(iter(self._clients)))) if full else ()

    def _client_replies(self, mac: str, given: str = "") -> Iterator[Reply]:
        client = self._clients.pop(mac)
        address = given or client.wanted_address
        about = {"device": f"dhcp-{mac}"} if not given else {}
        about |= {"ip": address} if address else {}
        seen_at = _time_member(client.since)
        yield {"protocol": "mac", **about, "payload": mac, **seen_at}
        for line in client.options:
            yield {"protocol": "dhcp", **about, "payload": line, **seen_at, "solicited": False}

    def _overdue_clients(self, when: float) -> Iterator[Reply]:
        self._due = when + _EVERY
        yield from map(self._answer_reply, self.streams.expire(when))
        for mac, client in list(self._clients.items()):
            if when - client.since < _GIVEN_WITHIN:
                return
            yield from self._client_replies(mac)


def is_within_any(networks: Iterable[IPv4Network | IPv6Network]) -> Callable[[bytes], bool]:
    """A test whether an address is private, or in one of the networks.

    Other people's devices in a capture are left out. What the capturing computer sends to itself (``tcpdump -i any``)
    does not come from a device.
    """
    named = list(networks)

    @functools.lru_cache(1 << 16)
    def is_within(address: bytes) -> bool:
        found = ip_address(address)
        is_nobodys = found.is_loopback or found.is_reserved or found in _THIS
        if not is_nobodys and (found.is_private or found.is_link_local or found in _SHARED):
            return True
        return any(found in network for network in named)

    return is_within


@functools.lru_cache(1 << 12)
def _address_text(packed: bytes) -> str:
    return str(IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed))  # noqa: PLR2004 - bytes of IPv4


def _make_reply(protocol: str, ip: str, port: int, payload: bytes, when: float, *, is_solicited: bool) -> Reply:
    about = {"protocol": protocol, "ip": ip, "port": port, **_payload_members(payload), **_time_member(when)}
    return about if is_solicited else {**about, "solicited": False}


def _time_member(when: float) -> Reply:
    """The time of a packet as a member of a reply; empty if the capture has an impossible time."""
    try:
        return {"seen_at": datetime.fromtimestamp(when, UTC).isoformat(timespec="microseconds")}
    except (ArithmeticError, OSError, ValueError):
        return {}


def _payload_members(payload: bytes) -> Reply:
    """The payload as text if that loses nothing, else in base64."""
    if _CONTROL.search(payload) is None:
        with contextlib.suppress(UnicodeDecodeError):
            return {"payload": payload.decode("utf-8")}
    return {"payload_b64": base64.b64encode(payload).decode()}
