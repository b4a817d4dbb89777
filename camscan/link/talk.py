# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""The server's side of one TCP conversation, answer by answer, in the form of captured replies. Pure.

It knows HTTP, RTSP, the TLS handshake up to the certificate, and Dahua's DVRIP. As soon as something else comes, such
as pictures, the conversation is over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from camscan.link import web

LONGEST_LINE = 2048
"""Bytes of a question that are read."""
MOST_QUESTIONS = 32
MOST_ANSWERS = 32
"""The most answers of one conversation; a browser that asks for more shows nothing new about the device."""
SHORTEST = 6
TLS = b"\x16\x03"
SERVER_HELLO, CERTIFICATE, HELLO_DONE = b"\2", 11, 14
RECORD_HEAD, MESSAGE_HEAD = 5, 4
LONGEST_RECORD, LONGEST_FLIGHT = 0x4800, 32_768
DVRIP_PORT, DVRIP_HEADER, LONGEST_REALM = 37777, 32, 4096
DVRIP_QUESTIONS = (b"\xa0\x00", b"\xa0\x01", b"\xa0\x05")
DVRIP_ANSWERS = (b"\xb0\x00", b"\xb0\x01")
_REQUEST = re.compile(rb"([A-Z]{3,16}) ([^ \r\n]{1,1024}) (?:HTTP|RTSP)/")
_LOGIN = re.compile(rb"\n(?:authorization|cookie)[ \t]{0,8}:", re.IGNORECASE)


class ServerAnswer(NamedTuple):
    """One answer of a server."""

    protocol: str
    server: bytes
    """The server's address as bytes."""
    port: int
    payload: bytes
    when: float
    is_proven: bool
    """Whether both ends were seen to take part."""


def is_beginning(segment: bytes, at: int) -> bool:
    """Whether a segment, from ``at`` on, can be the first of an answer whose conversation began before the capture."""
    if segment.startswith((b"HTTP/1.", b"RTSP/1."), at):
        return True
    return segment.startswith(TLS, at) and segment[at + 5 : at + 6] == b"\x02"


@dataclass(slots=True)
class Flight:
    """A server's first flight of TLS as it arrives (RFC 5246, 6.2.1 and 7.4); each byte is looked at once."""

    _messages: bytearray = field(default_factory=bytearray)
    """What the records hold."""
    _at: int = 0
    """The place of the next record, or of the rest of the present one."""
    _left: int = 0
    """Bytes of the present record that are still to come."""
    _next: int = 0
    """The place of the next message among the messages."""

    def read(self, data: bytearray) -> tuple[int, bool]:
        """The end of the flight, after its certificate, and whether it has one. ``data`` is all that came so far.

        (-1, False) if more bytes are needed; (end, False) if not even a ServerHello has come.
        """
        while True:
            piece = data[self._at : self._at + self._left]
            self._messages += piece
            self._at += len(piece)
            self._left -= len(piece)
            if self._left or self._at + RECORD_HEAD > len(data):
                return self._find_certificate()
            length = int.from_bytes(data[self._at + 3 : self._at + RECORD_HEAD], "big")
            if not data.startswith(TLS, self._at) or length > LONGEST_RECORD:
                return self._at, self._has_hello
            self._at += RECORD_HEAD
            self._left = length

    @property
    def _has_hello(self) -> bool:
        return self._messages.startswith(SERVER_HELLO)

    def _find_certificate(self) -> tuple[int, bool]:
        while self._next + MESSAGE_HEAD <= len(self._messages):
            kind = self._messages[self._next]
            length = int.from_bytes(self._messages[self._next + 1 : self._next + MESSAGE_HEAD], "big")
            if kind == HELLO_DONE or length > LONGEST_FLIGHT:
                return self._at, self._has_hello
            if self._next + MESSAGE_HEAD + length > len(self._messages):
                break
            if kind == CERTIFICATE:
                return self._at, True
            self._next += MESSAGE_HEAD + length
        return -1, False


@dataclass(slots=True)
class Talk:
    """The server's side of one conversation."""

    server: bytes
    port: int
    when: float = 0.0
    """The time of the newest bytes, in seconds since 1970."""
    is_proven: bool = False
    """Whether the client has acknowledged the server's number: then both take part, and neither is a distant forger."""
    is_over: bool = False
    """Whether the rest of the conversation is of no interest."""
    _buffer: bytearray = field(default_factory=bytearray)
    _questions: list[web.Question] = field(default_factory=list)
    _is_dvrip: bool = False
    _read: Callable[[], Iterator[ServerAnswer]] | None = None
    _flight: Flight = field(default_factory=Flight)
    _message: web.Message | None = None
    _answers: int = 0

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self._buffer)

    def ask(self, head: bytes) -> None:
        """Take the beginning of a client's question."""
        if (found := _REQUEST.match(head)) and len(self._questions) < MOST_QUESTIONS:
            self._questions.append(web.Question(found[1], found[2], bool(_LOGIN.search(head))))
        self._is_dvrip |= head.startswith(DVRIP_QUESTIONS)

    def hear(self, data: bytes) -> Iterator[ServerAnswer]:
        """Take more bytes of the server, in order, and return the answers that they complete."""
        self._buffer += data
        if self._read is None:
            if len(self._buffer) < SHORTEST:
                return
            self._read = self._choose_reader()
        yield from self._read()

    def close(self) -> Iterator[ServerAnswer]:
        """End the conversation, and return an incomplete answer with what has come of it."""
        if self._message and not self.is_over and (answer := self._message.cut_short(self._buffer)):
            yield self._make_answer(*answer)
        self.is_over = True
        self._buffer.clear()

    def _choose_reader(self) -> Callable[[], Iterator[ServerAnswer]]:
        if self._buffer.startswith((b"HTTP/", b"RTSP/")):
            return self._read_messages
        if self._buffer.startswith(TLS):
            return self._read_certificate
        if self._buffer.startswith(DVRIP_ANSWERS) and (self._is_dvrip or self.port == DVRIP_PORT):
            return self._read_realm
        return self._read_nothing

    def _read_nothing(self) -> Iterator[ServerAnswer]:
        self.is_over = True
        self._buffer.clear()
        yield from ()

    def _read_messages(self) -> Iterator[ServerAnswer]:
        while not self.is_over:
            if self._message is None:
                if not self._is_next():
                    return
                self._message = web.Message(self._questions.pop(0) if self._questions else web.UNKNOWN)
            answer = self._message.feed(self._buffer)
            if answer:
                yield self._make_answer(*answer)
                self._answers += 1
            if not self._message.is_complete:
                return
            self.is_over = self._message.is_last or self._answers >= MOST_ANSWERS
            self._message = None

    def _is_next(self) -> bool:
        """Whether another answer begins. Pictures within RTSP, and anything else, end the conversation."""
        blanks = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
        del self._buffer[:blanks]
        if len(self._buffer) < SHORTEST:
            self.is_over = bool(self._buffer) and not self._buffer.startswith((b"H", b"R"))
            return False
        self.is_over = not self._buffer.startswith((b"HTTP/", b"RTSP/"))
        return not self.is_over

    def _make_answer(self, protocol: str, payload: bytes) -> ServerAnswer:
        return ServerAnswer(protocol, self.server, self.port, payload, self.when, self.is_proven)

    def _read_certificate(self) -> Iterator[ServerAnswer]:
        """The flight up to its certificate; for TLS 1.3, which hides that (RFC 8446, 4.4.2), the ServerHello alone."""
        end, is_whole = self._flight.read(self._buffer)
        if is_whole:
            yield self._make_answer("tls", bytes(self._buffer[:end]))
        self.is_over = end >= 0 or len(self._buffer) > LONGEST_FLIGHT

    def _read_realm(self) -> Iterator[ServerAnswer]:
        """The answer to the realm request, up to the length in its header; nothing after it, which may be a session."""
        if len(self._buffer) < DVRIP_HEADER:
            return
        length = DVRIP_HEADER + int.from_bytes(self._buffer[4:8], "little")
        if len(self._buffer) >= min(length, LONGEST_REALM):
            yield self._make_answer("dvrip", bytes(self._buffer[: min(length, LONGEST_REALM)]))
            self.is_over = True
