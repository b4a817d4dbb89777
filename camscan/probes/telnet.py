"""Telnet banners (RFC 854) that were captured elsewhere. camscan opens no Telnet connection."""

from __future__ import annotations

import re

from camscan.errors import NotSpoken
from camscan.model import Fact
from camscan.net.text import decode_text
from camscan.patterns import late
from camscan.probes import Facts, Probe, Stage

_IAC = b"\xff"
# Negotiation: IAC SB … IAC SE, IAC WILL/WONT/DO/DONT option, other two-byte commands.
_NEGOTIATION = late(rb"\xff(?:\xfa[^\xff]{0,512}\xff\xf0|[\xfb-\xfe][\x00-\xff]?|[\xf0-\xf9]|\Z)", re.DOTALL)
_ESCAPE = late(r"\x1b(?:\[[0-9;?]{0,16}[A-Za-z]|[()][A-Za-z0-9]|[=>78])")
_OTHER = late(r"\s{0,8}(HTTP/|RTSP/|SSH-|<)", re.IGNORECASE)
_BYTES = 4096


def parse_reply(payload: bytes) -> Facts:
    """The text of the banner without option negotiation and terminal control, lines kept."""
    raw = payload[:_BYTES]
    negotiated = _IAC in raw[:1]
    text = decode_text(_NEGOTIATION.sub(b"", raw)).replace("\0", "").replace("\x07", "").replace("\x08", "")
    lines = [line.rstrip() for line in _ESCAPE.sub("", text).splitlines()]
    banner = "\n".join(line for line in lines if line.strip()).strip()
    if not banner and negotiated:
        return [Fact("telnet.banner", "")]
    if not banner or _OTHER.match(banner) or not all(c.isprintable() or c in "\n\t" for c in banner):
        raise NotSpoken("not a Telnet banner")
    return [Fact("telnet.banner", banner)]


PROBE = Probe(
    name="telnet",
    title="Telnet banner, from captured answers",
    stage=Stage.NEVER,
    never="Is never asked",
    parse=parse_reply,
)
