"""The pages about policies and planning say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from planned import TODAY

from camscan import policies
from camscan.config.planning import FACTORS, THRESHOLDS, Formula, read_planning
from camscan.plan import DEFINITIONS, policies_in_use
from camscan.plan.priority import MIDDLE_YEARS, OLD_YEARS, Levels, weigh_levels
from camscan.plan.status import BY, NEXT_DAYS
from camscan.policies.judge import Subject, rule_by_policies
from camscan.policies.proof import check_policies
from camscan.strict_yaml import parse_yaml

DOCS = Path(__file__).parents[1] / "docs"
KNOWN = policies.load_known_policies()


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def table(text: str, heading: str) -> list[list[str]]:
    """The rows of the table that begins with this heading."""
    lines = text[text.index(f"| {heading} |") :].split("\n\n", maxsplit=1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def blocks(name: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```", page(name), re.MULTILINE | re.DOTALL)


def test_the_table_of_the_formula() -> None:
    said: dict[str, list[float]] = {}
    factor = ""
    for name, _, value in table(page("planning.md"), "factor"):
        factor = name or factor
        said.setdefault(factor, []).append(float(value))
    assert said == {name: list(levels.values()) for name, levels in FACTORS.items()}
    first, second, third = THRESHOLDS
    assert f"From {first:g} the priority is 1, from {second:g} it is 2, from {third:g} it is 3" in page("planning.md")


def test_the_ages() -> None:
    text = page("planning.md")
    assert f"old: {OLD_YEARS} years or more" in text
    assert f"middle: {MIDDLE_YEARS} to {OLD_YEARS - 1} years" in text
    assert f"new: under {MIDDLE_YEARS} years" in text


def test_the_example_of_the_formula() -> None:
    found = weigh_levels(Levels("2", "enhanced", "core", "possible", "middle"), Formula())
    assert f"= {found.score:g},\npriority {found.priority}" in page("planning.md")


def test_the_table_of_the_policies() -> None:
    rows = table(page("policies.md"), "id")
    assert [row[0].strip("`") for row in sorted(rows)] == sorted(KNOWN.entries)
    for name, _, _, decides in rows:
        assert decides.startswith("yes") == KNOWN.entries[name.strip("`")].in_scope, name


def test_the_sentence_that_is_quoted() -> None:
    subject = Subject(maker="dahua", brand="Amcrest", is_surveillance=True, network_zone="core")
    used = policies_in_use(KNOWN, read_planning(parse_yaml("policies: [uk-hcws386]", "x"), Path()))
    assert rule_by_policies(subject, used, TODAY)[0].reason in " ".join(page("policies.md").split())


@pytest.mark.parametrize("name", ["policies.md", "planning.md", "configuration.md"])
def test_every_section_of_planning_can_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "debarred.txt").write_text("A Ltd\n", encoding="utf-8")
    read = 0
    for block in blocks(name):
        entries = parse_yaml(block, name).entries()
        if "planning" in entries:
            policies_in_use(KNOWN, read_planning(entries["planning"], tmp_path))
            read += 1
    assert read == 1


def test_the_policy_that_is_shown_is_one(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    shown = next(block for block in blocks("policies.md") if block.startswith("id:"))
    (tmp_path / "policies" / "our-insurer.yaml").write_text(shown, encoding="utf-8")
    assert check_policies([tmp_path]) == []
    assert "our-insurer" in policies.load_known_policies([tmp_path]).entries


def test_the_definitions_are_those_that_are_printed() -> None:
    rows = dict(table(page("planning.md"), "unit"))
    assert list(rows) == [line.partition(":")[0] for line in DEFINITIONS]


def test_the_tables_of_the_status() -> None:
    assert "`--by site`, `maker`, `capability`, `controller` or `service`" in page("planning.md")
    assert list(BY) == ["site", "maker", "capability", "controller", "service"]
    assert NEXT_DAYS == 90
