from __future__ import annotations

import struct
from uuid import UUID

import pytest
from examples import examples
from growth import steps
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from udp_replies import MDNS, MDNS_AXIS, MDNS_HIKVISION, dns_name, dns_record, dns_response, facts_of, mutated
from zeroconf import DNSIncoming, DNSRecord  # type: ignore[attr-defined]  # public by its documentation

from camscan.errors import Malformed, NotSpoken
from camscan.probes.mdns import PROBE, parse_reply

LARGEST = 9000
"""Bytes of a message: RFC 6762, section 17."""
POINTER_RECORD = b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 1, 0)


def test_a_hikvision_camera_names_its_model_and_serial() -> None:
    facts = facts_of(parse_reply, MDNS_HIKVISION)
    assert facts["mdns.service"] == ["_CGI._tcp"]
    assert facts["mdns.instance"] == ["DS-2CD2385G1-I - E33700011"]
    assert facts["mdns.host"] == ["DS-2CD2385G1-I20200414AAWRE33700011"]
    assert facts["mdns.address"] == ["192.0.2.56", "2001:db8::56"]
    assert facts["mdns.port"] == ["_CGI._tcp=80"]


def test_an_axis_camera_with_compressed_names_and_repeated_question() -> None:
    facts = facts_of(parse_reply, MDNS_AXIS)
    assert facts["mdns.service"] == ["_axis-video._tcp"]
    assert facts["mdns.instance"] == ["AXIS M5014 - ACCC8E000012"]
    assert facts["mdns.txt"] == ["macaddress=ACCC8E000012"]


def test_the_list_of_service_types_and_reverse_names() -> None:
    types = dns_record(dns_name("_services", "_dns-sd", "_udp", "local"), 12, dns_name("_psia", "_tcp", "local"))
    reverse = dns_record(dns_name("56", "2", "0", "192", "in-addr", "arpa"), 12, dns_name("camera-7", "local"))
    facts = facts_of(parse_reply, dns_response(types, reverse))
    assert facts == {"mdns.service": ["_psia._tcp"], "mdns.host": ["camera-7"]}


def test_a_text_record_may_lie_about_its_lengths() -> None:
    record = dns_record(dns_name("x", "local"), 16, b"\x05a=bcd\xffshort")
    assert facts_of(parse_reply, dns_response(record)) == {"mdns.txt": ["a=bcd", "short"]}


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0" * 11,
        b"\0" * 12,
        b"\0\0\xa8\0" + bytes(8),
        *(datagram.payload(UUID(int=1)) for datagram in PROBE.datagrams),
    ],
)
def test_short_bytes_and_questions_are_not_spoken(payload: bytes) -> None:
    with pytest.raises(NotSpoken):
        parse_reply(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"\0\0\x84\0" + bytes(8),
        struct.pack(">6H", 0, 0x8400, 0, 9, 0, 0),
        dns_response(b"\xc0\x0c" + struct.pack(">HHIH", 12, 1, 1, 2) + b"\xc0\x0c"),
        MDNS_HIKVISION[:30],
    ],
)
def test_a_response_without_a_readable_record_is_malformed(payload: bytes) -> None:
    with pytest.raises(Malformed):
        parse_reply(payload)


def bomb() -> bytes:
    """60 labels that every record points into, and chains of pointers."""
    chain = b"".join(b"\x01a" for _ in range(60)) + b"\0"
    pointers = b"".join(struct.pack(">H", 0xC000 | (12 + 2 * at)) for at in range(2000))
    return struct.pack(">6H", 0, 0x8400, 0, 0xFFFF, 0xFFFF, 0xFFFF) + chain + pointers + POINTER_RECORD * 5000


def test_of_a_bomb_of_compression_pointers_little_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    records: list[object] = []

    class Incoming:
        def __init__(self, data: bytes) -> None:
            read.append(len(data))
            self._incoming = DNSIncoming(data)

        def answers(self) -> list[DNSRecord]:
            found = self._incoming.answers()
            records.extend(found)
            return found

    monkeypatch.setattr("camscan.probes.mdns.DNSIncoming", Incoming)
    assert len(bomb()) > 60_000
    with pytest.raises(Malformed, match="without a readable record"):
        parse_reply(bomb())
    assert read == [LARGEST]
    assert len(records) <= LARGEST / len(POINTER_RECORD)
    assert (
        steps(lambda: keeps_its_promise(parse_reply, bomb())) < 300_000
    )  # zeroconf as Python reads 60 labels of 400 names


def test_the_questions_byte_for_byte() -> None:
    services, types = (datagram.payload(UUID(int=1)) for datagram in PROBE.datagrams)
    assert services == (
        bytes.fromhex("000000000006000000000000")
        + b"\x05_http\x04_tcp\x05local\0\x00\x0c\x80\x01"
        + b"\x05_rtsp\xc0\x12\x00\x0c\x80\x01"
        + b"\x04_CGI\xc0\x12\x00\x0c\x80\x01"
        + b"\x05_psia\xc0\x12\x00\x0c\x80\x01"
        + b"\x0b_axis-video\xc0\x12\x00\x0c\x80\x01"
        + b"\x09_axis-nvr\xc0\x12\x00\x0c\x80\x01"
    )
    assert types == (
        bytes.fromhex("000000000001000000000000") + b"\x09_services\x07_dns-sd\x04_udp\x05local\0\x00\x0c\x80\x01"
    )


@examples(100)
@given(st.one_of(st.binary(), st.binary().map(MDNS_HIKVISION[:12].__add__), mutated(MDNS)))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(parse_reply, payload)
