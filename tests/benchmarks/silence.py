"""Where nobody answers: ranges behind a router that swallows what is sent to them, and counts it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Network

from county import batch
from lan import LINK, Lan, lan


@contextlib.contextmanager
def silence(*networks: IPv4Network) -> Iterator[Lan]:
    """The scanner's namespace reaches the networks through its router; they are empty."""
    with lan((), routed=True) as built:
        batch(built.middle, [f"route add blackhole {network}" for network in networks])
        yield built


def sent(built: Lan) -> int:
    """Packets that the scanner's interface has sent so far."""
    return int(built.run("cat", f"/sys/class/net/{LINK}/statistics/tx_packets").stdout)


def gateway_mac(built: Lan) -> str:
    """The router's MAC, as the scanner sees it."""
    command = ["ip", "netns", "exec", built.middle, "cat", "/sys/class/net/s0/address"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
