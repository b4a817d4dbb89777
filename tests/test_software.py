"""Makers' software on servers, and servers and programs of nobody in particular: told as such, and no camera hidden."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from camscan import captures, fingerprints, policies
from camscan.asset import kinds
from camscan.cli import _summary
from camscan.config.planning import Planning
from camscan.fingerprints import Database
from camscan.headline import is_system
from camscan.identify import identify_box
from camscan.model import Confidence, Device, Identification, Reply
from camscan.policies.judge import Subject, rule_by_policies
from camscan.policies.use import policies_in_use

RTSP = "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n"
FAULT = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Reason>'
    "<s:Text>Sender not authorized</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"
)


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load_database()


def page(*headers: str, body: str = "", status: str = "200 OK") -> str:
    return "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *headers)) + f"\r\n{body}"


def told(database: Database, *replies: tuple[str, str]) -> Identification:
    seen = [
        observation
        for probe, payload in replies
        for observation in captures.observe_reply(Reply(probe, payload.encode())).observations
    ]
    return identify_box(seen, database)


def device(found: Identification, *ports: str) -> Device:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    return Device(found, ("192.0.2.9",), (), ports, now, now, (), ())


@pytest.mark.parametrize(
    ("maker", "headers", "body"),
    [
        ("hikvision", ("Server: nginx",), "<title>HikCentral Professional</title>"),
        ("hikvision", ("Server: nginx/1.18.0 (Ubuntu)",), '<script src="/portal/ui/static/js/chunk-1.js"></script>'),
        ("hikvision", ("Server: Apache-Coyote/1.1",), '<script src="/portal/common/js/commonVar.js"></script>'),
        ("hikvision", ("Server: Microsoft-IIS/10.0",), "<title>iVMS-8700</title>"),
        ("hikvision", (), '<p>fetch("/ISAPI/Bumblebee/Platform/V0/Version")</p>'),
        ("hikvision", ("Content-Type: application/json",), '{"code":"1-11","msg":"Invalid url."}'),
        ("dahua", ("Server: Apache-Coyote/1.1",), "<title>DSS Pro</title>"),
        ("dahua", ("Server: nginx/1.20.1 (CentOS)",), '<link href="/WPMS/asset/common/css/base.css">'),
        ("dahua", ("Server: nginx",), "<html>/*客户端会小于800*/</html>"),
        ("uniview", ("Server: Microsoft-HTTPAPI/2.0",), "<h1>Welcome to EZStation VC Server</h1>"),
    ],
)
def test_makers_software_is_named_and_no_camera(
    database: Database, maker: str, headers: tuple[str, ...], body: str
) -> None:
    found = told(
        database,
        ("http", page("Content-Type: text/html", *headers, body=f"<html>{body}</html>" if "<" in body else body)),
    )
    assert (found.maker, found.kind, found.is_camera_system) == (maker, "vms", None)
    assert is_system(found)


def test_software_is_a_server_in_the_register_and_no_policy_passes_it_over(database: Database) -> None:
    found = told(database, ("http", page("Server: nginx", body="<html><title>HikCentral Professional</title></html>")))
    assert kinds.device_type(found.kind, found.capabilities) == "vms_server"
    assert kinds.kind_of_type("vms_server") == "vms"
    of_kind = kinds.kind_of(found.kind)
    assert of_kind.takes_cameras
    assert of_kind.holds_recordings
    assert not of_kind.is_camera
    subject = Subject(maker="hikvision", is_sure=True, is_surveillance=found.is_camera_system, kind=found.kind or "")
    rulings = rule_by_policies(subject, policies_in_use(policies.load_known_policies(), Planning()), date(2026, 11, 29))
    assert any(ruling.matches for ruling in rulings)


def test_software_beside_a_relay_of_streams_is_not_a_camera(database: Database) -> None:
    web = page("Server: nginx", body="<html><title>HikCentral Professional</title></html>")
    challenge = 'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm="Hikvision", nonce="1"\r\n\r\n'
    found = told(database, ("http", web), ("rtsp", challenge))
    assert (found.maker, found.kind, found.is_camera_system) == ("hikvision", "vms", None)


def test_a_certificate_says_who_and_not_that_it_is_a_camera(database: Database) -> None:
    for subject in ("O=HIKVISION/CN=platform", "O=Hikvision/OU=GA/CN=ga.hikvision.com"):
        found = told(database, ("tls", f"subject=/C=CN/ST=ZheJiang/L=HangZhou/{subject}\nissuer=/C=CN/{subject}\n"))
        assert (found.maker, found.is_camera_system) == ("hikvision", None)


@pytest.mark.parametrize(
    "body",
    [
        "<title>Hikvision Dubai | Authorized Hikvision Distributor</title><p>HikCentral, DS-2CD2043G2-I</p>",
        "<title>HikCentral prices compared</title>",
        "<title>DSS</title>",
        "<title>How to install SmartPSS on a Mac</title>",
        "<p>代理 杭州海康威视数字技术股份有限公司 产品</p>",
    ],
)
def test_a_page_about_a_product_is_not_the_product(database: Database, body: str) -> None:
    found = told(database, ("http", page("Content-Type: text/html; charset=utf-8", body=f"<html>{body}</html>")))
    assert (found.maker, found.kind) == (None, None)


SERVERS = [
    page("Server: nginx/1.22.1", body="<html><head><title>Welcome to nginx!</title></head></html>"),
    page("Server: Apache/2.4.57 (Debian)", body="<html><title>Apache2 Debian Default Page: It works</title></html>"),
    page("Server: Apache/2.4.57 (Unix)", body="<html><body><h1>It works!</h1></body></html>"),
    page("Server: Apache/2.4.58 (Win64) OpenSSL/3.1.3 PHP/8.2.12", status="403 Forbidden"),
    page("Server: nginx/1.18.0 (Ubuntu)", status="404 Not Found"),
    page(
        "Content-Type: text/html",
        body="<html><body><h1>503 Service Unavailable</h1>\n"
        "No server is available to handle this request.\n</body></html>",
        status="503 Service Unavailable",
    ),
    page(
        "Server: lighttpd/1.4.69",
        body="<html><title>Welcome page</title><h1> Placeholder page </h1>\n"
        "The owner of this web site has not put up any web pages yet. Please come back later.</html>",
    ),
    page("Server: Microsoft-IIS/10.0", body="<html><title>IIS Windows Server</title></html>"),
    page("Server: nginx", body="<html><title>Grafana</title></html>"),
]


@pytest.mark.parametrize("reply", SERVERS)
def test_a_plain_server_is_reported_as_one(database: Database, reply: str) -> None:
    found = told(database, ("http", reply))
    assert (found.maker, found.kind, found.is_camera_system) == (None, "server", False)
    assert not _summary._is_unknown(device(found))


@pytest.mark.parametrize("reply", SERVERS)
@pytest.mark.parametrize("other", [("rtsp", RTSP), ("onvif", page("Content-Type: application/soap+xml", body=FAULT))])
def test_a_server_that_also_answers_like_a_camera_is_looked_at(
    database: Database, reply: str, other: tuple[str, str]
) -> None:
    found = told(database, ("http", reply), other)
    assert found.is_camera_system is not False
    assert _summary._is_unknown(device(found)) or is_system(found)


@pytest.mark.parametrize("port", ["tcp/554", "tcp/37777"])
def test_a_server_with_an_open_port_of_cameras_is_looked_at(database: Database, port: str) -> None:
    found = told(database, ("http", SERVERS[0]))
    assert _summary._is_unknown(device(found, "tcp/80", port))
    assert not _summary._is_unknown(device(found, "tcp/80", "tcp/22"))


@pytest.mark.parametrize(
    "reply",
    [
        page("Server: nginx", body="<html><title>Login</title></html>"),
        page("Server: nginx/1.22.1", status="404 Not Found"),
        page("Server: lighttpd/1.4.35", body="<html><title>Web Client</title></html>"),
        page("Server: Apache/2.2.3 (Unix)", body="<html><title>Viewer</title></html>"),
        page("Server: Apache/2.4.38 (Raspbian)", body="<html><title>Back door</title></html>"),
        page("Server: Boa/0.94.13"),
        page("Server: thttpd"),
        page("Server: mini_httpd/1.19 19dec2003", status="401 Unauthorized"),
        page("Server: nginx/1.18.0 (Ubuntu)", body="<html><title>Network Camera</title></html>"),
    ],
)
def test_what_cameras_are_built_with_stays_to_be_looked_at(database: Database, reply: str) -> None:
    found = told(database, ("http", reply))
    assert found.is_camera_system is not False
    assert _summary._is_unknown(device(found)) or is_system(found)


def test_a_dahua_camera_behind_nginx_is_a_camera(database: Database) -> None:
    web = page("Server: nginx/1.18.0 (Ubuntu)", body="<html><title>Welcome to nginx!</title></html>")
    challenge = (
        "RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nServer: Rtsp Server/2.0\r\n"
        'WWW-Authenticate: Digest realm="Login to 4F07335PAZ90001", nonce="1"\r\n\r\n'
    )
    found = told(database, ("http", web), ("rtsp", challenge))
    assert (found.maker, found.is_camera_system) == ("dahua", True)
    assert found.kind != "server"


def test_a_media_server_is_not_a_television(database: Database) -> None:
    answer = (
        "HTTP/1.1 200 OK\r\nSERVER: Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0\r\nST: upnp:rootdevice\r\n"
        "USN: uuid:4d696e69-444c-164e-9d41-000000000001::upnp:rootdevice\r\nLOCATION: http://192.0.2.9:8200/rootDesc.xml\r\n\r\n"
    )
    status = page("Content-Type: text/html", body="<HTML><HEAD><TITLE>MiniDLNA 1.3.0</TITLE></HEAD></HTML>")
    for replies in ((("ssdp", answer),), (("ssdp", answer), ("http", status))):
        found = told(database, *replies)
        assert (found.kind, found.is_camera_system) == ("media", False)


@pytest.mark.parametrize(
    ("protocol", "banner"),
    [
        ("ftp", "220 Microsoft FTP Service\r\n"),
        ("ftp", "220 ProFTPD Server (Debian) [192.0.2.9]\r\n"),
        ("telnet", "Debian GNU/Linux 12\r\nhost login: "),
    ],
)
def test_the_banner_of_a_general_system_is_a_server_s(database: Database, protocol: str, banner: str) -> None:
    assert (found := told(database, (protocol, banner))).is_camera_system is False
    assert found.kind == "server"
    assert told(database, (protocol, banner), ("rtsp", RTSP)).is_camera_system is None


@pytest.mark.parametrize(
    ("protocol", "banner"), [("ftp", "220 (vsFTPd 3.0.3)\r\n"), ("telnet", "Raspbian GNU/Linux 11\r\nhost login: ")]
)
def test_the_banner_of_what_cameras_are_built_with_is_nobody_s(database: Database, protocol: str, banner: str) -> None:
    assert told(database, (protocol, banner)).is_camera_system is None


def test_programs_that_record_or_relay_are_reported_as_such(database: Database) -> None:
    found = told(database, ("http", page(body="<html><head><title>Motion 4.5.1 </title></head></html>")))
    assert (found.kind, found.brand, found.is_camera_system) == ("vms", "Motion", True)
    found = told(
        database,
        ("rtsp", 'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="go2rtc"\r\nServer: go2rtc/1.9.4\r\n\r\n'),
    )
    assert (found.kind, found.is_camera_system, found.confidence) == ("server", False, Confidence.POSSIBLE)
    found = told(database, ("http", page(body="<html><head><title>DahuaBridge</title></head></html>")))
    assert (found.maker, found.kind, found.is_camera_system) == (None, "vms", None)
    assert not _summary._is_unknown(device(found))
