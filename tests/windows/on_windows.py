"""A plugin of pytest: leaves out what cannot be on Windows, each with its reason, and writes down what was left out."""

from __future__ import annotations

import fnmatch
import json
import os
from pathlib import Path

import pytest

from windows.suite import LEFT_OUT

RESULTS = "CAMSCAN_WINDOWS_RESULTS"
"""Environment variable that names the file for the results."""
WANTED = "CAMSCAN_WINDOWS_FILES"
"""The names of the files that are run, with spaces between them; without it, those on the command line."""


def name_of(node: str) -> str:
    """The part of a test's name after ``tests/test_``, as the patterns have it."""
    return node.replace("\\", "/").removeprefix("tests/test_")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out every file that is not wanted: of many files that are named, pytest compares each with all others."""
    wanted = os.environ.get(WANTED, "").split()
    if not wanted or collection_path.name == "tests":
        return None
    return collection_path.is_dir() or collection_path.name not in wanted or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that are left out."""
    for item in items:
        for pattern, reason in LEFT_OUT.items():
            if fnmatch.fnmatchcase(name_of(item.nodeid), pattern):
                item.add_marker(pytest.mark.skip(reason=reason))
                break


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the results down: how many passed and failed, and each that was skipped with its reason."""
    if path := os.environ.get(RESULTS):
        stats = terminalreporter.stats
        skipped = [
            (name_of(one.nodeid), str(one.longrepr[2]).removeprefix("Skipped: ")) for one in stats.get("skipped", [])
        ]
        wrong = [one.nodeid for kind in ("failed", "error") for one in stats.get(kind, [])]
        found = {"passed": len(stats.get("passed", [])), "failed": wrong, "skipped": skipped}
        Path(path).write_text(json.dumps(found), encoding="utf-8")
