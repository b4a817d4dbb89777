"""``camscan export glpi``: every file is valid by GLPI's own schema (tests/schemas/glpi). GLPI itself was not run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from export_samples import HOSTILE, estate, hostile, ordinary, texts_of
from jsonschema import Draft7Validator, FormatChecker

from camscan.exports import Inventory, count_reasons, glpi
from camscan.version import __version__

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "glpi" / "inventory.schema.json").read_text(encoding="utf-8"))
GOLDEN = Path(__file__).parent / "golden" / "exports" / "glpi"


def documents(inventory: Inventory) -> dict[str, dict[str, Any]]:
    files = texts_of(glpi.make_glpi(inventory, {}))
    return {name: json.loads(text) for name, text in files.items() if name.endswith(".json")}


@pytest.mark.parametrize("inventory", [ordinary(), hostile()], ids=["ordinary", "hostile"])
def test_every_file_is_valid(inventory: Inventory) -> None:
    validator = Draft7Validator(SCHEMA, format_checker=FormatChecker())
    found = documents(inventory)
    assert found
    assert [error.message for each in found.values() for error in validator.iter_errors(each)] == []


def test_the_schema_would_refuse_what_is_wrong() -> None:
    wrong = dict(next(iter(documents(ordinary()).values())), itemtype="Camera")
    assert not Draft7Validator(SCHEMA).is_valid(wrong)


def test_the_whole_file() -> None:
    expected = (GOLDEN / "CAM-0001.json").read_text(encoding="utf-8").replace("VERSION", __version__)
    assert texts_of(glpi.make_glpi(ordinary(), {}))["CAM-0001.json"] == expected


def test_every_device_has_a_file_or_a_reason() -> None:
    made = glpi.make_glpi(ordinary(), {})
    assert len(documents(ordinary())) == made.devices
    assert made.devices + len(made.left_out) == len(estate())
    assert count_reasons(made.left_out) == (
        "2 with an unknown or only possible maker, 1 already removed, 1 entered as a false alarm, "
        "1 not part of video surveillance, 1 not the council's, "
        "1 without a serial number or MAC address, by which GLPI could find it again"
    )


def test_no_member_is_empty() -> None:
    def walk(value: Any) -> None:
        assert value not in ("", [], {}, None)
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(each)

    for each in documents(ordinary()).values():
        walk(each)


def test_hostile_texts_are_text() -> None:
    made = glpi.make_glpi(hostile(), {})
    assert made.devices + len(made.left_out) == len(HOSTILE)
    for name, text in texts_of(made).items():
        assert name.isprintable()
        assert "/" not in name
        assert text.isascii()
