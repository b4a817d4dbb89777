"""Firewalls that answer in a camera's place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from lan import Seat, lan

pytestmark = pytest.mark.lab

CAMERA = Seat("10.77.0.7", "44:19:b6:00:01:07")
SERVER = """
import http.server, sys
server = http.server.HTTPServer((sys.argv[1], 443), http.server.BaseHTTPRequestHandler)
print("up", flush=True)
server.serve_forever()
"""
ONLY_HTTPS = """table inet lab { chain forward { type filter hook forward priority 0;
    tcp dport != 443 tcp flags & (syn | ack) == syn reject with icmpx admin-prohibited;
    udp dport 1-65535 reject with icmpx admin-prohibited;
}; }"""


@pytest.mark.parametrize("ordinary", [True, False])
def test_a_port_that_a_firewall_prohibits_does_not_hide_the_others(ordinary: bool, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with lan([CAMERA], routed=True) as built:
        nft = ["ip", "netns", "exec", built.middle, "nft", "-f", "-"]
        subprocess.run(nft, input=ONLY_HTTPS, text=True, check=True)
        server = built.start(built.estate, sys.executable, "-c", SERVER, CAMERA.ip)
        assert server.stdout is not None
        assert server.stdout.readline() == "up\n"
        files = ("--json", str(tmp_path / "scan.json"), "--register", str(tmp_path / "scan.db"))
        command = (sys.executable, "-m", "camscan", "scan", CAMERA.ip, *files, "--pace", "fast")
        done = built.run(*command, ordinary=ordinary)
    report = json.loads((tmp_path / "scan.json").read_text())
    assert done.returncode == 0, done.stderr
    assert [device["open_ports"] for device in report["devices"]] == [["tcp/443"]]
