# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Reads the packets of capture files, pcap and pcapng, in one pass and within bounds, whatever lengths the file claims.

The formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. A file may be a pipe from tcpdump that is still being
written. If a file is broken, everything before the fault has been handed out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import RawIOBase

PIECE = 1 << 20
LONGEST_PACKET = 262_144
"""The longest packet in bytes. It is MAXIMUM_SNAPLEN of libpcap: no program that captures writes longer packets."""
LONGEST_BLOCK = 16 << 20
"""The longest block of pcapng in bytes.

One without a packet (name tables, keys) may be longer than one with a packet.
"""
MOST_INTERFACES = 4096

Packet = tuple[int, float, bytes, bool]
"""Link type, seconds since 1970, the bytes that were kept, and whether the packet was longer than these."""

PCAP = {
    b"\xa1\xb2\xc3\xd4": (">", 1e6),
    b"\xd4\xc3\xb2\xa1": ("<", 1e6),
    b"\xa1\xb2\x3c\x4d": (">", 1e9),
    b"\x4d\x3c\xb2\xa1": ("<", 1e9),
}
"""The first four bytes of a pcap file -> byte order, and ticks of its clock in a second."""
PCAP_HEAD, PCAP_RECORD = 24, 16
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, PACKET = 0x0A0D0D0A, 1, 2, 3, 6
SECTION_MARK = SECTION.to_bytes(4, "big")
BYTE_ORDER = 0x1A2B3C4D
SHORTEST_BLOCK = 12
END_OF_OPTIONS, RESOLUTION, OFFSET = 0, 9, 14
"""Options of an interface: end of options, if_tsresol, if_tsoffset."""
COMPRESSED = {b"\x1f\x8b": "gunzip -c", b"BZh": "bunzip2 -c", b"\xfd7zXZ": "xz -dc", b"\x28\xb5\x2f\xfd": "zstd -dc"}


class NotACapture(Exception):  # noqa: N818 - what it says
    """The file is neither pcap nor pcapng, or is in a form of them that no program writes any more."""


class Broken(Exception):  # noqa: N818 - what it says
    """The file ends too early or contradicts itself; the text says where, in one line."""


@dataclass(slots=True)
class Source:
    """The bytes of a file; only those around the present place are in memory."""

    file: RawIOBase
    number: int = 0
    """How many packets were handed out."""
    buffer: bytes = b""
    at: int = 0
    """The present place within the buffer."""
    _before: int = 0
    """How many bytes of the file come before the buffer."""

    @property
    def place(self) -> int:
        """The present place in the file, in bytes."""
        return self._before + self.at

    def has_bytes(self, length: int) -> bool:
        """Whether so many bytes follow. Reads more of the file if they are not in memory yet."""
        while len(self.buffer) - self.at < length:
            more = self.file.read(PIECE)
            if not more:
                return False
            self._before += self.at
            self.buffer = self.buffer[self.at :] + more
            self.at = 0
        return True

    def make_error(self, why: str) -> Broken:
        """An error about this place in the file."""
        return Broken(f"packet {self.number + 1:,}, byte {self.place:,}: {why}")


def read_packets(source: Source) -> Iterator[Packet]:
    """Read every packet in order. Raises NotACapture at once, or Broken after the packets before the fault."""
    if not source.has_bytes(4):
        raise NotACapture("it is empty" if not source.buffer else "it ends within its first bytes")
    mark = source.buffer[:4]
    if mark in PCAP:
        return _read_pcap(source, *PCAP[mark])
    if mark == SECTION_MARK:
        return _read_pcapng(source)
    unpack = next((program for start, program in COMPRESSED.items() if source.buffer.startswith(start)), "")
    raise NotACapture(f"it is compressed: {unpack} FILE | camscan-link read -" if unpack else "other first bytes")


def _read_pcap(source: Source, order: str, ticks: float) -> Iterator[Packet]:
    if not source.has_bytes(PCAP_HEAD):
        raise NotACapture("it ends within its head")
    link = struct.unpack_from(f"{order}I", source.buffer, 20)[0] & 0xFFFF  # the rest: whether frames have a checksum
    source.at = PCAP_HEAD
    return _read_records(source, struct.Struct(f"{order}IIII"), ticks, link)


def _read_records(source: Source, head: struct.Struct, ticks: float, link: int) -> Iterator[Packet]:
    while source.has_bytes(PCAP_RECORD):
        seconds, fraction, kept, length = head.unpack_from(source.buffer, source.at)
        if kept > LONGEST_PACKET:
            raise source.make_error(f"it claims a length of {kept:,} bytes")
        if not source.has_bytes(PCAP_RECORD + kept):
            raise source.make_error("the file ends within it")
        start = source.at + PCAP_RECORD
        source.at = start + kept
        source.number += 1
        yield link, seconds + fraction / ticks, source.buffer[start : start + kept], kept < length
    if source.has_bytes(1):
        raise source.make_error("the file ends within it")


@dataclass(slots=True)
class Interface:
    """One interface of a section: the link type of its packets, and the units of its clock."""

    link: int
    snap: int
    ticks: int = 1_000_000
    offset: int = 0


@dataclass(slots=True)
class Section:
    """One section of a pcapng file: its byte order, and its interfaces so far."""

    order: str
    interfaces: list[Interface] = field(default_factory=list)

    def unpack(self, form: str, data: bytes, at: int = 0) -> tuple[int, ...]:
        """Read numbers in the section's byte order; ``form`` is a format of the module struct."""
        return struct.unpack_from(self.order + form, data, at)


def _read_pcapng(source: Source) -> Iterator[Packet]:
    section = Section("<")
    while source.has_bytes(SHORTEST_BLOCK):
        if source.buffer[source.at : source.at + 4] == SECTION_MARK:
            section = _read_section(source)
        kind, length = section.unpack("II", source.buffer, source.at)
        if length < SHORTEST_BLOCK or length % 4 or length > LONGEST_BLOCK:
            raise source.make_error(f"a block claims a length of {length:,} bytes")
        if not source.has_bytes(length):
            raise source.make_error("the file ends within it")
        block = source.buffer[source.at : source.at + length]
        if section.unpack("I", block, length - 4)[0] != length:
            raise source.make_error("a block gives one length at its start and another at its end")
        packet = _read_block(source, section, kind, block[8:-4])
        source.at += length
        if packet:
            source.number += 1
            yield packet
    if source.has_bytes(1):
        raise source.make_error("the file ends within it")


def _read_section(source: Source) -> Section:
    mark = source.buffer[source.at + 8 : source.at + 12]
    for order in "<>":
        if struct.unpack(f"{order}I", mark)[0] == BYTE_ORDER:
            return Section(order)
    if not source.number and not source.place:
        raise NotACapture("a pcapng head without its byte order")
    raise source.make_error("a section without its byte order")


def _read_block(source: Source, section: Section, kind: int, body: bytes) -> Packet | None:
    """The packet of a block, if it holds one. Blocks of other kinds, known or not, are skipped."""
    try:
        if kind == INTERFACE:
            if len(section.interfaces) >= MOST_INTERFACES:
                raise source.make_error(f"more than {MOST_INTERFACES:,} interfaces")
            section.interfaces.append(_read_interface(section, body))
        elif kind in {PACKET, OLD_PACKET}:
            return _read_packet(source, section, kind, body)
        elif kind == SIMPLE_PACKET:
            return _simple_packet(source, section, body)
    except struct.error:
        raise source.make_error("a block is shorter than a block of its kind can be") from None
    return None


def _read_interface(section: Section, body: bytes) -> Interface:
    link, snap = section.unpack("H2xI", body)
    found = Interface(link, snap or LONGEST_PACKET)
    at = 8
    while at + 4 <= len(body):
        code, length = section.unpack("HH", body, at)
        value = body[at + 4 : at + 4 + length]
        if code == END_OF_OPTIONS:
            break
        if code == RESOLUTION and length == 1:
            found.ticks = 1 << (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        elif code == OFFSET and length == 8:  # noqa: PLR2004 - 64 bits
            found.offset = section.unpack("q", value)[0]
        at += 4 + length + -length % 4
    return found


def _read_packet(source: Source, section: Section, kind: int, body: bytes) -> Packet:
    number, high, low, kept, length = section.unpack("IIIII" if kind == PACKET else "HxxIIII", body)
    if number >= len(section.interfaces):
        raise source.make_error(f"it names interface {number:,}, which the file does not describe")
    if kept > min(LONGEST_PACKET, len(body) - 20):
        raise source.make_error(f"it claims a length of {kept:,} bytes")
    interface = section.interfaces[number]
    when = ((high << 32) | low) / interface.ticks + interface.offset
    return interface.link, when, body[20 : 20 + kept], kept < length


def _simple_packet(source: Source, section: Section, body: bytes) -> Packet:
    """A packet without a time, of the first interface."""
    (length,) = section.unpack("I", body)
    if not section.interfaces:
        raise source.make_error("it names interface 0, which the file does not describe")
    kept = min(length, section.interfaces[0].snap)
    if kept > min(LONGEST_PACKET, len(body) - 4):
        raise source.make_error(f"it claims a length of {kept:,} bytes")
    return section.interfaces[0].link, 0.0, body[4 : 4 + kept], kept < length
