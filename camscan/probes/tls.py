"""TLS: a handshake and nothing after it, for the certificate that the device shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.host import Answer, Host
from camscan.net.paths import port_numbers
from camscan.net.text import decode_text
from camscan.net.tls import Hello, describe_certificate
from camscan.patterns import late
from camscan.probes import Facts, Probe, Seen, Stage, unless_complete

PORTS = (443, 8443)

_LINE = re.compile(r"[ \t]{0,20}([A-Za-z][A-Za-z0-9_ ]{0,30}?)[ \t]{0,8}[=:][ \t]{0,20}(.*)")
# Spellings of OpenSSL, curl and camscan itself.
_KEYS = {
    "subject": "tls.subject",
    "issuer": "tls.issuer",
    "sha256": "tls.sha256",
    "sha256_fingerprint": "tls.sha256",
    "version": "tls.version",
    "protocol": "tls.version",
    "serial": "tls.serial",
    "not_before": "tls.not_before",
    "notbefore": "tls.not_before",
    "start_date": "tls.not_before",
    "issued": "tls.not_before",
    "not_after": "tls.not_after",
    "notafter": "tls.not_after",
    "expire_date": "tls.not_after",
    "expires": "tls.not_after",
    "san": "tls.san",
}
_NAMED = {"cn": "cn", "commonname": "cn", "2.5.4.3": "cn", "o": "o", "organizationname": "o", "2.5.4.10": "o"} | {
    "ou": "ou",
    "organizationalunitname": "ou",
    "2.5.4.11": "ou",
}
_TYPE = r"(?:[A-Za-z][A-Za-z0-9-]{0,40}|\d{1,10}(?:\.\d{1,10}){1,15})"
_PAIR = re.compile(rf"[ \t]{{0,8}}({_TYPE})[ \t]{{0,8}}=[ \t]{{0,8}}")
_NEXT = re.compile(rf"[ \t]{{0,8}}{_TYPE}[ \t]{{0,8}}=")
_ESCAPE = late(r"\\(?:x?([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_NAME_CHARACTERS = 4096
_RECORD = b"\x16\x03"
"""A TLS record of the handshake, of any version (RFC 8446, 5.1)."""
_LINES = 256


def parse_reply(payload: bytes) -> Facts:
    """Lines ``subject=…``, ``issuer=…`` and others, or a distinguished name alone, to facts; in any order.

    A captured first flight of a server is read for its certificate, which TLS 1.3 encrypts.
    """
    if payload.startswith(_RECORD):
        payload = _describe_flight(payload)
    facts: Facts = []
    for line in decode_text(payload[:65536]).replace("\0", "").splitlines()[:_LINES]:
        found = _LINE.match(line)
        key = _KEYS.get(found[1].strip().lower().replace(" ", "_")) if found else None
        if found is None or key is None:
            continue
        value = found[2].strip()
        if key in {"tls.subject", "tls.issuer"}:
            facts += _name_facts(key, value)
        elif key == "tls.san":
            facts += [Fact(key, part.strip()) for part in value.split(",")[:_LINES] if part.strip()]
        elif value:
            facts.append(Fact(key, value))
    if not facts:
        facts = _bare_name(payload)
    return facts


def _describe_flight(flight: bytes) -> bytes:
    hello = Hello()
    hello.feed(flight)
    if not hello.certificate and not hello.version:
        raise Malformed("a TLS handshake without a ServerHello")
    if not hello.certificate:
        return b"version=" + hello.version.encode()
    return describe_certificate(hello.certificate, hello.version)


def _bare_name(payload: bytes) -> Facts:
    text = decode_text(payload[:_NAME_CHARACTERS]).replace("\0", "").strip()
    if re.match(r"(subject|issuer)\s*[=:]", text, re.IGNORECASE):
        raise Malformed("a certificate that names neither subject nor issuer")
    facts = _name_facts("tls.subject", text) if "\n" not in text and _PAIR.match(text.lstrip("/")) else []
    if not any(key != "tls.subject" for key, _ in facts):
        raise NotSpoken("no subject, no issuer")
    return facts


def _name_facts(key: str, value: str) -> Facts:
    """The name as RFC 4514 text in the order sent, then its common names, organisations and units."""
    pairs = list(_split_attributes(value[:_NAME_CHARACTERS]))
    if not pairs:
        return [Fact(key, value)] if value else []
    facts = [Fact(key, ",".join(f"{name}={_escape_value(text)}" for name, text in pairs))]
    facts += [Fact(f"{key}_{_NAMED[name.lower()]}", text) for name, text in pairs if name.lower() in _NAMED and text]
    return facts


def _split_attributes(name: str) -> Iterator[tuple[str, str]]:
    """Attributes of ``CN=a,O=b``, ``C = CN, O = b``, ``CN=a; O=b`` or ``/C=CN/O=b``, those of a joint RDN one by one.

    A separator counts only before another attribute: makers write ``O=… Technology CO.,LTD.`` unescaped.
    """
    separators = "/" if name.startswith("/") else ",;+"
    position = 1 if name.startswith("/") else 0
    while found := _PAIR.match(name, position):
        start = found.end()
        end = _value_end(name, start, separators)
        yield found[1], _unescape_value(name[start:end])
        position = end + 1


def _value_end(name: str, start: int, separators: str) -> int:
    quoted = name[start : start + 1] == '"'
    position = start + 1 if quoted else start
    while position < len(name):
        character = name[position]
        if character == "\\":
            position += 1
        elif quoted:
            quoted = character != '"'
        elif character in separators and _NEXT.match(name, position + 1):
            return position
        position += 1
    return len(name)


def _unescape_value(value: str) -> str:
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if "\\" not in text:
        return text
    # Escaped bytes are UTF-8; consecutive ones make one character.
    raw = bytearray()
    position = 0
    for found in _ESCAPE.finditer(text):
        raw += text[position : found.start()].encode("utf-8", "replace")
        raw += bytes.fromhex(found[1]) if found[1] else found[2].encode("utf-8", "replace")
        position = found.end()
    return decode_text(bytes(raw + text[position:].encode("utf-8", "replace")))


def _escape_value(value: str) -> str:
    return re.sub(r'([,+"\\<>;])', r"\\\1", value)


def learned_ports(seen: Seen) -> tuple[int, ...]:
    """HTTPS and SDK-over-TLS ports that SADP named."""
    return port_numbers((*seen.facts.get("sadp.https_port", ()), *seen.facts.get("sadp.sdk_tls_port", ())))


async def ask_device(host: Host, port: int, _seen: Seen) -> Sequence[Answer]:
    """One handshake, closed at once."""
    return [await host.certificate(port)]


PROBE = Probe(
    name="tls",
    title="A TLS handshake, for the certificate",
    stage=Stage.CONNECT,
    never="Sends nothing after the handshake",
    parse=parse_reply,
    ports=PORTS,
    learned_ports=learned_ports,
    ask=ask_device,
    examples=(),
    wants=unless_complete,
)
