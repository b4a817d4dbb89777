"""UPnP device description: read only if the maker's devices are known to bear it, because it crashes some recorders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.host import Answer, Host
from camscan.net.message import parse_message
from camscan.net.paths import build_request, example_request, same_device
from camscan.net.xml import parse_xml
from camscan.probes import Facts, Probe, Seen, Stage

PATHS = ("/rootdesc1.xml", "/upnp_device_desc.xml", "/upnpdevicedesc.xml")

_KEYS = {
    "deviceType": "upnp.device_type",
    "friendlyName": "upnp.friendly_name",
    "manufacturer": "upnp.manufacturer",
    "modelDescription": "upnp.model_description",
    "modelName": "upnp.model_name",
    "modelNumber": "upnp.model_number",
    "presentationURL": "upnp.presentation_url",
    "serialNumber": "upnp.serial",
    "UDN": "upnp.udn",
}
# Makers whose description is known to be harmless to read, as they write themselves in SSDP.
_SAFE = re.compile(r"(?i).*(hikvision|dahua|axis-com|axis communications).*")
_SAFE_KEYS = ("ssdp.server", "ssdp.usn", "ssdp.st", "ssdp.nt")
_FIELDS = 64


def parse_reply(payload: bytes) -> Facts:
    """A device description, complete or a part, with or without HTTP headers, to facts; inner devices repeat keys."""
    message = parse_message(payload, lenient_body=True)
    if message.start and not message.start.upper().startswith("HTTP"):
        raise NotSpoken("a message, but not an HTTP reply")
    body = message.body if message.start else payload
    if b"<" not in body:
        raise NotSpoken("no XML")
    try:
        document = parse_xml(body)
    except Malformed:
        if b"schemas-upnp-org" in body:
            raise
        raise NotSpoken("no XML") from None
    known: Facts = []
    others: Facts = []
    for name, inner, is_leaf in zip(document.names, document.texts, document.leaves(), strict=True):
        key = _KEYS.get(name)
        if not is_leaf or not inner or (not key and len(others) >= _FIELDS):
            continue
        text = " ".join(inner.split())
        if text and key:
            known.append(Fact(key, text))
        elif text:
            others.append(Fact("upnp.field", f"{name}={text}"))
    if not known:
        raise NotSpoken("XML, but no device description")
    return known + others


def _find_locations(seen: Seen) -> tuple[str, ...]:
    if not any(_SAFE.fullmatch(value) for key in _SAFE_KEYS for value in seen.facts.get(key, ())):
        return ()
    return seen.facts.get("ssdp.location", ())


def learned_ports(seen: Seen) -> tuple[int, ...]:
    """Ports of the description's address, if the maker is one whose description may be read."""
    found: list[int] = []
    for location in _find_locations(seen):
        try:
            parts = urlsplit(location)
            target = same_device(location, parts.hostname or "", parts.port or 80)
        except ValueError:
            continue
        if target and target[1] in PATHS:
            found.append(target[0])
    return tuple(dict.fromkeys(found))


def is_wanted(seen: Seen) -> bool:
    """Whether there is a description to read, and something left to learn from it."""
    return bool(learned_ports(seen)) and not seen.complete


async def ask_device(host: Host, port: int, seen: Seen) -> Sequence[Answer]:
    """One GET of the description, if its address is this device's own and its path is on the list."""
    for location in _find_locations(seen):
        target = same_device(location, host.ip, port)
        if target and target[0] == port and target[1] in PATHS:
            return [await host.http(port, build_request("GET", target[1], host.ip, port))]
    return []


PROBE = Probe(
    name="upnp",
    title="The UPnP description that a Hikvision, Dahua or Axis device announced",
    stage=Stage.CONNECT,
    never="Reads no description of an unknown maker, follows no address off the device",
    parse=parse_reply,
    learned_ports=learned_ports,
    ask=ask_device,
    examples=tuple(example_request(build_request("GET", path, "192.0.2.1", 49152)) for path in PATHS),
    wants=is_wanted,
)
