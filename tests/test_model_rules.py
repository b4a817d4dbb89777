"""The model rules against listed models that are not part of this repository (``CAMSCAN_MODELS``)."""

from __future__ import annotations

import csv

import pytest
from decoder_table import Measure, by_rule, capabilities, datasheets, decoded, measures, place, rows

from camscan import fingerprints

PLACE = place()

pytestmark = pytest.mark.skipif(PLACE is None, reason="CAMSCAN_MODELS does not name a list of models")


@pytest.fixture(scope="module")
def told() -> dict[str, Measure]:
    assert PLACE is not None
    found = rows(PLACE, fingerprints.load_database())
    known = {measure.name: measure for measure in measures(found)}
    known |= {f"datasheet {measure.name}": measure for measure in datasheets(found)}
    for name, both, missed, added, _, _ in capabilities(found):
        known[f"capability {name}"] = Measure(name, both, both + missed, ())
        known[f"capability {name} only ours"] = Measure(name, both, both + added, ())
    return known


@pytest.mark.parametrize("maker", ["hikvision", "dahua"])
@pytest.mark.parametrize("column", ["kind", "form", "resolution"])
def test_at_least_97_of_100_agree(told: dict[str, Measure], maker: str, column: str) -> None:
    measure = told[f"{maker} {column}"]
    assert measure.total > 2000, "the list is not the one that this figure is for"
    assert measure.share >= 0.97, by_rule(measure)


@pytest.mark.parametrize(
    ("name", "right", "total"),
    [
        ("hikvision form", 242, 244),
        ("hikvision resolution", 233, 244),
        ("dahua form", 335, 335),
        ("dahua resolution", 334, 335),
    ],
)
def test_what_datasheets_say_is_read_from_the_number(
    told: dict[str, Measure], name: str, right: int, total: int
) -> None:
    measure = told[f"datasheet {name}"]
    assert measure.total == total
    assert measure.right >= right, by_rule(measure)


@pytest.mark.parametrize(
    ("name", "least"),
    [("thermal", 1.0), ("anpr", 0.97), ("audio", 0.97), ("ptz", 0.97), ("people_counting", 0.94), ("face", 0.94)],
)
def test_listed_capabilities_are_found(told: dict[str, Measure], name: str, least: float) -> None:
    assert told[f"capability {name}"].share >= least


@pytest.mark.parametrize(
    ("name", "least"),
    # The list does not know the /W of small PTZ cameras and of recorders that are access points.
    [("thermal", 0.94), ("anpr", 0.94), ("ptz", 0.94), ("people_counting", 0.94), ("wifi", 0.88)],
)
def test_capabilities_are_not_made_up(told: dict[str, Measure], name: str, least: float) -> None:
    assert told[f"capability {name} only ours"].share >= least


def test_no_maker_s_own_number_is_taken_for_another_s() -> None:
    """Of third parties' model prefixes only one touches a maker's own number, as the rule was chosen."""
    assert PLACE is not None
    database = fingerprints.load_database()
    wrong: list[str] = []
    touched: list[str] = []
    for row in rows(PLACE, database):
        for match in database.match_decided({}, {"id.model": row.model}):
            if match.claims.get("maker", row.maker) != row.maker:
                wrong.append(row.model)
            if match.fingerprint.startswith("oem.") and match.claims.get("brand") not in OWN:
                touched.append(row.model)
    assert wrong == []
    assert touched == ["IPC-E5400-W"], "a name of EmpireTech's kind"


OWN = frozenset({"Hikvision", "HiLook", "HiWatch", "EZVIZ", "HIKMICRO", "Dahua", "Imou"})
"""Badges of the two makers and their groups."""


def test_what_the_catalogue_calls_thermal_is_thermal() -> None:
    """The catalogue's hardware class takes 107 analogue THC- models along; the other 420 are thermal."""
    assert PLACE is not None
    catalogue = PLACE.with_name("hikvision_last_firmware.csv")
    if not catalogue.is_file():
        pytest.skip("no hikvision_last_firmware.csv lies beside the list of models")
    database = fingerprints.load_database()
    with catalogue.open(encoding="utf-8", newline="") as stream:
        listed = [row["model"] for row in csv.DictReader(stream) if row["hardware_class"].startswith("THERMAL")]
    found = {model: decoded(database, "hikvision", model)[0] for model in listed}
    thermal = [model for model, claims in found.items() if "capability.thermal" in claims]
    analogue = [model for model, claims in found.items() if claims.get("kind") == "analogue_camera"]
    assert (len(thermal), len(analogue)) == (420, 107)
    assert len(listed) == 527
