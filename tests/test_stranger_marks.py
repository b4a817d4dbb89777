"""Marks that anybody may copy, type or sell: alone they never name Hikvision or Dahua with confidence."""

from __future__ import annotations

import pytest

from camscan import captures, fingerprints
from camscan.fingerprints import Database
from camscan.identify import identify_box
from camscan.model import Confidence, Identification, Reply

SURE = (Confidence.CONFIRMED, Confidence.PROBABLE)
OURS = ("hikvision", "dahua")
TOPICS = 'xmlns:tnshik="http://www.hikvision.com/2011/event/topics"'
SOAP = (
    'xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    'xmlns:wsadis="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"'
)


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load_database()


def _what(database: Database, *replies: tuple[str, str | bytes]) -> Identification:
    observations = [
        observation
        for probe, payload in replies
        for observation in captures.observe_reply(
            Reply(probe, payload if isinstance(payload, bytes) else payload.encode())
        ).observations
    ]
    return identify_box(observations, database)


def _match(*scopes: str, declared: str = "") -> str:
    """A ProbeMatch in Hikvision's own envelope, as its imitators send it."""
    listed = " ".join(f"onvif://www.onvif.org/{scope}" for scope in scopes)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><env:Envelope {SOAP} {declared}><env:Header>'
        '<d:AppSequence InstanceId="1" MessageNumber="2"/></env:Header><env:Body><d:ProbeMatches><d:ProbeMatch>'
        "<wsadis:EndpointReference><wsadis:Address>urn:uuid:316d4de6-a7b4-438b-8374-02a0c0000001</wsadis:Address>"
        f"</wsadis:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{listed}</d:Scopes>"
        "<d:XAddrs>http://192.0.2.4/onvif/device_service</d:XAddrs><d:MetadataVersion>10</d:MetadataVersion>"
        "</d:ProbeMatch></d:ProbeMatches></env:Body></env:Envelope>"
    )


def _page(*headers: str, status: str = "200 OK", body: str = "") -> str:
    return "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *headers)) + f"\r\n{body}"


def _challenge(text: str) -> str:
    return _page(f"WWW-Authenticate: {text}", status="401 Unauthorized")


CLOCK = (
    f'<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" {TOPICS}><env:Body>'
    "<GetSystemDateAndTimeResponse><UTCDateTime><Time><Hour>1</Hour><Minute>2</Minute><Second>3</Second></Time>"
    "<Date><Year>2026</Year><Month>1</Month><Day>2</Day></Date></UTCDateTime></GetSystemDateAndTimeResponse>"
    "</env:Body></env:Envelope>"
)
STRANGERS = {
    "Anyka camera with Hikvision's namespace": [
        ("wsd", _match("type/video_encoder", "location/city/shenzhen", "name/H.264_IPCamera", declared=TOPICS)),
        ("onvif", CLOCK),
        ("http", _page("Server: webserver")),
    ],
    "camera that somebody named after what it replaced": [
        ("wsd", _match("type/video_encoder", "hardware/MC-4000", "name/hikvision%20gate"))
    ],
    "scales of another Dahua": [("wsd", _match("hardware/XK3190-A12", "name/Dahua%20Scale"))],
    "switch that asks for a login": [
        ("http", _challenge('Digest realm="Login to ProSafe GS748T",qop="auth",nonce="1",opaque="2"'))
    ],
    "unit that writes its own address after Login to": [
        ("http", _challenge('Digest realm="Login to 02005E000001",qop="auth",nonce="a1b2c3d4e5f6"'))
    ],
    "NAS with qop first": [
        ("http", _challenge('Digest qop="auth", realm="NAS", nonce="0123456789abcdef0123456789abcdef", stale="FALSE"'))
    ],
    "GoAhead with a hexadecimal realm": [
        (
            "http",
            _challenge(
                'Digest realm="aabbccddeeff00112233", domain="::", qop="auth", '
                'nonce="405448722b302b85aa6ef2b444ea4b5c", opaque="5ccc069c403ebaf9", algorithm="MD5", stale="FALSE"'
            ),
        )
    ],
    "video software that links to a brand": [
        (
            "http",
            _page("Server: BlueIris-HTTP/1.1", body='<title>Blue Iris</title><a href="https://www.amcrest.com">x</a>'),
        )
    ],
    "council page about the removal": [
        ("http", _page(body="<title>Removal</title>All Hangzhou Hikvision Digital Technology cameras by 2027"))
    ],
    "other maker's list of protocols": [("http", _page(body='<script>switch(p){case"HIKVISION":f()}</script>'))],
    "web service of a server": [("http", _page("Server: Microsoft-IIS/10.0", body="<title>WEB SERVICE</title>"))],
    "portal with an unquoted P3P policy": [("http", _page("P3P: CP=CAO PSA OUR", body="<title>Portal</title>"))],
    "cookie without a name": [("http", _page("Server: Apache", "Set-Cookie: secure; HttpOnly", body="<p>x"))],
}


@pytest.mark.parametrize("replies", STRANGERS.values(), ids=STRANGERS)
def test_copied_marks_accuse_nobody(database: Database, replies: list[tuple[str, str]]) -> None:
    found = _what(database, *replies)
    assert found.maker not in OURS or found.confidence not in SURE, found.because


def test_the_same_marks_together_with_the_makers_own_do(database: Database) -> None:
    found = _what(
        database, ("wsd", _match("hardware/I91BL", "name/IPCamera", "location/city/hangzhou", declared=TOPICS))
    )
    assert (found.maker, found.confidence in SURE) == ("hikvision", True)
    found = _what(database, ("wsd", _match("name/HIKVISION%20HWI-B140H", "hardware/HWI-B140H")))
    assert (found.maker, found.brand, found.confidence in SURE) == ("hikvision", "HiWatch", True)
    nonce = b"NTMwMDAwMDA6MDAwMDAwMDA=".hex()
    found = _what(database, ("http", _challenge(f'Digest qop="auth", realm="gate", nonce="{nonce}", stale="FALSE"')))
    assert (found.maker, found.confidence in SURE) == ("hikvision", True)


def test_a_makers_switch_is_that_makers_and_no_camera(database: Database) -> None:
    answer = (
        "<ProbeMatch><Types>inquiry</Types><DeviceDescription>DS-3E0318P-E</DeviceDescription>"
        "<MAC>44-19-b6-00-00-07</MAC><SoftwareVersion>V1.0.0build 210101</SoftwareVersion></ProbeMatch>"
    )
    found = _what(database, ("sadp", answer), ("http", _page("Server: App-webs/")))
    assert (found.maker, found.is_camera_system, found.kind) == ("hikvision", False, "switch")
    assert found.confidence is Confidence.CONFIRMED


def test_discovery_answers_are_read_in_whatever_case_and_byte_order(database: Database) -> None:
    found = _what(database, ("sadp", "<Probematch><DeviceDescription>DS-2CD2143G0-I</DeviceDescription></Probematch>"))
    assert (found.maker, found.model) == ("hikvision", "DS-2CD2143G0-I")
    body = b'{"method":"client.notifyDevInfo","params":{"deviceInfo":{"DeviceType":"VTO2000A","Vendor":"CPPLUS"}}}'
    size = len(body).to_bytes(4, "big")
    found = _what(database, ("dhip", b"\0\0\0\x20PIHD" + bytes(8) + size + bytes(4) + size + bytes(4) + body))
    assert (found.maker, found.model, found.brand) == ("dahua", "VTO2000A", "CP Plus")


def test_a_challenge_to_an_onvif_call_names_its_maker(database: Database) -> None:
    digest = 'Digest qop="auth", realm="IP Camera(E4321)", nonce="4e44", stale="FALSE"'
    found = _what(database, ("onvif", _challenge(digest)))
    assert (found.maker, found.kind, found.confidence) == ("hikvision", "camera", Confidence.PROBABLE)
    digest = 'Digest realm="Login to AMC02010A1B2C3D4E5",qop="auth",nonce="1",opaque="",stale="false"'
    found = _what(database, ("onvif", _challenge(digest)))
    assert (found.maker, found.confidence in SURE) == ("dahua", True)
    found = _what(database, ("onvif", _challenge('Digest realm="GoAhead", domain=":81", qop="auth", nonce="1"')))
    assert found.maker is None


@pytest.mark.parametrize("probe", ["http", "rtsp", "onvif", "rpc2"])
@pytest.mark.parametrize(
    ("serial", "brand"), [("AMC000N49XXX000001", "Amcrest"), ("ND011805000001", "Lorex"), ("K3LJ3400001RH", None)]
)
def test_a_rebranded_units_serial_is_read_from_its_challenge(
    database: Database, probe: str, serial: str, brand: str | None
) -> None:
    realm = f"Login to {serial}"
    reply = _challenge(f'Digest realm="{realm}",qop="auth",nonce="1",opaque="",stale="false"')
    if probe == "rtsp":
        reply = reply.replace("HTTP/1.1", "RTSP/1.0")
    elif probe == "rpc2":
        reply = f'{{"error":{{"code":268632079}},"params":{{"realm":"{realm}","encryption":"Default"}},"session":"1"}}'
    found = _what(database, (probe, reply))
    assert (found.maker, found.serial, found.confidence in SURE) == ("dahua", serial, True)
    assert brand is None or found.brand == brand


def test_a_face_terminal_calls_itself_bsc_and_is_not_a_camera_on_a_wall(database: Database) -> None:
    body = (
        '{"method":"client.notifyDevInfo","params":{"deviceInfo":{"DeviceClass":"BSC","Vendor":"Intelbras",'
        '"DeviceType":"SS 3530 MF FACE W","Version":"2.000.00IB004.0.R"}}}'
    )
    found = _what(database, ("dhip", body))
    assert (found.maker, found.brand, found.kind) == ("dahua", "Intelbras", "access_control")


def test_the_number_after_the_model_in_a_realm_is_not_a_part_of_it(database: Database) -> None:
    for realm, model in (("DS-7608NI-K2(24680)", "DS-7608NI-K2"), ("DS-2CD1043G2-LIU(C)", "DS-2CD1043G2-LIU(C)")):
        found = _what(database, ("http", _challenge(f'Digest qop="auth", realm="{realm}", nonce="1"')))
        assert (found.maker, found.model) == ("hikvision", model)


def test_programs_that_record_are_told_apart_from_cameras(database: Database) -> None:
    for headers, body, brand in (
        (("Server: motionEye/0.43.1b4",), "", "motionEye"),
        (("Set-Cookie: ZMSESSID=1; path=/",), "<title>ZM - Login</title>", "ZoneMinder"),
        (("Server: nginx",), "<title>Frigate</title>", "Frigate"),
    ):
        found = _what(database, ("http", _page("Content-Type: text/html", *headers, body=f"<html>{body}</html>")))
        assert (found.maker, found.brand, found.kind, found.is_camera_system) == (None, brand, "vms", True)
    found = _what(database, ("http", _page(body="<html><title>HikCentral Professional</title></html>")))
    assert (found.maker, found.kind, found.is_camera_system) == ("hikvision", "vms", None)
    assert found.confidence is Confidence.PROBABLE


@pytest.mark.parametrize(
    ("owner", "maker", "confidence"),
    [
        ("O=Ubiquiti Inc.", "ubiquiti", Confidence.PROBABLE),
        ("O=Bosch Security Systems", "bosch", Confidence.PROBABLE),
        ("O=Lorex Technology Inc", "dahua", Confidence.POSSIBLE),
        ("O=Shanghai Dahua Scale Factory", None, Confidence.UNKNOWN),
        ("O=Example Council", None, Confidence.UNKNOWN),
    ],
)
def test_a_certificate_names_a_known_maker_or_badge(
    database: Database, owner: str, maker: str | None, confidence: Confidence
) -> None:
    found = _what(database, ("tls", f"subject=CN=device,{owner}\nissuer=CN=device,{owner}"))
    assert (found.maker, found.confidence) == (maker, confidence)


def test_the_number_of_another_makers_unit_may_look_like_a_hash(database: Database) -> None:
    answer = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><GetDeviceInformationResponse>'
        "<Manufacturer>{}</Manufacturer><Model>{}</Model><FirmwareVersion>{}</FirmwareVersion>"
        "<SerialNumber>0a1b2c3d4e5f6071</SerialNumber></GetDeviceInformationResponse></s:Body></s:Envelope>"
    )
    board = answer.format("H264", "XM530_RA50X20_8M", "V5.00.R02.00030665.10010.343706..ONVIF 16.12")
    found = _what(database, ("onvif", board))
    assert (found.maker, found.serial) == ("xiongmai", "0a1b2c3d4e5f6071")
    found = _what(database, ("onvif", answer.format("Dahua", "IPC-HDW2431T", "2.800.0000000.12.R")))
    assert (found.maker, found.serial) == ("dahua", None)


def test_an_answer_to_dahuas_search_is_no_camera_by_itself(database: Database) -> None:
    body = (
        '{"method":"client.notifyDevInfo","params":{"deviceInfo":{"DeviceClass":"SPK","DeviceType":"VCS-100",'
        '"SerialNo":"1A00001PAZ00001","VideoInputChannels":%s}}}'
    )
    assert _what(database, ("dhip", body % 0)).is_camera_system is None
    assert _what(database, ("dhip", body % 1)).is_camera_system is True


def test_a_switch_that_answers_snmp_is_no_camera(database: Database) -> None:
    for number, text in (("39165.5", "Hikvision DS-3E1526P-EI"), ("1004849.2", "Dahua PFS4226-24ET-360")):
        walk = f"1.3.6.1.2.1.1.1.0|STRING|{text}\n1.3.6.1.2.1.1.2.0|OID|1.3.6.1.4.1.{number}\n"
        found = _what(database, ("snmp", walk))
        assert (found.kind, found.is_camera_system) == ("switch", False)


def test_a_badge_in_dahuas_own_protocol_denies_nothing(database: Database) -> None:
    body = (
        '{"method":"client.notifyDevInfo","params":{"deviceInfo":{"DeviceClass":"IPC","DeviceType":"K-EW214L01",'
        '"Manufacturer":"Panasonic","Vendor":"Panasonic","SerialNo":"5K00001PAZ00001"}}}'
    )
    found = _what(database, ("dhip", body))
    assert (found.maker, found.brand, found.confidence) == ("dahua", "Panasonic", Confidence.CONFIRMED)


@pytest.mark.parametrize(
    ("text", "number", "maker"),
    [
        ("Panasonic WV-S1531LN", "258.50.10", "panasonic"),
        ("Uniview IPC322", "25506.1", "uniview"),
        ("Mega-Pixel Network Camera", "23465", "vivotek"),
    ],
)
def test_a_camera_of_a_company_that_makes_other_things_is_that_companys(
    database: Database, text: str, number: str, maker: str
) -> None:
    walk = f"1.3.6.1.2.1.1.1.0|STRING|{text}\n1.3.6.1.2.1.1.2.0|OID|1.3.6.1.4.1.{number}\n"
    found = _what(database, ("snmp", walk))
    assert (found.maker, found.is_camera_system) in {(maker, True), (maker, None)}


@pytest.mark.parametrize(
    ("manufacturer", "model", "maker"),
    [("Hikvision Digital Technology", "DS-2CD2032F-I", "hikvision"), ("Amcrest", "IP4M-1026E", "dahua")],
)
def test_a_upnp_description_gives_the_model(database: Database, manufacturer: str, model: str, maker: str) -> None:
    page = (
        '<root xmlns="urn:schemas-upnp-org:device-1-0"><device><friendlyName>Hall</friendlyName>'
        f"<manufacturer>{manufacturer}</manufacturer><modelName>{model}</modelName></device></root>"
    )
    found = _what(database, ("upnp", page))
    assert (found.maker, found.model) == (maker, model)


@pytest.mark.parametrize(("model", "is_camera"), [("AXIS C1410", False), ("A1601", False), ("P3265-LVE", True)])
def test_a_loudspeaker_of_a_maker_of_cameras_is_no_camera(database: Database, model: str, is_camera: bool) -> None:
    answer = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><GetDeviceInformationResponse>'
        f"<Manufacturer>AXIS</Manufacturer><Model>{model}</Model><FirmwareVersion>11.11.1</FirmwareVersion>"
        "<SerialNumber>02005E000001</SerialNumber></GetDeviceInformationResponse></s:Body></s:Envelope>"
    )
    found = _what(database, ("onvif", answer))
    assert (found.maker, found.is_camera_system, found.firmware) == ("axis", is_camera, "11.11.1")
