"""Discovery protocols of other makers, for units that answer a broadcast of theirs. Layouts as published for each."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator

from camscan.demo.device import Question, Reply, Udp, Unit


def service(port: int, asked: bytes, build: Callable[[Unit], bytes], *, gives: tuple[str, ...] = ()) -> Udp:
    """A responder for datagrams that start with ``asked``."""

    def answer(unit: Unit, question: Question) -> Iterator[Reply]:
        if question.payload.startswith(asked):
            yield Reply(build(unit), 0.01)

    return Udp(port, "other", answer, gives)


def vstarcam_reply(unit: Unit) -> bytes:
    """The answer of Vstarcam, UDP 8600: it starts with ``DH``, and is not Dahua's."""
    text = [f"{unit.ip}\0".ljust(16, "\0"), f"{unit.netmask}\0".ljust(16, "\0"), "0.0.0.0\0".ljust(16, "\0")]
    head = b"DH\x01\x08" + "".join(text).encode() + bytes(32) + bytes.fromhex(unit.mac_tail) + struct.pack("<H", 81)
    return (
        head + unit.serial.encode().ljust(32, b"\0") + unit.model.encode().ljust(80, b"\0") + b"1.0".ljust(100, b"\0")
    )


def hanwha_reply(unit: Unit) -> bytes:
    """The answer of Hanwha, UDP 7701: 262 bytes of fixed fields."""
    packet = bytearray(262)
    packet[0] = 0x0B
    for place, text in (
        (0x13, unit.mac),
        (0x25, unit.ip),
        (0x35, unit.netmask),
        (0x45, unit.gateway),
        (0x6D, unit.model),
    ):
        packet[place : place + len(text)] = text.encode()
    return bytes(packet)


def xiongmai_reply(unit: Unit) -> bytes:
    """The answer of Xiongmai, UDP 34569: a 20-byte header and JSON."""
    common = {"MAC": unit.mac, "HostIP": f"0x{''.join(f'{int(part):02X}' for part in reversed(unit.ip.split('.')))}"}
    body = (
        json.dumps({"NetWork.NetCommon": {**common, "SN": unit.serial, "HttpPort": unit.port(80)}}).encode() + b"\n\0"
    )
    return b"\xff" + bytes(13) + struct.pack("<H", 0x05FB) + struct.pack("<I", len(body)) + body
