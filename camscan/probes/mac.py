"""A MAC address, or the prefix of one, from ARP, DHCP and switch tables, in any spelling. Nothing is sent."""

from __future__ import annotations

import re

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.text import decode_text, mac_address
from camscan.patterns import late
from camscan.probes import Facts, Probe, Stage

_TEXT = late(r"[0-9A-Fa-fXx*?:.\- ]{2,40}(?:/(?:24|28|36))?")
_MASK = late(r"/(24|28|36)$")
_UNKNOWN = late(r"[Xx*?:.\- ]+$")
_SEPARATED = late(r"[0-9a-f]{1,2}([:-])[0-9a-f]{1,2}(?:\1[0-9a-f]{1,2}){0,4}")
_DOTTED = late(r"[0-9a-f]{4}(?:\.[0-9a-f]{1,4}){0,2}")
_DIGITS = re.compile(r"[0-9a-f]+")
_PREFIXES = (6, 7, 9)
"""Digits of the assignments that the IEEE makes: MA-L, MA-M and MA-S."""


def parse_reply(payload: bytes) -> Facts:
    """``mac.address`` of a whole address, else ``mac.prefix`` of 6, 7 or 9 digits; other lengths are cut to these."""
    text = decode_text(payload[:256]).replace("\0", "").strip().strip("\"'").strip()
    if address := mac_address(text):
        return [Fact("mac.address", address)]
    if not _TEXT.fullmatch(text):
        raise NotSpoken("not a MAC address")
    masked = _MASK.search(text)
    digits = _prefix_digits(_MASK.sub("", text))
    length = int(masked[1]) // 4 if masked else max((size for size in _PREFIXES if size <= len(digits)), default=0)
    if not length or len(digits) < length or len(digits) > 12:  # noqa: PLR2004 - an address has 12 digits
        raise Malformed(f"{len(digits)} digits are neither a MAC address nor a prefix of one")
    if len(digits) == 12 and not masked:  # noqa: PLR2004 - as above; all zeros or all ones
        raise Malformed("not the address of one unit")
    return [Fact("mac.prefix", digits[:length])]


def _prefix_digits(text: str) -> str:
    """The digits that are known: 0080f0 for ``0:80:f0`` and ``00:80:F0:XX:XX:XX``, a0bb3e7 for ``A0:BB:3E:7``."""
    known = _UNKNOWN.sub("", text).lower()
    if _SEPARATED.fullmatch(known):
        *octets, last = re.split("[:-]", known)
        half = len(last) == 1 and all(len(octet) == 2 for octet in octets)  # noqa: PLR2004 - half an octet at the end
        return "".join(octet.zfill(2) for octet in octets) + (last if half else last.zfill(2))
    digits = known.replace(".", "") if _DOTTED.fullmatch(known) else known.replace(" ", "")
    return digits if _DIGITS.fullmatch(digits) else ""


PROBE = Probe(
    name="mac",
    title="MAC addresses from the neighbour table and from captured tables",
    stage=Stage.NEVER,
    never="Is never asked",
    parse=parse_reply,
)
