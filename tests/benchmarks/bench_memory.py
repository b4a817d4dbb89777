"""Memory while a scan sweeps ranges of any width, in which nobody lives."""

from __future__ import annotations

import functools
import sys
import tempfile
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

from measure import Case, Row, used
from silence import sent, silence

NETWORKS = tuple(IPv4Network(f"172.16.0.0/{prefix}") for prefix in (20, 16, 12))
SECONDS = 40.0
"""A scan that has not ended by then is interrupted, and writes its report."""
AIM = 150.0
FLAT = 1.25
ENDS = (0, 3, 130)
"""Exit codes of a scan that found nobody, or was interrupted."""


def measure() -> Iterator[Row]:
    first = 0.0
    for network in NETWORKS:
        with tempfile.TemporaryDirectory() as place, silence(network) as built:
            files = ("--json", str(Path(place) / "scan.json"), "--register", str(Path(place) / "scan.db"))
            options = (str(network), "--pace", "fast", "--confirm-count", str(network.num_addresses - 2), *files)
            before = sent(built)
            run = functools.partial(built.run, timeout=300)
            done = used(sys.executable, "-m", "camscan", "scan", *options, stop=SECONDS, codes=ENDS, run=run)
            packets = sent(built) - before
        if "no SYN sweep" in done.output + done.errors:
            raise SystemExit("addresses were tried one by one")
        first = first or done.megabytes
        how = "to its end" if done.seconds < SECONDS else f"interrupted after {SECONDS:.0f} s"
        yield Row(
            f"silent routed /{network.prefixlen} at `fast`, {how}, {packets:,} packets",
            f"{done.megabytes:.0f} MB",
            f"/{NETWORKS[0].prefixlen}: {first:.0f} MB",
            f"{done.megabytes / first:.2f} × its memory",
            f"{AIM:.0f} MB, {FLAT:g} ×",
            done.megabytes < AIM and done.megabytes < first * FLAT,
        )


CASES = (Case("memory", 2, measure),)
