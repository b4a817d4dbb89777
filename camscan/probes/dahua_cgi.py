"""Dahua HTTP API (``magicBox.cgi``, ``configManager.cgi``): only enrichment asks; captured answers are read."""

from __future__ import annotations

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.message import parse_message
from camscan.net.text import decode_text
from camscan.patterns import late
from camscan.probes import Facts, Probe, Stage

_OK = 200
_LINES = 2048
"""Lines that are looked at: the longest answers, of a recorder's channels, have 300."""
_LONGEST = 400
_LINE = late(r"([A-Za-z][A-Za-z0-9_.:]{0,80}(?:\[\d{1,4}\][A-Za-z0-9_.]{0,40}){0,4})[ \t]{0,8}=(.*)")
_TITLE = late(r"table\.ChannelTitle\[(\d{1,4})\]\.Name")
_KEYS = {
    "type": "dahua_cgi.type",
    "devicetype": "dahua_cgi.device_type",
    "updateserial": "dahua_cgi.update_serial",
    "sn": "dahua_cgi.serial",
    "serialno": "dahua_cgi.serial",
    "serialnumber": "dahua_cgi.serial",
    "version": "dahua_cgi.firmware",
    "softwareversion": "dahua_cgi.firmware",
    "hardwareversion": "dahua_cgi.hardware",
}
"""Names in lower case: clients store them in their own spelling."""
_STATUS = late(r"(?i)(?:HTTP/\d\S* 2\d\d.*|OK|[a-z-]{2,40}:.*|[#>$].*)")
"""Lines that clients leave between the answers in one text: status lines, headers, prompts."""


def parse_reply(payload: bytes) -> Facts:
    """Lines ``name=value``, with or without HTTP headers, to facts; NotSpoken for pages and refusals.

    One text may hold several answers, as clients keep them: with blank lines, status lines, headers or prompts between
    them, blanks around the ``=``, or quotation marks around a value.
    """
    message = parse_message(payload, lenient_body=True)
    if message.start and not message.start.upper().startswith("HTTP"):
        raise NotSpoken("a message, but not an HTTP reply")
    if message.status not in {None, _OK}:
        raise NotSpoken(f"HTTP status {message.status}")
    body = message.body if message.start or message.headers else payload
    lines = [line.strip() for line in decode_text(body.replace(b"\0", b"")).splitlines()[:_LINES]]
    pairs = [_LINE.fullmatch(line) for line in lines if line and not _STATUS.fullmatch(line)]
    if not pairs or None in pairs:
        raise NotSpoken("not lines of name=value")
    facts = [_make_fact(pair[1], value) for pair in pairs if pair and (value := _trim_value(pair[2]))]
    if not facts:
        raise Malformed("names without a single value")
    return facts


def _trim_value(text: str) -> str:
    value = text.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return value.strip()[:_LONGEST].strip()


def _make_fact(name: str, value: str) -> Fact:
    if title := _TITLE.fullmatch(name):
        return Fact("dahua_cgi.channel", f"{int(title[1]) + 1}: name={value}")
    if key := _KEYS.get(name.lower()):
        return Fact(key, value)
    return Fact("dahua_cgi.field", f"{name}={value}")


PROBE = Probe(
    name="dahua_cgi",
    title="Dahua device information over HTTP, from enrichment and captured answers",
    stage=Stage.NEVER,
    never="Is never asked by a scan: it needs a login",
    parse=parse_reply,
)
