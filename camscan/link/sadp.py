# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Hikvision SADP on the link layer, EtherType 0x8033: finds devices whose IP address is on the wrong subnet.

A PDU, big-endian, from the vendor's public header file and one real inquiry frame::

     0 1  0x21            4 4  counter         12 2  checksum         30 4  IP asked (0 = all)
     1 1  0x02            8 1  6, MAC length   14 6  MAC of sender    34 4  netmask
     2 1  0x01            9 1  4, IP length    20 4  IP of sender     38    payload
     3 1  PDU length     10 1  packet type     24 6  MAC asked (ff = all)
                         11 1  opcode

Where the length byte ends, a device may append a block of up to 156 bytes (its "V20" fields) with a head of its own:
0x02, its length 0x9c, and its checksum. The same protocol carries packet types that change addresses and reset
passwords: only type 3, the inquiry, can be serialised here.
"""

from __future__ import annotations

import base64
import enum
import struct
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

from camscan.link.raw import Instruction

ETH_P_SADP = 0x8033
BROADCAST = b"\xff" * 6
HEADER = struct.Struct(">BBBBIBBBBH6s4s6s4s4s")
MARK, VERSION, SERIES = 0x21, 0x02, 0x01
CHECKSUM_AT = 12
INQUIRY_LENGTH = 66
DEVICE_INFO = struct.Struct(">48sIIII48s48s48s")
EXTENSION_HEAD = struct.Struct(">BBH")
EXTENSION = struct.Struct(">4s16s16sBBBx4s16s4xH2xHHB31x24s24s")
SUPPORTS_DHCP = 0x04

ANSWERS_ONLY: Sequence[Instruction] = (
    (0x28, 0, 0, 12),
    (0x15, 0, 3, ETH_P_SADP),
    (0x30, 0, 0, 24),  # packet type
    (0x15, 0, 1, 4),
    (0x06, 0, 0, 1514),
    (0x06, 0, 0, 0),
)


class Ask(enum.IntEnum):
    """The packet types that can be sent, and no others."""

    INQUIRY = 3


INQUIRY_RESPONSE = 4


def checksum(data: bytes) -> int:
    """The ones'-complement sum of little-endian 16-bit words, as in the real inquiry frame."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"<{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def inquiry_frame(kind: int, counter: int, mac: bytes, ip: IPv4Address, ipv6: IPv6Address) -> bytes:
    """One Ethernet frame that asks every device on the link. Raises ValueError for any packet type but the inquiry."""
    head = HEADER.pack(
        *(MARK, VERSION, SERIES, INQUIRY_LENGTH, counter, 6, 4, Ask(kind), 0, 0),
        *(mac, ip.packed, BROADCAST, bytes(4), bytes(4)),
    )
    pdu = head + ipv6.packed + bytes(INQUIRY_LENGTH - len(head) - 16)
    total = checksum(pdu).to_bytes(2, "big")
    return BROADCAST + mac + ETH_P_SADP.to_bytes(2, "big") + pdu[:CHECKSUM_AT] + total + pdu[CHECKSUM_AT + 2 :]


def parse_answer(frame: bytes) -> dict[str, str] | None:
    """Read the fields of an answer, by the names of SADP's XML; None if the frame is not an answer or is too short.

    A wrong checksum is reported as ``ChecksumValid=false``, not refused: some devices compute it differently.
    """
    pdu = frame[14:]
    if frame[12:14] != ETH_P_SADP.to_bytes(2, "big") or len(pdu) < HEADER.size + DEVICE_INFO.size:
        return None
    mark, _version, _series, length, *_rest = HEADER.unpack_from(pdu)
    mac, ip, _mac, _ip, mask = HEADER.unpack_from(pdu)[10:]
    if mark != MARK or pdu[10] != INQUIRY_RESPONSE or length < HEADER.size + DEVICE_INFO.size:
        return None
    fields = {
        "MAC": "-".join(f"{byte:02x}" for byte in mac),
        "IPv4Address": str(IPv4Address(ip)),
        "IPv4SubnetMask": str(IPv4Address(mask)),
    }
    serial, kind, port, channels, disks, software, dsp, boot = DEVICE_INFO.unpack_from(pdu, HEADER.size)
    fields |= {
        "DeviceSN": _field_text(serial),
        "DeviceType": str(kind),
        "CommandPort": str(port),
        "EncoderNum": str(channels),
        "DiskNumber": str(disks),
        "SoftwareVersion": _field_text(software),
        "DSPVersion": _field_text(dsp),
        "BootTime": _field_text(boot),
    }
    fields |= _read_extension(pdu[length:])
    covered = pdu[:CHECKSUM_AT] + bytes(2) + pdu[CHECKSUM_AT + 2 : length]
    fields["ChecksumValid"] = str(checksum(covered).to_bytes(2, "big") == pdu[CHECKSUM_AT : CHECKSUM_AT + 2]).lower()
    return {name: value for name, value in fields.items() if value}


def _read_extension(block: bytes) -> dict[str, str]:
    """The V20 fields, if the device appended them."""
    if len(block) < EXTENSION_HEAD.size + EXTENSION.size:
        return {}
    version, length, _checksum = EXTENSION_HEAD.unpack_from(block)
    if (version, length) != (2, EXTENSION_HEAD.size + EXTENSION.size):
        return {}
    gateway, ipv6, ipv6_gateway, prefix, support, dhcp, _cms, _cms6, _cms_port, http, digital, oem, model, badge = (
        EXTENSION.unpack_from(block, EXTENSION_HEAD.size)
    )
    return {
        "DeviceDescription": _field_text(model),
        "OEMInfo": _field_text(badge),
        "OEMCode": str(oem),
        "HttpPort": str(http),
        "DigitalChannelNum": str(digital),
        "IPv4Gateway": str(IPv4Address(gateway)),
        "IPv6Address": str(IPv6Address(ipv6)),
        "IPv6Gateway": str(IPv6Address(ipv6_gateway)),
        "IPv6MaskLen": str(prefix),
        "DHCP": str(bool(dhcp)).lower() if support & SUPPORTS_DHCP else "",
    }


def as_xml(fields: dict[str, str]) -> str:
    """The fields as the XML that a device sends over UDP, so that one parser reads both. Values are unchanged."""
    body = "".join(f"<{name}>{_escape(value)}</{name}>" for name, value in fields.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><ProbeMatch><Types>inquiry</Types>{body}</ProbeMatch>'


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")  # html takes a millisecond to load


def make_reply(frame: bytes) -> dict[str, str] | None:
    """An answer in the form of captured replies, as protocol ``sadp`` with the frame beside it.

    None if it is not one.
    """
    fields = parse_answer(frame)
    if fields is None:
        return None
    return {
        "protocol": "sadp",
        "ip": fields["IPv4Address"],
        "mac": frame[6:12].hex(":"),
        "payload": as_xml(fields),
        "frame_b64": base64.b64encode(frame).decode(),
    }


def _field_text(raw: bytes) -> str:
    """Text up to the first NUL. Bytes that XML cannot carry are dropped, others are read as UTF-8 or Latin-1."""
    raw = raw.split(b"\0", 1)[0]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return "".join(char for char in text if char.isprintable()).strip()
