"""TCP conversations in a capture: what a server says is put into order, and read as far as it tells of the device."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import ssl
import struct
from typing import Any

import pytest
from certificates import make, server_context
from growth import ALLOWED, steps
from hypothesis import given
from hypothesis import strategies as st
from packets import ASKER, UNIT, conversation, segment, shuffled

from camscan import captures
from camscan.link import streams
from camscan.link.reader import OUR_FAULT, Reader
from camscan.link.talk import Talk
from camscan.model import Attempt, Outcome, Reply

GET = b"GET / HTTP/1.1\r\nHost: 10.1.0.7\r\n\r\n"
PAGE = b"<html><head><title>WEB SERVICE</title></head><body>" + b"x" * 3000 + b"</body></html>"
HEAD = b"HTTP/1.1 200 OK\r\nServer: DNVRS-Webs\r\nContent-Type: text/html\r\n"
ANSWER = HEAD + b"Content-Length: %d\r\n\r\n" % len(PAGE) + PAGE
OPTIONS = b"OPTIONS rtsp://10.1.0.7:554/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"
RTSP = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n"


def read(*frames: bytes) -> list[dict[str, Any]]:
    reader = Reader()
    replies = [reply for frame in frames for reply in reader.take(1, 1_700_000_000.0, frame)]
    assert OUR_FAULT not in reader.counts
    return [*replies, *reader.close()]


def payload(reply: dict[str, Any]) -> bytes:
    return reply["payload"].encode() if "payload" in reply else base64.b64decode(reply["payload_b64"])


def said(question: bytes, answer: bytes, **how: Any) -> list[tuple[str, bytes]]:
    return [(reply["protocol"], payload(reply)) for reply in read(*conversation(question, answer, **how))]


def test_a_page_is_one_reply_of_the_server_with_the_time_of_its_last_byte() -> None:
    (reply,) = read(*conversation(GET, ANSWER))
    assert (reply["protocol"], reply["ip"], reply["port"]) == ("http", UNIT, 80)
    assert payload(reply) == ANSWER
    assert reply["seen_at"] == "2023-11-14T22:13:20.000000+00:00"
    assert "solicited" not in reply


def test_segments_out_of_order_repeated_and_overlapping_are_put_right() -> None:
    frames = conversation(GET, ANSWER, size=500)
    assert len(frames) > 9
    assert [payload(each) for each in read(*shuffled(frames, 4, len(frames) - 1))] == [ANSWER]
    assert [payload(each) for each in read(*[each for frame in frames for each in (frame, frame)])] == [ANSWER]
    whole = conversation(GET, ANSWER, size=900)
    assert [payload(each) for each in read(*frames[:6], *whole[4:])] == [ANSWER]


def test_what_was_said_cannot_be_rewritten() -> None:
    frames = conversation(GET, ANSWER, size=1000)
    forged = conversation(GET, ANSWER.replace(b"DNVRS-Webs", b"FORGED-Web"), size=1000)
    assert [payload(each) for each in read(*frames[:5], forged[4], *frames[5:])] == [ANSWER]


def test_a_hole_ends_what_can_be_read_and_nothing_else() -> None:
    frames = conversation(GET, ANSWER, size=1000)
    (reply,) = read(*frames[:5], *frames[6:])
    assert payload(reply) == ANSWER[:1000]


def test_what_was_said_by_only_one_end_was_said_unasked() -> None:
    frames = conversation(GET, ANSWER)
    one_way = [frames[1], *frames[4:]]
    assert [reply["solicited"] for reply in read(*one_way)] == [False]
    assert [reply["solicited"] for reply in read(*frames[3:])] == [False]  # the capture began in the middle
    wrong = segment(b"", 5, 99, 0x10, sport=40000, dport=80, source=ASKER, target=UNIT)
    assert [reply["solicited"] for reply in read(*frames[:2], wrong, *frames[4:])] == [False]


def chunked(body: bytes) -> bytes:
    pieces = [body[at : at + 700] for at in range(0, len(body), 700)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(PAGE), PAGE),
        (HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE), PAGE),
        (HEAD + b"\r\n" + PAGE, PAGE),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Content-Length: 4\r\n\r\nabcd", b"abcd"),
        (HEAD + b"Content-Length: 10\r\n\r\nabcd", b"abcd"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz" + b"x" * 400, b"zz" + b"x" * 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\nabc", b"abc"),
        (HEAD + b"\r\n" + b"y" * 100_000, b"y" * 65_536),
    ],
)
def test_a_body_is_kept_without_its_codings_and_within_bounds(answer: bytes, kept: bytes) -> None:
    ((protocol, payload),) = said(GET, answer)
    assert protocol == "http"
    assert payload.partition(b"\r\n\r\n")[2] == kept


def test_a_bomb_unpacks_no_further_than_any_page() -> None:
    ((_protocol, payload),) = said(GET, HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(50_000_000)))
    assert len(payload.partition(b"\r\n\r\n")[2]) == 65_536


@pytest.mark.parametrize(
    ("request_head", "answer_head", "body", "protocol", "is_kept"),
    [
        (b"GET / HTTP/1.1", b"Content-Type: image/jpeg", b"\xff\xd8\xff", "http", False),
        (b"GET /logo.svg HTTP/1.1", b"Content-Type: image/svg+xml", b"<svg/>", "http", False),
        (b"GET /a.js HTTP/1.1", b"Content-Type: text/javascript", b"var a", "http", False),
        (b"GET /users HTTP/1.1\r\nCookie: s=1", b"Content-Type: text/html", b"names", "http", False),
        (b"GET / HTTP/1.1\r\nAuthorization: Basic eA==", b"Content-Type: text/html", b"names", "http", False),
        (b"GET /ISAPI/System/deviceInfo HTTP/1.1", b"Content-Type: application/xml", b"<DeviceInfo/>", "isapi", True),
        (b"GET /ISAPI/Security/users HTTP/1.1", b"Content-Type: application/xml", b"<UserList/>", "http", False),
        (b"GET /cgi-bin/magicBox.cgi?action=getDeviceType HTTP/1.1", b"X: y", b"type=IPC", "dahua_cgi", True),
        (b"GET /cgi-bin/configManager.cgi HTTP/1.1\r\nCookie: s=1", b"X: y", b"table.x=1", "http", False),
        (b"POST /RPC2_Login HTTP/1.1", b"X: y", b'{"params":{"realm":"Login to X"}}', "rpc2", True),
        (b"POST /RPC2 HTTP/1.1", b"X: y", b'{"session":1}', "http", False),
        (b"POST /onvif/device_service HTTP/1.1", b"X: y", b"<GetServicesResponse/>", "onvif", True),
        (b"POST /onvif/device_service HTTP/1.1", b"X: y", b"<GetUsersResponse/>", "http", False),
        (b"GET /d.xml HTTP/1.1", b"X: y", b'<root xmlns="urn:schemas-upnp-org:device-1-0"/>', "upnp", True),
    ],
)
def test_of_what_is_fetched_only_what_describes_the_device_is_kept(
    request_head: bytes, answer_head: bytes, body: bytes, protocol: str, is_kept: bool
) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + answer_head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    assert said(request_head + b"\r\n\r\n", answer) == [(protocol, answer if is_kept else answer[: -len(body)])]


def test_the_key_of_a_session_is_not_kept_and_its_name_is() -> None:
    answer = b"HTTP/1.1 302 Found\r\nSet-Cookie: WebSession_1=0123456789abcdef; path=/\r\nContent-Length: 0\r\n\r\n"
    assert said(GET, answer) == [("http", answer.replace(b"0123456789abcdef", b""))]


def test_an_icon_is_known_by_its_hash_alone() -> None:
    icon = b"\0\0\1\0" + bytes(60)
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: image/x-icon\r\nContent-Length: 64\r\n\r\n" + icon
    digest = hashlib.md5(icon, usedforsecurity=False).hexdigest()
    assert said(b"GET /favicon.ico HTTP/1.1\r\n\r\n", answer) == [("favicon", f"md5:{digest}\n".encode())]


def test_answers_in_one_text_are_separated_by_their_questions() -> None:
    ours: Any = {"sport": 40000, "dport": 80, "source": ASKER, "target": UNIT}
    theirs: Any = {"sport": 80, "dport": 40000, "source": UNIT, "target": ASKER}
    frames = conversation(GET, ANSWER)[:-1]
    a, b = 2**32 - 4 + len(GET), 7001 + len(ANSWER)
    second = b"GET /ISAPI/System/deviceInfo HTTP/1.1\r\n\r\n"
    info = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<DeviceInfo/>"
    frames += [segment(second, a, b, **ours), segment(info, b, a + len(second), **theirs)]
    assert [reply["protocol"] for reply in read(*frames)] == ["http", "isapi"]


@pytest.mark.parametrize("size", range(1, 12))
def test_answers_in_pieces_of_any_size_are_the_same(size: int) -> None:
    one = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno\n"
    assert said(GET, (one + b"\r\n") * 3 + b"rest", size=size) == [("http", one)] * 3


def test_rtsp_is_read_until_the_pictures_come() -> None:
    described = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 6\r\n\r\nv=0\r\n\n"
    assert said(OPTIONS, RTSP + described + b"$\0" + bytes(9000), port=554) == [
        ("rtsp", RTSP),
        ("rtsp", described[:-6]),
    ]


WORDS = b"Realm:Login to X\r\nRandom:1234567890\r\n\r\n"
REALM = b"\xb0\1\0\x58" + struct.pack("<I", len(WORDS)) + bytes(24) + WORDS


def test_the_realm_of_dvrip_is_read_and_nothing_after_it() -> None:
    assert said(b"\xa0\1" + bytes(30), REALM + b"\xb0\0session", port=37777) == [("dvrip", REALM)]
    assert said(b"\xa0\1" + bytes(30), REALM, port=35000) == [("dvrip", REALM)]
    assert said(b"hello", REALM, port=35000) == []


def handshake(version: ssl.TLSVersion) -> bytes:
    """The first flight of a real server."""
    server, client = server_context(make()[1], version), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking, answering = client.wrap_bio(ssl.MemoryBIO(), up), server.wrap_bio(up, down, server_side=True)
    for end in (asking, answering):
        with pytest.raises(ssl.SSLWantReadError):
            end.do_handshake()
    return down.read()


def facts(reply: dict[str, Any]) -> tuple[Attempt, dict[str, str]]:
    (found,) = captures.read_captures([json.dumps({"id": "1", **reply})])
    assert isinstance(found, Reply)
    attempt = captures.observe_reply(found)
    return attempt, {one.key: one.value for one in attempt.observations}


@pytest.mark.parametrize("size", [40, 5000])
def test_a_certificate_is_read_from_the_flight_that_brings_it(size: int) -> None:
    flight = handshake(ssl.TLSVersion.TLSv1_2)
    (reply,) = read(*conversation(b"\x16\x03\x01", flight, port=443, size=size))
    assert reply["protocol"] == "tls"
    attempt, known = facts(reply)
    assert attempt.outcome is Outcome.ANSWERED
    assert known["tls.subject_cn"] == "www.hikvision.com"
    assert known["tls.version"] == "TLSv1.2"


@pytest.mark.parametrize("record", [b"\x16\x03\x03\0\0", b"\x16\x03\x03\0\4\0\0\0\0"], ids=["empty", "HelloRequest"])
def test_a_flight_in_single_bytes_takes_work_as_it_grows_and_no_more(record: bytes) -> None:
    def hear(length: int) -> None:
        heard = Talk(b"\x0a\1\0\7", 443)
        for byte in (record * length)[:length]:
            list(heard.hear(bytes([byte])))

    assert steps(lambda: hear(2000)) < ALLOWED * steps(lambda: hear(500))


def test_tls_1_3_hides_its_certificate_and_shows_that_it_is_there() -> None:
    (reply,) = read(*conversation(b"\x16\x03\x01", handshake(ssl.TLSVersion.TLSv1_3), port=443))
    assert facts(reply)[1] == {"tls.version": "TLSv1.3"}


def test_other_protocols_are_passed_over() -> None:
    assert said(b"x", b"SSH-2.0-dropbear\r\n", port=22) == []
    assert said(b"x", b"\x16\x03" + b"\xff" * 400, port=443) == []


def test_a_million_conversations_leave_bounded_room() -> None:
    reader = Reader()
    for number in range(9000):
        unit, client = f"10.9.{number % 250}.7", 1024 + number % 60_000
        theirs: Any = {"sport": 80, "dport": client, "source": unit, "target": ASKER}
        frames = [segment(b"", 1, 2, 0x12, **theirs), segment(HEAD + b"\r\n" + b"z" * 4500, 2, 2, **theirs)]
        for frame in frames:
            list(reader.take(1, 0.0, frame))
    kept = reader.streams
    assert kept.given_up > 0
    assert 7000 < kept.count <= streams.MOST_TALKS
    assert 30_000_000 < kept.size <= streams.MOST_BYTES
    list(reader.close())
    assert (kept.count, kept.size) == (0, 0)


def test_a_conversation_that_stays_silent_is_at_its_end() -> None:
    reader = Reader()
    frames = conversation(GET, HEAD + b"\r\nabc")[:-1]
    for frame in frames:
        assert not list(reader.take(1, 100.0, frame))
    tick = segment(b"", 1, 1, sport=1, dport=2, source=UNIT, target=ASKER)
    assert [payload(each) for each in reader.take(1, 300.0, tick)] == [HEAD + b"\r\nabc"]


@given(st.binary(max_size=300), st.integers(1, 60), st.integers(0, 3))
def test_no_stream_makes_the_reader_fail(data: bytes, size: int, seed: int) -> None:
    starts = (b"", b"HTTP/1.1 200 OK\r\n", b"RTSP/1.0 ", b"\x16\x03\x03", b"\xb0\1")
    for start in starts:
        frames = conversation(GET, start + data, port=37777, size=size)
        random.Random(seed).shuffle(frames)
        assert all(reply["ip"] in {UNIT, ASKER} for reply in read(*frames))


def test_a_long_answer_in_small_pieces_costs_no_more_than_its_length() -> None:
    reader = Reader()
    frames = conversation(GET, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 9000, size=7)
    looked = sum(len(list(reader.take(1, 0.0, frame))) for frame in frames)
    assert looked + len(list(reader.close())) == 1
