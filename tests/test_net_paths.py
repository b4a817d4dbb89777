"""What camscan may ask over HTTP and RTSP, and that nothing else can be serialised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.errors import ScopeError
from camscan.net import paths

EVERY = [
    paths.build_request(method, path, "192.0.2.7", call=call)
    for method, path in sorted(paths.PATHS)
    for call in (sorted(paths.CALLS) if method == "POST" else [""])
]


def test_the_whole_table() -> None:
    assert sorted(paths.PATHS) == [
        ("GET", "/"),
        ("GET", "/ISAPI/Security/userCheck"),
        ("GET", "/cgi-bin/magicBox.cgi?action=getDeviceType"),
        ("GET", "/doc/index.html"),
        ("GET", "/doc/page/login.asp"),
        ("GET", "/favicon.ico"),
        ("GET", "/index.asp"),
        ("GET", "/rootdesc1.xml"),
        ("GET", "/upnp_device_desc.xml"),
        ("GET", "/upnpdevicedesc.xml"),
        ("POST", "/onvif/device_service"),
    ]
    assert sorted(paths.CALLS) == ["GetCapabilities", "GetServices", "GetSystemDateAndTime"]
    assert sorted(paths.VERBS) == ["DESCRIBE", "OPTIONS"]


def test_one_request_byte_for_byte() -> None:
    assert paths.build_request("GET", "/", "192.0.2.7", 8080) == (
        b"GET / HTTP/1.1\r\n"
        b"Host: 192.0.2.7:8080\r\n"
        b"User-Agent: camscan (asset inventory)\r\n"
        b"Accept: */*\r\n"
        b"Accept-Encoding: identity\r\n"
        b"Connection: close\r\n"
        b"\r\n"
    )


def test_a_call_carries_its_true_length() -> None:
    request = paths.build_request("POST", paths.ONVIF_PATH, "192.0.2.7", call="GetSystemDateAndTime")
    head, _, body = request.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert body == paths.CALLS["GetSystemDateAndTime"]
    assert b"Username" not in body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/"),
        ("DELETE", "/"),
        ("HEAD", "/"),
        ("GET", "/ISAPI/Streaming/channels/101/picture"),
        ("GET", "/ISAPI/System/deviceInfo"),
        ("GET", "/ISAPI/Security/userCheck?timeStamp=1"),
        ("PUT", "/ISAPI/Security/userCheck"),
        ("PUT", "/SDK/webLanguage"),
        ("GET", "/Streaming/channels/1/picture"),
        ("GET", "/onvif/snapshot"),
        ("GET", "/onvif-http/snapshot?Profile_1"),
        ("GET", "/cgi-bin/snapshot.cgi"),
        ("GET", "/cgi-bin/mjpg/video.cgi"),
        ("GET", "/cgi-bin/magicBox.cgi?action=reboot"),
        ("GET", "/axis-cgi/jpg/image.cgi"),
        ("GET", "/current_config/passwd"),
        ("GET", "/web_caps/webCapsConfig"),
        ("POST", "/RPC2_Login"),
        ("POST", "/"),
        ("GET", "/ HTTP/1.1\r\nAuthorization: Basic YTph\r\nX:"),
    ],
)
def test_what_is_not_in_the_table_is_refused(method: str, path: str) -> None:
    with pytest.raises(ScopeError):
        paths.build_request(method, path, "192.0.2.7")


@pytest.mark.parametrize(
    "call", ["", "GetDeviceInformation", "GetUsers", "SystemReboot", "SetHostname", "GetSnapshotUri"]
)
def test_other_onvif_calls_are_refused(call: str) -> None:
    with pytest.raises(ScopeError):
        paths.build_request("POST", paths.ONVIF_PATH, "192.0.2.7", call=call)


def test_a_get_carries_no_body() -> None:
    with pytest.raises(ScopeError):
        paths.build_request("GET", "/", "192.0.2.7", call="GetServices")


@pytest.mark.parametrize("verb", ["SETUP", "PLAY", "ANNOUNCE", "SET_PARAMETER", "RECORD", "TEARDOWN", "options", ""])
def test_other_rtsp_verbs_are_refused(verb: str) -> None:
    with pytest.raises(ScopeError):
        paths.build_rtsp(verb, "192.0.2.7")


def test_rtsp_is_well_formed() -> None:
    assert paths.build_rtsp("OPTIONS", "192.0.2.7") == b"OPTIONS rtsp://192.0.2.7:554/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"
    assert paths.build_rtsp("OPTIONS", "2001:db8::7", 8554).startswith(
        b"OPTIONS rtsp://[2001:db8::7]:8554/ RTSP/1.0\r\n"
    )


@pytest.mark.parametrize("ip", ["", "camera.example", "192.0.2.7\r\nX: y", "192.0.2.7:80", "user:pass@192.0.2.7"])
def test_only_literal_addresses(ip: str) -> None:
    with pytest.raises(ScopeError):
        paths.build_request("GET", "/", ip)
    with pytest.raises(ScopeError):
        paths.build_rtsp("OPTIONS", ip)


def test_a_zone_never_reaches_the_wire() -> None:
    assert b"\r\nHost: [fe80::1]\r\n" in paths.build_request("GET", "/", "fe80::1%x\r\nAuthorization: y")
    assert b"Authorization" not in paths.build_rtsp("OPTIONS", "fe80::1%x\r\nAuthorization: y")


@pytest.mark.parametrize("request_", EVERY, ids=lambda request: request.split(b"\r\n")[0].decode())
def test_no_request_carries_a_credential_or_an_image_path(request_: bytes) -> None:
    lowered = request_.lower()
    for word in (b"authorization", b"cookie", b"username", b"password", b"admin"):
        assert word not in lowered
    for word in (b"snapshot", b"picture", b"streaming", b"image", b"mjpg", b"jpg"):
        assert word not in lowered
    assert request_.startswith((b"GET /", b"POST /onvif/device_service "))


@given(st.text(), st.text(), st.text(), st.text(), st.integers())
def test_whatever_is_asked_only_the_table_is_serialised(method: str, path: str, ip: str, call: str, port: int) -> None:
    try:
        request = paths.build_request(method, path, ip, port, call=call)
    except ScopeError:
        return
    assert (method, path) in paths.PATHS
    assert request.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/doc/page/login.asp?_1617919521", (80, "/doc/page/login.asp")),
        ("./doc/page/login.asp", (80, "/doc/page/login.asp")),
        ("doc/index.html#/portal", (80, "/doc/index.html")),
        ("http://192.0.2.7:8080/index.asp", (8080, "/index.asp")),
        ("https://192.0.2.7/", (443, "/")),
        ("https://192.0.2.7", (443, "/")),
        ("http://192.0.2.8/", None),
        ("http://198.51.100.1/doc/index.html", None),
        ("//evil.example/doc/index.html", None),
        ("http://camera.example/", None),
        ("http://192.0.2.7:99999/", None),
        ("http://[::1/", None),
        ("ftp://192.0.2.7/", None),
        ("/../../etc/passwd", None),
        ("/ISAPI/Streaming/channels/101/picture", None),
        ("", (80, "/")),
    ],
)
def test_redirects_stay_on_the_device_and_in_the_table(target: str, expected: tuple[int, str] | None) -> None:
    assert paths.same_device(target, "192.0.2.7", 80) == expected


@given(st.text(), st.integers(1, 65535))
def test_no_redirect_leaves_the_table(target: str, port: int) -> None:
    found = paths.same_device(target, "192.0.2.7", port)
    assert found is None or ("GET", found[1]) in paths.PATHS


@pytest.mark.parametrize(
    ("page", "target"),
    [
        ('window.location.href = "/doc/page/login.asp?_" + (new Date()).getTime();', "/doc/page/login.asp?_"),
        ("location='/doc/index.html'", "/doc/index.html"),
        ('document.location.replace("./doc/page/login.asp")', "./doc/page/login.asp"),
        ('<meta http-equiv="refresh" content="0;url=/doc/index.html">', "/doc/index.html"),
        ("<p>your location is unknown</p>", None),
    ],
)
def test_where_a_page_sends_its_reader(page: str, target: str | None) -> None:
    assert paths.page_jump(page) == target


def test_ports_from_replies() -> None:
    assert paths.port_numbers(("80", "0", "65536", "http", "", "8080", "80", "-1", "²", "9" * 5000)) == (80, 8080)
