from __future__ import annotations

import re
from uuid import UUID

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from promise import keeps_its_promise
from udp_replies import SADP, WSD, WSD_DAHUA_HELLO, WSD_FAULT, WSD_HIKVISION, WSD_HIKVISION_MATCH, facts_of, mutated

from camscan import fingerprints
from camscan.errors import Malformed, NotSpoken
from camscan.identify import merge_attempts
from camscan.model import Reply
from camscan.probes import read_reply
from camscan.probes.wsd import PROBE, parse_reply, without_identifiers

NAME = UUID("0f0e0d0c-0b0a-0908-0706-050403020100")
RESOLVE = (
    b'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" '
    b'xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    b'xmlns:wsd="http://schemas.xmlsoap.org/ws/2005/04/discovery"><soap:Header>'
    b"<wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To></soap:Header><soap:Body><wsd:Resolve>"
    b"<wsa:EndpointReference><wsa:Address>urn:uuid:434e4638-4732-4333-5338-000000000001</wsa:Address>"
    b"</wsa:EndpointReference></wsd:Resolve></soap:Body></soap:Envelope>"
)


def test_a_hikvision_answer_is_read_whole() -> None:
    facts = facts_of(parse_reply, WSD_HIKVISION)
    assert facts["wsd.kind"] == ["probe-match"]
    assert facts["wsd.types"] == ["dn:NetworkVideoTransmitter tds:Device"]
    assert facts["wsd.hardware"] == ["DS-2CD2385G1-I"]
    assert facts["wsd.name"] == ["HIKVISION DS-2CD2385G1-I"]
    assert facts["wsd.location"] == ["city/hangzhou"]
    assert facts["wsd.mac"] == ["58:50:ed:00:00:08"]
    assert facts["wsd.endpoint"] == ["urn:uuid:aa85c000-6324-11b3-819e-5850ed000008"]
    assert facts["wsd.xaddr"] == [
        "http://192.0.2.53/onvif/device_service",
        "http://[fe80::5a50:edff:fe00:8]/onvif/device_service",
    ]
    assert facts["wsd.to"] == ["http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"]
    assert facts["wsd.app_sequence"] == ["yes"]
    assert facts["wsd.metadata_version"] == ["10"]
    assert facts["wsd.prolog"] == ['<?xml version="1.0" encoding="utf-8"?>']
    assert "http://www.hikvision.com/2011/event/topics" in facts["wsd.namespace"]
    assert len(facts["wsd.scope"]) == 8
    assert "onvif://www.onvif.org/name/HIKVISION DS-2CD2385G1-I" in facts["wsd.scope"]


def test_a_cut_out_match_with_undeclared_prefixes_says_the_same_of_the_device() -> None:
    whole, cut_out = facts_of(parse_reply, WSD_HIKVISION), facts_of(parse_reply, WSD_HIKVISION_MATCH.encode())
    envelope = {"wsd.to", "wsd.app_sequence", "wsd.prolog", "wsd.namespace"}
    assert cut_out == {key: values for key, values in whole.items() if key not in envelope}


def test_a_dahua_hello_has_its_own_marks() -> None:
    facts = facts_of(parse_reply, WSD_DAHUA_HELLO)
    assert facts["wsd.kind"] == ["hello"]
    assert facts["wsd.to"] == ["urn:schemas-xmlsoap-org:ws:2005:04:discovery"]
    assert facts["wsd.app_sequence"] == ["no"]
    assert facts["wsd.endpoint"] == ["uuid:503b687a-b9d7-474f-a2d0-000000000009"]
    assert facts["wsd.prolog"] == ['<?xml version="1.0" encoding="utf-8" standalone="yes" ?>']
    assert (facts["wsd.name"], facts["wsd.hardware"]) == (["Dahua"], ["IPC-HFW2228M-I1-V2"])


def test_bye_is_read() -> None:
    assert facts_of(parse_reply, WSD_DAHUA_HELLO.replace(b"d:Hello>", b"d:Bye>"))["wsd.kind"] == ["bye"]


def test_a_fault_is_an_answer() -> None:
    facts = facts_of(parse_reply, WSD_FAULT)
    assert facts["wsd.kind"] == ["fault"]
    assert facts["wsd.fault"] == ["MatchingRuleNotSupported: the xml format error"]


def test_a_fault_of_soap_11_is_an_answer() -> None:
    fault = b"<E><Body><Fault><faultcode>SOAP-ENV:Client</faultcode><faultstring>no</faultstring></Fault></Body></E>"
    assert facts_of(parse_reply, fault)["wsd.fault"] == ["Client: no"]


def test_an_answer_without_a_match_is_still_an_answer() -> None:
    empty = WSD_HIKVISION.replace(WSD_HIKVISION_MATCH.encode(), b"")
    facts = facts_of(parse_reply, empty)
    assert facts["wsd.kind"] == ["probe-match"]
    assert facts["wsd.app_sequence"] == ["yes"]
    assert "wsd.endpoint" not in facts


def test_http_headers_before_the_envelope_do_no_harm() -> None:
    assert parse_reply(b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n\r\n" + WSD_HIKVISION) == parse_reply(
        WSD_HIKVISION
    )


def test_every_match_of_one_envelope_counts() -> None:
    second = WSD_HIKVISION_MATCH.replace("5850ed000008", "5850ed000009").replace("DS-2CD2385G1-I", "DS-2CD2042WD-I")
    both = WSD_HIKVISION.replace(WSD_HIKVISION_MATCH.encode(), (WSD_HIKVISION_MATCH + second).encode())
    facts = facts_of(parse_reply, both)
    assert facts["wsd.hardware"] == ["DS-2CD2385G1-I", "DS-2CD2042WD-I"]
    assert len(facts["wsd.endpoint"]) == 2


def match(number: int, xaddr: str, hardware: str) -> str:
    return (
        f"<d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:7d2a1f00-3b1c-11b5-8a83-00000000000{number}</a:Address>"
        f"</a:EndpointReference><d:Scopes>onvif://www.onvif.org/hardware/{hardware} onvif://www.onvif.org/name/{hardware}"
        f"</d:Scopes><d:XAddrs>{xaddr}</d:XAddrs></d:ProbeMatch>"
    )


def bridged(*matches: str) -> bytes:
    return f"<Envelope><Body><d:ProbeMatches>{''.join(matches)}</d:ProbeMatches></Body></Envelope>".encode()


def heard(ip: str, *matches: str) -> dict[str, list[str]]:
    """Key -> values, of an envelope that came from the address."""
    attempt = read_reply(PROBE, Reply("wsd", bridged(*matches), ip, 3702))
    found: dict[str, list[str]] = {}
    for seen in attempt.observations:
        found.setdefault(seen.key, []).append(seen.value)
    return found


class TestMatchesForOthers:
    """A discovery proxy or a bridge answers for several hosts: what it says of others is no fact about itself."""

    OWN = match(1, "http://192.0.2.1/onvif/device_service http://[fe80::1]/onvif/device_service", "DS-2CD2385G1-I")
    OTHER = match(2, "http://192.0.2.2:8080/onvif/device_service", "IPC-HDW1431T1-S4")

    @pytest.mark.parametrize("ip", ["192.0.2.1", "fe80::1%eth0"])
    def test_its_own_match_is_told_apart_from_the_others(self, ip: str) -> None:
        for facts in (heard(ip, self.OWN, self.OTHER), heard(ip, self.OTHER, self.OWN)):
            assert facts["wsd.hardware"] == ["DS-2CD2385G1-I"]
            assert len(facts["wsd.endpoint"]) == 1
            (hint,) = facts["wsd.match"]
            assert "IPC-HDW1431T1-S4" in hint
            assert "http://192.0.2.2:8080/onvif/device_service" in hint

    def test_a_proxy_of_no_listed_network_may_name_nobody(self) -> None:
        facts = heard("192.0.2.9", self.OWN, self.OTHER)
        assert "wsd.hardware" not in facts
        assert "wsd.endpoint" not in facts
        assert (facts["wsd.kind"], len(facts["wsd.match"])) == (["probe-match"], 2)

    def test_without_addresses_the_endpoints_tell_them_apart(self) -> None:
        assert len(heard("192.0.2.9", match(1, "", "A1"), match(2, "", "B2"))["wsd.match"]) == 2

    @pytest.mark.parametrize("ip", ["192.0.2.1", "198.51.100.7", "2001:db8::5"])
    def test_who_answers_for_one_host_alone_speaks_for_himself(self, ip: str) -> None:
        """His other interface, the address behind address translation, or one that was never set."""
        twice = self.OWN.replace("000000000001", "000000000003")
        facts = heard(ip, self.OWN, twice)
        assert facts["wsd.hardware"] == ["DS-2CD2385G1-I"] * 2
        assert "wsd.match" not in facts

    def test_two_makers_in_one_envelope_make_no_device_of_two(self) -> None:
        attempt = read_reply(PROBE, Reply("wsd", bridged(self.OWN, self.OTHER), "192.0.2.1", 3702))
        (device,) = merge_attempts([attempt], fingerprints.load_database())
        assert (device.identification.maker, device.identification.model) == ("hikvision", "DS-2CD2385G1-I")
        assert not device.identification.conflicts

    def test_one_envelope_each_makes_no_device_of_two_either(self) -> None:
        replies = [read_reply(PROBE, Reply("wsd", bridged(each), "192.0.2.1", 3702)) for each in (self.OWN, self.OTHER)]
        found = merge_attempts(replies, fingerprints.load_database())
        assert len({device.identification.maker for device in found}) == len(found)

    @pytest.mark.parametrize(
        "xaddr", ["http://[", "://", "http://user@[::1", "x" * 5000, "http://]:80/", "http://%00/"]
    )
    def test_odd_addresses_do_no_harm(self, xaddr: str) -> None:
        assert heard("192.0.2.1", self.OWN, match(2, xaddr, "B2"))["wsd.hardware"] == ["DS-2CD2385G1-I"]


@pytest.mark.parametrize(
    ("scope", "key", "value"),
    [
        ("onvif://www.onvif.org/type/manufacturer/FOSCAM", "wsd.manufacturer", "FOSCAM"),
        ("onvif://www.onvif.org/manufacturer/FOSCAM", "wsd.manufacturer", "FOSCAM"),
        ("onvif://www.onvif.org/Name/IPCAM", "wsd.name", "IPCAM"),
        ("onvif://www.onvif.org/Model/631GA", "wsd.hardware", "631GA"),
        ("onvif://www.onvif.org/name/Hall%2FStairs", "wsd.name", "Hall/Stairs"),
        ("onvif://www.onvif.org/name/%B4%F3%C3%C5", "wsd.name", "大门"),
        ("onvif://www.onvif.org/MacAddress/5850ED000008", "wsd.mac", "58:50:ed:00:00:08"),
        ("onvif://www.onvif.org/serial/DS-2CD2385G1-I20200414AAWRE33700001", "wsd.serial", None),
        ("onvif://www.onvif.org/name/Front door", "wsd.name", "Front door"),
        ("onvif://www.onvif.org/hardware/A%00B", "wsd.hardware", "AB"),
    ],
)
def test_scopes(scope: str, key: str, value: str | None) -> None:
    facts = facts_of(parse_reply, f"<d:Scopes>{scope} onvif://www.onvif.org/Profile/Streaming</d:Scopes>".encode())
    assert facts[key] == [value or scope.rpartition("/")[2]]
    assert len(facts["wsd.scope"]) == 2


@pytest.mark.parametrize(
    "scope", ["onvif://www.onvif.org/location/", "onvif://www.onvif.org/MAC/unknown", "odm:name:x"]
)
def test_a_scope_without_value_is_only_a_scope(scope: str) -> None:
    assert facts_of(parse_reply, f"<Scopes>{scope}</Scopes>".encode()) == {"wsd.scope": [scope]}


def test_a_list_of_scopes_alone_is_read() -> None:
    facts = facts_of(parse_reply, b"onvif://www.onvif.org/name/Honeywell\nonvif://www.onvif.org/hardware/H4W2PER3\n")
    assert (facts["wsd.name"], facts["wsd.hardware"]) == (["Honeywell"], ["H4W2PER3"])


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"no markup",
        b"<html><body>hello</body></html>",
        RESOLVE,
        *SADP,
        *(datagram.payload(NAME) for datagram in PROBE.datagrams),
    ],
)
def test_other_protocols_and_questions_are_not_spoken(payload: bytes) -> None:
    with pytest.raises(NotSpoken):
        parse_reply(payload)


def test_entities_are_refused() -> None:
    with pytest.raises(Malformed):
        parse_reply(b'<!DOCTYPE e [<!ENTITY a "aaaa">]>' + WSD_HIKVISION_MATCH.encode())


def test_the_first_question_byte_for_byte() -> None:
    # This very form drew an answer from a camera that ignored others; not a byte of it may change.
    assert PROBE.datagrams[0].payload(NAME) == (
        b'<?xml version="1.0" encoding="utf-8"?><Envelope xmlns:dn="http://www.onvif.org/ver10/network/wsdl" '
        b'xmlns="http://www.w3.org/2003/05/soap-envelope"><Header>'
        b'<wsa:MessageID xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing">'
        b"uuid:0f0e0d0c-0b0a-0908-0706-050403020100</wsa:MessageID>"
        b'<wsa:To xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing">'
        b"urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To>"
        b'<wsa:Action xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing">'
        b"http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</wsa:Action></Header><Body>"
        b'<Probe xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        b'xmlns="http://schemas.xmlsoap.org/ws/2005/04/discovery"><Types>dn:NetworkVideoTransmitter</Types><Scopes />'
        b"</Probe></Body></Envelope>"
    )


def test_every_question_is_a_probe_whose_prefixes_are_declared() -> None:
    types = []
    for datagram in PROBE.datagrams:
        root = etree.fromstring(datagram.payload(NAME))
        (probe,) = root.iter("{http://schemas.xmlsoap.org/ws/2005/04/discovery}Probe")
        text = probe[0].text or ""
        types.append(text)
        assert not text or text.partition(":")[0] in probe[0].nsmap
    assert types == ["dn:NetworkVideoTransmitter", "tds:Device", "", "dn:NetworkVideoTransmitter"]


@examples(100)
@given(st.one_of(st.binary(), st.binary().map(b"<d:ProbeMatch><d:Scopes>".__add__), mutated(WSD)))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(parse_reply, payload)


@examples(100)
@given(mutated(WSD))
def test_the_essence_of_a_reply_says_all_that_the_reply_says(payload: bytes) -> None:
    def said(data: bytes) -> object:
        try:
            return parse_reply(data)
        except (NotSpoken, Malformed) as error:
            return type(error)

    assert said(without_identifiers(payload)) == said(payload)
    assert without_identifiers(without_identifiers(payload)) == without_identifiers(payload)


def test_the_same_answer_to_two_questions_has_one_essence() -> None:
    other = re.sub(rb"(<wsadis:RelatesTo>)[^<]+", rb"\1urn:uuid:0f0e0d0c-0b0a-0908-0706-050403020100", WSD_HIKVISION)
    assert other.count(b"0f0e0d0c") == 1
    assert without_identifiers(other) == without_identifiers(WSD_HIKVISION)
