# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Which frames are worth hearing: a kernel filter that passes frames which :mod:`camscan.link.reader` can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from camscan.link.raw import Instruction

ETH_P_ARP, ETH_P_IP, ETH_P_IPV6, ETH_P_SADP = 0x0806, 0x0800, 0x86DD, 0x8033
TCP, UDP, IPV6_FRAGMENT = 6, 17, 44
FRAGMENT = 0x3FFF  # more fragments, or an offset
SNAP_LENGTH = 65535

# Classic BPF, linux/filter.h
LOAD_HALF, LOAD_BYTE, LOAD_HALF_AFTER_X, LOAD_BYTE_AFTER_X = 0x28, 0x30, 0x48, 0x50
X_IS, X_IS_HEADER_LENGTH = 0x01, 0xB1
JUMP, JUMP_EQUAL, JUMP_SET, RETURN = 0x05, 0x15, 0x45, 0x06


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction whose jumps name labels; an empty name is the next step."""

    code: int
    operand: int
    yes: str = ""
    no: str = ""
    label: str = ""


def filter_program(udp_ports: Sequence[int], tcp_ports: Sequence[int], marks: bytes) -> list[Instruction]:
    """A filter that accepts ARP, 0x8033, fragments of UDP datagrams, and TCP and UDP from or to these ports.

    It does so over IPv4 and IPv6. From other ports, a datagram is accepted if it begins with one of the bytes
    ``marks``: some devices answer from a port of their own. IPv6 extension headers are not followed. The kernel has
    already removed VLAN tags.
    """
    return assemble_program(
        [
            Step(LOAD_HALF, 12),
            Step(JUMP_EQUAL, ETH_P_ARP, yes="accept"),
            Step(JUMP_EQUAL, ETH_P_SADP, yes="accept"),
            Step(JUMP_EQUAL, ETH_P_IPV6, yes="ipv6"),
            Step(JUMP_EQUAL, ETH_P_IP, no="reject"),
            Step(X_IS_HEADER_LENGTH, 14),
            Step(LOAD_BYTE, 23),
            Step(JUMP_EQUAL, TCP, yes="tcp"),
            Step(JUMP_EQUAL, UDP, no="reject"),
            Step(LOAD_HALF, 20),
            Step(JUMP_SET, FRAGMENT, yes="accept", no="udp"),
            Step(X_IS, 40, label="ipv6"),
            Step(LOAD_BYTE, 20),
            Step(JUMP_EQUAL, IPV6_FRAGMENT, yes="accept"),
            Step(JUMP_EQUAL, TCP, yes="tcp"),
            Step(JUMP_EQUAL, UDP, no="reject"),
            Step(LOAD_HALF_AFTER_X, 14, label="udp"),
            *(Step(JUMP_EQUAL, port, yes="accept") for port in udp_ports),
            Step(LOAD_HALF_AFTER_X, 16),
            *(Step(JUMP_EQUAL, port, yes="accept") for port in udp_ports),
            Step(LOAD_BYTE_AFTER_X, 22),
            *(Step(JUMP_EQUAL, mark, yes="accept") for mark in marks),
            Step(JUMP, 0, yes="reject"),
            Step(LOAD_HALF_AFTER_X, 14, label="tcp"),
            *(Step(JUMP_EQUAL, port, yes="accept") for port in tcp_ports),
            Step(LOAD_HALF_AFTER_X, 16),
            *(Step(JUMP_EQUAL, port, yes="accept") for port in tcp_ports),
            Step(RETURN, 0, label="reject"),
            Step(RETURN, SNAP_LENGTH, label="accept"),
        ]
    )


def assemble_program(steps: Sequence[Step]) -> list[Instruction]:
    """Turn labels into the distances that the kernel wants."""
    places = {step.label: at for at, step in enumerate(steps) if step.label}

    def distance(name: str, at: int) -> int:
        return places[name] - at - 1 if name else 0

    return [
        (step.code, 0, 0, distance(step.yes, at))
        if step.code == JUMP
        else (step.code, distance(step.yes, at), distance(step.no, at), step.operand)
        for at, step in enumerate(steps)
    ]
