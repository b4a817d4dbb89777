"""Servers on loopback that take alerts: honest ones, and ones that are slow, refuse, redirect or lie."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import certificates
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

HOST = "127.0.0.1"
USER, PASSWORD = "camscan", "correct horse battery"


@dataclass(frozen=True)
class Authority:
    """A certificate for loopback that vouches for itself."""

    file: Path
    """What a recipient names as ca_file."""
    context: ssl.SSLContext


def authority(folder: Path, *hosts: str) -> Authority:
    """Make one; for other hosts it is the wrong certificate."""
    _, pem = certificates.make(hosts=hosts or (HOST, "localhost"))
    file = folder / f"{'-'.join(hosts) or 'loopback'}.pem"
    file.write_bytes(pem)
    return Authority(file, certificates.server_context(pem))


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Mailbox:
    """A mail server, with the mails that it got."""

    port: int = 0
    mails: list[Envelope] = field(default_factory=list)
    refuses: str = ""
    """Its answer if it refuses a mail."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuses:
            return self.refuses
        self.mails.append(envelope)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
        return port


@contextlib.contextmanager
def mail_server(tls: ssl.SSLContext | None, *, login: bool = False) -> Iterator[Mailbox]:
    """One that takes mail over STARTTLS only; without ``tls`` it does not offer it."""
    box = Mailbox(free_port())

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)

    more: dict[str, Any] = {"authenticator": authenticate, "auth_required": True} if login else {}
    server = Controller(
        box, hostname=HOST, port=box.port, tls_context=tls, require_starttls=tls is not None, ready_timeout=5, **more
    )
    server.start()
    try:
        yield box
    finally:
        server.stop()


@contextlib.contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port where ``talk`` does what it likes with each connection."""
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                with connection, contextlib.suppress(OSError):
                    talk(connection)

    with socket.create_server((HOST, 0)) as listening:
        listening.settimeout(0.1)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join(5)


def says_nothing(connection: socket.socket) -> None:
    connection.settimeout(5)
    connection.recv(1)


def never_ends(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"220-and another line\r\n" * 100)


def drips(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"2")
        time.sleep(0.05)


def hangs_up(connection: socket.socket) -> None:
    connection.sendall(b"554 no\r\n")


# ── HTTPS ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Hub:
    """A web server and what was posted to it; its path says how it behaves."""

    port: int = 0
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/take", host: str = HOST) -> str:
        return f"https://{host}:{self.port}{path}"


class Listening(ThreadingHTTPServer):
    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        super().__init__((HOST, 0), Posted)

    def handle_error(self, *_: Any) -> None:
        pass  # a client that does not trust the certificate hangs up


class Posted(BaseHTTPRequestHandler):
    @property
    def hub(self) -> Hub:
        assert isinstance(self.server, Listening)
        return self.server.hub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.hub.posts.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        with contextlib.suppress(OSError):
            {"/lie": self._lie, "/redirect": self._redirect, "/flood": self._flood}.get(self.path, self._answer)()

    def _lie(self) -> None:
        self.wfile.write(b"\x00\x01 this is no HTTP\r\n\r\n" * 20)

    def _redirect(self) -> None:
        self._head(302, ("Location", self.hub.url("/take")))

    def _flood(self) -> None:
        self._head(200)
        while not self.hub.over.is_set():
            self.wfile.write(b"x" * 65536)

    def _answer(self) -> None:
        if self.path == "/slow":
            self.hub.over.wait(3)
        self._head(int(self.path[1:]) if self.path[1:].isdigit() else 202)
        self.wfile.write(b"<b>as you\x1b[2J like</b>\r\n")

    def _head(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def web_server(tls: ssl.SSLContext) -> Iterator[Hub]:
    """``/take`` takes, ``/slow`` answers late, ``/429`` with that status, ``/redirect``, ``/flood``, ``/lie``."""
    hub = Hub()
    with Listening(hub) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        hub.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.over.set()
            server.shutdown()
            thread.join(5)
