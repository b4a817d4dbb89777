"""Rebrand prefixes against model names that users typed (``CAMSCAN_USER_LISTS``, a directory of ``<brand>.json``).

The lists are not part of this repository: ``data/brands`` of ``eduard256/Strix`` on GitHub (MIT), before its commit
2711790. Users type junk, so the figures say what share of real badges a prefix finds, not whether it is right.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from camscan import fingerprints

LISTS = Path(os.environ.get("CAMSCAN_USER_LISTS", ""))

pytestmark = pytest.mark.skipif(
    not (LISTS / "safire.json").is_file(), reason="CAMSCAN_USER_LISTS names no directory with lists of typed models"
)


def models(name: str) -> list[str]:
    root = json.loads((LISTS / f"{name}.json").read_text(encoding="utf-8"))
    return sorted({model for entry in root["entries"] for model in entry["models"]})


@pytest.mark.parametrize(
    ("name", "brand", "right", "total"),
    [
        ("safire", "Safire", 11, 13),
        ("truvision", "TruVision", 19, 29),
        ("cp-plus", "CP Plus", 53, 84),
        ("alibi", "Alibi", 24, 35),
        # 58 with the prefixes PTZIP and VSIP, whose maker is not verified: they are left out.
        ("lts", "LTS", 54, 79),
    ],
)
def test_the_share_of_typed_models_that_a_prefix_finds(name: str, brand: str, right: int, total: int) -> None:
    database = fingerprints.load_database()
    typed = models(name)
    found = [
        model
        for model in typed
        if any(match.claims.get("brand") == brand for match in database.match_decided({}, {"id.model": model}))
    ]
    assert len(typed) == total
    assert len(found) >= right


@pytest.mark.parametrize("name", ["hikvision", "dahua"])
def test_no_typed_model_of_a_maker_is_called_the_other_s(name: str) -> None:
    database = fingerprints.load_database()
    other = "dahua" if name == "hikvision" else "hikvision"
    wrong = [
        model
        for model in models(name)
        if any(match.claims.get("maker") == other for match in database.match_decided({}, {"id.model": model}))
    ]
    assert len(wrong) <= 0.02 * len(models(name)), wrong
