"""Finds the end of an HTTP reply, and reads it without its transfer coding. Pure; it reads any reply, however broken.

Each byte is looked at once, however small the pieces of a reply are.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import field

from camscan.dataclass import dataclass
from camscan.errors import NotSpoken
from camscan.net.message import Message, parse_message
from camscan.patterns import late

HEADER_LIMIT = 65536
"""Bytes in which the header must end; a longer reply is passed on unread."""
_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_LONGEST_END = 4
_INTERIM = re.compile(rb"HTTP/1\.[01][ \t]{1,8}1[0-9]{2}[ \t\r]")
_INTERIMS = 8
"""Interim replies ("100 Continue") that are skipped; one more counts as the reply."""
_JUNK = re.compile(rb"[\x00\s]*")
_CHUNK = late(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,256})?\r?\n")
_WANTS_TLS = re.compile(
    # The texts of nginx, Apache, lighttpd, GoAhead and Go.
    rb"plain HTTP request was sent to HTTPS|speaking plain HTTP to an SSL|HTTP request to an HTTPS server"
    rb"|SSL.enabled server port|requires? (?:an )?HTTPS|use the HTTPS scheme",
    re.IGNORECASE,
)
_LONGEST_SIZE_LINE = 300
_ALERT = b"\x15\x03"


@dataclass(slots=True)
class Reply:
    """A reply as it arrives; ``feed`` returns when it is complete."""

    limit: int
    raw: bytearray = field(default_factory=bytearray)
    _taken: int = 0
    """Bytes that arrived, with those that were skipped."""
    _start: int = 0
    """Position of the first byte that is not a blank."""
    _searched: int = 0
    """Position up to which the end of the header was looked for."""
    _body: int = 0
    """Position of the body; 0 until the header has ended."""
    _message: Message | None = None
    _is_no_message: bool = False
    _chunked: bool = False
    _length: int | None = None
    _interims: int = 0
    _next_chunk: int = 0
    """Position of the next chunk's size line."""

    def feed(self, data: bytes) -> bool:
        """Add bytes. Returns True when the reply is complete, or has reached its limit."""
        self.raw += data[: max(0, self.limit - self._taken)]
        self._taken += len(data)
        return self._is_complete() or self._taken >= self.limit

    @property
    def is_endless(self) -> bool:
        """Whether it has reached its limit and does not say where it ends."""
        return self._taken >= self.limit and not self._is_complete() and (self._length is None or self._chunked)

    @property
    def is_too_long(self) -> bool:
        """Whether it says that it is longer than its limit; it was read up to the limit."""
        return self._taken >= self.limit and not self._is_complete() and not self.is_endless

    def _is_complete(self) -> bool:
        if not self._body and not self._find_body():
            # HTTP/0.9: a page without a header. TLS: nothing comes after an alert.
            return self.raw.startswith(_ALERT) or (self.raw.startswith(b"<", self._start) and _page_ended(self.raw))
        message = self._message
        if message is None:
            return False
        if message.status in {204, 304}:
            return True
        if self._chunked:
            return self._chunks_complete()
        if self._length is not None:
            return len(self.raw) - self._body >= self._length
        return _page_ended(self.raw)

    def _find_body(self) -> bool:
        if self._is_no_message:
            return False
        while True:
            junk = _JUNK.match(self.raw, self._start)
            self._start = junk.end() if junk else self._start
            self._searched = max(self._start, self._searched)
            end = _HEADER_END.search(self.raw, max(self._start, self._searched - _LONGEST_END), HEADER_LIMIT)
            self._searched = len(self.raw)
            if end is None:
                return False
            if self._interims >= _INTERIMS or not _INTERIM.match(self.raw, self._start):
                return self._read_header(end.end())
            self._interims += 1
            del self.raw[: end.end()]
            self._start = self._searched = 0

    def _read_header(self, end: int) -> bool:
        try:
            message = parse_message(bytes(self.raw[self._start : end]))
        except NotSpoken:
            self._is_no_message = True
            return False
        self._message = message
        self._chunked = any("chunked" in value.lower() for value in message.all("transfer-encoding"))
        self._length = _content_length(message)
        self._body = self._next_chunk = end
        return True

    def _chunks_complete(self) -> bool:
        while True:
            self._next_chunk = _skip_line_ends(self.raw, self._next_chunk)
            found = _CHUNK.match(self.raw, self._next_chunk)
            if found is None:
                return len(self.raw) - self._next_chunk > _LONGEST_SIZE_LINE  # the coding is broken
            size = int(found[1], 16)
            if size == 0:
                return True
            if found.end() + size > len(self.raw):
                return False
            self._next_chunk = found.end() + size

    def payload(self) -> bytes:
        """Status line, header and body as sent; de-chunked and unzipped if that succeeds, within the limit."""
        raw = bytes(self.raw)
        if self._message is None:
            return raw
        head, body = raw[: self._body], raw[self._body :]
        if self._chunked:
            body = _dechunk_body(body)
        elif self._length is not None:
            body = body[: self._length]
        if (self._message.get("content-encoding") or "").strip().lower() in {"gzip", "x-gzip", "deflate"}:
            body = _unzip_body(body, self.limit)
        return head + body


def wants_tls(payload: bytes) -> bool:
    """Whether a reply to plain HTTP says that the port speaks TLS."""
    return payload.startswith(_ALERT) or _WANTS_TLS.search(payload[:4096]) is not None


def _content_length(message: Message) -> int | None:
    """Content-Length, if every one that was sent is the same plain number; None if a camera contradicts itself."""
    values = {part.strip() for value in message.all("content-length") for part in value.split(",")}
    if len(values) != 1 or not re.fullmatch(r"[0-9]{1,15}", value := values.pop(), re.ASCII):
        return None
    return int(value)


def _page_ended(raw: bytearray) -> bool:
    # Some cameras neither send a length nor close; text after the end of the page is not worth the time limit.
    return raw[-16:].rstrip(b"\x00 \t\r\n").lower().endswith(b"</html>")


def _dechunk_body(body: bytes) -> bytes:
    parts: list[bytes] = []
    position = _skip_line_ends(body, 0)
    while found := _CHUNK.match(body, position):
        size = int(found[1], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[found.end() : found.end() + size])
        position = _skip_line_ends(body, found.end() + size)
    return b"".join(parts) + body[position:]  # broken coding: keep the rest as it is


def _skip_line_ends(data: bytes | bytearray, position: int) -> int:
    while data.startswith((b"\r", b"\n"), position):
        position += 1
    return position


def _unzip_body(body: bytes, limit: int) -> bytes:
    """Unpack at most ``limit`` bytes, as a protection against bombs. A body that cannot be unpacked is unchanged.

    camscan asks for ``identity``, but some cameras send their pages zipped as they are in flash memory.
    """
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # gzip or zlib by its header, otherwise raw deflate
        try:
            if unpacked := zlib.decompressobj(window).decompress(body, limit):
                return unpacked
        except zlib.error:
            continue
    return body
