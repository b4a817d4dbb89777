"""WS-Discovery, UDP 3702. Each maker's envelope is that of a captured answer: prefixes, To, AppSequence, order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote

from camscan.demo.device import Question, Reply, Udp, Unit
from camscan.demo.wire import onvif

PORT = 3702
MAX_DELAY = 0.5
"""Devices wait a random time up to this before they answer (APP_MAX_DELAY)."""
_NAMESPACES = {
    "NetworkVideoTransmitter": "http://www.onvif.org/ver10/network/wsdl",
    "Device": "http://www.onvif.org/ver10/device/wsdl",
}
_TYPES = re.compile(rb"<(?:\w+:)?Types(?:\s[^>]*)?>([^<]*)</")
_SCOPES = re.compile(rb"<(?:\w+:)?Scopes((?:\s[^>]*)?)>([^<]*)</")
_BY_TEXT = b"http://schemas.xmlsoap.org/ws/2005/04/discovery/strcmp0"
_MESSAGE_ID = re.compile(rb"MessageID[^>]*>\s*([^<\s]{1,80})")
_SCOPE = "onvif://www.onvif.org/"
Envelope = Callable[[Unit, str], str]
"""Unit and the MessageID of the question -> the XML."""


def matches_types(payload: bytes, stated: bytes) -> bool:
    """Whether a device with these types (``stated``) answers the probe: it must have each type that is asked for."""
    if b"/discovery/Probe<" not in payload.replace(b" ", b""):
        return False
    found, own = _TYPES.search(payload), _TYPES.search(stated)
    types = {token.rpartition(":")[2] for token in own[1].decode("latin-1").split()} if own else set()
    for token in found[1].decode("latin-1").split() if found else ():
        prefix, _, name = token.rpartition(":")
        declared = re.search(
            rb"xmlns" + (b":" + prefix.encode() if prefix else b"") + rb"=[\"']([^\"']*)[\"']", payload
        )
        if name not in types or declared is None or declared[1].decode("latin-1") != _NAMESPACES.get(name):
            return False
    return True


def in_scope(payload: bytes, stated: bytes) -> bool:
    """Whether a device with these scopes (``stated``) answers the probe: it must have each scope that is asked for.

    By default a scope covers those below it (WS-Discovery 2005/04, section 5.1: rfc3986); ``strcmp0`` compares whole
    texts; no camera knows any other rule.
    """
    found, own = _SCOPES.search(payload), _SCOPES.search(stated)
    wanted = found[2].split() if found else []
    if found is None or not wanted:
        return True
    has = own[2].split() if own else []
    if b"MatchBy" not in found[1] or b"/rfc3986" in found[1]:
        return all(
            any(f"{s}/".startswith(f"{w.rstrip('/')}/") for s in _scope_texts(has)) for w in _scope_texts(wanted)
        )
    return _BY_TEXT in found[1] and set(wanted) <= set(has)


def _scope_texts(scopes: Sequence[bytes]) -> list[str]:
    return [scope.decode("latin-1") for scope in scopes]


def service(
    envelope: Envelope,
    *,
    gives: tuple[str, ...] = (),
    group: bool = True,
    unicast: bool = True,
    unicast_fault: bool = False,
    announce: Callable[[Unit], bytes] | None = None,
) -> Udp:
    """A WS-Discovery responder.

    It answers a probe for types and scopes that its envelope states. ``unicast_fault``: it answers a probe to its own
    address with a SOAP fault.
    """

    def answer(unit: Unit, question: Question) -> Iterator[Reply]:
        asked = _MESSAGE_ID.search(question.payload)
        if asked is None:
            return
        relates = asked[1].decode("latin-1")
        answered = envelope(unit, relates).encode()
        if not (matches_types(question.payload, answered) and in_scope(question.payload, answered)):
            return
        pause = unit.rng(f"wsd{relates}").uniform(0.0, MAX_DELAY)
        if unicast_fault and not question.to_group:
            yield Reply(_FAULT.format(uuid=make_uuid(unit, "fault"), relates=relates).encode(), pause)
        else:
            yield Reply(answered, pause)

    return Udp(PORT, "wsd", answer, gives, group, unicast, announce)


_FAULT = (
    '<?xml version="1.0" encoding="utf-8"?>\n<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:wsadis="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
    "<env:Header><wsadis:MessageID>urn:uuid:{uuid}</wsadis:MessageID><wsadis:RelatesTo>{relates}</wsadis:RelatesTo>"
    "<wsadis:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/fault</wsadis:Action></env:Header>"
    "<env:Body><env:Fault><env:Code><env:Value>env:Sender</env:Value><env:Subcode>"
    "<env:Value>d:MatchingRuleNotSupported</env:Value></env:Subcode></env:Code><env:Reason>"
    '<env:Text xml:lang="en">the xml format error</env:Text></env:Reason></env:Fault></env:Body></env:Envelope>'
)


def make_uuid(unit: Unit, purpose: str, tail: str = "") -> str:
    """A made-up UUID of the unit, ending in ``tail`` if it is given."""
    digits = unit.hex_text(f"uuid/{purpose}", 32)
    digits = digits[: 32 - len(tail)] + tail
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _link_local(unit: Unit) -> str:
    part = unit.mac.split(":")
    return f"fe80::{int(part[0], 16) ^ 2:02x}{part[1]}:{part[2]}ff:fe{part[3]}:{part[4]}{part[5]}"


_HIKVISION_NAMESPACES = (
    'xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:soapenc="http://www.w3.org/2003/05/soap-encoding"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:ter="http://www.onvif.org/ver10/error"'
    ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
    ' xmlns:wsadis="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:tnshik="http://www.hikvision.com/2011/event/topics"'
    ' xmlns:hikwsd="http://www.onvifext.com/onvif/ext/ver10/wsdl"'
    ' xmlns:hikxsd="http://www.onvifext.com/onvif/ext/ver10/schema"'
)


def hikvision_envelope(
    *, profiles: str = "Streaming G T", types: str = "video_encoder audio_encoder", mac: bool = True
) -> Envelope:
    """The envelope of Hikvision: prefixes env, wsadis, d; AppSequence; UUID ending in the MAC; two XAddrs."""

    def envelope(unit: Unit, relates: str) -> str:
        kinds = types.split()
        name = unit.device.extra.get("wsd_name", f"HIKVISION {unit.model}")
        scopes = [
            f"type/{kinds[0]}",
            *(f"Profile/{profile}" for profile in profiles.split()),
            *(f"type/{kind}" for kind in kinds[1:]),
            *([f"MAC/{unit.mac}"] if mac else []),
            f"hardware/{quote(unit.model, safe='')}",
            f"name/{quote(name)}",
            "location/city/hangzhou",
        ]
        own = make_uuid(unit, "endpoint", unit.mac_tail)
        return (
            f'<?xml version="1.0" encoding="utf-8"?>\n<env:Envelope {_HIKVISION_NAMESPACES}>\n<env:Header>\n'
            f"<wsadis:MessageID>urn:uuid:{own}</wsadis:MessageID>\n<wsadis:RelatesTo>{relates}</wsadis:RelatesTo>\n"
            "<wsadis:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsadis:To>\n"
            "<wsadis:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsadis:Action>\n"
            f'<d:AppSequence InstanceId="{unit.rng("app").randrange(10**6)}" MessageNumber="11"/>\n</env:Header>\n'
            "<env:Body>\n<d:ProbeMatches>\n<d:ProbeMatch>\n<wsadis:EndpointReference>\n"
            f"<wsadis:Address>urn:uuid:{own}</wsadis:Address>\n</wsadis:EndpointReference>\n"
            "<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>\n"
            f"<d:Scopes>{' '.join(_SCOPE + scope for scope in scopes)}</d:Scopes>\n"
            f"<d:XAddrs>{onvif.service_url(unit)} http://[{_link_local(unit)}]/onvif/device_service</d:XAddrs>\n"
            "<d:MetadataVersion>10</d:MetadataVersion>\n</d:ProbeMatch>\n</d:ProbeMatches>\n</env:Body>\n</env:Envelope>"
        )

    return envelope


_DAHUA_OPEN = (
    '<?xml version="1.0" encoding="utf-8" standalone="yes" ?>\n<s:Envelope'
    ' xmlns:sc="http://www.w3.org/2003/05/soap-encoding" xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing">\n<s:Header>\n'
)


def _dahua_match(unit: Unit, brand: str, hardware: str, more: tuple[str, ...], xaddr: str) -> str:
    scopes = [
        "location/country/china",
        f"name/{quote(brand)}",
        f"hardware/{quote(hardware, safe='')}",
        "Profile/Streaming",
        "type/Network_Video_Transmitter",
        "extension/unique_identifier",
        *(scope.format(mac=unit.mac) for scope in more),
    ]
    return (
        "<a:EndpointReference>\n"
        f"<a:Address>uuid:{make_uuid(unit, 'endpoint')}</a:Address>\n</a:EndpointReference>\n"
        "<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>\n"
        f"<d:Scopes>{' '.join(_SCOPE + scope for scope in scopes)}</d:Scopes>\n"
        f"<d:XAddrs>{xaddr or onvif.service_url(unit)}</d:XAddrs>\n<d:MetadataVersion>1</d:MetadataVersion>\n"
    )


def dahua_envelope(
    *, brand: str = "Dahua", hardware: str = "", more: tuple[str, ...] = (), xaddr: str = ""
) -> Envelope:
    """The envelope of Dahua: prefixes s, a, d, sc.

    To names the discovery URN; no AppSequence; Address without ``urn:``.
    """

    def envelope(unit: Unit, relates: str) -> str:
        return (
            f"{_DAHUA_OPEN}<a:MessageID>uuid:{make_uuid(unit, relates)}</a:MessageID>\n"
            "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>\n"
            "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action>\n"
            f"<a:RelatesTo>{relates}</a:RelatesTo>\n</s:Header>\n<s:Body>\n<d:ProbeMatches>\n<d:ProbeMatch>\n"
            f"{_dahua_match(unit, brand, hardware or unit.model, more, xaddr)}"
            "</d:ProbeMatch>\n</d:ProbeMatches>\n</s:Body>\n</s:Envelope>\n"
        )

    return envelope


def dahua_hello(unit: Unit) -> bytes:
    """The Hello that a Dahua camera sends to the group when it starts."""
    return (
        f"{_DAHUA_OPEN}<a:MessageID>uuid:{make_uuid(unit, 'hello')}</a:MessageID>\n"
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>\n"
        "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Hello</a:Action>\n</s:Header>\n<s:Body>\n<d:Hello>\n"
        f"{_dahua_match(unit, 'Dahua', unit.model, (), '')}</d:Hello>\n</s:Body>\n</s:Envelope>\n"
    ).encode()


_GSOAP_OPEN = (
    "<SOAP-ENV:Envelope"
    ' xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:SOAP-ENC="http://www.w3.org/2003/05/soap-encoding"'
    ' xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
    ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"'
)
_GSOAP_ROUTE = (
    '<wsa:To SOAP-ENV:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To>',
    (
        '<wsa:Action SOAP-ENV:mustUnderstand="true">'
        "http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsa:Action>"
    ),
)
_GSOAP_SEQUENCE = (
    '<d:AppSequence SOAP-ENV:mustUnderstand="true" MessageNumber="6" InstanceId="1431532724"></d:AppSequence>'
)


def gsoap_envelope(
    scopes: str,
    *,
    types: str = "dn:NetworkVideoTransmitter",
    namespaces: str = "",
    sequence: bool = True,
    newline: str = "",
    mac_tail: bool = False,
    xaddrs: str = "",
    version: int = 1,
    prolog: str = '<?xml version="1.0" encoding="UTF-8"?>',
    message_id: str = "uuid:",
) -> Envelope:
    """The gSOAP form of Axis, Foscam and many more. ``scopes`` may contain ``{model}``, ``{mac}``, ``{serial}``."""

    def envelope(unit: Unit, relates: str) -> str:
        text = scopes.format(model=quote(unit.model, safe=""), mac=unit.mac, serial=unit.serial)
        own = make_uuid(unit, "endpoint", unit.mac_tail.upper() if mac_tail else "")
        lines = [
            f"{prolog}{newline}{_GSOAP_OPEN}{namespaces}>",
            f"<SOAP-ENV:Header><wsa:MessageID>{message_id}{make_uuid(unit, relates)}</wsa:MessageID>",
            f"<wsa:RelatesTo>{relates}</wsa:RelatesTo>",
            *_GSOAP_ROUTE,
            _GSOAP_SEQUENCE if sequence else "",
            "</SOAP-ENV:Header><SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch><wsa:EndpointReference>",
            f"<wsa:Address>urn:uuid:{own}</wsa:Address></wsa:EndpointReference>",
            f"<d:Types>{types}</d:Types><d:Scopes>{' '.join(_SCOPE + scope for scope in text.split())} </d:Scopes>",
            f"<d:XAddrs>{xaddrs.format(ip=unit.ip, own=onvif.service_url(unit)) or onvif.service_url(unit)}</d:XAddrs>",
            f"<d:MetadataVersion>{version}</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>",
            "</SOAP-ENV:Body></SOAP-ENV:Envelope>",
        ]
        return newline.join(lines)

    return envelope
