from __future__ import annotations

from uuid import UUID

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from udp_replies import SADP, SADP_CAMERA, SADP_HELLO, SADP_RECORDER, WSD, facts_of, mutated, refuses

from camscan.errors import Malformed, NotSpoken
from camscan.probes.sadp import PROBE, Verb, make_question, parse_reply, without_identifier

NAME = UUID("0f0e0d0c-0b0a-0908-0706-050403020100")
NEVER = (
    "activate",
    "update",
    "reboot",
    "restore",
    "resetPassword",
    "securityCode",
    "exchangecode",
    "getencryptstring",
    "getencryptstring_v31",
    "SetMailBox",
    "ezvizUnbind",
    "getBindList",
    "GetQRcodes",
    "",
)


def test_a_camera_is_read_whole() -> None:
    facts = facts_of(parse_reply, SADP_CAMERA)
    assert facts["sadp.type"] == ["ProbeMatch/inquiry"]
    assert facts["sadp.model"] == ["DS-2CD2385G1-I"]
    assert facts["sadp.serial"] == ["DS-2CD2385G1-I20200414AAWRE33700001"]
    assert facts["sadp.mac"] == ["58:50:ed:00:00:01"]
    assert facts["sadp.firmware"] == ["V5.6.2build 190701"]
    assert facts["sadp.dsp_version"] == ["V7.3 build 190626"]
    assert facts["sadp.device_type"] == ["141945"]
    assert (facts["sadp.command_port"], facts["sadp.http_port"]) == (["8000"], ["80"])
    assert facts["sadp.sdk_tls_port"] == ["8443"]
    assert facts["sadp.ipv4"] == ["192.0.2.40"]
    assert (facts["sadp.analog_channels"], facts["sadp.digital_channels"]) == (["0"], ["1"])
    assert facts["sadp.activated"] == facts["sadp.dhcp"] == ["true"]
    assert facts["sadp.detail_oem_code"] == ["1"]
    assert facts["sadp.boot_time"] == ["1970-01-15 02:44:11"]
    assert "SupportMailBox=true" in facts["sadp.field"]


def test_the_misspelling_flase_is_false() -> None:
    # Cameras of 2018 to 2020 send it for HCPlatformEnable and DeviceLock.
    facts = facts_of(parse_reply, SADP_CAMERA)
    assert facts["sadp.cloud_enabled"] == facts["sadp.locked"] == ["false"]
    assert facts_of(parse_reply, SADP_RECORDER)["sadp.locked"] == ["true"]


def test_a_recorder_has_another_order_and_line_ends() -> None:
    facts = facts_of(parse_reply, SADP_RECORDER)
    assert facts["sadp.model"] == ["DS-7804HQH-K1"]
    assert facts["sadp.serial"] == ["DS-7804HQH-K10420190822CCCHD53000002WCVU"]
    assert facts["sadp.dsp_version"] == ["V5.0, build 191213"]
    assert (facts["sadp.analog_channels"], facts["sadp.digital_channels"]) == (["4"], ["5"])
    assert facts["sadp.ipv6"] == ["fe80::6a6d:bcff:fe00:2"]
    assert facts["sadp.oem_info"] == ["N/A"]


def test_an_address_field_that_means_none_gives_no_address() -> None:
    facts = facts_of(parse_reply, SADP_CAMERA)
    assert "sadp.ipv6" not in facts
    assert "IPv6Address=::" in facts["sadp.field"]


def test_the_salt_and_our_own_identifier_are_left_out() -> None:
    fields = facts_of(parse_reply, SADP_CAMERA)["sadp.field"]
    assert not [field for field in fields if field.startswith(("Salt=", "Uuid=", "Types="))]


def test_an_empty_element_is_a_field_and_no_model() -> None:
    facts = facts_of(parse_reply, SADP_CAMERA.replace(b">DS-2CD2385G1-I<", b"><"))
    assert "sadp.model" not in facts
    assert "DeviceDescription=" in facts["sadp.field"]


def test_hello_is_a_device_that_started() -> None:
    facts = facts_of(parse_reply, SADP_HELLO)
    assert facts["sadp.type"] == ["Hello/hello"]
    assert facts["sadp.model"] == ["DS-2CD2385G1-I"]


def test_a_cut_reply_says_what_was_whole() -> None:
    whole = facts_of(parse_reply, SADP_CAMERA)
    for end in range(SADP_CAMERA.index(b"</DeviceDescription>") + 20, len(SADP_CAMERA), 7):
        cut = facts_of(parse_reply, SADP_CAMERA[:end])
        assert cut["sadp.model"] == whole["sadp.model"]
        for key, values in cut.items():
            assert set(values) <= set(whole[key]), (key, end)


@pytest.mark.parametrize("end", [b"", b"</PasswordResetAbilty>", b"</>", b"<PasswordResetAbility>"])
def test_a_forgotten_or_misspelt_end_tag_loses_nothing(end: bytes) -> None:
    # Tools that watch estates carry code for answers of which an XML parser refuses to read the end.
    broken = facts_of(parse_reply, SADP_CAMERA.replace(b"</PasswordResetAbility>", end))
    whole = facts_of(parse_reply, SADP_CAMERA)
    for key in ("sadp.model", "sadp.serial", "sadp.locked", "sadp.sdk_tls_port", "sadp.detail_oem_code"):
        assert broken[key] == whole[key]


def test_an_answer_to_somebody_elses_command_is_presence_only() -> None:
    reply = SADP_CAMERA.replace(b"<Types>inquiry<", b"<Types>getencryptstring<")
    assert facts_of(parse_reply, reply) == {"sadp.type": ["ProbeMatch/getencryptstring"]}


def test_a_comment_or_a_bad_byte_does_no_harm() -> None:
    reply = SADP_CAMERA.replace(b"<Uuid>", b"<!-- echo --><Uuid>").replace(b"1970-01-15", b"1970\xff01-15")
    assert facts_of(parse_reply, reply)["sadp.serial"] == ["DS-2CD2385G1-I20200414AAWRE33700001"]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0" * 40,
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b'{"method":"client.notifyDevInfo"}',
        b"<html><title>hello</title></html>",
        b"<?xml version='1.0'?><root/>",
        b"plain text of no protocol",
        b"\x20\0\0\0DHIP" + bytes(24) + b"\xff" * 8,
        make_question(Verb.INQUIRY, NAME),
        make_question(Verb.INQUIRY_V32, NAME),
        *WSD,
    ],
)
def test_other_protocols_and_our_own_question_are_not_spoken(payload: bytes) -> None:
    with pytest.raises(NotSpoken):
        parse_reply(payload)


def test_a_match_that_describes_nothing_is_malformed() -> None:
    with pytest.raises(Malformed):
        parse_reply(b"<ProbeMatch><Uuid>1</Uuid><Types>inquiry</Types></ProbeMatch>")


def test_entities_are_refused() -> None:
    with pytest.raises(Malformed):
        parse_reply(b'<!DOCTYPE p [<!ENTITY a "aaaa">]><ProbeMatch><DeviceSN>&a;</DeviceSN></ProbeMatch>')


def test_a_body_that_is_not_text_is_a_weak_sign() -> None:
    # No such firmware is known; should one encrypt its answer, the device must not stay invisible.
    body = bytes(range(0x80, 0xC0)) * 2
    assert facts_of(parse_reply, body) == {"sadp.unreadable": [body[:64].hex()]}


def test_the_questions_byte_for_byte() -> None:
    first, second = (datagram.payload(NAME) for datagram in PROBE.datagrams)
    assert first == (
        b'<?xml version="1.0" encoding="utf-8"?>'
        b"<Probe><Uuid>0F0E0D0C-0B0A-0908-0706-050403020100</Uuid><Types>inquiry</Types></Probe>"
    )
    assert second == first.replace(b">inquiry<", b">inquiry_v32<")


def test_no_other_verb_can_be_serialised() -> None:
    assert set(Verb) == {"inquiry", "inquiry_v32"}
    refuses(lambda verb: make_question(verb, NAME), NEVER)


@given(st.text())
def test_whatever_the_verb_only_the_two_go_out(verb: str) -> None:
    if verb not in set(Verb):
        with pytest.raises(ValueError, match="is not a valid Verb"):
            make_question(verb, NAME)


@examples(100)
@given(st.one_of(st.binary(), st.binary().map(b"<ProbeMatch>".__add__), mutated(SADP)))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(parse_reply, payload)


@examples(100)
@given(mutated(SADP))
def test_the_essence_of_a_reply_says_all_that_the_reply_says(payload: bytes) -> None:
    def said(data: bytes) -> object:
        try:
            return parse_reply(data)
        except (NotSpoken, Malformed) as error:
            return type(error)

    assert said(without_identifier(payload)) == said(payload)
    assert without_identifier(without_identifier(payload)) == without_identifier(payload)


def test_the_same_answer_to_two_questions_has_one_essence() -> None:
    other = SADP_CAMERA.replace(b"1E0F4C6A-90E4-44C0-842B-703F46B5AA01", b"0F0E0D0C-0B0A-0908-0706-050403020100")
    assert other != SADP_CAMERA
    assert without_identifier(other) == without_identifier(SADP_CAMERA)
