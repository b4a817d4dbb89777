"""Devices judged by this process and by helpers: the same verdicts in the same order, whatever becomes of helpers."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from camscan import fingerprints
from camscan.fingerprints import Database
from camscan.model import Identification
from camscan.register import judging
from camscan.register.codec import identification_from_json, identification_to_json
from camscan.register.judging import Part, judge, judge_all

AT = "2026-03-02T12:00:00.000000Z"


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load()


def part(first: int, count: int = 20) -> Part:
    """Devices of which nothing is known, and which are cameras by their facts; every third says nothing of a make."""
    known = json.dumps({"identification": identification_to_json(Identification())})
    made: Part = []
    for number in range(first, first + count):
        serial = f"DS-2CD2385G1-I20190701AAWRD{number:08d}"
        facts = [("sadp.model", "DS-2CD2385G1-I"), ("sadp.serial", serial), ("sadp.field", "a\x85b\u2028\n\ud83d")]
        told = facts if number % 3 else [("http.title", f"\u7f51\u7edc {number}")]
        made.append((known, "", [["192.0.2.1", 37020, key.partition(".")[0], key, value, AT] for key, value in told]))
    return made


def parts() -> Iterator[Part]:
    for first in range(0, 400, 20):
        yield part(first)


def children() -> set[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(map(int, listed.read_text(encoding="ascii").split()))


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc for the processes that it started")


def test_only_what_is_something_else_is_told(database: Database) -> None:
    verdicts = judge(part(0), database)
    assert [place for place, _ in verdicts] == [number for number in range(20) if number % 3]
    found = identification_from_json(verdicts[0][1])
    assert (found.maker, found.serial) == ("hikvision", "DS-2CD2385G1-I20190701AAWRD00000001")


def test_what_was_said_of_the_last_sighting_counts(database: Database) -> None:
    now = judge(part(1, 1), database)[0][1]
    ((known, _, facts),) = part(1, 1)
    kept = json.dumps(json.loads(known) | {judging.SAID: now})
    assert judge([(kept, "", facts)], database) == []
    assert judge([(known, json.dumps({"identification": now}), facts)], database) == []


@pytest.mark.slow
@pytest.mark.parametrize("helpers", [0, 1, 2])
def test_helpers_say_the_same_in_the_same_order(database: Database, helpers: int) -> None:
    assert list(judge_all(parts(), database, helpers=helpers)) == [judge(one, database) for one in parts()]


@pytest.mark.slow
@linux
def test_nothing_is_left_running(database: Database) -> None:
    before = children()
    with closing(judge_all(parts(), database, helpers=2)) as verdicts:
        next(verdicts)
        assert children() - before
    assert children() == before


@pytest.mark.slow
@linux
def test_a_helper_that_is_killed_costs_only_time(database: Database) -> None:
    before = children()
    found = []
    for verdicts in judge_all(parts(), database, helpers=1):
        found.append(verdicts)
        for process in children() - before:
            os.kill(process, signal.SIGKILL)
    assert found == [judge(one, database) for one in parts()]


@pytest.mark.slow
def test_a_helper_never_judges_by_other_fingerprints(database: Database) -> None:
    """A database that was put together in memory is not the one of its files."""
    ours = dataclasses.replace(database, rules=database.rules[:10])
    assert list(judge_all(parts(), ours, helpers=1)) == [judge(one, ours) for one in parts()]


def test_where_none_can_be_started_it_is_done_here(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert list(judge_all(parts(), database, helpers=2)) == [judge(one, database) for one in parts()]


@pytest.mark.slow
@linux
def test_an_interruption_ends_the_helpers(database: Database) -> None:
    before = children()

    def interrupted() -> Iterator[Part]:
        yield part(0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(judge_all(interrupted(), database, helpers=2))
    assert children() == before
