"""Identification against labelled replies that are not part of this repository (``CAMSCAN_CORPUS``)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from corpus_table import Row, measures, rows

PLACE = os.environ.get("CAMSCAN_CORPUS", "")

pytestmark = pytest.mark.skipif(not PLACE, reason="CAMSCAN_CORPUS does not name a file of labelled replies")


@pytest.fixture(scope="module")
def found() -> dict[str, tuple[int, int, list[Row]]]:
    return measures(rows(Path(PLACE)))


@pytest.mark.parametrize(
    ("measure", "least"),
    [
        ("no false accusation", 1.0),
        ("no non-camera called a camera", 1.0),
        ("ours named, real replies", 0.90),
        ("model exact, ours", 0.95),
        ("firmware exact, ours", 0.95),
        ("serial exact, ours", 0.95),
        ("other cameras named", 0.85),
    ],
)
def test_measure(found: dict[str, tuple[int, int, list[Row]]], measure: str, least: float) -> None:
    right, total, missed = found[measure]
    assert right >= least * total, [row.id for row in missed]
