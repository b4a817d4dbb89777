# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""HTTP and RTSP answers in a stream (RFC 9112, RFC 2326), and the parts of them that may be kept. Pure.

Heads are kept, pages that anybody may see, and descriptions of the device. Pictures are never kept, nor pages that need
a login, nor the keys of sessions.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import NamedTuple

LONGEST_HEAD, LONGEST_BODY = 16_384, 65_536
LONGEST_SIZE_LINE = 300
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"(HTTP|RTSP)/[0-9.]{1,7}[ \t]{1,8}([1-9][0-9]{2})")
_LENGTH = re.compile(rb"\ncontent-length[ \t]{0,8}:[ \t]{0,8}([0-9]{1,15})[ \t]{0,8}(?=\r?\n)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\ntransfer-encoding[ \t]{0,8}:[^\r\n]{0,64}chunked", re.IGNORECASE)
_PACKED = re.compile(rb"\ncontent-encoding[ \t]{0,8}:[ \t]{0,8}(?:x-)?(?:gzip|deflate)", re.IGNORECASE)
_TYPE = re.compile(rb"\ncontent-type[ \t]{0,8}:[ \t]{0,8}([a-z0-9.+/-]{1,64})", re.IGNORECASE)
_COOKIE = re.compile(rb"(\nset-cookie[ \t]{0,8}:[^=;\r\n]{0,64}=)[^;\r\n]{8,}", re.IGNORECASE)
_CHUNK = re.compile(rb"(?:\r?\n)?[ \t]{0,8}([0-9A-Fa-f]{1,8})[ \t]{0,8}(?:;[^\r\n]{0,256})?\r?\n")
_TEXTS = (b"text/", b"application/xhtml", b"application/xml", b"application/soap", b"application/json")
_NO_TEXTS = (b"text/css", b"text/javascript", b"text/event-stream")
_ICONS = (b"\0\0\1\0", b"\0\0\2\0", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"BM", b"RIFF", b"<svg", b"<?xml")
_ONVIF = re.compile(
    rb"Get(?:DeviceInformation|SystemDateAndTime|Services|Capabilities|Scopes|Hostname|NetworkInterfaces)Response|Fault\b"
)
_UPNP = b"urn:schemas-upnp-org:device"
_BODILESS = frozenset({204, 304})
_OK = 200


class Question(NamedTuple):
    """The part of a request that decides how its answer is read."""

    method: bytes
    path: bytes
    with_login: bool


UNKNOWN = Question(b"", b"", with_login=False)


class Answer(NamedTuple):
    """One answer that may be kept."""

    protocol: str
    payload: bytes


@dataclass(slots=True)
class Message:
    """One answer while its bytes come in."""

    question: Question
    is_complete: bool = False
    is_last: bool = False
    """Whether the beginning of the next answer cannot be known."""
    _head: bytes = b""
    _status: int = 0
    _length: int = -1
    """Bytes of the body; -1 if it ends with the connection."""
    _is_chunked: bool = False
    _next: int = 0
    """The place in the body where the next chunk begins."""
    _searched: int = 0
    _left: int = 0
    """Bytes still to come of a body that is not kept."""
    _is_returned: bool = False

    def feed(self, buffer: bytearray) -> Answer | None:
        """Read the bytes so far, and remove them from the buffer.

        Returns an answer once, when there is one to be kept.
        """
        if not self._head and not self._find_head(buffer):
            return None
        if self._left or self._is_returned:
            self._skip_body(buffer)
            return None
        if not self._keeps_body():
            return self._head_alone(buffer)
        end = self._end_of_body(buffer)
        if end < 0 and len(buffer) < LONGEST_BODY:
            return None
        body = bytes(buffer[: end if end >= 0 else LONGEST_BODY])
        self.is_complete, self.is_last = True, end < 0
        del buffer[: len(body)]
        return self._make_answer(body)

    def cut_short(self, buffer: bytearray) -> Answer | None:
        """The answer of a conversation that ended, with as much of its body as has come."""
        if not self._head or self._is_returned or self._left:
            return None
        return self._make_answer(bytes(buffer[:LONGEST_BODY]) if self._keeps_body() else b"")

    def _find_head(self, buffer: bytearray) -> bool:
        while (end := _HEAD_END.search(buffer, max(0, self._searched - 3))) and end.end() <= LONGEST_HEAD:
            head = bytes(buffer[: end.end()])
            del buffer[: end.end()]
            self._searched = 0
            found = _STATUS.match(head)
            self._status = int(found[2]) if found else 0
            if head.startswith(b"HTTP/") and 0 < self._status < _OK:
                continue  # "100 Continue": the answer follows
            self._head = head
            self._measure_body()
            return True
        self._searched = len(buffer)
        self.is_complete = self.is_last = len(buffer) > LONGEST_HEAD
        return False

    def _measure_body(self) -> None:
        """Work out the length of the body."""
        lengths = set(_LENGTH.findall(self._head))
        self._is_chunked = bool(_CHUNKED.search(self._head))
        self._length = int(lengths.pop()) if len(lengths) == 1 and not self._is_chunked else -1
        if self._status in _BODILESS or self.question.method == b"HEAD":
            self._length, self._is_chunked = 0, False
        elif self._head.startswith(b"RTSP/"):
            self._length = max(self._length, 0)  # RFC 2326, 4.4: without a length there is no body

    def _keeps_body(self) -> bool:
        found = _TYPE.search(self._head)
        kind = found[1].lower() if found else b""
        if self._head.startswith(b"RTSP/"):
            return False
        if self.question.path.startswith(b"/favicon.ico"):
            return 0 <= self._length <= LONGEST_BODY
        is_text = not kind or (kind.startswith(_TEXTS) and not kind.startswith(_NO_TEXTS))
        return is_text and (self._length <= LONGEST_BODY or not self.question.with_login)

    def _head_alone(self, buffer: bytearray) -> Answer | None:
        self._is_returned = True
        self._left = max(self._length, 0)
        answer = Answer("rtsp" if self._head.startswith(b"RTSP/") else "http", harmless_head(self._head))
        if self._length < 0:
            self.is_complete = self.is_last = True
        else:
            self._skip_body(buffer)
        return answer

    def _skip_body(self, buffer: bytearray) -> None:
        passed = min(self._left, len(buffer))
        del buffer[:passed]
        self._left -= passed
        self.is_complete = not self._left

    def _end_of_body(self, buffer: bytearray) -> int:
        if not self._is_chunked:
            return self._length if 0 <= self._length <= len(buffer) else -1
        while found := _CHUNK.match(buffer, self._next):
            size = int(found[1], 16)
            if size == 0:
                end = buffer.find(b"\n", found.end())
                return end + 1 if end >= 0 else -1
            if found.end() + size > len(buffer):
                return -1
            self._next = found.end() + size
        if len(buffer) - self._next > LONGEST_SIZE_LINE:
            self._is_chunked = False  # the coding is broken: the body ends with the connection
        return -1

    def _make_answer(self, body: bytes) -> Answer:
        head = harmless_head(self._head)
        if self._is_chunked:
            body = unchunk_body(body)
        if _PACKED.search(head):
            body = unpack_body(body)
        if (icon := self._make_icon(body)) is not None:
            return icon
        protocol, keeps = self._classify(body)
        return Answer(protocol, head + body if keeps else head)

    def _make_icon(self, body: bytes) -> Answer | None:
        if not self.question.path.startswith(b"/favicon.ico"):
            return None
        if self._status != _OK or len(body) != self._length or not body.startswith(_ICONS):
            return Answer("http", harmless_head(self._head))
        return Answer("favicon", b"md5:" + hashlib.md5(body, usedforsecurity=False).hexdigest().encode() + b"\n")

    def _classify(self, body: bytes) -> tuple[str, bool]:
        """The protocol, and whether the body may be kept: with a login, only descriptions of the device."""
        path, is_fine = self.question.path.partition(b"?")[0].lower(), self._status == _OK
        if b"/onvif/" in path or (not path and b"/ver10/device/wsdl" in body):
            return ("onvif", True) if not is_fine or _ONVIF.search(body) else ("http", False)
        if path.startswith((b"/isapi/", b"/psia/")) and is_fine:
            return ("isapi", True) if path.endswith(b"/deviceinfo") else ("http", False)
        if path.startswith(b"/cgi-bin/magicbox.cgi") and is_fine:
            return "dahua_cgi", True
        if path.startswith(b"/rpc2"):
            return ("rpc2", True) if path == b"/rpc2_login" and b'"realm"' in body else ("http", False)
        if _UPNP in body and b"<root" in body:
            return "upnp", True
        return "http", not self.question.with_login


def harmless_head(head: bytes) -> bytes:
    """A head without the keys of sessions.

    Names and attributes of cookies remain, because they differ between makers.
    """
    return _COOKIE.sub(rb"\1", head)


def unchunk_body(body: bytes) -> bytes:
    """A body without its transfer coding; if the coding is broken, as much as can be read."""
    parts: list[bytes] = []
    at = 0
    while found := _CHUNK.match(body, at):
        size = int(found[1], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[found.end() : found.end() + size])
        at = found.end() + size
    return b"".join(parts) + body[at:]


def unpack_body(body: bytes) -> bytes:
    """A body out of gzip or deflate, up to the longest that is kept; unchanged if that fails."""
    for bits in (47, -15):
        try:
            return zlib.decompressobj(wbits=bits).decompress(body, LONGEST_BODY)
        except zlib.error:
            continue
    return body
