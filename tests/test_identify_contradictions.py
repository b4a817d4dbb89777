"""Contradictions as sentences: makers by their names, lines of another form unchanged."""

from __future__ import annotations

import pytest

from camscan.identify.contradictions import describe_contradiction


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "maker: hipcam (0.72) or hikvision (0.20)",
            "Contradiction about its maker: Hipcam (72%) or Hikvision (20%)",
        ),
        (
            "serial: 123 (http.body = 123) or 456 (sadp.serial = 456)",
            "Contradiction about its serial number: 123 (http.body = 123) or 456 (sadp.serial = 456)",
        ),
        ("shares serial 123 with another address", "shares serial 123 with another address"),
        ("nonsense: 1", "nonsense: 1"),
    ],
)
def test_a_contradiction_is_a_sentence(line: str, sentence: str) -> None:
    assert describe_contradiction(line) == sentence
