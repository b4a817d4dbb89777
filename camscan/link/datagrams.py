# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Recognises datagrams in which a device describes itself: in which protocol, and whether it was asked. Pure.

A scan reads an answer with the protocol of its source port, or else with any protocol that plainly reads it, because
some devices answer from a port of their own. This module does the same. Of questions it remembers only who asked. All
other datagrams are ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeVar

MDNS, SSDP, WSD, SADP, DHIP, DAHUA = 5353, 1900, 3702, 37020, 37810, 5050
PORTS = frozenset({MDNS, SSDP, WSD, SADP, DHIP, DAHUA})
DNS_HEADER = 12
HEAD = 512
"""A message shows what it is within this many bytes."""
LONGEST = 65_536
OPAQUE = 16
"""The fewest bytes of an answer that may be encrypted: a shorter one may be anything."""
MOST_ASKERS = 65_536
MOST_IDENTIFIERS = 65_536
MARKS = b"<HNDOo\xef\xb3{ \t\r\n"
"""First bytes of all messages that are recognised by their contents alone."""

_SOAP_ANSWER = re.compile(rb"<(?:[\w.-]{1,32}:)?(?:ProbeMatches|ResolveMatches|Hello|Bye|Fault)\b")
_MATCH = re.compile(rb"<(?:[\w.-]{1,32}:)?(?:ProbeMatch|ResolveMatch|Hello)\b")
_DISCOVERED = re.compile(rb"<(?:[\w.-]{1,32}:)?(?:Envelope|EndpointReference|Scopes|XAddrs)\b")
_SOAP_QUESTION = re.compile(rb"<(?:[\w.-]{1,32}:)?(?:Probe|Resolve)\b")
_VERB = re.compile(rb"<Types>\s{0,8}([A-Za-z_]{0,32})", re.IGNORECASE)
_SADP_UUID = re.compile(rb"<Uuid>([^<]{1,64})", re.IGNORECASE)
_MESSAGE_ID = re.compile(rb"MessageID\b[^<>]{0,200}>([^<]{1,100})")
_RELATES_TO = re.compile(rb"RelatesTo\b[^<>]{0,200}>([^<]{1,100})")
_DIGITS = re.compile(rb"[0-9a-f]{8}[0-9a-f-]{8,32}")
_FEWEST = 16
"""The fewest hexadecimal digits of an identifier that count: some firmware cuts it, none sends another."""
_BARE_SCOPES = re.compile(rb"\s{0,16}(?:onvif://|<(?:[\w.-]{1,32}:)?Scopes\b)", re.IGNORECASE)
_OTHERS = re.compile(rb"<|DHIP|PIHD|HTTP/|RTSP/")
_TEXT = bytes(range(0x20, 0x7F)) + b"\t\r\n\0"
_Key = TypeVar("_Key")


def protocol_of(sport: int, dport: int, payload: bytes) -> str:
    """The protocol in which a datagram describes its sender; empty for questions and for anything else."""
    if MDNS in {sport, dport}:
        is_response = sport == MDNS and len(payload) > DNS_HEADER and payload[2] & 0x80  # RFC 1035, 4.1.1
        return "mdns" if is_response else ""
    if payload[:1] == b"\xb3" and DAHUA in {sport, dport}:
        return "dahua5050" if sport == DAHUA or payload[4:8] == b"\x58\0\0\0" else ""
    head = payload[:HEAD]
    if b"DHIP" in head[:16] or head.lstrip()[:1] == b"{":
        return "dhip" if b"client.notifyDevInfo" in payload else ""
    if head.startswith((b"NOTIFY ", b"HTTP/")):
        return "ssdp"
    if sport == SADP and len(payload) >= OPAQUE and head.translate(None, _TEXT) and not _OTHERS.search(head[:16]):
        return "sadp"  # if a firmware ever encrypts its answer, the device must show up
    return _protocol_in_xml(payload)


def _protocol_in_xml(payload: bytes) -> str:
    """Tell WS-Discovery from SADP: the answers of both are called ProbeMatch, and have nothing else in common."""
    if _BARE_SCOPES.match(payload):
        return "wsd"
    if b"<" not in payload[:HEAD]:
        return ""
    if _DISCOVERED.search(payload):
        return "wsd" if _SOAP_ANSWER.search(payload) or _MATCH.search(payload) else ""
    if not _MATCH.search(payload):
        return ""
    verb = _VERB.search(payload)
    # What a device sends to somebody's management tool may be a secret; only its answers to a search are kept.
    return "sadp" if verb is None or verb[1].lower() in {b"", b"inquiry", b"hello"} or b"<Hello" in payload else ""


def question_of(dport: int, payload: bytes) -> str:
    """The protocol in which a datagram asks for devices; empty if it does not ask."""
    if dport == MDNS:
        return "mdns" if len(payload) > DNS_HEADER and not payload[2] & 0x80 else ""
    if dport == SSDP:
        return "ssdp" if payload.startswith(b"M-SEARCH") else ""
    if dport == WSD:
        return "wsd" if _SOAP_QUESTION.search(payload) else ""
    if dport == SADP:
        return "sadp" if b"<Probe" in payload else ""
    if dport == DHIP:
        return "dhip" if b"DHDiscover" in payload else ""
    return "dahua5050" if dport == DAHUA and payload[:1] == b"\xa3" else ""


@dataclass(slots=True)
class QuestionLog:
    """Remembers who asked, and with which identifiers: an answer to none of these questions was unsolicited."""

    _askers: dict[tuple[bytes, int, str], None] = field(default_factory=dict)
    _identifiers: dict[bytes, None] = field(default_factory=dict)

    def note(self, protocol: str, asker: bytes, port: int, payload: bytes) -> None:
        """Remember a question from an address and a port."""
        _remember_most(self._askers, (asker, port, protocol), MOST_ASKERS)
        found = {"sadp": _SADP_UUID, "wsd": _MESSAGE_ID}.get(protocol)
        said = found.search(payload) if found else None
        if said and (digits := _hex_digits(said[1])):
            _remember_most(self._identifiers, digits[:_FEWEST], MOST_IDENTIFIERS)

    def is_answer(self, protocol: str, receiver: bytes, port: int, payload: bytes) -> bool:
        """Whether a datagram answers a question.

        Its receiver asked in this protocol, or it echoes a question's identifier.
        """
        if (receiver, port, protocol) in self._askers:
            return True
        found = {"sadp": _SADP_UUID, "wsd": _RELATES_TO}.get(protocol)
        said = found.search(payload) if found else None
        return said is not None and _hex_digits(said[1])[:_FEWEST] in self._identifiers


def _remember_most(where: dict[_Key, None], what: _Key, most: int) -> None:
    where.pop(what, None)
    where[what] = None
    if len(where) > most:
        del where[next(iter(where))]


def _hex_digits(text: bytes) -> bytes:
    found = _DIGITS.search(text.lower())
    digits = found[0].replace(b"-", b"") if found else b""
    return digits if len(digits) >= _FEWEST else b""
