# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""ARP sweep of attached subnets (RFC 826): one template, in which only the asked address changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from select import select
from socket import socket

from camscan.link.interface import Interface
from camscan.link.raw import Instruction, send
from camscan.link.trouble import Code, Trouble

ETH_P_ARP = 0x0806
BROADCAST = b"\xff" * 6
HEAD = bytes.fromhex("0001080006040001")  # Ethernet, IPv4, address lengths 6 and 4, request
REPLY = bytes.fromhex("0001080006040002")
PADDING = bytes(18)  # to the 60 bytes of the smallest Ethernet frame
REPLY_LENGTH = 42
LARGEST = 1 << 20
"""Addresses in one sweep; a /12. More is surely a slip."""

#: Accepts ARP replies only: EtherType at 12, operation at 20.
REPLIES_ONLY: Sequence[Instruction] = (
    (0x28, 0, 0, 12),
    (0x15, 0, 3, ETH_P_ARP),
    (0x28, 0, 0, 20),
    (0x15, 0, 1, 2),
    (0x06, 0, 0, 64),
    (0x06, 0, 0, 0),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a sweep sent and heard."""

    asked: int
    """Addresses."""
    sent: int
    """Frames, repeats included."""
    answered: int


def template(mac: bytes, source: IPv4Address) -> bytes:
    """All of a request but the asked address and the padding."""
    return BROADCAST + mac + ETH_P_ARP.to_bytes(2, "big") + HEAD + mac + source.packed + bytes(6)


def request(head: bytes, target: int) -> bytes:
    """One frame, ready to send."""
    return head + target.to_bytes(4, "big") + PADDING


def parse(frame: bytes) -> tuple[int, bytes] | None:
    """(address, MAC) of the answering side of an ARP reply; None for anything else."""
    if len(frame) < REPLY_LENGTH or frame[12:22] != b"\x08\x06" + REPLY:
        return None
    return int.from_bytes(frame[28:32], "big"), frame[22:28]


def plan(interface: Interface, targets: Sequence[IPv4Network]) -> list[tuple[bytes, IPv4Network]]:
    """Pair each target with its template. Raises Trouble for a target that is not on an attached subnet."""
    total = sum(target.num_addresses for target in targets)
    if total > LARGEST:
        raise Trouble(Code.USAGE, f"{total:,} addresses are more than one sweep may ask ({LARGEST:,}); split it")
    planned = []
    for target in targets:
        source = interface.source_for(target)
        if source is None:
            attached = ", ".join(str(address.network) for address in interface.addresses) or "no IPv4 subnet"
            raise Trouble(Code.USAGE, f"{target} is not on a subnet attached to {interface.name} ({attached})")
        planned.append((template(interface.mac, source), target))
    return planned


@dataclass(slots=True)
class Sweep:
    """One sweep: sends at a pace, hears all the while."""

    packets: socket
    planned: Sequence[tuple[bytes, IPv4Network]]
    skip: frozenset[int]
    heard: Callable[[IPv4Address, bytes], None]
    """Called once for each new pair of address and MAC. Two MACs on one address are both told: that is a conflict."""
    asked_once: Callable[[], None] = lambda: None
    """Called when everybody has been asked for the first time."""

    def run(self, *, pps: int, rounds: int, wait: float, linger: float = 0.0) -> Counts:
        """Ask everybody, wait ``wait`` seconds, ask the silent again, ``rounds`` times in all.

        From the second round on, a round in which nobody new answers is the last: packets are not being lost. Then
        whoever is still silent is heard for ``linger`` seconds more.
        """
        pairs: set[tuple[int, bytes]] = set()
        answered: set[int] = set()
        asked = sent = 0
        for turn in range(rounds):
            due = time.monotonic()
            before = len(answered)
            for frame in self._frames(answered):
                due = self._keep_pace(due, pps, pairs, answered)
                send(self.packets, frame)
                sent += 1
            if turn == 0:
                asked = sent
                self.asked_once()
            self._hear(time.monotonic() + wait, pairs, answered)
            if len(answered) == asked or (turn > 0 and len(answered) == before):
                break
        if len(answered) < asked:
            self._hear(time.monotonic() + linger, pairs, answered)
        return Counts(asked, sent, len(answered))

    def _frames(self, answered: set[int]) -> Iterator[bytes]:
        for head, target in self.planned:
            first = int(target.network_address)
            for number in range(first, first + target.num_addresses):
                if number not in answered and number not in self.skip:
                    yield request(head, number)

    def _keep_pace(self, due: float, pps: int, pairs: set[tuple[int, bytes]], answered: set[int]) -> float:
        """Hear until the next frame is due; returns when the one after it will be. Catches up on 20 ms at most."""
        self._hear(due, pairs, answered)
        return max(due, time.monotonic() - 0.02) + 1 / pps

    def _hear(self, until: float, pairs: set[tuple[int, bytes]], answered: set[int]) -> None:
        while True:
            left = until - time.monotonic()
            if not select([self.packets], [], [], max(left, 0))[0]:
                return
            self._drain(pairs, answered)
            if left <= 0:
                return  # however many frames are still coming: the pace goes on

    def _drain(self, pairs: set[tuple[int, bytes]], answered: set[int]) -> None:
        for _ in range(256):
            try:
                pair = parse(self.packets.recv(128))
            except BlockingIOError:
                return
            if pair is None or pair in pairs or not self._asked(pair[0]):
                continue
            pairs.add(pair)
            answered.add(pair[0])
            self.heard(IPv4Address(pair[0]), pair[1])

    def _asked(self, number: int) -> bool:
        if number in self.skip:
            return False
        return any(
            int(target.network_address) <= number <= int(target.broadcast_address) for _head, target in self.planned
        )
