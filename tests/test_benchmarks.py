"""`make bench`: what it finds, what it writes, what becomes of a case that fails. Nothing is timed here."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import bench
from measure import Case, Row, duration, in_turns, used


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
    monkeypatch.setattr(bench, "rows", lambda case: ([Row(case.name, "1 s")], True))
    kept = tmp_path / "bench.md"
    assert bench.run([Case("one", 0.1, list)], kept) == 0
    head, _, rest = kept.read_text(encoding="utf-8").partition("\n\n")
    assert "processors" in head
    assert "| one | one | 1 s |" in rest


def test_what_was_measured_before_an_interruption_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def rows(case: Case) -> tuple[list[Row], bool]:
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
def test_durations_are_told_as_a_person_writes_them(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_the_list_names_what_runs_only_by_name() -> None:
    line = [sys.executable, str(Path(bench.__file__)), "--list"]
    listed = subprocess.run(line, capture_output=True, text=True, check=True).stdout.splitlines()
    (long,) = (line for line in listed if line.startswith("user-routed-16 "))
    assert long.endswith("only by name")
