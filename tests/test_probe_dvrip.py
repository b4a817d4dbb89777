from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ, FakeHost, seen, values

from camscan.errors import Malformed, NotSpoken
from camscan.probes import dvrip

TEXT = b"Realm:Login to 9599eea9d61d3245fb3ad2dce7000001\r\nRandom:1891286319\r\n\r\n"
ANSWER = bytes.fromhex("b0010078") + len(TEXT).to_bytes(4, "little") + bytes(24) + TEXT


def test_the_only_request_byte_for_byte() -> None:
    assert dvrip.build_request().hex() == "a001000000000000000000000000000000000000000000000" + "50201010000a1aa"
    assert len(dvrip.build_request()) == 32


@pytest.mark.parametrize("code", [b"\xa0\x00", b"\xa0\x05", b"\xf6\x00", b"\xa4\x00", b"", b"\xa0"])
def test_logins_and_commands_cannot_be_built(code: bytes) -> None:
    with pytest.raises(ValueError, match="never"):
        dvrip.build_request(code)


@given(st.binary(max_size=4))
def test_no_other_code_can_be_built(code: bytes) -> None:
    if code != b"\xa0\x01":
        with pytest.raises(ValueError, match="never"):
            dvrip.build_request(code)


def test_a_framed_answer() -> None:
    facts = dvrip.parse_reply(ANSWER)
    assert values(facts, "dvrip.realm") == ["Login to 9599eea9d61d3245fb3ad2dce7000001"]
    assert values(facts, "dvrip.random") == ["1891286319"]
    assert values(facts, "dvrip.code") == ["b001"]


def test_the_text_alone_as_published() -> None:
    facts = dvrip.parse_reply(b"Realm:Login to 18038F6DBF000001\r\nRandom:166042717d\r\n\r\n")
    assert values(facts, "dvrip.realm") == ["Login to 18038F6DBF000001"]
    assert values(facts, "dvrip.code") == []


def test_a_header_without_a_realm_still_speaks_the_protocol() -> None:
    assert [tuple(fact) for fact in dvrip.parse_reply(ANSWER[:32])] == [("dvrip.code", "b001")]


def test_a_length_that_lies_changes_nothing() -> None:
    lying = ANSWER[:4] + b"\xff\xff\xff\xff" + ANSWER[8:]
    assert dvrip.parse_reply(lying) == dvrip.parse_reply(ANSWER)


def test_a_cut_header() -> None:
    with pytest.raises(Malformed):
        dvrip.parse_reply(ANSWER[:31])


@pytest.mark.parametrize("payload", [b"", b"\xb0\x99" + bytes(40), b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(32)])
def test_other_protocols_are_not_spoken(payload: bytes) -> None:
    with pytest.raises(NotSpoken):
        dvrip.parse_reply(payload)


@FUZZ
@given(st.binary() | st.binary().map(lambda raw: ANSWER[:32] + raw) | st.integers(0, 200).map(lambda n: ANSWER[:n]))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(dvrip.parse_reply, payload)


def test_ports_learned_from_discovery() -> None:
    assert dvrip.learned_ports(seen(dhip__port="35000", dahua5050__tcp_port=("37777", "0"))) == (35000, 37777)


async def test_one_request() -> None:
    host = FakeHost(replies={(37777, b"\xa0\x01"): ANSWER})
    [answer] = await dvrip.ask_device(host, 37777, seen())
    assert answer.payload == ANSWER
    assert [request for _, _, request in host.asked] == [dvrip.build_request()]


def test_another_makers_device_is_not_asked() -> None:
    assert dvrip.PROBE.wants(seen())
    assert dvrip.PROBE.wants(seen("dahua"))
    assert not dvrip.PROBE.wants(seen("hikvision"))
