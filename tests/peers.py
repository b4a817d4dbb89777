"""Servers in threads that send without end, so that a reader always finds bytes."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

MOST = 16 * 1024 * 1024
"""Bytes that a peer sends on one connection: several times what is read, and what the system holds, of one."""
HELLO_REQUEST = b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"
OK = b"HTTP/1.1 200 OK\r\n"
Talk = Callable[[socket.socket, "Peer"], None]


class Peer:
    """A server in a thread, which talks to one connection after the other until the test is over."""

    def __init__(self, talk: Talk, ip: str, port: int) -> None:
        self.sent = 0
        self.visited = threading.Event()
        self.over = threading.Event()
        self._talk = talk
        self._listener = socket.create_server((ip, port))
        self._listener.settimeout(0.1)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                self.visited.set()
                connection.settimeout(10)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with connection, contextlib.suppress(OSError):
                    self._talk(connection, self)

    def pour(self, connection: socket.socket, data: bytes) -> None:
        """The same for ever, as fast as it is taken, up to ``MOST`` bytes of one connection."""
        sent = 0
        while sent < MOST and not self.over.is_set():
            count = connection.send(data)
            sent += count
            self.sent += count

    def close(self) -> None:
        self.over.set()
        self._thread.join(timeout=20)
        self._listener.close()


@contextlib.contextmanager
def peer(talk: Talk, ip: str = "127.0.0.9", port: int = 0) -> Iterator[Peer]:
    """A server that is there for the length of a block."""
    opened = Peer(talk, ip, port)
    try:
        yield opened
    finally:
        opened.close()


def pours(data: bytes, head: bytes = b"") -> Talk:
    """Waits for a question, then sends the same for ever, as much at once as it can."""

    def talk(connection: socket.socket, other: Peer) -> None:
        connection.recv(4096)
        connection.sendall(head)
        other.pour(connection, data * max(1, 65536 // len(data)))

    return talk


def drips(data: bytes, head: bytes = b"") -> Talk:
    """Piece by piece, each in a segment of its own."""

    def talk(connection: socket.socket, other: Peer) -> None:
        connection.recv(4096)
        connection.sendall(head)
        other.pour(connection, data)

    return talk
