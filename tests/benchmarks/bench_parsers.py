"""How many replies a second each UDP parser reads: ``python tests/benchmarks/bench_parsers.py`` (no network)."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from udp_replies import ALL

from camscan import probes

SECONDS = 0.5


def rate(name: str) -> float:
    """Replies a second, over every real shape of the protocol in turn."""
    parse, replies = probes.load()[name].parse, ALL[name]
    count, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < SECONDS:
        for reply in replies:
            parse(reply)
        count += len(replies)
    return count / elapsed


def main() -> None:
    """Print one line for each protocol."""
    for name in ALL:
        sys.stdout.write(f"{name:<10} {rate(name):>9,.0f} replies/s\n")


if __name__ == "__main__":
    main()
