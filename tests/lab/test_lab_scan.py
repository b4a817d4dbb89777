"""The main job on a LAN of 250 units: found and named, nobody accused or harmed, and never a packet out of scope.

Each network is scanned once; what was sent is judged from a packet capture, not from what camscan says of itself.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from estate_truth import faults
from lan import ESTATE, FIREWALL_LIMIT, LINK, ROUTER_OUTSIDE, Lan, Seat, lan
from pcap import ACK, RST, SYN, Frame, busiest, connections_peak, percentile, read

from camscan.demo import plan_interfaces
from camscan.net.pace import FAST, GENTLE, NORMAL, Pace

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

UNITS = 250
GONE = "10.77.0.240"
"""Nobody lives there any more, and the kernel of the scanner does not know it yet."""
SMALL = 60
"""Units where the pace or the privilege is what is looked at: at least one of each device."""
MEMORY = 300 << 20
GROUPS = {"239.255.255.250", "239.255.255.251", "224.0.0.251", "ff02::c", "ff02::fb"}
"""Groups that no router passes on: SADP, WS-Discovery and SSDP share one; DHDiscover; mDNS; their IPv6 forms."""
BROADCASTS = {str(ESTATE.broadcast_address), "255.255.255.255"}
MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(done.returncode)
"""
CREDENTIAL = (b"authorization:", b"usernametoken", b"<password", b'"password"', b"rpc2_login")


@dataclass(frozen=True, slots=True)
class Scanned:
    """One scan, as everybody saw it."""

    exit_code: int
    output: str
    errors: str
    memory: int
    """Most memory of the scanner or of camscan-link, in bytes."""
    report: Mapping[str, Any]
    truth: Sequence[Mapping[str, Any]]
    estate: Mapping[str, Any]
    """What the units saw."""
    frames: Sequence[Frame]
    sent: Sequence[Frame]
    scanner: str
    """Its address."""


def scan(built: Lan, where: Path, network: Network) -> Scanned:
    where.chmod(0o777)  # the ordinary user writes here too
    files = ("--json", str(where / "scan.json"), "--csv", str(where / "scan.csv"), "--register", str(where / "scan.db"))
    command = (sys.executable, "-m", "camscan", "scan", str(ESTATE), *files, "--pace", network.pace)
    with built.demo(network.units, slow=network.slow) as demo, built.capture(where / "scan.pcap"):
        done = built.run(sys.executable, "-c", MEASURED, *command, ordinary=network.ordinary, timeout=280)
    errors, _, memory = done.stderr.rstrip().rpartition("\n")
    assert (where / "scan.json").exists(), done.stderr
    report = json.loads((where / "scan.json").read_text())
    frames = list(read(where / "scan.pcap"))
    mac = built.run("cat", f"/sys/class/net/{LINK}/address").stdout.strip()
    sent = [frame for frame in frames if frame.source_mac == mac]
    return Scanned(
        *(done.returncode, done.stdout, errors, int(memory) * 1024, report, demo.truth, demo.summary),
        *(frames, sent, built.scanner_ip),
    )


def seats(units: int) -> list[Seat]:
    return [Seat(ip, mac) for ip, mac in plan_interfaces(units, base=ESTATE)]


@dataclass(frozen=True, slots=True)
class Network:
    """One network that is scanned once."""

    ways: frozenset[str]
    """How questions can reach a unit."""
    units: int = UNITS
    routed: bool = False
    block: str = ""
    pace: str = "fast"
    ordinary: bool = False
    slow: float = 0.0
    """Seconds that every unit takes for every answer."""


NETWORKS = {
    "attached": Network(frozenset({"group", "unicast", "tcp"})),
    "routed": Network(frozenset({"unicast", "tcp"}), routed=True),
    "without-udp": Network(frozenset({"tcp"}), routed=True, block="udp"),
    "without-multicast": Network(frozenset({"unicast", "tcp"}), units=SMALL, block="multicast"),
    "ordinary-user": Network(frozenset({"group", "unicast", "tcp"}), units=SMALL, ordinary=True),
    "gentle": Network(frozenset({"group", "unicast", "tcp"}), units=SMALL, pace="gentle"),
    "normal": Network(frozenset({"group", "unicast", "tcp"}), units=SMALL, pace="normal"),
    "hurry": Network(frozenset({"unicast", "tcp"}), routed=True, block="hurry", pace="normal"),
    "slow": Network(frozenset({"group", "unicast", "tcp"}), units=SMALL, slow=2.0),
    "slow-routed": Network(frozenset({"unicast", "tcp"}), units=SMALL, routed=True, slow=2.0),
}


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Scanned]:
    """Scans a network the first time it is asked for. The LAN is gone afterwards: one kernel holds all neighbours."""

    @functools.cache
    def once(name: str) -> Scanned:
        network = NETWORKS[name]
        with lan(seats(network.units), routed=network.routed, block=network.block) as built:
            if network.ordinary:
                built.remember(GONE)
            where = tmp_path_factory.mktemp(name)
            return scan(built, where, network)

    return once


@pytest.fixture(params=NETWORKS)
def each(request: pytest.FixtureRequest, scanned: Callable[[str], Scanned]) -> tuple[Network, Scanned]:
    return NETWORKS[request.param], scanned(request.param)


def test_every_unit_is_found_and_named_and_nobody_is_accused(each: tuple[Network, Scanned]) -> None:
    network, seen = each
    wrong = faults(seen.truth, seen.report["devices"], set(network.ways))
    if network.block == "hurry":  # a firewall that drops questions may cost a serial number, and no device
        wrong = [fault for fault in wrong if any(word in fault for word in ("not found", ": maker ", "falsely"))]
    assert not wrong, "\n".join(wrong)
    assert any(truth["maker"] in {"hikvision", "dahua"} for truth in seen.truth)


def test_it_ends_well(each: tuple[Network, Scanned]) -> None:
    _network, seen = each
    assert seen.exit_code == 0, f"{seen.errors}\n{seen.output[-2000:]}"
    assert "Traceback" not in seen.errors
    assert [attempt for attempt in seen.report["attempts"] if attempt["outcome"] == "bug"] == []
    assert seen.memory < MEMORY


def test_no_packet_leaves_the_scope(each: tuple[Network, Scanned]) -> None:
    network, seen = each
    outside = set()
    for frame in seen.sent:
        # Reports of group membership, and the search for the router's MAC, are the kernel's own.
        if frame.protocol not in {"tcp", "udp", "arp-request"} or frame.target == str(ROUTER_OUTSIDE):
            continue
        if frame.target in GROUPS | BROADCASTS and frame.protocol == "udp":
            continue
        if ip_address(frame.target) not in ESTATE:
            outside.add((frame.protocol, frame.target, frame.dport))
    assert outside == set()
    assert [frame for frame in seen.sent if frame.protocol in {"tcp", "udp"}], "the capture shows no question at all"
    if network.routed:
        assert not [frame for frame in seen.sent if frame.target in BROADCASTS]


def test_one_connection_per_device_at_a_time(each: tuple[Network, Scanned]) -> None:
    _network, seen = each
    peaks = connections_peak(seen.frames, seen.scanner)
    assert {ip: peak for ip, peak in peaks.items() if peak > 1} == {}
    assert len(peaks) >= SMALL / 3, "the capture shows hardly a connection"


def test_no_forbidden_request_and_no_credential(each: tuple[Network, Scanned]) -> None:
    _network, seen = each
    broken = [" ".join(str(broken[key]) for key in sorted(broken)) for broken in seen.estate["violations"]]
    assert not broken, "\n".join(broken)
    payloads = [frame.payload.lower() for frame in seen.sent if frame.payload]
    assert [payload for payload in payloads if any(mark in payload for mark in CREDENTIAL)] == []


@pytest.mark.parametrize(
    ("name", "pace"), [("gentle", GENTLE), ("normal", NORMAL), ("attached", FAST), ("routed", FAST)]
)
def test_the_pace_is_kept_on_the_wire(name: str, pace: Pace, scanned: Callable[[str], Scanned]) -> None:
    sent = scanned(name).sent  # whoever wrote it: ARP, acknowledgements and resets are the kernel's
    syns = [frame for frame in sent if frame.protocol == "tcp" and frame.flags & (SYN | ACK) == SYN]
    assert busiest(sent, 1.0) <= pace.packets
    assert percentile(sent, 0.1, 0.99) <= 0.1 * pace.packets * 1.2
    if name != "routed":  # there, a sweep sends template SYNs, which are no connections
        assert busiest(syns, 1.0) <= pace.connections * 1.1


def test_a_firewall_that_cannot_keep_up_is_given_time(scanned: Callable[[str], Scanned]) -> None:
    seen = scanned("hurry")  # that all units are found all the same, another test shows
    notes = seen.report["coverage"]["notes"]
    assert any(note.startswith("the pace was lowered to") for note in notes), notes
    syns = [frame for frame in seen.sent if frame.protocol == "tcp" and frame.flags & (SYN | ACK) == SYN]
    first, last = syns[0].at, syns[-1].at
    early = [frame for frame in syns if frame.at < first + 1]
    # The sweep starts at more than ten times what the firewall lets pass, and does not go on like that.
    assert len(early) > 5 * FIREWALL_LIMIT
    assert len(syns) / (last - first) < 2.5 * FIREWALL_LIMIT


def test_a_neighbour_of_yesterday_is_not_a_device(scanned: Callable[[str], Scanned]) -> None:
    seen = scanned("ordinary-user")
    assert GONE not in {truth["ip"] for truth in seen.truth}
    assert [frame for frame in seen.sent if frame.protocol == "udp" and frame.target == GONE], "it was not even asked"
    assert [device for device in seen.report["devices"] if GONE in device["ip_addresses"]] == []


def test_who_hangs_is_reset(scanned: Callable[[str], Scanned]) -> None:
    seen = scanned("attached")
    mute = {truth["ip"] for truth in seen.truth if truth["device"] == "hostile_mute"}
    endings: dict[tuple[str, int], int] = {}
    asked: set[tuple[str, int]] = set()
    for frame in seen.sent:
        if frame.protocol == "tcp" and frame.target in mute:
            endings[frame.target, frame.sport] = frame.flags
            if frame.payload:
                asked.add((frame.target, frame.sport))
    assert asked
    assert all(endings[each] & RST for each in asked)


def test_the_slow_units_are_slow(scanned: Callable[[str], Scanned]) -> None:
    asked: dict[tuple[str, int], float] = {}
    waits = []
    for frame in scanned("slow").frames:
        if frame.protocol == "tcp" and frame.payload:
            if frame.source == scanned("slow").scanner:
                asked[frame.target, frame.sport] = frame.at
            elif began := asked.pop((frame.source, frame.dport), 0.0):
                waits.append(frame.at - began)
    assert len([wait for wait in waits if wait >= 2.0]) >= SMALL / 2


@pytest.mark.parametrize(
    ("name", "word"), [("routed", "multicast"), ("without-udp", "UDP"), ("ordinary-user", "no ARP sweep")]
)
def test_what_was_lost_is_reported(name: str, word: str, scanned: Callable[[str], Scanned]) -> None:
    notes = scanned(name).report["coverage"]["notes"]
    assert any(word in note for note in notes), notes


@pytest.mark.parametrize("name", ["attached", "ordinary-user"])
def test_on_an_attached_subnet_every_mac_is_known(name: str, scanned: Callable[[str], Scanned]) -> None:
    seen = scanned(name)
    known = {ip: device["mac_addresses"] for device in seen.report["devices"] for ip in device["ip_addresses"]}
    without = [truth["ip"] for truth in seen.truth if truth["mac"] not in known.get(truth["ip"], [])]
    assert without == []
    assert any(frame.protocol == "arp-request" for frame in seen.sent)
