# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""ARP sweep of attached subnets (RFC 826): one template, in which only the asked address changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from select import select
from socket import socket

from camscan.link.interface import Interface
from camscan.link.raw import Instruction, receive_frame, send_frame
from camscan.link.trouble import Code, Trouble

ETH_P_ARP = 0x0806
BROADCAST = b"\xff" * 6
HEAD = bytes.fromhex("0001080006040001")  # Ethernet, IPv4, address lengths 6 and 4, request
REPLY = bytes.fromhex("0001080006040002")
MOST_MACS = 4
"""The most MACs that are reported for one address: two are a conflict, more are made up."""
PADDING = bytes(18)  # to the 60 bytes of the smallest Ethernet frame
REPLY_LENGTH = 42
TOGETHER, GROUPS = 5, 60
"""The most frames that are sent together, because waking up costs more than sending, and the most groups of them a
second at a slow pace: at 300 frames a second, five every 17 ms; at 100, one every 10 ms."""
NOTICE = 0.05
"""Seconds of notice before a round begins, so that a scanner which shares the pace can send less."""
LARGEST = 1 << 20
"""The most addresses in one sweep; a /12. More is surely a slip."""

#: Accepts ARP replies only: EtherType at byte 12, operation at byte 20.
REPLIES_ONLY: Sequence[Instruction] = (
    (0x28, 0, 0, 12),
    (0x15, 0, 3, ETH_P_ARP),
    (0x28, 0, 0, 20),
    (0x15, 0, 1, 2),
    (0x06, 0, 0, 64),
    (0x06, 0, 0, 0),
)


class Counts:
    """The counts of one sweep: addresses that were asked, frames that were sent, and addresses that answered."""

    __slots__ = ("answered", "asked", "sent")

    def __init__(self, asked: int, sent: int, answered: int) -> None:
        self.asked = asked
        self.sent = sent
        self.answered = answered


def request_template(mac: bytes, source: IPv4Address) -> bytes:
    """The part of an ARP request before the asked address and the padding."""
    return BROADCAST + mac + ETH_P_ARP.to_bytes(2, "big") + HEAD + mac + source.packed + bytes(6)


def make_request(head: bytes, target: int) -> bytes:
    """One ARP request, ready to send: ``head``, the asked address and the padding."""
    return head + target.to_bytes(4, "big") + PADDING


def parse_answer(frame: bytes) -> tuple[int, bytes] | None:
    """(address, MAC) of the answering side of an ARP reply; None for anything else."""
    if len(frame) < REPLY_LENGTH or frame[12:22] != b"\x08\x06" + REPLY:
        return None
    return int.from_bytes(frame[28:32], "big"), frame[22:28]


def plan_sweep(interface: Interface, targets: Sequence[IPv4Network]) -> list[tuple[bytes, IPv4Network]]:
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
        planned.append((request_template(interface.mac, source), target))
    return planned


class Sweep:
    """One ARP sweep, which sends at a pace and hears all the time."""

    def __init__(
        self,
        packets: socket,
        planned: Sequence[tuple[bytes, IPv4Network]],
        skip: frozenset[int],
        on_answers: Callable[[Sequence[tuple[IPv4Address, bytes]]], None],
        *,
        on_asked_once: Callable[[], None] = lambda: None,
        on_round: Callable[[bool], None] = lambda _asks: None,
    ) -> None:
        """Prepare a sweep of the planned networks, without the addresses in ``skip``.

        ``on_answers`` is called with each new pair of address and MAC once: two MACs on one address are a conflict; at
        most MOST_MACS. ``on_asked_once`` is called when every address has been asked once; ``on_round`` is called with
        False when a round has been sent and answers are awaited, and with True, NOTICE seconds before the next round is
        sent.
        """
        self.packets = packets
        self.planned = planned
        self.skip = skip
        self.on_answers = on_answers
        self.on_asked_once = on_asked_once
        self.on_round = on_round

    def run(self, *, pps: int, rounds: int, wait: float, linger: float = 0.0) -> Counts:
        """Ask every address, wait ``wait`` seconds, and ask the silent ones again, ``rounds`` times in all.

        From the second round on, a round without a new answer is the last, because no packets are being lost. Then the
        sweep hears late answers for ``linger`` seconds more.
        """
        answered: dict[int, set[bytes]] = {}
        asked = sent = 0
        together = min(TOGETHER, max(1, pps // GROUPS))
        for turn in range(rounds):
            if turn > 0:
                self.on_round(True)
                self._read_answers(time.monotonic() + NOTICE, answered)
            due = time.monotonic()
            before = len(answered)
            for place, frame in enumerate(self._request_frames(answered)):
                if place % together == 0:
                    due = self._keep_pace(due, together / pps, answered)
                send_frame(self.packets, frame)
                sent += 1
            self._read_answers(due, answered)
            if turn == 0:
                asked = sent
                self.on_asked_once()
            self.on_round(False)
            self._read_answers(time.monotonic() + wait, answered)
            if len(answered) == asked or (turn > 0 and len(answered) == before):
                break
        if len(answered) < asked:
            self._read_answers(time.monotonic() + linger, answered)
        return Counts(asked, sent, len(answered))

    def _request_frames(self, answered: Mapping[int, set[bytes]]) -> Iterator[bytes]:
        for head, target in self.planned:
            first = int(target.network_address)
            for number in range(first, first + target.num_addresses):
                if number not in answered and number not in self.skip:
                    yield make_request(head, number)

    def _keep_pace(self, due: float, seconds: float, answered: dict[int, set[bytes]]) -> float:
        """Wait until the next frames are due, read the answers until then, and return when those after them are due.

        Catches up on 20 ms at most.
        """
        time.sleep(max(0.0, due - time.monotonic()))
        self._read_answers(0.0, answered)
        return max(due, time.monotonic() - 0.02) + seconds

    def _read_answers(self, until: float, answered: dict[int, set[bytes]]) -> None:
        while True:
            left = until - time.monotonic()
            if not select([self.packets], [], [], max(left, 0))[0]:
                return
            self._drain_answers(answered)
            if left <= 0:
                return  # the pace continues, however many frames are still coming

    def _drain_answers(self, answered: dict[int, set[bytes]]) -> None:
        new = []
        for _ in range(256):
            frame = receive_frame(self.packets, 128)
            if frame is None:
                break
            pair = parse_answer(frame)
            if pair is None or not self._was_asked(pair[0]):
                continue
            number, mac = pair
            macs = answered.setdefault(number, set())
            if mac not in macs and len(macs) < MOST_MACS:
                macs.add(mac)
                new.append((IPv4Address(number), mac))
        if new:
            self.on_answers(new)

    def _was_asked(self, number: int) -> bool:
        if number in self.skip:
            return False
        return any(
            int(target.network_address) <= number <= int(target.broadcast_address) for _head, target in self.planned
        )
