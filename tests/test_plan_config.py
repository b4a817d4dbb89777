"""``planning:`` of camscan.yaml, and the schema that editors read."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml

from camscan.config import load_config
from camscan.config.planning import FACTORS, THRESHOLDS, Formula, LocalDecision, Planning
from camscan.errors import ConfigError

FULL = """\
planning:
  policies: [uk-hcws386, local-decision, uk-procurement-act-2023]
  scope: [local-decision]
  local_decision:
    minute: Cabinet 2026/114
    date: '2026-09-14'
    makers: [hikvision]
    groups: [dahua]
    brands: [Lorex]
    site_types: [school, care]
    sensitivity: ['1', '2']
  debarment: [Example Cameras Limited, 'Example Cameras Limited']
  priority:
    sensitivity: {'1': '8'}
    age: {unknown: '1.05'}
    thresholds: ['30', '15.5', '6']
"""


def read(directory: Path, text: str) -> Planning:
    path = directory / "camscan.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path).planning


def test_without_it_the_defaults_hold(tmp_path: Path) -> None:
    planning = read(tmp_path, "organisation: A\n")
    assert planning == Planning()
    assert (planning.policies, planning.scope, planning.local_decision, planning.debarment) == (None, None, None, ())
    assert planning.formula.is_default


def test_all_of_it(tmp_path: Path) -> None:
    planning = read(tmp_path, FULL)
    assert planning.policies == ("uk-hcws386", "local-decision", "uk-procurement-act-2023")
    assert planning.scope == ("local-decision",)
    assert planning.local_decision == LocalDecision(
        "Cabinet 2026/114",
        date(2026, 9, 14),
        ("hikvision",),
        ("dahua",),
        ("Lorex",),
        ("school", "care"),
        ("1", "2"),
        where=f"{tmp_path / 'camscan.yaml'}:5",
    )
    assert planning.debarment == ("Example Cameras Limited",)
    assert planning.formula.factors == {
        **FACTORS,
        "sensitivity": {**FACTORS["sensitivity"], "1": 8.0},
        "age": {**FACTORS["age"], "unknown": 1.05},
    }
    assert planning.formula.thresholds == (30.0, 15.5, 6.0)
    assert not planning.formula.is_default


def test_the_default_formula_written_out_is_the_default(tmp_path: Path) -> None:
    whole = {
        "planning": {
            "priority": {
                **{name: {level: str(value) for level, value in levels.items()} for name, levels in FACTORS.items()},
                "thresholds": [str(value) for value in THRESHOLDS],
            }
        }
    }
    assert read(tmp_path, yaml.safe_dump(whole, default_style='"')).formula == Formula()


def test_a_debarment_file_stands_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "debarred.txt").write_bytes("\ufeff# list of 1 March\r\nA Ltd\r\n\r\n B Ltd \r\nA Ltd\r\n".encode())
    assert read(tmp_path, "planning: {debarment: debarred.txt}\n").debarment == ("A Ltd", "B Ltd")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("policy: []", "2: unknown key 'policy'; did you mean 'policies'?"),
        ("local_decision: {date: '2026-09-14', makers: [a]}", "2: 'minute' is missing"),
        ("local_decision: {minute: 7, date: '14/13/2026', makers: [a]}", "2: '14/13/2026' is not a date"),
        ("local_decision: {minute: 7, date: '2026-09-14'}", "2: it does not name any devices"),
        ("local_decision: {minute: 7, date: '2026-09-14', site_types: [castle]}", "2: 'castle' is not one of: street"),
        ("local_decision: {minute: 7, date: '2026-09-14', sensitivity: ['0']}", "2: '0' is not one of: 1, 2, 3, 4"),
        ("debarment: nowhere.txt", "2: "),
        ("priority: {colour: {red: '1'}}", "2: unknown key 'colour'; the keys are: sensitivity"),
        ("priority: {age: {ancient: '1'}}", "2: unknown key 'ancient'"),
        ("priority: {age: {old: '0'}}", "2: '0' is not a number above 0 and up to 1000"),
        ("priority: {age: {old: '-1'}}", "2: '-1' is not a number"),
        ("priority: {age: {old: 'NaN'}}", "2: 'NaN' is not a number"),
        ("priority: {age: {old: 'much'}}", "2: 'much' is not a number"),
        ("priority: {thresholds: ['20', '10']}", "2: thresholds are three numbers, the largest first"),
        ("priority: {thresholds: ['4', '10', '20']}", "2: thresholds are three numbers, the largest first"),
        ("priority: {thresholds: ['20', '20', '4']}", "2: thresholds are three numbers, the largest first"),
    ],
)
def test_mistakes_have_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"planning:\n  {text}\n")
    assert str(caught.value).startswith(f"{tmp_path / 'camscan.yaml'}:{message}")


def test_a_debarment_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "list.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8 text; save the file as UTF-8, one name on each line"):
        read(tmp_path, "planning: {debarment: list.xlsx}\n")


class TestSchema:
    schema = json.loads((Path(__file__).parents[1] / "camscan/config/camscan.schema.json").read_text(encoding="utf-8"))

    def test_it_takes_what_camscan_takes(self, tmp_path: Path) -> None:
        written = yaml.load(FULL, yaml.BaseLoader)
        assert [error.message for error in jsonschema.Draft202012Validator(self.schema).iter_errors(written)] == []
        assert read(tmp_path, FULL) != Planning()

    def test_it_knows_the_same_keys(self) -> None:
        section = self.schema["$defs"]["planning"]["properties"]
        assert set(section) == {"policies", "scope", "local_decision", "debarment", "priority"}
        assert set(section["priority"]["properties"]) == {*FACTORS, "thresholds"}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"planning": {"policy": []}}, self.schema)
