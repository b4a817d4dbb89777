"""The list of what is tested on Windows names files that are there."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest
from windows.suite import ELSEWHERE, FILES, LEFT_OUT, SMOKE, elsewhere
from windows.summary import write_summary

NAMES = sorted(path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py"))


def test_every_file_is_run_there_or_has_a_reason() -> None:
    assert set(FILES) | set(elsewhere()) == set(NAMES) | set(FILES)
    assert set(FILES) <= set(NAMES)
    assert set(SMOKE) <= set(FILES)
    assert len(FILES) == len(set(FILES))


@pytest.mark.parametrize("pattern", ELSEWHERE)
def test_a_reason_is_for_a_file_that_is_there(pattern: str) -> None:
    assert fnmatch.filter(elsewhere(), pattern)


@pytest.mark.parametrize("pattern", LEFT_OUT)
def test_what_is_left_out_is_of_a_file_that_is_run_there(pattern: str) -> None:
    assert pattern.partition(".py::")[0] in FILES


def test_the_summary_has_every_number_and_reason() -> None:
    results = {
        "passed": 1234,
        "failed": ["tests/test_x.py::test_y"],
        "skipped": [["a.py::b", "no\n such"], ["a.py::c", "no such"]],
    }
    text = write_summary(results, {"house": "of Linux"}, "Windows", ["demo: 102 devices"])
    assert "1,234 tests passed, 1 failed, 2 were skipped." in text
    assert "| 2 | no such |" in text
    assert "| `test_house.py` | of Linux |" in text
    assert "- demo: 102 devices" in text
    assert "- failed: `tests/test_x.py::test_y`" in text
