"""How many replies a second each parser reads, over every real shape of its protocol in turn; no network."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from measure import Case, Row
from test_probe_dvrip import ANSWER as DVRIP
from test_probe_http import CAMERA_401, DAHUA_HEADERS, DAHUA_PAGE, RECORDER_ROOT
from test_probe_isapi import CAMERA
from test_probe_onvif import CHALLENGE, CLOCK, INFORMATION, SERVICES
from test_probe_rpc2 import CHALLENGE as RPC2
from test_probe_rtsp import CAPTURES
from test_probe_snmp import RECORDS, WALK
from test_probe_tls import DOOR_STATION, LIVE, RECORDER
from test_probe_upnp import DESCRIPTION
from udp_replies import ALL

from camscan import probes

SECONDS = 0.5
LARGE_PAGE = "http (64 KB page)"
REPLIES: Mapping[str, Sequence[bytes]] = {
    **ALL,
    "dvrip": [DVRIP],
    "http": [RECORDER_ROOT, CAMERA_401, DAHUA_HEADERS, DAHUA_PAGE],
    LARGE_PAGE: [b"HTTP/1.1 200 OK\r\n\r\n<html><title>x</title>" + b"<p>text</p>\n" * 5400],
    "isapi": [CAMERA],
    "mac": [b"58-50-ed-00-00-01", b"0080F0"],
    "onvif": [INFORMATION, CLOCK, SERVICES, CHALLENGE],
    "rpc2": [RPC2],
    "rtsp": CAPTURES,
    "snmp": [RECORDS, WALK],
    "tls": [DOOR_STATION, LIVE, RECORDER],
    "upnp": [DESCRIPTION],
}


def rate(name: str) -> float:
    """Replies a second."""
    parse, replies = probes.load()[name.partition(" ")[0]].parse, REPLIES[name]
    count, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < SECONDS:
        for reply in replies:
            parse(reply)
        count += len(replies)
    return count / elapsed


def measure() -> Iterator[Row]:
    rates = {name: rate(name) for name in REPLIES}
    slowest = sorted(rates, key=lambda name: rates[name])
    yield Row("replies/s of each parser", "; ".join(f"{name} {rates[name]:,.0f}" for name in slowest))


CASES = (Case("parsers", 0.2, measure),)
