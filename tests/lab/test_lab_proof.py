"""Behind a router: what proves that a unit is there and said it, and what anybody on the way can say in its name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lan import ESTATE, Seat, lan
from test_lab_hostile import scan, start

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

UNIT = Seat("10.77.0.5", "02:00:00:00:01:05")
DAHUA = """
import json, socket, struct, sys, threading
ip, times, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind((ip, 37810))
serial = "6C1AD3DPAG%05d" % int(ip.rpartition(".")[2])
body = json.dumps({"mac": "02:00:00:00:01:05", "method": "client.notifyDevInfo", "params": {"deviceInfo": {
    "DeviceType": "IPC-HDW1431T1-S4", "SerialNo": serial, "Vendor": "Dahua", "Version": "2.800.0.13.R",
    "IPv4Address": {"IPAddress": ip}}}}).encode()
head = struct.pack("<I4sIIIIII", 0x20, b"DHIP", 0, 0, len(body), 0, len(body), 0)
print("up", flush=True)
while True:
    question, asker = own.recvfrom(65535)
    if times > 0:
        threading.Timer(seconds, own.sendto, (head + body, asker)).start()
        times -= 1
"""
"""Answers DHDiscover so many times and then no more, as datagrams that somebody else sends in its name.

The last argument is the seconds that it takes for each answer.
"""


@pytest.mark.parametrize(("times", "confidence"), [(1, "possible"), (1000, "confirmed")])
def test_what_a_unit_does_not_say_again_to_a_port_of_its_own_makes_it_possible(
    times: int, confidence: str, tmp_path: Path
) -> None:
    with lan([UNIT], routed=True) as built:
        start(built, DAHUA, UNIT.ip, str(times), "0")
        seen = scan(built, tmp_path, UNIT.ip)
    device = seen.device(UNIT)
    assert (device["maker"], device["confidence"]) == ("dahua", confidence)
    assert seen.exit_code == 0


def test_one_slow_unit_among_quick_ones_has_time_to_bear_itself_out(tmp_path: Path) -> None:
    """Nothing but DHDiscover, which has no echo, speaks for any of them."""
    quick = [Seat(f"10.77.0.{number}", f"02:00:00:00:02:{number:02x}") for number in range(20, 32)]
    with lan([UNIT, *quick], routed=True) as built:
        for seat in quick:
            start(built, DAHUA, seat.ip, "1000", "0")
        start(built, DAHUA, UNIT.ip, "1000", "2.0")
        seen = scan(built, tmp_path, str(ESTATE))
    assert seen.device(UNIT)["confidence"] == "confirmed"
    assert {each["confidence"] for each in seen.report["devices"]} == {"confirmed"}
    assert seen.device(UNIT)["serial"] == "6C1AD3DPAG00005"


def test_a_firewall_that_refuses_makes_nobody_present(tmp_path: Path) -> None:
    rules = "table ip lab { chain f { type filter hook forward priority 0; ip daddr 10.77.0.0/24 reject with icmp type "
    rules += "port-unreachable; }; }"
    with lan([UNIT], routed=True) as built:
        command = ["ip", "netns", "exec", built.middle, "nft", "-f", "-"]
        subprocess.run(command, input=rules, text=True, check=True)
        seen = scan(built, tmp_path, "10.77.0.0/25")  # the router itself is not among them
    covered = seen.report["coverage"]
    assert (covered["answered"], covered["refused"], covered["unreachable"]) == (0, 0, 126)
    assert seen.report["devices"] == []
    assert seen.exit_code == 3
