from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ, FakeHost, seen, values

from camscan.errors import Malformed, NotSpoken
from camscan.probes import Seen, upnp

DESCRIPTION = b"""<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion><device>
<deviceType>urn:schemas-upnp-org:device:EmbeddedNetDevice:1</deviceType><friendlyName>Car park</friendlyName>
<manufacturer>HIKVISION</manufacturer><manufacturerURL>http://www.hikvision.com</manufacturerURL>
<modelDescription>IPC</modelDescription><modelName>DS-2CD2385G1-I</modelName><modelNumber>DS-2CD2385G1-I</modelNumber>
<serialNumber>DS-2CD2385G1-I20200414AAWRE00000001</serialNumber><UDN>uuid:0</UDN>
<presentationURL>http://192.0.2.7:80</presentationURL></device></root>"""
SERVER = "Linux/3.8.8, UPnP/1.0, ZheJiang Dahua Technology CO.,LTD. Upnp SDK"
LOCATION = "http://192.0.2.7:49152/upnp_device_desc.xml"


def test_a_description() -> None:
    facts = upnp.parse_reply(DESCRIPTION)
    assert values(facts, "upnp.device_type") == ["urn:schemas-upnp-org:device:EmbeddedNetDevice:1"]
    assert values(facts, "upnp.model_number") == ["DS-2CD2385G1-I"]
    assert values(facts, "upnp.serial") == ["DS-2CD2385G1-I20200414AAWRE00000001"]
    assert values(facts, "upnp.presentation_url") == ["http://192.0.2.7:80"]
    assert "manufacturerURL=http://www.hikvision.com" in values(facts, "upnp.field")


def test_with_http_headers_and_as_a_fragment() -> None:
    assert upnp.parse_reply(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n" + DESCRIPTION) == upnp.parse_reply(
        DESCRIPTION
    )
    begin, end = DESCRIPTION.index(b"<friendlyName>"), DESCRIPTION.index(b"</device>")
    assert values(upnp.parse_reply(DESCRIPTION[begin:end]), "upnp.model_name") == ["DS-2CD2385G1-I"]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", NotSpoken),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", NotSpoken),
        (b"RTSP/1.0 200 OK\r\n\r\n<manufacturer>x</manufacturer>", NotSpoken),
        (b"<html><body>hello</body></html>", NotSpoken),
        (b'<!DOCTYPE r [<!ENTITY e "x">]><root xmlns="urn:schemas-upnp-org:device-1-0"/>', Malformed),
    ],
)
def test_what_is_not_a_description(payload: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        upnp.parse_reply(payload)


@FUZZ
@given(st.binary() | st.binary().map(lambda raw: b"<root><manufacturer>" + raw))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(upnp.parse_reply, payload)


@FUZZ
@given(st.data())
def test_damaged_replies(data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(DESCRIPTION)))
    end = data.draw(st.integers(begin, len(DESCRIPTION)))
    keeps_its_promise(upnp.parse_reply, DESCRIPTION[:begin] + data.draw(st.binary(max_size=8)) + DESCRIPTION[end:])


async def test_the_description_of_a_known_maker_is_read_once() -> None:
    known = seen(ssdp__server=SERVER, ssdp__location=(LOCATION, LOCATION))
    assert upnp.is_wanted(known)
    assert upnp.learned_ports(known) == (49152,)
    host = FakeHost(replies={(49152, b"GET /upnp_device_desc.xml "): DESCRIPTION})
    assert len(await upnp.ask_device(host, 49152, known)) == 1
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    "known",
    [
        seen(
            ssdp__location="http://192.0.2.7:49152/upnp_device_desc.xml", ssdp__server="Linux, UPnP/1.0, Portable SDK"
        ),
        seen(ssdp__location="http://192.0.2.7:49152/upnp_eth0.xml", ssdp__server=SERVER),
        seen(ssdp__location="http://[bad", ssdp__server=SERVER),
        seen(ssdp__server=SERVER),
        seen(),
    ],
)
async def test_unknown_makers_and_paths_are_left_alone(known: Seen) -> None:
    assert not upnp.is_wanted(known)
    host = FakeHost()
    assert await upnp.ask_device(host, 49152, known) == []
    assert host.asked == []


@pytest.mark.parametrize(
    "location",
    [
        "http://192.0.2.8:49152/upnp_device_desc.xml",
        "http://evil.example:49152/upnp_device_desc.xml",
        "file:///etc/passwd",
    ],
)
async def test_an_address_off_the_device_is_left_alone(location: str) -> None:
    host = FakeHost()
    assert await upnp.ask_device(host, 49152, seen(ssdp__server=SERVER, ssdp__location=location)) == []
    assert host.asked == []


def test_axis_names_itself_in_its_usn() -> None:
    usn = "uuid:Upnp-BasicDevice-1_0-ACCC8E000001::urn:axis-com:service:BasicService:1"
    assert upnp.is_wanted(seen(ssdp__usn=usn, ssdp__location="http://192.0.2.7:45895/rootdesc1.xml"))
