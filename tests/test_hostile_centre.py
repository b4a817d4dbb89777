"""What a centre may answer, byte for byte: a collector reads so much and no more, waits so long, and follows nobody."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from camscan.parcel import client
from camscan.parcel.client import AlteredError, Centre, CentreError, KeyRefusedError, ParcelRefusedError

OK = b"HTTP/1.1 200 OK\r\n"
SCAN = "01990000-0000-7000-8000-000000000001"


def sized(body: bytes, status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    """A whole answer."""
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n" % (status, len(body), more) + body


@dataclass
class Peer:
    """Listens on loopback and answers each connection with the next thing."""

    answers: list[bytes | Callable[[socket.socket], None]] = field(default_factory=list)
    asked: list[bytes] = field(default_factory=list)
    """What each request began with."""

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection, suppress(OSError):
                    self.asked.append(connection.recv(65_536))
                    answer = self.answers.pop(0)
                    if callable(answer):
                        answer(connection)
                    else:
                        connection.sendall(answer)
                        connection.shutdown(socket.SHUT_WR)
                        connection.settimeout(5)
                        while connection.recv(65_536):
                            pass


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.listener.close()


def centre(peer: Peer) -> Centre:
    numbers = iter(range(1, 100))
    return Centre(peer.url, Ed25519PrivateKey.generate(), lambda: next(numbers))


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"303 See Other", b"307 Temporary", b"308 Permanent"])
def test_it_follows_nobody(peer: Peer, status: bytes) -> None:
    camera = Peer([sized(b"{}")])
    peer.answers.append(sized(b"", status, b"Location: %b/\r\nRefresh: 0; url=%b/\r\n" % ((camera.url.encode(),) * 2)))
    with pytest.raises(CentreError, match=f"HTTP status {status[:3].decode()}"):
        centre(peer).poll({})
    camera.listener.close()
    assert camera.asked == []
    assert len(peer.asked) == 1


ENDLESS = {
    "body": OK + b"\r\n" + bytes(1 << 16),
    "chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + bytes(1 << 16) + b"\r\n") * 20,
    "headers": OK + b"X: y\r\n" * 100_000,
    "header": OK + b"X: " + b"y" * 1_000_000,
    "status": b"HTTP/1.1 200 " + b"y" * 1_000_000,
}


@pytest.mark.parametrize("what", ENDLESS)
def test_it_reads_no_more_than_an_answer_is(peer: Peer, what: str) -> None:
    sent = 0

    def act(connection: socket.socket) -> None:
        nonlocal sent
        for turn in range(2000):
            part = ENDLESS[what] if not turn else ENDLESS[what][-65_536:]
            connection.sendall(part)
            sent += len(part)

    peer.answers.append(act)
    with pytest.raises(CentreError):
        centre(peer).poll({})
    assert sent < 30_000_000  # most of it is in the buffers of this machine


@pytest.mark.parametrize("piece", [b"X", b" ", b"HTTP/1.1 103 Early Hints\r\n\r\n"], ids=["header", "body", "hints"])
def test_it_waits_no_longer_than_it_does(peer: Peer, piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then is no sign of life."""
    monkeypatch.setattr(client, "_WHOLE", 0.5)

    def act(connection: socket.socket) -> None:
        connection.sendall(OK + b"Content-Length: 9999\r\n\r\n" if piece == b" " else b"")
        while True:
            connection.sendall(piece)
            time.sleep(0.05)

    peer.answers.append(act)
    with pytest.raises(CentreError, match="took longer"):
        centre(peer).poll({})


def test_what_is_packed_is_not_unpacked(peer: Peer) -> None:
    bomb = gzip.compress(bytes(100 << 20), 9)
    peer.answers.append(sized(bomb, more=b"Content-Encoding: gzip\r\n"))
    assert centre(peer).poll({}) == {}
    assert b"accept-encoding: identity" in peer.asked[0].lower()


@pytest.mark.parametrize(
    "body", [b"[" * 900_000, b'{"next":' + b"9" * 900_000 + b"}", b'"\\ud800"', b"[1]", b"\xff\xfe", b"NaN", b""]
)
def test_what_is_not_an_object_says_nothing(peer: Peer, body: bytes) -> None:
    peer.answers.append(sized(body))
    assert centre(peer).poll({}) == {}


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-x\r\n", OK, b"HTTP/1.1 99999 x\r\n\r\n", b"\x15\x03\x01\x00\x02\x02F"]
)
def test_what_is_not_an_answer_is_tried_again(peer: Peer, answer: bytes) -> None:
    peer.answers.append(answer)
    if answer == OK:
        peer.answers[0] = OK  # a head that is cut off
    with pytest.raises(CentreError, match="cannot be reached"):
        centre(peer).poll({})


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (b"401 x", b'{"error":"x"}', AlteredError),
        (b"403 x", b'{"error":"x"}', KeyRefusedError),
        (b"409 x", b'{"error":"repeated"}', CentreError),
        (b"503 x", b"", CentreError),
        (b"200 x", b'{"state":7}', CentreError),
    ],
)
def test_each_status_of_a_poll(peer: Peer, status: bytes, body: bytes, error: type[Exception]) -> None:
    peer.answers.append(sized(body, status, b"Retry-After: " + b"9" * 4000 + b"\r\n"))
    if status == b"200 x":
        assert centre(peer).poll({}) == {"state": 7}  # the round looks at it
        return
    with pytest.raises(error):
        centre(peer).poll({})


@pytest.mark.parametrize("held", [b"9" * 5000, b"-1", b"1e3", b"\xd9\xa3", b"4", b""])
def test_an_unreadable_number_counts_as_missing(peer: Peer, held: bytes) -> None:
    peer.answers += [
        sized(b"", more=b"Camscan-Held: " + held + b"\r\n"),
        sized(b'{"held": 3}'),
        sized(b'{"state": "waiting"}', b"202 x"),
    ]
    assert centre(peer).send(SCAN, b"abc") == "waiting"
    assert b"at=0" in peer.asked[1]


@pytest.mark.parametrize(
    "said", [b'{"held": -1}', b'{"held": true}', b'{"held": "3"}', b"{}", b"[]", b'{"held": 1e400}']
)
def test_a_part_is_not_sent_for_ever(peer: Peer, said: bytes) -> None:
    peer.answers += [sized(b""), sized(said)]
    with pytest.raises(CentreError, match="took no part of the parcel at 0"):
        centre(peer).send(SCAN, b"abc")
    assert len(peer.asked) == 2


def test_a_part_that_came_too_soon_waits(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    soon = sized(b"{}", b"429 x", b"Retry-After: 2\r\n")
    peer.answers += [sized(b""), soon, soon, sized(b'{"held": 3}'), sized(b'{"state": "waiting"}', b"202 x")]
    assert centre(peer).send(SCAN, b"abc") == "waiting"
    assert slept == [2, 2]
    peer.answers += [sized(b""), sized(b"{}", b"429 x", b"Retry-After: 99999\r\n")]
    with pytest.raises(CentreError, match="HTTP status 429"):
        centre(peer).send(SCAN, b"abc")
    peer.answers += [sized(b""), *[soon] * 10]
    with pytest.raises(CentreError, match="HTTP status 429"):
        centre(peer).send(SCAN, b"abc")
    assert len(slept) == 12


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (b"409 x", b'{"error":"another parcel has this id"}', ParcelRefusedError),
        (b"409 x", b'{"held":0}', CentreError),
        (b"422 x", b'{"error":"x"}', ParcelRefusedError),
        (b"400 x", b'{"error":"digest","held":0}', AlteredError),
        (b"202 x", b"{}", CentreError),
        (b"202 x", b"<html>", CentreError),
    ],
)
def test_each_end_of_a_parcel(peer: Peer, status: bytes, body: bytes, error: type[Exception]) -> None:
    peer.answers += [sized(b""), sized(b'{"held": 3}'), sized(body, status)]
    with pytest.raises(CentreError) as caught:
        centre(peer).send(SCAN, b"abc")
    assert caught.type is error
