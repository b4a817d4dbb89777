from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ, values

from camscan.errors import Malformed, NotSpoken
from camscan.probes import Stage, isapi

CAMERA = b"""<?xml version="1.0" encoding="UTF-8"?>
<DeviceInfo version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
<deviceName>IP CAMERA</deviceName>
<deviceID>d2d94000-f70b-00b0-00a0-000000000000</deviceID>
<model>DS-2CD2146G2-ISU</model>
<serialNumber>DS-2CD2146G2-ISU20230101AAWRG00000001</serialNumber>
<macAddress>58:50:ED:00:00:01</macAddress>
<firmwareVersion>V5.7.17</firmwareVersion>
<firmwareReleasedDate>build 240606</firmwareReleasedDate>
<deviceType>IPCamera</deviceType>
<manufacturer>hikvision</manufacturer>
<subSerialNumber>G00000001</subSerialNumber>
<OEMCode>1</OEMCode>
</DeviceInfo>
"""
USER_CHECK = (
    b'<?xml version="1.0" encoding="UTF-8" ?>\r\n<userCheck>\r\n<statusValue>401</statusValue>\r\n'
    b"<statusString>Unauthorized</statusString>\r\n</userCheck>\r\n"
)


def test_a_camera() -> None:
    facts = isapi.parse_reply(CAMERA)
    assert values(facts, "isapi.model") == ["DS-2CD2146G2-ISU"]
    assert values(facts, "isapi.serial") == ["DS-2CD2146G2-ISU20230101AAWRG00000001"]
    assert values(facts, "isapi.mac") == ["58:50:ed:00:00:01"]
    assert values(facts, "isapi.firmware") == ["V5.7.17 build 240606"]
    assert values(facts, "isapi.namespace") == ["http://www.hikvision.com/ver20/XMLSchema"]
    assert values(facts, "isapi.oem_code") == ["1"]
    assert "deviceID=d2d94000-f70b-00b0-00a0-000000000000" in values(facts, "isapi.field")


def test_with_http_headers() -> None:
    facts = isapi.parse_reply(b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Type: application/xml\r\n\r\n" + CAMERA)
    assert facts == isapi.parse_reply(CAMERA)


def test_cut_at_both_ends() -> None:
    begin, end = CAMERA.index(b"<model>"), CAMERA.index(b"<deviceType>")
    facts = isapi.parse_reply(CAMERA[begin:end] + b"</DeviceInfo>")
    assert values(facts, "isapi.model") == ["DS-2CD2146G2-ISU"]
    assert values(facts, "isapi.firmware") == ["V5.7.17 build 240606"]


@pytest.mark.parametrize(
    ("version", "released", "firmware"),
    [
        (b"V5.4.5", b"build 170124", ["V5.4.5 build 170124"]),
        (b"V5.4.5", b"170124", ["V5.4.5 build 170124"]),
        (b"V5.4.5 build 170124", b"build 170124", ["V5.4.5 build 170124"]),
        (b"V5.4.5", b"", ["V5.4.5"]),
        (b"", b"build 170124", []),
    ],
)
def test_firmware_is_joined_as_the_device_writes_it(version: bytes, released: bytes, firmware: list[str]) -> None:
    xml = b"<DeviceInfo><model>x</model><firmwareVersion>%s</firmwareVersion>" % version
    facts = isapi.parse_reply(xml + b"<firmwareReleasedDate>%s</firmwareReleasedDate></DeviceInfo>" % released)
    assert values(facts, "isapi.firmware") == firmware


CHANNELS = b"""<?xml version="1.0" encoding="UTF-8"?>
<InputProxyChannelList version="1.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
<InputProxyChannel version="1.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
<id>1</id>
<name>Front door</name>
<sourceInputPortDescriptor>
<proxyProtocol>HIKVISION</proxyProtocol>
<addressingFormatType>ipaddress</addressingFormatType>
<ipAddress>192.0.2.61</ipAddress>
<managePortNo>8000</managePortNo>
<srcInputPort>1</srcInputPort>
<userName>somebody</userName>
<streamType>auto</streamType>
<model>DS-2CD2146G2-ISU</model>
<serialNumber>DS-2CD2146G2-ISU20230101AAWRG00000001</serialNumber>
<firmwareVersion>V5.7.17</firmwareVersion>
</sourceInputPortDescriptor>
</InputProxyChannel>
<InputProxyChannel version="1.0"><id>2</id><name></name></InputProxyChannel>
<InputProxyChannel version="1.0"><id>3</id><name>Yard</name></InputProxyChannel>
</InputProxyChannelList>
"""


def test_a_recorders_channels_are_told_of_the_channels() -> None:
    facts = isapi.parse_reply(CHANNELS)
    assert values(facts, "isapi.channel") == [
        (
            "1: name=Front door, ip=192.0.2.61, model=DS-2CD2146G2-ISU, "
            "serial=DS-2CD2146G2-ISU20230101AAWRG00000001, firmware=V5.7.17, protocol=HIKVISION"
        ),
        "3: name=Yard",
    ]
    assert {key for key, _ in facts} == {"isapi.namespace", "isapi.channel"}
    assert "somebody" not in str(facts)


def test_a_masked_mac_address_is_text_not_an_address() -> None:
    facts = isapi.parse_reply(CAMERA.replace(b"58:50:ED:00:00:01", b"XX:XX:XX:XX:XX:XX"))
    assert values(facts, "isapi.mac") == []
    assert "macAddress=XX:XX:XX:XX:XX:XX" in values(facts, "isapi.field")


def test_a_refusal_is_read_too() -> None:
    assert values(isapi.parse_reply(USER_CHECK), "isapi.field") == ["statusValue=401", "statusString=Unauthorized"]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", NotSpoken),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", NotSpoken),
        (b"RTSP/1.0 200 OK\r\n\r\n<DeviceInfo/>", NotSpoken),
        (b"<html><body>hello</body></html>", NotSpoken),
        (b"<root><model>WRT54G</model></root>", NotSpoken),
        (b"<DeviceInfo></DeviceInfo>", Malformed),
        (b'<!DOCTYPE DeviceInfo [<!ENTITY e "x">]><DeviceInfo><model>&e;</model></DeviceInfo>', Malformed),
    ],
)
def test_what_is_not_isapi(payload: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        isapi.parse_reply(payload)


@FUZZ
@given(st.binary() | st.binary().map(lambda raw: b"<DeviceInfo>" + raw))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(isapi.parse_reply, payload)


@FUZZ
@given(st.data())
def test_damaged_replies(data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(CAMERA)))
    end = data.draw(st.integers(begin, len(CAMERA)))
    keeps_its_promise(isapi.parse_reply, CAMERA[:begin] + data.draw(st.binary(max_size=8)) + CAMERA[end:])


def test_it_is_never_asked() -> None:
    assert isapi.PROBE.stage is Stage.NEVER
    assert isapi.PROBE.ask is None


def test_the_json_form_says_the_same() -> None:
    told = b"""{"DeviceInfo": {"@version": "2.0", "@xmlns": "http://www.hikvision.com/ver20/XMLSchema",
        "model": "DS-2CD2146G2-ISU", "serialNumber": "DS-2CD2146G2-ISU20230101AAWRG00000001",
        "macAddress": "58:50:ED:00:00:01", "firmwareVersion": "V5.7.17", "firmwareReleasedDate": "build 240606",
        "deviceName": "Gate", "extra": {"inner": "1"}, "number": 7}}"""
    facts = isapi.parse_reply(told)
    assert ("isapi.namespace", "http://www.hikvision.com/ver20/XMLSchema") in facts
    assert ("isapi.mac", "58:50:ed:00:00:01") in facts
    assert ("isapi.firmware", "V5.7.17 build 240606") in facts
    assert ("isapi.model", "DS-2CD2146G2-ISU") in facts
    assert not any(key == "isapi.field" and "@" in value for key, value in facts)
    assert isapi.parse_reply(b"\xef\xbb\xbf" + told + b"\0") == facts


@pytest.mark.parametrize("body", [b"{", b'{"a": 1}', b'{"DeviceInfo": 1}', b"[" * 2000, b'{"DeviceInfo": [' * 2000])
def test_other_json_is_not_a_device_information(body: bytes) -> None:
    with pytest.raises(NotSpoken):
        isapi.parse_reply(body)
