"""camscan-link on a LAN of namespaces, against the kernel's own ARP and against hand-made frames."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from lan import LINK, RAW_ALONE, ROUTER, ROUTER_OUTSIDE, Lan, Seat, lan
from pcap import RST, SYN, busiest, read

pytestmark = pytest.mark.lab

LINK_PROGRAM = (sys.executable, "-m", "camscan.link")


def seats(count: int) -> list[Seat]:
    return [Seat(f"10.77.0.{n + 1}", f"44:19:b6:00:01:{n:02x}") for n in range(count)]


@pytest.fixture(scope="module")
def lan_of_250() -> Iterator[Lan]:
    with lan(seats(250)) as built:
        yield built


def sweep(
    built: Lan, targets: list[str], *options: str, ordinary: bool = False
) -> tuple[int, list[dict[str, object]], str]:
    line = ["sh", "-c", 'printf %s "$0" | "$@"', json.dumps({"targets": targets}), *LINK_PROGRAM]
    done = built.run(*line, "arp-sweep", "--interface", LINK, *options, ordinary=ordinary)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_250_devices_come_up_with_no_more_programs_than_three(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    class Program(subprocess.Popen[str]):
        def __init__(self, line: Sequence[str], **options: Any) -> None:
            started.append(line[0])
            super().__init__(line, **options)

    monkeypatch.setattr(subprocess, "Popen", Program)
    with lan(seats(3)):
        few = len(started)
    started.clear()
    with lan(seats(250)):
        assert 0 < len(started) <= few


def test_arp_sweep_finds_every_device_with_its_own_mac(lan_of_250: Lan) -> None:
    code, messages, errors = sweep(lan_of_250, ["10.77.0.0/24"], "--pps", "2000")
    assert (code, errors) == (0, "")
    assert messages.count({"asked_once": True}) == 1
    said = [message["asks"] for message in messages if "asks" in message]
    assert said == [False, True] * (len(said) // 2) + [False]  # one says when it only listens, and before it asks again
    assert {(m["ip"], m["mac"]) for m in messages if "ip" in m} == {(seat.ip, seat.mac) for seat in seats(250)}
    # Not asked: the network and broadcast addresses and the scanner's own. The three silent ones were asked twice,
    # as was whom a busy kernel let answer too late.
    end = messages[-1]
    assert {**end, "sent": 0} == {"done": True, "asked": 253, "sent": 0, "answered": 250}
    assert isinstance(end["sent"], int)
    assert 256 <= end["sent"] < 2 * 253


ANSWER_ARP_LATE = """
import socket, sys, time
packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
packets.bind((sys.argv[1], 0x0806))
own, mac = socket.inet_aton(sys.argv[2]), bytes.fromhex(sys.argv[3])
print("up", flush=True)
while True:
    question = packets.recv(100)
    if question[20:22] == b"\\0\\1" and question[38:42] == own:
        time.sleep(float(sys.argv[4]))
        packets.send(question[6:12] + mac + question[12:20] + b"\\0\\2" + mac + own + question[22:32])
"""


def test_who_answers_arp_late_is_heard_without_being_asked_for_longer(lan_of_250: Lan, tmp_path: Path) -> None:
    late = ("10.77.0.252", "02000000aa01")
    unit = lan_of_250.start(lan_of_250.estate, sys.executable, "-c", ANSWER_ARP_LATE, "trunk", *late, "1.5")
    assert unit.stdout is not None
    assert unit.stdout.readline() == "up\n"
    with lan_of_250.capture(tmp_path / "late.pcap"):
        answers = [sweep(lan_of_250, [late[0]], "--wait", "0.3", "--linger", linger)[1] for linger in ("0", "2")]
    lan_of_250.end(unit)
    macs = [[message["mac"] for message in messages if "mac" in message] for messages in answers]
    assert macs == [[], ["02:00:00:00:aa:01"]]
    asked = [frame for frame in read(tmp_path / "late.pcap") if frame.protocol == "arp-request"]
    assert len([frame for frame in asked if frame.target == late[0]]) == 4


def test_arp_sweep_keeps_its_pace_and_its_scope(lan_of_250: Lan, tmp_path: Path) -> None:
    with lan_of_250.capture(tmp_path / "sweep.pcap"):
        code, messages, _errors = sweep(lan_of_250, ["10.77.0.64/27", "10.77.0.200"], "--pps", "100", "--wait", "0.2")
    assert code == 0
    wanted = {f"10.77.0.{n}" for n in [*range(64, 96), 200]}
    assert {message["ip"] for message in messages if "ip" in message} == wanted
    questions = [frame for frame in read(tmp_path / "sweep.pcap") if frame.protocol == "arp-request"]
    assert {frame.target for frame in questions} == wanted
    assert busiest(questions, 0.1) <= 13  # 10, and 20 ms to catch up with


def test_arp_sweep_refuses_what_is_not_attached(lan_of_250: Lan, tmp_path: Path) -> None:
    with lan_of_250.capture(tmp_path / "refused.pcap"):
        code, messages, errors = sweep(lan_of_250, ["10.77.0.5", "10.99.0.0/24"])
    assert code == 2
    assert messages == []
    assert errors == "camscan-link: 10.99.0.0/24 is not on a subnet attached to lan0 (10.77.0.0/24)\n"
    assert not [frame for frame in read(tmp_path / "refused.pcap") if frame.protocol == "arp-request"]


def test_without_the_privilege_one_line_says_so(lan_of_250: Lan) -> None:
    code, messages, errors = sweep(lan_of_250, ["10.77.0.5"], ordinary=True)
    assert code == 3
    assert messages == []
    assert errors.startswith("camscan-link: needs the privilege to send raw packets (CAP_NET_RAW)")
    assert errors.count("\n") == 1


def test_privileges_are_gone_while_it_works(lan_of_250: Lan) -> None:
    process = lan_of_250.start(lan_of_250.scanner, *LINK_PROGRAM, "sadp-l2", "--interface", LINK, "--seconds", "3")
    status = Path(f"/proc/{process.pid}/status")
    deadline = time.monotonic() + 2.5
    while "NoNewPrivs:\t1" not in (text := status.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    lan_of_250.end(process)
    fields = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    assert fields["NoNewPrivs"] == "1"
    assert fields["Uid"].split() == ["65534"] * 4
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == int(fields["CapAmb"], 16) == 0


ANSWER_LAYER_2 = """
import socket, sys
interface, answer = sys.argv[1], bytes.fromhex(sys.argv[2])
packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x8033))
packets.bind((interface, 0x8033))
print("up", flush=True)
while True:
    question = packets.recv(2000)
    print(question.hex(), flush=True)
    packets.send(question[6:12] + answer[6:])
"""


def layer_2_answer() -> bytes:
    """An answer as the vendor's header file lays it out, with its extension; the checksum is not asked for here."""
    mac = bytes.fromhex("4419b6000101")
    head = struct.pack(">BBBBIBBBBH", 0x21, 2, 1, 246, 7, 6, 4, 4, 0, 0)
    head += mac + IPv4Address("192.168.1.64").packed + b"\xff" * 6 + bytes(4) + IPv4Address("255.255.255.0").packed
    texts = [b"DS-2CD2032-I20140910AACH481234567".ljust(48, b"\0"), b"V5.2.0build 140721".ljust(48, b"\0")]
    info = texts[0] + struct.pack(">IIII", 0x1F, 8000, 1, 0) + texts[1] + b"V5.0, build 140714".ljust(48, b"\0")
    info += b"2014-11-02 10:11:12".ljust(48, b"\0")
    more = bytes.fromhex("029c0000") + IPv4Address("192.168.1.1").packed + IPv6Address("::").packed * 2
    more += bytes([64, 4, 1, 0]) + bytes(28) + struct.pack(">HHB", 80, 1, 0) + bytes(31)
    more += b"DS-2CD2032-I".ljust(24, b"\0") + bytes(24)
    return mac.join((b"\xff" * 6, b"\x80\x33")) + head + info + more


def test_layer_2_sadp_finds_a_device_on_the_wrong_subnet(lan_of_250: Lan) -> None:
    device = lan_of_250.start(lan_of_250.estate, sys.executable, "-c", ANSWER_LAYER_2, "c1", layer_2_answer().hex())
    assert device.stdout is not None
    assert device.stdout.readline() == "up\n"
    done = lan_of_250.run(*LINK_PROGRAM, "sadp-l2", "--interface", LINK, "--seconds", "1")
    question = bytes.fromhex(device.stdout.readline())
    lan_of_250.end(device)
    reply, end = [json.loads(line) for line in done.stdout.splitlines()]
    assert (reply["protocol"], reply["ip"], reply["mac"]) == ("sadp", "192.168.1.64", "44:19:b6:00:01:01")
    assert "<DeviceSN>DS-2CD2032-I20140910AACH481234567</DeviceSN>" in reply["payload"]
    assert "<DeviceDescription>DS-2CD2032-I</DeviceDescription>" in reply["payload"]
    assert end == {"done": True, "sent": 2, "answered": 1}
    assert (question[12:14].hex(), question[14 + 10]) == ("8033", 3)


def test_listening_hears_an_announcement_and_sends_nothing(lan_of_250: Lan, tmp_path: Path) -> None:
    notify = "NOTIFY * HTTP/1.1\\r\\nHOST: 239.255.255.250:1900\\r\\nNT: upnp:rootdevice\\r\\n\\r\\n"
    say = (
        "import socket, time\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'c4')\n"
        "s.bind(('10.77.0.5', 1900))\n"
        f"for _ in range(600):\n    s.sendto(b'{notify}', ('239.255.255.250', 1900)); time.sleep(0.1)\n"
    )
    speaker = lan_of_250.start(lan_of_250.estate, sys.executable, "-c", say)
    with lan_of_250.capture(tmp_path / "quiet.pcap"):
        done = lan_of_250.run(*LINK_PROGRAM, "listen", "--interface", LINK, "--seconds", "2.5")
    lan_of_250.end(speaker)
    heard = [json.loads(line) for line in done.stdout.splitlines()]
    ssdp = [reply for reply in heard if reply.get("protocol") == "ssdp"]
    assert [(reply["ip"], reply["port"]) for reply in ssdp] == [("10.77.0.5", 1900)]
    assert ssdp[0]["payload"].startswith("NOTIFY * HTTP/1.1\r\n")
    scanner = lan_of_250.run("cat", f"/sys/class/net/{LINK}/address").stdout.strip()
    assert not [frame for frame in read(tmp_path / "quiet.pcap") if frame.source_mac == scanner]


@pytest.fixture(scope="module")
def routed_lan() -> Iterator[Lan]:
    with lan(seats(20), routed=True) as built:
        yield built


def test_a_steered_sweep_changes_its_pace_while_it_runs(routed_lan: Lan, tmp_path: Path) -> None:
    options = ("--interface", LINK, "--gateway", str(ROUTER_OUTSIDE), "--pps", "400", "--steered")
    request = {"targets": ["10.77.0.0/24"], "ports": [80, 554, 443]}
    with routed_lan.capture(tmp_path / "steered.pcap"):
        process = routed_lan.start(routed_lan.scanner, *LINK_PROGRAM, "syn-sweep", *options)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        time.sleep(1.5)
        process.stdin.write('{"pps": 100}\n')
        process.stdin.flush()
        time.sleep(2.0)
        process.stdin.write('nonsense\n{"pps": "x"}\n{"pps": 1000}\n')
        process.stdin.flush()
        messages = [json.loads(line) for line in process.stdout]
    assert {message["ip"] for message in messages if "ip" in message} == {str(ROUTER), *(one.ip for one in seats(20))}
    assert sum(message["of"] for message in messages if "late" in message) == 21
    assert messages[-1]["done"] is True
    syns = [frame for frame in read(tmp_path / "steered.pcap") if frame.protocol == "tcp" and frame.flags & SYN]
    at = [frame.at - syns[0].at for frame in syns]
    assert 300 <= sum(0.2 <= each < 1.2 for each in at) <= 440
    assert 70 <= sum(2.0 <= each < 3.0 for each in at) <= 115
    assert busiest([frame for frame in syns if frame.at > syns[0].at + 3.0], 0.2) > 80  # 20 at the pace before


def test_the_resets_of_a_sweep_count_as_packets(routed_lan: Lan, tmp_path: Path) -> None:
    listening = routed_lan.start(routed_lan.estate, sys.executable, "-c", LISTEN_EVERYWHERE)
    assert listening.stdout is not None
    assert listening.stdout.readline() == "up\n"
    options = ("--interface", LINK, "--gateway", str(ROUTER_OUTSIDE), "--pps", "100", "--rounds", "1")
    line = ["sh", "-c", 'printf %s "$0" | "$@"', json.dumps({"targets": ["10.77.0.0/27"], "ports": [80]})]
    with routed_lan.capture(tmp_path / "resets.pcap"):
        done = routed_lan.run(*line, *LINK_PROGRAM, "syn-sweep", *options)
    routed_lan.end(listening)
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(message.get("open", False) for message in messages) == 20
    frames = list(read(tmp_path / "resets.pcap"))
    sent = [frame for frame in frames if frame.protocol == "tcp" and frame.source == routed_lan.scanner_ip]
    assert len([frame for frame in sent if frame.flags & RST]) == 20
    assert busiest(sent, 0.3) <= 36


def test_with_cap_net_raw_alone_the_sweep_runs_and_the_system_sends_no_resets(routed_lan: Lan, tmp_path: Path) -> None:
    listening = routed_lan.start(routed_lan.estate, sys.executable, "-c", LISTEN_EVERYWHERE)
    assert listening.stdout is not None
    assert listening.stdout.readline() == "up\n"
    options = ("--interface", LINK, "--gateway", str(ROUTER_OUTSIDE), "--pps", "500", "--rounds", "1")
    line = ["sh", "-c", 'printf %s "$0" | "$@"', json.dumps({"targets": ["10.77.0.0/27"], "ports": [80]})]
    powers = routed_lan.run(*RAW_ALONE, "grep", "CapEff", "/proc/self/status").stdout.split()[1]
    assert int(powers, 16) == 1 << 13  # CAP_NET_RAW
    with routed_lan.capture(tmp_path / "alone.pcap"):
        done = routed_lan.run(*line, *RAW_ALONE, *LINK_PROGRAM, "syn-sweep", *options)
    routed_lan.end(listening)
    assert (done.returncode, done.stderr) == (0, "")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(message.get("open", False) for message in messages) == 20
    sent = [frame for frame in read(tmp_path / "alone.pcap") if frame.source == routed_lan.scanner_ip]
    assert len([frame for frame in sent if frame.protocol == "tcp" and frame.flags & RST]) == 20


@pytest.mark.parametrize("command", ["check", "arp-sweep", "sadp-l2", "listen"])
def test_with_cap_net_raw_alone_every_other_command_runs(lan_of_250: Lan, command: str) -> None:
    line = ["sh", "-c", 'printf %s "$0" | "$@"', json.dumps({"targets": ["10.77.0.8/29"]})]
    seconds = ("--seconds", "0.5") if command in {"sadp-l2", "listen"} else ()
    done = lan_of_250.run(*line, *RAW_ALONE, *LINK_PROGRAM, command, "--interface", LINK, *seconds)
    assert (done.returncode, done.stderr) == (0, "")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert command == "check" or messages[-1]["done"] is True
    assert command != "arp-sweep" or messages[-1]["answered"] == 8


LISTEN_EVERYWHERE = """
import socket, time
server = socket.create_server(("", 80), backlog=64)
print("up", flush=True)
time.sleep(60)
"""


FORGET = """
import socket, sys
from camscan.net.neighbour import forget_neighbour, neighbours
before = sorted(neighbours())
forget_neighbour(sys.argv[1], socket.if_nametoindex(sys.argv[2]))
forget_neighbour("10.77.0.199", socket.if_nametoindex(sys.argv[2]))  # was never there
print(before, sorted(neighbours()))
"""


def test_only_a_privileged_process_forgets_a_neighbour() -> None:
    with lan(()) as built:
        built.remember("10.77.0.240")
        built.remember("10.77.0.241")
        forget = (sys.executable, "-c", FORGET, "10.77.0.240", LINK)
        refused = built.run(*forget, ordinary=True)
        done = built.run(*forget)
    assert refused.stderr.splitlines()[-1].startswith("PermissionError")
    assert done.stdout == "['10.77.0.240', '10.77.0.241'] ['10.77.0.241']\n", done.stderr
