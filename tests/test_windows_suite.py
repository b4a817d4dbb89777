"""The list of what is tested on Windows names files that are there."""

from __future__ import annotations

import ast
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
    file, _, wanted = pattern.partition(".py::")
    assert file in FILES
    assert wanted.startswith("*") or fnmatch.filter(functions_of(file), wanted), "no test of that file has such a name"


def functions_of(file: str) -> list[str]:
    """``Class::test`` or ``test``, of every test of a file."""
    body = ast.parse((Path(__file__).parent / f"test_{file}.py").read_text(encoding="utf-8")).body
    found = []
    for node in body:
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        within = node.body if isinstance(node, ast.ClassDef) else [node]
        functions = (each for each in within if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
        found += [prefix + each.name for each in functions]
    return found


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
