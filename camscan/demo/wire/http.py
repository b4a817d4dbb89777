"""HTTP of embedded servers: each site chooses its header names, their order and its mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from camscan.demo.device import Certificate, Converse, Session, Tcp, Unit

_REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.[01]\r?\n")
_LENGTH = re.compile(rb"^content-length:\s*(\d{1,6})\s*$", re.IGNORECASE | re.MULTILINE)
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request."""

    method: str
    target: str
    body: bytes

    @property
    def path(self) -> str:
        """The target without the query."""
        return self.target.partition("?")[0]


Site = Callable[[Unit, HttpRequest], bytes]


def make_reply(
    status: str, headers: Headers, body: bytes | str = b"", *, version: str = "HTTP/1.1", length: str = "Content-Length"
) -> bytes:
    """A reply as bytes. The length header is put where ``headers`` has it with an empty value, otherwise at the end."""
    content = body.encode() if isinstance(body, str) else body
    lines = [(name, str(len(content)) if name == length and not value else value) for name, value in headers]
    if length and all(name != length for name, _ in lines):
        lines.append((length, str(len(content))))
    head = "".join(f"{name}:{value}\r\n" if value.startswith("\t") else f"{name}: {value}\r\n" for name, value in lines)
    return f"{version} {status}\r\n{head}\r\n".encode("latin-1") + content


async def read_request(session: Session, protocol: str = "http") -> bytes:
    """Read one complete request with its body, recorded and inspected; empty if the visitor sent nothing."""
    head = await session.read_line_block()
    length = _LENGTH.search(head)
    request = head + (await session.read_exactly(int(length[1])) if length else b"")
    if request:
        session.record_request(protocol, request)
    return request


def converse(site: Site, *, limit: int = 0) -> Converse:
    """Answer requests on one connection. ``limit``: further connections get a refusal and are closed."""

    async def answer(session: Session) -> None:
        while request := await read_request(session):
            head, _, body = request.partition(b"\r\n\r\n")
            found = _REQUEST.match(request)
            if found is None:
                return
            asked = HttpRequest(found[1].decode(), found[2].decode("latin-1"), body)
            reply = FULL if limit and session.number >= limit else site(session.unit, asked)
            if reply[8:13] == b" 401 ":
                session.count_challenge()
            await session.send(reply if asked.method != "HEAD" else reply.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
            if _ends(head, reply):
                return

    return answer


_CLOSE = re.compile(rb"^connection:\s*close", re.IGNORECASE | re.MULTILINE)
_KEEP = re.compile(rb"^connection:\s*keep-alive", re.IGNORECASE | re.MULTILINE)


def _ends(request: bytes, reply: bytes) -> bool:
    """Whether the connection ends with this reply: HTTP/1.1 continues if neither side says that it ends."""
    head = reply.partition(b"\r\n\r\n")[0]
    old = head.startswith(b"HTTP/1.0") and not _KEEP.search(head)
    return bool(old or _CLOSE.search(request) or _CLOSE.search(head))


FULL = make_reply(
    "401 Unauthorized",
    (("CONNECTION", "close"), ("Content-type", "text/plain;charset=utf-8")),
    "Exceeded maximum number of connections",
)


def service(
    site: Site,
    *,
    port: int = 80,
    gives: tuple[str, ...] = (),
    certificate: Certificate | None = None,
    certificate_gives: tuple[str, ...] = (),
    limit: int = 0,
) -> Tcp:
    """A web server; with ``certificate``, over TLS."""
    return Tcp(port, "http", converse(site, limit=limit), gives, certificate, certificate_gives)


def fixed_site(pages: Mapping[str, bytes], otherwise: bytes) -> Site:
    """A site whose pages never change. ``{ip}``, ``{mac}``, ``{serial}`` and ``{model}`` in them are filled in."""

    def site(unit: Unit, asked: HttpRequest) -> bytes:
        reply = pages.get(asked.path, otherwise)
        head, blank, body = reply.partition(b"\r\n\r\n")
        filled = fill_placeholders(unit, body)
        if filled != body:
            head = head.replace(f": {len(body)}".encode(), f": {len(filled)}".encode())
        return fill_placeholders(unit, head) + blank + filled

    return site


def fill_placeholders(unit: Unit, text: bytes) -> bytes:
    """A text with the unit's own values in place of the placeholders."""
    for name, value in (
        ("ip", unit.ip),
        ("mac", unit.mac_tail.upper()),
        ("serial", unit.serial),
        ("model", unit.model),
        ("web", str(unit.port(80))),
        ("secure", str(unit.port(443))),
    ):
        text = text.replace(f"{{{name}}}".encode(), value.encode())
    return text


def simple_site(server: str, title: str, *, body: str = "", extra: Headers = (), status: str = "200 OK") -> Site:
    """The plain site of some other device: one page for every request."""
    html = body or f"<html><head><title>{title}</title></head><body></body></html>"
    named = (("Server", server),) if server else ()
    ok = make_reply(status, (*named, *extra, ("Content-Type", "text/html"), ("Connection", "close")), html)
    lost = make_reply("404 Not Found", (*named, ("Content-Type", "text/html"), ("Connection", "close")), "Not Found")
    return fixed_site({"/": ok} if status == "200 OK" else {}, lost if status == "200 OK" else ok)
