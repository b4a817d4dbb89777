"""Registers of very many devices: time and memory of whole commands, where wanted beside another revision.

Each register is poured in by the revision that reads it (``wide_register.py``), so that one which is slow at recording
can be measured too. A command that has not ended after ten minutes is stopped.
"""

from __future__ import annotations

import functools
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pg_server
from measure import HERE, Case, Row, Tree, Usage, duration, median, used
from wide_register import AT_A_SITE, DAYS_BETWEEN, FIRST, Unit, address, environment, make, scan_of, units

LIMIT = 600
"""Seconds that one command has."""
_PROGRAM = """
import os, sys
try:
    from camscan.__main__ import main
    main()
except SystemExit as end:
    sys.exit(end.code if end.code not in (None, 0, 1) else 0)
"""
"""The program as it is installed; an old one runs when it is imported. ``diff`` ends with 1 if it found something."""
RECORDER = Path(__file__).with_name("record_scan.py")


@dataclass(frozen=True, slots=True)
class Wide:
    """A register of so many devices."""

    devices: int
    on_server: bool = False

    @property
    def name(self) -> str:
        """Of the case."""
        return f"wide-{self.devices // 1000}k{'-postgresql' if self.on_server else ''}"


SIZES = (Wide(20_000), Wide(50_000), Wide(200_000, on_server=True))


def commands(wide: Wide, folder: Path) -> Mapping[str, Sequence[str]]:
    """What each is called, and its arguments; those that write come last."""
    month = f"{FIRST + timedelta(days=2 * DAYS_BETWEEN - 1):%Y-%m-%d}"
    there = str(folder / "written")
    return {
        "show DEVICE": ("show", address(wide.devices // 2)),
        "plan status": ("plan", "status"),
        "show": ("show",),
        "show --site": ("show", "--site", "Site 7"),
        "show --csv": ("show", "--csv", there),
        "show --json": ("show", "--json", there),
        "plan status --json": ("plan", "status", "--json"),
        "diff --since": ("diff", "--since", month),
        "diff --since, every device changed": ("diff", "--since", f"{FIRST:%Y-%m-%d}", "--all"),
        "sites list": ("sites", "list"),
        "foi": ("foi", f"{there}-foi", "--force"),
        "register export --view full, CSV": ("register", "export", "--view", "full", f"{there}.csv"),
        "register export --view full, .ods": ("register", "export", "--view", "full", f"{there}.ods"),
        "export servicenow": ("export", "servicenow", f"{there}-now.csv"),
        "export ocsf": ("export", "ocsf", f"{there}.ndjson"),
        "plan status --by site": ("plan", "status", "--by", "site"),
        "report, HTML": ("report", f"{there}.html"),
        "register reidentify": ("register", "reidentify"),
        "register reidentify --apply": ("register", "reidentify", "--apply"),
    }


def run(tree: Tree, where: str, arguments: Sequence[str]) -> Usage:
    """A whole command of that revision; what it wrote before is gone."""
    if Path(arguments[-1]).is_absolute():
        Path(arguments[-1]).unlink(missing_ok=True)
    return _used(tree, "-c", _PROGRAM, *arguments, "--register", where)


def record(tree: Tree, where: str, file: Path) -> Usage:
    """A scan that is recorded and counted by that revision; of the time, only that of recording."""
    usage = _used(tree, str(RECORDER), where, str(file))
    if usage.stopped:
        return usage
    if usage.code:
        raise SystemExit(usage.errors[-500:])
    told = json.loads(usage.output.splitlines()[-1])
    return Usage(0, told["seconds"], told["processor"], told["megabytes"], "", "")


def _used(tree: Tree, *line: str) -> Usage:
    kept = os.environ.copy()
    os.environ.update(environment(tree))
    try:
        return used(tree.python, "-P", *line, stop=LIMIT, codes=range(256))
    finally:
        os.environ.clear()
        os.environ.update(kept)


def measure(wide: Wide, trees: Sequence[Tree] = (HERE,), turns: int = 1) -> Iterator[Row]:
    """Every command and two scans, by each revision on a register of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made_of = units(folder)
        files = _scans(folder, made_of, wide)
        if wide.on_server:
            with pg_server.running() as server:
                yield from _measure(wide, _made(wide, {tree: server.place() for tree in trees}, made_of), files, turns)
        else:
            places = {tree: str(folder / f"{number}.db") for number, tree in enumerate(trees)}
            yield from _measure(wide, _made(wide, places, made_of), files, turns)


def _made(wide: Wide, places: Mapping[Tree, str], made_of: Sequence[Unit]) -> Mapping[Tree, str]:
    for tree, where in places.items():
        make(where, made_of, wide.devices, tree)
    return places


def _scans(folder: Path, made_of: Sequence[Unit], wide: Wide) -> Mapping[str, Path]:
    """What is recorded: the scan of one site before everything, which upgrades the register, and two that count."""
    everybody = range(min(wide.devices, 50_000))
    wanted = {
        "first": (range(AT_A_SITE), "Site 0"),
        f"record a scan of one site, {AT_A_SITE} devices": (range(AT_A_SITE), "Site 0"),
        f"record a scan of {len(everybody):,} devices": (everybody, ""),
    }
    files = {}
    for number, (what, (numbers, site)) in enumerate(wanted.items()):
        files[what] = folder / f"scan-{number}.json"
        scan = scan_of(made_of, numbers, wide.devices, f"again-{number}", site)
        files[what].write_text(json.dumps(scan), encoding="utf-8")
    return files


def _measure(wide: Wide, places: Mapping[Tree, str], files: Mapping[str, Path], turns: int) -> Iterator[Row]:
    for tree, where in places.items():
        record(tree, where, files["first"])
    for what, arguments in commands(wide, files["first"].parent).items():
        several = 1 if "--apply" in arguments else turns
        yield _row(wide, what, places, functools.partial(run, arguments=arguments), several)
    for what, file in files.items():
        if what != "first":
            yield _row(wide, what, places, functools.partial(record, file=file), 1)


def _row(wide: Wide, what: str, places: Mapping[Tree, str], act: Callable[[Tree, str], Usage], turns: int) -> Row:
    """One line: this revision, and the other one beside it; they take turns."""
    taken: dict[Tree, list[Usage]] = {tree: [] for tree in places}
    for turn in range(turns):
        for tree in [*places][:: -1 if turn % 2 else 1]:
            if not any(usage.stopped for usage in taken[tree]):
                taken[tree].append(act(tree, places[tree]))
    where = "PostgreSQL" if wide.on_server else "SQLite"
    named = f"{wide.devices:,} devices, {where}: {what if what.startswith('record') else f'`{what}`'}"
    texts = {tree: _text(usages) for tree, usages in taken.items()}
    others = [tree for tree in places if tree is not HERE]
    if not others:
        return Row(named, texts[HERE])
    (base,) = others
    ratio = ""
    if not any(usage.stopped or usage.code for usages in taken.values() for usage in usages):
        here, there = (median([usage.seconds for usage in taken[tree]]) for tree in (HERE, base))
        ratio = f"{here / there:.2f} × its time"
    return Row(named, texts[HERE], f"{base.name}: {texts[base]}", ratio)


def _text(usages: Sequence[Usage]) -> str:
    if usages[-1].stopped:
        return f"stopped after {LIMIT} s"
    if usages[-1].code:
        return "not in it"
    seconds = median([usage.seconds for usage in usages])
    processor = median([usage.processor for usage in usages])
    memory = max(each.megabytes for each in usages)
    return f"{duration(seconds)}, {duration(processor)} of processor, {memory:.0f} MB"


def beside(base: Tree | None, turns: int) -> list[Case]:
    """The cases beside another revision."""
    trees = (HERE, base) if base else (HERE,)
    return [
        Case(each.name, each.devices / 4000, functools.partial(measure, each, trees, turns), asked_for=True)
        for each in SIZES
        if not each.on_server or pg_server.program("initdb")
    ]


CASES = tuple(beside(None, 1))
