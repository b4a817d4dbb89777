"""Replies to the UDP probes: the real shapes of captured replies, with made-up serials, MAC addresses and addresses."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence

import pytest
from hypothesis import strategies as st

from camscan.model import Fact

# A camera of 2019 answers on one line.
SADP_CAMERA = (
    b'<?xml version="1.0" encoding="UTF-8"?><ProbeMatch><Uuid>1E0F4C6A-90E4-44C0-842B-703F46B5AA01</Uuid>'
    b"<Types>inquiry</Types><DeviceType>141945</DeviceType><DeviceDescription>DS-2CD2385G1-I</DeviceDescription>"
    b"<DeviceSN>DS-2CD2385G1-I20200414AAWRE33700001</DeviceSN><CommandPort>8000</CommandPort><HttpPort>80</HttpPort>"
    b"<MAC>58-50-ed-00-00-01</MAC><IPv4Address>192.0.2.40</IPv4Address><IPv4SubnetMask>255.255.255.0</IPv4SubnetMask>"
    b"<IPv4Gateway>192.0.2.1</IPv4Gateway><IPv6Address>::</IPv6Address><IPv6Gateway>::</IPv6Gateway>"
    b"<IPv6MaskLen>64</IPv6MaskLen><DHCP>true</DHCP><AnalogChannelNum>0</AnalogChannelNum>"
    b"<DigitalChannelNum>1</DigitalChannelNum><SoftwareVersion>V5.6.2build 190701</SoftwareVersion>"
    b"<DSPVersion>V7.3 build 190626</DSPVersion><BootTime>1970-01-15 02:44:11</BootTime><Encrypt>true</Encrypt>"
    b"<ResetAbility>false</ResetAbility><DiskNumber>0</DiskNumber><Activated>true</Activated>"
    b"<PasswordResetAbility>true</PasswordResetAbility><PasswordResetModeSecond>true</PasswordResetModeSecond>"
    b"<DetailOEMCode>1</DetailOEMCode><SupportSecurityQuestion>true</SupportSecurityQuestion>"
    b"<SupportHCPlatform>true</SupportHCPlatform><HCPlatformEnable>flase</HCPlatformEnable>"
    b"<IsModifyVerificationCode>true</IsModifyVerificationCode>"
    b"<Salt>00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff</Salt><DeviceLock>flase</DeviceLock>"
    b"<SDKOverTLSPort>8443</SDKOverTLSPort><SDKServerStatus>true</SDKServerStatus>"
    b"<SDKOverTLSServerStatus>true</SDKOverTLSServerStatus><SupportMailBox>true</SupportMailBox></ProbeMatch>"
)
# A recorder has another order of elements, a blank in its prolog and, here, line ends between elements and a final NUL.
SADP_RECORDER = (
    b'<?xml version="1.0" encoding="UTF-8" ?>\r\n<ProbeMatch><Uuid>1E0F4C6A-90E4-44C0-842B-703F46B5AA02</Uuid>\r\n'
    b"<Types>inquiry</Types>\r\n<Encrypt>true</Encrypt>\r\n"
    b"<Salt>ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100</Salt>\r\n<DeviceType>44322</DeviceType>\r\n"
    b"<DeviceDescription>DS-7804HQH-K1</DeviceDescription>\r\n"
    b"<DeviceSN>DS-7804HQH-K10420190822CCCHD53000002WCVU</DeviceSN>\r\n<CommandPort>8000</CommandPort>\r\n"
    b"<HttpPort>80</HttpPort>\r\n<MAC>68-6d-bc-00-00-02</MAC>\r\n<IPv4Address>192.0.2.41</IPv4Address>\r\n"
    b"<IPv6Address>fe80::6a6d:bcff:fe00:2</IPv6Address>\r\n<DHCP>false</DHCP>\r\n"
    b"<AnalogChannelNum>4</AnalogChannelNum>\r\n<DigitalChannelNum>5</DigitalChannelNum>\r\n"
    b"<SoftwareVersion>V3.5.38build 191215</SoftwareVersion>\r\n<DSPVersion>V5.0, build 191213</DSPVersion>\r\n"
    b"<BootTime>2021-05-19 14:31:12</BootTime>\r\n<OEMInfo>N/A</OEMInfo>\r\n<Activated>true</Activated>\r\n"
    b"<DeviceLock>true</DeviceLock>\r\n<SupportHCPlatform>true</SupportHCPlatform>\r\n</ProbeMatch>\r\n\0"
)
SADP_HELLO = SADP_CAMERA.replace(b"ProbeMatch>", b"Hello>").replace(b"<Types>inquiry<", b"<Types>hello<")
SADP = (SADP_CAMERA, SADP_RECORDER, SADP_HELLO)


def framed(body: bytes) -> bytes:
    """A DHIP datagram: 32 bytes of header, little-endian, then the JSON."""
    return struct.pack("<I4s6I", 32, b"DHIP", 0, 0, len(body), 0, len(body), 0) + body


_VTO = {
    "mac": "3c:ef:8c:00:00:03",
    "method": "client.notifyDevInfo",
    "params": {
        "deviceInfo": {
            "AlarmInputChannels": 8,
            "AlarmOutputChannels": 0,
            "DeviceClass": "VTO",
            "DeviceType": "VTO2000A",
            "Find": "BC",
            "HttpPort": 80,
            "Init": 150,
            "IPv4Address": {
                "DefaultGateway": "192.0.2.1",
                "DhcpEnable": False,
                "IPAddress": "192.0.2.50",
                "SubnetMask": "255.255.255.0",
            },
            "MachineName": "3C0A1B2PANC3D4E",
            "Manufacturer": "General",
            "Port": 37777,
            "RemoteVideoInputChannels": 0,
            "SerialNo": "3C0A1B2PANC3D4E",
            "Vendor": "General",
            "Version": "3.120.0000.0.R",
            "VideoInputChannels": 1,
            "VideoOutputChannels": 16,
        }
    },
}
DHIP_INTERCOM = framed(json.dumps(_VTO, separators=(",", ":")).encode())
# Older cameras put blanks around colons, escape slashes and end with a newline.
DHIP_CAMERA = framed(
    b'{ "mac" : "4c:11:bf:00:00:04", "method" : "client.notifyDevInfo", "params" : { "deviceInfo" : { '
    b'"AlarmInputChannels" : 0, "AlarmOutputChannels" : 0, "DeviceClass" : "IPC", "DeviceType" : "IPC-HDW5421S", '
    b'"HttpPort" : 80, "IPv4Address" : { "DefaultGateway" : "192.0.2.1", "DhcpEnable" : false, "IPAddress" : '
    b'"192.0.2.51", "SubnetMask" : "255.255.255.0" }, "IPv6Address" : { "DefaultGateway" : null, "DhcpEnable" : false, '
    b'"IPAddress" : "2001:db8::51\\/112", "LinkLocalAddress" : "fe80::4e11:bfff:fe00:4\\/64" }, "MachineName" : '
    b'"1F0A1B2PAXC3D4E", "Manufacturer" : "Private", "Port" : 37777, "RemoteVideoInputChannels" : 0, "SerialNo" : '
    b'"1F0A1B2PAXC3D4E", "Vendor" : "Dahua", "Version" : "2.400.0.8", "VideoInputChannels" : 1, '
    b'"VideoOutputChannels" : 16 } }, "random" : "00000001" }\n'
)
# A rebranded camera as a public script printed it: no header, serial masked by the publisher, another SDK port.
DHIP_LOREX = (
    b'{"mac":"00:1f:54:00:00:05","method":"client.notifyDevInfo","params":{"deviceInfo":{"AlarmInputChannels":0,'
    b'"AlarmOutputChannels":0,"DeviceClass":"IPC","DeviceType":"W461ASC","HttpPort":80,"Port3":80,"Port":35000,'
    b'"UnLoginFuncMask":1,"IPv4Address":{"DefaultGateway":"192.0.2.1","DhcpEnable":true,"IPAddress":"0.0.0.0",'
    b'"SubnetMask":"255.255.255.0"},"MachineName":"REDACTED","SerialNo":"REDACTED","DeviceID":"REDACTED",'
    b'"Manufacturer":"Private","RemoteVideoInputChannels":0,"Vendor":"Lorex","Version":"2.800.030000000.3.R",'
    b'"VideoInputChannels":1,"VideoOutputChannels":0,"Init":1162,"Find":"BC","FindVersion":1}}}\0'
)
# The same header and port, another message: a login challenge is no answer to a search.
DHIP_CHALLENGE = framed(
    b'{"error":{"code":268632079,"message":"Component error: login challenge!"},"id":2,"params":{"encryption":'
    b'"Default","mac":"BC325F000006","random":"647709486","realm":"Login to 6J0DA6EPAJ00006"},"result":false,'
    b'"session":2147483234}\n'
)
DHIP = (DHIP_INTERCOM, DHIP_CAMERA, DHIP_LOREX)


def dahua5050(model: bytes = b"DVR0404LE", text: bytes = b"") -> bytes:
    """An answer of the old binary protocol, laid out field by field."""
    text = (
        text
        or b"Name:Town Hall\r\nDevice:DVR\r\nIPv6Addr:fe80::7/64;gateway:fe80::\r\n\r\nSerialNo:TZA4DU100007\r\n\r\n"
    )
    section = b"90:02:a9:00:00:07" + model
    head = struct.pack("<BBHI8xIH10x", 0xB3, 0, len(section), 0x58, 2, len(text))
    fixed = struct.pack("<4H16s", 2, 608, 0, 1, b"DVR")
    fixed += bytes([192, 0, 2, 52, 255, 255, 255, 0, 192, 0, 2, 1, 0, 0, 0, 0])
    fixed += bytes([192, 0, 2, 9]) + struct.pack("<H", 8888) + bytes(16)
    fixed += struct.pack("<6H2x", 80, 443, 37777, 10, 37776, 37778)
    fixed += bytes([239, 255, 42, 42]) + struct.pack("<H6x", 36666)
    return head + fixed + section + text


DAHUA5050 = (dahua5050(), dahua5050(b"", b"\r\n"))

_DECLARED = (
    'xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" '
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    'xmlns:wsadis="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:tnshik="http://www.hikvision.com/2011/event/topics"'
)
_ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
WSD_HIKVISION_MATCH = (
    "<d:ProbeMatch>\n<wsadis:EndpointReference>\n"
    "<wsadis:Address>urn:uuid:aa85c000-6324-11b3-819e-5850ed000008</wsadis:Address>\n</wsadis:EndpointReference>\n"
    "<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>\n<d:Scopes>onvif://www.onvif.org/type/video_encoder "
    "onvif://www.onvif.org/Profile/Streaming onvif://www.onvif.org/Profile/G onvif://www.onvif.org/Profile/T "
    "onvif://www.onvif.org/MAC/58:50:ed:00:00:08 onvif://www.onvif.org/hardware/DS-2CD2385G1-I "
    "onvif://www.onvif.org/name/HIKVISION%20DS-2CD2385G1-I onvif://www.onvif.org/location/city/hangzhou</d:Scopes>\n"
    "<d:XAddrs>http://192.0.2.53/onvif/device_service http://[fe80::5a50:edff:fe00:8]/onvif/device_service</d:XAddrs>\n"
    "<d:MetadataVersion>10</d:MetadataVersion>\n</d:ProbeMatch>"
)
WSD_HIKVISION = (
    f'<?xml version="1.0" encoding="utf-8"?>\n<env:Envelope {_DECLARED}>\n<env:Header>\n'
    "<wsadis:MessageID>urn:uuid:aa85c000-6324-11b3-819e-5850ed000008</wsadis:MessageID>\n"
    "<wsadis:RelatesTo>uuid:bfe8bb88-03a2-4e1a-904a-59a7d2880000</wsadis:RelatesTo>\n"
    f"<wsadis:To>{_ANONYMOUS}</wsadis:To>\n"
    "<wsadis:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsadis:Action>\n"
    '<d:AppSequence InstanceId="705289" MessageNumber="11682"/>\n</env:Header>\n<env:Body>\n<d:ProbeMatches>\n'
    f"{WSD_HIKVISION_MATCH}\n</d:ProbeMatches>\n</env:Body>\n</env:Envelope>\n"
).encode()
WSD_DAHUA_HELLO = (
    b'<?xml version="1.0" encoding="utf-8" standalone="yes" ?>\n'
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:sc="http://www.w3.org/2003/05/soap-encoding" '
    b'xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" '
    b'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    b'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing">\n<s:Header>\n'
    b"<a:MessageID>uuid:7dffd1ac-a95b-4479-ae60-000000000009</a:MessageID>\n"
    b"<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>\n"
    b"<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Hello</a:Action>\n</s:Header>\n<s:Body>\n<d:Hello>\n"
    b"<a:EndpointReference>\n<a:Address>uuid:503b687a-b9d7-474f-a2d0-000000000009</a:Address>\n</a:EndpointReference>\n"
    b"<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>\n"
    b"<d:Scopes>onvif://www.onvif.org/location/country/china onvif://www.onvif.org/name/Dahua "
    b"onvif://www.onvif.org/hardware/IPC-HFW2228M-I1-V2 onvif://www.onvif.org/Profile/Streaming "
    b"onvif://www.onvif.org/type/Network_Video_Transmitter onvif://www.onvif.org/extension/unique_identifier</d:Scopes>\n"
    b"<d:XAddrs>http://192.0.2.54/onvif/device_service</d:XAddrs>\n<d:MetadataVersion>1</d:MetadataVersion>\n"
    b"</d:Hello>\n</s:Body>\n</s:Envelope>\n"
)
# What a Hikvision unit said to a unicast Probe that it did not like.
WSD_FAULT = (
    f'<?xml version="1.0" encoding="utf-8"?>\n<env:Envelope {_DECLARED}>\n<env:Body>\n<env:Fault><env:Code>'
    "<env:Value>env:Sender</env:Value><env:Subcode><env:Value>d:MatchingRuleNotSupported</env:Value></env:Subcode>"
    '</env:Code><env:Reason><env:Text xml:lang="en">the xml format error</env:Text></env:Reason></env:Fault>\n'
    "</env:Body>\n</env:Envelope>\n"
).encode()
WSD = (WSD_HIKVISION, WSD_HIKVISION_MATCH.encode(), WSD_DAHUA_HELLO, WSD_FAULT)

SSDP_DAHUA = (
    b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nDATE: Wed, 24 Feb 2021 02:58:42 GMT\r\nEXT: \r\n"
    b"LOCATION: http://192.0.2.55:49152/upnp_device_desc.xml\r\n"
    b"SERVER: Linux/3.8.8, UPnP/1.0, ZheJiang Dahua Technology CO.,LTD. Upnp SDK\r\nX-User-Agent: redsonic\r\n"
    b"ST: uuid:www.dahuatech.com.device_3_0-1L0A1B2PAWC3D4E\r\n"
    b"USN: uuid:www.dahuatech.com.device_3_0-1L0A1B2PAWC3D4E\r\n\r\n"
)
SSDP_NOTIFY = SSDP_DAHUA.replace(b"HTTP/1.1 200 OK", b"NOTIFY * HTTP/1.1").replace(b"ST:", b"NTS: ssdp:alive\r\nNT:")
SSDP = (SSDP_DAHUA, SSDP_NOTIFY)


def dns_name(*labels: str) -> bytes:
    """An uncompressed name."""
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def dns_record(name: bytes, kind: int, data: bytes) -> bytes:
    """One resource record: class IN with the cache-flush bit, 120 seconds."""
    return name + struct.pack(">HHIH", kind, 0x8001, 120, len(data)) + data


def dns_response(*records: bytes, questions: Sequence[bytes] = ()) -> bytes:
    """A response message."""
    asked = b"".join(name + struct.pack(">HH", 12, 1) for name in questions)
    return struct.pack(">6H", 0, 0x8400, len(questions), len(records), 0, 0) + asked + b"".join(records)


_CGI = ("_CGI", "_tcp", "local")
_CGI_INSTANCE = dns_name("DS-2CD2385G1-I - E33700011", *_CGI)
_HOST = dns_name("DS-2CD2385G1-I20200414AAWRE33700011", "local")
# A Hikvision camera: "model - part of the serial" as instance, the whole serial as host name.
MDNS_HIKVISION = dns_response(
    dns_record(dns_name(*_CGI), 12, _CGI_INSTANCE),
    dns_record(_CGI_INSTANCE, 33, struct.pack(">3H", 0, 0, 80) + _HOST),
    dns_record(_HOST, 1, bytes([192, 0, 2, 56])),
    dns_record(_HOST, 28, bytes.fromhex("20010db8000000000000000000000056")),
)
# An Axis camera, its names compressed, the question repeated as one-shot askers are answered (RFC 6762, section 6.7).
_AXIS_TYPE = dns_name("_axis-video", "_tcp", "local")
MDNS_AXIS = dns_response(
    dns_record(b"\xc0\x0c", 12, b"\x19AXIS M5014 - ACCC8E000012\xc0\x0c"),
    dns_record(b"\x19AXIS M5014 - ACCC8E000012\xc0\x0c", 16, b"\x17macaddress=ACCC8E000012\x00"),
    questions=(_AXIS_TYPE,),
)
MDNS = (MDNS_HIKVISION, MDNS_AXIS)

ALL = {"sadp": SADP, "dhip": DHIP, "dahua5050": DAHUA5050, "wsd": WSD, "ssdp": SSDP, "mdns": MDNS}


def facts_of(parse: Callable[[bytes], list[Fact]], payload: bytes) -> dict[str, list[str]]:
    """Facts by key, in their order."""
    found: dict[str, list[str]] = {}
    for key, value in parse(payload):
        found.setdefault(key, []).append(value)
    return found


def mutated(replies: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Real replies, cut and with some of their bytes replaced."""

    def damage(reply: bytes, start: int, length: int, patch: bytes, end: int) -> bytes:
        at = start % (len(reply) + 1)
        return (reply[:at] + patch + reply[at + length :])[: end or None]

    return st.builds(
        damage,
        st.sampled_from(list(replies)),
        st.integers(0, 4096),
        st.integers(0, 64),
        st.binary(max_size=64),
        st.one_of(st.just(0), st.integers(1, 2000)),
    )


def refuses(build: Callable[[str], bytes], words: Sequence[str]) -> None:
    """The builder serialises none of the words, nor any variant of their case or with blanks."""
    for word in words:
        for variant in (word, word.upper(), f" {word}", f"{word} "):
            with pytest.raises(ValueError, match="is not a valid"):
                build(variant)
