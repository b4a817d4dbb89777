"""How long pages of ``camscan serve`` take at 20,000 devices, and how much memory the server has.

One reader, one page after the other, through the application itself: what a socket and a browser add is not counted.
``make load`` has many readers at once.
"""

from __future__ import annotations

import functools
import itertools
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import wide_register
from measure import HERE, Case, Row, duration

DEVICES = 20_000
TURNS = 60
AIMS = {"list": (0.020, 0.100), "device": (0.060, 0.250), "overview": (0.030, 0.150), "edit": (0.250, 1.0)}
"""Seconds: median, and what 95 of 100 keep."""
MEMORY = 200
"""Megabytes."""
_DECISION = (
    "planning: {local_decision: {minute: 2026/114, date: 2026-09-14, makers: [hikvision, dahua]}}\nrole: Bench\n"
)
_SORTS = ("priority", "site", "model", "planned", "last_seen", "address")


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        wide_register.make(str(folder / "camscan.db"), wide_register.units(folder), DEVICES, HERE)
        (folder / "camscan.yaml").write_text(_DECISION, encoding="utf-8")
        subprocess.run([sys.executable, "-m", "camscan", "plan", "status"], cwd=folder, check=True, capture_output=True)
        for name, (times, processor) in pages(folder).items():
            median, late = statistics.median(times), sorted(times)[int(len(times) * 0.95)]
            aim, bound = AIMS[name]
            yield Row(
                f"page of camscan serve: {name} ({DEVICES:,} devices)",
                f"median {duration(median)}, p95 {duration(late)}, {duration(processor)} of CPU",
                aim=f"{duration(aim)}, {duration(bound)}",
                kept=median < aim and late < bound,
            )
        yield memory(folder)


def pages(folder: Path) -> Mapping[str, tuple[list[float], float]]:
    """Kind of page -> how long each took, and the CPU of one."""
    from web_estate import Client, desk_of  # noqa: PLC0415 - the web libraries

    from camscan.app.workspace import workspace_of  # noqa: PLC0415 - as above
    from camscan.config import load_config  # noqa: PLC0415 - as above

    desk = desk_of(workspace_of(load_config(folder / "camscan.yaml"), folder / "camscan.db"))
    with closing(desk):
        client, turn = Client(desk), itertools.count()
        while client.get("/").status_code != 200:
            pass  # it is counting
        numbers = re.findall(r'href="/device/([^"?#]+)"', client.get("/devices?page=3").text)
        token = client.token()

        def enter() -> Any:
            path = f"/enter/note?n={numbers[next(turn) % len(numbers)]}"
            (device,) = re.findall(r'name="device" value="([^"]*)"', client.get(path).text)
            form = {"token": token, "device": device, "remark": f"Seen {next(turn)}.", "step": "save"}
            return client.post("/enter/note", form)

        def look(kind: str) -> Any:
            number = next(turn)
            listed = f"/devices?sort={_SORTS[number % len(_SORTS)]}&page={number % 40 + 1}"
            return client.get({"list": listed, "device": f"/device/{numbers[number % len(numbers)]}"}.get(kind, "/"))

        asked: Mapping[str, Callable[[], Any]] = {
            **{kind: functools.partial(look, kind) for kind in ("list", "device", "overview")},
            "edit": enter,
        }
        return {name: taken(act) for name, act in asked.items()}


def taken(act: Callable[[], Any]) -> tuple[list[float], float]:
    """Seconds of each turn, and the median of the CPU."""
    times, processor = [], []
    for _ in range(TURNS):
        begun, used = time.perf_counter(), time.process_time()
        answer = act()
        times.append(time.perf_counter() - begun)
        processor.append(time.process_time() - used)
        if answer.status_code not in {200, 303}:
            raise SystemExit(f"bench: a page answered {answer.status_code}")
    return times, statistics.median(processor)


def memory(folder: Path) -> Row:
    """The most that a real server had, once it has counted and shown lists and devices."""
    import asyncio  # noqa: PLC0415 - as above

    import load  # noqa: PLC0415 - it reads pages from outside

    with load.serving(folder) as server:
        asyncio.run(load.load(server, load.sessions_of(folder, server, 5), 20))
        status = Path(f"/proc/{server.process}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+)", status)
    most = int(found[1]) // 1024 if found else 0
    return Row("memory of camscan serve", f"{most} MB at most", aim=f"{MEMORY} MB", kept=most < MEMORY)


CASES = (Case("web", 3, measure),)
