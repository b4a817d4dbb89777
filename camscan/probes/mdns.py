"""Multicast DNS and DNS service discovery (RFC 6762, RFC 6763): the services that a device offers, and their names.

zeroconf's message classes are the codec; its sockets are never opened.
"""

from __future__ import annotations

import functools
import ipaddress
from uuid import UUID

from zeroconf import (  # type: ignore[attr-defined]  # public by its documentation, though not in __all__
    DNSAddress,
    DNSIncoming,
    DNSOutgoing,
    DNSPointer,
    DNSQuestion,
    DNSService,
    DNSText,
)

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.text import clean_text, decode_text
from camscan.probes import Datagram, Facts, Probe, Stage, unless_complete

PORT = 5353
GROUPS = ("224.0.0.251", "ff02::fb")
SERVICES = (
    "_http._tcp.local.",
    "_rtsp._tcp.local.",
    "_CGI._tcp.local.",
    "_psia._tcp.local.",
    "_axis-video._tcp.local.",
    "_axis-nvr._tcp.local.",
)
"""Service types that cameras are known to offer."""
BROWSE = ("_services._dns-sd._udp.local.",)
"""RFC 6763, section 9: asks for all service types."""

_HEADER = 12
_RESPONSE = 0x8000
_OPCODE = 0x7800
_QUERY = 0
_PTR = 12
_INTERNET = 1
_LIMIT = 9000
"""RFC 6762, section 17: the largest message allowed."""


@functools.cache
def _make_packet(names: tuple[str, ...]) -> bytes:
    message = DNSOutgoing(_QUERY, multicast=True)
    for name in names:
        asked = DNSQuestion(name, _PTR, _INTERNET)
        asked.unicast = True  # the QU bit: answer the sender, not the whole group
        message.add_question(asked)
    return message.packets()[0]


def make_question(names: tuple[str, ...], _uuid: UUID) -> bytes:
    """One query message with a PTR question for each name; identifier 0, as RFC 6762, section 18.1 asks."""
    return _make_packet(names)


def parse_reply(payload: bytes) -> Facts:
    """A response message to facts; any query is NotSpoken."""
    if len(payload) < _HEADER:
        raise NotSpoken("shorter than a DNS header")
    flags = int.from_bytes(payload[2:4], "big")
    if not flags & _RESPONSE or flags & _OPCODE:
        raise NotSpoken("no DNS response")
    records = DNSIncoming(payload[:_LIMIT]).answers()
    said = [Fact(key, value.strip()) for record in records for key, value in _read_record(record)]
    facts = [fact for fact in said if fact.value]
    if not facts:
        raise Malformed("DNS response without a readable record")
    return list(dict.fromkeys(facts))


def _read_record(record: object) -> Facts:
    match record:
        case DNSPointer():
            return _read_pointer(record)
        case DNSService():
            instance, service = _split_name(_local_name(record.name))
            return [
                Fact("mdns.instance", instance),
                Fact("mdns.service", service),
                Fact("mdns.port", f"{service}={record.port}"),
                Fact("mdns.host", _local_name(record.server)),
            ]
        case DNSText():
            return [Fact("mdns.txt", entry) for entry in _read_entries(record.text)]
        case DNSAddress():
            return [
                Fact("mdns.host", _local_name(record.name)),
                Fact("mdns.address", str(ipaddress.ip_address(record.address))),
            ]
        case _:
            return []


def _read_pointer(record: DNSPointer) -> Facts:
    service, target = _local_name(record.name), _local_name(record.alias)
    if service.startswith("_services._dns-sd."):
        return [Fact("mdns.service", target)]
    if service.endswith(".arpa"):
        return [Fact("mdns.host", target)]
    instance = target[: -len(service) - 1] if target.endswith(f".{service}") else _split_name(target)[0]
    return [Fact("mdns.service", service), Fact("mdns.instance", instance)]


def _split_name(name: str) -> tuple[str, str]:
    """``AXIS M5014._http._tcp`` as instance and service."""
    instance, dot, service = name.partition("._")
    return (instance, f"_{service}") if dot else ("", name)


def _read_entries(text: bytes) -> list[str]:
    """Length-prefixed strings (RFC 6763, section 6.1)."""
    entries = []
    at = 0
    while at < len(text):
        entry = text[at + 1 : at + 1 + text[at]]
        at += 1 + text[at]
        if entry:
            entries.append(clean_text(decode_text(entry)))
    return entries


def _local_name(name: str) -> str:
    return clean_text(name).rstrip(".").removesuffix(".local")


PROBE = Probe(
    name="mdns",
    title="Multicast DNS: which services are offered, UDP 5353",
    stage=Stage.DATAGRAM,
    never="Announces nothing, claims no name, answers nobody's question",
    parse=parse_reply,
    limit=_LIMIT,
    datagrams=(
        Datagram(label="camera_services", payload=functools.partial(make_question, SERVICES), port=PORT, groups=GROUPS),
        Datagram(label="service_types", payload=functools.partial(make_question, BROWSE), port=PORT, groups=GROUPS),
    ),
    listen_ports=(PORT,),
    wants=unless_complete,
)
