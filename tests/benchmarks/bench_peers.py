"""The SYN sweep beside zmap and masscan: a sparse routed /16, the same ports at the same rate, in turns.

All three send in the scanner's namespace only. One address in fifty is alive; the others are silent. camscan-link asks
once more after a round that found somebody; the others ask once.
"""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from county import COUNTY, ROUTED_HOLDER, batch, living
from lan import LINK, ROUTER_OUTSIDE, Lan, lan
from measure import Case, Row, Usage, duration, median, used, version
from silence import gateway_mac, sent

from camscan.scan.discovery import SYN_PORTS

RATE = 12_000
"""Packets a second; what `fast` gives to a raw sweep."""
WAIT = 1
"""Seconds for the last answers, for all of them."""
REPEATS = 3
ALIVE = 1311
OTHER = "10.78.0.77"
"""masscan's own address: with the machine's, the kernel would reset its connections."""
LISTEN = """
import socket, sys
listening = socket.socket()
listening.bind(("0.0.0.0", 80))
listening.listen(65535)
print("up", flush=True)
sys.stdin.read()
"""
PATTER = """
import socket, time
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    sender.sendto(b"", ("10.78.0.2", 9))
    time.sleep(0.25)
"""
"""masscan 1.3 notices that its time is over only when a packet comes in, and would wait for ever on a quiet network."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep took and found."""

    usage: Usage
    packets: int
    found: frozenset[str]

    @property
    def cost(self) -> float:
        """Processor seconds for a million packets."""
        return self.usage.processor / self.packets * 1e6


@contextlib.contextmanager
def estate() -> Iterator[tuple[Lan, frozenset[str]]]:
    """A /16 behind a router; who is alive accepts on port 80 and resets on the others."""
    alive = living(ALIVE)
    with lan((), routed=True) as built:
        local = [f"route add local {ip}/32 dev lo" for ip in alive]
        batch(built.middle, [f"route add {COUNTY} via {ROUTED_HOLDER} dev br0"])
        batch(built.estate, [f"addr add {ROUTED_HOLDER}/24 dev trunk", "route add default via 10.77.0.254", *local])
        listening = built.start(built.estate, sys.executable, "-c", LISTEN)
        assert listening.stdout
        assert listening.stdout.readline()
        built.start(built.middle, sys.executable, "-c", PATTER)
        yield built, frozenset(alive)


def taken(built: Lan, read: Callable[[str], Iterable[str]], *command: str, text: str = "") -> Sweep:
    before = sent(built)
    # Interrupted where it hangs: a first Ctrl-C makes masscan count down, and keep what it found.
    usage = used(*command, text=text, stop=240, run=functools.partial(built.run, timeout=310))
    return Sweep(usage, sent(built) - before, frozenset(read(usage.output)))


def camscan(built: Lan, ports: Sequence[int]) -> Sweep:
    options = ("--interface", LINK, "--gateway", str(ROUTER_OUTSIDE), "--pps", str(RATE), "--rounds", "1")
    command = (sys.executable, "-m", "camscan.link", "syn-sweep", *options, "--wait", str(WAIT))
    asked = json.dumps({"targets": [str(COUNTY)], "ports": list(ports)})

    def read(output: str) -> Iterator[str]:
        yield from (line["ip"] for line in map(json.loads, output.splitlines()) if "ip" in line)

    return taken(built, read, *command, text=asked)


def zmap(built: Lan, ports: Sequence[int]) -> Sweep:
    (port,) = ports
    where = ("-i", LINK, "-G", gateway_mac(built), "-S", built.scanner_ip, "-b", "/dev/null")
    options = ("-p", str(port), "-r", str(RATE), "-c", str(WAIT), "-q", "--output-filter=repeat = 0")
    return taken(built, str.splitlines, "zmap", *where, *options, str(COUNTY))


def masscan(built: Lan, ports: Sequence[int]) -> Sweep:
    where = ("-e", LINK, "--router-mac", gateway_mac(built).replace(":", "-"), "--source-ip", OTHER)
    options = ("-p", ",".join(map(str, ports)), "--rate", str(RATE), "--wait", str(WAIT), "--open-only", "-oL", "-")

    def read(output: str) -> Iterator[str]:
        yield from (line.split()[3] for line in output.splitlines() if line.startswith("open "))

    return taken(built, read, "masscan", *where, *options, str(COUNTY))


def compare(name: str, ports: Sequence[int], peer: Callable[[Lan, Sequence[int]], Sweep]) -> Iterator[Row]:
    """Our sweep and a peer's, in turns."""
    if shutil.which(name) is None:
        yield Row(f"SYN sweep beside {name}", f"skipped: {name} is not installed")
        return
    ours: list[Sweep] = []
    theirs: list[Sweep] = []
    with estate() as (built, alive):
        for turn in range(REPEATS):
            for each, found in ((camscan, ours), (peer, theirs))[:: 1 if turn % 2 else -1]:
                found.append(each(built, ports))
    what = f"SYN sweep of a routed /16, {len(ports)} port{'s' * (len(ports) > 1)}, {RATE:,} packets/s"
    words = []
    for found in (ours, theirs):
        hits = median([len(one.found & alive) for one in found])
        seconds, cost = median([one.usage.seconds for one in found]), median([one.cost for one in found])
        packets = median([one.packets for one in found])
        told = f"{duration(seconds)}, {hits:.0f} of {ALIVE:,} found, {packets:,.0f} packets"
        words.append((seconds, cost, f"{told}, {cost:.1f} s of CPU a million"))
    (time, cost, text), (their_time, their_cost, their_text) = words
    ratio = f"{time / their_time:.2f} × its time, {cost / their_cost:.1f} × its CPU"
    yield Row(what, text, f"{name} {version(name)}: {their_text}", ratio)


def measure_zmap() -> Iterator[Row]:
    yield from compare("zmap", (80,), zmap)


def measure_masscan() -> Iterator[Row]:
    yield from compare("masscan", (80,), masscan)
    yield from compare("masscan", SYN_PORTS, masscan)


CASES = (Case("zmap", 1.5, measure_zmap), Case("masscan", 4, measure_masscan))
