"""The least that a SYN sweep can cost in Python: one packet template, patched and sent; it hears nothing.

``raw_sender.py INTERFACE GATEWAY-MAC SOURCE-IP PACKETS-PER-SECOND NETWORK PORT…``; a rate of 0 is as fast as it can.
It is what camscan-link is measured beside, so it shares no code with it.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

SYN, TCP, SOURCE_PORT, WINDOW = 2, 6, 61000, 1024


def folded(total: int) -> int:
    total = (total >> 16) + (total & 0xFFFF)
    total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def main(interface: str, gateway: str, source: str, pps: str, network: str, *ports: str) -> None:
    own = bytes.fromhex(Path(f"/sys/class/net/{interface}/address").read_text().strip().replace(":", ""))
    sender, targets = int(IPv4Address(source)), IPv4Network(network)
    frame = bytearray(58)
    frame[:14] = bytes.fromhex(gateway.replace(":", "")) + own + b"\x08\x00"
    struct.pack_into("!HHIBBHI", frame, 14, 0x4500, 44, 0x4000, 64, TCP, 0, sender)
    struct.pack_into("!H", frame, 34, SOURCE_PORT)
    struct.pack_into("!HHHHI", frame, 46, 0x6000 | SYN, WINDOW, 0, 0, 0x020405B4)
    ip_base = 0x4500 + 44 + 0x4000 + (64 << 8 | TCP) + (sender >> 16) + (sender & 0xFFFF)
    tcp_base = (sender >> 16) + (sender & 0xFFFF) + TCP + 24 + SOURCE_PORT + (0x6000 | SYN) + WINDOW + 0x0204 + 0x05B4
    first = int(targets.network_address)
    gap = 1 / int(pps) if int(pps) else 0.0
    due = time.monotonic()
    pack = struct.Struct("!HII").pack_into
    short, ends = struct.Struct("!H").pack_into, struct.Struct("!HI").pack_into
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as packets:
        packets.bind((interface, 0))
        send = packets.send
        for port in map(int, ports):
            for target in range(first, first + targets.num_addresses):
                halves = (target >> 16) + (target & 0xFFFF)
                sequence = target * 2654435761 & 0xFFFFFFFF
                pack(frame, 24, folded(ip_base + halves), sender, target)
                ends(frame, 36, port, sequence)
                words = tcp_base + halves + port + (sequence >> 16) + (sequence & 0xFFFF)
                short(frame, 50, folded(words))
                if gap:
                    time.sleep(max(0.0, due - time.monotonic()))
                    due += gap
                send(frame)


if __name__ == "__main__":
    main(*sys.argv[1:])
