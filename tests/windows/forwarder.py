"""Writes bcryptprimitives.dll, which Wine 8 lacks and Windows 10 has, for tests under Wine alone.

Its one function, ProcessPrng, forwards to advapi32.SystemFunction036 (RtlGenRandom). PE format: Microsoft's
specification, revision 11.
"""

from __future__ import annotations

import struct
from pathlib import Path

_NAMES = (b"bcryptprimitives.dll\0", b"ProcessPrng\0", b"advapi32.SystemFunction036\0")
_BASE, _SECTION, _FILE = 0x6F5000000, 0x1000, 0x200


def write(folder: Path) -> None:
    """Write it into a folder."""
    (folder / "bcryptprimitives.dll").write_bytes(_headers(_exports()))


def _exports() -> bytes:
    """The export directory: one function by name, which is a forwarder."""
    functions = _SECTION + 40
    names, ordinals, text = functions + 4, functions + 8, functions + 10
    places = [text, text + len(_NAMES[0]), text + len(_NAMES[0]) + len(_NAMES[1])]
    directory = struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, places[0], 1, 1, 1, functions, names, ordinals)
    return directory + struct.pack("<IIH", places[2], places[1], 0) + b"".join(_NAMES)


def _headers(section: bytes) -> bytes:
    """A DLL for x64 with this one section."""
    raw = section.ljust(_FILE, b"\0")
    coff = struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x2022)
    optional = struct.pack("<HBBIIIII", 0x20B, 14, 0, 0, len(raw), 0, 0, _SECTION)
    versions = (6, 0, 0, 0, 6, 0, 0)
    sizes = (0x2000, _FILE, 0, 2, 0x100, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    optional += struct.pack("<QIIHHHHHHIIIIHHQQQQII", _BASE, _SECTION, _FILE, *versions, *sizes)
    optional += struct.pack("<II", _SECTION, len(section)) + bytes(8 * 15)
    table = struct.pack("<8sIIIIIIHHI", b".rdata", len(section), _SECTION, len(raw), _FILE, 0, 0, 0, 0, 0x40000040)
    start = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + coff + optional + table
    return start.ljust(_FILE, b"\0") + raw
