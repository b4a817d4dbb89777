"""Dahua DHDiscover: one JSON question after a 32-byte header (DHIP), UDP 37810.

The same port accepts methods that configure a device. Only one method can be built here.
"""

from __future__ import annotations

import enum
import functools
import ipaddress
import json
import re
import struct
from collections.abc import Iterator
from uuid import UUID

from camscan.addresses import is_dotted_quad
from camscan.cache import remember_short
from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.text import clean_text, decode_text, mac_address
from camscan.probes import Datagram, Facts, Probe, Stage, unless_complete

PORT = 37810
GROUP = "239.255.255.251"
ANSWER = "client.notifyDevInfo"
_UNSPECIFIED = "0.0.0.0"

_HEADER = struct.Struct("<I4s6I")
_MAGIC = b"DHIP"
_REVERSED = b"PIHD"
"""The letters that a door station writes when it is asked with them; they are read, never sent."""
_KEYS = {
    "DeviceType": "dhip.device_type",
    "DeviceClass": "dhip.device_class",
    "SerialNo": "dhip.serial",
    "MachineName": "dhip.machine_name",
    "DeviceID": "dhip.device_id",
    "Vendor": "dhip.vendor",
    "Manufacturer": "dhip.manufacturer",
    "Version": "dhip.version",
    "HttpPort": "dhip.http_port",
    "Port": "dhip.port",
    "VideoInputChannels": "dhip.video_inputs",
    "RemoteVideoInputChannels": "dhip.remote_video_inputs",
    "Init": "dhip.init",
    "IPv4Address.IPAddress": "dhip.ipv4",
    "IPv6Address.IPAddress": "dhip.ipv6",
}
_ADDRESSES = {"dhip.ipv4", "dhip.ipv6"}
_DESCRIBES = {
    "DeviceClass",
    "DeviceType",
    "RemoteVideoInputChannels",
    "SerialNo",
    "VideoInputChannels",
    "UnLoginFuncMask",
}
"""Members that occur together in no other protocol's JSON."""
_ENOUGH = 3
_PAIR = re.compile(r'"(\w+)"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d{1,20}|true|false|null)\s*[,}]')
_decoder = json.JSONDecoder(strict=False)


class Method(enum.StrEnum):
    """The allow-list: every method that camscan may send on this port."""

    SEARCH = "DHDiscover.search"


def make_question(method: str, uni: int, end: str, _uuid: UUID) -> bytes:
    """The framed question. Raises ValueError for a method that is not on the allow-list.

    Its header has a place for a request identifier. Every official tool leaves it at 0, and so does every captured
    answer: another number might cost answers. Units answer to the port that asked, and to no group.
    """
    body = f'{{"method":"{Method(method)}","params":{{"mac":"","uni":{uni}}}}}{end}'.encode("ascii")
    return _HEADER.pack(_HEADER.size, _MAGIC, 0, 0, len(body), 0, len(body), 0) + body


def parse_reply(payload: bytes) -> Facts:
    """A framed or bare ``client.notifyDevInfo`` to facts; any other message is not an answer to a search.

    A ``deviceInfo`` alone, which many tools keep of an answer, is read too.
    """
    text = decode_text(_message_body(payload))
    try:
        message, _ = _decoder.raw_decode(text, text.index("{"))
    except (ValueError, RecursionError):
        return _read_truncated(text)
    # raw_decode was pointed at an opening brace, so this is an object.
    if "method" not in message and len(_DESCRIBES & message.keys()) >= _ENOUGH:
        return [_make_fact(name, value) for name, value in _flatten_members(message)]
    if message.get("method") != ANSWER:
        raise NotSpoken("JSON, but not client.notifyDevInfo")
    params = message.get("params")
    info = params.get("deviceInfo") if isinstance(params, dict) else None
    if not isinstance(info, dict) or not info:
        raise Malformed("client.notifyDevInfo without deviceInfo")
    facts = [Fact("dhip.method", ANSWER)]
    mac = _value_text(message.get("mac", ""))
    if mac.strip():
        facts.append(_mac_fact(mac))
    facts.extend(_make_fact(name, value) for name, value in _flatten_members(info))
    facts.extend(
        _make_fact(name, _value_text(value))
        for name, value in message.items()
        if name not in {"mac", "method", "params"}
    )
    return facts


def _message_body(payload: bytes) -> bytes:
    """The bytes after the header, found by the size in the header, or by the first brace."""
    if payload[4:8] == _MAGIC:
        size = int.from_bytes(payload[:4], "little")
        if size >= _HEADER.size and payload[size : size + 1] == b"{":
            return payload[size:]
    if payload[4:8] == _REVERSED and b"{" in payload:
        return payload[payload.index(b"{") :]
    # Captures that passed through a text tool have lost some of the header's control bytes.
    if _MAGIC in payload[:16]:
        body = payload[payload.index(_MAGIC) :]
        if b"{" not in body:
            raise Malformed("DHIP header without JSON")
        return body
    if payload.lstrip(b"\xef\xbb\xbf \t\r\n\0")[:1] != b"{":
        raise NotSpoken("neither a DHIP header nor JSON")
    return payload


def _read_truncated(text: str) -> Facts:
    """The complete members of a broken or truncated answer: only those whose value is closed."""
    pairs = list(_read_pairs(text))
    names = {name for name, _ in pairs}
    if "method" not in names and len(_DESCRIBES & names) >= _ENOUGH:
        return [_make_fact(name, value) for name, value in pairs]
    if ("method", ANSWER) not in pairs:
        if ANSWER in text:
            raise Malformed("client.notifyDevInfo cannot be read as JSON")
        raise NotSpoken("not JSON")
    facts = [Fact("dhip.method", ANSWER)]
    for name, value in pairs:
        if name == "mac":
            facts.append(_mac_fact(value))
        elif name == "IPAddress":
            facts.append(_make_fact(f"{'IPv6Address' if ':' in value else 'IPv4Address'}.{name}", value))
        elif name != "method":
            facts.append(_make_fact(name, value))
    if len(facts) == 1:
        raise Malformed("client.notifyDevInfo that describes no device")
    return facts


def _read_pairs(text: str) -> Iterator[tuple[str, str]]:
    for name, value in _PAIR.findall(text):
        try:
            yield name, _value_text(json.loads(value, strict=False))
        except ValueError:  # an escape that JSON does not know
            continue


def _flatten_members(info: dict[str, object]) -> Iterator[tuple[str, str]]:
    """The members of deviceInfo; those of its inner objects as ``IPv4Address.IPAddress``."""
    for name, value in info.items():
        if isinstance(value, dict):
            for inner, inner_value in value.items():
                yield f"{name}.{inner}", _value_text(inner_value)
        else:
            yield name, _value_text(value)


_written = json.JSONEncoder(ensure_ascii=False).encode


def _value_text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return str(value) if type(value) is int else _written(value)
    except ValueError:  # an integer of thousands of digits
        return "(a number too long to print)"


@remember_short
def _make_fact(name: str, value: str) -> Fact:
    key = _KEYS.get(name)
    text = clean_text(value)
    if key in _ADDRESSES:
        address = _read_address(text)
        return Fact(key, address) if address else Fact("dhip.field", f"{name}={text}")
    if key is None or text in {"", "null"}:
        return Fact("dhip.field", f"{clean_text(name)}={text}")
    return Fact(key, text)


def _mac_fact(text: str) -> Fact:
    mac = mac_address(text)
    return Fact("dhip.mac", mac) if mac else Fact("dhip.field", f"mac={clean_text(text)}")


def _read_address(text: str) -> str | None:
    """``2001:db8::2/112`` without its prefix; None if the field says that there is none: 0.0.0.0, ``::``, ``/0``."""
    if is_dotted_quad(text):  # nearly always: ``ipaddress`` takes a fifth of the time of a whole reply
        return None if text == _UNSPECIFIED else text
    try:
        address = ipaddress.ip_interface(text).ip
    except ValueError:
        return None
    return None if address.is_unspecified else str(address)


PROBE = Probe(
    name="dhip",
    title="Dahua's device search (DHDiscover), UDP 37810",
    stage=Stage.DATAGRAM,
    never="Sends only DHDiscover.search: nothing that logs in, sets up, resets or configures a device",
    parse=parse_reply,
    limit=8192,
    datagrams=(
        Datagram(
            label="search",
            payload=functools.partial(make_question, Method.SEARCH, 1, ""),
            port=PORT,
            groups=(GROUP,),
            broadcast=True,
        ),
        # Some firmware answers only the form that official tools send: a newline after the JSON, and uni 0.
        Datagram(
            label="search_newline",
            payload=functools.partial(make_question, Method.SEARCH, 0, "\n"),
            port=PORT,
            groups=(GROUP,),
            broadcast=True,
        ),
    ),
    wants=unless_complete,
)
