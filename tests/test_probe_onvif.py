from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ, FakeHost, ask_all, seen, values

from camscan.errors import Malformed, NotSpoken
from camscan.probes import onvif

INFORMATION = b"""<?xml version="1.0" encoding="utf-8" standalone="yes" ?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">
 <s:Body>
  <tds:GetDeviceInformationResponse>
   <tds:Manufacturer>Dahua</tds:Manufacturer>
   <tds:Model>DH-2H3400-ADP</tds:Model>
   <tds:FirmwareVersion>2.811.0000013.0.R, Build Date 2023-12-20</tds:FirmwareVersion>
   <tds:SerialNumber>BA07995PH000001</tds:SerialNumber>
   <tds:HardwareId>1.00</tds:HardwareId>
  </tds:GetDeviceInformationResponse>
 </s:Body>
</s:Envelope>
"""
FRAGMENT = b"""<tds:GetDeviceInformationResponse>
  <tds:Manufacturer>HIKVISION</tds:Manufacturer>
  <tds:Model>DFI6256TE</tds:Model>
  <tds:FirmwareVersion>V5.5.80 build 190528</tds:FirmwareVersion>
</tds:GetDeviceInformationResponse>"""
CLOCK = b"""HTTP/1.1 200 OK\r\nServer: gSOAP/2.8\r\nContent-Type: application/soap+xml\r\n\r\n
<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"
 xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"
 xmlns:tnshik="http://www.hikvision.com/2011/event/topics"><env:Body><tds:GetSystemDateAndTimeResponse>
<tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:UTCDateTime><tt:Time><tt:Hour>9</tt:Hour>
<tt:Minute>56</tt:Minute><tt:Second>4</tt:Second></tt:Time><tt:Date><tt:Year>2023</tt:Year><tt:Month>5</tt:Month>
<tt:Day>28</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>
</env:Body></env:Envelope>"""
SERVICES = b"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">
<s:Body><tds:GetServicesResponse><tds:Service><tds:Namespace>http://www.onvif.org/ver10/device/wsdl</tds:Namespace>
<tds:XAddr>http://192.0.2.7/onvif/device_service</tds:XAddr></tds:Service><tds:Service>
<tds:Namespace>http://www.onvif.org/ver10/media/wsdl</tds:Namespace></tds:Service></tds:GetServicesResponse></s:Body></s:Envelope>"""
CAPABILITIES = b"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><GetCapabilitiesResponse>
<Capabilities><Device/><Media/><PTZ/></Capabilities></GetCapabilitiesResponse></s:Body></s:Envelope>"""
FAULT = b"""<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><env:Fault><env:Code>
<env:Value>env:Sender</env:Value><env:Subcode><env:Value>ter:NotAuthorized</env:Value></env:Subcode></env:Code><env:Reason>
<env:Text xml:lang="en">The action requested requires authorization</env:Text></env:Reason></env:Fault></env:Body>
</env:Envelope>"""
CHALLENGE = (
    b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="Login to 2J01018PA000001",qop="auth",'
    b'nonce="b252aWYtZGlnZXN0OjQzMjYxNjc5MTQw",opaque="",stale="false"\r\n\r\n'
)


def test_device_information() -> None:
    facts = onvif.parse_reply(INFORMATION)
    assert values(facts, "onvif.manufacturer") == ["Dahua"]
    assert values(facts, "onvif.model") == ["DH-2H3400-ADP"]
    assert values(facts, "onvif.firmware") == ["2.811.0000013.0.R, Build Date 2023-12-20"]
    assert values(facts, "onvif.serial") == ["BA07995PH000001"]
    assert values(facts, "onvif.hardware_id") == ["1.00"]
    assert values(facts, "onvif.prefix") == ["s"]
    assert "http://www.onvif.org/ver10/device/wsdl" in values(facts, "onvif.namespace")


def test_a_fragment_whose_prefix_nobody_declared() -> None:
    facts = onvif.parse_reply(FRAGMENT)
    assert values(facts, "onvif.model") == ["DFI6256TE"]
    assert values(facts, "onvif.firmware") == ["V5.5.80 build 190528"]


def test_a_clock_behind_http_headers() -> None:
    facts = onvif.parse_reply(CLOCK)
    assert values(facts, "onvif.utc_time") == ["2023-05-28T09:56:04Z"]
    assert values(facts, "onvif.status") == ["200"]
    assert values(facts, "onvif.server") == ["gSOAP/2.8"]
    assert "http://www.hikvision.com/2011/event/topics" in values(facts, "onvif.namespace")


def test_services_and_capabilities() -> None:
    assert values(onvif.parse_reply(SERVICES), "onvif.service") == [
        "http://www.onvif.org/ver10/device/wsdl",
        "http://www.onvif.org/ver10/media/wsdl",
    ]
    assert values(onvif.parse_reply(CAPABILITIES), "onvif.capability") == ["Device", "Media", "PTZ"]


def test_a_fault_is_an_answer() -> None:
    assert values(onvif.parse_reply(FAULT), "onvif.fault") == [
        "env:Sender ter:NotAuthorized The action requested requires authorization"
    ]


@pytest.mark.parametrize("page", [b"", b"<html><body>Access Error: 401 -- Unauthorized</body></html>", FAULT])
def test_a_challenge_gives_its_realm_whatever_its_body(page: bytes) -> None:
    facts = onvif.parse_reply(CHALLENGE + page)
    assert values(facts, "onvif.realm") == ["Login to 2J01018PA000001"]
    assert values(facts, "onvif.auth") == ["digest: realm qop nonce opaque stale"]


def test_a_challenge_header_alone() -> None:
    header = CHALLENGE.partition(b"\r\n")[2]
    assert values(onvif.parse_reply(header), "onvif.realm") == ["Login to 2J01018PA000001"]


def test_an_answer_cut_in_the_middle() -> None:
    facts = onvif.parse_reply(INFORMATION[: INFORMATION.index(b"<tds:SerialNumber>")])
    assert values(facts, "onvif.model") == ["DH-2H3400-ADP"]
    assert values(facts, "onvif.serial") == []


def test_an_empty_answer_says_what_it_is() -> None:
    payload = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><Hello/></s:Body></s:Envelope>'
    assert values(onvif.parse_reply(payload), "onvif.field") == ["body=Hello"]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", NotSpoken),
        (b"HTTP/1.1 404 Not Found\r\n\r\n<html><body>404</body></html>", NotSpoken),
        (b"HTTP/1.1 200 OK\r\n\r\n", NotSpoken),
        (b"RTSP/1.0 400 Bad Request\r\n\r\n", NotSpoken),
        (b"<html><body>hello</body></html>", NotSpoken),
        (b'<!DOCTYPE x [<!ENTITY e "x">]><s:Envelope>&e;</s:Envelope>', Malformed),
    ],
)
def test_what_is_not_an_answer(payload: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        onvif.parse_reply(payload)


@FUZZ
@given(st.binary() | st.binary().map(lambda raw: b"<s:Envelope>" + raw))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(onvif.parse_reply, payload)


@FUZZ
@given(st.sampled_from([INFORMATION, FRAGMENT, CLOCK, SERVICES, FAULT, CHALLENGE]), st.data())
def test_damaged_replies(payload: bytes, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(payload)))
    end = data.draw(st.integers(begin, len(payload)))
    keeps_its_promise(onvif.parse_reply, payload[:begin] + data.draw(st.binary(max_size=8)) + payload[end:])


def _calls(host: FakeHost) -> list[bytes]:
    return [request.partition(b"<s:Body><")[2].split(b" ")[0] for _, _, request in host.asked]


async def test_the_services_are_asked_for_only_after_the_clock() -> None:
    host = FakeHost(replies={(80, b"POST /onvif/device_service "): CLOCK})
    assert len(await ask_all(onvif.PROBE, host, 80, seen())) == 2
    assert _calls(host) == [b"GetSystemDateAndTime", b"GetServices"]


@pytest.mark.parametrize("reply", [CHALLENGE, FAULT, b"HTTP/1.1 404 Not Found\r\n\r\n", b"\0"])
async def test_nothing_more_is_asked_after_a_refusal(reply: bytes) -> None:
    host = FakeHost(replies={(80, b"POST /onvif/device_service "): reply})
    assert len(await ask_all(onvif.PROBE, host, 80, seen())) == 1
    assert _calls(host) == [b"GetSystemDateAndTime"]


async def test_a_second_port_is_not_asked_once_one_answered() -> None:
    host = FakeHost()
    assert await ask_all(onvif.PROBE, host, 80, seen(spoken={"onvif": (8088,)})) == []
    assert host.asked == []


def test_ports_learned_from_discovery() -> None:
    known = seen(
        wsd__xaddr=(
            "http://198.51.100.1:8088/onvif/device_service",
            "https://192.0.2.7/onvif/device_service",
            "http://[x",
        ),
        sadp__http_port="81",
        dhip__http_port="82",
    )
    assert onvif.learned_ports(known) == (8088, 443, 81)


def test_a_named_device_is_not_asked() -> None:
    assert onvif.PROBE.wants(seen())
    assert not onvif.PROBE.wants(seen("hikvision"))


def test_a_second_challenge_is_not_drawn() -> None:
    assert not onvif.PROBE.wants(seen(http__realm="Router"))


def test_what_only_a_login_is_reported() -> None:
    interfaces = (
        b'<tds:GetNetworkInterfacesResponse xmlns:tds="http://www.onvif.org/ver10/device/wsdl">'
        b'<tds:NetworkInterfaces token="eth0"><Info><Name>eth0</Name><HwAddress>44-19-B6-00-00-01</HwAddress></Info>'
        b"</tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>"
    )
    assert ("onvif.mac", "44:19:b6:00:00:01") in onvif.parse_reply(interfaces)
    sources = (
        b'<trt:GetVideoSourcesResponse xmlns:trt="http://www.onvif.org/ver10/media/wsdl">'
        b'<trt:VideoSources token="VideoSource_1"/><trt:VideoSources token="VideoSource_2"/>'
        b"</trt:GetVideoSourcesResponse>"
    )
    assert [value for key, value in onvif.parse_reply(sources) if key == "onvif.video_source"] == [
        "VideoSource_1",
        "VideoSource_2",
    ]


def test_an_empty_challenge_says_nothing() -> None:
    with pytest.raises(NotSpoken):
        onvif.parse_reply(b"WWW-Authenticate:")
