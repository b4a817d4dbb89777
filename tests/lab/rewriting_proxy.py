"""A program that opens HTTPS on its way, as some firewalls do, and changes the last byte of every part of a parcel.

It listens where the web server of the centre would, with a certificate that the collector trusts, and passes on to
``camscan serve``: ``rewriting_proxy.py CERTIFICATE KEY``. It prints ``up``, and then ``changed`` for each part.
"""

from __future__ import annotations

import http.client
import ssl
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGES = ("127.0.0.1", 8377)
OWN = frozenset({"connection", "content-length", "transfer-encoding", "date", "server"})


class Handler(BaseHTTPRequestHandler):
    """Passes on one request."""

    protocol_version = "HTTP/1.1"

    def handle_request(self) -> None:
        """Pass it on, with its last byte changed if it is a part of a parcel."""
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        if self.command == "PUT":
            body = body[:-1] + bytes([body[-1] ^ 1])
            sys.stdout.write("changed\n")
            sys.stdout.flush()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN}
        headers["X-Forwarded-For"] = self.client_address[0]
        pages = http.client.HTTPConnection(*PAGES, timeout=30)
        pages.request(self.command, self.path, body, headers)
        answer = pages.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in OWN:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        pages.close()

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Whatever the method: the library looks for ``do_`` and its name."""
        if name.startswith("do_"):
            return self.handle_request
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until it is ended."""
    certificate, key = sys.argv[1:3]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("", 443), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    sys.stdout.write("up\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
