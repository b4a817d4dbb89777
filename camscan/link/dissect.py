# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""DHCP messages (RFC 2131, 2132): what a client says about itself, and which address it was given.

The only file that imports scapy, whose dissectors know the options of DHCP. scapy takes a millisecond for a message, so
each message is dissected once, however often a client repeats it.
"""

from __future__ import annotations

import logging
import struct
from typing import Any, NamedTuple

from scapy.config import conf
from scapy.error import Scapy_Exception
from scapy.layers.dhcp import BOOTP, DHCP

NO_ADDRESS = "0.0.0.0"
SHORTEST = 240
"""Bytes before the first option, including the magic number."""
REQUEST, REPLY = 1, 2
DISCOVER, ASK, DECLINE, ACKNOWLEDGED, RELEASE, INFORM = 1, 3, 4, 5, 7, 8
"""Kinds of message (RFC 2132, 9.6).

Others do not come from a client: a relay asks about one by LEASEQUERY (RFC 4388).
"""
NO_MAC = "00:00:00:00:00:00"
TOLD = {"vendor_class_id": 60, "hostname": 12, "param_req_list": 55}
#: What scapy's dissectors raise on damaged and hostile messages. Such a message is ignored.
FAULTS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError),
    *(struct.error, Scapy_Exception),
)


class DhcpMessage(NamedTuple):
    """One DHCP message: a client's MAC, its address and its options."""

    mac: str
    address: str
    """From a client.

    The address that it has or asks for; from a server: the address that it gave; empty if there is none.
    """
    is_given: bool
    """Whether a server gave the address."""
    options: tuple[str, ...] = ()
    """Lines ``12=…``, ``55=…`` and ``60=…`` of a client."""


def prepare_scapy() -> None:
    """Set scapy's global state: it dissects DHCP only, and prints nothing."""
    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    conf.layers.filter([BOOTP, DHCP])


def read_message(payload: bytes) -> DhcpMessage | None:
    """Read one DHCP message; None if it is not about a client on Ethernet."""
    try:
        return _read_dhcp(BOOTP(payload))
    except FAULTS:
        return None


def _read_dhcp(message: Any) -> DhcpMessage | None:
    if message.htype != 1 or DHCP not in message:
        return None
    options = {option[0]: option[1:] for option in message[DHCP].options if isinstance(option, tuple)}
    mac = bytes(message.chaddr)[:6].hex(":")
    kind = options.get("message-type", (0,))[0]
    if mac == NO_MAC:
        return None
    if message.op == REPLY:
        is_given = kind == ACKNOWLEDGED and str(message.yiaddr) != NO_ADDRESS
        return DhcpMessage(mac, str(message.yiaddr), is_given=True) if is_given else None
    if message.op != REQUEST or kind not in {DISCOVER, ASK, DECLINE, RELEASE, INFORM}:
        return None
    asked = options.get("requested_addr", (NO_ADDRESS,))[0]
    address = next((str(each) for each in (message.ciaddr, asked) if str(each) != NO_ADDRESS), "")
    if kind == DECLINE:  # the client found another device at that address
        address = ""
    lines = [
        f"{number}={text}" for name, number in TOLD.items() if name in options and (text := _option_text(options[name]))
    ]
    return DhcpMessage(mac, address, is_given=False, options=tuple(lines))


def _option_text(values: tuple[Any, ...]) -> str:
    """The value of an option as text: characters unchanged, a list of numbers with commas."""
    if len(values) == 1 and isinstance(values[0], bytes):
        return values[0].rstrip(b"\0").decode("utf-8", "replace")
    numbers = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    return ",".join(str(number) for number in numbers)
