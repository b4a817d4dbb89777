from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ, FakeHost, seen, values

from camscan.errors import NotSpoken
from camscan.probes import rtsp

HIKVISION_OPTIONS = (
    b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n"
    b"Public: OPTIONS, DESCRIBE, PLAY, PAUSE, SETUP, TEARDOWN, SET_PARAMETER, GET_PARAMETER\r\n"
    b"Date:  Thu, May 14 2020 16:45:35 GMT\r\n\r\n"
)
HIKVISION_401 = (
    b"RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\n"
    b'WWW-Authenticate: Digest realm="IP Camera(C2870)", nonce="938032d91ffc30ca80b5da94c18887ac", stale="FALSE"\r\n'
    b'WWW-Authenticate: Basic realm="IP Camera(C2870)"\r\n'
    b"Date:  Thu, May 14 2020 16:45:35 GMT\r\n\r\n"
)
DAHUA_401_THEN_200 = (
    b"RTSP/1.0 401 Unauthorized\r\n"
    b'WWW-Authenticate: Digest realm="Login to 4M0747EPA000001", nonce="745449738fdf77164f570c37c9186b52"\r\n\r\n'
    b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nServer: Rtsp Server/3.0\r\n"
    b"Public: OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, PAUSE, TEARDOWN, SET_PARAMETER, GET_PARAMETER\r\n\r\n"
)
DAHUA_DESCRIPTION = (
    b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Type: application/sdp\r\nContent-Length: 60\r\n\r\n"
    b"v=0\r\ns=Media Server\r\na=packetization-supported:DH\r\nDate: not a header\r\n"
)
REALM_LINES = b'Digest realm="Login to 4K049EBPA000001"\nDigest realm="AXIS_00408C000001"\n'
CAPTURES = [HIKVISION_OPTIONS, HIKVISION_401, DAHUA_401_THEN_200, DAHUA_DESCRIPTION, REALM_LINES]


def test_the_blanks_of_a_date_are_kept() -> None:
    facts = rtsp.parse_reply(HIKVISION_OPTIONS)
    assert values(facts, "rtsp.date") == ["  Thu, May 14 2020 16:45:35 GMT"]
    assert values(facts, "rtsp.status") == ["200"]
    assert values(facts, "rtsp.public")[0].startswith("OPTIONS, DESCRIBE, PLAY")
    assert values(facts, "rtsp.server") == []
    assert "cseq: 1" in values(facts, "rtsp.header")


def test_two_challenges() -> None:
    facts = rtsp.parse_reply(HIKVISION_401)
    assert values(facts, "rtsp.realm") == ["IP Camera(C2870)"] * 2
    assert values(facts, "rtsp.auth") == ["digest: realm nonce stale", "basic: realm"]


def test_several_replies_in_a_row() -> None:
    facts = rtsp.parse_reply(DAHUA_401_THEN_200)
    assert values(facts, "rtsp.status") == ["401", "200"]
    assert values(facts, "rtsp.realm") == ["Login to 4M0747EPA000001"]
    assert values(facts, "rtsp.server") == ["Rtsp Server/3.0"]


def test_a_description_is_body_not_header() -> None:
    facts = rtsp.parse_reply(DAHUA_DESCRIPTION)
    assert "a=packetization-supported:DH" in values(facts, "rtsp.body")[0]
    assert values(facts, "rtsp.date") == []


def test_line_feeds_alone_and_a_cut_end() -> None:
    facts = rtsp.parse_reply(HIKVISION_401.replace(b"\r\n", b"\n").rstrip())
    assert values(facts, "rtsp.realm") == ["IP Camera(C2870)"] * 2


def test_header_lines_without_a_status_line() -> None:
    assert values(rtsp.parse_reply(b'WWW-Authenticate: Basic realm="MediaServer3.0"'), "rtsp.realm") == [
        "MediaServer3.0"
    ]
    assert values(rtsp.parse_reply(REALM_LINES), "rtsp.realm") == ["Login to 4K049EBPA000001", "AXIS_00408C000001"]


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (b"RTSP/1.0 200OK\r\nCSeq: 1\r\n\r\n", "200"),
        (b"\r\nRTSP/1.0 200 OK\r\nCseq: 1 \r\n\r\n", "200"),
        (b"rtsp/1.0 405 Method Not Allowed\r\nServer: Dahua Rtsp Server\r\n\r\n", "405"),
        (b"RTSP/1.0 401 Unauthorized\r\n", "401"),
    ],
)
def test_odd_status_lines(payload: bytes, status: str) -> None:
    assert values(rtsp.parse_reply(payload), "rtsp.status") == [status]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"\x24\0\0\x08",
        b"OPTIONS * RTSP/1.0\r\n\r\n",
    ],
)
def test_other_protocols_are_not_spoken(payload: bytes) -> None:
    with pytest.raises(NotSpoken):
        rtsp.parse_reply(payload)


@FUZZ
@given(st.binary() | st.binary().map(lambda raw: b"RTSP/1.0 " + raw))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(rtsp.parse_reply, payload)


@FUZZ
@given(st.sampled_from(CAPTURES), st.data())
def test_damaged_replies(payload: bytes, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(payload)))
    end = data.draw(st.integers(begin, len(payload)))
    keeps_its_promise(rtsp.parse_reply, payload[:begin] + data.draw(st.binary(max_size=8)) + payload[end:])


@given(st.integers(0, len(HIKVISION_OPTIONS)))
def test_every_cut(length: int) -> None:
    keeps_its_promise(rtsp.parse_reply, HIKVISION_OPTIONS[:length])


async def test_one_well_formed_request() -> None:
    host = FakeHost(replies={(554, b"OPTIONS rtsp://192.0.2.7:554/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"): HIKVISION_OPTIONS})
    [answer] = await rtsp.ask_device(host, 554, seen())
    assert answer.payload == HIKVISION_OPTIONS
    assert len(host.asked) == 1


def test_blanks_around_a_quoted_realm_say_nothing() -> None:
    assert values(
        rtsp.parse_reply(b'RTSP/1.0 401 x\r\nWWW-Authenticate: Digest realm=" IP Camera ", nonce="1"\r\n\r\n'),
        "rtsp.realm",
    ) == ["IP Camera"]
