"""Programs that run for months take no more memory from day to day."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from camscan.register import open_register


@pytest.mark.parametrize("kind", ["file", "server"])
def test_opening_a_register_again_leaves_little_behind(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    """A worker opens it once a second: an engine for each time left 80 objects, and more for each statement."""
    place = tmp_path / "camscan.db" if kind == "file" else request.getfixturevalue("postgresql_at")
    for _ in range(2):
        with open_register(place) as book:
            book.size()
    gc.collect()
    gc.disable()
    try:
        before, handlers = len(gc.get_objects()), len(logging.getLogger("psycopg").handlers)
        for _ in range(10):
            with open_register(place) as book:
                book.size()
        left = (len(gc.get_objects()) - before) / 10
    finally:
        gc.enable()
    assert len(logging.getLogger("psycopg").handlers) == handlers
    assert left < 20, f"{left} objects of each opening wait for the garbage collector"


def test_a_program_that_runs_for_months_looks_for_garbage_often() -> None:
    """What is loaded is looked through no more; what comes after it is, from ten thousand new objects on."""
    code = (
        "import gc; gc.set_threshold(90_000); from camscan.memory import keep_memory_flat; keep_memory_flat(); "
        "print(gc.get_threshold()[0], gc.get_freeze_count() > 3000, len(gc.get_objects()) < 1000)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["10000", "True", "True"]
