"""What every benchmark is made of: cases, rows of the one table, and measuring that a busy machine upsets little.

A file ``bench_*.py`` exposes ``CASES``; ``bench.py`` finds it. What is compared is run in turns, in one run, and by its
medians, so that whatever else the machine does falls on all sides alike.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GRACE = 60
"""Seconds that a program has to end after Ctrl-C."""
PRIORITY = 20
"""Among real-time programs."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    measured: str
    beside: str = ""
    """What a peer, or the least that could be done, took in the same run."""
    ratio: str = ""
    aim: str = ""
    kept: bool | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One benchmark."""

    name: str
    minutes: float
    """About how long it takes; four times as long, and a minute, is its limit."""
    measure: Callable[[], Iterable[Row]]
    asked_for: bool = False
    """Run only where it is named, or everything is asked for."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a program that has ended took, its children included."""

    code: int
    seconds: float
    processor: float
    """Seconds of CPU, user and system."""
    megabytes: float
    """Most memory of any one process."""
    output: str
    errors: str
    stopped: bool = False
    """It did not end by itself in the time that it had."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A checkout of camscan with an environment of its own."""

    name: str
    root: Path
    python: str


HERE = Tree("this revision", ROOT, sys.executable)


_STARTER = """
import json, os, resource, signal, subprocess, sys, time
text, stop, grace = json.loads(sys.argv[1])
began, stopped = time.monotonic(), False
pipe = subprocess.PIPE
process = subprocess.Popen(sys.argv[2:], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
try:
    output, errors = process.communicate(text, timeout=stop)
except subprocess.TimeoutExpired:
    stopped = True
    process.send_signal(signal.SIGINT)
    try:
        output, errors = process.communicate(timeout=grace)
    except subprocess.TimeoutExpired:  # what it has started may hold its pipes: they are left alone
        process.kill()
        process.wait()
        output, errors = "", "killed"
seconds = time.monotonic() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
processor, megabytes = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
print(json.dumps([process.returncode, seconds, processor, megabytes, output, errors, stopped]), flush=True)
os._exit(0)
"""
"""Starts a program from a process with little memory: a child's peak counts what its parent held when it was forked."""


def used(
    *command: str,
    text: str = "",
    stop: float | None = None,
    grace: float = GRACE,
    codes: Collection[int] = (0,),
    run: Callable[..., subprocess.CompletedProcess[str]] | None = None,
) -> Usage:
    """Run a program and say what it took. ``stop`` interrupts it after so many seconds, as Ctrl-C does, and
    ``grace`` kills it so many seconds later.

    ``run`` takes the command line and runs it somewhere else, such as in a network namespace. An exit code that is not
    among ``codes`` ends the case, with the program's last words.
    """
    line = (sys.executable, "-c", _STARTER, json.dumps([text, stop, grace]), *command)
    done = run(*line) if run else subprocess.run(line, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise SystemExit(done.stderr[-1000:])
    usage = Usage(*json.loads(done.stdout))
    if usage.code not in codes and not usage.stopped:
        raise SystemExit(f"{' '.join(command[:6])} … ended with {usage.code}: {usage.errors.strip()[-300:]}")
    return usage


def take_precedence() -> bool:
    """Let this process and those that it starts go before whatever else the machine does; whether that was allowed.

    Without it, times on a machine that others use too mean nothing.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    except (AttributeError, OSError):  # not Linux, not root, or a container that may not
        return False
    return True


def may_take_precedence() -> bool:
    """Whether that would be allowed; nothing is different afterwards."""
    if not hasattr(os, "sched_getscheduler"):
        return False
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    allowed = take_precedence()
    if allowed:
        os.sched_setscheduler(0, *before)
    return allowed


def version(program: str) -> str:
    """What a program says that it is: the first number of ``--version``."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return next((word for word in said.split() if word[:1].isdigit()), "")


def in_turns(repeats: int, actions: Mapping[str, Callable[[], float]]) -> Mapping[str, list[float]]:
    """What each action returned, ``repeats`` times; they take turns, and a different one begins each time."""
    names = list(actions)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeats):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            found[name].append(actions[name]())
    return found


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def timed(action: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def worked(action: Callable[[], object]) -> float:
    """Seconds of processor that it takes: for what runs on one core, and never waits."""
    began = time.process_time()
    action()
    return time.process_time() - began


def duration(seconds: float) -> str:
    """As a person writes it: 52 ms, 3.14 s, 461 s."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.2f} ms"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s" if seconds < 100 else f"{seconds:.0f} s"
