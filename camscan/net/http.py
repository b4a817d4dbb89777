"""Where an HTTP reply ends, and what it says without its transfer coding. Pure; no reply is too broken to be read."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field

from camscan.errors import NotSpoken
from camscan.net.message import Message, parse_message

HEADER_LIMIT = 65536
"""Bytes in which the header must end; what is longer is handed over unread."""
_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_INTERIM = re.compile(rb"\s*HTTP/1\.[01][ \t]+1[0-9]{2}[ \t\r]")
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,256})?\r?\n")
_WANTS_TLS = re.compile(
    # nginx, Apache, lighttpd, GoAhead and Go, each in its words.
    rb"plain HTTP request was sent to HTTPS|speaking plain HTTP to an SSL|HTTP request to an HTTPS server"
    rb"|SSL.enabled server port|requires? (?:an )?HTTPS|use the HTTPS scheme",
    re.IGNORECASE,
)
_LONGEST_SIZE_LINE = 300
_ALERT = b"\x15\x03"


@dataclass(slots=True)
class Reply:
    """A reply as it grows; ``feed`` says when no more is needed."""

    limit: int
    raw: bytearray = field(default_factory=bytearray)
    _body: int = 0
    """Where the body begins; 0 until the header has ended."""
    _message: Message | None = None
    _next_chunk: int = 0
    """Where the next chunk's size line begins."""

    def feed(self, data: bytes) -> bool:
        """Take more bytes; True when the reply is complete, or as long as it may get."""
        self.raw += data[: max(0, self.limit - len(self.raw))]
        return self._complete() or len(self.raw) >= self.limit

    def _complete(self) -> bool:
        if not self._body and not self._find_body():
            # HTTP/0.9: a page without a header. TLS: an alert is all there will be.
            return self.raw.startswith(_ALERT) or (self.raw.lstrip()[:1] == b"<" and _page_ended(self.raw))
        message = self._message
        if message is None:
            return False
        if message.status in {204, 304}:
            return True
        if _chunked(message):
            return self._chunks_complete()
        if (length := _length(message)) is not None:
            return len(self.raw) - self._body >= length
        return _page_ended(self.raw)

    def _find_body(self) -> bool:
        while interim := _INTERIM.match(self.raw):  # "100 Continue" nobody asked for
            end = _HEADER_END.search(self.raw, interim.end() - 1)
            if end is None:
                return False
            del self.raw[: end.end()]
        junk = len(self.raw) - len(self.raw.lstrip(b"\x00 \t\r\n"))
        end = _HEADER_END.search(self.raw, junk, HEADER_LIMIT)
        if end is None:
            return False
        try:
            self._message = parse_message(bytes(self.raw[junk : end.end()]))
        except NotSpoken:
            return False
        self._body = self._next_chunk = end.end()
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
        """Status line, header and body as sent, but de-chunked and unzipped where that succeeds, within the limit."""
        raw = bytes(self.raw)
        if self._message is None:
            return raw
        head, body = raw[: self._body], raw[self._body :]
        if _chunked(self._message):
            body = _dechunk(body)
        elif (length := _length(self._message)) is not None:
            body = body[:length]
        if (self._message.get("content-encoding") or "").strip().lower() in {"gzip", "x-gzip", "deflate"}:
            body = _unzip(body, self.limit)
        return head + body


def wants_tls(payload: bytes) -> bool:
    """Whether a reply to plain HTTP says that the port speaks TLS."""
    return payload.startswith(_ALERT) or _WANTS_TLS.search(payload[:4096]) is not None


def _chunked(message: Message) -> bool:
    return any("chunked" in value.lower() for value in message.all("transfer-encoding"))


def _length(message: Message) -> int | None:
    """Content-Length, where every one sent is the same plain number; a camera that contradicts itself has none."""
    values = {part.strip() for value in message.all("content-length") for part in value.split(",")}
    if len(values) != 1 or not re.fullmatch(r"[0-9]{1,15}", value := values.pop(), re.ASCII):
        return None
    return int(value)


def _page_ended(raw: bytearray) -> bool:
    # Some cameras send neither length nor close; what follows the end of the page is not worth the time limit.
    return raw[-16:].rstrip(b"\x00 \t\r\n").lower().endswith(b"</html>")


def _dechunk(body: bytes) -> bytes:
    parts: list[bytes] = []
    position = _skip_line_ends(body, 0)
    while found := _CHUNK.match(body, position):
        size = int(found[1], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[found.end() : found.end() + size])
        position = _skip_line_ends(body, found.end() + size)
    return b"".join(parts) + body[position:]  # broken coding: keep what there is


def _skip_line_ends(data: bytes | bytearray, position: int) -> int:
    while data.startswith((b"\r", b"\n"), position):
        position += 1
    return position


def _unzip(body: bytes, limit: int) -> bytes:
    """Unpack at most ``limit`` bytes, so that a bomb stays one; a body that does not unpack stays as it is.

    camscan asks for ``identity``; some cameras send their pages zipped in flash memory all the same.
    """
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # gzip or zlib by its header, else raw deflate
        try:
            if unpacked := zlib.decompressobj(window).decompress(body, limit):
                return unpacked
        except zlib.error:
            continue
    return body
