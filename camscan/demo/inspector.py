"""The rules by which every emulated device judges its visitors. Pure: bytes in, broken rules out.

They are written from the protocols (RFC 9112, RFC 2326, SOAP 1.2, WS-Discovery 2005/04, RFC 6762, UPnP 1.1 and the two
makers' discovery formats), and not from what the scanner sends.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET  # questions come from the scanner under test, on this machine

Broken = Iterator[tuple[str, str]]
"""(rule, detail) of each broken rule."""

CREDENTIAL = re.compile(
    rb"^(?:proxy-)?authorization\s*:|usernametoken|<(?:\w+:)?(?:username|password)\b"
    rb"|[\"'?&;](?:user(?:name)?|login(?:use|pas)?|usr|pwd|pass(?:word)?)[\"']?\s*[=:]|//[^/\s@]*:[^/\s@]*@",
    re.IGNORECASE | re.MULTILINE,
)
PICTURE = re.compile(
    rb"snap|\.jpe?g|\.mjpe?g|mjpeg|/streaming|/picture|image|realmonitor|videostream|/video|/live|/h26[45]"
    rb"|/mpeg4|axis-media|/stream|/ch\d|/av\d|/media|/onvif-http|/record|loadfile|mediafilefind|/download",
    re.IGNORECASE,
)
DANGEROUS_PATH = re.compile(
    rb"/current_config|/rpc2_login|weblanguage|/web_caps|configmanager\.cgi\?action=set|reboot|factory|upgrade"
    rb"|/system/(?:time|network|configuration)|/security/users|userconfig|/device\.rsp|\.\./|%2e%2e|;|`|\$\(",
    re.IGNORECASE,
)
ONVIF_HARMLESS = frozenset(
    [
        "GetSystemDateAndTime",
        "GetServices",
        "GetServiceCapabilities",
        "GetCapabilities",
        "GetHostname",
        "GetEndpointReference",
        "GetWsdlUrl",
        "GetDeviceInformation",
        "GetScopes",
    ]
)
DVRIP_REALM = bytes.fromhex("a0010000" + "00" * 20 + "050201010000a1aa")
LEGACY_5050 = bytes.fromhex("a3010001" + "00" * 12 + "02000000" + "00" * 12)
DHIP_HEADER = 32
DNS_HEADER = 12
_OPCODE, _RCODE, _POINTER = 0x7800, 0x000F, 0xC0
_WSD_11 = "{http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01}"
_REQUEST_LINE = re.compile(rb"([A-Z_-]+) (\S+) (HTTP|RTSP)/1\.[01]")
_HEADER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[^\r\n]*")


def inspect(protocol: str, payload: bytes, ip: str) -> Broken:
    """The rules that one question breaks; ``ip`` is the unit that was asked, or a group address."""
    if CREDENTIAL.search(payload):
        yield "credential", payload[:200].decode("latin-1")
    rule = _RULES.get(protocol)
    if rule is None:
        yield "bytes sent where none are expected", payload[:64].hex()
    else:
        yield from rule(payload, ip)


def _text_request(payload: bytes, ip: str, scheme: bytes) -> tuple[bytes, bytes, dict[bytes, bytes], bytes, str]:
    """Method, target, headers, body, and what is wrong with the form (empty if nothing is)."""
    head, blank, body = payload.partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    match = _REQUEST_LINE.fullmatch(start)
    if not blank or match is None or match[3] != scheme:
        return b"", b"", {}, b"", "no well-formed request line and empty line"
    headers: dict[bytes, bytes] = {}
    for line in lines:
        if _HEADER.fullmatch(line) is None:
            return match[1], match[2], headers, body, f"header {line[:80]!r}"
        name, _, value = line.partition(b":")
        if name.lower() in headers:
            return match[1], match[2], headers, body, f"header {name!r} twice"
        headers[name.lower()] = value.strip()
    length = headers.get(b"content-length", b"0")
    if length != str(len(body)).encode():
        return match[1], match[2], headers, body, f"Content-Length {length!r} with {len(body)} bytes of body"
    host = headers.get(b"host", b"") if scheme == b"HTTP" else match[2].partition(b"//")[2]
    if match[2] != b"*" and host.partition(b"/")[0].partition(b":")[0].decode("latin-1") != ip:
        return match[1], match[2], headers, body, f"host {host[:80]!r} is not {ip}"
    return match[1], match[2], headers, body, ""


def _paths(target: bytes) -> Broken:
    if PICTURE.search(target):
        yield "image or stream asked for", target[:120].decode("latin-1")
    if DANGEROUS_PATH.search(target):
        yield "dangerous path", target[:120].decode("latin-1")


def _http(payload: bytes, ip: str) -> Broken:
    if payload[:2] == b"\x16\x03":
        yield "malformed request", "TLS spoken to a plain HTTP port"
        return
    method, target, headers, body, wrong = _text_request(payload, ip, b"HTTP")
    if wrong:
        yield "malformed request", wrong
    if not method:
        return
    yield from _paths(target)
    if method not in {b"GET", b"HEAD", b"POST"}:
        yield "forbidden method", method.decode("latin-1")
    elif method == b"POST":
        if target.partition(b"?")[0] != b"/onvif/device_service" or b"soap+xml" not in headers.get(
            b"content-type", b""
        ):
            yield "forbidden method", f"POST {target[:120].decode('latin-1')}"
        else:
            yield from _onvif(body)


def _onvif(body: bytes) -> Broken:
    try:
        found = ET.fromstring(body).find("{http://www.w3.org/2003/05/soap-envelope}Body")  # noqa: S314 - as above
    except (ET.ParseError, ValueError, LookupError) as error:
        yield "malformed request", f"ONVIF: {error}"
        return
    if found is None or len(found) != 1:
        yield "malformed request", "ONVIF: not one call in a SOAP 1.2 body"
        return
    call = found[0].tag.rpartition("}")[2]
    if call not in ONVIF_HARMLESS:
        yield "forbidden verb", f"ONVIF {call}"


def _rtsp(payload: bytes, ip: str) -> Broken:
    method, target, headers, _body, wrong = _text_request(payload, ip, b"RTSP")
    if wrong:
        yield "malformed request", wrong
    if not method:
        return
    if not headers.get(b"cseq", b"").isdigit():
        yield "malformed request", "no CSeq"
    if not (target == b"*" or target.startswith(b"rtsp://")):
        yield "malformed request", f"RTSP URL {target[:80]!r}"
    yield from _paths(re.sub(rb"^rtsp://[^/]*", b"", target))
    if method not in {b"OPTIONS", b"DESCRIBE"}:
        yield "forbidden method", method.decode("latin-1")


def _sadp(payload: bytes, _ip: str) -> Broken:
    root = _parse_xml(payload)
    if root is None or root.tag not in {"Probe", "ProbeMatch", "Hello"}:
        yield "malformed request", "SADP: not a Probe"
        return
    if root.tag != "Probe":
        return  # another device's answer to the group, or its greeting
    known = {child.tag: (child.text or "") for child in root}
    if known.get("Types") not in {"inquiry", "inquiry_v32"}:
        yield "forbidden verb", f"SADP {known.get('Types')}"
    if set(known) - {"Uuid", "MAC", "Types"}:
        yield "malformed request", f"SADP: elements {sorted(known)}"
    if not re.fullmatch(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", known.get("Uuid", "")):
        yield "malformed request", "SADP: no Uuid"


def dhip_request(payload: bytes) -> object:
    """The JSON of a well-framed DHIP datagram; None if a real device would ignore it."""
    if len(payload) < DHIP_HEADER or payload[:8] != b"\x20\x00\x00\x00DHIP":
        return None
    session, number, length, index, total, reserved = struct.unpack("<6I", payload[8:32])
    if (session, number, index, reserved) != (0, 0, 0, 0) or length != total or length != len(payload) - 32:
        return None
    try:
        return json.loads(payload[DHIP_HEADER:])
    except (ValueError, RecursionError):
        return None


def _dhip(payload: bytes, _ip: str) -> Broken:
    call = dhip_request(payload)
    if not isinstance(call, dict):
        yield "malformed request", f"DHIP: {payload[:40]!r}"
    elif call.get("method") not in {"DHDiscover.search", "client.notifyDevInfo"}:
        yield "forbidden verb", f"DHIP {call.get('method')}"
    elif call["method"] == "DHDiscover.search" and not _is_harmless(call.get("params")):
        yield "malformed request", f"DHIP: params {call.get('params')}"


def _is_harmless(params: object) -> bool:
    return isinstance(params, dict) and not set(params) - {"mac", "uni"}


def _require_exact(wanted: bytes, name: str) -> Callable[[bytes, str], Broken]:
    def rule(payload: bytes, _ip: str) -> Broken:
        if payload != wanted:
            yield "malformed request", f"{name}: {payload[:40].hex()}"

    return rule


def _wsd(payload: bytes, _ip: str) -> Broken:
    root = _parse_xml(payload)
    if root is None or root.tag != "{http://www.w3.org/2003/05/soap-envelope}Envelope":
        yield "malformed request", "WS-Discovery: not a SOAP 1.2 envelope"
        return
    address = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
    if root.find(f".//{_WSD_11}Probe") is not None:
        return  # WS-Discovery 1.1 has its own namespaces: no ONVIF device answers such a probe
    action = (root.findtext(f".//{address}Action") or "").strip().rpartition("/")[2]
    if action in {"ProbeMatches", "Hello", "Bye", "ResolveMatches"}:
        return
    if action != "Probe":
        yield "forbidden verb", f"WS-Discovery {action}"
    if not re.match(r"(?:urn:)?uuid:[0-9A-Fa-f-]{36}$", root.findtext(f".//{address}MessageID") or ""):
        yield "malformed request", "WS-Discovery: MessageID"
    if root.find(".//{http://schemas.xmlsoap.org/ws/2005/04/discovery}Probe") is None:
        yield "malformed request", "WS-Discovery: no Probe"


def _mdns(payload: bytes, _ip: str) -> Broken:
    """The rules of RFC 6762 that the question breaks.

    It may list the answers that the sender knows (7.1), also in packets of their own (7.2), and the records that the
    sender is about to announce (8.2).
    """
    if len(payload) < DNS_HEADER:
        yield "malformed request", "mDNS: too short"
        return
    _number, flags, *counts = struct.unpack(">6H", payload[:12])
    if flags & 0x8000:
        return
    said = f"mDNS: flags {flags:#06x}, {counts[0]} questions, {counts[1]} answers"
    if flags & (_OPCODE | _RCODE) or not (counts[0] or counts[1]):
        yield "malformed request", said
    elif not _whole_dns(payload, counts[0], sum(counts[1:])):
        yield "malformed request", f"{said}, not what it holds"


def _whole_dns(payload: bytes, questions: int, records: int) -> bool:
    """Whether a message has exactly the questions and records that its header counts."""
    place = DNS_HEADER
    try:
        for _ in range(questions):
            place = _after_name(payload, place) + 4
        for _ in range(records):
            place = _after_name(payload, place) + 10
            place += struct.unpack_from(">H", payload, place - 2)[0]
    except (IndexError, struct.error):
        return False
    return place == len(payload)


def _after_name(payload: bytes, place: int) -> int:
    while length := payload[place]:
        if length >= _POINTER:
            return place + 2
        place += length + 1
    return place + 1


def _ssdp(payload: bytes, _ip: str) -> Broken:
    if payload.startswith((b"NOTIFY ", b"HTTP/1.1 200")):
        return
    lines = payload.split(b"\r\n")
    headers = {line.partition(b":")[0].upper(): line.partition(b":")[2].strip() for line in lines[1:] if line}
    if lines[0] != b"M-SEARCH * HTTP/1.1" or not payload.endswith(b"\r\n\r\n"):
        yield "malformed request", f"SSDP: {lines[0][:60]!r}"
    elif headers.get(b"MAN") != b'"ssdp:discover"' or b"ST" not in headers or b"HOST" not in headers:
        yield "malformed request", "SSDP: MAN, ST or HOST"


def _allow_anything(_payload: bytes, _ip: str) -> Broken:
    yield from ()


def _parse_xml(payload: bytes) -> ET.Element | None:
    if b"<!DOCTYPE" in payload:
        return None
    try:
        return ET.fromstring(payload)  # noqa: S314 - a DTD was refused above
    except (ET.ParseError, ValueError, LookupError):  # the last two: encodings that do not exist
        return None


_RULES: dict[str, Callable[[bytes, str], Broken]] = {
    "http": _http,
    "rtsp": _rtsp,
    "sadp": _sadp,
    "dhip": _dhip,
    "dahua5050": _require_exact(LEGACY_5050, "legacy discovery"),
    "dvrip": _require_exact(DVRIP_REALM, "DVRIP"),
    "wsd": _wsd,
    "mdns": _mdns,
    "ssdp": _ssdp,
    "other": _allow_anything,
}
