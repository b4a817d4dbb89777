from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ, FakeHost, ask_all, seen, values

from camscan.errors import NotSpoken
from camscan.probes import http

RECORDER_ROOT = (
    b"HTTP/1.1 200 OK\r\nDate: Thu, 08 Apr 2021 22:15:21 GMT\r\nServer: DNVRS-Webs\r\n"
    b'ETag: "0-5e0-1e0"\r\nContent-Length: 480\r\nContent-Type: text/html\r\n\r\n'
    b'<html><head><script>window.location.href = "/doc/page/login.asp?_" + (new Date()).getTime();</script>'
)
CAMERA_401 = (
    b"HTTP/1.1 401 Unauthorized\r\nDate: Sun, 01 Apr 2018 18:58:53 GMT\r\nServer: \r\nContent-Length: 178\r\n"
    b"Content-Type: text/html\r\nConnection: keep-alive\r\nKeep-Alive: timeout=10, max=99\r\n"
    b'WWW-Authenticate: Digest qop="auth", realm="IP Camera(C2180)", '
    b'nonce="4e5468694e7a42694e7a4d364f4449354d7a6b354d54513d", stale="FALSE"\r\n\r\n'
)
DAHUA_HEADERS = (
    b"HTTP/1.1 200 OK\r\nX-XSS-Protection: 1;mode=block\r\nX-Frame-Options: SAMEORIGIN\r\n"
    b"Content-type: text/plain;charset=utf-8\r\nCONNECTION: close\r\nSet-Cookie:secure; HttpOnly\r\n"
    b"CONTENT-LENGTH: 192\r\n\r\n"
    b"table.General.MachineName=NVR\r\ntable.General.LocalNo=8\r\ntable.General.LockLoginTimes=5\r\n"
)
DAHUA_PAGE = (
    b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 300\r\nP3P: CP=CAO PSA OUR\r\n\r\n"
    b'\xef\xbb\xbf<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"><html><head><title>WEB SERVICE</title>'
)
MIXED_CHALLENGE = (
    b'WWW-Authenticate: Digest qop="auth", realm="IP Camera(76470)", '
    b'nonce="4e4449794d575269597a706b5a575935595441324d673d3d", stale="FALSE", Basic realm="IP Camera(76470)"\r\n'
)


def test_a_recorder_start_page() -> None:
    facts = http.parse_reply(RECORDER_ROOT)
    assert values(facts, "http.status") == ["200"]
    assert values(facts, "http.server") == ["DNVRS-Webs"]
    assert values(facts, "http.etag") == ['"0-5e0-1e0"']
    assert values(facts, "http.redirect") == ["/doc/page/login.asp?_"]
    assert values(facts, "http.header_order") == ["Date,Server,ETag,Content-Length,Content-Type"]
    assert 'etag: "0-5e0-1e0"' in values(facts, "http.header")


def test_an_empty_server_header_is_a_mark_and_a_missing_one_is_not() -> None:
    assert values(http.parse_reply(CAMERA_401), "http.server") == [""]
    assert values(http.parse_reply(DAHUA_HEADERS), "http.server") == []


def test_a_challenge_keeps_the_order_of_its_parameters() -> None:
    facts = http.parse_reply(CAMERA_401)
    assert values(facts, "http.realm") == ["IP Camera(C2180)"]
    assert values(facts, "http.auth") == ["digest: qop realm nonce stale"]


def test_a_lone_header_with_two_schemes() -> None:
    facts = http.parse_reply(MIXED_CHALLENGE)
    assert values(facts, "http.realm") == ["IP Camera(76470)"] * 2
    assert values(facts, "http.auth") == ["digest: qop realm nonce stale", "basic: realm"]
    assert values(facts, "http.status") == []


def test_upper_case_header_names_stay_as_sent_in_the_order() -> None:
    facts = http.parse_reply(DAHUA_HEADERS)
    assert values(facts, "http.header_order") == [
        "X-XSS-Protection,X-Frame-Options,Content-type,CONNECTION,Set-Cookie,CONTENT-LENGTH"
    ]
    assert "set-cookie: secure; HttpOnly" in values(facts, "http.header")
    assert values(facts, "http.charset") == ["utf-8"]


def test_lines_of_a_cgi_answer_are_fields() -> None:
    assert values(http.parse_reply(DAHUA_HEADERS), "http.field") == [
        "table.General.MachineName=NVR",
        "table.General.LocalNo=8",
        "table.General.LockLoginTimes=5",
    ]
    assert values(http.parse_reply(RECORDER_ROOT), "http.field") == []


def test_a_page_behind_a_byte_order_mark() -> None:
    facts = http.parse_reply(DAHUA_PAGE)
    assert values(facts, "http.title") == ["WEB SERVICE"]
    assert values(facts, "http.body")[0].startswith("<!DOCTYPE")


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (b"<title></title>", [""]),
        (b"<TITLE lang='en'>\r\n  Network\tCamera \r\n</TITLE>", ["Network Camera"]),
        (b"<title>R&amp;S &#x4e2d;</title>", ["R&S 中"]),
        (b"<title>cut", ["cut"]),
        (b"<title>not closed<body>", ["not closed"]),
        (b"<titlebar>no</titlebar>", []),
        (b"<html><title", []),
        ("<meta charset=gb2312><title>网络</title>".encode("gb2312"), ["网络"]),
        (b"<meta charset=zlib_codec><title>x</title>", ["x"]),
        (b"<meta charset=iso-8859-99><title>x</title>", ["x"]),
        (b"<title>caf\xe9</title>", ["café"]),
    ],
)
def test_titles(page: bytes, title: list[str]) -> None:
    assert values(http.parse_reply(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page), "http.title") == title


def test_a_page_without_headers_is_an_answer() -> None:
    facts = http.parse_reply(b"<html><head><title>NetDvr</title></head>")
    assert values(facts, "http.title") == ["NetDvr"]
    assert values(facts, "http.status") == []


def test_a_compressed_body_is_unpacked_up_to_a_limit() -> None:
    page = gzip.compress(b"<html><title>WEB SERVICE</title>" + b" " * 5_000_000)
    facts = http.parse_reply(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + page)
    assert values(facts, "http.title") == ["WEB SERVICE"]
    assert len(values(facts, "http.body")[0]) == http.BODY_CHARACTERS


def test_a_long_body_is_cut() -> None:
    facts = http.parse_reply(b"HTTP/1.1 200 OK\r\n\r\n<html>" + b"x" * 60000)
    assert len(values(facts, "http.body")[0]) == 8192


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-dropbear_2019.78\r\n",
        b"220 FTP server ready\r\n",
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
        b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x28",
        bytes.fromhex("000000100000001e0000001e00000000"),
        b"Login: admin\r\n",
        b"HTTP/1.1\r\n",
    ],
)
def test_other_protocols_are_not_spoken(payload: bytes) -> None:
    with pytest.raises(NotSpoken):
        http.parse_reply(payload)


# What web servers of cameras, and servers that only resemble one, have been seen to send.
@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (b"HTTP/1.1 200OK\r\nServer: x\r\n\r\n", "200"),
        (b"HTTP/1.0 200\r\nServer: x\r\n\r\n", "200"),
        (b"HTTP/1.1  200  OK\r\nServer: x\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\nServer: x\n\n", "200"),
        (b"HTTP/1.1 200 OK\rServer: x\r\r", "200"),
        (b"\r\n\r\nHTTP/1.1 200 OK\r\nServer: x\r\n\r\n", "200"),
        (b"\xef\xbb\xbfHTTP/1.1 200 OK\r\nServer: x\r\n\r\n", "200"),
        (b"http/1.1 200 ok\r\nserver: x\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nServer : x\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nServer:x\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nno colon here\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\n: no name\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: \r\n\r\nabc", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: -1\r\n\r\nabc", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: abc\r\n\r\nabc", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabc", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 500\r\n\r\nshort", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08garbage", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nX-Long: " + b"y" * 150_000 + b"\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nX-Nul: a\0b\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nX-Raw: \xff\xfe\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\n folded: on\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\n" + b"A: b\r\n" * 300 + b"\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\n<html><title>t</title></html>", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nSet-Cookie:secure; HttpOnly\r\n\r\n", "200"),
        (b"HTTP/1.1 302 \r\nServer: x\r\nLocation: /doc/index.html\r\n\r\n", "302"),
        (b"HTTP/1.1 401\r\nServer: x\r\nWWW-Authenticate: Basic\r\n\r\n", "401"),
        (b"HTTP/1.1 401 \xce\xde\r\nServer: x\r\nWWW-Authenticate: \r\n\r\n", "401"),
        (b"HTTP/1.1 999 Nonsense\r\nServer: x\r\n\r\n", "999"),
        (b"HTTP/9.9 200 OK\r\nServer: x\r\n\r\n", "200"),
        (b"ICY 200 OK\r\nServer: x\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n\0\0\0\0", "200"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nServer: x\r\n\r\n", "200"),
    ],
)
def test_malformed_replies_keep_their_status_and_server(payload: bytes, status: str) -> None:
    facts = http.parse_reply(payload)
    assert values(facts, "http.status") == [status]
    assert values(facts, "http.server")[0].startswith("x")


@FUZZ
@given(st.binary())
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(http.parse_reply, payload)


@FUZZ
@given(st.sampled_from([RECORDER_ROOT, CAMERA_401, DAHUA_HEADERS, DAHUA_PAGE, MIXED_CHALLENGE]), st.data())
def test_damaged_replies(payload: bytes, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(payload)))
    end = data.draw(st.integers(begin, len(payload)))
    keeps_its_promise(http.parse_reply, payload[:begin] + data.draw(st.binary(max_size=8)) + payload[end:])


@FUZZ
@given(st.binary(max_size=300))
def test_any_page(page: bytes) -> None:
    keeps_its_promise(http.parse_reply, b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-16\r\n\r\n" + page)


async def test_one_request_where_the_page_leads_nowhere() -> None:
    host = FakeHost(replies={(80, b"GET / "): DAHUA_PAGE})
    answers = await ask_all(http.PROBE, host, 80, seen())
    assert [(how, port) for how, port, _ in host.asked] == [("http", 80)]
    assert len(answers) == 1


async def test_the_login_page_that_the_start_page_names_is_asked_for_once() -> None:
    host = FakeHost(replies={(8080, b"GET /"): RECORDER_ROOT})
    answers = await ask_all(http.PROBE, host, 8080, seen())
    assert [request.split(b" HTTP")[0] for _, _, request in host.asked] == [b"GET /", b"GET /doc/page/login.asp"]
    assert len(answers) == 2


@pytest.mark.parametrize(
    "location",
    [
        b"http://198.51.100.9/doc/index.html",
        b"http://evil.example/",
        b"/ISAPI/Streaming/channels/101/picture",
        b"https://192.0.2.7/",  # port 443 is asked anyway
        b"/",
        b"http://192.0.2.7/",
    ],
)
async def test_redirects_that_are_not_followed(location: bytes) -> None:
    host = FakeHost(replies={(80, b"GET /"): b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n\r\n"})
    await ask_all(http.PROBE, host, 80, seen())
    assert len(host.asked) == 1


async def test_a_redirect_to_another_port_of_the_same_device_is_followed() -> None:
    host = FakeHost(replies={(80, b"GET /"): b"HTTP/1.1 302 Found\r\nLocation: https://192.0.2.7:4443/\r\n\r\n"})
    await ask_all(http.PROBE, host, 80, seen())
    assert [port for _, port, _ in host.asked] == [80, 4443]


async def test_silence_is_not_asked_twice() -> None:
    host = FakeHost()
    assert len(await ask_all(http.PROBE, host, 80, seen())) == 1
    assert len(host.asked) == 1


def test_ports_learned_from_discovery() -> None:
    known = seen(sadp__http_port="8081", dhip__http_port=("0", "8082"), dahua5050__http_port="8081")
    assert http.learned_ports(known) == (8081, 8082)


def test_what_it_can_send_is_shown() -> None:
    assert b"GET / HTTP/1.1\r\nHost: HOST\r\n" in http.PROBE.examples[0]
    assert len(http.PROBE.examples) == 4


def test_a_second_challenge_is_not_drawn_on_another_port() -> None:
    assert http.PROBE.wants(seen(http__status="200"))
    assert not http.PROBE.wants(seen(http__status="401", http__realm="Router"))


def test_the_sdk_port_is_not_asked_for_a_page() -> None:
    assert not {8000, 8443} & set(http.PROBE.ports)
