"""Packets and capture files, built by hand: of the form that the tests say, however wrong."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any

CAMERA = bytes.fromhex("4419b6000102")
OTHER = bytes.fromhex("00155d112233")
UNIT, ASKER = "10.1.0.7", "10.1.0.5"
GROUP = "239.255.255.250"
ETHERNET, COOKED, COOKED_2, RAW = 1, 113, 276, 101


def ethernet(ethertype: int, payload: bytes, source: bytes = CAMERA, target: bytes = b"\xff" * 6) -> bytes:
    return (target + source + ethertype.to_bytes(2, "big") + payload).ljust(60, b"\0")


def udp(payload: bytes, sport: int, dport: int) -> bytes:
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def ipv4(
    inner: bytes, *, source: str = UNIT, target: str = GROUP, flags: int = 0, protocol: int = 17, number: int = 1
) -> bytes:
    """Offset and "more follow" of a piece stand together in ``flags``."""
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(inner), number, flags, 1, protocol, 0)
    return head + IPv4Address(source).packed + IPv4Address(target).packed + inner


def ipv6(inner: bytes, *, source: str = "fe80::1", target: str = "ff02::c", kind: int = 17) -> bytes:
    head = struct.pack(">IHBB", 6 << 28, len(inner), kind, 1)
    return head + IPv6Address(source).packed + IPv6Address(target).packed + inner


def datagram(payload: bytes, sport: int, dport: int, **where: Any) -> bytes:
    return ethernet(0x0800, ipv4(udp(payload, sport, dport), **where))


def fragments(payload: bytes, sport: int, dport: int, size: int = 1480, **where: Any) -> list[bytes]:
    """One datagram in pieces of ``size`` bytes, in order."""
    whole = udp(payload, sport, dport)
    starts = range(0, len(whole), size)
    return [
        ethernet(
            0x0800, ipv4(whole[at : at + size], flags=at // 8 | (0x2000 if at + size < len(whole) else 0), **where)
        )
        for at in starts
    ]


def segment(
    payload: bytes, number: int, taken: int, flags: int = 0x18, *, sport: int, dport: int, **where: Any
) -> bytes:
    head = struct.pack(">HHIIBBHHH", sport, dport, number % 2**32, taken % 2**32, 0x50, flags, 512, 0, 0)
    return ethernet(0x0800, ipv4(head + payload, protocol=6, **where))


def conversation(
    question: bytes, answer: bytes, *, port: int = 80, size: int = 1000, unit: str = UNIT, client: int = 40000
) -> list[bytes]:
    """A whole TCP conversation: handshake, question, the answer in segments of ``size`` bytes, and its end."""
    ours: Any = {"sport": client, "dport": port, "source": ASKER, "target": unit}
    theirs: Any = {"sport": port, "dport": client, "source": unit, "target": ASKER}
    a, b = 2**32 - 5, 7000  # the numbers go past their end
    frames = [
        segment(b"", a, 0, 0x02, **ours),
        segment(b"", b, a + 1, 0x12, **theirs),
        segment(b"", a + 1, b + 1, 0x10, **ours),
        segment(question, a + 1, b + 1, **ours),
    ]
    after = a + 1 + len(question)
    frames += [segment(answer[at : at + size], b + 1 + at, after, **theirs) for at in range(0, len(answer), size)]
    return [*frames, segment(b"", b + 1 + len(answer), after, 0x11, **theirs)]


def pcap(frames: Iterable[bytes], linktype: int = 1, *, order: str = "<", nanoseconds: bool = False) -> bytes:
    head = struct.pack(f"{order}IHHiIII", 0xA1B23C4D if nanoseconds else 0xA1B2C3D4, 2, 4, 0, 0, 65535, linktype)
    fraction = 250_000_000 if nanoseconds else 250_000
    record = struct.Struct(f"{order}IIII")
    return head + b"".join(record.pack(1_700_000_000, fraction, len(f), len(f)) + f for f in frames)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + length + body + length


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(linktype: int = 1, order: str = "<", options: bytes = b"") -> bytes:
    return block(1, struct.pack(f"{order}HHI", linktype, 0, 65535) + options, order)


def packet(frame: bytes, number: int = 0, order: str = "<", ticks: int = 1_700_000_000_250_000) -> bytes:
    head = struct.pack(f"{order}IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, head + frame, order)


def pcapng(frames: Iterable[bytes], linktype: int = 1, *, order: str = "<") -> bytes:
    return section(order) + interface(linktype, order) + b"".join(packet(frame, 0, order) for frame in frames)


def shuffled(frames: Sequence[bytes], first: int, last: int) -> Iterator[bytes]:
    """The frames with those from ``first`` to ``last`` in the opposite order."""
    yield from frames[:first]
    yield from reversed(frames[first:last])
    yield from frames[last:]
