"""``make load``: many readers of the pages at once, and whether anything fails, waits long or grows.

::

    python tests/load.py                               200 readers, a minute, 20,000 devices
    python tests/load.py --seconds 5 --devices 2000    a glance, for `.ci/run`

Each reader opens a page, reads it for two to eight seconds, and opens the next: overview, lists, devices, sites,
searches. One of them enters notes all the while. The exit code is 1 where an answer is an error, an entry is lost, or
the memory of the server grows by more than a tenth while they are measured. Before that, they read for half as long
(half a minute at most), of which only errors and entries count: what the server keeps for the next page still grows.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx2

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "benchmarks")]
THINKS = (2.0, 8.0)
"""Seconds between two pages of one reader."""
GROWS = 1.10
_LONG = 45.0
"""Seconds from which the memory is judged: a shorter time warms nothing up."""
_WARM = 30.0
"""Seconds of reading before anything counts, at most."""
_TRIES = 20
_KEPT = 4.0
"""Seconds after which a client leaves a connection that nobody uses: a second before the server does."""
DECISION = "planning: {local_decision: {minute: 2026/114, date: 2026-09-14, makers: [hikvision, dahua]}}\nrole: Load\n"
_LINK = re.compile(r"(http://127\.0\.0\.1:\d+)/sign-in")


@dataclass(slots=True)
class Results:
    """The results of a run."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    """Kind of page -> how long each answer took."""
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)
    """Times, and kilobytes that the server had."""
    entered: int = 0
    processor: float = 0.0
    """Seconds of the server's own, while they read."""


@dataclass(frozen=True, slots=True)
class Places:
    """What there is to look at, and the cookies of those who look."""

    numbers: Sequence[str]
    sites: int
    cookies: Sequence[str]


@dataclass(frozen=True, slots=True)
class Server:
    """A running ``camscan serve``."""

    address: str
    cookie: str
    process: int


def make(folder: Path, devices: int) -> None:
    """A register of so many devices, listed and counted."""
    import measure  # noqa: PLC0415 - of the benchmarks
    import wide_register  # noqa: PLC0415 - as above

    wide_register.make(str(folder / "camscan.db"), wide_register.units(folder), devices, measure.HERE)
    (folder / "camscan.yaml").write_text(DECISION, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "camscan", "plan", "status"], cwd=folder, check=True, capture_output=True)


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Serve the register of a folder for as long as the block lasts."""
    command = [sys.executable, "-m", "camscan", "serve", "--port", "0", "--print-cookie"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            link, cookie = _LINK.search(process.stdout.readline()), ""
            while not cookie.startswith("Cookie: "):
                cookie = process.stdout.readline()
            assert link
            yield Server(link[1], cookie.removeprefix("Cookie: ").strip(), process.pid)
        finally:
            process.terminate()


def pages_of(places: Places, chance: random.Random) -> tuple[str, str]:
    """What somebody looks at next: its kind, and its address."""
    kind = chance.choices(("overview", "list", "device", "site", "search"), (10, 40, 35, 10, 5))[0]
    page, number = chance.randrange(1, 30), chance.choice(places.numbers)
    sort = chance.choice(("priority", "site", "model", "planned", "last_seen"))
    return kind, {
        "overview": "/",
        "list": f"/devices?sort={sort}&page={page}",
        "device": f"/device/{number}",
        "site": f"/site/Site%20{chance.randrange(places.sites)}",
        "search": f"/devices?q=CCTV-{chance.randrange(1000):04d}",
    }[kind]


async def read(client: httpx2.AsyncClient, who: int, places: Places, seen: Results, until: float) -> None:
    """Read pages as one reader does, in their own session."""
    chance, headers = random.Random(who), {"Cookie": places.cookies[who]}
    await asyncio.sleep(chance.uniform(0, THINKS[1]) * min(1.0, (until - time.monotonic()) / 60))
    while time.monotonic() < until:
        kind, path = pages_of(places, chance)
        begun = time.monotonic()
        try:
            answer = await client.get(path, headers=headers)
        except httpx2.HTTPError as error:
            seen.errors.append(f"{path}: {type(error).__name__}: {error}")
            continue
        seen.seconds.setdefault(kind, []).append(time.monotonic() - begun)
        if answer.status_code not in {200, 303}:
            seen.errors.append(f"{path}: {answer.status_code} {_page_text(answer)}")
        await asyncio.sleep(min(chance.uniform(*THINKS), max(until - time.monotonic(), 0)))


async def enter(client: httpx2.AsyncClient, numbers: Sequence[str], seen: Results, until: float) -> None:
    """Enter notes as one person does."""
    while time.monotonic() < until:
        path = f"/enter/note?n={numbers[seen.entered % len(numbers)]}"
        form = (await client.get(path)).text
        fields = dict(re.findall(r'name="(token|device)" value="([^"]*)"', form))
        sent = {**fields, "remark": f"Load {seen.entered}.", "step": "save"}
        origin = {"Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
        begun = time.monotonic()
        answer = await client.post("/enter/note", data=sent, headers=origin)
        seen.seconds.setdefault("edit", []).append(time.monotonic() - begun)
        if answer.status_code == 303 and answer.headers["location"].endswith("saved=1"):
            seen.entered += 1
        else:
            seen.errors.append(f"edit: {answer.status_code} {answer.headers.get('location')} {_page_text(answer)}")
        await asyncio.sleep(1)


def _page_text(answer: httpx2.Response) -> str:
    """What a page says, in one line."""
    found = re.search(r"<main.*?</main>", answer.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0] if found else answer.text).split())[:150]


async def watch(server: Server, seen: Results, until: float) -> None:
    """Note how much memory the server has."""
    while time.monotonic() < until:
        seen.memory.append((time.monotonic(), _resident(server.process)))
        await asyncio.sleep(1)


def _resident(process: int) -> int:
    """The resident memory of a process in kilobytes (proc(5), VmRSS)."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) if found else 0


def _processor(process: int) -> float:
    """Seconds of CPU of the process itself, without those of its children (proc(5), stat)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def load(server: Server, cookies: Sequence[str], seconds: float) -> Results:
    """Run all readers and writers together."""
    seen, limits = (
        Results(),
        httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=_KEPT),
    )
    headers = {"Cookie": server.cookie}
    async with httpx2.AsyncClient(
        base_url=server.address, headers=headers, limits=limits, timeout=60, trust_env=False
    ) as client:
        for _ in range(_TRIES):
            if (await client.get("/")).status_code == 200:
                break  # else it is still counting
        numbers = [
            number
            for page in range(1, 11)
            for number in re.findall(r'href="/device/([^"?#]+)"', (await client.get(f"/devices?page={page}")).text)
        ]
        sites = len(set(re.findall(r'href="/site/Site%20(\d+)"', (await client.get("/sites")).text)))
        warm = min(seconds / 2, _WARM)
        places, until = Places(numbers, sites, cookies), time.monotonic() + warm + seconds
        async with asyncio.TaskGroup() as group:
            for who in range(len(cookies)):
                group.create_task(read(client, who, places, seen, until))
            group.create_task(enter(client, numbers, seen, until))
            await asyncio.sleep(warm)
            before = _processor(server.process)
            seen.seconds.clear()
            await watch(server, seen, until)
            seen.processor = _processor(server.process) - before
    return seen


def sessions_of(folder: Path, server: Server, readers: int) -> list[str]:
    """A session for each reader: the line of its cookie."""
    from camscan.store import open_store  # noqa: PLC0415 - not before the server runs
    from camscan.store.sessions import Session, Sessions  # noqa: PLC0415 - as above

    name, day = server.cookie.partition("=")[0], timedelta(days=1)
    with open_store(folder / "camscan.db") as store:
        sessions = Sessions(store, longest=day, idle=day)
        kept = Session(subject="local", rights="owner", role="Load")
        return [f"{name}={sessions.begin(kept)}" for _ in range(readers)]


def count_kept_notes(folder: Path) -> int:
    """How many of the notes are in the register."""
    from camscan.register import LogQuery, open_register  # noqa: PLC0415 - not before the server runs

    with open_register(folder / "camscan.db", readonly=True) as book:
        return book.read_log(LogQuery(role="Load", column="notes", most=1))[1]


def print_line(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")


def report(seen: Results, lost: int) -> bool:
    """Print the results. Returns whether all aims were kept."""
    for kind, times in sorted(seen.seconds.items()):
        late = sorted(times)[int(len(times) * 0.95)]
        median = statistics.median(times)
        print_line(f"{kind:9} {len(times):6,} answers, median {median * 1000:6.0f} ms, p95 {late * 1000:6.0f} ms")
    before, after, most = seen.memory[0][1], seen.memory[-1][1], max(size for _, size in seen.memory)
    print_line(f"memory    {before // 1024} MB when warm, {after // 1024} MB at the end, {most // 1024} MB at most")
    answers = sum(map(len, seen.seconds.values()))
    print_line(f"processor {seen.processor / max(answers, 1) * 1000:.0f} ms of CPU for each of {answers:,} answers")
    print_line(f"entries   {seen.entered} made, {lost} lost")
    for text in seen.errors[:10]:
        print_line(f"error     {text}")
    print_line(f"errors    {len(seen.errors)}")
    is_long = seen.memory[-1][0] - seen.memory[0][0] >= _LONG
    return not seen.errors and not lost and (after <= before * GROWS or not is_long)


def main() -> int:
    """Run the load by the arguments of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--devices", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="one that holds such a register already")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        if not given.folder:
            make(folder, given.devices)
        before = count_kept_notes(folder)
        with serving(folder) as server:
            seen = asyncio.run(load(server, sessions_of(folder, server, given.readers), given.seconds))
        lost = seen.entered - (count_kept_notes(folder) - before)
    return 0 if report(seen, lost) else 1


if __name__ == "__main__":
    sys.exit(main())
