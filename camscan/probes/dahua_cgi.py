"""Dahua HTTP API (``magicBox.cgi``, ``configManager.cgi``): only enrichment asks; captured answers are read."""

from __future__ import annotations

import re

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.message import parse_message
from camscan.net.text import decode
from camscan.probes import Facts, Probe, Stage

_OK = 200
_LINES = 512
_LONGEST = 400
_LINE = re.compile(r"([A-Za-z][A-Za-z0-9_.]{0,60}(?:\[\d{1,4}\][A-Za-z0-9_.]{0,40}){0,4})=(.*)")
_TITLE = re.compile(r"table\.ChannelTitle\[(\d{1,4})\]\.Name")
_KEYS = {
    "type": "dahua_cgi.type",
    "deviceType": "dahua_cgi.device_type",
    "updateSerial": "dahua_cgi.update_serial",
    "sn": "dahua_cgi.serial",
    "serialNumber": "dahua_cgi.serial",
    "version": "dahua_cgi.firmware",
    "hardwareVersion": "dahua_cgi.hardware",
}


def parse(payload: bytes) -> Facts:
    """Lines ``name=value``, with or without HTTP headers, to facts; NotSpoken for pages and refusals."""
    message = parse_message(payload, lenient_body=True)
    if message.start and not message.start.upper().startswith("HTTP"):
        raise NotSpoken("a message, but not an HTTP reply")
    if message.status not in {None, _OK}:
        raise NotSpoken(f"HTTP status {message.status}")
    body = message.body if message.start or message.headers else payload
    lines = [line.strip() for line in decode(body.replace(b"\0", b"")).splitlines()]
    found = [_LINE.fullmatch(line) for line in lines if line]
    if not found or None in found:
        raise NotSpoken("not lines of name=value")
    if len(found) > _LINES:
        raise Malformed(f"more than {_LINES} lines")
    facts = [_fact(each[1], each[2].strip()[:_LONGEST].strip()) for each in found if each and each[2].strip()]
    if not facts:
        raise Malformed("names without a single value")
    return facts


def _fact(name: str, value: str) -> Fact:
    if title := _TITLE.fullmatch(name):
        return Fact("dahua_cgi.channel", f"{int(title[1]) + 1}: name={value}")
    if name in _KEYS:
        return Fact(_KEYS[name], value)
    return Fact("dahua_cgi.field", f"{name}={value}")


PROBE = Probe(
    name="dahua_cgi",
    title="Dahua device information over HTTP, from enrichment and captured answers",
    stage=Stage.NEVER,
    never="Is never asked by a scan: it needs a login",
    parse=parse,
)
