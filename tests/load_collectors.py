"""``make load CASES=collectors``: many collectors at one centre, and whether anything is late, lost or grows.

::

    python tests/load_collectors.py                                  150 collectors, ten minutes, SQLite
    python tests/load_collectors.py --server --collectors 8000       PostgreSQL with `camscan work`, 8,000 keys
    python tests/load_collectors.py --seconds 30 --polls 5           a glance

Each collector has a key of its own and signs every request; what it sends are parcels of devices of its own
(``simulated_sites.py``). The collectors poll and send at fixed times, whether or not the centre keeps up. The exit
code is 1 where an answer is an error, a poll waits long, parcels wait long, memory grows, or the register does not hold
every scan exactly once, with its devices.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import simulated_centre  # noqa: E402 - the folder of the tests is not on the path before
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402 - as above
from simulated_centre import Programs  # noqa: E402 - as above
from simulated_sites import Model, Site, record_models  # noqa: E402 - as above

from camscan.parcel.signature import Call, sign  # noqa: E402 - as above

BASE = "/api/collector/v1"
PART = 1 << 20
"""Bytes of a part, as a collector sends it."""
SLOW, BEHIND, GROWS = 0.2, 300.0, 1.10
"""Aims: seconds of a poll (95 of 100), seconds that a parcel waits, growth of memory after a third."""
_LONG = 60.0
"""Seconds from which memory is judged."""
_SAID = {"version": "0.1.0", "edition": "2026-11-30.0123456789ab", "spool": "0", "running": "", "error": ""}


@dataclass(slots=True)
class Collector:
    """One of them: one request at a time, each with a higher number."""

    key: Ed25519PrivateKey
    counter: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Parcel:
    """A parcel that is sent at its time."""

    at: float
    """Seconds from the beginning."""
    collector: int
    site: Site
    scan_id: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Results:
    """The results of a run."""

    polls: list[float] = field(default_factory=list)
    """Seconds of each poll."""
    sends: list[float] = field(default_factory=list)
    """Seconds of each parcel: four requests."""
    late: list[float] = field(default_factory=list)
    """Seconds by which a request was late, because this program was busy."""
    statuses: Counter[str] = field(default_factory=Counter)
    taken: list[Parcel] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    behind: list[float] = field(default_factory=list)
    """Seconds for which the oldest parcel had waited, every two seconds."""


class Connection:
    """One connection: HTTP/1.1, one request after another, no more of it than is needed here."""

    def __init__(self, host: str, port: int, seen: Results) -> None:
        self._host, self._port, self._seen = host, port, seen

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(
        self, collector: Collector, method: str, path: str, body: bytes = b"", query: str = ""
    ) -> tuple[int, bytes]:
        """Send a signed request. Returns the status and the body of the answer."""
        collector.counter += 1
        authority = f"{self._host}:{self._port}"
        call = Call(method, authority, BASE + path, f"?{query}", body)
        headers = {
            **sign(call, collector.key, collector.counter, int(time.time())),
            "host": authority,
            "content-length": str(len(body)),
        }
        target = f"{BASE}{path}" + (f"?{query}" if query else "")
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._writer.write(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
        said = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status, _, length = int(said[9:12]), *said.partition("\r\ncontent-length: ")[1:]
        size = int(length.partition("\r\n")[0] or 0) if method != "HEAD" else 0
        self._seen.statuses[f"{method} {path.partition('/')[2].partition('/')[0]} {status}"] += 1
        return status, await self._reader.readexactly(size)


class Load:
    """All collectors together."""

    def __init__(self, addresses: Sequence[tuple[str, int]], collectors: Sequence[Collector], seen: Results) -> None:
        self._addresses, self._collectors, self._seen = addresses, collectors, seen

    async def run(self, parcels: Sequence[Parcel], polls: float, seconds: float) -> None:
        """Poll so often in a second, and send each parcel at its time."""
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._polling(group, begun, polls, seconds))
            group.create_task(self._sending(group, begun, parcels))

    async def _polling(self, group: asyncio.TaskGroup, begun: float, polls: float, seconds: float) -> None:
        order = list(range(len(self._collectors)))
        random.Random(1).shuffle(order)
        for number in range(int(polls * seconds)):
            await self._until(begun + number / polls)
            group.create_task(self._poll(self._collectors[order[number % len(order)]]))

    async def _sending(self, group: asyncio.TaskGroup, begun: float, parcels: Sequence[Parcel]) -> None:
        for parcel in parcels:
            await self._until(begun + parcel.at)
            group.create_task(self._send(parcel))

    async def _until(self, moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - time.monotonic()))
        self._seen.late.append(time.monotonic() - moment)

    def _line(self, collector: Collector) -> Connection:
        """To one program and the next in turn, as a proxy would."""
        return Connection(*self._addresses[collector.counter % len(self._addresses)], self._seen)

    async def _poll(self, collector: Collector) -> None:
        async with collector.turn:
            begun = time.monotonic()
            try:
                async with self._line(collector) as line:
                    status, body = await line.ask(collector, "POST", "/poll", json.dumps(_SAID).encode())
            except (OSError, EOFError) as error:
                self._seen.errors.append(f"poll: {type(error).__name__}")
                return
            self._seen.polls.append(time.monotonic() - begun)
            if status != 200 or json.loads(body).get("state") != "approved":
                self._seen.errors.append(f"poll: {status} {body[:100]!r}")

    async def _send(self, parcel: Parcel) -> None:
        collector = self._collectors[parcel.collector]
        async with collector.turn:
            begun = time.monotonic()
            try:
                async with self._line(collector) as line:
                    why = await self._sent(line, collector, parcel)
            except (OSError, EOFError) as error:
                why = type(error).__name__
        if why:
            self._seen.errors.append(f"parcel {parcel.scan_id}: {why}")
        else:
            self._seen.taken.append(parcel)
            self._seen.sends.append(time.monotonic() - begun)

    async def _sent(self, line: Connection, collector: Collector, parcel: Parcel) -> str:
        """Send it as a collector does; why it was not taken."""
        path, content = f"/parcel/{parcel.scan_id}", parcel.content
        await line.ask(collector, "HEAD", path)
        for start in range(0, len(content), PART):
            part = content[start : start + PART]
            status, said = await line.ask(collector, "PUT", path, part, f"at={start}")
            if status != 200:
                return f"a part: {status} {said[:100]!r}"
        end = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        status, said = await line.ask(collector, "POST", f"{path}/end", json.dumps(end).encode())
        return "" if status == 202 else f"its end: {status} {said[:100]!r}"


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────────────────────


def make_keys(count: int) -> list[Ed25519PrivateKey]:
    """Make keys, the same ones each time."""
    return [
        Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"load {number}".encode()).digest())
        for number in range(count)
    ]


def make_parcels(
    sites: Sequence[Site], keys: Sequence[Ed25519PrivateKey], devices: float, seconds: float, begun: datetime
) -> Iterator[Parcel]:
    """One site after another, again and again: so many devices in a second. The scans ended shortly before."""
    every, number = sites[0].devices / devices, 0
    while number * every < seconds:
        site, at = sites[number % len(sites)], number * every
        collector = site.number % len(keys)
        ended = begun + timedelta(seconds=at)
        yield Parcel(at, collector, site, *site.parcel(ended, keys[collector]))
        number += 1


# ── what came of it ──────────────────────────────────────────────────────────────────────────────────────────────


def print_line(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def spread(name: str, seconds: Sequence[float]) -> None:
    """Print the median and the 95th percentile of some times."""
    if seconds:
        ordered = sorted(seconds)
        late, most = ordered[int(len(ordered) * 0.95)], ordered[-1]
        half = statistics.median(ordered) * 1000
        print_line(
            f"{name:10} {len(ordered):7,}   p50 {half:7.1f} ms   p95 {late * 1000:7.1f} ms   most {most * 1000:7.1f} ms"
        )


def judge(seen: Results, programs: Programs, seconds: float, drained: float) -> bool:
    """Print the results. Returns whether all aims were kept."""
    spread("polls", seen.polls)
    spread("parcels", seen.sends)
    spread("our delay", seen.late)
    devices = sum(parcel.site.devices for parcel in seen.taken)
    whole = seconds + drained
    print_line(f"recorded   {len(seen.taken) / whole:7.2f} parcels a second, {devices / whole:.1f} devices a second")
    print_line(
        f"backlog    {max(seen.behind, default=0):7.1f} s at most; {drained:.1f} s after the last parcel none waited"
    )
    is_flat = programs.report(polls=len(seen.polls), devices=devices, seconds=whole)
    print_line("answers    " + ", ".join(f"{name}: {count:,}" for name, count in sorted(seen.statuses.items())))
    for text in seen.errors[:10]:
        print_line(f"error      {text}")
    print_line(f"errors     {len(seen.errors)}")
    late = sorted(seen.polls)[int(len(seen.polls) * 0.95)] if seen.polls else 0.0
    is_quick = late <= SLOW and max(seen.behind, default=0) <= BEHIND
    if not is_quick:
        print_line(f"late       the aims are {SLOW * 1000:.0f} ms for 95 of 100 polls, and {BEHIND:.0f} s for a parcel")
    return is_quick and not seen.errors and (is_flat or seconds < _LONG)


def compare(where: str, sent: Sequence[Parcel]) -> list[str]:
    """Differences between the register and what was sent; empty if there are none."""
    from camscan.register import open_register  # noqa: PLC0415 - not before the programs run

    with open_register(where, readonly=True, create=False) as book:
        recorded = Counter(scan.scan_id for scan in book.scans())
        counts = {scan.scan_id: scan.devices for scan in book.scans()}
        assets = book.devices()
    wrong = [f"{scan_id}: recorded {count} times" for scan_id, count in recorded.items() if count > 1]
    expected = {parcel.scan_id: parcel.site.devices for parcel in sent}
    wrong += [f"{scan_id}: is not in the register" for scan_id in expected.keys() - recorded.keys()]
    wrong += [f"{scan_id}: nobody sent it" for scan_id in recorded.keys() - expected.keys()]
    wrong += [
        f"{scan_id}: {counts[scan_id]} devices, and not {count}"
        for scan_id, count in expected.items()
        if counts.get(scan_id, count) != count
    ]
    truth = set().union(*(site.truth() for site in {parcel.site.name: parcel.site for parcel in sent}.values()))
    held = {(each.site, each.ip_addresses[0], each.identification.serial or "") for each in assets}
    wrong += [f"device {' '.join(each)}: is missing" for each in sorted(truth - held)]
    wrong += [f"device {' '.join(each)}: is one too many" for each in sorted(held - truth)]
    seen = sum(each.sightings for each in assets)
    if len(assets) != len(held) or seen != sum(expected.values()):
        wrong.append(
            f"{len(assets):,} rows for {len(held):,} devices; {seen:,} of {sum(expected.values()):,} sightings"
        )
    return wrong


async def measure(given: argparse.Namespace, programs: Programs, parcels: Sequence[Parcel], seen: Results) -> float:
    """Run the load and wait until all is recorded; the seconds that the last of it took."""
    collectors = [Collector(key) for key in make_keys(given.collectors)]
    over = asyncio.Event()
    watching = asyncio.create_task(programs.watch(seen.behind, over))
    programs.begin()
    await Load(programs.addresses, collectors, seen).run(parcels, given.polls, given.seconds)
    drained = await asyncio.to_thread(programs.drain)
    programs.end()
    over.set()
    await watching
    return drained


def main() -> int:
    """Run the load by the arguments of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--collectors", type=int, default=150, help="keys that poll")
    parser.add_argument("--sites", type=int, default=150, help="sites that send; at most as many as collectors")
    parser.add_argument("--at-a-site", type=int, default=130, help="devices of a site")
    parser.add_argument("--polls", type=float, default=30, help="polls in a second")
    parser.add_argument("--devices", type=float, default=70, help="devices in a second, in parcels of one site")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--server", action="store_true", help="a register on PostgreSQL; else SQLite")
    parser.add_argument("--serves", type=int, default=1, help="camscan serve, beside each other")
    given = parser.parse_args()
    sites = min(given.sites, given.collectors)
    seen = Results()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="camscan-load-")))
        models: Sequence[Model] = record_models(folder)
        every = [Site(number, models, given.at_a_site) for number in range(sites)]
        keys = make_keys(given.collectors)
        programs = stack.enter_context(
            simulated_centre.running(folder, every, keys, is_server=given.server, serves=given.serves)
        )
        begun, worked = datetime.now(UTC) - timedelta(seconds=given.seconds), time.process_time()
        parcels = list(make_parcels(every, keys, given.devices, given.seconds, begun))
        size = sum(len(each.content) for each in parcels) // max(len(parcels), 1)
        print_line(f"collectors {given.collectors:,}, {sites} sites of {given.at_a_site} devices; {programs.what}")
        print_line(f"wanted     {given.polls:g} polls and {given.devices:g} devices a second for {given.seconds:g} s")
        made = f"{len(parcels):,} parcels of {size >> 10} KB, made in {time.process_time() - worked:.0f} s of CPU"
        print_line(f"before     {made}")
        drained = asyncio.run(measure(given, programs, parcels, seen))
        is_well = judge(seen, programs, given.seconds, drained)
        wrong = compare(programs.register, seen.taken)
    for text in wrong[:10]:
        print_line(f"register   {text}")
    found = f"{len(wrong)} faults" if wrong else "each once, with its devices"
    print_line(f"register   {len(seen.taken):,} scans, {found}")
    return 0 if is_well and not wrong else 1


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.exit(main())
