"""Enrichment over HTTP: one login, to one device, over a way that does not give the password away."""

from __future__ import annotations

import contextlib
import gzip
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from examples import examples

pytest.importorskip("httpx", reason="needs camscan[enrich]")

import httpx
from certificates import make, server_context
from fake_login import PASSWORD, USER, Fake, Reply, Request, behind_digest, serving
from hypothesis import given
from hypothesis import strategies as st

from camscan import fingerprints
from camscan.enrich import REFUSED_LOGIN, Box, Known, Login, enrich, has_refused_often, load_sources
from camscan.enrich._login import OneLogin
from camscan.enrich._web import LIMIT, Gate, Way
from camscan.model import Attempt, Completion, Confidence, Identification, Observation, Outcome, Report
from camscan.net.pace import GENTLE
from camscan.net.scope import Scope

CHALLENGES = st.builds(
    'Digest realm="{}", nonce="{}", qop="{}", algorithm={}, opaque="{}"'.format,
    st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=9),
    st.text("ab,= ", max_size=9),
    st.sampled_from(["auth", "auth,auth-int", "auth-int", "", "x"]),
    st.sampled_from(["MD5", "md5-sess", "SHA-256", "SHA-512", "", '"MD5"']),
    st.text("0f\\,", max_size=5),
)
QUICK = replace(GENTLE, gap=0.0, connect_timeout=1.0, answer_timeout=1.0, exchange_timeout=2.0)
SCOPE = Scope((ip_network("127.31.0.0/24"),))
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DEVICE, CHANNELS = "/ISAPI/System/deviceInfo", "/ISAPI/ContentMgmt/InputProxy/channels"
BOX = "/cgi-bin/magicBox.cgi?action="
TITLES = "/cgi-bin/configManager.cgi?action=getConfig&name=ChannelTitle"

CAMERA = b"""<?xml version="1.0" encoding="UTF-8"?>
<DeviceInfo version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
<deviceName>IP CAMERA</deviceName>
<model>DS-2CD2146G2-ISU</model>
<serialNumber>DS-2CD2146G2-ISU20230101AAWRG00000001</serialNumber>
<macAddress>44:19:b6:00:00:01</macAddress>
<firmwareVersion>V5.7.17</firmwareVersion>
<firmwareReleasedDate>build 240606</firmwareReleasedDate>
<deviceType>IPCamera</deviceType>
</DeviceInfo>
"""
RECORDER = CAMERA.replace(b"DS-2CD2146G2-ISU", b"DS-7616NI-K2").replace(b"IPCamera", b"NVR")
CHANNEL_LIST = b"""<?xml version="1.0" encoding="UTF-8"?>
<InputProxyChannelList version="1.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
<InputProxyChannel version="1.0"><id>1</id><name>Front door</name><sourceInputPortDescriptor>
<proxyProtocol>HIKVISION</proxyProtocol><ipAddress>192.0.2.61</ipAddress><userName>somebody</userName>
<model>DS-2CD2385G1-I</model><serialNumber>DS-2CD2385G1-I20190701AAWR000000009</serialNumber>
</sourceInputPortDescriptor></InputProxyChannel>
</InputProxyChannelList>
"""


def known(fake: Fake, maker: str | None = "hikvision", *, tls: int = 0, kind: str | None = None) -> Known:
    """The device as a scan saw it: a web server, of a maker."""
    server = "App-webs/" if maker == "hikvision" else "Webs"
    seen = [Observation(fake.ip, fake.port, "http", "http.server", server, NOON)] if not tls else []
    seen += [Observation(fake.ip, tls, "tls", "tls.subject_o", "HIKVISION", NOON)] if tls else []
    found = Identification(maker=maker, kind=kind, confidence=Confidence.PROBABLE, certainty=0.9)
    return Known(found, (fake.ip,), (f"tcp/{fake.port}",), tuple(seen))


def asked(*devices: Known, password: str = PASSWORD, scope: Scope = SCOPE, unverified: bool = False) -> Report:
    login = Login(USER, password)
    return enrich(devices, login, scope, QUICK, fingerprints.load_database(), allow_unverified_tls=unverified)


@pytest.fixture
def start() -> Iterator[Callable[..., Fake]]:
    with ExitStack() as stack:
        yield lambda answer, ip="127.31.0.2", **rest: stack.enter_context(serving(Fake(answer), ip, **rest))


@pytest.fixture
def bystander(start: Callable[..., Fake]) -> Fake:
    """Somebody else in scope, to whom hostile devices point."""
    return start(lambda _fake, _request: Reply(200, CAMERA), "127.31.0.9")


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_a_camera_says_what_it_is(start: Callable[..., Fake], algorithm: str) -> None:
    fake = start(behind_digest({DEVICE: CAMERA}, algorithm))
    report = asked(known(fake))
    (device,) = report.devices
    found = device.identification
    assert (found.maker, found.model, found.firmware) == ("hikvision", "DS-2CD2146G2-ISU", "V5.7.17")
    assert found.serial == "DS-2CD2146G2-ISU20230101AAWRG00000001"
    assert "http.server" in {seen.key for seen in device.observations}, "what was known of it is still there"
    assert report.completion is Completion.COMPLETE
    assert [each.path for each in fake.requests] == [DEVICE, DEVICE]
    assert any("over a connection that others may read" in note for note in report.coverage.notes)


def test_no_secret_is_kept(start: Callable[..., Fake]) -> None:
    report = asked(known(start(behind_digest({DEVICE: CAMERA}))))
    assert all(word not in repr(report) for word in (PASSWORD, "precious", "Digest", "nonce"))
    assert PASSWORD not in repr(Login(USER, PASSWORD))


def test_a_recorders_channels_are_read_with_the_same_nonce(start: Callable[..., Fake]) -> None:
    fake = start(behind_digest({DEVICE: RECORDER, CHANNELS: CHANNEL_LIST}))
    (device,) = asked(known(fake)).devices
    told = [seen.value for seen in device.observations if seen.key == "isapi.channel"]
    assert told == [
        (
            "1: name=Front door, ip=192.0.2.61, model=DS-2CD2385G1-I, serial=DS-2CD2385G1-I20190701AAWR000000009, "
            "protocol=HIKVISION"
        )
    ]
    assert device.identification.model == "DS-7616NI-K2"
    assert [each.path for each in fake.requests] == [DEVICE, DEVICE, CHANNELS]


def test_a_dahua_recorder(start: Callable[..., Fake]) -> None:
    pages = {
        BOX + "getDeviceType": b"type=DH-XVR5108C-X \r\n",
        BOX + "getSerialNo": b"sn=4F07335PAZ90001\r\n",
        BOX + "getSoftwareVersion": b"version=4.001.0000005.0,build:2020-11-17\r\n",
        BOX + "getSystemInfo": b"processor=ST7108\r\nserialNumber=4F07335PAZ90001\r\nupdateSerial=XVR5108C-X\r\n",
        TITLES: b"table.ChannelTitle[0].Name=Yard\r\ntable.ChannelTitle[1].Name=Gate\r\n",
    }
    fake = start(behind_digest(pages))
    (device,) = asked(known(fake, "dahua", kind="dvr")).devices
    assert (device.identification.model, device.identification.serial) == ("DH-XVR5108C-X", "4F07335PAZ90001")
    assert [seen.value for seen in device.observations if seen.key == "dahua_cgi.channel"] == [
        "1: name=Yard",
        "2: name=Gate",
    ]


def test_a_digest_challenge_behind_a_basic_one_in_one_header(start: Callable[..., Fake]) -> None:
    def answer(fake: Fake, request: Request) -> Reply:
        if fake.is_right(request):
            return Reply(200, CAMERA)
        ((_, digest),) = fake.challenge().headers
        return Reply(401, b"", (("WWW-Authenticate", f'Basic realm="IP Camera", {digest}'),))

    assert asked(known(start(answer))).devices


def test_a_wrong_password_is_tried_once(start: Callable[..., Fake], bystander: Fake) -> None:
    fake = start(behind_digest({DEVICE: CAMERA}))
    report = asked(known(fake), password="wrong")
    assert len(fake.logins) == 1
    assert len(fake.requests) == 2, "the challenge, the login, and nothing after it"
    assert report.devices == ()
    assert report.completion is Completion.PARTIAL
    assert [(each.outcome, each.detail) for each in report.attempts] == [
        (Outcome.REFUSED, "it refused the login and is not asked anything more")
    ]
    assert bystander.requests == []


def test_a_device_that_calls_every_nonce_stale_is_tried_once(start: Callable[..., Fake]) -> None:
    fake = start(lambda fake, _request: fake.challenge(stale=True))
    asked(known(fake))
    assert len(fake.logins) == 1


def test_a_used_nonce_that_is_turned_down_is_renewed_once(start: Callable[..., Fake]) -> None:
    seen: list[str] = []

    def answer(fake: Fake, request: Request) -> Reply:
        """As Dahua recorders do: every request wants a nonce of its own."""
        right = fake.is_right(request) and "nc=00000001" in request.authorization
        seen.append(request.path)
        return Reply(200, RECORDER if request.path == DEVICE else CHANNEL_LIST) if right else fake.challenge()

    fake = start(answer)
    (device,) = asked(known(fake)).devices
    assert any(each.key == "isapi.channel" for each in device.observations)
    assert seen == [DEVICE, DEVICE, CHANNELS, CHANNELS]


def test_a_device_that_accepts_and_then_refuses_is_left_alone(start: Callable[..., Fake]) -> None:
    def answer(fake: Fake, request: Request) -> Reply:
        return Reply(200, RECORDER) if fake.is_right(request) and request.path == DEVICE else fake.challenge()

    fake = start(answer)
    report = asked(known(fake))
    assert len(report.devices) == 1
    assert [each.path for each in fake.logins] == [DEVICE, CHANNELS, CHANNELS]


def test_a_login_that_three_devices_refuse_is_tried_nowhere_else(start: Callable[..., Fake]) -> None:
    fakes = [start(behind_digest({DEVICE: CAMERA}), f"127.31.0.{number}") for number in range(20, 26)]
    report = asked(*map(known, fakes), password="wrong")
    assert [len(fake.logins) for fake in fakes] == [1, 1, 1, 0, 0, 0]
    assert report.coverage.not_tried == 3
    assert any("correct the credential first" in note for note in report.coverage.notes)


def test_many_devices_are_asked_once_one_has_accepted(start: Callable[..., Fake]) -> None:
    def page(number: int) -> bytes:
        return CAMERA.replace(b"G00000001", b"G0000%04d" % number).replace(b"00:00:01", b"00:00:%02x" % number)

    fakes = [start(behind_digest({DEVICE: page(number)}), f"127.31.0.{number}") for number in range(30, 42)]
    report = asked(*map(known, fakes))
    assert len(report.devices) == 12
    assert [len(fake.logins) for fake in fakes] == [1] * 12


def test_basic_is_never_sent_over_plain_http(start: Callable[..., Fake]) -> None:
    fake = start(lambda _fake, _request: Reply(401, b"", (("WWW-Authenticate", 'Basic realm="Device_CGI"'),)))
    report = asked(known(fake))
    assert fake.logins == []
    assert "it was not sent" in report.attempts[-1].detail
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Negotiate",
        'Digest realm="x"',
        'Digest realm="x", nonce="1", algorithm=ROT13',
        'Digest realm="x", nonce="1", qop="auth-int"',
        'Digest realm="x\\", y=", nonce="1"',
        "Digest",
        "=",
        "Digest " + "a" * 5000,
    ],
)
def test_a_challenge_that_cannot_be_answered_draws_no_login(start: Callable[..., Fake], challenge: str) -> None:
    fake = start(lambda _fake, _request: Reply(401, b"", (("WWW-Authenticate", challenge),)))
    report = asked(known(fake))
    assert fake.logins == []
    assert report.devices == ()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(start: Callable[..., Fake], bystander: Fake, status: int) -> None:
    def answer(fake: Fake, request: Request) -> Reply:
        elsewhere = (("Location", f"http://{bystander.ip}:{bystander.port}{DEVICE}"),)
        return Reply(status, b"", elsewhere) if fake.is_right(request) else fake.challenge()

    fake = start(answer)
    report = asked(known(fake))
    assert bystander.requests == []
    assert "redirects elsewhere" in report.attempts[0].detail
    assert len([each for each in fake.logins if each.authorization]) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_huge_body_is_cut(start: Callable[..., Fake], when: str) -> None:
    def answer(fake: Fake, request: Request) -> Reply:
        flood = Reply(200, flood=300_000_000)
        if when == "before":
            return replace(fake.challenge(), flood=300_000_000, body=b"")
        return flood if fake.is_right(request) else fake.challenge()

    fake = start(answer)
    tracemalloc.start()
    try:
        report = asked(known(fake))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report.attempts[0].outcome is Outcome.MALFORMED
    assert f"more than {LIMIT:,} bytes" in report.attempts[0].detail
    assert peak < 60_000_000, "the fingerprints, not the body"
    assert fake.sent < 20_000_000


def test_compression_is_not_unpacked(start: Callable[..., Fake]) -> None:
    bomb = gzip.compress(b" " * 100_000_000)

    def answer(fake: Fake, request: Request) -> Reply:
        packed = Reply(200, bomb, (("Content-Encoding", "gzip"),))
        return packed if fake.is_right(request) else fake.challenge()

    report = asked(known(start(answer)))
    assert report.attempts[0].outcome is Outcome.NOT_SPOKEN
    assert report.devices == ()


def test_a_tarpit_is_left_in_time(start: Callable[..., Fake]) -> None:
    fake = start(lambda fake, request: Reply(200, drip=True) if fake.is_right(request) else fake.challenge())
    began = datetime.now(UTC)
    report = asked(known(fake))
    assert (datetime.now(UTC) - began).total_seconds() < 10
    assert report.attempts[0].outcome is Outcome.TIMED_OUT
    assert len(fake.logins) == 1


def test_nothing_leaves_the_scope(start: Callable[..., Fake]) -> None:
    fake = start(behind_digest({DEVICE: CAMERA}))
    report = asked(known(fake), scope=Scope((ip_network("127.32.0.0/24"),)))
    assert fake.requests == []
    assert report.attempts[0].outcome is Outcome.OUT_OF_SCOPE


@pytest.mark.parametrize(
    "url",
    [
        "http://127.31.0.3:80/ISAPI/System/deviceInfo",
        "http://127.31.0.2:81/ISAPI/System/deviceInfo",
        "https://127.31.0.2:80/ISAPI/System/deviceInfo",
        "http://127.31.0.2:80/ISAPI/System/reboot",
        "http://127.31.0.2:80/ISAPI/Streaming/channels/101/picture",
        "http://camera.example/ISAPI/System/deviceInfo",
    ],
)
async def test_the_gate_lets_nothing_else_pass(url: str) -> None:
    gate = Gate("127.31.0.2", Way(80), SCOPE, frozenset({DEVICE}))
    with pytest.raises(httpx.TransportError, match=r"not the device|not an allowed question"):
        await gate.handle_async_request(httpx.Request("GET", url))
    await gate.aclose()


def test_every_question_only_reads() -> None:
    questions = {path for source in load_sources().values() for path in source.questions if path.startswith("/")}
    assert questions == {
        DEVICE,
        CHANNELS,
        TITLES,
        *(BOX + name for name in ("getDeviceType", "getSerialNo", "getSoftwareVersion", "getSystemInfo")),
    }


def test_strangers_are_not_asked_for_a_maker_s_pages() -> None:
    sources = load_sources()
    assert list(sources) == ["isapi", "dahua_cgi", "onvif"]
    for maker in (None, "axis", "uniview"):
        assert [name for name, source in sources.items() if source.wants(Box("127.31.0.2", maker))] == ["onvif"]


class TestTls:
    @pytest.fixture
    def fake(self, start: Callable[..., Fake]) -> Fake:
        _, pem = make()
        return start(behind_digest({DEVICE: CAMERA}), context=server_context(pem))

    def test_no_login_goes_to_a_certificate_that_nobody_vouches_for(self, fake: Fake) -> None:
        report = asked(known(fake, tls=fake.port))
        assert fake.requests == []
        assert "its certificate is not trusted" in report.attempts[-1].detail

    def test_the_operator_may_say_that_it_will_do(self, fake: Fake) -> None:
        report = asked(known(fake, tls=fake.port), unverified=True)
        assert len(report.devices) == 1
        assert len(fake.logins) == 1

    def test_basic_is_not_sent_even_then(self, start: Callable[..., Fake]) -> None:
        _, pem = make()
        fake = start(
            lambda _fake, _request: Reply(401, b"", (("WWW-Authenticate", 'Basic realm="x"'),)),
            context=server_context(pem),
        )
        asked(known(fake, tls=fake.port), unverified=True)
        assert len(fake.requests) == 1
        assert fake.logins == []


def test_every_question_is_documented() -> None:
    described = (Path(__file__).parents[1] / "docs/enrich.md").read_text(encoding="utf-8")
    for source in load_sources().values():
        for question in source.questions:
            path, _, query = question.partition("?")
            assert path in described
            assert query.removeprefix("action=").removesuffix("&name=ChannelTitle") in described


def test_refusals_are_forgotten_after_the_lock() -> None:
    def refusal(minutes: int, detail: str = REFUSED_LOGIN) -> Attempt:
        when = NOON - timedelta(minutes=minutes)
        return Attempt("isapi", "127.31.0.2", 80, Outcome.REFUSED, detail=detail, seen_at=when)

    assert has_refused_often([refusal(1), refusal(29)], NOON)
    assert not has_refused_often([refusal(1), refusal(31)], NOON)
    assert not has_refused_often([refusal(1), refusal(2, "connection refused"), refusal(3, "")], NOON)


@examples(200)
@given(
    st.lists(st.one_of(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"])), CHALLENGES), max_size=3)
)
def test_whatever_the_challenge_one_login_at_most(headers: list[str]) -> None:
    auth = OneLogin(USER, PASSWORD, private=False)
    request = httpx.Request("GET", f"http://127.31.0.2{DEVICE}")
    raw = [(b"WWW-Authenticate", each.encode("latin-1")) for each in headers]
    flow = auth.auth_flow(request)
    sent = [next(flow).headers.get("Authorization")]
    with contextlib.suppress(StopIteration):
        while len(sent) < 5:
            following = flow.send(httpx.Response(401, headers=raw, request=request))
            sent.append(following.headers.get("Authorization"))
    logins = [each for each in sent if each]
    assert len(logins) <= 1
    assert all(each.startswith("Digest ") and "\n" not in each and PASSWORD not in each for each in logins)
    assert auth.refused == bool(logins)
    assert auth.refused or auth.trouble
