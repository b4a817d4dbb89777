from __future__ import annotations

import base64

import mmh3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ, FakeHost, seen, values

from camscan.errors import Malformed, NotSpoken
from camscan.model import Outcome
from camscan.probes import favicon

ICON = b"\0\0\1\0\1\0\x10\x10" + bytes(range(256)) * 4


def test_the_two_lines_of_an_icon() -> None:
    lines = favicon.hash_icon(b"hello")
    assert lines.startswith(b"md5:5d41402abc4b2a76b9719d911017c592\n")
    # The published form of the hash is over base64 text in lines of 76 characters, each with its line end.
    assert f"mmh3:{mmh3.hash(base64.encodebytes(b'hello'))}\n".encode() in lines
    assert len(favicon.parse_reply(favicon.hash_icon(ICON))) == 2


@pytest.mark.parametrize(
    ("payload", "key", "value"),
    [
        (b"md5:89b932fcc47cf4ca3faadb0cfdef89cf", "favicon.md5", "89b932fcc47cf4ca3faadb0cfdef89cf"),
        (b"MD5: 89B932FCC47CF4CA3FAADB0CFDEF89CF\r\n", "favicon.md5", "89b932fcc47cf4ca3faadb0cfdef89cf"),
        (b"mmh3:999357577\n", "favicon.mmh3", "999357577"),
        (b"mmh3:-479092312", "favicon.mmh3", "-479092312"),
        (b"mmh3:3815874984", "favicon.mmh3", "-479092312"),
    ],
)
def test_either_line_alone(payload: bytes, key: str, value: str) -> None:
    assert values(favicon.parse_reply(payload), key) == [value]


@pytest.mark.parametrize(("payload", "error"), [(b"", NotSpoken), (b"\x89PNG", NotSpoken), (b"md5:12", Malformed)])
def test_what_is_not_a_hash(payload: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        favicon.parse_reply(payload)


@FUZZ
@given(st.binary() | st.binary().map(lambda raw: b"mmh3:" + raw) | st.binary().map(lambda raw: b"md5:" + raw))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(favicon.parse_reply, payload)


WEB = {"http": (8081, 443)}


def test_it_asks_only_an_unnamed_web_server_that_wants_no_login() -> None:
    assert favicon.PROBE.wants(seen(spoken=WEB, http__status="200"))
    assert not favicon.PROBE.wants(seen())
    assert not favicon.PROBE.wants(seen("dahua", spoken=WEB, http__status="200"))
    assert not favicon.PROBE.wants(seen(spoken=WEB, http__status="401", http__realm="x"))
    assert not favicon.PROBE.wants(seen(spoken=WEB, http__status="200", favicon__md5="x"))


def test_it_asks_on_one_port() -> None:
    assert favicon.learned_ports(seen(spoken=WEB)) == (8081,)
    assert favicon.PROBE.ports == ()


async def test_a_port_that_showed_no_page_is_not_asked() -> None:
    host = FakeHost()
    assert await favicon.ask_device(host, 80, seen(spoken=WEB)) == []
    assert host.asked == []


async def test_the_icon_becomes_its_hashes() -> None:
    host = FakeHost(
        replies={(80, b"GET /favicon.ico "): b"HTTP/1.1 200 OK\r\nContent-Type: image/x-icon\r\n\r\n" + ICON}
    )
    [answer] = await favicon.ask_device(host, 80, seen(spoken={"http": (80,)}))
    assert answer.payload == favicon.hash_icon(ICON)
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 404 Not Found\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n<html>no icon</html>",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + ICON,
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"\0",
    ],
)
async def test_no_icon_is_not_an_answer(reply: bytes) -> None:
    [answer] = await favicon.ask_device(
        FakeHost(replies={(80, b"GET /favicon.ico "): reply}), 80, seen(spoken={"http": (80,)})
    )
    assert answer.outcome is Outcome.NOT_SPOKEN
    assert not answer.payload


async def test_a_challenge_is_handed_on_as_http() -> None:
    reply = b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="Device_CGI"\r\n\r\n'
    [answer] = await favicon.ask_device(
        FakeHost(replies={(80, b"GET /favicon.ico "): reply}), 80, seen(spoken={"http": (80,)})
    )
    assert (answer.probe, answer.payload) == ("http", reply)


async def test_a_refused_port_stays_refused() -> None:
    [answer] = await favicon.ask_device(FakeHost(), 80, seen(spoken={"http": (80,)}))
    assert answer.outcome is Outcome.REFUSED
