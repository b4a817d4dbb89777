"""Multicast DNS, UDP 5353 (RFC 6762): service pointers with the records that belong to them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from camscan.demo.device import Question, Reply, Udp, Unit

PORT = 5353
_HEADER = 12
_PTR, _TXT, _SRV, _A, _ANY = 12, 16, 33, 1, 255
_HOST_TTL, _TTL = 120, 4500
"""Seconds; the first number is for records that name a host (RFC 6762, section 10)."""
_SERVICES = "_services._dns-sd._udp.local"
Names = Callable[[Unit], tuple[str, str, Sequence[str]]]
"""A unit's instance name, host name and TXT pairs."""


def read_questions(message: bytes) -> list[tuple[str, int, bytes]]:
    """Name, type and bytes of each question; empty for an answer or a broken message."""
    if len(message) < _HEADER or message[2] & 0x80:
        return []
    found, place = [], _HEADER
    try:
        for _ in range(struct.unpack_from(">H", message, 4)[0]):
            labels, after = _read_name(message, place)
            kind = struct.unpack_from(">H", message, after)[0]
            name = ".".join(labels)
            found.append((name, kind, _encode_name(labels) + message[after : after + 4]))
            place = after + 4
    except (IndexError, ValueError, struct.error):
        return []
    return found


def _read_name(message: bytes, place: int) -> tuple[list[str], int]:
    """The labels of the name at ``place``, compressed or not (RFC 1035, 4.1.4), and the position of the next field."""
    labels: list[str] = []
    after = 0
    for _ in range(128):  # no name has more labels; a loop of pointers ends here
        length = message[place]
        if length & 0xC0:
            after = after or place + 2
            place = struct.unpack_from(">H", message, place)[0] & 0x3FFF
        elif length:
            labels.append(message[place + 1 : place + 1 + length].decode("utf-8", "replace"))
            place += 1 + length
        else:
            return labels, after or place + 1
    raise ValueError("a name that does not end")


def read_known(message: bytes) -> set[tuple[str, int, bytes]]:
    """Name (lower case), type and data of the answers that a question lists as known for at least half their life.

    Names inside the data are written out, without compression. Empty if the message is broken.
    """
    place, known = _HEADER, set()
    try:
        questions, answers = struct.unpack_from(">2H", message, 4)
        for _ in range(questions):
            place = _read_name(message, place)[1] + 4
        for _ in range(answers):
            labels, place = _read_name(message, place)
            kind, _class, ttl, length = struct.unpack_from(">HHIH", message, place)
            place += 10
            data = message[place : place + length]
            if kind == _PTR:
                data = _encode_name(_read_name(message, place)[0])
            elif kind == _SRV:
                data = data[:6] + _encode_name(_read_name(message, place + 6)[0])
            if ttl >= (_HOST_TTL if kind in {_SRV, _A} else _TTL) // 2:
                known.add((".".join(labels).lower(), kind, data))
            place += length
    except (IndexError, ValueError, struct.error):
        return set()
    return known


@dataclass(frozen=True, slots=True)
class _Record:
    name: str
    r"""Dots of an instance are written as they are, not as ``\u2024``."""
    labels: tuple[str, ...]
    kind: int
    data: bytes

    def answers(self, name: str, kind: int) -> bool:
        return name.lower() == self.name.lower() and kind in {self.kind, _ANY}

    def belongs_to(self, others: Sequence[_Record]) -> bool:
        """Whether it is added to an answer unasked: the target of a pointer, the address of a host (RFC 6763, 12)."""
        named = {_PTR: {_SRV, _TXT, _A}, _SRV: {_A}}
        return any(
            self.kind in named.get(other.kind, ()) and (self.kind == _A or other.data == _encode_name(self.labels))
            for other in others
        )

    def to_bytes(self) -> bytes:
        shared, ttl = self.kind == _PTR, _HOST_TTL if self.kind in {_SRV, _A} else _TTL
        head = struct.pack(">HHIH", self.kind, 1 if shared else 0x8001, ttl, len(self.data))
        return _encode_name(self.labels) + head + self.data


def _encode_name(labels: Sequence[str]) -> bytes:
    return b"".join(bytes([len(label.encode())]) + label.encode() for label in labels) + b"\0"


def _own_records(unit: Unit, types: tuple[str, ...], names: tuple[str, str, Sequence[str]], port: int) -> list[_Record]:
    """Everything that a unit can answer: pointers to its services, the services, its address."""
    instance, host, pairs = names
    own: list[_Record] = []

    def add(kind: int, data: bytes, *labels: str) -> None:
        own.append(_Record(".".join(labels), labels, kind, data))

    for offered in types:
        kind_of = (*offered.split("."), "local")
        add(_PTR, _encode_name(kind_of), *_SERVICES.split("."))
        add(_PTR, _encode_name((instance, *kind_of)), *kind_of)
        target = _encode_name((host, "local"))
        add(_SRV, struct.pack(">3H", 0, 0, unit.port(port)) + target, instance, *kind_of)
        add(_TXT, _encode_text(pairs), instance, *kind_of)
    add(_A, socket.inet_aton(unit.ip), host, "local")
    return own


def _encode_text(pairs: Sequence[str]) -> bytes:
    return b"".join(bytes([len(pair.encode())]) + pair.encode() for pair in pairs) or b"\0"


def service(
    types: tuple[str, ...], names: Names, *, gives: tuple[str, ...] = (), port: int = 80, unicast: bool = True
) -> Udp:
    """A responder for service ``types`` such as ``_http._tcp``.

    It answers PTR, SRV, TXT and A questions about its own names, and leaves out what the sender knows (RFC 6762, 7.1).
    """

    def answer(unit: Unit, question: Question) -> Iterator[Reply]:
        asked = read_questions(question.payload)
        known = read_known(question.payload)
        own = _own_records(unit, types, names(unit), port)
        found = [record for record in own if any(record.answers(name, kind) for name, kind, _raw in asked)]
        found = list(dict.fromkeys(found))
        wanted = [record for record in found if (record.name.lower(), record.kind, record.data) not in known]
        if not wanted:
            return
        legacy = question.from_port != PORT
        repeated = [raw for _name, _kind, raw in asked] if legacy else []
        head = question.payload[:2] if legacy else b"\0\0"
        more = [record for record in own if record not in found and record.belongs_to(wanted)]
        header = head + struct.pack(">5H", 0x8400, len(repeated), len(wanted), 0, len(more))
        payload = header + b"".join([*repeated, *(record.to_bytes() for record in (*wanted, *more))])
        yield Reply(payload, unit.rng("mdns").uniform(0.02, 0.12), to_group=not legacy)

    return Udp(PORT, "mdns", answer, gives, True, unicast)
