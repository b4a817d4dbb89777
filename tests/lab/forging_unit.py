"""A unit for the laboratory that speaks in another's name: ``forging_unit.py SECONDS IP [flood|six]``.

It answers each SADP and DHDiscover question to a group as if it were at IP: with the question's Uuid, where there is
one. ``flood`` also pours SADP datagrams in that name into the group; ``six`` instead tells the IPv6 group of
WS-Discovery of a camera at IP. Raw frames of its own interface ``e0`` only, all of it bounded in time.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import sys
import time

SADP, DHIP, WSD = 37020, 37810, 3702
GROUP = "239.255.255.250"
FORGED = "DS-2CD2032-I20150101BBWRD66665555"
PAUSE = 0.005
AT_ONCE = 20
"""Datagrams in each pause: about 4,000 a second."""


def checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def ipv4(source: str, target: str, sport: int, dport: int, body: bytes) -> bytes:
    udp = struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 8, 17, 0) + ends
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp


def ipv6(source: str, target: str, sport: int, dport: int, body: bytes) -> bytes:
    ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target)
    udp = struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body
    told = checksum(ends + struct.pack("!II", len(udp), 17) + udp)
    return struct.pack("!IHBB", 6 << 28, len(udp), 17, 8) + ends + udp[:6] + struct.pack("!H", told) + udp[8:]


def sadp(uuid: str, ip: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ProbeMatch><Uuid>{uuid}</Uuid><Types>inquiry</Types>'
        f"<DeviceDescription>DS-2CD2032-I</DeviceDescription><DeviceSN>{FORGED}</DeviceSN><MAC>44:19:b6:66:55:55</MAC>"
        f"<IPv4Address>{ip}</IPv4Address><SoftwareVersion>V5.4.5build 170124</SoftwareVersion></ProbeMatch>"
    ).encode()


def dhip(ip: str) -> bytes:
    unit = {"DeviceType": "IPC-HDW1431T1-S4", "SerialNo": "6C1AD3DPAGD256F", "Vendor": "Dahua", "Version": "2.800"}
    told = {"mac": "3c:ef:8c:66:55:55", "method": "client.notifyDevInfo"}
    told["params"] = {"deviceInfo": unit | {"IPv4Address": {"IPAddress": ip}}}  # type: ignore[assignment]
    body = json.dumps(told).encode()
    return struct.pack("<I4sIIIIII", 0x20, b"DHIP", 0, 0, len(body), 0, len(body), 0) + body


def wsd() -> bytes:
    scopes = "onvif://www.onvif.org/name/HIKVISION%20DS-2CD2032-I onvif://www.onvif.org/hardware/DS-2CD2032-I"
    return (
        '<?xml version="1.0"?><Envelope><Header><wsa:RelatesTo xmlns:wsa="x">urn:uuid:0</wsa:RelatesTo></Header><Body>'
        f"<ProbeMatches><ProbeMatch><Scopes>{scopes}</Scopes></ProbeMatch></ProbeMatches></Body></Envelope>"
    ).encode()


def answer(question: bytes, ip: str) -> tuple[bytes, bytes] | None:
    """MAC of who asked a group, and the answer in another's name; None where it was no such question."""
    if question[12:14] != b"\x08\x00" or question[23] != socket.IPPROTO_UDP or question[30] < 224:
        return None
    asker = socket.inet_ntoa(question[26:30])
    port, asked = struct.unpack("!HH", question[34:38])
    uuid = re.search(rb"<Uuid>([^<]*)", question)
    if asked == SADP and uuid and b"<Probe>" in question:
        return question[6:12], ipv4(ip, asker, SADP, port, sadp(uuid[1].decode(), ip))
    if asked == DHIP and b"DHDiscover" in question:
        return question[6:12], ipv4(ip, asker, DHIP, port, dhip(ip))
    return None


def main() -> None:
    until = time.monotonic() + float(sys.argv[1])
    ip, how = sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    raw.bind(("e0", 3))
    raw.settimeout(PAUSE)
    own = raw.getsockname()[4]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    to_group = (
        bytes.fromhex("01005e7ffffa") + own + b"\x08\x00" + ipv4(ip, GROUP, SADP, SADP, sadp("0", ip))
        if how != "six"
        else b""
    )
    to_six = (
        bytes.fromhex("33330000000c") + own + b"\x86\xdd" + ipv6(ip, "ff02::c", WSD, WSD, wsd())
        if how == "six"
        else b""
    )
    while time.monotonic() < until:
        if how == "six":
            raw.send(to_six)
            time.sleep(0.1)
            continue
        if how == "flood":
            for _ in range(AT_ONCE):
                raw.send(to_group)
        try:
            heard = answer(raw.recv(65535), ip)
        except TimeoutError:
            continue
        if heard:
            raw.send(heard[0] + own + b"\x08\x00" + heard[1])


if __name__ == "__main__":
    main()
