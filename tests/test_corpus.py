"""Identification against labelled replies that are not part of this repository (``CAMSCAN_CORPUS``).

A second file, ``replies-2026-11.jsonl``, is read where it lies beside the first.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from corpus_table import Row, measures, rows

PLACE = os.environ.get("CAMSCAN_CORPUS", "")
SECOND = "replies-2026-11.jsonl"

pytestmark = pytest.mark.skipif(not PLACE, reason="CAMSCAN_CORPUS does not name a file of labelled replies")

UNMARKED = {
    "retina-dahua_play": "a reply to PLAY, of headers that every RTSP server sends",
    "iss-camio-94": "a MAC prefix of a maker of Wi-Fi modules, which sit in cameras of several makers",
    "mac-38c4e803b3e2": "a MAC prefix of no camera maker",
    "hk-http-k1a-root": "three headers that every web server may send, and no page",
}
"""Rows of the two makers whose payload holds no mark of anybody -> why."""

Measures = dict[str, tuple[int, int, list[Row]]]


@pytest.fixture(scope="module", params=["first", "second"])
def corpus(request: pytest.FixtureRequest) -> tuple[str, Measures]:
    path = Path(PLACE) if request.param == "first" else Path(PLACE).with_name(SECOND)
    if not path.is_file():
        pytest.skip(f"{path.name} does not lie beside the file that CAMSCAN_CORPUS names")
    return request.param, measures(rows(path))


@pytest.mark.parametrize(
    ("measure", "least"),
    [
        ("no false accusation", (1.0, 1.0)),
        ("no non-camera called a camera", (1.0, 1.0)),
        ("ours named, real replies", (0.95, 0.95)),
        ("model exact, ours", (1.0, 1.0)),
        ("firmware exact, ours", (1.0, 0.90)),
        ("serial exact, ours", (1.0, 1.0)),
        ("other cameras named", (0.90, 1.0)),
    ],
)
def test_measure(corpus: tuple[str, Measures], measure: str, least: tuple[float, float]) -> None:
    which, found = corpus
    right, total, missed = found[measure]
    assert right >= least[which == "second"] * total, [row.id for row in missed]


def test_every_reply_of_the_two_makers_that_holds_a_mark_is_named(corpus: tuple[str, Measures]) -> None:
    _, _, missed = corpus[1]["ours named, all"]
    assert {row.id for row in missed} <= UNMARKED.keys()
