"""What sending costs, beside the least that Python can send with: processor seconds for a million packets."""

from __future__ import annotations

import functools
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network
from pathlib import Path

from lan import LINK, ROUTER_OUTSIDE, Lan
from measure import Case, Row, in_turns, median, used
from silence import gateway_mac, sent, silence

NETWORK = IPv4Network("10.64.0.0/16")
PART = IPv4Network("10.64.0.0/19")
PORTS = (80, 554, 443)
REPEATS = 5
AIM = 3.0
PACED = 12_000
"""Packets a second that `fast` gives to a raw sweep."""


def cost(built: Lan, *command: str, text: str = "") -> float:
    """Processor seconds for a million packets that left the scanner's interface."""
    before = sent(built)
    done = used(*command, text=text, codes=(0, 3), run=functools.partial(built.run, timeout=300))
    return done.processor / (sent(built) - before) * 1e6


def sweep(pps: int, network: IPv4Network, *ports: int) -> tuple[tuple[str, ...], str]:
    """Command line and standard input of camscan-link's own sweep, one round."""
    options = (
        "--interface",
        LINK,
        "--gateway",
        str(ROUTER_OUTSIDE),
        "--pps",
        str(pps),
        "--rounds",
        "1",
        "--wait",
        "0.2",
    )
    asked = {"targets": [str(network)], "ports": ports}
    return (sys.executable, "-m", "camscan.link", "syn-sweep", *options), json.dumps(asked)


def scan(built: Lan, place: Path) -> float:
    files = ("--json", str(place / "scan.json"), "--register", str(place / "scan.db"))
    return cost(built, sys.executable, "-m", "camscan", "scan", str(PART), "--pace", "fast", *files)


def raw(built: Lan, pps: int, network: IPv4Network) -> float:
    program = (sys.executable, str(Path(__file__).with_name("raw_sender.py")), LINK, gateway_mac(built))
    return cost(built, *program, built.scanner_ip, str(pps), str(network), *map(str, PORTS))


def swept(built: Lan, pps: int, network: IPv4Network) -> float:
    command, text = sweep(pps, network, *PORTS)
    return cost(built, *command, text=text)


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name, silence(NETWORK) as built:
        actions: Mapping[str, Callable[[], float]] = {
            "raw": lambda: raw(built, 0, NETWORK),
            "unpaced": lambda: swept(built, 100_000, NETWORK),
            "raw, paced": lambda: raw(built, PACED, PART),
            "paced": lambda: swept(built, PACED, PART),
            "scan": lambda: scan(built, Path(name)),
        }
        costs = {name: median(values) for name, values in in_turns(REPEATS, actions).items()}
    yield row("SYN sweep of camscan-link, as fast as it can", costs["unpaced"], costs["raw"], aim=AIM)
    yield row(f"the same at {PACED:,} packets/s, as `fast` sweeps", costs["paced"], costs["raw, paced"], aim=AIM)
    yield row("a whole scan of silent addresses at `fast`, SYN and UDP", costs["scan"], costs["raw, paced"])


def row(what: str, ours: float, least: float, *, aim: float | None = None) -> Row:
    ratio = ours / least
    return Row(
        what,
        f"{ours:.1f} s of CPU for a million packets",
        f"raw template sender at that rate: {least:.1f} s",
        f"{ratio:.1f} × its CPU",
        f"{aim:g} ×" if aim else "",
        ratio <= aim if aim else None,
    )


CASES = (Case("send", 1.6, measure),)
