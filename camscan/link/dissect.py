# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Frames to replies in the captured-reply form. The only file that imports scapy.

scapy reads capture files and takes link, network and DHCP headers apart. What cameras say is passed on untouched, byte
for byte: reading it is the scanner's work. Only what devices say of themselves is kept; questions, from us or from
others, are not.
"""

from __future__ import annotations

import base64
import logging
import re
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from scapy.config import conf
from scapy.error import Scapy_Exception as Unreadable
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, CookedLinux, Dot1Q, Ether
from scapy.packet import Packet
from scapy.utils import PcapReader

from camscan.link import sadp

Reply = dict[str, Any]

LONGEST = 65536
NO_ADDRESS = "0.0.0.0"
DNS_HEADER = 12
MDNS, SSDP, WSD, SADP, DHIP, DAHUA = 5353, 1900, 3702, 37020, 37810, 5050
DHCP_SERVER, DHCP_CLIENT = 67, 68
PORTS = (MDNS, SSDP, WSD, SADP, DHIP, DAHUA, DHCP_SERVER, DHCP_CLIENT)

WSD_ANSWER = re.compile(rb"<(?:[\w.-]+:)?(?:ProbeMatches|ResolveMatches|Hello|Bye|Fault)\b")
#: What scapy's dissectors raise on frames that are damaged, or made to hurt. Such a frame says nothing.
FAULTS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError),
    *(struct.error, Unreadable),
)

#: Protocol, port, whether a device may also speak *to* that port (to a group), and whether a payload is a device's.
TELLS: tuple[tuple[str, int, bool, Callable[[bytes], bool]], ...] = (
    (
        "mdns",
        MDNS,
        False,
        lambda payload: len(payload) > DNS_HEADER and bool(payload[2] & 0x80),
    ),  # RFC 1035: a response
    ("ssdp", SSDP, True, lambda payload: payload.startswith((b"NOTIFY ", b"HTTP/"))),
    ("wsd", WSD, True, lambda payload: bool(WSD_ANSWER.search(payload))),
    ("sadp", SADP, True, lambda payload: b"<ProbeMatch" in payload or b"<Hello" in payload),
    ("dhip", DHIP, True, lambda payload: b"client.notifyDevInfo" in payload),
    ("dahua5050", DAHUA, False, lambda payload: payload[:1] == b"\xb3"),
)
DHCP_TOLD = {"vendor_class_id": 60, "hostname": 12, "param_req_list": 55}

#: scapy would take apart what is inside UDP as well: slow, and its DNS layer trips over hostile names.
LAYERS = (Ether, CookedLinux, Dot1Q, ARP, IP, IPv6, UDP, BOOTP, DHCP)


def replies(frame: Packet, when: float) -> Iterator[Reply]:
    """What one frame says of a device. Nothing for questions and for protocols that camscan does not read."""
    try:
        seen_at = datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds")
        found = list(_read(frame))
    except FAULTS:
        return
    for reply in found:
        yield {**reply, "seen_at": seen_at}


def live(frame: bytes, when: float) -> Iterator[Reply]:
    """What one Ethernet frame says of a device."""
    try:
        dissected = Ether(frame)
    except FAULTS:
        return
    yield from replies(dissected, when)


def read(file: BinaryIO) -> Iterator[Reply]:
    """Replies in a capture file, pcap or pcapng, in order. Raises Unreadable where it is neither."""
    with PcapReader(cast("str", file)) as frames:  # its annotation knows paths only; it reads open files too
        for frame in frames:
            yield from replies(frame, float(frame.time))


def only_these_layers() -> None:
    """Tell scapy, which keeps such things in globals, which layers are worth taking apart, and to stay quiet."""
    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    conf.layers.filter(list(LAYERS))


def _read(frame: Packet) -> Iterator[Reply]:
    if ARP in frame:
        yield from _arp(frame[ARP])
    elif UDP in frame and (IP in frame or IPv6 in frame):
        network = frame[IP] if IP in frame else frame[IPv6]
        if not (IP in frame and (network.frag or network.flags.MF)):
            yield from _udp(str(network.src), frame[UDP], frame)
    elif getattr(frame, "type", 0) == sadp.ETH_P_SADP:
        reply = sadp.reply(bytes(frame.original))
        if reply:
            yield reply


def _arp(arp: Packet) -> Iterator[Reply]:
    # A probe (RFC 5227) has no address yet, and says nothing that lasts.
    if arp.hwtype == 1 and arp.ptype == 0x0800 and str(arp.psrc) != NO_ADDRESS:  # noqa: PLR2004 - EtherType of IPv4
        yield {"protocol": "mac", "ip": str(arp.psrc), "payload": str(arp.hwsrc)}


def _udp(ip: str, udp: Packet, frame: Packet) -> Iterator[Reply]:
    if {int(udp.sport), int(udp.dport)} == {DHCP_SERVER, DHCP_CLIENT} and BOOTP in frame:
        yield from _dhcp(frame[BOOTP])
        return
    payload = bytes(udp.original[8 : int(udp.len)])[:LONGEST]
    protocol = told(int(udp.sport), int(udp.dport), payload)
    if protocol:
        yield {"protocol": protocol, "ip": ip, "port": int(udp.sport), **_carried(payload)}


def told(sport: int, dport: int, payload: bytes) -> str:
    """Protocol in which a datagram says something of its sender; empty for questions and for anything else."""
    for protocol, port, both_ways, says in TELLS:
        if port == sport or (both_ways and port == dport):
            return protocol if says(payload) else ""
    return ""


def _carried(payload: bytes) -> Reply:
    """The payload as text where that loses nothing, else in base64."""
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return {"payload_b64": base64.b64encode(payload).decode()}
    if any(ord(char) < 0x20 and char not in "\t\r\n" for char in text):  # noqa: PLR2004 - control characters
        return {"payload_b64": base64.b64encode(payload).decode()}
    return {"payload": text}


def _dhcp(bootp: Packet) -> Iterator[Reply]:
    """What a DHCP client says of itself (RFC 2131, 2132). It may have no address yet; its MAC groups its replies."""
    if bootp.op != 1 or bootp.htype != 1 or DHCP not in bootp:
        return
    mac = bytes(bootp.chaddr)[:6].hex(":")
    options = {option[0]: option[1:] for option in bootp[DHCP].options if isinstance(option, tuple)}
    asked = options.get("requested_addr", (NO_ADDRESS,))[0]
    ip = next((str(each) for each in (bootp.ciaddr, asked) if str(each) != NO_ADDRESS), "")
    about = {"device": f"dhcp-{mac}", **({"ip": ip} if ip else {})}
    yield {"protocol": "mac", **about, "payload": mac}
    for name, number in DHCP_TOLD.items():
        if name in options:
            text = _option(options[name])
            if text:
                yield {"protocol": "dhcp", **about, "payload": f"{number}={text}"}


def _option(values: tuple[Any, ...]) -> str:
    """An option's value as text: characters as they are, a list of numbers with commas."""
    if len(values) == 1 and isinstance(values[0], bytes):
        return values[0].rstrip(b"\0").decode("utf-8", "replace")
    numbers = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    return ",".join(str(number) for number in numbers)
