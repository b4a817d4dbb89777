"""Multicast DNS, UDP 5353 (RFC 6762): service pointers with the records that belong to them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator, Sequence

from camscan.demo.device import Question, Reply, Udp, Unit

PORT = 5353
_HEADER = 12
_PTR, _TXT, _SRV, _A, _ANY = 12, 16, 33, 1, 255
_SERVICES = "_services._dns-sd._udp.local"
Names = Callable[[Unit], tuple[str, str, Sequence[str]]]
"""A unit's instance name, host name and TXT pairs."""


def encode_name(name: str) -> bytes:
    r"""A DNS name without compression. The first label may hold dots if they are written ``\\u2024``."""
    labels = [label.replace("\u2024", ".").encode() for label in name.split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


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
            found.append((name, kind, encode_name(name) + message[after : after + 4]))
            place = after + 4
    except (IndexError, ValueError, struct.error):
        return []
    return found


def _read_name(message: bytes, place: int) -> tuple[list[str], int]:
    """Labels of the name at ``place``, compressed or not (RFC 1035, section 4.1.4), and where the next field is."""
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


def _record(name: str, kind: int, data: bytes, ttl: int = 120) -> bytes:
    return encode_name(name) + struct.pack(">HHIH", kind, 1 if kind == _PTR else 0x8001, ttl, len(data)) + data


def _text(pairs: Sequence[str]) -> bytes:
    return b"".join(bytes([len(pair.encode())]) + pair.encode() for pair in pairs) or b"\0"


def service(
    types: tuple[str, ...], names: Names, *, gives: tuple[str, ...] = (), port: int = 80, unicast: bool = True
) -> Udp:
    """A responder for service ``types`` such as ``_http._tcp``."""

    def answer(unit: Unit, question: Question) -> Iterator[Reply]:
        asked = read_questions(question.payload)
        instance, host, pairs = names(unit)
        label = instance.replace(".", "\u2024")
        pointers, more = [], []
        for name, kind, _raw in asked:
            for offered in types:
                full = f"{offered}.local"
                if kind not in {_PTR, _ANY}:
                    continue
                if name.lower() == _SERVICES:
                    pointers.append(_record(_SERVICES, _PTR, encode_name(full), 4500))
                elif name.lower() == full.lower():
                    pointers.append(_record(full, _PTR, encode_name(f"{label}.{full}"), 4500))
                    target = encode_name(f"{host}.local")
                    more.append(_record(f"{label}.{full}", _SRV, struct.pack(">3H", 0, 0, unit.port(port)) + target))
                    more.append(_record(f"{label}.{full}", _TXT, _text(pairs), 4500))
        if not pointers:
            return
        more.append(_record(f"{host}.local", _A, socket.inet_aton(unit.ip)))
        legacy = question.from_port != PORT
        repeated = [raw for _name, _kind, raw in asked] if legacy else []
        head = question.payload[:2] if legacy else b"\0\0"
        header = head + struct.pack(">5H", 0x8400, len(repeated), len(pointers), 0, len(more))
        payload = header + b"".join([*repeated, *pointers, *more])
        yield Reply(payload, unit.rng("mdns").uniform(0.02, 0.12), to_group=not legacy)

    return Udp(PORT, "mdns", answer, gives, True, unicast)
