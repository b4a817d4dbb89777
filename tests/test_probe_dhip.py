from __future__ import annotations

from uuid import UUID

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from udp_replies import (
    DHIP,
    DHIP_CAMERA,
    DHIP_CHALLENGE,
    DHIP_INTERCOM,
    DHIP_LOREX,
    SADP_CAMERA,
    facts_of,
    framed,
    mutated,
    refuses,
)

from camscan.errors import Malformed, NotSpoken
from camscan.probes.dhip import PROBE, Method, make_question, parse_reply

NAME = UUID(int=1)
NEVER = (
    "DHDiscover.setConfig",
    "DevInit.account",
    "DevInit.access",
    "DevInit.leAction",
    "PasswdFind.getDescript",
    "PasswdFind.resetPassword",
    "Security.modifyPwdOutSession",
    "global.login",
    "magicBox.reboot",
    "client.notifyDevInfo",
    "DHDiscover",
    "",
)


def test_an_intercom_is_read_whole() -> None:
    facts = facts_of(parse_reply, DHIP_INTERCOM)
    assert facts["dhip.method"] == ["client.notifyDevInfo"]
    assert facts["dhip.mac"] == ["3c:ef:8c:00:00:03"]
    assert (facts["dhip.device_type"], facts["dhip.device_class"]) == (["VTO2000A"], ["VTO"])
    assert facts["dhip.serial"] == facts["dhip.machine_name"] == ["3C0A1B2PANC3D4E"]
    assert (facts["dhip.vendor"], facts["dhip.manufacturer"]) == (["General"], ["General"])
    assert facts["dhip.version"] == ["3.120.0000.0.R"]
    assert (facts["dhip.http_port"], facts["dhip.port"]) == (["80"], ["37777"])
    assert (facts["dhip.video_inputs"], facts["dhip.remote_video_inputs"]) == (["1"], ["0"])
    assert facts["dhip.init"] == ["150"]
    assert facts["dhip.ipv4"] == ["192.0.2.50"]
    assert {"Find=BC", "AlarmInputChannels=8", "IPv4Address.DhcpEnable=false"} <= set(facts["dhip.field"])


def test_blanks_escaped_slashes_nulls_and_the_random_member() -> None:
    facts = facts_of(parse_reply, DHIP_CAMERA)
    assert facts["dhip.device_type"] == ["IPC-HDW5421S"]
    assert facts["dhip.ipv6"] == ["2001:db8::51"]
    fields = {
        "IPv6Address.DefaultGateway=null",
        "IPv6Address.LinkLocalAddress=fe80::4e11:bfff:fe00:4/64",
        "random=00000001",
    }
    assert fields <= set(facts["dhip.field"])


def test_a_rebranded_camera_without_header_keeps_what_the_publisher_masked() -> None:
    facts = facts_of(parse_reply, DHIP_LOREX)
    assert (facts["dhip.vendor"], facts["dhip.port"]) == (["Lorex"], ["35000"])
    assert facts["dhip.serial"] == facts["dhip.device_id"] == ["REDACTED"]


def test_an_address_of_zeros_is_not_an_address() -> None:
    facts = facts_of(parse_reply, DHIP_LOREX)
    assert "dhip.ipv4" not in facts
    assert "IPv4Address.IPAddress=0.0.0.0" in facts["dhip.field"]
    empty = DHIP_LOREX.replace(b'"IPv4Address":{', b'"IPv6Address":{"IPAddress":"\\/0"},"IPv4Address":{')
    assert "IPv6Address.IPAddress=/0" in facts_of(parse_reply, empty)["dhip.field"]


def test_the_header_may_be_longer_than_32_bytes() -> None:
    body = DHIP_INTERCOM[32:]
    longer = (40).to_bytes(4, "little") + DHIP_INTERCOM[4:32] + b"{" * 8 + body
    assert facts_of(parse_reply, longer) == facts_of(parse_reply, DHIP_INTERCOM)


@pytest.mark.parametrize("size", [0, 8, 31, 33, 2**32 - 1])
def test_a_lying_header_size_is_not_believed(size: int) -> None:
    lying = size.to_bytes(4, "little") + DHIP_INTERCOM[4:]
    assert facts_of(parse_reply, lying) == facts_of(parse_reply, DHIP_INTERCOM)


def test_a_header_that_a_text_tool_stripped_is_still_one() -> None:
    stripped = DHIP_CAMERA.replace(b"\0", b"").replace(b" \0\0\0", b"")
    assert facts_of(parse_reply, stripped) == facts_of(parse_reply, DHIP_CAMERA)
    assert facts_of(parse_reply, stripped.lstrip()) == facts_of(parse_reply, DHIP_CAMERA)


def test_names_in_the_makers_encodings() -> None:
    for encoding in ("utf-8", "gb18030"):
        reply = DHIP_LOREX.replace(
            b'"MachineName":"REDACTED"', '"MachineName":"大门"'.encode().decode().encode(encoding)
        )
        assert facts_of(parse_reply, reply)["dhip.machine_name"] == ["大门"]


def test_numbers_sent_as_text_are_the_same() -> None:
    reply = DHIP_LOREX.replace(b'"Port":35000', b'"Port":"35000"')
    assert facts_of(parse_reply, reply)["dhip.port"] == ["35000"]


def test_a_cut_reply_says_what_was_whole() -> None:
    whole = facts_of(parse_reply, DHIP_LOREX)
    whole["dhip.field"] += [field.partition(".")[2] for field in whole["dhip.field"]]
    for end in range(DHIP_LOREX.index(b'"deviceInfo"'), len(DHIP_LOREX) - 4, 3):
        for key, values in facts_of(parse_reply, DHIP_LOREX[:end]).items():
            assert set(values) <= set(whole[key]), (key, end)
    assert facts_of(parse_reply, DHIP_LOREX[:-30])["dhip.version"] == ["2.800.030000000.3.R"]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0\0\0",
        b"{}",
        b'{"method":"DHDiscover.search","params":{"mac":"","uni":1}}',
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"[1]",
        DHIP_CHALLENGE,
        SADP_CAMERA,
        *(datagram.payload(NAME) for datagram in PROBE.datagrams),
    ],
)
def test_other_messages_and_our_own_question_are_not_spoken(payload: bytes) -> None:
    with pytest.raises(NotSpoken):
        parse_reply(payload)


@pytest.mark.parametrize(
    "payload",
    [
        framed(b""),
        framed(b"\xff\xff"),
        b'{"method":"client.notifyDevInfo"}',
        b'{"method":"client.notifyDevInfo","params":[]}',
        b'{"method":"client.notifyDevInfo","params":{"deviceInfo":"none"}}',
        b'{"params":"client.notifyDevInfo" ]',
    ],
)
def test_answers_that_say_nothing_are_malformed(payload: bytes) -> None:
    with pytest.raises(Malformed):
        parse_reply(payload)


def test_depth_and_long_numbers_do_no_harm() -> None:
    keeps_its_promise(parse_reply, b'{"a":' * 4000)
    keeps_its_promise(
        parse_reply, b'{"method":"client.notifyDevInfo","params":{"deviceInfo":{"Port":' + b"9" * 5000 + b"}}}"
    )


def test_the_questions_byte_for_byte() -> None:
    first, second = (datagram.payload(NAME) for datagram in PROBE.datagrams)
    assert first == bytes.fromhex(
        "20000000444849500000000000000000 3a00000000000000 3a00000000000000"
        "7b226d6574686f64223a224448446973636f7665722e736561726368222c22706172616d73223a7b226d6163223a22222c22756e69223a317d7d"
    )
    assert len(second) == 91
    assert second[16] == second[24] == 0x3B
    assert second.endswith(b'"uni":0}}\n')


def test_no_other_method_can_be_serialised() -> None:
    assert set(Method) == {"DHDiscover.search"}
    refuses(lambda method: make_question(method, 1, "", NAME), NEVER)


@given(st.text())
def test_whatever_the_method_only_the_search_goes_out(method: str) -> None:
    if method not in set(Method):
        with pytest.raises(ValueError, match="is not a valid Method"):
            make_question(method, 1, "", NAME)


@examples(100)
@given(st.one_of(st.binary(), st.binary().map(framed), mutated(DHIP)))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(parse_reply, payload)


def test_device_info_alone_is_read() -> None:
    facts = dict(parse_reply(b'{"DeviceClass": "VTO", "DeviceType": "VTO2000A", "VideoInputChannels": 1, "Init": 150}'))
    assert facts["dhip.device_type"] == "VTO2000A"
    assert "dhip.method" not in facts  # nothing proves that it came as an answer


def test_an_answer_that_describes_no_device_is_malformed() -> None:
    nested = b'{"method":"client.notifyDevInfo","params":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    with pytest.raises(Malformed):
        parse_reply(nested)
