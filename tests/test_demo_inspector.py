"""The estate's rules: what a polite scanner sends passes, what it must never send does not."""

from __future__ import annotations

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan.demo.inspector import inspect

IP = "10.20.30.40"
PROTOCOLS = ["http", "rtsp", "sadp", "dhip", "dahua5050", "dvrip", "wsd", "mdns", "ssdp", "sdk", "other"]
UUID = "0A1B2C3D-0000-4000-8000-123456789ABC"
SOAP = "http://www.w3.org/2003/05/soap-envelope"


def rules(protocol: str, payload: bytes) -> list[str]:
    return [rule for rule, _detail in inspect(protocol, payload, IP)]


def get(path: str, *lines: str, host: str = IP, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode()


def rtsp(method: str, url: str = f"rtsp://{IP}:554/", *lines: str) -> bytes:
    return "\r\n".join([f"{method} {url} RTSP/1.0", "CSeq: 1", *lines, "", ""]).encode()


def onvif(call: str, header: str = "") -> bytes:
    body = (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:t="http://www.onvif.org/ver10/device/wsdl">{header}'
        f"<s:Body><t:{call}/></s:Body></s:Envelope>"
    )
    lines = ["Content-Type: application/soap+xml; charset=utf-8", f"Content-Length: {len(body)}"]
    return get("/onvif/device_service", *lines, method="POST") + body.encode()


def dhip(body: bytes, *, length: int | None = None) -> bytes:
    size = (len(body) if length is None else length).to_bytes(4, "little")
    return b"\x20\0\0\0DHIP" + bytes(8) + size + bytes(4) + size + bytes(4) + body


def sadp(kind: str, more: str = "", uuid: str = UUID) -> bytes:
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return f"{head}<Probe><Uuid>{uuid}</Uuid>{more}<Types>{kind}</Types></Probe>".encode()


def wsd(action: str = "Probe", message_id: str = f"uuid:{UUID}") -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="{SOAP}"'
        ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header>'
        f"<a:MessageID>{message_id}</a:MessageID>"
        f"<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/{action}</a:Action></e:Header>"
        f"<e:Body><d:{action}/></e:Body></e:Envelope>"
    ).encode()


SEARCH = b'{"method":"DHDiscover.search","params":{"mac":"","uni":1}}'
LEGACY = bytes.fromhex("a30100010000000000000000000000000200000000000000000000000000000000000000")[:32]
REALM = bytes.fromhex("a0010000000000000000000000000000000000000000000005020101 0000a1aa".replace(" ", ""))
MDNS = bytes.fromhex("000000000001000000000000") + b"\x05_http\x04_tcp\x05local\0\0\x0c\0\x01"
_NAME = MDNS[12:-4]
_POINTER = b"\0\x0c\0\x01\0\0\x11\x94\0\x08\x05A.B-1\xc0\x0c"
"""Type, class, life and data of a pointer record; its data ends in the name that stands first in the message."""
KNOWN_ANSWER = MDNS[:6] + b"\0\x01" + MDNS[8:] + b"\xc0\x0c" + _POINTER
MORE_KNOWN_ANSWERS = bytes.fromhex("000002000000000100000000") + _NAME + _POINTER
ANNOUNCES = MDNS[:8] + b"\0\x01" + MDNS[10:] + b"\xc0\x0c" + _POINTER
WSD_11 = (
    f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action>'
    "http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01/Probe</a:Action></s:Header><s:Body>"
    '<Probe xmlns="http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01"/></s:Body></s:Envelope>'
).encode()
MSEARCH = (
    b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n'
)


@pytest.mark.parametrize(
    ("protocol", "payload"),
    [
        ("http", get("/")),
        ("http", get("/", "User-Agent: camscan/1.0", "Connection: close")),
        ("http", get("/", host=f"{IP}:20080")),
        ("http", get("/favicon.ico", method="HEAD")),
        ("http", get("/ISAPI/System/deviceInfo")),
        ("http", get("/cgi-bin/magicBox.cgi?action=getDeviceType")),
        ("http", onvif("GetSystemDateAndTime")),
        ("http", onvif("GetCapabilities")),
        ("rtsp", rtsp("OPTIONS")),
        ("rtsp", rtsp("DESCRIBE", f"rtsp://{IP}:554/", "Accept: application/sdp")),
        ("sadp", sadp("inquiry")),
        ("sadp", sadp("inquiry_v32")),
        ("sadp", sadp("inquiry", "<MAC>ff-ff-ff-ff-ff-ff</MAC>")),
        ("sadp", b"<ProbeMatch><Types>inquiry</Types></ProbeMatch>"),
        ("dhip", dhip(SEARCH)),
        ("dhip", dhip(SEARCH + b"\n")),
        ("dahua5050", LEGACY),
        ("dvrip", REALM),
        ("wsd", wsd()),
        ("wsd", wsd("Hello")),
        ("mdns", MDNS),
        ("mdns", b"\0\0\x84\0" + MDNS[4:]),
        ("mdns", KNOWN_ANSWER),
        ("mdns", MORE_KNOWN_ANSWERS),
        ("mdns", ANNOUNCES),
        ("wsd", WSD_11),
        ("ssdp", MSEARCH),
        ("ssdp", b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n"),
    ],
)
def test_a_polite_request_breaks_no_rule(protocol: str, payload: bytes) -> None:
    assert rules(protocol, payload) == []


@pytest.mark.parametrize(
    ("protocol", "payload", "rule"),
    [
        ("http", get("/", "Authorization: Basic YWRtaW46MTIzNDU="), "credential"),
        ("http", get("/", 'authorization: Digest username="admin"'), "credential"),
        ("http", get("/login.cgi?user=admin&pwd="), "credential"),
        ("http", get("/cgi-bin/guest/Login.cgi?&password=1"), "credential"),
        ("http", onvif("GetServices", "<s:Header><UsernameToken/></s:Header>"), "credential"),
        ("http", get("/snap.jpg"), "image or stream asked for"),
        ("http", get("/cgi-bin/snapshot.cgi"), "image or stream asked for"),
        ("http", get("/ISAPI/Streaming/channels/101/picture"), "image or stream asked for"),
        ("http", get("/onvif-http/snapshot?auth=YWRtaW46MTEK"), "image or stream asked for"),
        ("http", get("/control/userimage.html"), "image or stream asked for"),
        ("http", get("/current_config/passwd"), "dangerous path"),
        ("http", get("/SDK/webLanguage"), "dangerous path"),
        ("http", get("/../../etc/passwd"), "dangerous path"),
        ("http", get("/RPC2_Login", method="POST"), "dangerous path"),
        ("http", get("/SDK/webLanguage", method="PUT"), "forbidden method"),
        ("http", get("/", method="DELETE"), "forbidden method"),
        ("http", get("/anything", method="POST"), "forbidden method"),
        ("http", onvif("SystemReboot"), "forbidden verb"),
        ("http", onvif("GetSnapshotUri"), "forbidden verb"),
        ("http", onvif("GetUsers"), "forbidden verb"),
        ("http", get("/", host="10.20.30.41"), "malformed request"),
        ("http", b"GET / HTTP/1.1\r\n\r\n", "malformed request"),
        ("http", b"GET / HTTP/1.1\nHost: 10.20.30.40\n\n", "malformed request"),
        ("http", b"GET /", "malformed request"),
        ("http", b"OPTIONS / RTSP/1.0\r\nCSeq: 1\r\n\r\n", "malformed request"),
        ("http", get("/", "Content-Length: 5"), "malformed request"),
        ("http", get("/", "X-Bad"), "malformed request"),
        ("http", get("/", f"Host: {IP}"), "malformed request"),
        ("http", b"\x16\x03\x01\x02\x00\x01\x00", "malformed request"),
        ("rtsp", rtsp("SETUP"), "forbidden method"),
        ("rtsp", rtsp("PLAY"), "forbidden method"),
        ("rtsp", rtsp("DESCRIBE", f"rtsp://{IP}/Streaming/Channels/101"), "image or stream asked for"),
        ("rtsp", rtsp("DESCRIBE", f"rtsp://{IP}/cam/realmonitor?channel=1"), "image or stream asked for"),
        ("rtsp", rtsp("OPTIONS", f"rtsp://admin:12345@{IP}/"), "credential"),
        ("rtsp", rtsp("OPTIONS", "rtsp://10.0.0.1/"), "malformed request"),
        ("rtsp", f"OPTIONS rtsp://{IP}/ RTSP/1.0\r\n\r\n".encode(), "malformed request"),
        ("rtsp", rtsp("DESCRIBE", f"rtsp://{IP}/", "Authorization: Basic YQ=="), "credential"),
        ("sadp", sadp("activate"), "forbidden verb"),
        ("sadp", sadp("reboot"), "forbidden verb"),
        ("sadp", sadp("getencryptstring"), "forbidden verb"),
        ("sadp", sadp("inquiry", "<Password>x</Password>"), "credential"),
        ("sadp", sadp("inquiry", uuid="1"), "malformed request"),
        ("sadp", b"inquiry", "malformed request"),
        ("dhip", SEARCH, "malformed request"),
        ("dhip", dhip(SEARCH, length=3), "malformed request"),
        ("dhip", b"\0", "malformed request"),
        ("dhip", dhip(b'{"method":"DHDiscover.setConfig","params":{}}'), "forbidden verb"),
        ("dhip", dhip(b'{"method":"PasswdFind.getDescript","params":{}}'), "forbidden verb"),
        ("dahua5050", LEGACY[:31], "malformed request"),
        ("dvrip", b"\xa0\x05" + REALM[2:], "malformed request"),
        ("wsd", wsd("Resolve"), "forbidden verb"),
        ("wsd", wsd(message_id="1"), "malformed request"),
        ("wsd", b"<Probe/>", "malformed request"),
        ("mdns", b"\0\0", "malformed request"),
        ("mdns", bytes(12), "malformed request"),
        ("mdns", KNOWN_ANSWER[:-1], "malformed request"),
        ("mdns", KNOWN_ANSWER + b"x", "malformed request"),
        ("mdns", MDNS[:6] + b"\0\x01" + MDNS[8:], "malformed request"),
        ("mdns", b"\0\0\x10\0" + MDNS[4:], "malformed request"),
        ("mdns", b"\0\0\0\x03" + MDNS[4:], "malformed request"),
        ("wsd", WSD_11.replace(b"/01/Probe<", b"/01/Bye<").replace(b"<Probe ", b"<Bye "), "forbidden verb"),
        ("ssdp", MSEARCH.replace(b"ssdp:discover", b"x"), "malformed request"),
        ("sdk", b"\x00", "bytes sent where none are expected"),
    ],
)
def test_a_rude_request_breaks_a_rule(protocol: str, payload: bytes, rule: str) -> None:
    assert rule in rules(protocol, payload)


@examples(200)
@given(st.sampled_from(PROTOCOLS), st.binary(max_size=300))
def test_any_bytes_can_be_judged(protocol: str, payload: bytes) -> None:
    assert all(rules(protocol, payload))


@examples(100)
@given(st.sampled_from(PROTOCOLS), st.sampled_from([get("/"), rtsp("OPTIONS"), wsd(), sadp("inquiry")]), st.data())
def test_any_damage_to_a_polite_request_can_be_judged(protocol: str, payload: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(payload)))
    assert all(rules(protocol, payload[:place] + data.draw(st.binary(max_size=8)) + payload[place:]))


def test_deeply_nested_json_is_judged() -> None:
    assert rules("dhip", dhip(b"[" * 100_000)) == ["malformed request"]
