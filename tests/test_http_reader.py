"""Where an HTTP reply ends, however broken, and what is in it."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.net.http import Reply, wants_tls
from camscan.net.message import parse_message


def read(*pieces: bytes, limit: int = 65536) -> tuple[bool, bytes]:
    """Whether the reader had enough after the last piece, and what it hands over."""
    reply = Reply(limit)
    enough = False
    for piece in pieces:
        enough = reply.feed(piece)
    return enough, reply.payload()


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("sent", "payload"),
    [
        (OK + b"Content-Length: 3\r\n\r\nabcEXTRA", OK + b"Content-Length: 3\r\n\r\nabc"),
        (OK + b"content-length:3\n\nabc", OK + b"content-length:3\n\nabc"),
        (OK + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",) * 2,
        (OK + b"Content-Length: 3, 3\r\n\r\nabc",) * 2,
        (OK + b"Content-Length: 0\r\n\r\n",) * 2,
        (b"HTTP/1.1 304 Not Modified\r\n\r\n",) * 2,
        (b"\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nab",) * 2,
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nab", OK + b"Content-Length: 2\r\n\r\nab"),
        (b"HTTP/1.1 200OK\r\nContent-Length: 2\r\n\r\nab",) * 2,
        (b"ICY 200 OK\r\nContent-Length: 2\r\n\r\nab",) * 2,
        (OK + b"Server: x\r\n\r\n<html>no length</HTML>\r\n",) * 2,
        (b"<html>HTTP/0.9</html>",) * 2,
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            OK + b"Transfer-Encoding: chunked\r\n\r\nabcde",
        ),
        (
            OK + b"Transfer-Encoding:chunked\nContent-Length: 99\n\n03\nabc\n0\n\n",
            OK + b"Transfer-Encoding:chunked\nContent-Length: 99\n\nabc",
        ),
    ],
)
def test_complete_replies_need_no_timeout(sent: bytes, payload: bytes) -> None:
    assert read(sent) == (True, payload)
    reply = Reply(65536)
    assert any(reply.feed(sent[at : at + 1]) for at in range(len(sent)))
    assert reply.payload() == payload.rstrip(b"\r\n") or reply.payload() == payload


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nServer: x\r\n",
        OK + b"Server: x\r\n\r\nno length, still open",
        OK + b"Content-Length: 10\r\n\r\nshort",
        OK + b"Content-Length: -5\r\n\r\nabc",
        OK + b"Content-Length: ten\r\n\r\nabc",
        OK + b"Content-Length:\r\n\r\nabc",
        OK + b"Content-Length: 2\r\nContent-Length: 30\r\n\r\nabc",
        OK + b"Content-Length: 99999999999999999999\r\n\r\nabc",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffff\r\nabc",
        b"SSH-2.0-dropbear\r\n",
        b"<html>unfinished",
    ],
)
def test_incomplete_and_self_contradicting_replies_are_kept_as_they_are(sent: bytes) -> None:
    assert read(sent) == (False, sent)


def test_broken_chunks_keep_what_there_is() -> None:
    enough, payload = read(OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nnonsense")
    assert payload.endswith(b"\r\n\r\nabcnonsense")
    assert not enough
    assert read(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"x" * 400)[0]


def test_a_cut_chunk_keeps_its_beginning() -> None:
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    assert read(head + b"5\r\nabc") == (False, head + b"abc")


def test_the_limit_is_kept() -> None:
    endless = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000
    enough, payload = read(endless, limit=65536)
    assert enough
    assert payload == endless[:65536]
    assert parse_message(payload).status == 200
    assert read(OK + b"Content-Length: 5000000\r\n\r\n" + b"x" * 200, limit=100) == (
        True,
        (OK + b"Content-Length: 5000000\r\n\r\n" + b"x" * 200)[:100],
    )


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("gzip", gzip.compress(b"<title>WEB SERVICE</title>", mtime=0)),
        ("deflate", zlib.compress(b"<title>WEB SERVICE</title>")),
        ("deflate", zlib.compress(b"<title>WEB SERVICE</title>", wbits=-15)),
    ],
)
def test_zipped_pages_are_unzipped(name: str, body: bytes) -> None:
    head = OK + f"Content-Encoding: {name}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    assert read(head + body) == (True, head + b"<title>WEB SERVICE</title>")


def test_a_zip_bomb_unpacks_to_the_limit_and_no_further() -> None:
    body = gzip.compress(b"\x00" * 30_000_000, mtime=0)
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n"
    _, payload = read(head + body, limit=65536)
    assert len(payload) <= len(head) + 65536


def test_a_corrupt_zip_is_unchanged() -> None:
    sent = OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"
    assert read(sent) == (True, sent)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"\x15\x03\x01\x00\x02\x02\x46", True),
        (b"HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port", True),
        (b"HTTP/1.1 400 Bad Request\r\n\r\nyou're speaking plain HTTP to an SSL-enabled server port", True),
        (b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", True),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b"HTTP/1.1 302 Found\r\nLocation: https://10.1.2.3/\r\n\r\n", False),
        (b"", False),
    ],
)
def test_ports_that_want_tls(payload: bytes, expected: bool) -> None:
    assert wants_tls(payload) is expected


@given(
    st.one_of(
        st.binary(), st.binary().map(OK.__add__), st.binary().map((OK + b"Transfer-Encoding: chunked\r\n\r\n").__add__)
    ),
    st.integers(1, 80),
)
def test_any_bytes_in_any_pieces_stay_within_the_limit(sent: bytes, limit: int) -> None:
    reply = Reply(limit)
    for at in range(0, len(sent), 7):
        if reply.feed(sent[at : at + 7]):
            break
    assert len(reply.payload()) <= limit


FRAMED = st.one_of(
    st.binary(max_size=60).map(lambda body: b"Content-Length: %d\r\n\r\n%b" % (len(body), body)),
    st.lists(st.binary(min_size=1, max_size=20), max_size=4).map(
        lambda parts: (
            b"Transfer-Encoding: chunked\r\n\r\n"
            + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
            + b"0\r\n\r\n"
        )
    ),
)


@given(FRAMED, st.data())
def test_where_the_pieces_are_split_makes_no_difference(framed: bytes, data: st.DataObject) -> None:
    sent = OK + framed
    whole = read(sent)[1]
    cut = data.draw(st.integers(0, len(sent)))
    reply = Reply(65536)
    if not reply.feed(sent[:cut]):
        assert reply.feed(sent[cut:])
    assert reply.payload() == whole


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=4))
def test_chunks_join_into_the_body(parts: list[bytes]) -> None:
    chunks = b"".join(b"%X\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    _, payload = read(OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert parse_message(payload).body == b"".join(parts)
