"""``make mutants``: the changes that it makes, and that a test which holds something notices them."""

from __future__ import annotations

import ast
from pathlib import Path

import mutants as hunting
import pytest
from mutations import Mutant, mutants

CODE = '''\
"""Words."""

from functools import cache


class Gate:
    @cache
    def opens(self, age: int = 3, *, name: str = "x") -> bool:
        """More words."""
        if not name:
            raise ValueError("a name, please")
        known = [each for each in (1, 2) if each]
        return age >= 18 and (name in {"Ann"}
                              or len(known) > 1)


def loud(text):
    while text:
        text = text.strip()
        print(f"{text + 'a'}")
        break
    return max(len(text), 4)
'''


@pytest.fixture
def every(tmp_path: Path) -> list[Mutant]:
    path = tmp_path / "gate.py"
    path.write_text(CODE, encoding="utf-8")
    return mutants(path)


def changes(every: list[Mutant], line: int) -> set[str]:
    return {mutant.change for mutant in every if CODE.encode()[: mutant.start].count(b"\n") + 1 == line}


def test_each_kind_of_change_is_made(every: list[Mutant]) -> None:
    assert changes(every, 10) == {"(name)"}
    assert changes(every, 11) == {"pass"}
    assert changes(every, 12) == {"known = (None)", "2", "3", "([each for each in (1, 2)])"}
    assert changes(every, 13) == {
        "return (None)",
        "(age > 18)",
        "19",
        "(age >= 18)",
        "(name in {'Ann'} or len(known) > 1)",
        "(len(known) > 1)",
        "(name in {'Ann'})",
        "(name not in {'Ann'})",
        "'Annx'",
    }
    assert changes(every, 14) == {"(len(known) >= 1)", "2"}
    assert changes(every, 18) == {"(not (text))"}
    assert changes(every, 19) == {"text = (None)"}
    assert changes(every, 20) == {"pass"}  # and nothing within the f-string
    assert changes(every, 21) == {"continue"}
    assert changes(every, 22) == {"return (None)", "(min(len(text), 4))", "5"}


def test_what_stands_outside_of_functions_stays(every: list[Mutant]) -> None:
    assert all(mutant.start > CODE.index("More words") for mutant in every)


def test_every_other_line_keeps_its_number(every: list[Mutant]) -> None:
    for mutant in every:
        text = mutant.text()
        assert text.count("\n") == CODE.count("\n"), mutant.change
        assert ast.parse(text)
        assert ast.dump(ast.parse(text)) != ast.dump(ast.parse(CODE)), mutant.change


def test_the_difference_shows_what_changed(every: list[Mutant]) -> None:
    mutant = next(mutant for mutant in every if mutant.change == "continue")
    assert mutant.difference().splitlines()[2:4] == ["-        break", "+        continue"]


def test_a_changed_function_has_the_code_of_the_change(every: list[Mutant]) -> None:
    mutant = next(mutant for mutant in every if mutant.change == "5")
    code = hunting.code_of(mutant)
    assert code is not None
    assert code.co_name == "loud"
    assert 5 in code.co_consts
    inside = next(mutant for mutant in every if mutant.change == "19")
    assert hunting.code_of(inside) is not None


def test_only_lines_that_run_are_traced() -> None:
    with hunting.traced({hunting.__file__}) as lines:
        assert [*hunting.table({})]
    source = Path(hunting.__file__).read_text(encoding="utf-8").splitlines()
    texts = {source[line - 1].strip() for _, line in lines}
    assert "for room, outcome in outcomes.items():" in texts
    assert "verdicts = outcome.verdicts" not in texts


@pytest.mark.parametrize("room", hunting.ROOMS)
def test_every_room_has_code_and_tests(room: str) -> None:
    assert [*(hunting.ROOT / "camscan" / room).glob("*.py")]
    assert hunting.test_files(room)
