"""ONVIF device service: the calls that the Core Specification allows before any login (access class PRE_AUTH).

GetDeviceInformation is not one of them and is never sent; captured answers to it are still read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from camscan.errors import Malformed, NotSpoken, ProtocolError
from camscan.model import Fact, Outcome
from camscan.net.host import Answer, Host
from camscan.net.message import Message, parse_message, read_challenges
from camscan.net.paths import ONVIF_PATH, build_request, example_request, port_numbers
from camscan.net.text import clean_text, mac_address
from camscan.net.xml import Document, parse_xml
from camscan.probes import Facts, Probe, Seen, Stage

CLOCK = "GetSystemDateAndTime"
SERVICES = "GetServices"

_KEYS = {
    "Manufacturer": "onvif.manufacturer",
    "Model": "onvif.model",
    "FirmwareVersion": "onvif.firmware",
    "SerialNumber": "onvif.serial",
    "HardwareId": "onvif.hardware_id",
    "ScopeItem": "onvif.scope",
}
_XADDR_PORTS = 3
_UNAUTHORISED = 401


def parse_reply(payload: bytes) -> Facts:
    """A SOAP answer, complete or a fragment, with or without HTTP headers, to facts."""
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
    for challenge in read_challenges(message.all("www-authenticate")):
        facts += [Fact("onvif.realm", value.strip()) for name, value in challenge.params.items() if name == "realm"]
        facts.append(Fact("onvif.auth", f"{challenge.scheme.lower()}: {' '.join(challenge.order)}".strip()))
    return facts


def _soap_facts(body: bytes) -> Facts:
    if b"<" not in body:
        raise NotSpoken("no XML")
    try:
        document = parse_xml(body)
    except Malformed:
        if b"nvelope" in body or b"onvif" in body:
            raise
        raise NotSpoken("no XML") from None
    whole = document.names[0] == "Envelope"
    said = list(_answer_facts(document))
    if not said and not whole:
        raise NotSpoken("XML, but no ONVIF answer")
    if not said:
        said = [Fact("onvif.field", f"body={_body_name(document)}")]
    return [*_envelope_facts(document), *said] if whole else said


def _envelope_facts(document: Document) -> Facts:
    facts = [Fact("onvif.namespace", uri.strip()) for uri in document.namespaces]
    return [*facts, Fact("onvif.prefix", document.prefix)] if document.prefix else facts


def _body_name(document: Document) -> str:
    bodies = [index for index, name in enumerate(document.names) if name == "Body" and not document.leaf(index)]
    return document.names[bodies[0] + 1].strip() if bodies else ""


def _answer_facts(document: Document) -> Iterator[Fact]:
    """The facts of the elements, each visited once: an element inside another of the same name is part of that one."""
    covered: dict[str, int] = {}
    for index, name in enumerate(document.names):
        if name in _KEYS:
            if text := _text_at(document, index):
                yield Fact(_KEYS[name], text)
        elif name == "Capabilities":
            yield from (Fact("onvif.capability", child) for child in document.child_names(index))
        elif name == "HwAddress":
            if mac := mac_address(_text_at(document, index)):
                yield Fact("onvif.mac", mac)
        elif name == "VideoSources":
            if token := clean_text(document.attribute(index, "token")):
                yield Fact("onvif.video_source", token)
        elif name in _JOINT and index >= covered.get(name, 0):
            inner = document.within(index)
            covered[name] = inner.stop
            yield from _JOINT[name](document, inner)


def _text_at(document: Document, index: int) -> str:
    return " ".join(document.texts[index].split())


def _texts_named(document: Document, inner: range, name: str) -> Iterator[str]:
    return (text for index in inner if document.names[index] == name and (text := _text_at(document, index)))


def _clock_facts(document: Document, inner: range) -> Facts:
    keys = ("Year", "Month", "Day", "Hour", "Minute", "Second")
    numbers = [next(_texts_named(document, inner, key), "") for key in keys]
    if not all(number.isascii() and number.isdigit() and len(number) <= len("2026") for number in numbers):
        return []
    year, month, day, hour, minute, second = (int(number) for number in numbers)
    return [Fact("onvif.utc_time", f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")]


def _fault_facts(document: Document, inner: range) -> Facts:
    return [Fact("onvif.fault", " ".join(filter(None, (_text_at(document, index) for index in inner))))]


def _host_facts(document: Document, inner: range) -> Facts:
    return [Fact("onvif.hostname", text) for text in _texts_named(document, inner, "Name")]


def _service_facts(document: Document, inner: range) -> Facts:
    return [Fact("onvif.service", text) for text in _texts_named(document, inner, "Namespace")]


_JOINT: dict[str, Callable[[Document, range], Facts]] = {
    "UTCDateTime": _clock_facts,
    "Fault": _fault_facts,
    "HostnameInformation": _host_facts,
    "Service": _service_facts,
}
"""Elements whose meaning depends on the elements inside them."""


def is_wanted(seen: Seen) -> bool:
    """Only while the maker is unknown: without a login ONVIF tells no model, firmware or serial.

    A web server that wants a login for its start page would draw a second challenge here.
    """
    return not seen.facts.get("http.realm") and seen.maker is None and not seen.no_camera


def learned_ports(seen: Seen) -> tuple[int, ...]:
    """Ports that the device named: in its WS-Discovery addresses (only the port is believed), then SADP's web port."""
    named: list[str] = []
    for value in seen.facts.get("wsd.xaddr", ()):
        try:
            parts = urlsplit(value)
            named.append(str(parts.port or (443 if parts.scheme == "https" else 80)))
        except ValueError:
            continue
    ports = port_numbers((*named, *seen.facts.get("sadp.http_port", ()), *seen.facts.get("dhip.http_port", ())))
    return ports[:_XADDR_PORTS]


async def ask_device(host: Host, port: int, seen: Seen) -> Sequence[Answer]:
    """Ask for the clock."""
    if seen.spoken.get("onvif"):  # on another port
        return []
    return [await host.http(port, build_request("POST", ONVIF_PATH, host.ip, port, call=CLOCK))]


async def follow_answer(host: Host, first: Answer, _seen: Seen) -> Sequence[Answer]:
    """Only if the clock was answered as ONVIF: the list of services. Never after a 401."""
    if first.outcome is not Outcome.ANSWERED:
        return []
    try:
        facts = parse_reply(first.payload)
    except ProtocolError:
        return []
    if not any(key == "onvif.utc_time" for key, _ in facts):
        return []
    return [await host.http(first.port, build_request("POST", ONVIF_PATH, host.ip, first.port, call=SERVICES))]


PROBE = Probe(
    name="onvif",
    title="ONVIF calls that need no login: the clock, then the list of services",
    stage=Stage.CONNECT,
    never="Makes no call that needs a login: not GetDeviceInformation, not GetUsers, nothing that sets anything",
    parse=parse_reply,
    ports=(80,),
    learned_ports=learned_ports,
    ask=ask_device,
    follow=follow_answer,
    examples=tuple(
        example_request(build_request("POST", ONVIF_PATH, "192.0.2.1", call=call)) for call in (CLOCK, SERVICES)
    ),
    wants=is_wanted,
)
