"""Windows' library of network tables, through ctypes: how its tables are read, and the structures in them."""

from __future__ import annotations

import ctypes
import ipaddress
import struct
from collections.abc import Iterator

from camscan.net.span import Address

AF_INET, AF_INET6 = 2, 23  # ws2def.h; on Linux the second is 10
_LIBRARY = "iphlpapi"
_TOO_SMALL = (111, 122)  # ERROR_BUFFER_OVERFLOW, ERROR_INSUFFICIENT_BUFFER
_ATTEMPTS = 5
_FIRST_GUESS = 16384
_COUNT = struct.Struct("<I")


def library() -> ctypes.CDLL:
    """The library. 64-bit Windows has one calling convention, so CDLL works. Raises OSError without it."""
    return ctypes.CDLL(_LIBRARY)


def filled(function: str, *before: object, after: tuple[object, ...] = ()) -> ctypes.Array[ctypes.c_char]:
    """The buffer that a function has filled which takes a buffer and its size, in that order. Raises OSError."""
    size = ctypes.c_ulong(_FIRST_GUESS)
    code = 0
    for _ in range(_ATTEMPTS):  # the table may grow between two calls
        buffer = ctypes.create_string_buffer(size.value)
        code = getattr(library(), function)(*before, buffer, ctypes.byref(size), *after)
        if code == 0:
            return buffer
        if code not in _TOO_SMALL:
            break
    raise OSError(code, f"{function} answers {code}")


def table(function: str, family: int, row: int, *, start: int) -> bytes:
    """The rows of a table that Windows allocates itself, of ``row`` bytes each; ``start`` is the position of the first.

    Raises OSError.
    """
    loaded = library()
    found = ctypes.c_void_p()
    if code := getattr(loaded, function)(family, ctypes.byref(found)):
        raise OSError(code, f"{function} answers {code}")
    if not found.value:
        return b""
    try:
        (count,) = _COUNT.unpack(ctypes.string_at(found.value, _COUNT.size))
        return ctypes.string_at(found.value + start, count * row)
    finally:
        loaded.FreeMibTable(found)


def rows(content: bytes, row: int) -> Iterator[bytes]:
    """The complete rows in the content."""
    for start in range(0, len(content) - row + 1, row):
        yield content[start : start + row]


def address(sockaddr: bytes) -> Address | None:
    """The address in a SOCKADDR_INET; None if it is of another family."""
    family = int.from_bytes(sockaddr[:2], "little")
    if family == AF_INET and len(sockaddr) >= 8:  # noqa: PLR2004 - port, then four bytes
        return ipaddress.IPv4Address(sockaddr[4:8])
    if family == AF_INET6 and len(sockaddr) >= 24:  # noqa: PLR2004 - port, flow, then sixteen bytes
        return ipaddress.IPv6Address(sockaddr[8:24])
    return None
