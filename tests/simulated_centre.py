"""A centre that runs for a load: a register, keys that are approved, its programs, and what each of them takes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from simulated_sites import Site
from sqlalchemy import MetaData, Table, insert, select

from camscan.parcel.keys import public_key_of
from camscan.register import open_register
from camscan.store import open_store
from camscan.store.collectors import Collectors
from camscan.store.database import Store
from camscan.store.parcels import Parcels

ROOT = Path(__file__).resolve().parents[1]
GROWS = 1.10
_LINK = re.compile(r"http://(127\.0\.0\.1):(\d+)/")
_EVERY = 2.0
"""Seconds between two looks at the queue and the memory."""
_SHORT, _LONGEST = 0.5, 900.0
"""Seconds between two looks whether all is recorded, and until that is given up."""
_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass
class Programs:
    """What runs, and what it has taken since ``begin``."""

    register: str
    addresses: Sequence[tuple[str, int]]
    """The address of each ``camscan serve``."""
    store: Store
    processes: Mapping[str, int]
    """What each is called -> its process, with those that it has started."""
    memory: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Name of a program -> its kilobytes, every few seconds."""
    _before: dict[str, float] = field(default_factory=dict)
    _taken: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Start to count."""
        self._before = self._processor()

    def end(self) -> None:
        """Stop counting."""
        self._taken = {name: used - self._before[name] for name, used in self._processor().items()}

    @property
    def what(self) -> str:
        """The programs that run, in words."""
        return "PostgreSQL" if "postgres" in self.processes else "SQLite"

    def drain(self) -> float:
        """Wait until every parcel is recorded, or for long enough; the seconds that it took."""
        begun = time.monotonic()
        while Parcels(self.store).backlog().waiting and time.monotonic() - begun < _LONGEST:
            time.sleep(_SHORT)
        return time.monotonic() - begun

    async def watch(self, behind: list[float], over: asyncio.Event) -> None:
        """Note how long the oldest parcel has waited, and the memory, until it is over."""
        while not over.is_set():
            oldest = Parcels(self.store).backlog().oldest
            behind.append((datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0)
            for name, process in self.processes.items():
                self.memory[name].append(sum(map(_memory, _family(process))))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _EVERY)

    def report(self, *, polls: int, devices: int, seconds: float) -> bool:
        """Print what each has taken; whether the memory of our own programs stayed as it was."""
        is_flat = True
        for name, used in self._taken.items():
            share = f"{used:7.1f} s of CPU, {used / seconds * 100:5.1f} % of one processor"
            sizes = self.memory.get(name)
            if not sizes:
                sys.stdout.write(f"{name:10} {share} (with the watching)\n")
                continue
            third = sizes[len(sizes) // 3 :]
            grown = third[-1] > third[0] * GROWS
            is_flat &= not grown or name == "postgres"  # which fills the memory that it was given
            sizes_told = " → ".join(f"{size >> 10}" for size in (sizes[0], third[0], third[-1]))
            sys.stdout.write(f"{name:10} {share}; MB of memory {sizes_told}{' GROWS' if grown else ''}\n")
        whole = sum(used for name, used in self._taken.items() if name != "load")
        sys.stdout.write(f"centre     {whole:7.1f} s of CPU for {polls:,} polls and {devices:,} devices\n")
        return is_flat

    def _processor(self) -> dict[str, float]:
        """Seconds of CPU of each, with what it has started; of this program, which makes the load, too."""
        found = {name: sum(map(_processor, _family(process))) for name, process in self.processes.items()}
        return {**found, "load": time.process_time()}


@contextlib.contextmanager
def running(
    folder: Path, sites: Sequence[Site], keys: Sequence[Ed25519PrivateKey], *, is_server: bool, serves: int = 1
) -> Iterator[Programs]:
    """Start it all, and stop it. Several keys may speak for one site; several ``camscan serve`` for one register."""
    _write_settings(folder, sites)
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    with contextlib.ExitStack() as stack:
        processes: dict[str, int] = {}
        where = str(folder / "camscan.db")
        if is_server:
            import pg_server  # noqa: PLC0415 - its driver is an extra

            server = stack.enter_context(pg_server.running(is_durable=True))
            where, processes["postgres"] = server.place(), server.process
        open_register(where).close()
        store = stack.enter_context(open_store(where))
        _approve(store, sites, keys)
        if is_server:
            processes["work"] = stack.enter_context(_program(folder, where, "work")).pid
        addresses = []
        for number in range(serves):
            serve = stack.enter_context(_program(folder, where, "serve", "--port", "0"))
            assert serve.stdout
            link = _LINK.search(serve.stdout.readline())
            assert link, "camscan serve did not start"
            addresses.append((link[1], int(link[2])))
            processes[f"serve {number + 1}" if number else "serve"] = serve.pid
        yield Programs(where, addresses, store, processes)


def _write_settings(folder: Path, sites: Sequence[Site]) -> None:
    lines = "".join(f"- {{name: {site.name}, cidrs: [{site.network}]}}\n" for site in sites)
    limits = "centre: {parts_per_second: 1000, megabytes_per_day: 100000}\n"  # it is the machine that is measured
    (folder / "camscan.yaml").write_text(f"role: Load\n{limits}sites:\n{lines}", encoding="utf-8")


def _approve(store: Store, sites: Sequence[Site], keys: Sequence[Ed25519PrivateKey]) -> None:
    """The first by the program's own way, and the others as it is, all at once: each would wait for the disk."""
    name, site = "Collector 0", sites[0].name
    Collectors(store).approve(public_key_of(keys[0]), name=name, sites=[site], networks=[], role="Load")
    with store.writing() as connection:
        table = Table("service_collector", MetaData(), autoload_with=connection)
        (first,) = connection.execute(select(table)).mappings()
        others = [
            {
                **first,
                "number": first["number"] + number,
                "name": f"Collector {number}",
                "key": public_key_of(key).hex(),
                "sites": json.dumps([sites[number % len(sites)].name]),
            }
            for number, key in enumerate(keys)
        ]
        if len(others) > 1:
            connection.execute(insert(table), others[1:])


@contextlib.contextmanager
def _program(folder: Path, where: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "camscan", words[0], "--register", where, *words[1:]]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


# ── what a process takes (proc(5)) ───────────────────────────────────────────────────────────────────────────────


def _family(process: int) -> list[int]:
    """A process and all processes that it has started."""
    found = [process]
    for each in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def _processor(process: int) -> float:
    """Seconds of CPU, with those of its children that have ended."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return sum(map(int, text.rpartition(")")[2].split()[11:15])) / _TICK


def _memory(process: int) -> int:
    """Kilobytes of its own, and its part of what it shares."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0
