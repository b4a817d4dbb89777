"""HTTP: one ``GET /``, and one more request if the start page leads to a known login page of the same device."""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Sequence

from camscan.errors import NotSpoken
from camscan.model import Fact, Outcome
from camscan.net.host import Answer, Host
from camscan.net.message import Message, parse_message, read_challenges
from camscan.net.paths import PATHS, build_request, example_request, page_jump, port_numbers, same_device
from camscan.net.text import CHARSETS
from camscan.probes import Facts, Probe, Seen, Stage

# Not 8443: on Hikvision that is the SDK over TLS, not a web server.
PORTS = (80, 443, 8080)
BODY_CHARACTERS = 8192
HEADERS = 128
"""Headers that become facts; no camera sends thirty."""

_BOM = b"\xef\xbb\xbf"
_CHARSET = re.compile(r"charset\s{0,5}=\s{0,5}[\"']?\s{0,5}([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_PAGE = re.compile(rb"<(?:!doctype html|html|head|title|script|body|meta|frameset)\b", re.IGNORECASE)
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]-]{0,80}=.{0,400}")
_FIELDS = 64
_INTERIM = range(100, 200)
_HEADERS = frozenset(
    {
        "accept-ranges",
        "cache-control",
        "connection",
        "content-length",
        "content-type",
        "date",
        "etag",
        "expires",
        "last-modified",
        "location",
        "p3p",
        "pragma",
        "server",
        "set-cookie",
        "transfer-encoding",
        "www-authenticate",
        "x-frame-options",
    }
)


def parse_reply(payload: bytes) -> Facts:
    """One reply, headers alone, or a page without headers, to facts; NotSpoken for RTSP, banners and other bytes."""
    message = parse_message(payload, lenient_body=True)
    if message.status in _INTERIM and message.body.startswith(b"HTTP/"):
        message = parse_message(message.body)
    _refuse_others(message)
    facts: Facts = []
    if message.status is not None:
        facts.append(Fact("http.status", str(message.status)))
    facts += _header_facts(message)
    if message.body.strip():
        facts += _page_facts(message)
    if not facts:
        raise NotSpoken("neither a status, nor a header, nor a page")
    return facts


def _refuse_others(message: Message) -> None:
    if message.start:
        if not message.start.upper().startswith(("HTTP", "ICY")):
            raise NotSpoken("a message, but not an HTTP reply")
    elif message.headers:
        if not any(name.lower() in _HEADERS for name, _ in message.headers):
            raise NotSpoken("lines, but no HTTP header among them")
    elif not _PAGE.search(message.body[:4096]):
        raise NotSpoken("no status line, no header, no page")


def _header_facts(message: Message) -> Facts:
    facts = [Fact("http.header", f"{name.lower()}: {value}") for name, value in message.headers[:HEADERS]]
    if message.headers:
        facts.append(Fact("http.header_order", ",".join(name for name, _ in message.headers[:HEADERS])))
    facts += [Fact("http.server", value) for value in message.all("server")]
    facts += [Fact("http.etag", value) for value in message.all("etag")]
    facts += [Fact("http.redirect", value) for value in message.all("location")]
    for challenge in read_challenges(message.all("www-authenticate")):
        facts += [Fact("http.realm", value.strip()) for name, value in challenge.params.items() if name == "realm"]
        facts.append(Fact("http.auth", f"{challenge.scheme.lower()}: {' '.join(challenge.order)}".strip()))
    return facts


def _page_facts(message: Message) -> Facts:
    raw = _unpack_body(message)
    charset = _find_charset(message, raw)
    text = _decode_body(raw, charset)
    facts = [Fact("http.charset", charset)] if charset else []
    title = _find_title(text)
    if title is not None:
        facts.append(Fact("http.title", title))
    target = page_jump(text[: 2 * BODY_CHARACTERS])
    if target:
        facts.append(Fact("http.redirect", target))
    if not text.lstrip().startswith("<"):
        lines = [line.strip() for line in text[: 2 * BODY_CHARACTERS].splitlines()]
        facts += [Fact("http.field", line) for line in lines if _FIELD.fullmatch(line)][:_FIELDS]
    facts.append(Fact("http.body", text[:BODY_CHARACTERS]))
    return facts


def _unpack_body(message: Message) -> bytes:
    # camscan asks for identity; captured replies, and servers that ignore it, are still compressed.
    if message.body.startswith(b"\x1f\x8b") and "gzip" in (message.get("content-encoding") or "gzip").lower():
        try:
            return zlib.decompressobj(wbits=31).decompress(message.body, 4 * BODY_CHARACTERS)
        except zlib.error:
            return message.body
    return message.body


def _find_charset(message: Message, raw: bytes) -> str:
    declared = _CHARSET.search(message.get("content-type") or "") or _CHARSET.search(raw[:2048].decode("latin-1"))
    return declared[1].lower() if declared else ""


def _decode_body(raw: bytes, charset: str) -> str:
    if raw.startswith(_BOM):
        return raw.decode("utf-8-sig", "replace").replace("\0", "")
    if CHARSETS.fullmatch(charset):
        return raw.decode(charset, "replace").replace("\0", "")
    try:
        return raw.decode("utf-8").replace("\0", "")
    except UnicodeDecodeError:
        return raw.decode("latin-1").replace("\0", "")


def _find_title(text: str) -> str | None:
    """The text of the first title element, entities decoded, white space folded; None without one."""
    lowered = text.lower()
    start = lowered.find("<title")
    if start < 0 or lowered[start + 6 : start + 7] not in {">", " ", "\t", "\r", "\n"}:
        return None
    begin = text.find(">", start) + 1
    if not begin:
        return None
    stop = lowered.find("</title", begin)
    if stop < 0:  # cut, or never closed: up to the next tag
        stop = text.find("<", begin)
    inner = text[begin:stop] if stop >= 0 else text[begin:]
    return " ".join(html.unescape(inner[:1024]).split())


def is_wanted(seen: Seen) -> bool:
    """Not after a login was asked for: the next port of the same server would draw a second challenge."""
    return not seen.facts.get("http.realm") and not seen.complete


def learned_ports(seen: Seen) -> tuple[int, ...]:
    """Web ports that the device named itself over SADP or Dahua discovery."""
    keys = ("sadp.http_port", "dhip.http_port", "dahua5050.http_port")
    return port_numbers(tuple(value for key in keys for value in seen.facts.get(key, ())))


async def ask_device(host: Host, port: int, _seen: Seen) -> Sequence[Answer]:
    """``GET /``."""
    return [await host.http(port, build_request("GET", "/", host.ip, port))]


async def follow_answer(host: Host, first: Answer, seen: Seen) -> Sequence[Answer]:
    """If the start page leads to a known page of the same device, that page. There is never a third request."""
    following = _page_to_follow(first, host.ip, first.port, {*PORTS, *learned_ports(seen)})
    if following is None:
        return []
    port, path = following
    return [await host.http(port, build_request("GET", path, host.ip, port))]


def _page_to_follow(first: Answer, ip: str, port: int, asked_anyway: set[int]) -> tuple[int, str] | None:
    if first.outcome is not Outcome.ANSWERED:
        return None
    try:
        facts = parse_reply(first.payload)
    except NotSpoken:
        return None
    for key, value in facts:
        if key == "http.redirect":
            found = same_device(value, ip, port)
            if found and not (found[1] == "/" and found[0] in asked_anyway | {port}):
                return found
    return None


PROBE = Probe(
    name="http",
    title="One GET / on the web ports, and the login page that it leads to",
    stage=Stage.CONNECT,
    never="Sends no credential, follows no redirect off the device, asks for no image and for no path off its list",
    parse=parse_reply,
    ports=PORTS,
    learned_ports=learned_ports,
    ask=ask_device,
    follow=follow_answer,
    examples=tuple(
        example_request(build_request(method, path, "192.0.2.1"))
        for method, path in sorted(PATHS)
        if method == "GET" and (path == "/" or path.startswith("/doc/") or path == "/index.asp")
    ),
    wants=is_wanted,
)
