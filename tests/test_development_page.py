"""docs/development.md: its table of rooms is today's, and its trails can be walked."""

from __future__ import annotations

import ast
import re
from itertools import pairwise

import pytest
from rooms_page import PAGE, ROOT, layers, module_of, page

TEXT = PAGE.read_text(encoding="utf-8")
_STEP = re.compile(r"^\d+\. `([\w/]+\.py)` `(\w+)` \S", re.MULTILINE)


def trails() -> list[list[tuple[str, str]]]:
    """Each numbered list of steps: (file, function)."""
    section = TEXT[TEXT.index("## Trails") : TEXT.index("## Adding one thing")]
    blocks = re.findall(r"(?:^\d+\. .+\n)+", section, re.MULTILINE)
    return [_STEP.findall(block) for block in blocks]


def functions(file: str, name: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse((ROOT / "camscan" / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds) and node.name == name]


def mentioned(function: ast.AST) -> set[str]:
    """Every name and attribute that a function uses."""
    found = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    return found | {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}


def test_the_rooms_are_those_of_the_code() -> None:
    assert page() == TEXT, "run: make docs"


def test_every_room_says_what_it_is_for() -> None:
    rooms = [name for layer in layers() for name in layer if module_of(name) and name != "__main__"]
    assert len(rooms) > 20
    assert not [name for name in rooms if f"| `{name}" not in TEXT]


def test_there_are_trails_and_every_step_is_one() -> None:
    section = TEXT[TEXT.index("## Trails") : TEXT.index("## Adding one thing")]
    assert len(trails()) == 5
    assert sum(map(len, trails())) == len(re.findall(r"^\d+\. ", section, re.MULTILINE))


@pytest.mark.parametrize("step", [step for trail in trails() for step in trail], ids=" ".join)
def test_every_step_is_there(step: tuple[str, str]) -> None:
    assert functions(*step)


@pytest.mark.parametrize("steps", [pair for trail in trails() for pair in pairwise(trail)], ids=str)
def test_every_step_calls_the_next(steps: tuple[tuple[str, str], tuple[str, str]]) -> None:
    before, (file, name) = steps
    called = [mentioned(function) for function in functions(*before)]
    # The door hands datagrams to whoever asked for them, and a probe names its parser ``parse``.
    known_as = {("scan/replies.py", "on_datagram"): {"hear"}, ("probes/sadp.py", "parse_reply"): {"parse"}}
    names = known_as.get((file, name), {name})
    assert any(names & found for found in called), f"{before} does not call {name}"
