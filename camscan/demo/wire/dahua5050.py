"""Dahua's older discovery, UDP 5050, and the DVRIP realm request on TCP 37777."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

from camscan.demo.device import Question, Reply, Session, Tcp, Udp, Unit

PORT = 5050
DVRIP = 37777
_SEARCH = bytes.fromhex("a3010001" + "00" * 12 + "02000000" + "00" * 12)
_REALM = bytes.fromhex("a0010000" + "00" * 20 + "050201010000a1aa")


def reply_packet(unit: Unit) -> bytes:
    """The answer: 0x78 bytes of header, MAC and model, then text."""
    model = unit.device.extra.get("device_type", unit.model).encode()
    second = unit.mac.encode() + model
    third = (
        f"Name:{unit.device.extra.get('machine_name', 'DVR')}\r\nDevice:{model.decode()}\r\n"
        f"IPv6Addr:;gateway:\r\n\r\nSerialNo:{unit.serial}\r\n\r\n"
    ).encode()
    head = bytearray(0x78)
    head[0], head[2] = 0xB3, len(second)
    struct.pack_into("<I", head, 0x04, 0x58)
    struct.pack_into("<I", head, 0x10, 2)
    struct.pack_into("<H", head, 0x14, len(third))
    numbers = [int(part) for part in (*unit.firmware.split("."), "0", "0", "0", "0")[:4] if part.isdigit()]
    struct.pack_into(f"<{len(numbers)}H", head, 0x20, *numbers)
    head[0x28:0x38] = unit.device.extra.get("class", "DVR").encode()[:16].ljust(16, b"\0")
    for place, address in ((0x38, unit.ip), (0x3C, unit.netmask), (0x40, unit.gateway), (0x6C, "239.255.42.42")):
        head[place : place + 4] = socket.inet_aton(address)
    struct.pack_into("<5H", head, 0x5E, unit.port(80), 0, DVRIP, 10, 0)
    struct.pack_into("<H", head, 0x68, 37778)
    struct.pack_into("<H", head, 0x70, 36666)
    return bytes(head) + second + third


def service(*, unicast: bool = True) -> Udp:
    """The discovery responder of an old recorder."""

    def answer(unit: Unit, question: Question) -> Iterator[Reply]:
        if question.payload == _SEARCH:
            yield Reply(reply_packet(unit), 0.01)

    return Udp(PORT, "dahua5050", answer, ("maker", "model", "firmware", "serial", "mac"), True, unicast)


def dvrip_service(*, hashed: bool = False, port: int = DVRIP) -> Tcp:
    """The private port: silent on connect, answers the realm request. ``hashed``: the realm hides the serial."""

    async def converse(session: Session) -> None:
        while request := await session.read_exactly(32):
            session.record_request("dvrip", request)
            if request != _REALM:
                return
            unit = session.unit
            name = unit.hex_text("dvrip", 32) if hashed else unit.serial
            text = f"Realm:Login to {name}\r\nRandom:{unit.rng('dvrip').getrandbits(31)}\r\n\r\n".encode()
            await session.send(b"\xb0\x01\x00\x78" + struct.pack("<I", len(text)) + bytes(24) + text)

    return Tcp(port, "dvrip", converse, ("maker",) if hashed else ("maker", "serial"))
