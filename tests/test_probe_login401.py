from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tcp_host import FakeHost, seen

from camscan.errors import NotSpoken
from camscan.model import Outcome
from camscan.probes import Seen, login401

HIKVISION_REQUEST = b"GET /ISAPI/Security/userCheck HTTP/1.1"
DAHUA_REQUEST = b"GET /cgi-bin/magicBox.cgi?action=getDeviceType HTTP/1.1"

WEB = {"http": (80,)}
STREAM = {"rtsp": (554,)}
BOTH = {"http": (80,), "rtsp": (554,)}
HIKVISION = seen(spoken={"http": (8080, 443), "rtsp": (554,)}, http__server="App-webs/")
DAHUA = seen(spoken=BOTH, http__title="WEB SERVICE")


async def _asked(known: Seen, *ports: int) -> list[tuple[str, int, bytes]]:
    host = FakeHost()
    for port in ports or login401.learned_ports(known):
        await login401.ask_device(host, port, known)
    return [(how, port, request.split(b"\r\n")[0]) for how, port, request in host.asked]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (HIKVISION, ("http", 8080, HIKVISION_REQUEST)),
        (seen(spoken=WEB, http__server=""), ("http", 80, HIKVISION_REQUEST)),
        (seen(spoken=WEB, http__redirect="/doc/page/login.asp?_"), ("http", 80, HIKVISION_REQUEST)),
        (DAHUA, ("http", 80, DAHUA_REQUEST)),
        (seen(spoken=WEB, http__header_order="CONTENT-LENGTH,P3P"), ("http", 80, DAHUA_REQUEST)),
        (seen(spoken=WEB, rtsp__server="Rtsp Server/3.0"), ("http", 80, DAHUA_REQUEST)),
        (
            seen(spoken={"http": (80,), "rtsp": (8554,)}, http__server="thttpd"),
            ("tcp", 8554, b"DESCRIBE rtsp://192.0.2.7:8554/ RTSP/1.0"),
        ),
        (seen(spoken=STREAM), ("tcp", 554, b"DESCRIBE rtsp://192.0.2.7:554/ RTSP/1.0")),
    ],
)
async def test_the_question_follows_from_what_was_seen(known: Seen, expected: tuple[str, int, bytes]) -> None:
    assert login401.is_wanted(known)
    assert await _asked(known) == [expected]


@pytest.mark.parametrize(
    "known",
    [
        seen(),
        seen(spoken=WEB, http__server="nginx", http__title="Printer"),
        seen(spoken=WEB, http__server="App-webs/", http__realm="IP Camera(C2180)"),
        seen(spoken=BOTH, http__server="App-webs/", rtsp__realm="IP Camera(C2180)"),
        seen(spoken=WEB, http__server="App-webs/", onvif__realm="x"),
        seen(spoken=STREAM, rtsp__realm="Login to 4M0747EPA000001"),
        dataclasses.replace(seen("hikvision", spoken=WEB, http__server="App-webs/"), confirmed=True),
        seen("axis", spoken=STREAM),
        seen(http__server="App-webs/"),
    ],
)
async def test_no_question_is_left(known: Seen) -> None:
    assert not login401.is_wanted(known)
    assert login401.learned_ports(known) == ()
    assert await _asked(known, 80, 443, 554, 8080) == []


async def test_what_is_only_probable_is_settled() -> None:
    assert len(await _asked(seen("hikvision", spoken=WEB, http__server="App-webs/"), 80, 443, 554)) == 1


@pytest.mark.parametrize("known", [HIKVISION, DAHUA, seen(spoken=STREAM)])
async def test_one_request_whichever_ports_are_tried(known: Seen) -> None:
    assert len(await _asked(known, 80, 443, 554, 8000, 8080, 8443, 8554)) == 1


@given(
    st.dictionaries(
        st.sampled_from(["http.server", "http.title", "http.realm", "rtsp.server"]),
        st.lists(st.sampled_from(["", "App-webs/", "WEB SERVICE", "Rtsp Server/3.0"]), max_size=3),
    ),
    st.dictionaries(
        st.sampled_from(["http", "rtsp"]), st.lists(st.sampled_from([80, 554, 8080]), min_size=1, unique=True)
    ),
    st.none() | st.just("dahua"),
)
async def test_never_two_and_never_a_named_device(
    facts: dict[str, list[str]], spoken: dict[str, list[int]], maker: str | None
) -> None:
    known = Seen(
        {key: tuple(texts) for key, texts in facts.items()},
        maker,
        confirmed=maker is not None,
        spoken={probe: tuple(ports) for probe, ports in spoken.items()},
    )
    asked = await _asked(known, 80, 443, 554, 8080, 8443, 8554)
    assert len(asked) <= (0 if maker or facts.get("http.realm") or not spoken else 1)


async def test_answers_say_which_parser_reads_them() -> None:
    reply = b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="Device_CGI"\r\n\r\n'
    host = FakeHost(replies={(80, b"GET /cgi-bin/magicBox.cgi"): reply})
    [answer] = await login401.ask_device(host, 80, DAHUA)
    assert (answer.probe, answer.outcome, answer.payload) == ("http", Outcome.ANSWERED, reply)
    [answer] = await login401.ask_device(FakeHost(), 554, seen(spoken=STREAM))
    assert answer.probe == "rtsp"


def test_it_has_no_parser_of_its_own() -> None:
    with pytest.raises(NotSpoken):
        login401.PROBE.parse(b"HTTP/1.1 401 Unauthorized\r\n\r\n")
