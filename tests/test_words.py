"""Numbers and lists as an English sentence says them."""

from __future__ import annotations

import pytest

from camscan.words import begin_sentence, count_text, list_text, percent_text, verb


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (count_text(0), "0 devices"),
        (count_text(1), "1 device"),
        (count_text(1200), "1,200 devices"),
        (count_text(2, "entry", "entries"), "2 entries"),
        (count_text(2, "address"), "2 addresses"),
        (begin_sentence(0), "No device"),
        (begin_sentence(1), "1 device"),
        (begin_sentence(2, "site"), "2 sites"),
        (percent_text(0, 9), "0 %"),
        (percent_text(3, 1368), "under 1 %"),
        (percent_text(1, 2), "50 %"),
        (percent_text(1367, 1368), "99 %"),
        (percent_text(7, 7), "100 %"),
        (verb(1, "is", "are"), "is"),
        (verb(0, "is", "are"), "are"),
        (list_text([]), ""),
        (list_text(["a"]), "a"),
        (list_text(["a", "b"]), "a and b"),
        (list_text(["a", "b", "c"], "or"), "a, b or c"),
    ],
)
def test_as_a_sentence_says_it(said: str, wanted: str) -> None:
    assert said == wanted
