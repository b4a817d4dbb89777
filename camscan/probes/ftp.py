"""FTP banners (RFC 959, reply 220) that were captured elsewhere. camscan opens no FTP connection."""

from __future__ import annotations

import re

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.text import decode_text
from camscan.patterns import late
from camscan.probes import Facts, Probe, Stage

_CODE = late(r"(\d{3})(?:[ -]|$)")
_OTHER = late(r"(HTTP/|RTSP/|SSH-|\* OK|\+OK)", re.IGNORECASE)
_CHARACTERS = 2048


def parse_reply(payload: bytes) -> Facts:
    """The banner without its reply codes, one line per line sent."""
    text = decode_text(payload[:_CHARACTERS])
    lines = [line.rstrip() for line in text.replace("\0", "").splitlines() if line.strip()]
    if not lines:
        raise Malformed("an empty banner") if payload else NotSpoken("nothing was sent")
    if _OTHER.match(lines[0]) or not _is_printable(text):
        raise NotSpoken("not an FTP banner")
    banner = "\n".join(_CODE.sub("", line, count=1) if _CODE.match(line) else line for line in lines).strip()
    if not banner:
        raise Malformed("a reply code without a text")
    return [Fact("ftp.banner", banner)]


def _is_printable(text: str) -> bool:
    return all(character.isprintable() or character in "\r\n\t\0" for character in text)


PROBE = Probe(
    name="ftp",
    title="FTP banner, from captured answers",
    stage=Stage.NEVER,
    never="Is never asked: an FTP connection is logged as a login attempt",
    parse=parse_reply,
)
