"""The part of a scan that asks the WS-Discovery groups, by itself: ``wsd_part.py NETWORK PACE``; addresses as JSON.

The question, the rounds, the pauses and the waiting are those of a scan; the addresses are those that answered.
"""

from __future__ import annotations

import asyncio
import json
import sys

from camscan.net.door import Door
from camscan.net.pace import PACES
from camscan.net.scope import Scope
from camscan.net.target import parse_targets
from camscan.probes import load
from camscan.scan import multicast
from camscan.scan.coverage import Tally
from camscan.scan.echo import Identifiers


async def answering(network: str, pace: str) -> set[str]:
    """Who answers the groups of a network's link."""
    targets, probes = parse_targets([network]), {"wsd": load()["wsd"]}
    heard: set[str] = set()
    async with (
        Door(Scope(targets.networks), PACES[pace]) as door,
        door.datagrams(lambda _payload, ip, _port: heard.add(ip)) as port,
    ):
        for interface in door.attached(targets):
            multicast.join_groups(port, interface, probes, Tally())
            link = multicast.Link(port, interface, multicast.ip_families(door, interface), Identifiers(), Tally())
            async for _ in link.ask_in_rounds(probes):
                await asyncio.sleep(door.pace.settle)
        await asyncio.sleep(door.pace.tail)
    return {ip for ip in heard if ip in targets}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(sorted(asyncio.run(answering(*sys.argv[1:])))))
