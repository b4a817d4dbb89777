"""Numbers and lists as an English sentence says them."""

from __future__ import annotations

import pytest

from camscan.words import begin_sentence, counted, listed, verb


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (counted(0), "0 devices"),
        (counted(1), "1 device"),
        (counted(1200), "1,200 devices"),
        (counted(2, "entry", "entries"), "2 entries"),
        (counted(2, "address"), "2 addresses"),
        (begin_sentence(0), "No device"),
        (begin_sentence(1), "1 device"),
        (begin_sentence(2, "site"), "2 sites"),
        (verb(1, "is", "are"), "is"),
        (verb(0, "is", "are"), "are"),
        (listed([]), ""),
        (listed(["a"]), "a"),
        (listed(["a", "b"]), "a and b"),
        (listed(["a", "b", "c"], "or"), "a, b or c"),
    ],
)
def test_as_a_sentence_says_it(said: str, wanted: str) -> None:
    assert said == wanted
