"""Whole scans, timed as a user sees them: start, scan, register and JSON report, in network namespaces.

Each network is a case of its own; those that take long run only where they are named. "Found" and "right maker" count
the Hikvision and Dahua units that can be found from where the scanner is; hostile units (mute, endless, lying) are on
every network and are not counted.
"""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from council_estate import UNITS, council
from county import COUNTY, county, living
from lan import ESTATE, LINK, Lan, Seat, lan
from measure import HERE, Case, Row, Tree, duration, median, used, version
from pcap import busiest, connections_peak, read
from silence import sent

from camscan.demo import plan_interfaces

DENSE = 250
IN_FIFTY = 1311
"""One in fifty of a /16."""
BOROUGH = IPv4Network("10.64.0.0/20")
NMAP_PORTS = "80,443,554,8000,37777"
NMAP_AIM = 50
MEMORY_AIM = 150
MOST = {"gentle": 500, "normal": 2_500, "fast": 20_000}
"""Packets a second that each pace allows."""
LIMIT = 2400
"""Seconds for one scan."""
SURE = {"confirmed", "probable"}
GRACE = 15
"""Seconds for a scan that is stopped to write its report."""

Truth = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Run:
    """One scan."""

    seconds: float
    megabytes: float
    """Most memory of camscan or of camscan-link."""
    processor: float
    makers: Mapping[str, str | None]
    """By address."""
    sure: Collection[str]
    """Addresses whose maker is confirmed or probable: known by more than a MAC."""
    packets: int
    """Sent, by camscan and by the kernel for it."""
    connections: int
    """Made with the units, over TCP."""


@dataclass(frozen=True, slots=True)
class Network:
    """A laboratory, and how it is scanned."""

    name: str
    what: str
    minutes: float
    pace: str = "fast"
    aim: float | None = None
    """Seconds."""
    least: float = 1.0
    """Fraction of the units that is to be found."""
    units: int = IN_FIFTY
    network: IPv4Network = COUNTY
    routed: bool = False
    loss: float = 0.0
    slow: float = 0.0
    ordinary: bool = False
    """Scanned by a user without privilege."""
    council: bool = False
    """Of its units, eleven are out of order (``council_estate.py``)."""
    asked_for: bool = False

    @property
    def has_groups(self) -> bool:
        """Whether a question to a group reaches the units: each has an interface of its own.

        In the wide networks one interface answers for all of them, and its MAC address counts as a router's.
        """
        return self.council or self.network == ESTATE


@dataclass(frozen=True, slots=True)
class Estate:
    """A laboratory that is up."""

    lan: Lan
    truth: Truth
    forget: Callable[[], None] = lambda: None
    """Lets its units forget earlier scans."""


DENSE_FAST = Network("dense-fast", "attached /24, 250 units", 0.3, aim=5, units=DENSE, network=ESTATE)
OUT_OF_ORDER = "attached /24, 250 units, 11 of them out of order"
NETWORKS = (
    Network("council-fast", OUT_OF_ORDER, 0.4, units=UNITS, network=ESTATE, council=True),
    Network("council-normal", OUT_OF_ORDER, 0.6, "normal", units=UNITS, network=ESTATE, council=True),
    Network("council-gentle", OUT_OF_ORDER, 1, "gentle", units=UNITS, network=ESTATE, council=True),
    DENSE_FAST,
    Network("dense-normal", "attached /24, 250 units", 0.6, "normal", units=DENSE, network=ESTATE),
    Network("dense-gentle", "attached /24, 250 units", 0.9, "gentle", aim=45, units=DENSE, network=ESTATE),
    Network("attached-16", "attached /16, 1 in 50 alive", 1, aim=60),
    Network("attached-16-loss-5", "attached /16, 1 in 50 alive, 5 % lost each way", 1.2, least=0.995, loss=0.05),
    Network("attached-16-loss-20", "attached /16, 1 in 50 alive, 20 % lost each way", 1.5, least=0.97, loss=0.2),
    Network("routed-16", "routed /16, 1 in 50 alive", 1.3, aim=90, routed=True),
    Network(
        "routed-16-loss-5", "routed /16, 1 in 50 alive, 5 % lost each way", 1.5, least=0.995, routed=True, loss=0.05
    ),
    Network(
        "routed-16-loss-20", "routed /16, 1 in 50 alive, 20 % lost each way", 1.8, least=0.97, routed=True, loss=0.2
    ),
    Network("attached-1000", "attached /20, 1,000 units", 0.9, units=1000, network=BOROUGH),
    Network("routed-1000", "routed /20, 1,000 units", 0.9, units=1000, network=BOROUGH, routed=True),
    Network("slow-fast", "attached /24, 250 units that answer after 2 s", 0.8, units=DENSE, network=ESTATE, slow=2),
    Network(
        "slow-normal",
        "attached /24, 250 units that answer after 2 s",
        1.5,
        "normal",
        units=DENSE,
        network=ESTATE,
        slow=2,
    ),
    Network(
        "slow-gentle",
        "attached /24, 250 units that answer after 2 s",
        2.5,
        "gentle",
        units=DENSE,
        network=ESTATE,
        slow=2,
    ),
    Network(
        "user-dense", "attached /24, 250 units, without privilege", 0.5, units=DENSE, network=ESTATE, ordinary=True
    ),
    Network("user-attached-16", "attached /16, 1 in 50 alive, without privilege", 10, ordinary=True, asked_for=True),
    Network(
        "user-routed-16", "routed /16, 1 in 50 alive, without privilege", 12, routed=True, ordinary=True, asked_for=True
    ),
    Network("attached-16-gentle", "attached /16, 1 in 50 alive", 12, "gentle", asked_for=True),
    Network("routed-16-normal", "routed /16, 1 in 50 alive", 8, "normal", routed=True, asked_for=True),
)


def scan(
    up: Estate, targets: str, pace: str, *, ordinary: bool = False, tree: Tree = HERE, stop: float | None = None
) -> Run | None:
    """One scan, with nothing remembered of an earlier one; None where it had to be stopped after so many seconds."""
    built = up.lan
    subprocess.run(["ip", "-n", built.scanner, "neigh", "flush", "all"], check=True, capture_output=True)
    up.forget()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o777)  # an ordinary user writes here too
        files = ("--json", str(place / "scan.json"), "--register", str(place / "scan.db"))
        command = (tree.python, "-m", "camscan", "scan", targets, "--pace", pace, *files)
        run = functools.partial(built.run, ordinary=ordinary, timeout=LIMIT, cwd=tree.root, tree=tree.root)
        packets, connections = sent(built), accepted(built)
        done = used(*command, codes=(0, 3), run=run, stop=stop, grace=GRACE)
        packets, connections = sent(built) - packets, accepted(built) - connections
        if done.stopped:
            built.end_scans()
            return None
        report = json.loads((place / "scan.json").read_text(encoding="utf-8"))
    devices = [(ip, device) for device in report["devices"] for ip in device["ip_addresses"]]
    makers = {ip: device["maker"] for ip, device in devices}
    sure = {ip for ip, device in devices if device["confidence"] in SURE}
    return Run(done.seconds, done.megabytes, done.processor, makers, sure, packets, connections)


def accepted(built: Lan) -> int:
    """TCP connections that the units' kernel has taken so far; SYNs of a raw sweep are none."""
    command = ["ip", "netns", "exec", built.estate, "cat", "/proc/net/snmp"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names, values = (line.split() for line in said.splitlines() if line.startswith("Tcp:"))
    return int(values[names.index("PassiveOpens")])


@contextlib.contextmanager
def built(network: Network, *, without: Collection[str] = ()) -> Iterator[Estate]:
    """A dense LAN, whose units have an interface and a MAC each, or a wide one. Devices in ``without`` stay out."""
    leaving_out = sorted(without)
    if network.council:
        with council() as (up, truth, forget):
            yield Estate(up, truth, forget)
    elif network.network == ESTATE:
        seats = [Seat(*one) for one in plan_interfaces(network.units, base=ESTATE, without=leaving_out)]
        with lan(seats) as up, up.demo(network.units, slow=network.slow, without=leaving_out) as demo:
            yield Estate(up, demo.truth)
    else:
        addresses = living(network.units, network.network)
        wide = functools.partial(county, addresses, network=network.network, routed=network.routed, loss=network.loss)
        with wide(without=leaving_out) as (up, truth):
            yield Estate(up, truth)


def counted(truth: Truth, *, has_groups: bool = True) -> Truth:
    """The units that count. One with a factory address answers groups only, and may be out of reach."""
    ours = [unit for unit in truth if unit["maker"] in {"hikvision", "dahua"} and not unit["hostile"]]
    return [unit for unit in ours if has_groups or any(given["way"] != "group" for given in unit["gives"])]


def right(makers: Mapping[str, str | None], units: Truth) -> tuple[int, int]:
    """How many were found, and how many of them with their maker."""
    found = [unit for unit in units if unit["ip"] in makers]
    return len(found), sum(makers[unit["ip"]] == unit["maker"] for unit in found)


def whole(up: Estate, network: IPv4Network, pace: str, *, ordinary: bool = False) -> Run:
    """One scan to its end."""
    run = scan(up, str(network), pace, ordinary=ordinary)
    assert run, "nothing stops it"
    return run


def measure(network: Network) -> Iterator[Row]:
    """Scan one network once."""
    with built(network) as up:
        run = whole(up, network.network, network.pace, ordinary=network.ordinary)
    units = counted(up.truth, has_groups=network.has_groups)
    found, named = right(run.makers, units)
    aims = [f"{network.aim:g} s"] if network.aim else []
    aims += [f"{network.least:.1%} found", f"{MEMORY_AIM} MB"]
    yield Row(
        f"{network.what}, `{network.pace}`",
        f"{duration(run.seconds)}, {found:,} of {len(units):,} found, {named:,} right maker, {run.megabytes:.0f} MB, "
        f"{run.processor:.1f} s of CPU, {run.packets / len(up.truth):.1f} packets and "
        f"{run.connections / len(up.truth):.1f} connections a unit",
        aim=", ".join(aims),
        kept=found >= network.least * len(units)
        and run.megabytes < MEMORY_AIM
        and (network.aim is None or run.seconds <= network.aim),
    )


def measure_nmap() -> Iterator[Row]:
    """The dense network by us and by nmap, in turns: ours before, between and after."""
    if shutil.which("nmap") is None:
        yield Row("beside nmap", "skipped: nmap is not installed")
        return
    with built(DENSE_FAST) as up:
        runs = [whole(up, ESTATE, "fast") for _ in range(2)]
        arguments = ("-n", "-sS", "-sV", "--version-light", "-T4", "-p", NMAP_PORTS, "-oX", "-", str(ESTATE))
        theirs = used("nmap", *arguments, run=functools.partial(up.lan.run, timeout=LIMIT))
        runs.append(whole(up, ESTATE, "fast"))
    hosts = ET.fromstring(theirs.output).findall("host")
    said = {host.findall("address")[0].get("addr"): ET.tostring(host, encoding="unicode").lower() for host in hosts}
    units = counted(up.truth)
    found = sum(unit["ip"] in said for unit in units)
    named = sum(unit["maker"] in said.get(unit["ip"], "") for unit in units)
    seconds = median([run.seconds for run in runs])
    counts = [right(run.makers, units) for run in runs]
    ratio = theirs.seconds / seconds
    yield Row(
        "attached /24, 250 units, `fast`",
        f"{' / '.join(duration(run.seconds) for run in runs)}, {min(one for one, _ in counts)} of {len(units)} found, "
        f"{min(one for _, one in counts)} right maker",
        f"nmap {version('nmap')} `-sS -sV --version-light -T4`, five ports: "
        f"{duration(theirs.seconds)}, {found} of {len(units)} found, {named} with the maker's name anywhere",
        f"{ratio:.0f} times faster",
        f"{NMAP_AIM} times",
        ratio >= NMAP_AIM,
    )


def measure_wire(pace: str) -> Iterator[Row]:
    """What one scan puts on the wire, from a capture of it."""
    with tempfile.TemporaryDirectory() as name, built(DENSE_FAST) as up:
        with up.lan.capture(Path(name) / "scan.pcap"):
            whole(up, ESTATE, pace)
        mac = up.lan.run("cat", f"/sys/class/net/{LINK}/address").stdout.strip()
        frames = list(read(Path(name) / "scan.pcap"))
        address = up.lan.scanner_ip
    own = [frame for frame in frames if frame.source_mac == mac]
    counts = sorted(_windows(sorted(frame.at for frame in own), 0.1))
    p99 = counts[int(0.99 * (len(counts) - 1))]
    peak = max(connections_peak(frames, address).values())
    yield Row(
        f"on the wire, attached /24, 250 units, `{pace}`",
        f"99th percentile {p99} packets in 100 ms, {busiest(own, 1.0):,} in the busiest second, "
        f"{peak} connection{'s' * (peak > 1)} to one device at most",
        aim=f"{MOST[pace] // 10:,} in 100 ms, 1 connection",
        kept=p99 <= MOST[pace] / 10 and peak == 1,
    )


def _windows(times: Sequence[float], width: float) -> list[int]:
    """Packets in each window of so many seconds, side by side."""
    counts = [0] * (int((times[-1] - times[0]) / width) + 1)
    for at in times:
        counts[int((at - times[0]) / width)] += 1
    return counts


CASES = (
    *(Case(each.name, each.minutes, functools.partial(measure, each), each.asked_for) for each in NETWORKS),
    *(Case(f"wire-{pace}", 0.9, functools.partial(measure_wire, pace)) for pace in MOST),
    Case("nmap", 7, measure_nmap),
)
