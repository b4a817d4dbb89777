# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Which frames are worth hearing: a kernel filter that passes ARP, layer-2 SADP and discovery datagrams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from camscan.link.raw import Instruction

ETH_P_ARP, ETH_P_IP, ETH_P_IPV6, ETH_P_SADP = 0x0806, 0x0800, 0x86DD, 0x8033
UDP = 17
FRAGMENT = 0x3FFF  # more fragments, or an offset
SNAP_LENGTH = 65535

# Classic BPF, linux/filter.h
LOAD_HALF, LOAD_BYTE, LOAD_HALF_AFTER_X = 0x28, 0x30, 0x48
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


def program(ports: Sequence[int]) -> list[Instruction]:
    """Accept ARP, 0x8033, and UDP over IPv4 or IPv6 from or to one of ``ports``. Fragments are not accepted.

    IPv6 extension headers are not followed: discovery datagrams carry none. The kernel has taken VLAN tags off already.
    """
    return assemble(
        [
            Step(LOAD_HALF, 12),
            Step(JUMP_EQUAL, ETH_P_ARP, yes="accept"),
            Step(JUMP_EQUAL, ETH_P_SADP, yes="accept"),
            Step(JUMP_EQUAL, ETH_P_IPV6, yes="ipv6"),
            Step(JUMP_EQUAL, ETH_P_IP, no="reject"),
            Step(LOAD_BYTE, 23),
            Step(JUMP_EQUAL, UDP, no="reject"),
            Step(LOAD_HALF, 20),
            Step(JUMP_SET, FRAGMENT, yes="reject"),
            Step(X_IS_HEADER_LENGTH, 14),
            Step(JUMP, 0, yes="ports"),
            Step(LOAD_BYTE, 20, label="ipv6"),
            Step(JUMP_EQUAL, UDP, no="reject"),
            Step(X_IS, 40),
            Step(LOAD_HALF_AFTER_X, 14, label="ports"),
            *(Step(JUMP_EQUAL, port, yes="accept") for port in ports),
            Step(LOAD_HALF_AFTER_X, 16),
            *(Step(JUMP_EQUAL, port, yes="accept") for port in ports),
            Step(RETURN, 0, label="reject"),
            Step(RETURN, SNAP_LENGTH, label="accept"),
        ]
    )


def assemble(steps: Sequence[Step]) -> list[Instruction]:
    """Turn names into the distances that the kernel wants."""
    places = {step.label: at for at, step in enumerate(steps) if step.label}

    def distance(name: str, at: int) -> int:
        return places[name] - at - 1 if name else 0

    return [
        (step.code, 0, 0, distance(step.yes, at))
        if step.code == JUMP
        else (step.code, distance(step.yes, at), distance(step.no, at), step.operand)
        for at, step in enumerate(steps)
    ]
