"""WS-Discovery (April 2005, as ONVIF profiles it): a SOAP Probe on UDP 3702, and its answers.

A SOAP fault is an answer too: it proves that something is there. Addresses that a device names in XAddrs are recorded
and never followed.
"""

from __future__ import annotations

import functools
import ipaddress
import itertools
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes
from uuid import UUID

from camscan.cache import remember_short
from camscan.errors import NotSpoken
from camscan.model import Fact
from camscan.net.text import clean_text, decode_text, mac_address
from camscan.net.xml import Document, local_name, parse_xml
from camscan.patterns import late
from camscan.probes import FACTS, Datagram, Facts, Probe, Stage, unless_complete

PORT = 3702
GROUPS = ("239.255.255.250", "ff02::c")
LIMIT = 65536

_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_NETWORK = 'dn="http://www.onvif.org/ver10/network/wsdl"'
_DEVICE = 'tds="http://www.onvif.org/ver10/device/wsdl"'
_TO = "urn:schemas-xmlsoap-org:ws:2005:04:discovery"

_KINDS = {
    "ProbeMatches": "probe-match",
    "ProbeMatch": "probe-match",
    "ResolveMatches": "resolve-match",
    "ResolveMatch": "resolve-match",
    "Hello": "hello",
    "Bye": "bye",
}
_QUESTIONS = {"Probe", "Resolve"}
_MATCHES = {"ProbeMatch", "ResolveMatch"}
_URL_HOST = late(r"://([^/\s?#]+)")
_LONGEST_HINT = 1000
_RELATES_TO = re.compile(rb"RelatesTo\b[^<>]{0,200}>([^<]{1,100})")
_IDENTIFIER = re.compile(rb"(<(?:[\w.-]{1,30}:)?(?:MessageID|RelatesTo)\b[^<>]{0,200}>)[^<]{1,100}")
_SEQUENCE = re.compile(rb"(<(?:[\w.-]{1,30}:)?AppSequence\b)[^<>]{0,300}?(?=/?>)")
_PROLOG = re.compile(rb"<\?xml[^>]{0,200}\?>")
_NAMESPACE = re.compile(rb"""xmlns(?::[\w.-]+)?\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""")
_SCOPE = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*/(?P<path>.+)", re.IGNORECASE)
_BARE_SCOPE = re.compile(rb"\s*onvif://", re.IGNORECASE)
_CATEGORIES = {
    "name": "wsd.name",
    "hardware": "wsd.hardware",
    "model": "wsd.hardware",
    "location": "wsd.location",
    "manufacturer": "wsd.manufacturer",
    "serial": "wsd.serial",
    "serialnumber": "wsd.serial",
    "serialno": "wsd.serial",
    "sn": "wsd.serial",
}
_SINGLE = {
    # element -> key, and the element that must be around it ("" for any)
    "Types": ("wsd.types", ""),
    "MetadataVersion": ("wsd.metadata_version", ""),
    "Address": ("wsd.endpoint", "EndpointReference"),
    "To": ("wsd.to", "Header"),
}
_TOLD = {*_SINGLE, "XAddrs"}
_FAULTS = {"Fault", "Value", "Text", "faultcode", "faultstring"}
_DISCOVERED = {"Envelope", "EndpointReference", "Scopes", "XAddrs"}
"""A message that describes a device holds one of these; the answers of SADP are also called ProbeMatch."""
_MAC_CATEGORIES = {"mac", "macaddress"}
_PIECES = 4 * FACTS
"""Scopes of one reply that are read, and words of a scope."""


def make_question(namespace: str, types: str, uuid: UUID) -> bytes:
    """A Probe in the form that the most demanding cameras answer: default namespaces, an empty Scopes."""
    declared = f"xmlns:{namespace} " if namespace else ""
    content = f"<Types>{types}</Types>" if types else "<Types/>"
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<Envelope {declared}xmlns="{_SOAP}"><Header>'
        f'<wsa:MessageID xmlns:wsa="{_ADDRESSING}">uuid:{uuid}</wsa:MessageID>'
        f'<wsa:To xmlns:wsa="{_ADDRESSING}">{_TO}</wsa:To>'
        f'<wsa:Action xmlns:wsa="{_ADDRESSING}">{_DISCOVERY}/Probe</wsa:Action>'
        '</Header><Body><Probe xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns="{_DISCOVERY}">'
        f"{content}<Scopes /></Probe></Body></Envelope>"
    ).encode("ascii")


def prefixed_question(namespace: str, types: str, uuid: UUID) -> bytes:
    """The same Probe with every prefix declared where it is used: some firmware reads no other form."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<s:Envelope xmlns:s="{_SOAP}" xmlns:a="{_ADDRESSING}"><s:Header>'
        f'<a:Action s:mustUnderstand="1">{_DISCOVERY}/Probe</a:Action>'
        f"<a:MessageID>urn:uuid:{uuid}</a:MessageID>"
        f"<a:ReplyTo><a:Address>{_ADDRESSING}/role/anonymous</a:Address></a:ReplyTo>"
        f'<a:To s:mustUnderstand="1">{_TO}</a:To></s:Header>'
        f'<s:Body><d:Probe xmlns:d="{_DISCOVERY}"><d:Types xmlns:{namespace}>{types}</d:Types></d:Probe></s:Body>'
        "</s:Envelope>"
    ).encode("ascii")


def echoed_identifier(payload: bytes) -> str:
    """The MessageID of the question, to which an answer relates."""
    found = _RELATES_TO.search(payload)
    return found[1].decode("latin-1") if found else ""


def without_identifiers(payload: bytes) -> bytes:
    """The reply without its identifier, that of the question, and its place in the sequence of messages."""
    return _SEQUENCE.sub(rb"\1", _IDENTIFIER.sub(rb"\1", payload))


def parse_reply(payload: bytes) -> Facts:
    """An envelope, a cut-out ``ProbeMatch`` or ``Scopes`` element, or a fault to facts; questions are NotSpoken.

    If one envelope has several matches, all of them count: their facts repeat.
    """
    return parse_from(payload, "")


def parse_from(payload: bytes, sender: str) -> Facts:
    """As ``parse_reply``, for a reply from a known address.

    A discovery proxy or a bridge answers for several hosts in one envelope. A match for another host than the sender is
    not a fact about the sender: it becomes a hint, ``wsd.match``. A sender that answers for a single host speaks for
    itself, whatever address it names: another interface of its own, or the address behind a translation.
    """
    if _BARE_SCOPE.match(payload):
        return [fact for scope in _split_scopes(decode_text(payload[:LIMIT])) for fact in _read_scope(scope)]
    if b"<" not in payload:
        raise NotSpoken("not XML")
    document = parse_xml(payload, limit=LIMIT)
    names = set(document.names)
    kinds = [_KINDS[name] for name in document.names if name in _KINDS]
    if not kinds and names & _QUESTIONS:
        raise NotSpoken("this is a question, from camscan or another tool, and not an answer")
    fault = _read_fault(document) if names & _FAULTS else []
    if not fault and (not kinds or not names & _DISCOVERED) and "Scopes" not in names:
        raise NotSpoken(f"XML, but not of WS-Discovery: {document.names[0][:40]!r}")
    facts = [Fact("wsd.kind", kind) for kind in dict.fromkeys(kinds)]
    facts += fault
    facts += _read_envelope(payload, names)
    others = _about_others(document, sender) if sender else []
    left_out = {index for each in others for index in each}
    left = _PIECES
    for index, name in enumerate(document.names):
        if index in left_out:
            continue
        if name == "Scopes":
            scopes = list(itertools.islice(_split_scopes(document.texts[index]), left))
            left -= len(scopes)
            facts += [fact for scope in scopes for fact in _read_scope(scope)]
        elif name in _TOLD:
            facts += _element_facts(document, index)
    return facts + [Fact("wsd.match", hint) for each in others if (hint := _other_host_hint(document, each))]


def _about_others(document: Document, sender: str) -> list[range]:
    """The matches of an envelope that are about other hosts than its sender, each with its contents."""
    matches: list[range] = []
    for index, name in enumerate(document.names):
        if name in _MATCHES and not (matches and index < matches[-1].stop):
            matches.append(document.within(index))
    if len(matches) < 2:  # noqa: PLR2004 - nearly always: one match is about one host
        return []
    subjects = [_hosts_named(document, each) for each in matches]
    if len(set(subjects)) < 2:  # noqa: PLR2004 - all are about one host
        return []
    return [each for each, subject in zip(matches, subjects, strict=True) if _host_name(sender) not in subject]


def _hosts_named(document: Document, match: range) -> frozenset[str]:
    """The hosts that a match names in its XAddrs; without any, its endpoint."""
    texts = [document.texts[index] for index in match if document.names[index] == "XAddrs"]
    hosts = frozenset(_host_name(found[1]) for text in texts for found in _URL_HOST.finditer(text[:_LONGEST_HINT]))
    return hosts or frozenset(document.texts[index].strip() for index in match if document.names[index] == "Address")


def _host_name(text: str) -> str:
    """A host in one spelling: without port, brackets and zone."""
    bare = text.rpartition("@")[2].strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ipaddress.ip_address(bare.partition("%")[0]))
    except ValueError:
        return bare.lower()


def _other_host_hint(document: Document, match: range) -> str:
    """The statement of a match about another host, on one line."""
    told = (document.texts[index] for index in match if document.names[index] in {"Address", "XAddrs", "Scopes"})
    return clean_text(" ".join(" ".join(told).split()))[:_LONGEST_HINT]


def _read_envelope(payload: bytes, names: set[str]) -> Facts:
    """The facts that only a complete envelope shows: they tell makers apart when nothing else does."""
    facts = []
    if prolog := _PROLOG.search(payload[:512]):
        facts.append(Fact("wsd.prolog", clean_text(decode_text(prolog[0]))))
    if "Envelope" in names:
        facts.append(Fact("wsd.app_sequence", "yes" if "AppSequence" in names else "no"))
    spaces = [_namespace_text(double or single) for double, single in _NAMESPACE.findall(payload[:LIMIT])]
    facts += [Fact("wsd.namespace", space) for space in dict.fromkeys(spaces) if space]
    return facts


@remember_short
def _namespace_text(raw: bytes) -> str:
    return clean_text(decode_text(raw))


def _element_facts(document: Document, index: int) -> Facts:
    name, text = document.names[index], document.texts[index].strip()
    if name == "XAddrs":
        return [Fact("wsd.xaddr", url) for url in text.split(maxsplit=_PIECES)[:_PIECES]]
    key, parent = _SINGLE[name]
    if not text or (parent and document.parent(index) != parent):
        return []
    return [Fact(key, " ".join(text.split()))]


def _read_fault(document: Document) -> Facts:
    """``wsd.kind`` and the code and reason of a SOAP fault (1.2, or the old faultcode and faultstring)."""
    code, reason, found = "", "", False
    for index, name in enumerate(document.names):
        if name not in _FAULTS:
            continue
        text = " ".join(document.texts[index].split())
        found = found or name == "Fault"
        if name == "faultcode" or (name == "Value" and document.parent(index) in {"Code", "Subcode"}):
            code = local_name(text) or code  # the subcode comes last and says more
        elif name == "faultstring" or (name == "Text" and document.parent(index) in {"Reason", "fragment"}):
            reason, found = text, True
    if not found:
        return []
    return [Fact("wsd.kind", "fault"), Fact("wsd.fault", ": ".join(filter(None, (code.strip(), reason))) or "Fault")]


def _split_scopes(text: str) -> Iterator[str]:
    """Scope URIs. A piece that is not a URI belongs to the one before it (a name with an unescaped blank)."""
    pieces: list[str] = []
    for piece in text.split(maxsplit=_PIECES)[:_PIECES]:
        if ":" in piece and pieces:
            yield " ".join(pieces)
            pieces = []
        pieces.append(piece)
    if pieces:
        yield " ".join(pieces)


@remember_short
def _read_scope(scope: str) -> Facts:
    facts = [Fact("wsd.scope", _unquote_text(scope))]
    found = _SCOPE.match(scope)
    if not found:
        return facts
    category, _, rest = found["path"].partition("/")
    if category.lower() == "type" and rest.lower().startswith("manufacturer/"):
        category, _, rest = rest.partition("/")
    value = _unquote_text(rest).strip(" \t\r\n/")
    key = _CATEGORIES.get(category.lower())
    if category.lower() in _MAC_CATEGORIES:
        mac = mac_address(value)
        facts += [Fact("wsd.mac", mac)] if mac else []
    elif key and value:
        facts.append(Fact(key, value))
    return facts


def _unquote_text(text: str) -> str:
    return clean_text(decode_text(unquote_to_bytes(text)) if "%" in text else text)


def _make_datagram(label: str, form: functools.partial[bytes]) -> Datagram:
    return Datagram(label=label, payload=form, port=PORT, groups=GROUPS)


PROBE = Probe(
    name="wsd",
    title="WS-Discovery (ONVIF) search, UDP 3702",
    stage=Stage.DATAGRAM,
    never="Sends no Resolve, Hello or Bye, and follows no address that a device names",
    parse=parse_reply,
    parse_from=parse_from,
    limit=LIMIT,
    datagrams=(
        _make_datagram("transmitter", functools.partial(make_question, _NETWORK, "dn:NetworkVideoTransmitter")),
        _make_datagram("device", functools.partial(make_question, _DEVICE, "tds:Device")),
        _make_datagram("any", functools.partial(make_question, "", "")),
        _make_datagram(
            "transmitter_prefixed", functools.partial(prefixed_question, _NETWORK, "dn:NetworkVideoTransmitter")
        ),
    ),
    echo_of=echoed_identifier,
    essence=without_identifiers,
    listen_ports=(PORT,),
    wants=unless_complete,
)
