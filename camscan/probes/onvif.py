"""ONVIF device service: the calls that the Core Specification answers before any login (access class PRE_AUTH).

GetDeviceInformation is not one of them and is never sent; captured answers to it are read all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from lxml import etree

from camscan.errors import Malformed, NotSpoken, ProtocolError
from camscan.model import Fact, Outcome
from camscan.net.host import Answer, Host
from camscan.net.message import Message, challenges, parse_message
from camscan.net.paths import ONVIF_PATH, build_request, example, port_numbers
from camscan.net.text import clean, mac_address
from camscan.net.xml import local, parse_xml
from camscan.probes import Facts, Probe, Seen, Stage

CLOCK = "GetSystemDateAndTime"
SERVICES = "GetServices"

_INFORMATION = {
    "Manufacturer": "onvif.manufacturer",
    "Model": "onvif.model",
    "FirmwareVersion": "onvif.firmware",
    "SerialNumber": "onvif.serial",
    "HardwareId": "onvif.hardware_id",
}
_LISTS = {"HostnameInformation": ("onvif.hostname", "Name"), "Service": ("onvif.service", "Namespace")}
_XADDR_PORTS = 3
_UNAUTHORISED = 401
_FACTS = 512


def parse(payload: bytes) -> Facts:
    """A SOAP answer, whole or a fragment of it, with or without its HTTP headers, to facts."""
    facts: Facts = []
    body = payload
    challenged = False
    message = parse_message(payload, lenient_body=True)
    if message.start or message.headers:
        facts = _http_facts(message)
        body = message.body
        challenged = message.status == _UNAUTHORISED or message.get("www-authenticate") is not None
    try:
        facts += _soap_facts(body)
    except ProtocolError:
        if not challenged or not facts:  # an empty challenge says nothing
            raise
    return facts


def _http_facts(message: Message) -> Facts:
    if message.start and not message.start.upper().startswith("HTTP"):
        raise NotSpoken("a message, but not an HTTP reply")
    facts = [] if message.status is None else [Fact("onvif.status", str(message.status))]
    facts += [Fact("onvif.server", value) for value in message.all("server")]
    for challenge in challenges(message.all("www-authenticate")):
        facts += [Fact("onvif.realm", value.strip()) for name, value in challenge.params.items() if name == "realm"]
        facts.append(Fact("onvif.auth", f"{challenge.scheme.lower()}: {' '.join(challenge.order)}".strip()))
    return facts


def _soap_facts(body: bytes) -> Facts:
    if b"<" not in body:
        raise NotSpoken("no XML")
    try:
        root = parse_xml(body)
    except Malformed:
        if b"nvelope" in body or b"onvif" in body:
            raise
        raise NotSpoken("no XML") from None
    facts = _envelope_facts(root)
    for element in root.iter(etree.Element):
        facts += _element_facts(element)
        if len(facts) > _FACTS:
            raise Malformed(f"more than {_FACTS} facts in one answer")
    if not any(key not in {"onvif.namespace", "onvif.prefix"} for key, _ in facts):
        if local(root.tag) == "Envelope":
            return [*facts, Fact("onvif.field", f"body={_body_name(root)}")]
        raise NotSpoken("XML, but no ONVIF answer")
    return facts


def _envelope_facts(root: etree._Element) -> Facts:
    if local(root.tag) != "Envelope":
        return []
    declared = dict.fromkeys(uri for element in root.iter(etree.Element) for uri in element.nsmap.values())
    facts = [Fact("onvif.namespace", uri.strip()) for uri in declared]
    return [*facts, Fact("onvif.prefix", root.prefix)] if root.prefix else facts


def _body_name(root: etree._Element) -> str:
    names = [local(child.tag) for body in root.iter(etree.Element) if local(body.tag) == "Body" for child in body]
    return names[0].strip() if names else ""


def _element_facts(element: etree._Element) -> Facts:
    """What one element of the answer says by itself."""
    name = local(element.tag)
    if name in _INFORMATION or name == "ScopeItem":
        text = _text(element)
        return [Fact(_INFORMATION.get(name, "onvif.scope"), text)] if text else []
    if name == "UTCDateTime":
        return _clock_facts(element)
    if name in _LOGGED_IN:
        key, read = _LOGGED_IN[name]
        return [Fact(key, told)] if (told := read(element)) else []
    if name == "Fault":
        return [Fact("onvif.fault", " ".join(_words(element)))]
    if name == "Capabilities":
        return [Fact("onvif.capability", local(child.tag)) for child in element.iterchildren(etree.Element)]
    key, inner = _LISTS.get(name, ("", ""))
    return [Fact(key, text) for text in _texts(element, inner)] if key else []


def _mac(element: etree._Element) -> str | None:
    return mac_address(_text(element))


def _token(element: etree._Element) -> str:
    return clean(element.get("token", ""))


_LOGGED_IN: dict[str, tuple[str, Callable[[etree._Element], str | None]]] = {
    "HwAddress": ("onvif.mac", _mac),
    "VideoSources": ("onvif.video_source", _token),
}
"""Elements of answers that only enrichment asks for."""


def _clock_facts(element: etree._Element) -> Facts:
    keys = ("Year", "Month", "Day", "Hour", "Minute", "Second")
    numbers = [next(iter(_texts(element, key)), "") for key in keys]
    if not all(number.isascii() and number.isdigit() and len(number) <= len("2026") for number in numbers):
        return []
    year, month, day, hour, minute, second = (int(number) for number in numbers)
    return [Fact("onvif.utc_time", f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")]


def _texts(element: etree._Element, name: str) -> Iterator[str]:
    return (_text(child) for child in element.iter(etree.Element) if local(child.tag) == name and _text(child))


def _words(element: etree._Element) -> Iterator[str]:
    return (text for child in element.iter(etree.Element) if (text := _text(child)))


def _text(element: etree._Element) -> str:
    return " ".join((element.text or "").split())


def wants(seen: Seen) -> bool:
    """Only while nothing names the maker: without a login ONVIF tells no model, firmware or serial.

    A web server that wants a login for its start page would draw a second challenge here.
    """
    return seen.maker is None and not seen.no_camera and not seen.facts.get("http.realm")


def learned_ports(seen: Seen) -> tuple[int, ...]:
    """Ports that the device named: of its WS-Discovery addresses (only the port is believed), then SADP's web port."""
    named: list[str] = []
    for value in seen.facts.get("wsd.xaddr", ()):
        try:
            parts = urlsplit(value)
            named.append(str(parts.port or (443 if parts.scheme == "https" else 80)))
        except ValueError:
            continue
    ports = port_numbers((*named, *seen.facts.get("sadp.http_port", ()), *seen.facts.get("dhip.http_port", ())))
    return ports[:_XADDR_PORTS]


async def ask(host: Host, port: int, seen: Seen) -> Sequence[Answer]:
    """The clock; then, only where that was answered as ONVIF, the list of services. Never after a 401."""
    if seen.spoken.get("onvif"):  # on another port
        return []
    first = await host.http(port, build_request("POST", ONVIF_PATH, host.ip, port, call=CLOCK))
    if first.outcome is not Outcome.ANSWERED:
        return [first]
    try:
        facts = parse(first.payload)
    except ProtocolError:
        return [first]
    if not any(key == "onvif.utc_time" for key, _ in facts):
        return [first]
    return [first, await host.http(port, build_request("POST", ONVIF_PATH, host.ip, port, call=SERVICES))]


PROBE = Probe(
    name="onvif",
    title="ONVIF calls that need no login: the clock, then the list of services",
    stage=Stage.CONNECT,
    never="Makes no call that needs a login: not GetDeviceInformation, not GetUsers, nothing that sets anything",
    parse=parse,
    ports=(80,),
    learned_ports=learned_ports,
    ask=ask,
    examples=tuple(example(build_request("POST", ONVIF_PATH, "192.0.2.1", call=call)) for call in (CLOCK, SERVICES)),
    wants=wants,
)
