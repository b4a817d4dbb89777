"""Favicon: the hash of ``/favicon.ico``, asked only of a device that is still unnamed."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

import mmh3

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact, Outcome
from camscan.net.host import Answer, Host
from camscan.net.message import parse_message
from camscan.net.paths import build_request, example_request
from camscan.patterns import late
from camscan.probes import Facts, Probe, Seen, Stage

PATH = "/favicon.ico"

ICON_LIMIT = 262144
"""Bytes of a reply that are read: half an icon has another hash."""

_IMAGES = (b"\0\0\1\0", b"\0\0\2\0", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"BM", b"RIFF", b"<svg", b"<?xml")
_LINE = late(r"(md5|mmh3)\s{0,4}[:=]\s{0,4}(\S+)", re.IGNORECASE)
_MD5 = re.compile(r"[0-9a-f]{32}")
_MMH3 = re.compile(r"-?\d{1,10}")
_UNAUTHORISED = 401
_OK = 200


def parse_reply(payload: bytes) -> Facts:
    """Lines ``md5:<hex>`` and ``mmh3:<signed decimal>``, either or both."""
    found = _LINE.findall(payload[:256].decode("latin-1"))
    if not found:
        raise NotSpoken("neither md5: nor mmh3:")
    facts = []
    for name, value in found:
        if name.lower() == "md5" and _MD5.fullmatch(value.lower()):
            facts.append(Fact("favicon.md5", value.lower()))
        elif name.lower() == "mmh3" and _MMH3.fullmatch(value):
            facts.append(Fact("favicon.mmh3", _signed_number(int(value))))
    if not facts:
        raise Malformed("a hash of the wrong length")
    return facts


def hash_icon(icon: bytes) -> bytes:
    """The two lines for an icon file. The MurmurHash3 is of its base64 text in lines of 76, as Shodan computes it."""
    digest = hashlib.md5(icon, usedforsecurity=False).hexdigest()
    return f"md5:{digest}\nmmh3:{mmh3.hash(base64.encodebytes(icon))}\n".encode("ascii")


def _signed_number(value: int) -> str:
    # The same 32 bits are published as signed and as unsigned numbers.
    return str(value - 2**32 if 2**31 <= value < 2**32 else value)


def learned_ports(seen: Seen) -> tuple[int, ...]:
    """The one port on which a page was read; no other is tried."""
    return seen.spoken.get("http", ())[:1]


def is_wanted(seen: Seen) -> bool:
    """Only if a web server answered without asking for a login, and the maker is still unknown."""
    return (
        bool(learned_ports(seen))
        and not any(seen.facts.get(key) for key in ("http.realm", "onvif.realm"))
        and not seen.facts.get("favicon.md5")
        and seen.maker is None
        and not seen.no_camera
    )


async def ask_device(host: Host, port: int, seen: Seen) -> Sequence[Answer]:
    """One GET of the icon. A 401 is passed on as HTTP, so that its realm is read and no second 401 is drawn."""
    if port not in learned_ports(seen):
        return []
    answer = await host.http(port, build_request("GET", PATH, host.ip, port), limit=ICON_LIMIT)
    if answer.outcome is not Outcome.ANSWERED:
        return [answer]
    try:
        message = parse_message(answer.payload)
    except NotSpoken:
        return [replace(answer, outcome=Outcome.NOT_SPOKEN, payload=b"", detail="no HTTP reply")]
    if message.status == _UNAUTHORISED:
        return [replace(answer, probe="http")]
    declared = message.get("content-length") or ""
    cut = declared.isdecimal() and declared.isascii() and int(declared[:9]) != len(message.body)
    if message.status != _OK or cut or not message.body.startswith(_IMAGES):
        detail = f"no whole icon (status {message.status})"
        return [replace(answer, outcome=Outcome.NOT_SPOKEN, payload=b"", detail=detail)]
    return [replace(answer, payload=hash_icon(message.body))]


PROBE = Probe(
    name="favicon",
    title="The hash of the web page's icon",
    stage=Stage.CHALLENGE,
    never="Asks nothing of a device that is already named or that wants a login; keeps the hash, not the icon",
    parse=parse_reply,
    learned_ports=learned_ports,
    ask=ask_device,
    examples=(example_request(build_request("GET", PATH, "192.0.2.1")),),
    wants=is_wanted,
)
