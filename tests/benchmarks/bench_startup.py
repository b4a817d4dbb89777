"""How soon the command line answers, beside a Python that does nothing."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from measure import ROOT, Case, Row, duration, in_turns, median, timed

REPEATS = 15
REPLY = {
    "id": "1",
    "protocol": "rtsp",
    "ip": "192.0.2.7",
    "port": 554,
    "payload": 'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="Login to 6C01E93PAG00001"\r\n\r\n',
}
AIMS = {"camscan --help": 0.2, "camscan identify, one reply": 0.5, "the same, fingerprints not yet compiled": 0.5}


def start(*arguments: str, environment: Mapping[str, str] | None = None) -> None:
    """Run Python to its end."""
    line = [sys.executable, *arguments]
    subprocess.run(line, check=True, capture_output=True, cwd=ROOT, env={**os.environ, **(environment or {})})


def first_time(place: Path, *arguments: str) -> None:
    """Run camscan with a cache of its own that is empty."""
    with tempfile.TemporaryDirectory(dir=place) as empty:
        start("-m", "camscan", *arguments, environment={"XDG_CACHE_HOME": empty})


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "replies.jsonl"
        file.write_text(json.dumps(REPLY) + "\n", encoding="utf-8")
        identify = ("identify", str(file))
        start("-m", "camscan", *identify)  # compiles the fingerprints, and Python's own files
        actions: Mapping[str, Callable[[], object]] = {
            "python": functools.partial(start, "-c", "pass"),
            "camscan --help": functools.partial(start, "-m", "camscan", "--help"),
            "camscan scan --help": functools.partial(start, "-m", "camscan", "scan", "--help"),
            "camscan identify, one reply": functools.partial(start, "-m", "camscan", *identify),
            "the same, fingerprints not yet compiled": functools.partial(first_time, Path(name), *identify),
        }
        taken = dict(in_turns(REPEATS, {what: functools.partial(timed, action) for what, action in actions.items()}))
    least = median(taken.pop("python"))
    for what, times in taken.items():
        aim = AIMS.get(what)
        yield Row(
            what,
            duration(median(times)),
            f"python -c pass: {duration(least)}",
            f"{median(times) / least:.1f} × its time",
            duration(aim) if aim else "",
            median(times) < aim if aim else None,
        )


CASES = (Case("startup", 0.3, measure),)
