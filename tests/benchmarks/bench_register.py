"""How fast the register takes and gives 1,000 devices.

Recording stands beside the least that could be done: the same observations through ``sqlite3`` with one ``executemany``
into one flat table, same journal mode, same durability, nothing recognised and nothing stored once.
"""

from __future__ import annotations

import dataclasses
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from measure import Case, Row, duration, in_turns, median, timed
from sample_report import NOON, camera, report

from camscan.model import Device, Report
from camscan.register import open_register

DEVICES = 1000
OBSERVATIONS = 30
REPEATS = 5
AIM = 2.0
"""Seconds for all of them."""


def scan(devices: int, number: int, *, volatile: int = 0) -> Report:
    """The ``number``-th scan of the same devices; ``volatile`` observations of each differ from scan to scan."""
    when = NOON + timedelta(days=number)
    found = (camera(each, ip=_ip(each), when=when, observations=OBSERVATIONS) for each in range(devices))
    return report(*(_volatile(device, number, volatile) for device in found), scan_id=f"{number}", when=when)


def _ip(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def _volatile(device: Device, number: int, count: int) -> Device:
    kept = device.observations[: OBSERVATIONS - count]
    changed = (seen._replace(value=f"{seen.value}-{number}") for seen in device.observations[len(kept) :])
    return dataclasses.replace(device, observations=(*kept, *changed))


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


def measure() -> Iterator[Row]:
    reports = [scan(DEVICES, 1), scan(DEVICES, 2), scan(DEVICES, 3, volatile=3)]
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(REPEATS):
            place = Path(folder) / str(turn)
            place.mkdir()
            for name, times in one_register(place, reports).items():
                taken.setdefault(name, []).extend(times)
        size = (Path(folder) / "0" / "camscan.db").stat().st_size / DEVICES / 1024
    least = median(taken.pop("least"))
    for name, times in taken.items():
        seconds = median(times)
        if name.startswith("record"):
            yield Row(
                f"{name} ({DEVICES:,} devices of {OBSERVATIONS} observations)",
                f"{duration(seconds)}, {DEVICES / seconds:,.0f} devices/s",
                f"flat executemany: {duration(least)}",
                f"{seconds / least:.1f} × its time",
                duration(AIM),
                seconds < AIM,
            )
        else:
            yield Row(name, duration(seconds))
    yield Row("size after three scans", f"{size:.1f} KB a device")


def one_register(place: Path, reports: list[Report]) -> Mapping[str, list[float]]:
    """Make one, fill it three times, ask it; the least beside it."""
    path = place / "camscan.db"
    taken = {"make a register": [timed(lambda: open_register(path).close())]}
    taken["open it again"] = [timed(lambda: open_register(path).close())]
    taken["least"] = [flat(place, reports[0])]
    with open_register(path) as book:
        for name, of in zip(("all new", "nothing changed", "3 observations of each changed"), reports, strict=True):
            taken[f"record, {name}"] = [timed(lambda of=of: book.record(of))]  # type: ignore[misc]  # a default binds the loop's value
        last = _ip(DEVICES - 1)
        asset = book.find_devices(last)[0].asset_id
        asked: Mapping[str, Callable[[], object]] = {
            "list every device": book.devices,
            "find one by address": lambda: book.find_devices(last),
            "evidence of one": lambda: book.evidence(asset),
        }
        taken |= in_turns(1, {name: lambda act=act: timed(act) for name, act in asked.items()})  # type: ignore[misc]  # as above
    return taken


CASES = (Case("register", 0.3, measure),)
