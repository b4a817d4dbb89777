"""Every parser and every reader on made-to-measure replies: what it does grows with the length, and nothing escapes."""

from __future__ import annotations

import random
import re

import adversary
import fuzz
import pytest
from fuzz import Subject, maker, run, run_case, subjects, table, too_many_steps
from growth import LONG

from camscan.errors import NotSpoken

SUBJECTS = {subject.name: subject for subject in subjects()}
SEEDS = 3


@pytest.mark.parametrize("kind", adversary.BUSY)
@pytest.mark.parametrize("name", SUBJECTS)
def test_work_grows_with_the_reply_and_no_faster(name: str, kind: str) -> None:
    for seed in range(SEEDS):
        assert not too_many_steps(SUBJECTS[name], maker(SUBJECTS[name], kind, f"{name}/{seed}"))


@pytest.mark.parametrize("name", SUBJECTS)
def test_no_reply_raises_what_it_should_not_nor_holds_text_that_no_file_takes(name: str) -> None:
    for seed in range(60):
        assert run_case(SUBJECTS[name], f"test/{seed}") is None


@pytest.mark.parametrize("name", [name for name in SUBJECTS if name not in {"login401", "certificate", "first flight"}])
def test_each_has_real_replies_to_begin_with(name: str) -> None:
    assert len(SUBJECTS[name].replies) > 1


def test_a_seed_makes_the_same_again() -> None:
    for make in adversary.EVERY.values():
        assert make(random.Random("a"), adversary.literals(), 5000) == make(
            random.Random("a"), adversary.literals(), 5000
        )


def careless(reply: bytes) -> list[tuple[str, str]]:
    return [("a", reply.decode())]


def never_twice(reply: bytes) -> None:
    for place in range(len(reply)):
        for _ in range(place, len(reply), 128):
            pass
    raise NotSpoken("nothing")


def in_one_call(reply: bytes) -> None:
    re.findall(rb"(?s).*?\xfe\xfd\xfe", reply)


def halves(_reply: bytes) -> list[tuple[str, str]]:
    return [("a", "\ud800")]


def read_when_long(reply: bytes) -> None:
    for _ in reply if len(reply) > 5000 else ():
        pass


def read_when_whole(reply: bytes) -> None:
    for _ in reply if len(reply) % 4 else ():
        pass


@pytest.mark.parametrize("parse", [read_when_long, read_when_whole])
def test_a_stage_that_begins_at_some_length_is_not_growth(parse: fuzz.Parse) -> None:
    subject = Subject("right", parse, LONG, (b"a",))
    assert not too_many_steps(subject, lambda size: bytes(size - (size == LONG)))


def test_growth_with_the_square_is_seen_beside_such_a_stage() -> None:
    def parse(reply: bytes) -> None:
        read_when_whole(reply)
        for place in range(0, len(reply), 16):
            for _ in range(place, len(reply), 128):
                pass

    assert too_many_steps(Subject("wrong", parse, LONG, (b"a",)), bytes)


@pytest.mark.parametrize(
    ("parse", "what"),
    [(careless, "UnicodeDecodeError"), (halves, "no file takes"), (never_twice, "steps"), (in_one_call, "ms for")],
)
@pytest.mark.slow
def test_what_is_wrong_is_found(parse: fuzz.Parse, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "COUNTED", 1)
    subject = Subject("wrong", parse, LONG // 2, adversary.literals())
    assert any(
        fault is not None and what in fault.what for fault in (run_case(subject, str(seed)) for seed in range(40))
    )


def test_a_case_can_be_had_again_and_a_table_says_what_each_costs() -> None:
    tried = [Subject("wrong", careless, replies=adversary.literals())]
    found = next(number for number in range(100) if run_case(tried[0], f"7/{number}"))
    [(name, fault)] = run(tried, 0.0, 7, only=found)
    assert name == f"wrong, case {found}"
    assert "UnicodeDecodeError" in fault.what
    assert re.search(r"\| wrong \| \d+ \| 65,536 \| \d+\.\d ms \| \d+\.\d ms( \(!\))? \| ", table(tried))
    assert run(tried, 0.0, 7) == []
