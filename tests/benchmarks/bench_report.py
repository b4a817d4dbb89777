"""How long the report takes, the whole command with the start of Python, and how large it is.

Of 2,000 devices at ten sites in the middle of their programme (``tests/reported.py``), and of the register of years
with 20,000 (``big_register``) under a decision that has them all in scope.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import reported
from big_register import DEVICES, fill
from measure import Case, Row, duration, median, used

from camscan.app import assess

REPEATS = 5
FEW = 2_000
PROGRAM = """
import sys
from datetime import date
from camscan.app import assess
assess.today_utc = lambda: date(2026, 11, 30)
from camscan.cli import main
main(sys.argv[1:])
"""
"""The command on the day of the register: on another day every line would be made anew."""


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        reported.fill(Path(folder), FEW)
        yield from of_register(folder, FEW, ("report.html",), aim=1.0, largest=500_000)
        yield from of_register(folder, FEW, ("report.ods",))
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder, "camscan.db"))
        Path(folder, "camscan.yaml").write_text(reported.DECISION, encoding="utf-8")
        yield from of_register(folder, DEVICES, ("report.html", "--devices"), aim=5.0, largest=3_500_000)
        yield from of_register(folder, DEVICES, ("report.html",), aim=5.0)
        yield from of_register(folder, DEVICES, ("report.ods",))


def of_register(
    folder: str, devices: int, arguments: Sequence[str], *, aim: float | None = None, largest: int | None = None
) -> Iterator[Row]:
    """The first time, which may write lines, is not counted."""
    where = ("--force", "--register", f"{folder}/camscan.db", "--config", f"{folder}/camscan.yaml")
    file, *options = arguments
    command = (sys.executable, "-c", PROGRAM, "report", f"{folder}/{file}", *options, *where)
    found = [used(*command) for _ in range(REPEATS + 1)][1:]
    seconds, processor = median([each.seconds for each in found]), median([each.processor for each in found])
    what = f"`camscan report {' '.join(arguments)}` of {devices:,} devices"
    aimed = {"aim": duration(aim), "kept": seconds < aim} if aim else {}
    yield Row(what, duration(seconds), f"{duration(processor)} of processor", **aimed)  # type: ignore[arg-type]  # two members
    size = Path(folder, file).stat().st_size
    bounded = {"aim": f"{largest / 1000:,.0f} KB", "kept": size < largest} if largest else {}
    yield Row(f"size of that {file}", f"{size / 1000:,.0f} KB", **bounded)  # type: ignore[arg-type]  # two members


CASES = (Case("report", 4, measure),)
