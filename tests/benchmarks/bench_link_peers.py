"""What finds devices on an attached subnet, beside programs that do nothing else: arp-scan, and python's WSDiscovery.

The ARP sweep of camscan-link sends at the same rate as arp-scan; how often each address is asked, and how long is
waited, is each program's own.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import importlib.util
import json
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from bench_sweep import DENSE_FAST, built
from county import COUNTY, county, living
from lan import ESTATE, LINK, Lan
from measure import ROOT, Case, Row, duration, median, used, version
from silence import sent

RATE = 12_000
"""Packets a second; what `fast` gives to a raw sweep."""
SETTLE, LINGER = 0.6, 1.4
"""Seconds that a scan at `fast` gives to each round of ARP, and to late answers."""
ROUNDS = 5
"""At most: a round that finds nobody new is the last."""
REPEATS = 3
ALIVE = 1311
SEARCH = ROOT / "tests" / "lab" / "clients" / "wsdiscovery_once.py"

Read = Callable[[str], Iterable[str]]
Sides = tuple[Callable[[Lan], "Search"], Callable[[Lan], "Search"]]
"""Ours and a peer's."""


@dataclass(frozen=True, slots=True)
class Search:
    """What one search took and found."""

    seconds: float
    packets: int
    found: frozenset[str]


def searched(up: Lan, command: tuple[str, ...], read: Read, text: str = "") -> Search:
    before = sent(up)
    usage = used(*command, text=text, stop=120, run=functools.partial(up.run, timeout=200))
    return Search(usage.seconds, sent(up) - before, frozenset(read(usage.output)))


def ours(network: IPv4Network, up: Lan) -> Search:
    times = ("--rounds", str(ROUNDS), "--wait", str(SETTLE), "--linger", str(LINGER))
    command = (sys.executable, "-m", "camscan.link", "arp-sweep", "--interface", LINK, "--pps", str(RATE), *times)

    def read(output: str) -> Iterator[str]:
        yield from (line["ip"] for line in map(json.loads, output.splitlines()) if "ip" in line)

    return searched(up, command, read, json.dumps({"targets": [str(network)]}))


def arp_scan(network: IPv4Network, up: Lan) -> Search:
    rate = f"--interval={1_000_000 // RATE}u"
    command = ("arp-scan", f"--interface={LINK}", "--plain", "--numeric", rate, str(network))
    return searched(up, command, lambda output: (line.split()[0] for line in output.splitlines() if line.strip()))


def wsd_part(up: Lan) -> Search:
    command = (sys.executable, str(ROOT / "tests" / "benchmarks" / "wsd_part.py"), str(ESTATE), "fast")
    return searched(up, command, json.loads)


def wsdiscovery(up: Lan) -> Search:
    return searched(up, (sys.executable, str(SEARCH)), json.loads)


def compare(what: str, alive: Collection[str], up: Lan, sides: Sides, peer: str) -> Row:
    """Our search and a peer's, in turns: a line of the table."""
    found: tuple[list[Search], list[Search]] = ([], [])
    for turn in range(REPEATS):
        for side in (0, 1)[:: -1 if turn % 2 else 1]:
            found[side].append(sides[side](up))
    seconds = [median([one.seconds for one in some]) for some in found]
    hits = [min(len(one.found.intersection(alive)) for one in some) for some in found]
    packets = [median([one.packets for one in some]) for some in found]
    mine, theirs = (
        f"{duration(seconds[side])}, {hits[side]:,} of {len(alive):,} found, {packets[side]:,.0f} packets"
        for side in (0, 1)
    )
    more = f", {hits[0] / hits[1]:.2f} × the units" if hits[1] else ""
    return Row(
        *(what, mine, f"{peer}: {theirs}", f"{seconds[0] / seconds[1]:.2f} × its time{more}"),
        aim="no fewer units",
        kept=hits[0] >= hits[1],
    )


@contextlib.contextmanager
def attached(network: IPv4Network) -> Iterator[tuple[Lan, Collection[str]]]:
    """A LAN and who is alive on it: the dense one, or a wide one."""
    if network == ESTATE:
        with built(DENSE_FAST) as dense:
            yield dense.lan, {unit["ip"] for unit in dense.truth}
    else:
        addresses = living(ALIVE, network)
        with county(addresses, network=network) as (up, _truth):
            yield up, {*addresses}


def measure_arp_scan() -> Iterator[Row]:
    if shutil.which("arp-scan") is None:
        yield Row("ARP sweep beside arp-scan", "skipped: arp-scan is not installed")
        return
    peer = f"arp-scan {version('arp-scan')}"
    for network in (ESTATE, COUNTY):
        sides = functools.partial(ours, network), functools.partial(arp_scan, network)
        with attached(network) as (up, alive):
            what = f"ARP sweep of an attached /{network.prefixlen}, {RATE:,} packets/s"
            yield compare(what, alive, up, sides, peer)


def measure_wsdiscovery() -> Iterator[Row]:
    if importlib.util.find_spec("wsdiscovery") is None:
        yield Row("WS-Discovery beside WSDiscovery", "skipped: the Python package WSDiscovery is not installed")
        return
    with built(DENSE_FAST) as up:
        speaking = {
            unit["ip"]
            for unit in up.truth
            if not unit["hostile"] and any((one["protocol"], one["way"]) == ("wsd", "group") for one in unit["gives"])
        }
        what = "WS-Discovery question to the group, attached /24, 250 units, `fast`"
        peer = f"WSDiscovery {importlib.metadata.version('wsdiscovery')}, one search of its usual 3 s"
        yield compare(what, speaking, up.lan, (wsd_part, wsdiscovery), peer)


CASES = (Case("arp-scan", 2, measure_arp_scan), Case("wsdiscovery", 0.8, measure_wsdiscovery))
