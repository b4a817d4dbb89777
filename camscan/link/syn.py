# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""TCP SYN sweep of routed IPv4 ranges (RFC 9293): which addresses answer at all, on any of a few ports.

One template, in which addresses, port, sequence number and checksums change. The system's TCP does not know about it
and keeps no state, so the sweep answers every SYN-ACK with a reset of its own. An address that has answered once, with
a SYN-ACK or a reset, is not asked again: a living device sees one SYN, or a few.
"""

from __future__ import annotations

import hashlib
import itertools
import secrets
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from select import select
from socket import socket

from camscan.link.arp import ETH_P_ARP, REPLIES_ONLY, make_request, parse_answer, request_template
from camscan.link.interface import Interface
from camscan.link.raw import Instruction, open_packets, receive_frame, send_frame
from camscan.link.trouble import Code, Trouble

ETH_P_IP = 0x0800
ICMP, TCP = 1, 6
UNREACHABLE = 3
"""ICMP: destination unreachable (RFC 792)."""
NO_WAY = frozenset({0, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13})
"""Its codes about a network or a host, and not about one port of a host that is there."""
SYN, RST, ACK = 0x02, 0x04, 0x10
WINDOW = 1024
MSS = bytes.fromhex("020405b4")  # some stacks take a SYN without this option for an attack
LARGEST = 1 << 20
"""The most addresses in one sweep; a /12. More is surely a slip."""
CHUNK = 4096
"""The most addresses in one portion: a portion is finished before the next one begins."""
FEWEST = 64
SPELL = 3.0
"""Seconds that the SYNs of one portion take to send: other programs wait for finished portions to ask more."""
MORE = 3
FEW = 0.02
"""The share of living devices that may answer late without another round."""
SPACING = 0.15
"""The least seconds between two SYNs to one address: its answer and our reset come before the next."""
STEER_EVERY = 0.1
"""Seconds between two questions for the pace."""
RESETS = 4
"""The most resets that one address gets, however often it repeats its answer, because each delays the sweep."""
ATTEMPTS = 3
"""How many ARP requests the router gets."""
PLAIN = 0x45
"""First byte of an IPv4 header without options."""
QUOTING = 70
"""Bytes of an ICMP error that quotes as little as allowed: Ethernet, IPv4, ICMP, IPv4, eight bytes of TCP."""
HEARD = 54
"""Bytes of an answer without options: Ethernet, IPv4, TCP."""

PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""Ranges of RFC 1918; any other is refused unless it is named as authorised."""


def answer_filter(port: int) -> Sequence[Instruction]:
    """A filter that accepts unfragmented TCP over IPv4 to one port of ours, and ICMP "unreachable" from routers."""
    return (
        (0x28, 0, 0, 12),
        (0x15, 0, 11, ETH_P_IP),
        (0x30, 0, 0, 23),
        (0x15, 3, 0, ICMP),
        (0x15, 0, 8, TCP),
        (0x28, 0, 0, 20),
        (0x45, 6, 2, 0x1FFF),
        (0x30, 0, 0, 34),
        (0x15, 3, 4, UNREACHABLE),
        (0xB1, 0, 0, 14),
        (0x48, 0, 0, 16),
        (0x15, 0, 1, port),
        (0x06, 0, 0, 128),
        (0x06, 0, 0, 0),
    )


def check_scope(targets: Sequence[IPv4Network], authorised: Sequence[IPv4Network]) -> None:
    """Raise Trouble if a target is neither private nor authorised, or if there are too many addresses."""
    total = sum(target.num_addresses for target in targets)
    if total > LARGEST:
        raise Trouble(Code.USAGE, f"{total:,} addresses are more than one sweep may ask ({LARGEST:,}); split it")
    for target in targets:
        if not any(target.subnet_of(allowed) for allowed in (*PRIVATE, *authorised)):
            raise Trouble(Code.USAGE, f"{target} is neither a private range nor named as authorised")


def resolve_gateway(interface: Interface, gateway: IPv4Address) -> tuple[bytes, IPv4Address]:
    """The router's MAC and our address on its subnet. Raises Trouble if it is not attached or does not answer."""
    source = interface.source_for(IPv4Network(gateway))
    if source is None:
        raise Trouble(Code.USAGE, f"{gateway} is not on a subnet attached to {interface.name}")
    with open_packets(interface, ETH_P_ARP, REPLIES_ONLY) as packets:
        for _ in range(ATTEMPTS):
            send_frame(packets, make_request(request_template(interface.mac, source), int(gateway)))
            end = time.monotonic() + 0.5
            while (left := end - time.monotonic()) > 0 and select([packets], [], [], left)[0]:
                pair = parse_answer(receive_frame(packets, 128) or b"")
                if pair and pair[0] == int(gateway):
                    return pair[1], source
    raise Trouble(Code.INTERFACE, f"the router {gateway} does not answer on {interface.name}")


def checksum(total: int) -> int:
    """The Internet checksum (RFC 1071) of a sum of 16-bit words."""
    total = (total >> 16) + (total & 0xFFFF)
    total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


@dataclass(slots=True)
class Template:
    """What all packets of a sweep have in common."""

    head: bytes
    """The Ethernet header."""
    source: int
    port: int
    """Our TCP port."""
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(8))

    def cookie(self, target: int, port: int) -> int:
        """The sequence number of a SYN: a host that acknowledges it has seen it."""
        asked = struct.pack("!IH", target, port)  # a digest, so that nobody can work out one from another
        return int.from_bytes(hashlib.blake2b(asked, digest_size=4, key=self.secret).digest())

    def syn(self, target: int, port: int) -> bytes:
        """The SYN to one port of one address."""
        return self._packet(target, port, self.cookie(target, port), SYN, MSS)

    def reset(self, target: int, port: int) -> bytes:
        """The reset that ends a connection which our SYN opened."""
        return self._packet(target, port, (self.cookie(target, port) + 1) & 0xFFFFFFFF, RST, b"")

    def _packet(self, target: int, port: int, sequence: int, flags: int, options: bytes) -> bytes:
        size = 20 + len(options)
        offset_flags = size // 4 << 12 | flags
        ends = (self.source >> 16) + (self.source & 0xFFFF) + (target >> 16) + (target & 0xFFFF)
        ip_sum = checksum(0x4500 + 20 + size + 0x4000 + (64 << 8 | TCP) + ends)
        tcp_sum = ends + TCP + size + self.port + port + (sequence >> 16) + (sequence & 0xFFFF) + offset_flags + WINDOW
        tcp_sum = checksum(tcp_sum + sum(struct.unpack(f"!{len(options) // 2}H", options)))
        return (
            self.head
            + struct.pack("!HHIBBHII", 0x4500, 20 + size, 0x4000, 64, TCP, ip_sum, self.source, target)
            + struct.pack("!HHIIHHHH", self.port, port, sequence, 0, offset_flags, WINDOW, tcp_sum, 0)
            + options
        )

    def parse(self, frame: bytes) -> tuple[int, int, bool] | None:
        """(address, port, open) of an answer to one of our SYNs; None for anything else."""
        if len(frame) < HEARD or frame[12:14] != b"\x08\x00" or frame[23] != TCP:
            return None
        at = 14 + (frame[14] & 0x0F) * 4
        if len(frame) < at + 14:
            return None
        target = int.from_bytes(frame[26:30], "big")
        port, ours, _sequence, acknowledged, offset_flags = struct.unpack_from("!HHIIH", frame, at)
        if ours != self.port or acknowledged != (self.cookie(target, port) + 1) & 0xFFFFFFFF:
            return None
        if offset_flags & RST:
            return target, port, False
        return (target, port, True) if offset_flags & (SYN | ACK) == SYN | ACK else None

    def parse_unreachable(self, frame: bytes) -> int | None:
        """The address that a router cannot reach, by its answer to one of our SYNs; None for anything else."""
        if len(frame) < QUOTING or frame[12:14] != b"\x08\x00" or frame[23] != ICMP or frame[14] != PLAIN:
            return None
        kind, code, quoted = frame[34], frame[35], frame[42:]
        at = (quoted[0] & 0x0F) * 4
        if kind != UNREACHABLE or code not in NO_WAY or quoted[9] != TCP or len(quoted) < at + 8:
            return None
        target = int.from_bytes(quoted[16:20], "big")
        ours, port, sequence = struct.unpack_from("!HHI", quoted, at)
        return target if ours == self.port and sequence == self.cookie(target, port) else None


def portion_size(pps: int, questions: int) -> int:
    """How many addresses make a portion at such a pace, if each gets so many SYNs."""
    return min(max(int(pps * SPELL / questions), FEWEST), CHUNK)


def split_addresses(targets: Iterable[IPv4Network], size: int = CHUNK) -> Iterator[list[range]]:
    """The addresses, sorted, in portions of at most ``size``; neighbouring networks share one."""
    chunk: list[range] = []
    room = size
    for target in targets:
        first, end = int(target.network_address), int(target.broadcast_address) + 1
        while first < end:
            last = min(end, first + room)
            if chunk and chunk[-1].stop == first:
                chunk[-1] = range(chunk[-1].start, last)
            else:
                chunk.append(range(first, last))
            room -= last - first
            first = last
            if not room:
                yield chunk
                chunk, room = [], size
    if chunk:
        yield chunk


@dataclass(frozen=True, slots=True)
class LatePortion:
    """A portion that was sent, and whose last answers may still come."""

    until: float
    chunk: Sequence[range]


@dataclass(slots=True)
class Sweep:
    """One SYN sweep, which sends at a pace and hears all the time."""

    packets: socket
    template: Template
    targets: Sequence[IPv4Network]
    ports: Sequence[int]
    on_answer: Callable[[IPv4Address, int, bool], None]
    """Called once for each address that answers: with the port that answered first, and whether it is open."""
    on_stretch: Callable[[IPv4Address, IPv4Address], None]
    """Called with first and last address of a stretch when its answers have come."""
    on_round: Callable[[int, int], None]
    """Called after a portion was asked again: how many answered only now, and how many have answered in all."""
    pps: int
    choose_pace: Callable[[int], int] = lambda pps: pps
    """Called now and then with the present pace; returns how many packets may be sent a second."""
    on_unreachable: Callable[[IPv4Address], None] = lambda _ip: None
    """Called once for each address that a router reports as unreachable."""
    sent: int = 0
    answered: set[int] = field(default_factory=set)
    _asked_at: dict[int, float] = field(default_factory=dict)
    """When each address of this portion was asked last."""
    _unreachable: set[int] = field(default_factory=set)
    _resets: dict[int, int] = field(default_factory=dict)
    _due: float = 0.0
    _next_pace_at: float = 0.0

    def run(self, *, rounds: int, wait: float) -> None:
        """Ask every address on each port, ``rounds`` times; a stretch is finished ``wait`` seconds after its end.

        If the last round still found a device, packets are being lost: then there are up to MORE further rounds.
        """
        late: LatePortion | None = None
        self._due = time.monotonic()
        for chunk in split_addresses(self.targets, portion_size(self.pps, len(self.ports) * rounds)):
            before = len(self.answered)
            self._asked_at.clear()
            for turn in range(rounds + MORE):
                known = len(self.answered)
                for port in self.ports:
                    self._ask_chunk(chunk, port)
                    late = self._finish_stretch(late)
                found, new = len(self.answered) - before, len(self.answered) - known
                if turn:
                    self.on_round(new, found)
                if turn + 1 >= rounds and new <= found * FEW:
                    break
            self._wait_for_stretch(late)
            late = LatePortion(time.monotonic() + wait, chunk)
        self._wait_for_stretch(late)

    def _ask_chunk(self, chunk: Sequence[range], port: int) -> None:
        began = time.monotonic()
        asked = self._asked_at
        for target in itertools.chain.from_iterable(chunk):
            if target not in self.answered:
                # Without this wait, an address is asked too early if others have answered, or if the processor was
                # busy.
                self._read_answers(max(self._due, asked.get(target, 0.0) + SPACING))
                if target in self.answered:
                    continue
                asked[target] = time.monotonic()
                self._send_frame(self.template.syn(target, port))
        self._read_answers(began + SPACING)

    def _finish_stretch(self, late: LatePortion | None) -> LatePortion | None:
        """Report that the stretch before is finished, if its answers have had their time."""
        if late is None or time.monotonic() < late.until:
            return late
        for stretch in late.chunk:
            self.on_stretch(IPv4Address(stretch[0]), IPv4Address(stretch[-1]))
        return None

    def _wait_for_stretch(self, late: LatePortion | None) -> None:
        if late is not None:
            self._read_answers(late.until)
            self._finish_stretch(late)

    def _send_frame(self, frame: bytes) -> None:
        """Send one packet; each delays the next, whatever it was for."""
        now = time.monotonic()
        if now >= self._next_pace_at:
            self.pps, self._next_pace_at = self.choose_pace(self.pps), now + STEER_EVERY
        self._due = max(self._due, now - 0.02) + 1 / self.pps
        send_frame(self.packets, frame)
        self.sent += 1

    def _read_answers(self, until: float) -> None:
        while True:
            left = until - time.monotonic()
            if not select([self.packets], [], [], max(left, 0))[0]:
                return
            self._drain_answers()
            if left <= 0:
                return  # the pace continues, however many frames are still coming

    def _drain_answers(self) -> None:
        for _ in range(256):
            frame = receive_frame(self.packets, 128)
            if frame is None:
                return
            answer = self.template.parse(frame)
            if answer is None:
                target = self.template.parse_unreachable(frame)
                if target is not None and target not in self._unreachable:
                    self._unreachable.add(target)
                    self.on_unreachable(IPv4Address(target))
                continue
            target, port, is_open = answer
            if is_open and self._resets.get(target, 0) < RESETS:
                self._resets[target] = self._resets.get(target, 0) + 1
                self._send_frame(self.template.reset(target, port))
            if target not in self.answered:
                self.answered.add(target)
                self.on_answer(IPv4Address(target), port, is_open)
