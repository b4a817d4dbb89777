"""A centre that was taken over: it has the errand key of a collector and tries to make it send packets elsewhere.

``hostile_centre.py CERTIFICATE KEY ERRAND_KEY COLLECTOR SITE VICTIM`` (the last one is the address of a camera that the
site does not let anybody ask). Listens on 443 and tries one thing at each poll. It prints the name of each thing when
it has done it, and at the end ``honest`` for an errand that the site allows.
"""

from __future__ import annotations

import gzip
import http.server
import json
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from camscan.report import scan_id_at

CERTIFICATE, KEY, ERRAND_KEY, COLLECTOR, SITE, VICTIM = sys.argv[1:7]
ALL = 7
"""One more argument, and only the honest errand is given."""
signer: Any = load_pem_private_key(Path(ERRAND_KEY).read_bytes(), None)
lock = threading.Lock()
Act = Callable[["Handler"], None]


def errand(**changes: Any) -> Mapping[str, Any]:
    """An errand that is signed as it should be, whatever stands in it."""
    now = datetime.now(UTC)
    said = {
        "kind": "scan",
        "id": scan_id_at(now),
        "site": SITE,
        "ends_at": (now + timedelta(hours=1)).isoformat(),
        "collector": COLLECTOR,
    }
    text = json.dumps(said | changes)
    return {"text": text, "signature": signer.sign(b"camscan-errand 1\n" + text.encode()).hex()}


def asks(*errands: Any, **members: Any) -> Act:
    """Answer a poll with these errands."""
    told = {"state": "approved", "errands": list(errands), "next": 1, "hold": False, **members}
    return lambda handler: handler.say(200, json.dumps(told).encode())


def redirects(status: int) -> Act:
    """Send the collector to a camera."""
    return lambda handler: handler.say(
        status, b"", {"Location": f"http://{VICTIM}/doc/index.html", "Refresh": f"0; url=http://{VICTIM}/"}
    )


def raw(content: bytes, times: int = 1) -> Act:
    """Bytes in place of an answer, then the end of the connection."""

    def act(handler: Handler) -> None:
        handler.close_connection = True
        try:
            for _ in range(times):
                handler.wfile.write(content)
        except OSError:
            return  # it has had enough

    return act


BOMB = gzip.compress(bytes(100 << 20), 1)
OK = b"HTTP/1.1 200 OK\r\n"


def things() -> Iterator[tuple[str, Act]]:
    """Each thing, with its name."""
    yield "another site", asks(errand(site="Town Hall"))
    yield "a network as site", asks(errand(site="10.0.0.0/8"), errand(site=VICTIM), errand(site="*"))
    yield (
        "targets in the errand",
        asks(errand(site=f"{SITE} {VICTIM}", targets=[VICTIM], networks=[f"{VICTIM}/32"], exclude=[])),
    )
    yield "another kind", asks(errand(kind="shell", command="id"), errand(kind=["scan"]), errand(kind=None))
    yield "no signature", asks({**errand(), "signature": "00" * 64}, {**errand(), "text": "{}"}, {}, None, 7)
    yield "expired", asks(errand(ends_at="2020-01-01T00:00:00+00:00"), errand(ends_at="never"))
    yield "for another", asks(errand(collector="00" * 32))
    yield (
        "paths as ids",
        asks(errand(id=f"../../../x@{VICTIM}"), errand(id=f"x\r\nHost: {VICTIM}"), errand(id="x" * 9999)),
    )
    yield "huge", asks(errand(site="x" * 500_000))
    yield "very many", asks(*(errand(site=f"site {number}") for number in range(1500)))
    yield "wanted", asks(wanted=["../../key", "*", f"http://{VICTIM}/"] * 100)
    yield "an address for the next", asks(next=f"http://{VICTIM}/", url=f"http://{VICTIM}/", centre=f"http://{VICTIM}")
    yield "a year", asks(next=31_536_000)
    for status in (301, 302, 303, 307, 308):
        yield f"redirect {status}", redirects(status)
    yield "authenticate", lambda handler: handler.say(401, b"{}", {"WWW-Authenticate": "Basic realm=x"})
    yield "retry after", lambda handler: handler.say(503, b"{}", {"Retry-After": "9" * 4000})
    yield "another service", lambda handler: handler.say(200, b"{}", {"Alt-Svc": f'h2="{VICTIM}:443"; ma=99999999'})
    yield "gzip", lambda handler: handler.say(200, BOMB, {"Content-Encoding": "gzip"})
    yield "endless body", raw(OK + b"\r\n" + b" " * 65_536, 10_000)
    yield (
        "endless chunks",
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b" " * 65_536 + b"\r\n", 10_000),
    )
    yield "a flood of headers", raw(OK + b"".join(b"X-%d: y\r\n" % number for number in range(100_000)))
    yield "one endless header", raw(OK + b"X: " + b"y" * 1_000_000, 100)
    yield "early hints", raw(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" * 1000, 20)
    yield "depth", lambda handler: handler.say(200, b"[" * 900_000)
    yield "digits", lambda handler: handler.say(200, b'{"next":' + b"9" * 900_000 + b"}")
    yield "no HTTP", raw(b"SSH-2.0-OpenSSH_9.2\r\n")
    yield "nothing", raw(b"")
    yield "honest", asks(errand())


left = list(things())[-1 if len(sys.argv) > ALL else 0 :]
is_honest = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection of the collector."""

    protocol_version = "HTTP/1.1"

    def say(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """An answer."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """A poll gets the next thing; whatever it says of an errand is taken."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if not self.path.endswith("/poll"):
            self.say(200, b"{}")
            if is_honest.is_set() and "/errand/" in self.path:
                tell(f"errand {self.path.rpartition('/')[2][:40]}")
            return
        with lock:
            name, act = left.pop(0) if left else ("idle", asks())
        if name == "honest":
            is_honest.set()
        try:
            act(self)
        finally:
            tell(name)

    def do_HEAD(self) -> None:
        """How much of a parcel is here: a number that nobody can read."""
        self.say(200, b"", {"Camscan-Held": "9" * 5000})

    def do_PUT(self) -> None:
        """A part of a parcel."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.say(200, b'{"held": -1}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def tell(name: str) -> None:
    """What was done, for the test."""
    sys.stdout.write(f"{name}\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until somebody ends it."""
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 443), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    tell("up")
    server.serve_forever()


if __name__ == "__main__":
    main()
