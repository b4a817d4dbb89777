"""RTSP (RFC 2326): one OPTIONS on the stream port. No stream is set up, nothing is described."""

from __future__ import annotations

import re
from collections.abc import Sequence

from camscan.errors import NotSpoken
from camscan.model import Fact
from camscan.net.host import Answer, Host
from camscan.net.message import Message, parse_message, read_challenges
from camscan.net.paths import build_rtsp, example_request
from camscan.net.text import decode_text
from camscan.patterns import late
from camscan.probes import Facts, Probe, Seen, Stage, unless_complete

PORTS = (554, 8554)
BODY_CHARACTERS = 8192
HEADERS = 64
"""Headers of one reply that become facts."""

_START = re.compile(rb"(?m)^[ \t]{0,8}RTSP/\d\.\d[ \t]", re.IGNORECASE)
# Hikvision sends two blanks after the colon and the month before the day; the blanks are part of the mark.
_DATE = re.compile(rb"(?mi)^Date[ \t]{0,8}:([^\r\n]{0,200})")
_CHALLENGE = late(rb"\s{0,20}(?:Digest|Basic)[ \t]+realm[ \t]{0,8}=", re.IGNORECASE)
_HEADERS = frozenset({"cseq", "public", "www-authenticate", "session", "content-base", "server"})
_MESSAGES = 8


def parse_reply(payload: bytes) -> Facts:
    """One or several replies in a row (a 401 and the 200 after it), or header lines alone, to facts."""
    starts = [found.start() for found in _START.finditer(payload)][:_MESSAGES]
    if starts:
        ends = [*starts[1:], len(payload)]
        return [fact for begin, end in zip(starts, ends, strict=True) for fact in _read_facts(payload[begin:end])]
    if _CHALLENGE.match(payload):
        lines = [line for line in payload.splitlines() if _CHALLENGE.match(line)]
        payload = b"".join(b"WWW-Authenticate: " + line.strip() + b"\r\n" for line in lines)
    return _read_facts(payload)


def _read_facts(payload: bytes) -> Facts:
    message = parse_message(payload, lenient_body=True)
    if message.start and not message.start.upper().startswith("RTSP"):
        raise NotSpoken("a message, but not an RTSP reply")
    if not message.start and not any(name.lower() in _HEADERS for name, _ in message.headers):
        raise NotSpoken("neither an RTSP status line nor an RTSP header")
    facts = [] if message.status is None else [Fact("rtsp.status", str(message.status))]
    facts += [Fact("rtsp.header", f"{name.lower()}: {value}") for name, value in message.headers[:HEADERS]]
    facts += [Fact("rtsp.server", value) for value in message.all("server")]
    facts += [Fact("rtsp.public", value) for value in message.all("public")]
    head = payload[: len(payload) - len(message.body)] if message.body else payload
    facts += [Fact("rtsp.date", decode_text(found[1]).replace("\0", "").rstrip()) for found in _DATE.finditer(head)]
    facts += _challenge_facts(message)
    if message.body.strip():
        facts.append(Fact("rtsp.body", decode_text(message.body).replace("\0", "")[:BODY_CHARACTERS]))
    if not facts:
        raise NotSpoken("an RTSP status line without a status")
    return facts


def _challenge_facts(message: Message) -> Facts:
    facts: Facts = []
    for challenge in read_challenges(message.all("www-authenticate")):
        facts += [Fact("rtsp.realm", value.strip()) for name, value in challenge.params.items() if name == "realm"]
        facts.append(Fact("rtsp.auth", f"{challenge.scheme.lower()}: {' '.join(challenge.order)}".strip()))
    return facts


async def ask_device(host: Host, port: int, _seen: Seen) -> Sequence[Answer]:
    """One OPTIONS. The reply is read to the empty line after its headers."""
    return [await host.exchange(port, build_rtsp("OPTIONS", host.ip, port), until=b"\r\n\r\n", limit=16384)]


PROBE = Probe(
    name="rtsp",
    title="One RTSP OPTIONS on the stream ports",
    stage=Stage.CONNECT,
    never="Sends no SETUP, no PLAY, no credential and nothing malformed",
    parse=parse_reply,
    limit=16384,
    ports=PORTS,
    ask=ask_device,
    examples=(example_request(build_rtsp("OPTIONS", "192.0.2.1")),),
    wants=unless_complete,
)
