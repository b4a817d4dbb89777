"""How many replies a second each TCP parser reads: ``python tests/benchmarks/bench_tcp_parsers.py`` (no network)."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from test_probe_dvrip import ANSWER as DVRIP
from test_probe_http import CAMERA_401, DAHUA_HEADERS, DAHUA_PAGE, RECORDER_ROOT
from test_probe_isapi import CAMERA
from test_probe_onvif import CHALLENGE, CLOCK, INFORMATION, SERVICES
from test_probe_rpc2 import CHALLENGE as RPC2
from test_probe_rtsp import CAPTURES
from test_probe_snmp import RECORDS, WALK
from test_probe_tls import DOOR_STATION, LIVE, RECORDER
from test_probe_upnp import DESCRIPTION

from camscan import probes

SECONDS = 0.5
REPLIES = {
    "dvrip": [DVRIP],
    "http": [RECORDER_ROOT, CAMERA_401, DAHUA_HEADERS, DAHUA_PAGE],
    "http (64 KB page)": [b"HTTP/1.1 200 OK\r\n\r\n<html><title>x</title>" + b"<p>text</p>\n" * 5400],
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
    """Replies a second, over every real shape of the protocol in turn."""
    parse, replies = probes.load()[name.partition(" ")[0]].parse, REPLIES[name]
    count, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < SECONDS:
        for reply in replies:
            parse(reply)
        count += len(replies)
    return count / elapsed


def main() -> None:
    """Print one line for each protocol."""
    for name in REPLIES:
        sys.stdout.write(f"{name:<18} {rate(name):>9,.0f} replies/s\n")


if __name__ == "__main__":
    main()
