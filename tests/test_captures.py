"""The captured-reply format: reading, grouping, writing, and lines that are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan import captures, fingerprints
from camscan.captures import BadLine
from camscan.fingerprints import Database
from camscan.identify import merge_attempts
from camscan.model import Attempt, Confidence, Outcome, Reply

SERIAL = "DS-2CD2385G1-I20200414AAWRE33000001"
SADP = (
    '<?xml version="1.0" encoding="UTF-8"?><ProbeMatch><Uuid>5F5A69C2-E0AE-504F-829B-000000000001</Uuid>'
    "<Types>inquiry</Types><DeviceType>141945</DeviceType><DeviceDescription>DS-2CD2385G1-I</DeviceDescription>"
    f"<DeviceSN>{SERIAL}</DeviceSN><MAC>58-50-ed-00-00-01</MAC><IPv4Address>192.0.2.1</IPv4Address>"
    "<SoftwareVersion>V5.6.2build 190701</SoftwareVersion></ProbeMatch>"
)
RTSP = "RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Hipcam RealServer/V1.0\r\n\r\n"


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load_database()


def line(**members: object) -> str:
    return json.dumps({"id": "a", "protocol": "sadp", "payload": SADP} | members)


def replies(*lines: str) -> list[Reply]:
    found = list(captures.read_captures(lines))
    assert all(isinstance(reply, Reply) for reply in found), found
    return [reply for reply in found if isinstance(reply, Reply)]


def test_a_reply_is_read_with_all_its_members() -> None:
    (reply,) = replies(
        line(ip="192.0.2.1", port=37020, seen_at="2026-11-02T10:00:00+01:00", device="d", label={"x": 1})
    )
    assert (reply.id, reply.probe, reply.payload, reply.device) == ("a", "sadp", SADP.encode(), "d")
    assert (reply.ip, reply.port, reply.seen_at) == ("192.0.2.1", 37020, datetime(2026, 11, 2, 9, 0, tzinfo=UTC))


def test_members_without_a_value_are_as_if_not_there() -> None:
    (reply,) = replies(line(ip=None, port=None, seen_at=None, device=None, payload_b64=None))
    assert (reply.ip, reply.port, reply.device) == ("", 0, "")


@pytest.mark.parametrize(
    ("payload", "spoken"),
    [
        ('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="IP Camera(C2183)", nonce="1"\r\n\r\n', "http"),
        ('RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="IP Camera(C2183)", nonce="1"\r\n\r\n', "rtsp"),
    ],
)
def test_a_refusal_is_read_as_what_it_speaks(database: Database, payload: str, spoken: str) -> None:
    (reply,) = replies(line(protocol="login401", payload=payload, ip="192.0.2.1"))
    assert captures.observe_reply(reply).probe == spoken
    (device,) = captures.identify_replies([reply], database)
    assert device.identification.maker == "hikvision"


def test_a_payload_may_be_base64() -> None:
    (reply,) = replies(line(payload=None, payload_b64="AAEC/w=="))
    assert reply.payload == b"\x00\x01\x02\xff"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        (line(id=None), "'id' is missing"),
        (line(id=7), "'id' must be a text"),
        (line(id=""), "'id' must be a text that is not empty"),
        (line(protocol=None), "'protocol' is missing"),
        (line(protocol="gopher"), "unknown protocol 'gopher'; the protocols are dahua5050, "),
        (line(payload=None), "exactly one of 'payload' and 'payload_b64'"),
        (line(payload_b64="AA=="), "exactly one of 'payload' and 'payload_b64'"),
        (line(payload=7), "'payload' must be a text"),
        (line(payload=None, payload_b64="A"), "'payload_b64' is not base64"),
        (line(payload=None, payload_b64="ä==="), "'payload_b64' is not base64"),
        (line(payload=None, payload_b64=7), "'payload_b64' must be a text"),
        (line(ip="300.1.1.1"), "'ip' is not an address"),
        (line(port=65536), "'port' must be a number"),
        (line(port="80"), "'port' must be a number"),
        (line(port=True), "'port' must be a number"),
        (line(seen_at="yesterday"), "'seen_at' is not an ISO 8601 time"),
        (line(device=7), "'device' must be a text"),
        (line(id="\ud800"), "'id' holds half a character"),
    ],
)
def test_a_line_that_is_not_a_reply_is_reported_with_its_number_and_the_others_are_read(text: str, why: str) -> None:
    first, bad, last = captures.read_captures([line(id="first"), "", text, line(id="last")])
    assert isinstance(first, Reply)
    assert isinstance(last, Reply)
    assert isinstance(bad, BadLine)
    assert bad.number == 3
    assert why in bad.why


def test_an_id_is_used_once() -> None:
    _, bad = captures.read_captures([line(), line()])
    assert bad == BadLine(2, "the id 'a' is already used in line 1")


def test_a_byte_order_mark_is_passed_over() -> None:
    assert replies("\ufeff" + line())


@examples(200)
@given(
    st.text()
    | st.dictionaries(st.sampled_from(["id", "protocol", "payload", "ip", "port"]), st.text() | st.integers()).map(
        json.dumps
    )
)
def test_any_line_is_a_reply_or_a_bad_line(text: str) -> None:
    for found in captures.read_captures([text]):
        assert isinstance(found, Reply | BadLine)


def test_every_protocol_of_the_format_is_known() -> None:
    named = "sadp dhip dvrip wsd onvif isapi rpc2 http rtsp tls ssdp upnp mdns mac favicon snmp dhcp ftp telnet"
    assert set(named.split()) <= captures.known_protocols()


def test_a_reply_is_observed_as_a_live_scan_would() -> None:
    (reply,) = replies(line(ip="192.0.2.1", port=37020, seen_at="2026-11-02T09:00:00Z"))
    attempt = captures.observe_reply(reply)
    assert (attempt.outcome, attempt.probe, attempt.ip, attempt.port) == (Outcome.ANSWERED, "sadp", "192.0.2.1", 37020)
    values = {seen.key: seen.value for seen in attempt.observations}
    assert (values["sadp.model"], values["sadp.serial"]) == ("DS-2CD2385G1-I", SERIAL)
    assert {seen.seen_at for seen in attempt.observations} == {reply.seen_at}


def test_a_reply_of_another_protocol_is_an_outcome_not_an_error() -> None:
    (reply,) = replies(line(payload="HTTP/1.0 200 OK\r\n\r\n"))
    attempt = captures.observe_reply(reply)
    assert attempt.outcome in {Outcome.NOT_SPOKEN, Outcome.MALFORMED}
    assert attempt.detail
    assert attempt.payload == reply.payload


def test_replies_are_grouped_by_device_then_address_then_stand_alone(database: Database) -> None:
    found = captures.identify_replies(
        replies(
            line(id="1", protocol="rtsp", payload=RTSP),
            line(id="2", device="d", ip="192.0.2.1"),
            line(id="3", ip="192.0.2.2", protocol="rtsp", payload=RTSP),
            line(id="4", device="d", ip="192.0.2.7", protocol="rtsp", payload=RTSP),
            line(id="5", ip="192.0.2.2", port=81, protocol="rtsp", payload=RTSP),
            line(id="6", protocol="rtsp", payload=RTSP),
            line(id="7"),
            line(id="8"),
        ),
        database,
    )
    assert [device.ids for device in found] == [("1",), ("2", "4"), ("3", "5"), ("6",), ("7",), ("8",)]


def test_addresses_are_merged_as_in_a_live_scan(database: Database) -> None:
    found = list(
        captures.identify_replies(replies(line(id="1", ip="192.0.2.1"), line(id="2", ip="192.0.2.9")), database)
    )
    assert [(device.ids, device.ip_addresses) for device in found] == [(("1", "2"), ("192.0.2.1", "192.0.2.9"))]


def test_no_reply_goes_without_its_result(database: Database) -> None:
    found = list(
        captures.identify_replies(
            replies(line(id="1", payload="", ip="192.0.2.1"), line(id="2", payload="x")), database
        )
    )
    assert [device.ids for device in found] == [("1",), ("2",)]
    assert {device.identification.confidence for device in found} == {Confidence.UNKNOWN}


@pytest.mark.parametrize(
    "payload", [SADP.encode(), b"\xff\xfe\x00", b"a\tb\r\nc", "café".encode(), b"\x1b[2J", b"HTTP/1.0\xa0"]
)
def test_what_is_written_reads_back_byte_for_byte(payload: bytes) -> None:
    seen = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    attempt = Attempt("sadp", "192.0.2.1", 37020, Outcome.ANSWERED, payload=payload, seen_at=seen)
    silent = Attempt("http", "192.0.2.1", 80, Outcome.TIMED_OUT, seen_at=seen)
    (text,) = captures.write_captures([silent, attempt])
    (reply,) = replies(text)
    assert (reply.payload, reply.ip, reply.port, reply.seen_at) == (payload, "192.0.2.1", 37020, seen)


def test_a_scan_replayed_from_its_replies_gives_the_same_devices(database: Database) -> None:
    live = [
        captures.observe_reply(reply) for reply in replies(line(id="1", ip="192.0.2.1"), line(id="2", ip="192.0.2.9"))
    ]
    replayed = list(captures.identify_replies(replies(*captures.write_captures(live)), database))
    assert [device.identification for device in replayed] == [
        device.identification for device in merge_attempts(live, database)
    ]
