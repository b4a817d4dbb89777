"""Devices behind a login, for the tests of enrichment: they check the digests themselves, with nothing of camscan's."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import secrets
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USER, PASSWORD = "camscan", "correct horse battery"
PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    authorization: str
    body: bytes


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    drip: bool = False
    """Send the body for ever, a byte now and then."""
    flood: int = 0
    """Send as many bytes as this, if the peer takes them."""


@dataclass
class Fake:
    """A device: ``answer`` says what it does; it remembers everything that reached it."""

    answer: Callable[[Fake, Request], Reply]
    ip: str = ""
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    nonces: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def logins(self) -> list[Request]:
        """The requests that carried a login in any form."""
        return [each for each in self.requests if each.authorization or b"UsernameToken" in each.body]

    def challenge(self, algorithm: str = "MD5", *, stale: bool = False) -> Reply:
        nonce = secrets.token_hex(16)
        self.nonces[nonce] = 0
        text = f'Digest qop="auth", realm="IP Camera(G0001)", nonce="{nonce}", opaque="0f"'
        text += f', algorithm={algorithm}, stale="{"TRUE" if stale else "FALSE"}"'
        return Reply(401, b"<html>no</html>", (("WWW-Authenticate", text),))

    def is_right(self, request: Request, password: str = PASSWORD) -> bool:
        """Whether the digest is of the password (RFC 7616, 3.4.1), on a nonce of ours that was never used so before."""
        if not request.authorization.startswith("Digest "):
            return False
        told = {name: quoted or bare for name, quoted, bare in PARAMETER.findall(request.authorization)}
        make: Callable[[bytes], Any] = HASHES[told.get("algorithm", "MD5")]

        def digest(*parts: str) -> str:
            return str(make(":".join(parts).encode()).hexdigest())

        count = int(told["nc"], 16)
        if told["uri"] != request.path or count <= self.nonces.get(told["nonce"], 1 << 32):
            return False
        self.nonces[told["nonce"]] = count
        first = digest(told["username"], told["realm"], password)
        second = digest(request.method, told["uri"])
        wanted = digest(first, told["nonce"], told["nc"], told["cnonce"], told["qop"], second)
        return (told["username"], told["response"]) == (USER, wanted)


def behind_digest(pages: dict[str, bytes], algorithm: str = "MD5") -> Callable[[Fake, Request], Reply]:
    """A device that gives its pages to who knows the password."""

    def answer(fake: Fake, request: Request) -> Reply:
        if not fake.is_right(request):
            return fake.challenge(algorithm)
        page = pages.get(request.path)
        return Reply(404) if page is None else Reply(200, page, (("Set-Cookie", "session=precious"),))

    return answer


def is_right_token(body: bytes, password: str = PASSWORD) -> bool:
    """Whether a WS-UsernameToken (OASIS WSS UsernameToken Profile 1.0, 3.1) is of the password."""

    def text(name: bytes) -> bytes:
        found = re.search(rb"<(?:\w+:)?" + name + rb"(?:\s[^>]*)?>([^<]*)<", body)
        return found[1] if found else b""

    nonce = base64.b64decode(text(b"Nonce"))
    wanted = base64.b64encode(hashlib.sha1(nonce + text(b"Created") + password.encode()).digest())
    return text(b"Username") == USER.encode() and text(b"Password") == wanted


@contextlib.contextmanager
def serving(fake: Fake, ip: str, context: ssl.SSLContext | None = None) -> Iterator[Fake]:
    """Let it answer at the address, on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            request = Request(self.command, self.path, self.headers.get("Authorization") or "", self.rfile.read(length))
            fake.requests.append(request)
            self.give(fake.answer(fake, request))

        def do_POST(self) -> None:
            self.do_GET()

        def give(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            size = 1 << 30 if reply.drip else reply.flood or len(reply.body)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(reply.body)
                while reply.drip and not fake.stopped.wait(0.05):
                    self.wfile.write(b" ")
                while fake.sent < reply.flood and not fake.stopped.is_set():
                    fake.sent += self.wfile.write(b" " * 65536)

        def log_message(self, *_arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: object) -> None:
            pass  # peers that hang up are what some tests are about

    with Server((ip, 0), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        fake.ip, fake.port = ip, server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield fake
        finally:
            fake.stopped.set()
            server.shutdown()
            thread.join()
