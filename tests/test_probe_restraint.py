"""What is left unasked: questions that add nothing, or would draw a second login challenge."""

from __future__ import annotations

import pytest

from camscan.fingerprints import load_database as load_fingerprints
from camscan.model import Reply
from camscan.probes import Seen, load, read_reply
from camscan.scan.state import ScanState

PAGE = {"http": (80,)}


@pytest.mark.parametrize("name", ["favicon", "onvif", "login401"])
def test_a_device_that_is_not_a_camera_is_asked_nothing_more_over_the_web(name: str) -> None:
    probe = load()[name]
    facts = {"http.body": ('<script src="/js/seajs.js"></script>/doc/page/login.asp',)}
    assert not probe.wants(Seen(facts=facts, spoken={**PAGE, "rtsp": (554,)}, no_camera=True))


@pytest.mark.parametrize("realm", ["http.realm", "onvif.realm"])
def test_no_icon_is_asked_of_a_web_server_that_wanted_a_login(realm: str) -> None:
    favicon = load()["favicon"]
    assert favicon.wants(Seen(facts={}, spoken=PAGE))
    assert not favicon.wants(Seen(facts={realm: ("Restricted",)}, spoken=PAGE))


def test_the_ledger_knows_a_printer() -> None:
    state = ScanState(load_fingerprints())
    page = b"HTTP/1.1 200 OK\r\nServer: HP HTTP Server; HP LaserJet M404dn\r\n\r\n<title>HP LaserJet M404dn</title>"
    state.record(read_reply(load()["http"], Reply("http", page, "192.0.2.9", 80)))
    assert state.seen("192.0.2.9").no_camera
    assert not state.seen("192.0.2.10").no_camera
