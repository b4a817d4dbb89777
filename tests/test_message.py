"""The lenient reader of HTTP, RTSP and SSDP messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.errors import NotSpoken
from camscan.net.message import Challenge, Message, parse_message, read_challenges


def test_recorder_reply_keeps_headers_in_order_and_body() -> None:
    # Captured reply of a Hikvision recorder, shortened; opaque values made up.
    message = parse_message(
        b"HTTP/1.1 401 Unauthorized\r\nDate: Sun, 28 May 2023 09:56:24 GMT\r\nServer: DNVRS-Webs\r\n"
        b'Content-Type: application/xml; charset="UTF-8"\r\n'
        b'WWW-Authenticate: Digest realm="fe12f37bd", domain="::", qop="auth", opaque=""\r\n\r\n<userCheck/>'
    )
    assert (message.version, message.status, message.reason) == ("HTTP/1.1", 401, "Unauthorized")
    assert [name for name, _ in message.headers] == ["Date", "Server", "Content-Type", "WWW-Authenticate"]
    assert message.get("SERVER") == "DNVRS-Webs"
    assert message.get("ETag") is None
    assert message.body == b"<userCheck/>"


def test_empty_server_header_is_present_and_empty() -> None:
    assert parse_message(b"HTTP/1.1 401 Unauthorized\r\nServer: \r\n\r\n").get("server") == ""


def test_malformed_cookie_of_dahua_recorder_is_a_header() -> None:
    message = parse_message(b"HTTP/1.1 200 OK\r\nCONNECTION: close\r\nSet-Cookie:secure; HttpOnly\r\n\r\n")
    assert message.headers == (("CONNECTION", "close"), ("Set-Cookie", "secure; HttpOnly"))


@pytest.mark.parametrize(
    ("payload", "version", "status", "reason"),
    [
        (b"HTTP/1.1 200OK\r\n\r\n", "HTTP/1.1", 200, "OK"),
        (b"HTTP/1.1200 OK\r\n\r\n", "HTTP/1.1", 200, "OK"),
        (b"HTTP/1.0 404\n\n", "HTTP/1.0", 404, ""),
        (b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1", 200, "OK"),
        (b"\x00HTTP/1.1 \x00200 O\x00K\r\n", "HTTP/1.1", None, "200 OK"),
        (b"HTTP/1.1\r\n\r\n", "HTTP/1.1", None, ""),
        (b"HTTP 200 OK\r\n", "HTTP", 200, "OK"),
        (b"http/1.1 200 ok\r\n", "HTTP/1.1", 200, "ok"),
        (b"HTTP/1.1 20000 x\r\n", "HTTP/1.1", None, "20000 x"),
        (b"ICY 200 OK\r\n\r\n", "ICY", 200, "OK"),
        (b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n", "RTSP/1.0", 401, "Unauthorized"),
        (b"HTTP/1.1 200 OK\rServer: x\r\rbody", "HTTP/1.1", 200, "OK"),
    ],
)
def test_start_lines_that_cameras_write(payload: bytes, version: str, status: int | None, reason: str) -> None:
    message = parse_message(payload)
    assert (message.version, message.status, message.reason) == (version, status, reason)


def test_lone_carriage_returns_separate_headers() -> None:
    message = parse_message(b"HTTP/1.1 200 OK\rServer: x\r\rbody")
    assert (message.headers, message.body) == ((("Server", "x"),), b"body")


def test_notify_is_a_message_without_status() -> None:
    message = parse_message(b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\n\r\n")
    assert (message.start, message.status) == ("NOTIFY * HTTP/1.1", None)
    assert message.get("nts") == "ssdp:alive"


def test_odd_headers_are_kept() -> None:
    message = parse_message(b"HTTP/1.1 200 OK\r\nServer : a\r\nno colon here\r\nX: b\r\n\tc\r\n: d\r\nX: e\r\n\r\n")
    assert message.headers == (("Server", "a"), ("no colon here", ""), ("X", "b c"), ("", "d"), ("X", "e"))
    assert message.all("x") == ["b c", "e"]


def test_markup_ends_headers_where_the_empty_line_was_forgotten() -> None:
    message = parse_message(b"HTTP/1.1 200 OK\r\nServer: x\r\n<html xmlns='http://www.w3.org/1999/xhtml'>")
    assert message.headers == (("Server", "x"),)
    assert message.body.startswith(b"<html")


def test_header_bytes_that_are_not_utf8_are_latin1() -> None:
    assert parse_message(b"HTTP/1.1 200 OK\r\nServer: caf\xe9\r\n\r\n").get("server") == "caf\xe9"


@pytest.mark.parametrize(
    "payload", [b"", b"<html></html>", b"HTTPS is not it", b"SSH-2.0-x\r\n", b"\xff\xfe\x00", b"HTTP"]
)
def test_other_protocols_are_not_spoken(payload: bytes) -> None:
    with pytest.raises(NotSpoken):
        parse_message(payload)


def test_lenient_body_takes_a_body_alone() -> None:
    assert parse_message(b"<html>hi", lenient_body=True) == Message("", "", None, "", (), b"<html>hi")


def test_lenient_body_takes_headers_alone() -> None:
    message = parse_message(b"CACHE-CONTROL: max-age=1800\r\nEXT: \r\nX-User-Agent: redsonic\r\n", lenient_body=True)
    assert (message.start, message.status, message.get("x-user-agent")) == ("", None, "redsonic")


def test_two_schemes_in_one_header() -> None:
    # Captured reply of a Hikvision camera; nonce shortened.
    value = 'Digest qop="auth", realm="IP Camera(76475)", nonce="4e44", stale="FALSE", Basic realm="IP Camera(76475)"'
    assert read_challenges([value]) == [
        Challenge(
            "Digest",
            {"qop": "auth", "realm": "IP Camera(76475)", "nonce": "4e44", "stale": "FALSE"},
            ("qop", "realm", "nonce", "stale"),
        ),
        Challenge("Basic", {"realm": "IP Camera(76475)"}, ("realm",)),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("Negotiate", [Challenge("Negotiate", {}, ())]),
        ("Negotiate, NTLM TlRM==", [Challenge("Negotiate", {}, ()), Challenge("NTLM", {"token68": "TlRM=="}, ())]),
        ("Basic realm=IP Camera(12)", [Challenge("Basic", {"realm": "IP Camera(12)"}, ("realm",))]),
        ('Digest REALM="a\\"b"', [Challenge("Digest", {"realm": 'a"b'}, ("realm",))]),
        ('Basic realm="unclosed', [Challenge("Basic", {"realm": "unclosed"}, ("realm",))]),
        ('Basic realm = "x" ,', [Challenge("Basic", {"realm": "x"}, ("realm",))]),
        ('realm="x"', [Challenge("", {"realm": "x"}, ("realm",))]),
        ('Basic realm="a", realm="b"', [Challenge("Basic", {"realm": "a"}, ("realm", "realm"))]),
    ],
)
def test_challenges_that_cameras_write(value: str, expected: list[Challenge]) -> None:
    assert read_challenges([value]) == expected


@given(st.one_of(st.binary(), st.binary().map(b"HTTP/1.1 200 OK\r\n".__add__), st.binary().map(b"RTSP/1.0".__add__)))
def test_any_bytes_give_a_message_or_not_spoken(payload: bytes) -> None:
    try:
        message = parse_message(payload)
    except NotSpoken:
        message = parse_message(payload, lenient_body=True)
        assert message.status is None
    assert payload.endswith(message.body)
    assert "\x00" not in message.start + "".join(name + value for name, value in message.headers)


@given(st.one_of(st.text(), st.text(alphabet='Digest realm="x",=\\ ')))
def test_any_text_gives_challenges(value: str) -> None:
    for challenge in read_challenges([value]):
        assert set(challenge.order) == set(challenge.params) - {"token68"} or "token68" in challenge.params
        assert challenge.scheme or challenge.order


@given(st.dictionaries(st.sampled_from(["realm", "nonce", "qop", "stale"]), st.text(alphabet="abc ,()=", max_size=9)))
def test_quoted_parameters_survive(params: dict[str, str]) -> None:
    value = "Digest " + ", ".join(f'{name}="{text}"' for name, text in params.items())
    (challenge,) = read_challenges([value])
    assert (challenge.scheme, challenge.params, challenge.order) == ("Digest", params, tuple(params))
