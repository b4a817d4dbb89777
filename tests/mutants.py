"""``make mutants``: changes the code in small ways, one at a time, and says which changes no test notices.

::

    python tests/mutants.py                                   every change to every room: hours
    python tests/mutants.py --room plan --sample 50 --seed 7  fifty changes to one room
    python tests/mutants.py --room plan --seconds 60          as many as a minute allows

The tests are collected once. One run of them, unchanged, says which test runs which line; then each mutant is a fork of
this process, in which one function is given its changed code and the tests of the changed line run, the quickest first,
until one fails. A mutant that takes three times the processor time of its tests is stopped. Tests that are marked slow
(processes, servers, estates) take no part. docs/adr/0015-mutation-testing.md says why this is a tool of our own.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import os
import pickle
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, Literal

import pytest
from mutations import Mutant, mutants

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("identify", "plan", "policies", "register/record")
Verdict = Literal["killed", "timed out", "survived", "not reached"]
Line = tuple[str, int]

_WAIT = 120
"""Seconds of the clock after which a mutant that only waits is stopped."""
_MEMORY = 4 << 30
"""Bytes of address space that a mutant may take beyond what this process has."""


def test_files(room: str) -> list[Path]:
    """The tests of a room: in files that bear its name, or its parent's, or that import it."""
    dotted, name = room.replace("/", "."), room.partition("/")[0]
    imports = re.compile(
        rf"camscan\.{re.escape(dotted)}\b|^from camscan import .*\b{re.escape(dotted)}\b", re.MULTILINE
    )
    return [
        path
        for path in sorted((ROOT / "tests").glob("test_*.py"))
        if path.stem.startswith(f"test_{name}") or imports.search(path.read_text(encoding="utf-8"))
    ]


@dataclass(slots=True)
class Unchanged:
    """The results of one run of a room's tests."""

    lines: dict[Line, list[str]] = field(default_factory=dict)
    """Line of the code -> names of the tests that run it."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Test -> its seconds of processor time."""
    failed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Outcome:
    """The results for a room's mutants."""

    all: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    seconds: float = 0

    @property
    def score(self) -> float:
        """The percentage of those tried that a test noticed."""
        return 100 * (self.verdicts["killed"] + self.verdicts["timed out"]) / max(1, self.verdicts.total())


class Hunt:
    """Stands in for pytest's loop over the tests that were collected."""

    def __init__(self, arguments: argparse.Namespace, scratch: Path) -> None:
        """What to try, and a folder for what the tests write."""
        self.arguments = arguments
        self.scratch = scratch
        self.outcomes: dict[str, Outcome] = {}
        self.failed: list[str] = []
        self.reports: list[pytest.TestReport] = []

    def pytest_collection(self) -> None:
        """No shrinking and no memory: the first failure is enough."""
        from hypothesis import Phase, settings  # noqa: PLC0415 - pytest must see it first

        quick = settings(settings(), database=None, phases=(Phase.explicit, Phase.generate))
        settings.register_profile("mutants", quick)
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the result of a test."""
        self.reports.append(report)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try mutants in place of running the tests."""
        if session.testsfailed:
            self.failed.append("the tests cannot be collected")
            return True
        gc.unfreeze()  # conftest.py hides what was collected from the collector, where the functions are looked for
        for room in self.arguments.room or ROOMS:
            self.outcomes[room] = self.hunt(room, session.items)
        return True

    def hunt(self, room: str, every: Sequence[pytest.Item]) -> Outcome:
        """Try a room's mutants."""
        files = {path.resolve() for path in test_files(room)}
        items = [item for item in every if item.path in files]
        sources = sorted((ROOT / "camscan" / room).glob("*.py"))
        found = [mutant for source in sources for mutant in mutants(source)]
        outcome = Outcome(len(found))
        random.Random(self.arguments.seed).shuffle(found)
        began = time.monotonic()
        functions = live_functions({str(source) for source in sources})
        unchanged = self.unchanged(items, {str(source) for source in sources}, functions)
        say(f"{room}: {len(found)} mutants in {len(sources)} files; {len(items)} tests, which take", end=" ")
        say(f"{sum(unchanged.seconds.values()):.0f} s of processor; ready after {time.monotonic() - began:.0f} s")
        self.failed += unchanged.failed
        if not unchanged.lines:
            return outcome
        items = [item for item in items if item.nodeid not in unchanged.failed]  # they would kill every mutant
        began = time.monotonic()
        wanted = found if self.arguments.sample is None else found[: self.arguments.sample]
        allowed = self.arguments.seconds / len(self.arguments.room or ROOMS) if self.arguments.seconds else float("inf")
        for mutant in wanted:
            if time.monotonic() - began > allowed:
                break
            verdict = self.verdict(mutant, items, unchanged, functions)
            if verdict is None:
                continue
            outcome.verdicts[verdict] += 1
            if verdict in {"survived", "not reached"}:
                say(f"\n{verdict}: {mutant.path.relative_to(ROOT)} {mutant.function}\n{mutant.difference()}")
        outcome.seconds = time.monotonic() - began
        return outcome

    def unchanged(self, items: Sequence[pytest.Item], files: set[str], functions: Functions) -> Unchanged:
        """Runs the tests of a room as they are, in a process of its own."""
        answer = self.scratch / "unchanged"

        caches = caches_of(functions)

        def run() -> int:
            result = Unchanged()
            for item, following in zip(items, [*items[1:], None], strict=True):
                for cache in caches:
                    cache.cache_clear()
                began = time.process_time()
                with traced(files) as lines:
                    passed = self.run(item, following)
                result.seconds[item.nodeid] = time.process_time() - began
                if not passed:
                    result.failed.append(item.nodeid)
                for line in lines:
                    result.lines.setdefault(line, []).append(item.nodeid)
            answer.write_bytes(pickle.dumps(result))
            return 0

        status = forked(run, self.scratch / "tests", wait=3600)
        if status != 0:
            return Unchanged(failed=[f"the tests of {items[0].path.name} and others end with {status}"])
        result: Unchanged = pickle.loads(answer.read_bytes())
        return result

    def verdict(
        self, mutant: Mutant, items: Sequence[pytest.Item], unchanged: Unchanged, functions: Functions
    ) -> Verdict | None:
        """The result of the tests for a mutant; None if it is not valid Python."""
        same = functions.get((str(mutant.path), mutant.function, mutant.defined))
        code = code_of(mutant)
        if not same or code is None or any(len(code.co_freevars) != len(f.__code__.co_freevars) for f in same):
            return None
        lines = ((str(mutant.path), line) for line in range(mutant.first, mutant.last + 1))
        names = {name for line in lines for name in unchanged.lines.get(line, ())}
        if not names:
            return "not reached"
        tests = sorted((item for item in items if item.nodeid in names), key=lambda i: unchanged.seconds[i.nodeid])
        seconds = sum(unchanged.seconds[item.nodeid] for item in tests)

        def run() -> int:
            for function in same:
                function.__code__ = code
            for cache in caches_of(functions):
                cache.cache_clear()
            resource.setrlimit(resource.RLIMIT_CPU, (int(3 * seconds) + 5,) * 2)
            for item, following in zip(tests, [*tests[1:], None], strict=True):
                if not self.run(item, following):
                    return 1
            return 0

        status = forked(run, self.scratch / "tests", wait=_WAIT + 10 * seconds)
        return "survived" if status == 0 else "timed out" if status in {-signal.SIGXCPU, -signal.SIGKILL} else "killed"

    def run(self, item: pytest.Item, following: pytest.Item | None) -> bool:
        """Whether a test passes, or skips."""
        self.reports.clear()
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        return not any(report.failed for report in self.reports)


Functions = dict[tuple[str, str, int], list[FunctionType]]


def live_functions(files: set[str]) -> Functions:
    """The functions of these files by file, name and first line, wherever anybody holds them."""
    functions: Functions = {}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename in files:
            code = thing.__code__
            functions.setdefault((code.co_filename, code.co_qualname, code.co_firstlineno), []).append(thing)
    return functions


def code_of(mutant: Mutant) -> CodeType | None:
    """The changed function's code; None if the change is not valid Python."""
    try:
        todo = [compile(mutant.text(), str(mutant.path), "exec", dont_inherit=True)]
    except (SyntaxError, ValueError):
        return None
    while todo:
        code = todo.pop()
        if (code.co_qualname, code.co_firstlineno) == (mutant.function, mutant.defined):
            return code
        todo += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
    return None


def caches_of(functions: Functions) -> list[functools._lru_cache_wrapper[Any]]:
    """The caches around these functions: a full one would hide from a test that it needs the function."""
    known = {id(function) for same in functions.values() for function in same}
    return [
        thing
        for thing in gc.get_objects()
        if isinstance(thing, functools._lru_cache_wrapper) and id(thing.__wrapped__) in known
    ]


@contextlib.contextmanager
def traced(files: set[str]) -> Iterator[set[Line]]:
    """Fills the lines of these files that run meanwhile."""
    lines: set[Line] = set()

    def call(frame: FrameType, event: str, argument: object) -> Any:
        del event, argument
        return line if frame.f_code.co_filename in files else None

    def line(frame: FrameType, event: str, argument: object) -> Any:
        del argument
        if event == "line":
            lines.add((frame.f_code.co_filename, frame.f_lineno))
        return line

    sys.settrace(call)
    threading.settrace(call)
    try:
        yield lines
    finally:
        sys.settrace(None)
        threading.settrace(None)


def forked(action: Callable[[], int], folder: Path, *, wait: float) -> int:
    """The exit status of a fork that does this; negative where a signal ended it. What it writes is removed."""
    folder.mkdir()
    child = os.fork()
    if not child:
        status = 70
        try:
            os.setsid()
            os.environ["PYTEST_DEBUG_TEMPROOT"] = str(folder)
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in (1, 2):
                os.dup2(nothing, stream)
            status = action()
        finally:
            os._exit(status)
    try:
        return ended(child, time.monotonic() + wait)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ended(child: int, until: float) -> int:
    """Waits for a process, and ends it and what it started when its time is over."""
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.005)


def say(text: str, end: str = "\n") -> None:
    """Print to standard output at once."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def table(outcomes: dict[str, Outcome]) -> Iterator[str]:
    """The lines of the table of results, room by room."""
    heads = f"{'mutants':>8}{'tried':>7}{'killed':>8}{'timed out':>11}{'survived':>10}{'not reached':>13}  score"
    yield f"\n{'room':<17}{heads}"
    for room, outcome in outcomes.items():
        verdicts = outcome.verdicts
        yield (
            f"{room:<17}{outcome.all:>8}{verdicts.total():>7}{verdicts['killed']:>8}{verdicts['timed out']:>11}"
            f"{verdicts['survived']:>10}{verdicts['not reached']:>13}{outcome.score:>6.0f}%"
        )


def main() -> int:
    """0 where mutants were tried and some were killed."""
    parser = argparse.ArgumentParser(description="Changes the code, and says which changes no test notices.")
    parser.add_argument("--room", action="append", choices=ROOMS, help="only this room")
    parser.add_argument("--sample", type=int, help="only so many mutants of each room")
    parser.add_argument("--seconds", type=float, help="only so long, shared by the rooms, the unchanged tests aside")
    parser.add_argument("--seed", type=int, default=1, help="which mutants are in the sample (1)")
    arguments = parser.parse_args()
    os.environ.setdefault("CAMSCAN_EXAMPLES", "5")
    files = {path for room in arguments.room or ROOMS for path in test_files(room)}
    with tempfile.TemporaryDirectory(prefix="camscan-mutants-") as scratch:
        hunt = Hunt(arguments, Path(scratch))
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--capture=sys", "-m", "not slow and not lab"]
        options += [f"--rootdir={ROOT}", f"--hypothesis-seed={arguments.seed}", "--no-header", "--no-summary"]
        pytest.main([*options, *map(str, sorted(files))], plugins=[hunt])
    for line in table(hunt.outcomes):
        say(line)
    for failure in hunt.failed:
        say(f"fails without any change: {failure}")
    killed = sum(outcome.verdicts["killed"] for outcome in hunt.outcomes.values())
    say(f"seed {arguments.seed}")
    return 0 if killed and not hunt.failed else 1


if __name__ == "__main__":
    sys.exit(main())
