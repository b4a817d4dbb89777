"""DHCP options (RFC 2132) that a client sent, as ``60=…``, ``12=…`` and ``55=…`` lines. Nothing is sent."""

from __future__ import annotations

import re

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.text import decode_text
from camscan.patterns import late
from camscan.probes import Facts, Probe, Stage

_LINE = late(r"\s{0,8}(?:option[ -]?)?(12|55|60)\s{0,8}=\s{0,8}(.*)", re.IGNORECASE)
_KEYS = {"12": "dhcp.host_name", "55": "dhcp.parameter_list", "60": "dhcp.vendor_class"}
_LINES = 64
_NUMBER = re.compile(r"\d{1,3}")


def parse_reply(payload: bytes) -> Facts:
    """Lines ``number=value`` to facts; the parameter list becomes numbers separated by commas."""
    facts: Facts = []
    lines = [found for line in decode_text(payload[:8192]).splitlines()[:_LINES] if (found := _LINE.match(line))]
    if not lines:
        raise NotSpoken("none of the options 12, 55 and 60")
    for number, raw in (found.groups() for found in lines):
        text = raw.replace("\0", "").strip().strip('"').strip()
        if number == "55":
            text = ",".join(_NUMBER.findall(text))
        if text:
            facts.append(Fact(_KEYS[number], text))
    if not facts:
        raise Malformed("options without a value")
    return facts


PROBE = Probe(
    name="dhcp",
    title="DHCP options that a client sent, from captured or overheard requests",
    stage=Stage.NEVER,
    never="Is never asked: camscan is not a DHCP server",
    parse=parse_reply,
)
