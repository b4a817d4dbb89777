"""A wide laboratory: a /16 in which one address in fifty is alive, attached or behind a router, with or without loss.

One kernel holds all living addresses (local routes, no interface each), so every unit has the same MAC; dead addresses
answer nothing. Run as a program, this file is the estate: it reads what it is to be on standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
else:
    sys.path.insert(0, str(ROOT / "tests" / "lab"))
    from lan import LINK, Lan, lan

COUNTY = IPv4Network("10.64.0.0/16")
ROUTED_HOLDER = IPv4Address("10.77.0.1")


def living(count: int, network: IPv4Network = COUNTY, *, seed: int = 1) -> list[str]:
    """Addresses at random all over a network, sorted; its last 256 are kept free."""
    last = network.num_addresses - 257
    chosen = random.Random(seed).sample(range(1, last), count)
    return [str(network.network_address + number) for number in sorted(chosen)]


@contextlib.contextmanager
def county(
    addresses: Sequence[str],
    *,
    network: IPv4Network = COUNTY,
    routed: bool = False,
    loss: float = 0.0,
    without: Sequence[str] = (),
) -> Iterator[tuple[Lan, Sequence[Mapping[str, Any]]]]:
    """Build it; yields the LAN and what is true of its units. ``loss`` is a fraction of packets, each way.

    Attached to it, scanner and estate have its last addresses. Devices named in ``without`` stay out.
    """
    with lan((), routed=routed) as built:
        local = [f"route add local {ip}/32 dev lo" for ip in addresses]
        if routed:
            batch(built.middle, [f"route add {network} via {ROUTED_HOLDER} dev br0"])
            batch(built.estate, [f"addr add {ROUTED_HOLDER}/24 dev trunk", "route add default via 10.77.0.254", *local])
        else:
            batch(
                built.scanner,
                [f"addr flush dev {LINK}", f"addr add {network[-2]}/{network.prefixlen} brd + dev {LINK}"],
            )
            batch(built.estate, [f"addr add {network[-3]}/{network.prefixlen} dev trunk", *local])
        if not routed:  # whoever is alive answers for itself, whatever interface it "has"
            _shell(built.estate, "for each in all trunk; do echo 0 > /proc/sys/net/ipv4/conf/$each/arp_ignore; done")
        if loss:
            _lose(built.middle, loss, "ip" if routed else "bridge")
        process = built.start(built.estate, sys.executable, __file__)
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps([str(network), list(addresses), list(without)]) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, f"the estate did not come up: {process.stderr.read() if process.stderr else ''}"
        yield built, json.loads(line)


def batch(namespace: str, lines: Sequence[str]) -> None:
    """Configure a namespace with lines of ip(8)."""
    command = ["ip", "-n", namespace, "-batch", "-"]
    subprocess.run(command, input="\n".join(lines), text=True, check=True, capture_output=True)


def _shell(namespace: str, script: str) -> None:
    subprocess.run(["ip", "netns", "exec", namespace, "sh", "-ec", script], check=True)


def _lose(namespace: str, loss: float, family: str) -> None:
    """Drop packets at random between scanner and estate: nft does it where the kernel has no netem.

    In one family of tables only: a kernel that shows bridged packets to the tables of "ip" as well would drop twice.
    """
    hook = "chain forward { type filter hook forward priority 0;"
    drop = f"numgen random mod 1000 < {round(loss * 1000)} drop;"
    rules = f"table {family} lossy {{ {hook} {drop} }}; }}\n"
    command = ["ip", "netns", "exec", namespace, "nft", "-f", "-"]
    subprocess.run(command, input=rules, text=True, check=True, capture_output=True)


async def _serve() -> None:
    from camscan.demo.estate import estate  # noqa: PLC0415 - only the estate's process needs it

    network, addresses, without = json.loads(sys.stdin.readline())
    async with estate(
        network, len(addresses), addresses=addresses, low_ports=True, multicast=False, without=without
    ) as built:
        sys.stdout.write(json.dumps([asdict(truth) for truth in built.truth]) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
