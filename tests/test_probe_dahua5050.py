from __future__ import annotations

from uuid import UUID

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from udp_replies import DAHUA5050, DHIP_INTERCOM, dahua5050, facts_of, mutated

from camscan.errors import Malformed, NotSpoken
from camscan.probes.dahua5050 import PROBE, parse_reply


def test_a_recorder_is_read_whole() -> None:
    facts = facts_of(parse_reply, dahua5050())
    assert facts["dahua5050.mac"] == ["90:02:a9:00:00:07"]
    assert facts["dahua5050.model"] == ["DVR0404LE"]
    assert facts["dahua5050.name"] == ["Town Hall"]
    assert facts["dahua5050.device"] == ["DVR"]
    assert facts["dahua5050.serial"] == ["TZA4DU100007"]
    assert facts["dahua5050.version"] == ["2.608.0.1"]
    assert facts["dahua5050.http_port"] == ["80"]
    assert facts["dahua5050.tcp_port"] == ["37777"]
    assert {
        "IPAddress=192.0.2.52",
        "DefaultGateway=192.0.2.1",
        "AlarmServer=192.0.2.9",
        "AlarmServerPort=8888",
        "HttpsPort=443",
        "MaxConnections=10",
        "UdpPort=37778",
        "MulticastAddress=239.255.42.42",
        "MulticastPort=36666",
        "Type=DVR",
        "IPv6Addr=fe80::7/64;gateway:fe80::",
    } <= set(facts["dahua5050.field"])


def test_empty_sections_say_nothing() -> None:
    facts = facts_of(parse_reply, dahua5050(b"", b"\r\n"))
    assert "dahua5050.model" not in facts
    assert "dahua5050.serial" not in facts


def test_padding_after_the_announced_length_is_not_text() -> None:
    assert facts_of(parse_reply, dahua5050() + b"Name:Nobody\r\n")["dahua5050.name"] == ["Town Hall"]


def test_every_cut_is_malformed_or_says_what_was_whole() -> None:
    reply = dahua5050()
    for end in range(1, 0x78 + 17 + len("DVR0404LE")):
        with pytest.raises(Malformed):
            parse_reply(reply[:end])
    assert facts_of(parse_reply, reply[: reply.index(b"Device:")])["dahua5050.name"] == ["Town Hall"]


@pytest.mark.parametrize(
    "payload", [b"", b"\xa3\x01\x00\x01", DHIP_INTERCOM, bytes(32), PROBE.datagrams[0].payload(UUID(int=1))]
)
def test_other_bytes_and_our_own_question_are_not_spoken(payload: bytes) -> None:
    with pytest.raises(NotSpoken):
        parse_reply(payload)


def test_the_question_byte_for_byte() -> None:
    (search,) = PROBE.datagrams
    assert search.payload(UUID(int=1)) == bytes.fromhex("a3010001" + "00" * 12 + "02" + "00" * 15)


@examples(100)
@given(st.one_of(st.binary(), st.binary().map(dahua5050()[:0x20].__add__), mutated(DAHUA5050)))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(parse_reply, payload)
