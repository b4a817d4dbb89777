"""Hikvision SADP: one XML question on UDP 37020, to the group, the subnet's broadcast address and single addresses.

The same port accepts commands that activate, reset and reconfigure a device. Only two harmless verbs can be built here.
Devices answer to the sender, to the whole group, or to both.
"""

from __future__ import annotations

import enum
import functools
import ipaddress
import re
from uuid import UUID

from camscan.addresses import is_dotted_quad
from camscan.cache import remember_short
from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.text import mac_address
from camscan.net.xml import parse_xml
from camscan.probes import Datagram, Facts, Probe, Stage, unless_complete

PORT = 37020
GROUP = "239.255.255.250"
LIMIT = 8192
_UNSPECIFIED = "0.0.0.0"

_KEYS = {
    "devicedescription": "sadp.model",
    "devicesn": "sadp.serial",
    "softwareversion": "sadp.firmware",
    "dspversion": "sadp.dsp_version",
    "devicetype": "sadp.device_type",
    "commandport": "sadp.command_port",
    "httpport": "sadp.http_port",
    "httpsport": "sadp.https_port",
    "sdkovertlsport": "sadp.sdk_tls_port",
    "analogchannelnum": "sadp.analog_channels",
    "digitalchannelnum": "sadp.digital_channels",
    "oeminfo": "sadp.oem_info",
    "oemcode": "sadp.oem_code",
    "detailoemcode": "sadp.detail_oem_code",
    "boottime": "sadp.boot_time",
}
_MAC = "mac"
_ADDRESSES = {"ipv4address": "sadp.ipv4", "ipv6address": "sadp.ipv6"}
_FLAGS = {
    "activated": "sadp.activated",
    "dhcp": "sadp.dhcp",
    "devicelock": "sadp.locked",
    "hcplatformenable": "sadp.cloud_enabled",
}
_LEFT_OUT = {"uuid", "types", "salt"}
"""Our own identifier, the verb (see sadp.type), and a parameter of commands that carry a password."""
_KNOWN = {*_KEYS, *_ADDRESSES, *_FLAGS, _MAC}
_TEXT = bytes(range(0x20, 0x7F)) + b"\t\r\n"
_OPAQUE_AT_LEAST = 16
_ROOT = re.compile(rb"<(?:ProbeMatch|Probe|Hello)\b", re.IGNORECASE)
_UUID = re.compile(rb"<Uuid>([^<]{1,64})", re.IGNORECASE)
_PASSING = re.compile(rb"<(Uuid|Salt)>[^<]{1,200}", re.IGNORECASE)
_ROOTS = {name.lower(): name for name in ("ProbeMatch", "Probe", "Hello")}
_OTHERS = (b"<", b"DHIP", b"PIHD", b"HTTP/", b"RTSP/")


class Verb(enum.StrEnum):
    """The allow-list: every ``Types`` value that camscan may send on this port."""

    INQUIRY = "inquiry"
    INQUIRY_V32 = "inquiry_v32"


def make_question(verb: str, uuid: UUID) -> bytes:
    """The XML question; devices echo the identifier. Raises ValueError for a verb that is not on the allow-list."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<Probe><Uuid>{str(uuid).upper()}</Uuid><Types>{Verb(verb)}</Types></Probe>"
    ).encode("ascii")


def echoed_identifier(payload: bytes) -> str:
    """The identifier of the question: units repeat it as they got it."""
    found = _UUID.search(payload)
    return found[1].decode("latin-1") if found else ""


def without_identifier(payload: bytes) -> bytes:
    """The reply without the identifier of the question and the salt."""
    return _PASSING.sub(rb"<\1>", payload)


def parse_reply(payload: bytes) -> Facts:
    """A ``ProbeMatch`` or ``Hello`` to facts. Elements come in any order and number, and may be missing.

    A body that is not text becomes ``sadp.unreadable`` rather than NotSpoken: if a firmware ever encrypts its answer,
    the device must still show up. That fact is weak evidence.
    """
    data = payload.strip(b"\0 \t\r\n")
    if not _ROOT.search(data):
        return _read_other_than_xml(data)
    document = parse_xml(data, limit=LIMIT)
    root = document.names[0]
    name = _ROOTS.get(root.lower(), root)
    # Descendants, not children: some firmware forgets an end tag, and everything after it nests.
    values = list(zip(document.names[1:], map(str.strip, document.texts[1:]), strict=True))
    elements = set(map(str.lower, document.names[1:]))
    if name == "Probe":
        raise NotSpoken("this is a question, from camscan or another tool, and not an answer")
    if name not in {"ProbeMatch", "Hello"} or "endpointreference" in elements:
        raise NotSpoken(f"XML, but not of SADP: {name[:40]!r}")
    verb = next((text for child, text in values if child == "Types"), "")
    facts = [Fact("sadp.type", f"{name}/{verb}")]
    if name == "ProbeMatch" and verb and not verb.startswith("inquiry"):
        # A management tool is at work: the device is here, but its answers to that tool are not kept.
        return facts
    if values and f"</{root}".encode() not in data and f"</{values[-1][0]}>".encode() not in data:
        values.pop()  # cut in the middle of its value
    if name == "ProbeMatch" and not elements & _KNOWN:
        raise Malformed("ProbeMatch without any element that describes a device")
    facts += [_make_fact(child, text) for child, text in values if child.lower() not in _LEFT_OUT]
    return facts


def _read_other_than_xml(data: bytes) -> Facts:
    opaque = bool(data.translate(None, _TEXT)) and not any(mark in data[:16] for mark in _OTHERS)
    if opaque and len(data) >= _OPAQUE_AT_LEAST:
        return [Fact("sadp.unreadable", data[:64].hex())]
    raise NotSpoken("not an answer of SADP")


@remember_short
def _make_fact(name: str, text: str) -> Fact:
    """One element as a fact of its own key if it holds a value, else as ``sadp.field``."""
    lowered = name.lower()
    value: str | None = text
    if lowered in _FLAGS:
        # Cameras spell it "flase"; whatever is not true is false.
        return Fact(_FLAGS[lowered], "true" if text.lower() == "true" else "false")
    key = _KEYS.get(lowered)
    if lowered == _MAC:
        key, value = "sadp.mac", mac_address(text)
    elif lowered in _ADDRESSES:
        key, value = _ADDRESSES[lowered], _read_address(text)
    return Fact(key, value) if key and value else Fact("sadp.field", f"{name}={text}".strip())


def _read_address(text: str) -> str | None:
    if is_dotted_quad(text):  # nearly always: ``ipaddress`` takes a fifth of the time of a whole reply
        return None if text == _UNSPECIFIED else text
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if address.is_unspecified else str(address)


PROBE = Probe(
    name="sadp",
    title="Hikvision's device search (SADP), UDP 37020",
    stage=Stage.DATAGRAM,
    never="Sends only inquiry and inquiry_v32: nothing that activates, updates, restores, reboots or unbinds",
    parse=parse_reply,
    limit=LIMIT,
    datagrams=(
        Datagram(
            label=Verb.INQUIRY.value,
            payload=functools.partial(make_question, Verb.INQUIRY),
            port=PORT,
            groups=(GROUP,),
            broadcast=True,
        ),
        Datagram(
            label=Verb.INQUIRY_V32.value,
            payload=functools.partial(make_question, Verb.INQUIRY_V32),
            port=PORT,
            groups=(GROUP,),
            broadcast=True,
        ),
    ),
    echo_of=echoed_identifier,
    essence=without_identifier,
    listen_ports=(PORT,),
    wants=unless_complete,
)
