"""Hikvision ISAPI: device information, and a recorder's channels. Only enrichment asks; captured answers are read."""

from __future__ import annotations

import json
import re

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.message import parse_message
from camscan.net.text import clean_text, decode_text, mac_address
from camscan.net.xml import Document, parse_xml
from camscan.patterns import late
from camscan.probes import Facts, Probe, Stage

_KEYS = {
    "model": "isapi.model",
    "serialNumber": "isapi.serial",
    "firmwareVersion": "isapi.firmware_version",
    "firmwareReleasedDate": "isapi.firmware_released",
    "deviceType": "isapi.device_type",
    "deviceName": "isapi.device_name",
    "manufacturer": "isapi.manufacturer",
    "OEMCode": "isapi.oem_code",
    "subSerialNumber": "isapi.sub_serial",
}
_CHANNEL_LIST = "InputProxyChannelList"
_ROOTS = frozenset({"DeviceInfo", "DeviceStatus", "ResponseStatus", "activateStatus", "userCheck", _CHANNEL_LIST})
_NAMESPACE = late(r"https?://www\.(hikvision|isapi|std-cgi|psialliance)\.", re.IGNORECASE)
_NUMBER = re.compile(r"\d{6}")
_FIELDS = 128
_CHANNELS = 512
_CHANNEL = {
    "name": "name",
    "ipAddress": "ip",
    "ipv6Address": "ip",
    "model": "model",
    "serialNumber": "serial",
    "firmwareVersion": "firmware",
    "proxyProtocol": "protocol",
}
"""Field of a recorder's channel -> its word in the fact."""


def parse_reply(payload: bytes) -> Facts:
    """The XML, whole or cut at either end, with or without HTTP headers, to facts."""
    message = parse_message(payload, lenient_body=True)
    if message.start and not message.start.upper().startswith("HTTP"):
        raise NotSpoken("a message, but not an HTTP reply")
    body = message.body if message.start else payload
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _json_facts(body)
    if b"<" not in body:
        raise NotSpoken("no XML")
    try:
        document = parse_xml(body)
    except Malformed:
        if b"DeviceInfo" in body:
            raise
        raise NotSpoken("no XML") from None
    leaves = _list_leaves(document)
    uri = document.uri
    if not _is_isapi(document.names[0], uri, leaves):
        raise NotSpoken("XML, but not of ISAPI")
    facts = [Fact("isapi.namespace", uri.strip())] if uri else []
    if document.names[0] == _CHANNEL_LIST:
        facts += _channel_facts(document)
    else:
        facts += [fact for name, text in leaves[:_FIELDS] if text for fact in _leaf_facts(name, text)]
        facts += _firmware_facts(dict(reversed(leaves)))
    if not facts:
        raise Malformed("ISAPI XML without a single value")
    return facts


def _list_leaves(document: Document) -> list[tuple[str, str]]:
    every = zip(document.names, document.texts, document.leaves(), strict=True)
    return [(name, " ".join(text.split())) for name, text, is_leaf in every if is_leaf]


def _leaves_within(document: Document, some: range) -> list[tuple[str, str]]:
    return [(document.names[index], " ".join(document.texts[index].split())) for index in some if document.leaf(index)]


def _json_facts(body: bytes) -> Facts:
    """The same as JSON: newer firmware writes it if asked to, and tools keep it."""
    try:
        message = json.loads(decode_text(body).strip("\ufeff\0 \t\r\n"), strict=False)
    except (ValueError, RecursionError):
        raise NotSpoken("neither XML nor JSON") from None
    told = message.get("DeviceInfo") if isinstance(message, dict) else None
    if not isinstance(told, dict):
        raise NotSpoken("JSON, but no DeviceInfo")
    leaves = [(name, " ".join(clean_text(value).split())) for name, value in told.items() if isinstance(value, str)]
    uri = dict(leaves).get("@xmlns", "")
    facts = [Fact("isapi.namespace", uri.strip())] if uri else []
    shown = [(name, text) for name, text in leaves[:_FIELDS] if text and not name.startswith("@")]
    facts += [fact for name, text in shown for fact in _leaf_facts(clean_text(name), text)]
    facts += _firmware_facts(dict(shown))
    if not facts:
        raise Malformed("DeviceInfo without a single value")
    return facts


def _is_isapi(root: str, uri: str, leaves: list[tuple[str, str]]) -> bool:
    if root in _ROOTS or _NAMESPACE.match(uri):
        return True
    names = {name for name, _ in leaves}
    return len(names & {"serialNumber", "firmwareVersion", "firmwareReleasedDate", "macAddress", "model"}) > 1


def _leaf_facts(name: str, text: str) -> Facts:
    if name == "macAddress" and (mac := mac_address(text)):
        return [Fact("isapi.mac", mac)]
    if name in _KEYS:
        return [Fact(_KEYS[name], text)]
    return [Fact("isapi.field", f"{name}={text}")]


def _channel_facts(document: Document) -> Facts:
    """A recorder's network channels. A camera's own fields belong to its channel, never to the recorder.

    The user names with which the recorder logs in are left out.
    """
    facts = []
    for channel in document.children(0):
        leaves = dict(_leaves_within(document, document.within(channel)))
        told = [f"{word}={leaves[name]}" for name, word in _CHANNEL.items() if leaves.get(name)]
        if told:
            facts.append(Fact("isapi.channel", f"{leaves.get('id') or '?'}: {', '.join(told)}"))
    return facts[:_CHANNELS]


def _firmware_facts(leaves: dict[str, str]) -> Facts:
    """Version and build as the device's own pages write them: ``V5.7.17 build 240606``."""
    version = leaves.get("firmwareVersion", "")
    released = leaves.get("firmwareReleasedDate", "")
    if not version:
        return []
    if _NUMBER.fullmatch(released):
        released = f"build {released}"
    return [Fact("isapi.firmware", version if released in version else f"{version} {released}")]


PROBE = Probe(
    name="isapi",
    title="Hikvision device information, from captured answers",
    stage=Stage.NEVER,
    never="Is never asked: it needs a login",
    parse=parse_reply,
)
