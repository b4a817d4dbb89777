"""Nobody on the link can stop, blind or deceive a scan. Each hostile unit has an honest neighbour, which is found."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lan import ESTATE, LINK, Lan, Seat, lan
from pcap import read

from camscan.demo import plan_interfaces

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

HONEST, HOSTILE, BESIDE = (Seat(f"10.77.0.{number}", f"44:19:b6:00:01:{number:02x}") for number in (5, 7, 9))
GROUPS = ("239.255.255.250", "239.255.255.251", "224.0.0.251", "255.255.255.255", str(ESTATE.broadcast_address))
SADP_GROUP = "FAFFFFEF"
"""239.255.255.250, as the kernel lists the groups that were joined."""
UNITS = 110
"""At least one of each emulated device."""
MEMORY = 300 << 20
MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(done.returncode)
"""
CAMERA = """
import select, socket, sys
ip, to_group, group = sys.argv[1], len(sys.argv) > 2, ("239.255.255.250", 37020)
mac = "44-19-b6-00-01-%02x" % int(ip.rpartition(".")[2])
body = ("<?xml version='1.0'?><ProbeMatch><Uuid>{}</Uuid><Types>inquiry</Types><DeviceDescription>DS-2CD2032-I"
        "</DeviceDescription><DeviceSN>DS-2CD2032-I20150101BBWRX7777{:04}</DeviceSN><MAC>" + mac + "</MAC><IPv4Address>"
        + ip + "</IPv4Address><SoftwareVersion>V5.4.5build 170124</SoftwareVersion></ProbeMatch>")
own, ear = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
for sock in (own, ear):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
own.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(ip))
own.bind((ip, 37020))
ear.bind(group)
ear.setsockopt(socket.IPPROTO_IP, 49, 0)  # IP_MULTICAST_ALL
ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group[0]) + socket.inet_aton(ip))
print("up", flush=True)
while True:
    for sock in select.select([own, ear], [], [])[0]:
        question, asker = sock.recvfrom(65535)
        if b"<Probe>" in question:
            echo = question.partition(b"<Uuid>")[2].partition(b"<")[0].decode()
            answer = body.format(echo, int(ip.rpartition(".")[2])).encode()
            own.sendto(answer, group if to_group else asker)
"""
"""A camera that speaks SADP; with a second argument, it answers to the group alone."""
FORGER = """
import socket, struct, sys, time
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((sys.argv[1], 0))
ether = bytes.fromhex("01005e7ffffa") + bytes.fromhex("020000000099") + bytes.fromhex("0800")
def check(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total >> 16) + (total & 0xffff)
    return ~total & 0xffff
print("up", flush=True)
for number in range(20000):
    ip = ("10.77.0.%d" % (number % 250 + 1)) if number % 4 == 0 else "10.%d.%d.%d" % (
        (78, 200)[number % 2], number >> 8 & 255, number & 255)
    serial = "DS-2CD2385G1-I20190101AAWRD%d" % (10000000 + number)
    xml = "<ProbeMatch><Types>inquiry</Types><DeviceDescription>DS-2CD2385G1-I</DeviceDescription>"
    xml += "<DeviceSN>%s</DeviceSN><IPv4Address>%s</IPv4Address></ProbeMatch>" % (serial, ip)
    xml = xml.encode()
    udp = struct.pack("!HHHH", 37020, 37020, 8 + len(xml), 0) + xml
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number & 65535, 0, 1, 17, 0, socket.inet_aton(ip),
                       socket.inet_aton("239.255.255.250"))
    raw.send(ether + head[:10] + struct.pack("!H", check(head)) + head[12:] + udp)
    if number % 10 == 9:
        time.sleep(0.01)
"""


@dataclass(frozen=True, slots=True)
class Scanned:
    exit_code: int
    output: str
    errors: str
    memory: int
    report: Mapping[str, Any]

    @property
    def notes(self) -> str:
        return "\n".join(self.report["coverage"]["notes"])

    def device(self, seat: Seat) -> Mapping[str, Any]:
        found: list[Mapping[str, Any]] = [each for each in self.report["devices"] if seat.ip in each["ip_addresses"]]
        assert len(found) == 1
        return found[0]


def scan(built: Lan, where: Path, *arguments: str, ordinary: bool = False) -> Scanned:
    where.mkdir(exist_ok=True)
    where.chmod(0o777)
    files = ("--json", str(where / "scan.json"), "--register", str(where / "scan.db"))
    command = (sys.executable, "-m", "camscan", "scan", *arguments, *files, "--pace", "fast")
    done = built.run(sys.executable, "-c", MEASURED, *command, ordinary=ordinary, timeout=200)
    errors, _, memory = done.stderr.rstrip().rpartition("\n")
    assert "Traceback" not in done.stderr
    report: Mapping[str, Any] = json.loads((where / "scan.json").read_text())
    for path in where.iterdir():
        path.unlink()
    return Scanned(done.returncode, done.stdout, errors, int(memory) * 1024, report)


def start(built: Lan, code: str, *arguments: str) -> subprocess.Popen[str]:
    process = built.start(built.estate, sys.executable, "-c", code, *arguments)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def test_a_forged_crowd_is_one_sentence_and_the_honest_are_found(tmp_path: Path) -> None:
    with lan([HONEST, BESIDE]) as built:
        start(built, CAMERA, HONEST.ip)
        start(built, CAMERA, BESIDE.ip, "to group")
        start(built, FORGER, "c0")
        seen = scan(built, tmp_path, str(ESTATE))
    assert seen.exit_code == 0
    assert seen.memory < MEMORY
    sure = {
        each["ip_addresses"][0] for each in seen.report["devices"] if each["confidence"] in {"confirmed", "probable"}
    }
    assert sure == {HONEST.ip, BESIDE.ip}
    assert seen.device(HONEST)["model"] == "DS-2CD2032-I"
    assert seen.device(BESIDE)["model"] == "DS-2CD2032-I"
    assert len(seen.report["devices"]) < 10
    assert "datagrams came from" in seen.notes
    assert "a crowd of" in seen.notes


def test_a_crowd_that_comes_while_the_scan_listens_is_one_sentence_too(tmp_path: Path) -> None:
    where = tmp_path / "scan.json"
    with lan([HONEST, BESIDE]) as built:
        start(built, CAMERA, HONEST.ip)
        command = (sys.executable, "-m", "camscan", "scan", str(ESTATE), "--json", str(where), "--pace", "fast")
        process = built.start(built.scanner, *command, "--register", str(tmp_path / "scan.db"), "--quiet")
        while SADP_GROUP not in built.run("cat", "/proc/net/igmp").stdout:
            assert process.poll() is None, "it had ended before it listened"
            time.sleep(0.02)
        start(built, FORGER, "c1")
        _, errors = process.communicate(timeout=200)
    assert (process.returncode, "Traceback" in errors) == (0, False)
    report = json.loads(where.read_text())
    sure = [each for each in report["devices"] if each["confidence"] in {"confirmed", "probable"}]
    assert [(each["ip_addresses"], each["model"]) for each in sure] == [([HONEST.ip], "DS-2CD2032-I")]
    assert len(report["devices"]) < 10
    assert any("datagrams came from" in note for note in report["coverage"]["notes"])
    assert any("a crowd of" in note for note in report["coverage"]["notes"])


def test_only_who_is_named_is_asked(tmp_path: Path) -> None:
    with lan([HONEST, BESIDE]) as built:
        start(built, CAMERA, HONEST.ip)
        start(built, CAMERA, BESIDE.ip)
        mac = built.run("cat", f"/sys/class/net/{LINK}/address").stdout.strip()
        with built.capture(tmp_path / "one.pcap"):
            seen = scan(built, tmp_path / "one", HONEST.ip)
        with built.capture(tmp_path / "groups.pcap"):
            asked = scan(built, tmp_path / "groups", HONEST.ip, "--ask-groups")
            kept = scan(built, tmp_path / "kept", HONEST.ip, "--ask-groups", "--keep-strangers")
        sent = [frame for frame in read(tmp_path / "one.pcap") if frame.source_mac == mac]
        to_groups = {frame.target for frame in read(tmp_path / "groups.pcap") if frame.source_mac == mac}
    assert {frame.target for frame in sent if frame.protocol in {"udp", "tcp"}} == {HONEST.ip}
    assert "not everything was asked by multicast and broadcast" in seen.notes
    assert len(seen.report["devices"]) == len(asked.report["devices"]) == 1
    assert {"239.255.255.250", "ff02::c"} <= to_groups
    assert asked.report["coverage"]["strangers"] == [BESIDE.ip]
    assert "and 1 answered from an address you did not name" in " ".join(asked.output.split())
    assert f"{BESIDE.ip} (hikvision DS-2CD2032-I)" in asked.notes
    assert kept.device(BESIDE)["confidence"] == "confirmed"


def test_a_flood_of_facts_and_a_lone_surrogate_harm_no_other_device(tmp_path: Path) -> None:
    with lan([Seat(ip, mac) for ip, mac in plan_interfaces(UNITS, base=ESTATE)]) as built, built.demo(UNITS) as demo:
        seen = scan(built, tmp_path, str(ESTATE))
    hostile = {truth["ip"]: truth["device"] for truth in demo.truth if truth["device"].startswith("hostile")}
    assert {"hostile_scopes", "hostile_surrogate"} <= {*hostile.values()}
    listed = {ip for each in seen.report["devices"] for ip in each["ip_addresses"]}
    assert set(hostile) <= listed
    assert seen.exit_code == 0
    assert seen.memory < MEMORY


@pytest.mark.parametrize("ordinary", [True, False])
def test_where_a_router_knows_no_way_everybody_is_reported_the_same(ordinary: bool, tmp_path: Path) -> None:
    with lan([HONEST], routed=True) as built:
        subprocess.run(["ip", "-n", built.middle, "route", "add", "unreachable", "10.79.0.0/24"], check=True)
        seen = scan(built, tmp_path, "10.79.0.0/24", ordinary=ordinary)
    assert (seen.report["coverage"]["unreachable"], seen.report["coverage"]["silent"]) == (254, 0)
    assert seen.exit_code == 3
    assert seen.report["devices"] == []


@pytest.mark.parametrize("ordinary", [True, False])
def test_the_scanner_is_not_present_itself(ordinary: bool, tmp_path: Path) -> None:
    with lan([HONEST]) as built:
        start(built, CAMERA, HONEST.ip)
        seen = scan(built, tmp_path, str(ESTATE), ordinary=ordinary)
    covered = seen.report["coverage"]
    assert (covered["answered"], covered["refused"]) == (1, 0)
    assert built.scanner_ip not in {ip for each in seen.report["devices"] for ip in each["ip_addresses"]}
