"""Enrichment over ONVIF: the token is dated by the device's clock, and goes to the device and nobody else."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("httpx", reason="needs camscan[enrich]")
pytest.importorskip("zeep", reason="needs camscan[enrich]")

from fake_login import Fake, Reply, Request, is_right_token, serving
from test_enrich import asked, known

from camscan.enrich import onvif
from camscan.errors import UsageError
from camscan.model import Outcome

ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema"
 xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl"
 xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>{}</s:Body></s:Envelope>"""
INFORMATION = """<tds:GetDeviceInformationResponse><tds:Manufacturer>Dahua</tds:Manufacturer>
<tds:Model>DH-2H3400-ADP</tds:Model><tds:FirmwareVersion>2.811.0000013.0.R, Build Date 2023-12-20</tds:FirmwareVersion>
<tds:SerialNumber>BA07995PHB90004</tds:SerialNumber><tds:HardwareId>1.00</tds:HardwareId>
</tds:GetDeviceInformationResponse>"""
INTERFACES = """<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled>
<tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>3c:ef:8c:00:00:04</tt:HwAddress><tt:MTU>1500</tt:MTU></tt:Info>
</tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>"""
CAPABILITIES = """<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>{}</tt:XAddr>
<tt:StreamingCapabilities/></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>"""
SOURCES = """<trt:GetVideoSourcesResponse><trt:VideoSources token="000"><tt:Framerate>25</tt:Framerate>
<tt:Resolution><tt:Width>2688</tt:Width><tt:Height>1520</tt:Height></tt:Resolution></trt:VideoSources>
<trt:VideoSources token="001"><tt:Framerate>25</tt:Framerate><tt:Resolution><tt:Width>2688</tt:Width>
<tt:Height>1520</tt:Height></tt:Resolution></trt:VideoSources></trt:GetVideoSourcesResponse>"""
FAULT = """<s:Fault><s:Code><s:Value>s:Sender</s:Value>
<s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code>
<s:Reason><s:Text xml:lang="en">Sender not authorized</s:Text></s:Reason></s:Fault>"""
BEHIND = timedelta(minutes=4)
"""The clock of this camera is a little wrong."""


def clock(behind: timedelta = BEHIND) -> str:
    now = datetime.now(UTC) - behind
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
        f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second>"
        f"</tt:Time><tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day>"
        "</tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def operation(request: Request) -> str:
    found = re.search(rb"<(?:\w+:)?(Get\w+)", request.body)
    return found[1].decode() if found else ""


def soap(text: str, status: int = 200) -> Reply:
    return Reply(status, ENVELOPE.format(text).encode(), (("Content-Type", "application/soap+xml; charset=utf-8"),))


def is_fresh(body: bytes) -> bool:
    """Whether the token was made within a minute, by the camera's clock."""
    created = re.search(rb"Created[^>]*>([^<]+)<", body)
    moment = datetime.fromisoformat(created[1].decode()) if created else datetime(1, 1, 1, tzinfo=UTC)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return abs(moment - (datetime.now(UTC) - BEHIND)) < timedelta(minutes=1)


def camera(xaddr: str = "", **instead: Reply) -> Callable[[Fake, Request], Reply]:
    """A camera that wants a right token for everything but its clock."""

    def answer(fake: Fake, request: Request) -> Reply:
        asked_for = operation(request)
        if asked_for == onvif.CLOCK:
            return instead.get(asked_for) or soap(clock())
        if not (is_right_token(request.body) and is_fresh(request.body)):
            return soap(FAULT, 400)
        media = xaddr or f"http://{fake.ip}:{fake.port}/onvif/media_service"
        pages = {
            "GetDeviceInformation": INFORMATION,
            "GetNetworkInterfaces": INTERFACES,
            "GetCapabilities": CAPABILITIES.format(media),
            "GetVideoSources": SOURCES,
        }
        return instead.get(asked_for) or soap(pages[asked_for])

    return answer


@pytest.fixture
def start() -> Iterator[Callable[..., Fake]]:
    with ExitStack() as stack:
        yield lambda answer, ip="127.31.0.52": stack.enter_context(serving(Fake(answer), ip))


def test_a_camera_of_no_known_maker(start: Callable[..., Fake]) -> None:
    fake = start(camera())
    (device,) = asked(known(fake, None)).devices
    found = device.identification
    assert (found.maker, found.model, found.serial) == ("dahua", "DH-2H3400-ADP", "BA07995PHB90004")
    assert "3c:ef:8c:00:00:04" in device.mac_addresses
    assert [seen.value for seen in device.observations if seen.key == "onvif.video_source"] == ["000", "001"]
    assert [(each.path, operation(each)) for each in fake.requests] == [
        ("/onvif/device_service", "GetSystemDateAndTime"),
        ("/onvif/device_service", "GetDeviceInformation"),
        ("/onvif/device_service", "GetNetworkInterfaces"),
        ("/onvif/device_service", "GetCapabilities"),
        ("/onvif/media_service", "GetVideoSources"),
    ]
    assert b"UsernameToken" not in fake.requests[0].body, "the clock needs no login"
    assert all(b"correct horse" not in each.body for each in fake.requests)
    assert all(each.authorization == "" for each in fake.requests)


@pytest.mark.parametrize(
    ("behind", "words"),
    [
        (timedelta(days=400, minutes=5), "400 days behind this machine"),
        (timedelta(days=-1700), "days ahead of this machine"),
        (timedelta(hours=-1, minutes=-1), "1 hour ahead of this machine"),
        (timedelta(minutes=7), "minutes behind this machine"),
    ],
)
def test_a_clock_that_is_wrong_gets_no_login(start: Callable[..., Fake], behind: timedelta, words: str) -> None:
    fake = start(camera(GetSystemDateAndTime=soap(clock(behind))))
    report = asked(known(fake, None))
    assert [operation(each) for each in fake.requests] == [onvif.CLOCK]
    assert fake.logins == []
    assert [each.outcome for each in report.attempts] == [Outcome.NOT_TRIED]
    (note,) = report.coverage.notes
    assert note.startswith("127.31.0.52")
    assert words in note
    assert f"its clock says {(datetime.now(UTC) - behind):%-d %B %Y}" in note
    assert note.endswith("set the device's time, then run it again")


@pytest.mark.parametrize("minutes", [-4.5, 4.5])
def test_a_clock_that_is_a_little_wrong_dates_the_token(start: Callable[..., Fake], minutes: float) -> None:
    fake = start(camera(GetSystemDateAndTime=soap(clock(timedelta(minutes=minutes)))))
    asked(known(fake, None))
    created = re.search(rb"Created[^>]*>([^<]+)<", fake.logins[0].body)
    assert created is not None
    ahead = datetime.fromisoformat(created[1].decode()) - datetime.now(UTC)
    assert abs(ahead + timedelta(minutes=minutes)) < timedelta(seconds=20)


def test_a_clock_that_cannot_be_read_is_ours(start: Callable[..., Fake]) -> None:
    odd = re.sub("<tt:Year>.*</tt:Year>", "<tt:Year>99999</tt:Year>", clock())
    fake = start(camera(GetSystemDateAndTime=soap(odd)))
    asked(known(fake, None))
    for each in fake.logins:
        created = re.search(rb"Created[^>]*>([^<]+)<", each.body)
        assert created is not None
        assert abs(datetime.fromisoformat(created[1].decode()) - datetime.now(UTC)) < timedelta(seconds=20)


def test_a_wrong_password_is_tried_once(start: Callable[..., Fake]) -> None:
    fake = start(camera())
    report = asked(known(fake, None), password="wrong")
    assert len(fake.logins) == 1
    assert [each.outcome for each in report.attempts] == [Outcome.REFUSED]
    assert report.devices == ()


@pytest.mark.parametrize("status", [401, 403])
def test_a_bare_refusal_counts_too(start: Callable[..., Fake], status: int) -> None:
    fake = start(camera(GetDeviceInformation=Reply(status)))
    report = asked(known(fake, None))
    assert len(fake.logins) == 1
    assert report.attempts[-1].outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    "xaddr",
    [
        "http://127.31.0.59:{}/onvif/media_service",
        "http://127.31.0.52@127.31.0.59:{}/onvif/media_service",
        "http://camera.example:{}/onvif/media_service",
        "//127.31.0.59:{}/x",
        "http://[::1/",
        "",
        "http://127.31.0.52:1/onvif/media_service",
    ],
)
def test_a_service_address_elsewhere_is_dropped(start: Callable[..., Fake], xaddr: str) -> None:
    bystander = start(lambda _fake, _request: soap(SOURCES), "127.31.0.59")
    fake = start(camera(xaddr.format(bystander.port) or " "))
    report = asked(known(fake, None))
    assert bystander.requests == []
    assert [operation(each) for each in fake.requests][-1] == "GetCapabilities"
    assert len(report.devices) == 1


@pytest.mark.parametrize(
    "first",
    [
        Reply(404, b"<html>Not Found</html>"),
        Reply(200, b"<html><title>Login</title></html>"),
        Reply(401, b"", (("WWW-Authenticate", 'Digest realm="x", nonce="1", qop="auth"'),)),
        Reply(302, b"", (("Location", "http://127.31.0.59/onvif/device_service"),)),
        Reply(200, ENVELOPE.format("<tds:GetSystemDateAndTimeResponse/>").encode()),
        Reply(200, b"\x00\xff" * 100),
        Reply(200, b""),
        Reply(200, flood=300_000_000),
    ],
)
def test_no_login_goes_to_what_does_not_tell_its_clock(start: Callable[..., Fake], first: Reply) -> None:
    fake = start(camera(GetSystemDateAndTime=first))
    report = asked(known(fake, None))
    assert len(fake.requests) == 1
    assert fake.logins == []
    assert report.devices == ()


HOSTILE = [
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
    b'<!DOCTYPE x SYSTEM "http://127.31.0.59/x.dtd"><x/>',
    b"<s:Envelope",
    ENVELOPE.format("<tds:Other/>").encode(),
    ENVELOPE.format("<a>" * 300 + "</a>" * 300).encode(),
    b"",
]


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_answers_cost_the_device_only(start: Callable[..., Fake], body: bytes) -> None:
    bad = Reply(200, body, (("Content-Type", "application/soap+xml"),))
    fake = start(camera(GetDeviceInformation=bad))
    report = asked(known(fake, None))
    assert len(fake.logins) <= 5
    assert "root:" not in repr(report)


def test_an_hikvision_without_isapi_is_asked_over_onvif(start: Callable[..., Fake]) -> None:
    def answer(fake: Fake, request: Request) -> Reply:
        return Reply(404) if request.method == "GET" else camera()(fake, request)

    fake = start(answer)
    report = asked(known(fake, "hikvision"))
    assert [(each.probe, each.outcome) for each in report.attempts][:2] == [
        ("isapi", Outcome.NOT_SPOKEN),
        ("onvif", Outcome.ANSWERED),
    ]


def test_a_login_that_isapi_refused_is_not_tried_over_onvif(start: Callable[..., Fake]) -> None:
    def answer(fake: Fake, request: Request) -> Reply:
        return fake.challenge() if request.method == "GET" else camera()(fake, request)

    fake = start(answer)
    asked(known(fake, "hikvision"), password="wrong")
    assert len(fake.logins) == 1
    assert {each.method for each in fake.requests} == {"GET"}


def test_importing_the_library_changes_nothing_for_others() -> None:
    code = (
        "import logging, os; os.environ['http_proxy'] = 'http://127.0.0.1:9';"
        "from camscan.enrich.onvif import _load_documents; _load_documents();"
        "print(logging.getLogger().handlers, logging.getLogger().level, os.environ['http_proxy'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"[] {logging.WARNING} http://127.0.0.1:9\n"


def test_the_wsdl_files_are_found_and_nothing_beside_them_is_read() -> None:
    folder = onvif.wsdl_folder()
    assert (folder / onvif.DEVICE).is_file()
    loads = onvif._Folder(folder)
    assert loads.load(str(folder / "onvif.xsd"))
    for elsewhere in ("/etc/passwd", "file:///etc/passwd", str(folder / ".." / "x"), "http://127.31.0.59/x.xsd"):
        with pytest.raises(ValueError, match="outside"):
            loads.load(elsewhere)


def test_missing_wsdl_files_are_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.metadata.files", lambda _name: [])
    monkeypatch.setattr("sysconfig.get_paths", lambda: dict.fromkeys(("purelib", "platlib", "data"), str(tmp_path)))
    with pytest.raises(UsageError, match="without its WSDL files"):
        onvif.wsdl_folder()


def test_the_questions_only_read() -> None:
    assert all(name.startswith("Get") for name in onvif.QUESTIONS)
    assert {name for name, _ in onvif._DEVICE_QUESTIONS} <= set(onvif.QUESTIONS)
