"""Dahua DHDiscover over DHIP, UDP 37810. The order of members and the spacing are those of captured replies."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

from camscan.demo.device import Question, Reply, Udp, Unit

PORT = 37810
_HEADER = 32
GIVES = ("maker", "model", "firmware", "serial", "mac")


def frame_body(body: bytes) -> bytes:
    """A DHIP packet: a 32-byte little-endian header and the body."""
    return b"\x20\x00\x00\x00DHIP" + struct.pack("<6I", 0, 0, len(body), 0, len(body), 0) + body


def is_whole_search(payload: bytes, magic: tuple[bytes, ...] = (b"DHIP",)) -> bool:
    """Whether a device answers: only a complete, well-framed search gets an answer."""
    if len(payload) <= _HEADER or payload[:4] != b"\x20\x00\x00\x00" or payload[4:8] not in magic:
        return False
    (length,) = struct.unpack_from("<I", payload, 16)
    if length != len(payload) - _HEADER:
        return False
    try:
        call = json.loads(payload[_HEADER:].rstrip(b"\x00"))
    except (ValueError, RecursionError):
        return False
    return isinstance(call, dict) and call.get("method") == "DHDiscover.search"


def _base_info(unit: Unit) -> dict[str, Any]:
    extra = unit.device.extra
    name = extra.get("machine_name", unit.serial)
    return {
        "AlarmInputChannels": int(extra.get("alarms", "0")),
        "AlarmOutputChannels": 0,
        "DeviceClass": extra.get("class", "IPC"),
        "DeviceType": extra.get("device_type", unit.model),
        "HttpPort": unit.port(80),
        "IPv4Address": {
            "DefaultGateway": unit.gateway,
            "DhcpEnable": False,
            "IPAddress": extra.get("claims", unit.ip),
            "SubnetMask": unit.netmask,
        },
        "MachineName": name,
        "Manufacturer": extra.get("manufacturer", "Private"),
        "Port": int(extra.get("port", "37777")),
        "RemoteVideoInputChannels": int(extra.get("remote", "0")),
        "SerialNo": unit.serial,
        "Vendor": extra.get("vendor", "Dahua"),
        "Version": unit.firmware,
        "VideoInputChannels": int(extra.get("inputs", "1")),
        "VideoOutputChannels": int(extra.get("outputs", "0")),
    }


def _modern_info(unit: Unit, info: dict[str, Any]) -> dict[str, Any]:
    """The info with the members that firmware from about 2018 adds."""
    tail = unit.mac.split(":")
    local = f"fe80::{int(tail[0], 16) ^ 2:02x}{tail[1]}:{tail[2]}ff:fe{tail[3]}:{tail[4]}{tail[5]}"
    return {
        **info,
        "DeviceID": unit.serial,
        "Find": "BC",
        "FindVersion": 1,
        "Init": int(unit.device.extra.get("init", "1162")),
        "IPv6Address": {
            "DefaultGateway": None,
            "DhcpEnable": False,
            "IPAddress": "/0",
            "LinkLocalAddress": f"{local}/64",
        },
        "Port3": unit.port(80),
        "UnLoginFuncMask": 1,
    }


def service(
    *,
    spaced: bool = False,
    modern: bool = True,
    end: str = "",
    without: tuple[str, ...] = (),
    padding: int = 0,
    group: bool = True,
    unicast: bool = True,
    any_byte: bool = False,
    magic: tuple[bytes, ...] = (b"DHIP",),
    gives: tuple[str, ...] = GIVES,
) -> Udp:
    """A DHDiscover responder. ``end`` follows the JSON (a newline or NUL); ``padding`` adds bytes of junk members.

    ``any_byte``: it also answers a datagram of one byte, unless it is NUL, as firmware did until about 2020 (some
    235,000 units on the Internet; it is not verified that longer datagrams of any kind are answered). ``magic`` names
    the frames that it accepts: door stations also accept the one with its letters reversed.
    """

    def answer(unit: Unit, question: Question) -> Iterator[Reply]:
        one_byte = any_byte and len(question.payload) == 1 and question.payload != b"\0"
        if not (one_byte or is_whole_search(question.payload, magic)):
            return
        info = _modern_info(unit, _base_info(unit)) if modern else _base_info(unit)
        for name in without:
            info.pop(name, None)
        if padding:
            info["Reserved"] = "A" * padding
        message = {"mac": unit.mac, "method": "client.notifyDevInfo", "params": {"deviceInfo": info}}
        text = json.dumps(message, separators=(",", " : ") if spaced else (",", ":")).replace("/", "\\/")
        yield Reply(frame_body(text.encode() + end.encode()), unit.rng("dhip").uniform(0.0, 0.05))

    return Udp(PORT, "dhip", answer, gives, group, unicast)
