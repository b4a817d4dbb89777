"""How fast the register takes and gives: ``python tests/benchmarks/bench_register.py [DEVICES]`` (1000 by default).

Recording is also shown as a ratio to the least that could be done: the same observations through ``sqlite3`` with one
``executemany`` into one flat table, same journal mode, same durability, nothing recognised and nothing stored once.
"""

from __future__ import annotations

import dataclasses
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sample_report import NOON, camera, report

from camscan.model import Device, Report
from camscan.register import open_register

OBSERVATIONS = 30
PROMISED_SECONDS = 2.0
"""For 1,000 devices of 30 observations."""


def scan(devices: int, number: int, *, volatile: int = 0) -> Report:
    """The ``number``-th scan of the same devices; ``volatile`` observations of each differ from scan to scan."""
    when = NOON + timedelta(days=number)
    found = (camera(each, ip=_ip(each), when=when, observations=OBSERVATIONS) for each in range(devices))
    return report(*(_volatile(device, number, volatile) for device in found), scan_id=f"{number}", when=when)


def _ip(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def _volatile(device: Device, number: int, count: int) -> Device:
    kept = device.observations[: OBSERVATIONS - count]
    changed = (dataclasses.replace(seen, value=f"{seen.value}-{number}") for seen in device.observations[len(kept) :])
    return dataclasses.replace(device, observations=(*kept, *changed))


def timed(act: Callable[[], object]) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def flat(directory: Path, of: Report) -> float:
    """Seconds for the least that could be done with the same observations."""
    with closing(sqlite3.connect(directory / "flat.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE observation (device, ip, port, probe, key, value, seen_at)")
        connection.execute("CREATE INDEX ix_observation_device ON observation (device)")

        def write() -> None:
            rows = (
                (number, seen.ip, seen.port, seen.probe, seen.key, seen.value, seen.seen_at.isoformat())
                for number, device in enumerate(of.devices)
                for seen in device.observations
            )
            with connection:
                connection.executemany("INSERT INTO observation VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

        return timed(write)


def main(devices: int) -> int:
    """Print the table; 1 where the promise is broken."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        path = directory / "camscan.db"
        opening = timed(lambda: open_register(path).close())
        reopening = timed(lambda: open_register(path).close())
        reports = [scan(devices, 1), scan(devices, 2), scan(devices, 3, volatile=3)]
        least = flat(directory, reports[0])
        with open_register(path) as book:
            first, again, volatile = (timed(lambda of=of: book.record(of)) for of in reports)  # type: ignore[misc]  # a default binds the loop's value
            listing = timed(book.devices)
            last = _ip(devices - 1)
            row = book.find(last)[0]
            finding = timed(lambda: book.find(last))
            evidence = timed(lambda: book.evidence(row.asset_id))
        size = path.stat().st_size / devices / 1024
    lines = [f"{devices} devices of {OBSERVATIONS} observations"]
    for name, seconds in (
        ("make a register", opening),
        ("open it again", reopening),
        ("record, all new", first),
        ("record, nothing changed", again),
        ("record, 3 observations of each changed", volatile),
        ("list every device", listing),
        ("find one by address", finding),
        ("evidence of one", evidence),
        ("least possible: flat executemany", least),
    ):
        lines.append(f"  {name:40} {seconds * 1000:9.1f} ms")
    lines += [
        f"  {'record, all new: devices per second':40} {devices / first:9.0f}",
        f"  {'record, all new : least possible':40} {first / least:9.1f}",
        f"  {'record, nothing changed : least possible':40} {again / least:9.1f}",
        f"  {'KB per device after three scans':40} {size:9.1f}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(first > PROMISED_SECONDS * devices / 1000)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
