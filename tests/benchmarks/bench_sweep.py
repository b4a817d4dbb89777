"""The sweep, timed as a user sees it: a whole `camscan scan`, register and JSON report included, in network namespaces.

`make bench` prints a line for each network; docs/performance.md keeps a run of it. Without root, it skips.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from county import COUNTY, county, living

from camscan.demo import plan

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))  # the laboratory is shared with its tests

from lan import ESTATE, LINK, Lan, Seat, lan
from pcap import busiest, connections_peak, read

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]

DENSE = 250
IN_FIFTY = 1311
"""One in fifty of a /16."""
NMAP_PORTS = "80,443,554,8000,37777"
MEASURED = """
import json, resource, subprocess, sys, time
began = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, time.monotonic() - began, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime,
                  done.stderr[-500:]]))
"""
"""Started with an empty memory of its own: a child's peak counts what its parent held when it was started."""


@dataclass(frozen=True, slots=True)
class Run:
    """One scan."""

    seconds: float
    megabytes: float
    """Most memory of camscan or of camscan-link."""
    processor: float
    """Seconds of CPU."""
    makers: Mapping[str, str | None]
    """By address."""


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def scan(built: Lan, where: Path, network: IPv4Network, *options: str, ordinary: bool = False) -> Run:
    where.chmod(0o777)
    files = ("--json", str(where / "scan.json"), "--register", str(where / "scan.db"))
    command = (sys.executable, "-c", MEASURED, sys.executable, "-m", "camscan", "scan", str(network), *files, *options)
    done = built.run(*command, ordinary=ordinary, timeout=1700)
    code, seconds, megabytes, processor, errors = json.loads(done.stdout)
    assert code in {0, 3}, errors
    report = json.loads((where / "scan.json").read_text())
    makers = {ip: device["maker"] for device in report["devices"] for ip in device["ip_addresses"]}
    return Run(seconds, megabytes, processor, makers)


def row(name: str, run: Run, truth: Sequence[Mapping[str, Any]]) -> float:
    """Print one line; the fraction of Hikvision and Dahua units that was found."""
    ours = [unit for unit in truth if unit["maker"] in {"hikvision", "dahua"} and not unit["hostile"]]
    found = [unit for unit in ours if unit["ip"] in run.makers]
    named = [unit for unit in found if run.makers[unit["ip"]] == unit["maker"]]
    say(
        f"| {name} | {run.seconds:.1f} s | {len(found)}/{len(ours)} | {len(named)} | {run.megabytes:.0f} MB "
        f"| {run.processor:.1f} s |"
    )
    return len(found) / len(ours)


@pytest.mark.parametrize(("pace", "limit"), [("fast", 5), ("normal", 30), ("gentle", 45)])
def test_dense(pace: str, limit: float, tmp_path: Path) -> None:
    with lan([Seat(*one) for one in plan(DENSE, base=ESTATE)]) as built, built.demo(DENSE) as demo:
        run = scan(built, tmp_path, ESTATE, "--pace", pace)
    assert row(f"attached /24, 250 units, {pace}", run, demo.truth) == 1
    assert run.seconds < limit


def test_dense_beside_nmap(tmp_path: Path) -> None:
    with lan([Seat(*one) for one in plan(DENSE, base=ESTATE)]) as built, built.demo(DENSE) as demo:
        run = scan(built, tmp_path, ESTATE, "--pace", "fast")
        row("attached /24, 250 units, fast", run, demo.truth)
        began = time.monotonic()
        arguments = ("-n", "-sS", "-sV", "--version-light", "-T4", "-p", NMAP_PORTS, "-oX", "-", str(ESTATE))
        try:
            done = built.run("nmap", *arguments, timeout=1500)
        except FileNotFoundError:
            pytest.skip("nmap is not installed")
        seconds = time.monotonic() - began
    hosts = ET.fromstring(done.stdout).findall("host")
    said = {
        host.find("address[@addrtype='ipv4']").get("addr"): ET.tostring(host, encoding="unicode").lower()  # type: ignore[union-attr]
        for host in hosts
    }
    ours = [unit for unit in demo.truth if unit["maker"] in {"hikvision", "dahua"} and not unit["hostile"]]
    named = sum(unit["maker"] in said.get(unit["ip"], "") for unit in ours)
    found = sum(unit["ip"] in said for unit in ours)
    say(f"| nmap, the same network | {seconds:.1f} s | {found}/{len(ours)} | {named} |")
    say(f"camscan is {seconds / run.seconds:.0f} times faster than nmap in this run")
    assert run.seconds < seconds


@pytest.mark.parametrize(
    ("name", "options", "routed", "loss", "least", "limit"),
    [
        ("attached /16, 1 in 50 alive, fast", ("--pace", "fast"), False, 0.0, 1.0, 60),
        ("routed /16, 1 in 50 alive, fast", ("--pace", "fast"), True, 0.0, 1.0, 90),
        ("routed /16, 5 % loss each way, fast", ("--pace", "fast"), True, 0.05, 0.995, 90),
        ("routed /16, 20 % loss each way, fast", ("--pace", "fast"), True, 0.2, 0.97, 120),
    ],
)
def test_sparse(
    name: str, options: Sequence[str], *, routed: bool, loss: float, least: float, limit: float, tmp_path: Path
) -> None:
    with county(living(IN_FIFTY), routed=routed, loss=loss) as (built, truth):
        run = scan(built, tmp_path, COUNTY, *options)
    # A unit with a factory address answers groups only; nobody finds it through a router.
    within_reach = [unit for unit in truth if not routed or any(given["way"] != "group" for given in unit["gives"])]
    assert row(name, run, within_reach) >= least
    assert run.seconds < limit
    assert run.megabytes < 150


@pytest.mark.parametrize("pace", ["gentle", "normal", "fast"])
def test_the_pace_on_the_wire(pace: str, tmp_path: Path) -> None:
    most = {"gentle": 500, "normal": 2500, "fast": 20000}[pace]
    with lan([Seat(*one) for one in plan(DENSE, base=ESTATE)]) as built, built.demo(DENSE):
        with built.capture(tmp_path / "scan.pcap"):
            scan(built, tmp_path, ESTATE, "--pace", pace)
        mac = built.run("cat", f"/sys/class/net/{LINK}/address").stdout.strip()
        address = built.scanner_ip
    frames = list(read(tmp_path / "scan.pcap"))
    times = sorted(frame.at for frame in frames if frame.source_mac == mac)
    counts = sorted(_windows(times, 0.1))
    p99 = counts[int(0.99 * (len(counts) - 1))]
    peak = max(connections_peak(frames, address).values())
    second = busiest([frame for frame in frames if frame.source_mac == mac], 1.0)
    say(f"| {pace} | 99th percentile {p99} packets in 100 ms | {second} in the busiest second | {peak} connection |")
    assert p99 <= 0.1 * most * 1.5
    assert peak == 1


def _windows(times: Sequence[float], width: float) -> list[int]:
    """Packets in each window of so many seconds, side by side."""
    counts = [0] * (int((times[-1] - times[0]) / width) + 1)
    for at in times:
        counts[int((at - times[0]) / width)] += 1
    return counts


@pytest.mark.parametrize(
    ("arguments", "limit"), [(("--help",), 0.4), (("scan", "--help"), 0.6)], ids=["--help", "scan --help"]
)
def test_the_command_line_is_quick(arguments: Sequence[str], limit: float) -> None:
    best = 9.0
    for _ in range(5):
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "camscan", *arguments], check=True, capture_output=True)
        best = min(best, time.monotonic() - began)
    say(f"| camscan {' '.join(arguments)} | {best:.2f} s |")
    assert best < limit


if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "-s", "-p", "no:xdist", __file__]))
