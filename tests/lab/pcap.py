"""Reads tcpdump's classic capture files: as much of the protocols as it takes to hold a scanner to its promises."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

FILE_HEADER = struct.Struct("<IHHiIII")
RECORD_HEADER = struct.Struct("<IIII")
MICROSECONDS = 0xA1B2C3D4
SYN, ACK, RST, FIN = 0x02, 0x10, 0x04, 0x01
ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, as far as it could be read."""

    at: float
    """Seconds since the epoch."""
    source_mac: str
    ethertype: int
    source: str = ""
    target: str = ""
    """For ARP, the address asked for."""
    protocol: str = ""
    """``tcp``, ``udp``, ``arp-request``, ``arp-reply``, or the number of another IP protocol."""
    sport: int = 0
    dport: int = 0
    flags: int = 0
    payload: bytes = b""


def read(path: Path) -> Iterator[Frame]:
    """Every frame of a capture file, in order; a last record that is cut short is left out."""
    data = path.read_bytes()
    magic, *_rest = FILE_HEADER.unpack_from(data)
    assert magic == MICROSECONDS, "not a little-endian classic capture file"
    at = FILE_HEADER.size
    while at + RECORD_HEADER.size <= len(data):
        seconds, micros, kept, _length = RECORD_HEADER.unpack_from(data, at)
        at += RECORD_HEADER.size
        if at + kept > len(data):
            return
        yield _frame(seconds + micros / 1e6, data[at : at + kept])
        at += kept


def _frame(at: float, raw: bytes) -> Frame:
    mac, ethertype = raw[6:12].hex(":"), int.from_bytes(raw[12:14], "big")
    if ethertype == ARP:
        kind = {1: "arp-request", 2: "arp-reply"}.get(int.from_bytes(raw[20:22], "big"), "arp")
        return Frame(at, mac, ethertype, str(IPv4Address(raw[28:32])), str(IPv4Address(raw[38:42])), kind)
    if ethertype == IPV4:
        header = (raw[14] & 0x0F) * 4
        source, target = str(IPv4Address(raw[26:30])), str(IPv4Address(raw[30:34]))
        inner = raw[14 + header : 14 + int.from_bytes(raw[16:18], "big")]
        return _transport(Frame(at, mac, ethertype, source, target), raw[23], inner)
    if ethertype == IPV6:
        source, target = str(IPv6Address(raw[22:38])), str(IPv6Address(raw[38:54]))
        return _transport(Frame(at, mac, ethertype, source, target), raw[20], raw[54:])
    return Frame(at, mac, ethertype)


def _transport(frame: Frame, number: int, inner: bytes) -> Frame:
    sport, dport = int.from_bytes(inner[0:2], "big"), int.from_bytes(inner[2:4], "big")
    if number == 6:
        start = (inner[12] >> 4) * 4
        return replace(frame, protocol="tcp", sport=sport, dport=dport, flags=inner[13], payload=inner[start:])
    if number == 17:
        return replace(frame, protocol="udp", sport=sport, dport=dport, payload=inner[8:])
    return replace(frame, protocol=str(number))


ANSWERED = 0.14
"""Seconds, a little less than the sweep leaves between two questions to one address (``SPACING`` in link/syn.py)."""


def connections_peak(frames: Iterable[Frame], scanner: str) -> dict[str, int]:
    """Most TCP connections that the scanner had with one device at once, counted whenever it sends a SYN.

    A connection counts from its SYN until the scanner has sent its FIN or RST, or the device its RST. A SYN without an
    answer counts for ``ANSWERED`` seconds: where a busy machine or a long line delays the answer, it meets the next
    question, which no scanner can know.
    """
    asked: dict[str, dict[tuple[int, int], float]] = defaultdict(dict)
    open_now: dict[str, set[tuple[int, int]]] = defaultdict(set)
    peak: dict[str, int] = defaultdict(int)
    for frame in frames:
        if frame.protocol != "tcp":
            continue
        ours = frame.source == scanner
        device = frame.target if ours else frame.source
        key = (frame.sport, frame.dport) if ours else (frame.dport, frame.sport)
        if ours and frame.flags & (SYN | ACK) == SYN:
            others = {each for each, at in asked[device].items() if frame.at - at < ANSWERED} | open_now[device]
            peak[device] = max(peak[device], 1 + len(others - {key}))
            asked[device].setdefault(key, frame.at)
        elif frame.flags & RST or (ours and frame.flags & FIN):
            asked[device].pop(key, None)
            open_now[device].discard(key)
        elif not ours and frame.flags & (SYN | ACK) == SYN | ACK and asked[device].pop(key, None) is not None:
            open_now[device].add(key)
    return dict(peak)


def busiest(frames: Iterable[Frame], window: float) -> int:
    """Most frames within any stretch of ``window`` seconds."""
    times = sorted(frame.at for frame in frames)
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] > window:
            first += 1
        most = max(most, last - first + 1)
    return most


def percentile(frames: Iterable[Frame], window: float, fraction: float) -> int:
    """How many frames the windows of so many seconds hold, side by side from first to last, all but the fullest few."""
    times = sorted(frame.at for frame in frames)
    counts = [0] * (int((times[-1] - times[0]) / window) + 1)
    for at in times:
        counts[int((at - times[0]) / window)] += 1
    return sorted(counts)[int(fraction * (len(counts) - 1))]
