"""``make bench``: runs the benchmarks and writes one Markdown table, with the machine and the date.

::

    python tests/benchmarks/bench.py                    everything but what only runs when it is named
    python tests/benchmarks/bench.py identify register  these
    python tests/benchmarks/bench.py all                really everything
    python tests/benchmarks/bench.py --list             what there is, and how long it takes
    python tests/benchmarks/bench.py --base REVISION    another revision beside this one, on the same networks

The table goes to standard output and, with ``--output FILE`` or ``CAMSCAN_BENCH_OUTPUT``, to a file; what is under
way, to standard error. Each case is a process of its own with a limit of time: one that fails leaves a line in the
table, the others still run, and the exit code is 1. A missed aim is told and is no failure. Where root may, cases go
before whatever else the machine does; the first line of the output says whether they did.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from measure import ROOT, Case, Row, Tree, may_take_precedence, take_precedence
from revision import checked_out

HERE = Path(__file__).resolve().parent
EVERYTHING = "all"
HEADER = ("case", "what", "measured", "beside it", "ratio", "aim", "kept")


@dataclass(frozen=True, slots=True)
class Beside:
    """Another revision, and how often both take their turn."""

    name: str
    turns: int
    tree: Tree | None = None
    """None until it is checked out."""

    @property
    def options(self) -> Sequence[str]:
        """The command line of a process that measures it."""
        assert self.tree
        return ("--base", self.name, "--base-tree", str(self.tree.root), "--turns", str(self.turns))


def cases(base: Beside | None = None) -> Iterator[Case]:
    """Every case of every ``bench_*.py`` beside this file; they share the tests' replies and laboratory.

    With another revision, the networks that both can scan.
    """
    sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent), str(HERE.parent / "lab")]
    if base:
        yield from importlib.import_module("beside").cases(base.tree, base.turns)
        return
    for path in sorted(HERE.glob("bench_*.py")):
        yield from importlib.import_module(path.stem).CASES


def chosen(names: Sequence[str], base: Beside | None = None) -> list[Case]:
    """The cases of these names, or those that run unasked. A name that there is not ends the program."""
    known = {case.name: case for case in cases(base)}
    if unknown := [name for name in names if name not in {*known, EVERYTHING}]:
        beside = " that runs beside another revision" if base else ""
        raise SystemExit(f"bench: no case {', '.join(unknown)}{beside}; there are: {', '.join(known)}")
    if EVERYTHING in names:
        return list(known.values())
    return [known[name] for name in names] or [case for case in known.values() if not case.asked_for]


def rows(case: Case, base: Beside | None = None) -> tuple[list[Row], bool]:
    """Run one case in a process of its own; its rows, and whether it went well."""
    line = [sys.executable, str(HERE / "bench.py"), "--here", case.name, *(base.options if base else ())]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    limit = case.minutes * 240 + 60
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # its namespaces go with it
        output, _ = process.communicate()
        return [*_read(output), Row("", f"stopped after {limit:.0f} s")], False
    if process.returncode:
        return [*_read(output), Row("", "failed: see standard error")], False
    return _read(output), True


def _read(output: str) -> list[Row]:
    return [Row(**json.loads(line)) for line in output.splitlines()]


def run_here(name: str, base: Beside | None = None) -> None:
    """Run one case in this process; its rows as JSON Lines."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or every start of camscan compiles it
    (case,) = chosen([name], base)
    take_precedence()
    try:
        for row in case.measure():
            sys.stdout.write(json.dumps(asdict(row)) + "\n")
            sys.stdout.flush()
    except pytest.skip.Exception as why:  # the laboratory's way to say that this machine allows none
        sys.stdout.write(json.dumps(asdict(Row("", f"skipped: {why}"))) + "\n")


def machine() -> str:
    """What the figures were measured on, and when, as a sentence."""
    model = next(
        (line.partition(":")[2].strip() for line in _text("/proc/cpuinfo").splitlines() if "model name" in line),
        platform.machine(),
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    load = f"{os.getloadavg()[0]:.1f}"
    today = datetime.now(UTC).astimezone()
    return (
        f"{model}, {os.cpu_count()} processors, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, camscan {commit.stdout.strip() or 'without git'}, "
        f"{today.day} {today:%B %Y, %H:%M %Z}, load before it {load}, {precedence()}"
    )


def precedence() -> str:
    """Whether other work on the machine can be seen in the times."""
    if may_take_precedence():
        return "with precedence over other programs"
    return "**without precedence over other programs: times mean nothing where others use the machine too**"


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def table(found: Sequence[tuple[str, Row]]) -> str:
    lines = [HEADER, tuple("---" for _ in HEADER)]
    for name, row in found:
        kept = {True: "yes", False: "**no**", None: ""}[row.kept]
        lines.append((name, row.what, row.measured, row.beside, row.ratio, row.aim, kept))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"which to run, or '{EVERYTHING}'")
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    parser.add_argument("--output", type=Path, default=os.environ.get("CAMSCAN_BENCH_OUTPUT"), help="a file as well")
    parser.add_argument("--base", metavar="REVISION", help="run another revision beside this one, turn by turn")
    parser.add_argument("--turns", type=int, default=3, metavar="N", help="turns of each revision (3)")
    parser.add_argument("--base-tree", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--here", metavar="CASE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    base = _beside(options)
    if options.here:
        run_here(options.here, base)
        return 0
    if options.list:
        for case in cases(base):
            asked = "   only by name" if case.asked_for else ""
            sys.stdout.write(f"{case.name:24} {case.minutes:5.1f} min{asked}\n")
        return 0
    todo = chosen(options.cases, base)
    if base is None:
        return run(todo, options.output)
    _say(f"makes the environment of {base.name}: about a minute")
    with checked_out(base.name) as tree:
        return run(todo, options.output, replace(base, tree=tree))


def _beside(options: argparse.Namespace) -> Beside | None:
    if not options.base:
        return None
    root = options.base_tree
    tree = Tree(options.base, root, str(root / ".venv" / "bin" / "python")) if root else None
    return Beside(options.base, max(1, options.turns), tree)


def run(todo: Sequence[Case], output: Path | None, base: Beside | None = None) -> int:
    """Run cases one after another and write the table; 1 where one failed."""
    minutes = sum(case.minutes for case in todo)
    _say(f"{len(todo)} cases, about {max(minutes, 1):.0f} minutes: {', '.join(case.name for case in todo)}")
    head, began, well = machine(), time.monotonic(), True
    found: list[tuple[str, Row]] = []
    try:
        for case in todo:
            _say(f"{case.name} (about {case.minutes:g} min)")
            more, good = rows(case, base)
            found += [(case.name, row) for row in more]
            well &= good
    except KeyboardInterrupt:  # what was measured until then is kept
        _say("interrupted")
        well = False
    beside = f"; beside {base.name}, {base.turns} turns each" if base else ""
    text = f"{head}{beside}; {(time.monotonic() - began) / 60:.0f} min in all.\n\n{table(found)}\n"
    sys.stdout.write(text)
    if output:
        output.write_text(text, encoding="utf-8")
    return 0 if well else 1


def _say(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
