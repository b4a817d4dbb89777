"""`make bench`: what it finds, what it writes, what becomes of a case that fails. Nothing is timed here."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent / "lab"))
sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import bench
import bench_sweep
import beside
import revision
from measure import HERE, Case, Row, Tree, duration, in_turns, may_take_precedence, used


def test_every_case_has_a_name_of_its_own_and_says_how_long_it_takes() -> None:
    found = list(bench.cases())
    assert len({case.name for case in found}) == len(found)
    assert all(case.minutes > 0 and case.name != bench.EVERYTHING for case in found)
    assert {"startup", "identify", "register", "send", "memory", "masscan", "zmap", "nmap"} <= {
        case.name for case in found
    }


def test_what_takes_long_runs_only_where_it_is_named() -> None:
    unasked = bench.chosen([])
    assert sum(case.minutes for case in unasked) < 60
    assert "user-routed-16" not in {case.name for case in unasked}
    assert [case.name for case in bench.chosen(["user-routed-16", "startup"])] == ["user-routed-16", "startup"]
    assert len(bench.chosen([bench.EVERYTHING])) > len(unasked)


def test_a_case_that_there_is_not_is_named() -> None:
    with pytest.raises(SystemExit, match="no case startupp; there are: "):
        bench.chosen(["startup", "startupp"])


def test_one_table_with_as_many_columns_in_each_line() -> None:
    lines = bench.table([("a", Row("x", "1 s", kept=False)), ("b", Row("y", "2 s", "3 s", "1.5 ×", "4 s", kept=True))])
    assert {line.count("|") for line in lines.splitlines()} == {len(bench.HEADER) + 1}
    assert "**no**" in lines.splitlines()[2]
    assert lines.endswith("| yes |")


def test_a_case_that_fails_leaves_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    found, well = bench.rows(Case("no-such-case", 0.1, list))
    assert not well
    assert [row.measured for row in found] == ["failed: see standard error"]
    assert "no case no-such-case" in capfd.readouterr().err


def test_the_table_goes_to_a_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "rows", lambda case, _base: ([Row(case.name, "1 s")], True))
    kept = tmp_path / "bench.md"
    assert bench.run([Case("one", 0.1, list)], kept) == 0
    head, _, rest = kept.read_text(encoding="utf-8").partition("\n\n")
    assert "processors" in head
    assert "| one | one | 1 s |" in rest


def test_what_was_measured_before_an_interruption_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def rows(case: Case, _base: object) -> tuple[list[Row], bool]:
        if case.name == "two":
            raise KeyboardInterrupt
        return [Row(case.name, "1 s")], True

    monkeypatch.setattr(bench, "rows", rows)
    assert bench.run([Case(name, 0.1, list) for name in ("one", "two", "three")], None) == 1
    table = capsys.readouterr().out
    assert "| one | one | 1 s |" in table
    assert "three" not in table


def test_a_program_is_measured_with_its_children() -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'b = bytearray(60 << 20)'], check=True)"
    done = used(sys.executable, "-c", child)
    assert done.megabytes > 60
    assert 0 < done.processor < done.seconds * 8


def test_a_program_that_goes_on_is_interrupted() -> None:
    child = "import time\ntry: time.sleep(60)\nexcept KeyboardInterrupt: print('stopped')"
    assert used(sys.executable, "-c", child, stop=1.0).output == "stopped\n"


def test_a_program_that_fails_ends_the_case_with_its_last_words() -> None:
    with pytest.raises(SystemExit, match="ended with 7: no luck"):
        used(sys.executable, "-c", "import sys; sys.stderr.write('no luck'); sys.exit(7)")


def test_turns_are_fair() -> None:
    order: list[str] = []

    def taken(name: str) -> float:
        order.append(name)
        return 1.0

    found = in_turns(3, {name: functools.partial(taken, name) for name in "ab"})
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert found == {"a": [1.0] * 3, "b": [1.0] * 3}


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0000114, "11 µs"), (0.0021, "2.10 ms"), (0.0518, "52 ms"), (4.914, "4.91 s"), (461, "461 s")],
)
def test_durations_are_reported_as_a_person_writes_them(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_the_list_names_what_runs_only_by_name() -> None:
    line = [sys.executable, str(Path(bench.__file__)), "--list"]
    listed = subprocess.run(line, capture_output=True, text=True, check=True).stdout.splitlines()
    (long,) = (line for line in listed if line.startswith("user-routed-16 "))
    assert long.endswith("only by name")


BASE = Tree("before", HERE.root, sys.executable)
RUN = bench_sweep.Run(4.0, 100.0, 2.0, {"10.77.0.1": "dahua"}, {"10.77.0.1"}, 500, 50)
UNITS: Sequence[Mapping[str, Any]] = [
    {"ip": "10.77.0.1", "maker": "dahua", "hostile": False},
    {"ip": "10.77.0.2", "maker": None, "hostile": False},
]
COUNCIL = next(network for network in bench_sweep.NETWORKS if network.name == "council-fast")


def compared(here: Sequence[bench_sweep.Run | None], there: Sequence[bench_sweep.Run | None]) -> dict[str, Row]:
    up = bench_sweep.Estate(None, UNITS)  # type: ignore[arg-type]  # only its truth is read
    rows = beside.rows(COUNCIL, up, {HERE: here, BASE: there}, BASE)
    return {row.what.rpartition(": ")[2]: row for row in rows}


def test_two_revisions_are_compared_by_ratios_of_medians() -> None:
    there = [replace(RUN, seconds=seconds, packets=1000) for seconds in (7.0, 8.0, 12.0)]
    rows = compared([RUN, replace(RUN, makers={}, sure=()), RUN], there)
    assert rows["time"] == Row(f"{COUNCIL.what}, `fast`: time", "4.00 s", "before: 8.00 s (7.00 s to 12.0 s)", "0.50 ×")
    assert (rows["packets sent a unit"].measured, rows["packets sent a unit"].ratio) == ("250.0", "0.50 ×")
    assert rows["connections a unit"].ratio == rows["memory"].ratio == "1.00 ×"
    assert rows["units found"].measured == "0 of 1 (0 of 1 to 1 of 1)"
    assert [rows[name].kept for name in ("units found", "right maker", "time")] == [False, False, None]


def test_a_revision_that_does_not_end_has_no_ratio() -> None:
    rows = compared([RUN, RUN], [RUN, None])
    assert {row.ratio for row in rows.values()} == {""}
    assert rows["time"].measured == "4.00 s"
    assert rows["time"].beside == "before: stopped after 60 s"


def test_who_was_stopped_has_no_more_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []

    def scan(*_arguments: object, tree: Tree, **_options: object) -> bench_sweep.Run | None:
        turns.append(tree.name)
        return None if turns.count("before") == 2 and tree is BASE else RUN

    monkeypatch.setattr(beside, "scan", scan)
    up = bench_sweep.Estate(None, UNITS)  # type: ignore[arg-type]  # nobody scans it
    runs = beside.taken(up, COUNCIL, (HERE, BASE), 4)
    here = HERE.name
    assert turns == [here, "before", "before", here, here, here]
    assert runs == {HERE: [RUN] * 4, BASE: [RUN, None]}


def test_hostile_devices_that_the_other_revision_did_not_know_are_left_out(tmp_path: Path) -> None:
    known = tmp_path / beside.DEVICES
    known.mkdir(parents=True)
    for path in (HERE.root / beside.DEVICES).glob("*.py"):
        if path.stem not in {"hostile_hello_request", "axis_q1615"}:
            (known / path.name).touch()
    assert beside.unknown_to(Tree("old", tmp_path, "")) == ["hostile_hello_request"]
    assert not beside.unknown_to(HERE)


def test_beside_another_revision_only_networks_run_and_unasked_the_council() -> None:
    base = bench.Beside("v1", 3)
    assert [case.name for case in bench.chosen([], base)] == ["council-fast", "council-normal", "council-gentle"]
    assert [case.name for case in bench.chosen(["routed-16"], base)] == ["routed-16"]
    with pytest.raises(SystemExit, match="no case identify that runs beside another revision; there are: council-fast"):
        bench.chosen(["identify"], base)


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose first commit makes its environment, and whose second cannot."""
    there = tmp_path / "repository"
    tool = there / "tools" / "environment"
    tool.parent.mkdir(parents=True)
    monkeypatch.setattr(revision, "ROOT", there)
    git = functools.partial(subprocess.run, cwd=there, check=True, capture_output=True)
    git(["git", "init", "-q"])
    for text in ("mkdir -p .venv/bin && ln -s $PYTHON .venv/bin/python && echo $1 > made", "echo no index >&2; exit 1"):
        tool.write_text(f"#!/bin/sh\n{text}\n")
        tool.chmod(0o755)
        git(["git", "add", "."])
        git(["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x"])
    return there


def worktrees(repository: Path) -> int:
    line = ["git", "worktree", "list", "--porcelain"]
    listed = subprocess.run(line, cwd=repository, check=True, capture_output=True, text=True).stdout
    return listed.count("worktree ")


def test_another_revision_makes_its_own_environment_and_leaves_nothing(history: Path) -> None:
    with revision.checked_out("HEAD~1") as tree:
        assert (tree.root / "made").read_text() == "link\n"
        assert subprocess.run([tree.python, "-c", ""], check=False).returncode == 0
        assert worktrees(history) == 2
    assert not tree.root.parent.exists()
    assert worktrees(history) == 1


def test_what_a_killed_run_left_behind_goes_with_the_next(history: Path, tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    left, own = (tmp_path / f"{revision.STEM}-{owner}-x" / "tree" for owner in (gone.pid, os.getpid()))
    for place in (left, own):
        line = ["git", "worktree", "add", "--detach", "-q", str(place)]
        subprocess.run(line, cwd=history, check=True, capture_output=True)
    revision.clear()
    assert (left.parent.exists(), own.exists()) == (False, True)


@pytest.mark.parametrize(("name", "words"), [("HEAD", "no index"), ("nowhere", "no revision nowhere here")])
def test_a_revision_that_cannot_be_had_is_one_line(history: Path, name: str, words: str) -> None:
    with pytest.raises(SystemExit, match=words), revision.checked_out(name):
        pass
    assert worktrees(history) == 1


def test_a_program_that_ignores_an_interruption_is_killed() -> None:
    child = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    done = used(sys.executable, "-c", child, stop=1.0, grace=0.2)
    assert done.stopped
    assert done.seconds < 20


def test_asking_for_precedence_changes_nothing() -> None:
    before = os.sched_getscheduler(0)
    may_take_precedence()
    assert os.sched_getscheduler(0) == before


def test_a_maker_that_only_a_mac_gives_away_is_not_sure() -> None:
    rows = compared([replace(RUN, sure=())], [RUN])
    assert (rows["right maker"].kept, rows["right maker, confirmed or probable"].kept) == (True, False)
