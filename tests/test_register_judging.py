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
from sample_report import NOON, report

from camscan import fingerprints
from camscan.fingerprints import Database
from camscan.model import Device, Identification, Observation
from camscan.register import judging, open_register
from camscan.register.backends import Mode
from camscan.register.codec import identification_from_json, identification_to_json
from camscan.register.judging import Source, Verdicts, judge_again, judge_all
from camscan.register.last_evidence import Chunk, JudgedDevice, Reader
from camscan.register.opening import open_database

CHUNK = 20
DEVICES = 400


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load_database()


def shown(first: int, count: int = CHUNK) -> list[JudgedDevice]:
    """Devices of which nothing is known, and which are cameras by their facts; every third says nothing of a make."""
    known = json.dumps({"identification": identification_to_json(Identification())})
    return [JudgedDevice(number, known, "", observed(number)) for number in range(first, first + count)]


def observed(number: int) -> list[Observation]:
    serial = f"DS-2CD2385G1-I20190701AAWRD{number:08d}"
    facts = [("sadp.model", "DS-2CD2385G1-I"), ("sadp.serial", serial), ("sadp.field", "a\x85b\u2028\n\ud83d")]
    told = facts if number % 3 else [("http.title", f"\u7f51\u7edc {number}")]
    return [Observation("192.0.2.1", 37020, key.partition(".")[0], key, value, NOON) for key, value in told]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A register of many devices of which nothing was said when they were seen."""
    path = tmp_path_factory.mktemp("judging") / "camscan.db"
    found = []
    for number in range(DEVICES):
        ip = f"10.0.{number // 250}.{number % 250 + 1}"
        seen = tuple(each._replace(ip=ip) for each in observed(number))
        found.append(Device(Identification(), (ip,), (), ("udp/37020",), NOON, NOON, seen))
    with open_register(path) as book:
        book.record(report(*found, targets=("10.0.0.0/22",)))
    return str(path)


@pytest.fixture
def source(place: str) -> Iterator[Source]:
    with closing(open_database(place, Mode.READ)) as book, book.begin_reading() as connection:
        yield Source(connection, place)


CHUNKS = [(first, first + CHUNK - 1) for first in range(1, DEVICES + 1, CHUNK)]


def by_themselves(source: Source, database: Database) -> list[Verdicts]:
    reader = Reader(source.connection)
    return [judge_again(reader.read_chunk(chunk), database) for chunk in CHUNKS]


def children() -> set[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(map(int, listed.read_text(encoding="ascii").split()))


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc for the processes that it started")


def test_only_what_is_something_else_is_reported(database: Database) -> None:
    verdicts = judge_again(shown(0), database)
    assert [number for number, _, _ in verdicts] == [number for number in range(20) if number % 3]
    found = identification_from_json(verdicts[0][1])
    assert (found.maker, found.serial) == ("hikvision", "DS-2CD2385G1-I20190701AAWRD00000001")


def test_what_was_said_of_the_last_sighting_counts(database: Database) -> None:
    (one,) = shown(1, 1)
    now = judge_again([one], database)[0][1]
    kept = json.dumps(json.loads(one.known) | {judging.SAID: now})
    assert judge_again([one._replace(known=kept)], database) == []
    assert judge_again([one._replace(state=json.dumps({"identification": now}))], database) == []


def test_devices_are_read_as_they_were_seen(source: Source) -> None:
    found = list(Reader(source.connection).read_chunk((21, 40)))
    assert [one.number for one in found] == list(range(21, 41))
    for one in found:
        expected = [(each.port, each.probe, each.key, each.value, each.seen_at) for each in observed(one.number - 1)]
        assert [(each.port, each.probe, each.key, each.value, each.seen_at) for each in one.facts] == expected
        assert {each.ip for each in one.facts} == {f"10.0.0.{one.number}"}


@pytest.mark.slow
@pytest.mark.parametrize("helpers", [0, 1, 2])
def test_helpers_say_the_same_in_the_same_order(source: Source, database: Database, helpers: int) -> None:
    found = list(judge_all(source, CHUNKS, database, helpers=helpers))
    assert found == by_themselves(source, database)
    assert sum(map(len, found)) == sum(1 for number in range(DEVICES) if number % 3)


@pytest.mark.slow
def test_a_helper_does_its_part(source: Source, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it fails, its work is done here, and only the time tells."""
    answers: list[Verdicts | None] = []
    ask = judging._JudgingProcess.judge_chunk

    def note(helper: judging._JudgingProcess, chunk: Chunk) -> Verdicts | None:
        answers.append(ask(helper, chunk))
        return answers[-1]

    monkeypatch.setattr(judging._JudgingProcess, "judge_chunk", note)
    list(judge_all(source, CHUNKS, database, helpers=1))
    assert answers
    assert None not in answers


@pytest.mark.slow
@linux
def test_nothing_is_left_running(source: Source, database: Database) -> None:
    before = children()
    with closing(judge_all(source, CHUNKS, database, helpers=2)) as verdicts:
        next(verdicts)
        assert children() - before
    assert children() == before


@pytest.mark.slow
@linux
def test_a_helper_that_is_killed_costs_only_time(source: Source, database: Database) -> None:
    before = children()
    found = []
    for verdicts in judge_all(source, CHUNKS, database, helpers=1):
        found.append(verdicts)
        for process in children() - before:
            os.kill(process, signal.SIGKILL)
    assert found == by_themselves(source, database)


@pytest.mark.slow
def test_a_helper_never_judges_by_other_fingerprints(source: Source, database: Database) -> None:
    """A database that was put together in memory is not the one of its files."""
    ours = dataclasses.replace(database, rules=database.rules[:10])
    assert list(judge_all(source, CHUNKS, ours, helpers=1)) == by_themselves(source, ours)


@pytest.mark.slow
def test_a_helper_that_finds_no_register_costs_only_time(source: Source, database: Database, tmp_path: Path) -> None:
    lost = source._replace(place=str(tmp_path / "none.db"))
    assert list(judge_all(lost, CHUNKS, database, helpers=1)) == by_themselves(source, database)
    assert not list(tmp_path.iterdir())


def test_where_none_can_be_started_it_is_done_here(
    source: Source, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert list(judge_all(source, CHUNKS, database, helpers=2)) == by_themselves(source, database)


@pytest.mark.slow
@linux
def test_an_interruption_ends_the_helpers(source: Source, database: Database) -> None:
    before = children()

    def interrupted() -> Iterator[Chunk]:
        yield CHUNKS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(judge_all(source, interrupted(), database, helpers=2))
    assert children() == before
