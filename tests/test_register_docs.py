"""What the documents of register, exports and configuration say is what the program does."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sample_report import camera

from camscan import errors
from camscan.asset import Event, Presence
from camscan.config import Config, load_config
from camscan.exports import csv
from camscan.exports import json as json_export
from camscan.identify import keys
from camscan.register import schema
from camscan.register.record import conflicts

DOCS = Path(__file__).parents[1] / "docs"


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def every_error() -> set[type[errors.CamscanError]]:
    found = {errors.CamscanError}
    while more := {sub for each in found for sub in each.__subclasses__()} - found:
        found |= more
    return found


def test_every_exit_code_is_documented() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", text("exit-codes.md"), re.MULTILINE)}
    assert {each.exit_code for each in every_error()} <= documented
    assert {0, 3, 130, 143} <= documented


def test_every_column_of_the_csv_is_documented_in_order() -> None:
    section = text("report-format.md").split("## CSV")[1].split("## Text")[0]
    rows = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    assert tuple(name for row in rows for name in re.findall(r"`(\w+)`", row)) == csv.COLUMNS


def test_every_member_of_a_device_and_of_the_report_is_documented() -> None:
    described = set(re.findall(r"`(\w+)`", text("report-format.md")))
    schema_file = Path(json_export.__file__).with_name("report.schema.json")
    published = json.loads(schema_file.read_text(encoding="utf-8"))
    assert set(published["properties"]) <= described
    assert set(json_export.device_object(camera())) <= described


def test_the_line_of_identify_has_its_own_part_of_the_schema() -> None:
    schema_file = Path(json_export.__file__).with_name("report.schema.json")
    published = json.loads(schema_file.read_text(encoding="utf-8"))
    line = json_export.result_object(dataclasses.replace(camera(), ids=("a",)))
    Draft202012Validator({"$ref": "#/$defs/result", "$defs": published["$defs"]}).validate(line)
    assert len(line) == 15


def test_every_table_and_kind_of_conflict_is_documented() -> None:
    described = text("register.md")
    for table in schema.METADATA.tables:
        assert f"| `{table}` |" in described
    source = Path(conflicts.__file__).read_text(encoding="utf-8")
    said = set(re.findall(r'"([a-z]+-[a-z]+|contradiction)"', source))
    listed = re.findall(r"^\| `([a-z-]+)` \|", described.split("## What is kept")[0], re.MULTILINE)
    assert said == set(listed)
    assert keys.STRENGTH == ("serial", "unit", "onvif", "mac", "channel")


def test_every_kind_of_change_and_word_of_presence_is_documented() -> None:
    described = text("register.md")
    changes = described.split("## What changed")[1].split("\n## ")[0]
    assert {*re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", changes, re.MULTILINE)))} == {*Event}
    words = described.split("## Whether it is seen")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", words, re.MULTILINE) == [*Presence]


def test_the_example_configuration_is_one(tmp_path: Path) -> None:
    example = re.findall(r"```yaml\n(.*?)```", text("configuration.md"), re.DOTALL)[0]
    path = tmp_path / "camscan.yaml"
    path.write_text(example, encoding="utf-8")
    (tmp_path / "camscan-sites.csv").write_text("cidr,site\n10.1.5.0/24,Museum\n", encoding="utf-8")
    config = load_config(path)
    for member in dataclasses.fields(Config):
        if member.name not in {"overlays", "planning", "notes"}:  # without any; on a page of its own
            assert getattr(config, member.name) != getattr(Config(), member.name), member.name


@pytest.mark.parametrize("name", ["register.md", "exit-codes.md", "report-format.md", "configuration.md"])
def test_lines_are_no_longer_than_they_need_be(name: str) -> None:
    long = [line for line in text(name).splitlines() if len(line) > 130 and not line.startswith("|")]
    assert long == []
