"""Dahua RPC2 login challenge. Asking for it is a login call, so it is never sent; captured answers are read."""

from __future__ import annotations

import json

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.text import clean_text, decode_text, mac_address
from camscan.patterns import late
from camscan.probes import Facts, Probe, Stage

_KEYS = {
    "params.realm": "rpc2.realm",
    "params.encryption": "rpc2.encryption",
    "error.code": "rpc2.error_code",
    "session": "rpc2.session",
}
_MARKS = ("rpc2.realm", "rpc2.error_code", "rpc2.session")
_MAC = "params.mac"
_PAIR = late(r'"(realm|mac|encryption|code|session)"\s{0,20}:\s{0,20}(?:"([^"\\]{0,256})"|(\d{1,20})(?=\s{0,20}[,}]))')
_PATHS = {
    "realm": "params.realm",
    "mac": _MAC,
    "encryption": "params.encryption",
    "code": "error.code",
    "session": "session",
}
_FIELDS = 64
_decoder = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)


def parse_reply(payload: bytes) -> Facts:
    """The JSON object, with whatever HTTP headers or DHIP frame stand before it, to facts."""
    text = decode_text(payload[:65536])
    start = text.find("{")
    if start < 0:
        raise NotSpoken("no JSON")
    try:
        message, _ = _decoder.raw_decode(text, start)
    except (ValueError, RecursionError):
        return _read_truncated(text)
    if not isinstance(message, dict):
        raise NotSpoken("JSON, but no object")
    facts = [fact for name, value in _flatten_members(message) for fact in _member_facts(name, value)][:_FIELDS]
    if not any(key in _MARKS for key, _ in facts):
        raise NotSpoken("JSON, but neither a realm, nor an error code, nor a session")
    return facts


def _flatten_members(message: dict[str, object]) -> list[tuple[str, str]]:
    members: list[tuple[str, str]] = []
    for name, value in message.items():
        if isinstance(value, dict):
            members += [(f"{name}.{inner}", _value_text(inner_value)) for inner, inner_value in value.items()]
        else:
            members.append((name, _value_text(value)))
    return members


def _value_text(value: object) -> str:
    if isinstance(value, str):
        return clean_text(value)
    return clean_text(json.dumps(value, ensure_ascii=False))


def _member_facts(name: str, text: str) -> Facts:
    if not text or text == "null":
        return []
    if name == _MAC and (mac := mac_address(text)):
        return [Fact("rpc2.mac", mac)]
    return [Fact(_KEYS[name], text) if name in _KEYS else Fact("rpc2.field", clean_text(f"{name}={text}"))]


def _read_truncated(text: str) -> Facts:
    """The complete members of a truncated answer."""
    pairs = [(_PATHS[name], clean_text(quoted or plain)) for name, quoted, plain in _PAIR.findall(text)]
    facts = [fact for path, value in pairs for fact in _member_facts(path, value)]
    if not any(key == "rpc2.realm" for key, _ in facts):
        if '"realm"' in text:
            raise Malformed("a login challenge that cannot be read as JSON")
        raise NotSpoken("not JSON")
    return facts


PROBE = Probe(
    name="rpc2",
    title="Dahua web login challenge, from captured answers",
    stage=Stage.NEVER,
    never="Is never asked: asking is a login call",
    parse=parse_reply,
)
