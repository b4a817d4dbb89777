"""The capability rules against datasheet records that are not part of this repository (``CAMSCAN_DATASHEETS``)."""

from __future__ import annotations

import pytest
from capability_table import RULES, Agreement, claims, letters, place, sheets

from camscan import fingerprints

PLACE = place()

pytestmark = pytest.mark.skipif(PLACE is None, reason="CAMSCAN_DATASHEETS does not name a file of datasheet records")

LEAST = {
    "7 + G": 0.86,
    "6 + G1": 1.0,
    "3 + G2": 1.0,
    "LI:": 0.93,
    "U:": 1.0,
    "Z:": 1.0,
    "/SL": 1.0,
    "series 2 and 3, every": 0.86,
    "series 2 and 3, generation": 0.97,
    "9:": 0.93,
    "-Z": 0.94,
    "A:": 0.97,
    "-PV": 1.0,
    "-IL": 1.0,
}
"""Beginning of a rule's name -> the share of its models whose records must show it."""


@pytest.fixture(scope="module")
def told() -> dict[str, Agreement]:
    assert PLACE is not None
    found = sheets(PLACE, fingerprints.load_database())
    return {agreement.name: agreement for agreement in (*letters(found), *claims(found))}


def test_every_rule_has_a_least_share() -> None:
    assert all(sum(rule.name.startswith(start) for start in LEAST) == 1 for rule in RULES)


@pytest.mark.parametrize("start", LEAST)
def test_what_a_letter_means_is_what_datasheets_say(told: dict[str, Agreement], start: str) -> None:
    (agreement,) = (told[name] for name in told if name.startswith(start))
    assert agreement.total >= 8, "these are not the records that the figures are for"
    assert agreement.share >= LEAST[start], agreement


@pytest.mark.parametrize("start", ["7 + G", "LI:", "/SL", "-PV"])
def test_what_a_letter_means_is_rare_without_it(told: dict[str, Agreement], start: str) -> None:
    (agreement,) = (told[name] for name in told if name.startswith(start))
    assert agreement.other_right <= 0.15 * agreement.other_total, agreement


@pytest.mark.parametrize("start", ["U:", "A:"])
def test_a_missing_letter_proves_nothing(told: dict[str, Agreement], start: str) -> None:
    (agreement,) = (told[name] for name in told if name.startswith(start))
    assert agreement.other_right >= 0.4 * agreement.other_total, "then absence would prove something: say so"


@pytest.mark.parametrize(
    ("name", "total", "least"),
    [
        ("hikvision audio", 30, 1.0),
        ("hikvision speaker", 10, 1.0),
        ("hikvision perimeter", 90, 1.0),
        ("hikvision ptz", 10, 1.0),
        ("dahua audio", 35, 0.95),
        ("dahua speaker", 15, 1.0),
        ("dahua perimeter", 60, 1.0),
        ("dahua ptz", 8, 0.88),
        ("dahua face", 15, 0.6),
    ],
)
def test_claimed_capabilities_stand_in_datasheets(
    told: dict[str, Agreement], name: str, total: int, least: float
) -> None:
    assert told[name].total >= total
    assert told[name].share >= least, told[name]
