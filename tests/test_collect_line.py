"""A collector's connection: one for a round, and left alone for as long as its centre says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from test_collect import allowed

from camscan.app import collect, spool
from camscan.app.collect_place import Place, read_place
from camscan.cli.collect.run import vary_seconds
from camscan.errors import CamscanError
from camscan.output import make_folder
from camscan.parcel.client import DAY, Answer, Centre, CentreError

SCAN = "01990000-0000-7000-8000-00000000000{}"


class Peer:
    """A centre that keeps connections open, and answers every request with the next thing."""

    def __init__(self, *answers: tuple[bytes, bytes]) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, IndexError):
            while (head := _request(connection)) and self.answers:
                self.requests.append(head.split(b" HTTP/1.1")[0])
                status, body = self.answers.pop(0)
                shown = b"" if head.startswith(b"HEAD ") else body
                connection.sendall(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + shown)


def _request(connection: socket.socket) -> bytes:
    """One whole request; its head."""
    said = b""
    while b"\r\n\r\n" not in said:
        piece = connection.recv(65_536)
        if not piece:
            return b""
        said += piece
    head, _, body = said.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += connection.recv(65_536)
    return head


DONE = (b"200 OK", b"{}")


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer(DONE, DONE, DONE)
    yield made
    made.close()


def centre(peer: Peer) -> Centre:
    numbers = iter(range(1, 100))
    return Centre(peer.url, Ed25519PrivateKey.generate(), lambda: next(numbers))


class TestConnection:
    def test_one_is_used_for_a_round(self, peer: Peer) -> None:
        asking = centre(peer)
        with asking.hold_connection():
            for _ in range(3):
                asking.poll({})
        assert (peer.connections, len(peer.requests)) == (1, 3)

    def test_otherwise_each_request_has_its_own(self, peer: Peer) -> None:
        asking = centre(peer)
        for _ in range(3):
            asking.poll({})
        assert (peer.connections, len(peer.requests)) == (3, 3)

    def test_after_a_failure_another_is_made(self, peer: Peer) -> None:
        asking = centre(peer)
        peer.answers.insert(1, (b"200 OK\r\nContent-Length: x", b""))
        with asking.hold_connection():
            asking.poll({})
            with pytest.raises(CentreError):
                asking.poll({})
            asking.poll({})
        assert peer.connections == 2


class TestPutOff:
    """503 and 429 with Retry-After."""

    @pytest.mark.parametrize(
        ("said", "seconds"),
        [("30", 30), ("0", 0), ("-5", 0), ("1e3", 0), ("٣", 0), ("999999999", DAY), ("9" * 5000, 0), ("", 0)],
    )
    def test_what_it_says_is_a_number_of_seconds_or_nothing(self, said: str, seconds: int) -> None:
        assert Answer(503, {}, {"retry-after": said}).after == seconds

    def test_a_poll_that_was_put_off_says_for_how_long(self, peer: Peer) -> None:
        peer.answers[:] = [(b"503 x\r\nRetry-After: 90", b"{}")]
        with pytest.raises(CamscanError) as caught:
            centre(peer).poll({})
        assert collect.put_off_seconds(caught.value) == 90.0
        assert collect.put_off_seconds(CentreError("away")) == 0.0

    def test_parcels_wait_until_the_time_is_over(
        self, peer: Peer, workplace: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A whole day's share was sent: the round after that asks for errands, and sends nothing."""
        own = read_place(allowed(workplace))
        for number in range(2):
            make_folder(own.spool)
            (own.spool / f"{SCAN.format(number)}.camparcel").write_bytes(b"abc")
        peer.answers[:] = [DONE, (b"429 x\r\nRetry-After: 7200", b"{}")]
        told: list[str] = []
        assert spool.send_spool(own, centre(peer), told.append) == 0
        assert [each.split()[0] for each in peer.requests] == [b"HEAD", b"PUT"]
        assert "HTTP status 429" in told[0]
        assert spool.send_spool(own, centre(peer), told.append) == 0
        assert len(peer.requests) == 2
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 7300)
        assert spool.may_send(own)

    @pytest.mark.parametrize("said", ["soon", -1, None, 10**12])
    def test_what_is_remembered_may_be_anything(self, workplace: Path, said: object) -> None:
        own: Place = read_place(allowed(workplace))
        own.remember(send_after=said)
        assert spool.may_send(own)


def test_collectors_spread_their_polls() -> None:
    waits = {vary_seconds(60) for _ in range(50)}
    assert len(waits) > 40
    assert all(54 <= each <= 66 for each in waits)
