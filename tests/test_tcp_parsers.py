"""What holds for every reader of TCP replies: linear time on hostile bytes, and sense in a corpus of real replies."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path

import pytest
from growth import SIZE, keeps_nobody_busy

from camscan import probes

NAMES = (
    "dhcp",
    "dvrip",
    "favicon",
    "ftp",
    "http",
    "isapi",
    "login401",
    "mac",
    "onvif",
    "rpc2",
    "rtsp",
    "snmp",
    "telnet",
    "tls",
    "upnp",
)
CORPUS = os.environ.get("CAMSCAN_CORPUS", "")

HOSTILE = {
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 13000,
    "header lines folded without end": b"HTTP/1.1 200 OK\r\nServer: a\r\n" + b" a\r\n" * 16000,
    "one header without end": b"HTTP/1.1 401 x\r\nWWW-Authenticate: Digest " + b'a="b", ' * 9000,
    "quotes without end": b'HTTP/1.1 401 x\r\nWWW-Authenticate: Digest realm="' + b'\\"' * 30000,
    "commas without end": b"HTTP/1.1 401 x\r\nWWW-Authenticate: " + b"," * 60000,
    "titles without end": b"HTTP/1.1 200 OK\r\n\r\n" + b"<title" * 10000,
    "entities without end": b"HTTP/1.1 200 OK\r\n\r\n<title>" + b"&amp" * 15000,
    "locations without end": b"HTTP/1.1 200 OK\r\n\r\n<script>" + b"location = " * 6000,
    "blanks in a location": b"HTTP/1.1 200 OK\r\n\r\nlocation" + b" " * 60000,
    "refreshes without end": b"HTTP/1.1 200 OK\r\n\r\n" + b"http-equiv=refresh content=" * 2400,
    "charsets without end": b"HTTP/1.1 200 OK\r\nContent-Type: " + b"charset=" * 8000 + b"\r\n\r\nx",
    "fields without end": b"HTTP/1.1 200 OK\r\n\r\n" + b"a=" * 30000,
    "lines without end": b"HTTP/1.1 200 OK\r\n\r\n" + b"a=b\n" * 16000,
    "messages without end": b"RTSP/1.0 200 OK\r\n\r\n" * 3400,
    "dates without end": b"RTSP/1.0 200 OK\r\n" + b"Date: x\r\n" * 7000,
    "realms without end": b"Realm:" * 10000,
    "names without end": b"subject=" + b"CN=" * 20000,
    "separators without end": b"subject=CN=x" + b",;+" * 20000,
    "blanks in a name": b"subject=CN" + b" " * 60000 + b"=",
    "escapes without end": b"subject=CN=" + b"\\" * 60000,
    "quoted name without end": b'subject=CN="' + b'a,CN="' * 10000,
    "elements in elements": b"<DeviceInfo>" + b"<a>" * 20000,
    "namespaces without end": b"<s:Envelope " + b" ".join(b'xmlns:a%d="x%d"' % (n, n) for n in range(3500)) + b"/>",
    "faults in faults": b"<Envelope>" + b"<Fault><Text>x</Text>" * 3000,
    "braces without end": b"{" * SIZE,
    "members without end": b'{"realm":"x",' + b'"a":{"b":' * 7000,
    "pairs without end": b"{" + b'"realm":"' * 7000,
    "numbers without end": b"1." * 30000,
    "values without end": b"1.3.6.1.2.1.1.1.0|4|x\n" * 3000,
    "one value of many lines": b"1.3.6.1.2.1.1.1.0|4|x\n" + b"y\n" * 30000,
    "negotiation without end": b"\xff\xfa" + b"a" * 60000,
    "negotiation started and started": b"\xff\xfa" * 30000,
    "escape sequences without end": b"\x1b[" * 30000,
    "hexadecimal without end": b"ab:" * 20000,
    "options without end": b"60=x\n" * 13000,
    "hashes without end": b"mmh3:" * 13000,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_no_reply_keeps_a_parser_busy(name: str, payload: bytes) -> None:
    keeps_nobody_busy(probes.load()[name].parse, payload)


def _corpus() -> list[dict[str, str]]:
    rows = [json.loads(line) for line in Path(CORPUS).read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["protocol"] in NAMES]


@pytest.mark.skipif(not CORPUS, reason="CAMSCAN_CORPUS does not name a file of labelled replies")
def test_every_real_reply_is_read() -> None:
    empty = re.compile(r"favicon|mac|dhcp|ftp|telnet|tls|snmp")
    for row in _corpus():
        payload = row["payload"].encode() if "payload" in row else base64.b64decode(row["payload_b64"])
        facts = probes.load()[row["protocol"]].parse(payload)
        assert facts, row["id"]
        assert all(key.startswith(row["protocol"] + ".") for key, _ in facts), row["id"]
        if empty.fullmatch(row["protocol"]):
            assert all(value for _, value in facts), row["id"]


@pytest.mark.skipif(not CORPUS, reason="CAMSCAN_CORPUS does not name a file of labelled replies")
def test_line_ends_make_no_difference_to_what_is_read() -> None:
    for row in _corpus():
        if "payload" in row and row["protocol"] not in {"rtsp", "http"}:
            bare = row["payload"].replace("\r\n", "\n")
            parse = probes.load()[row["protocol"]].parse
            assert parse(bare.encode()) == parse(bare.replace("\n", "\r\n").encode()), row["id"]
