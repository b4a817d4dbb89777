"""What a scan knows of an address, worked out late and from caches, is what all its facts say when weighed at once.

The scan does not identify an address that cannot be complete (``Database.may_claim``), and remembers results for the
same facts, the same marks and the same values. Here every answer is compared with that of a database that remembers
nothing.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from udp_replies import SADP

from camscan import fingerprints
from camscan.captures import read_captures
from camscan.fingerprints import Database
from camscan.identify import identify_box
from camscan.model import Attempt, Confidence, Identification, Observation, Outcome, Reply
from camscan.probes import load, read_reply
from camscan.scan.state import ScanState

CORPUS = os.environ.get("CAMSCAN_CORPUS", "")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
UNIT = "10.9.0.3"
OURS = fingerprints.load_database()
Facts = Sequence[tuple[str, str]]


def attempt_of(facts: Facts, number: int = 0) -> Attempt:
    seen = tuple(Observation(UNIT, number, key.partition(".")[0], key, value, NOON) for key, value in facts)
    return Attempt("http", UNIT, number, Outcome.ANSWERED, seen, payload=b"%d" % number, seen_at=NOON)


def answers(database: Database, parts: Sequence[Facts]) -> list[tuple[object, ...]]:
    """What the scan answers after each of these replies of one address."""
    state = ScanState(database)
    found: list[tuple[object, ...]] = []
    for number, facts in enumerate(parts):
        state.record(attempt_of(facts, number))
        seen = state.seen(UNIT)
        found.append((seen.complete, seen.maker, seen.confirmed, seen.no_camera))
    return found


def weighed(who: Identification) -> tuple[object, ...]:
    """The same from an identification that was worked out in any case."""
    is_sure = who.confidence in {Confidence.CONFIRMED, Confidence.PROBABLE}
    is_complete = is_sure and None not in {who.maker, who.model, who.firmware, who.serial}
    return (
        is_complete,
        who.maker if is_sure else None,
        who.maker is not None and who.confidence is Confidence.CONFIRMED,
        is_sure and who.is_camera_system is False,
    )


def eager(database: Database, parts: Sequence[Facts]) -> list[tuple[object, ...]]:
    """The answers when all facts so far are identified after each reply."""
    replies = [attempt_of(facts, number) for number, facts in enumerate(parts)]
    return [
        weighed(identify_box([seen for one in replies[:count] for seen in one.observations], database))
        for count in range(1, len(replies) + 1)
    ]


def shown(database: Database) -> list[Facts]:
    """What the devices in the examples of every fingerprint say."""
    return [example.see for entry in database.entries for example in entry.examples]


def of_devices(database: Database) -> list[Facts]:
    """The same, without what identification decides."""
    return [facts for facts in shown(database) if not any(key.startswith("id.") for key, _ in facts)]


def test_every_example_alone_and_after_another_is_answered_as_if_it_were_always_identified() -> None:
    told = of_devices(OURS)
    random.Random(7).shuffle(told)
    assert len(told) > 1500
    for parts in itertools.zip_longest(told[::2], told[1::2], fillvalue=()):
        assert answers(OURS, parts) == eager(OURS, parts), parts


@pytest.mark.parametrize("maker", ["hikvision", "dahua", "axis", "uniview"])
def test_devices_that_show_several_marks_of_a_maker_are_answered_so(maker: str) -> None:
    entries = [entry for entry in OURS.entries if ("maker", maker) in entry.rule.then]
    told = [example.see for entry in entries for example in entry.examples]
    numbers = [facts for facts in of_devices(OURS) if any(key.endswith((".serial", ".firmware")) for key, _ in facts)]
    chance, found = random.Random(maker), set()
    for _ in range(300):
        parts = [*chance.sample(told, 3), *chance.sample(numbers, 3)]
        given = eager(OURS, parts)
        assert answers(OURS, parts) == given, parts
        found.update(given)
    assert len(found) > 3  # otherwise it would be true of anything


@pytest.mark.parametrize("reply", SADP)
def test_a_reply_that_says_everything_is_complete(reply: bytes) -> None:
    facts = [(seen.key, seen.value) for seen in read_reply(load()["sadp"], Reply("sadp", reply, UNIT)).observations]
    for parts in ([facts], [facts[:6], facts[6:]], [[one] for one in facts]):
        assert answers(OURS, parts) == eager(OURS, parts)
        assert answers(OURS, parts)[-1] == (True, "hikvision", True, False)


@pytest.mark.skipif(not CORPUS, reason="CAMSCAN_CORPUS does not name a file of labelled replies")
def test_labelled_replies_are_answered_so_too() -> None:
    told = []
    for line in Path(CORPUS).read_text(encoding="utf-8").splitlines():
        attempts = [read_reply(load()[one.probe], one) for one in read_captures([line]) if isinstance(one, Reply)]
        told += [[(seen.key, seen.value) for seen in attempt.observations] for attempt in attempts]
    assert len(told) > 300
    for parts in itertools.pairwise(told):
        assert answers(OURS, parts) == eager(OURS, parts), parts


OWN = """
- id: own.serial
  when: {http.title: '^Our NVR (?P<serial>[0-9]{6})$'}
  then: {maker: dahua, model: NVR-X, firmware: '1.0', serial: '{serial}'}
  certainty: 0.99
  source: our own label
  examples:
    - see: {http.title: Our NVR 123456}
      then: {serial: '123456'}
  counterexamples:
    - see: {http.title: NVR}

- id: own.model
  when: {id.model: '^DS-OWN(?P<serial>[0-9]+)$'}
  then: {serial: '{serial}', firmware: '2.0'}
  certainty: 0.95
  source: our own label
  examples:
    - see: {id.model: DS-OWN77}
      then: {serial: '77'}
  counterexamples:
    - see: {id.model: DS-2CD}

- id: own.silent
  when: {ftp.banner: '^own', sadp.type: {absent: 'true'}}
  then: {maker: hikvision, model: DS-OWN77}
  certainty: 0.97
  source: our own label
  examples:
    - see: {ftp.banner: own}
  counterexamples:
    - see: {ftp.banner: other}
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Ours, with fingerprints of a user that claim serial numbers from unusual keys and from decisions."""
    overlay = tmp_path_factory.mktemp("own")
    (overlay / "own.yaml").write_text(OWN, encoding="utf-8")
    return fingerprints.load_database((overlay,), cache=tmp_path_factory.mktemp("cache"))


def test_fingerprints_of_a_user_are_heeded_whatever_they_claim_it_from(extended: Database) -> None:
    for parts in (
        [[("http.title", "Our NVR 123456")]],
        [[("ftp.banner", "own")]],
        [[("http.server", "x")], [("ftp.banner", "own")], [("sadp.type", "ProbeMatch/inquiry")]],
        [[("rtsp.server", "Rtsp Server")], [("http.title", "Our NVR 123456")]],
    ):
        assert answers(extended, parts) == eager(extended, parts), parts
    assert answers(extended, [[("http.title", "Our NVR 123456")]]) == [(True, "dahua", True, False)]


VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from([value for facts in shown(OURS)[::7] for _, value in facts]),
    st.sampled_from(["", " ", "\\", "(?i)", ".*", "\0", "\u017f", "\u0130", "ß", "DAHUA", "Hikvision ", "x" * 9000]),
)
KEYS = st.sampled_from(sorted({key for facts in shown(OURS) for key, _ in facts if not key.startswith("id.")}))
FACTS = st.lists(st.tuples(KEYS, VALUES), min_size=1, max_size=6)


@examples(60)
@given(st.lists(FACTS, min_size=1, max_size=3))
def test_whatever_a_device_says_it_is_answered_so(parts: list[list[tuple[str, str]]]) -> None:
    assert answers(OURS, parts) == eager(OURS, parts)


def without_memory() -> Iterator[Database]:
    """Databases that remember nothing: each has its own caches, all empty."""
    while True:
        yield replace(OURS)


def test_what_is_remembered_is_what_would_be_worked_out() -> None:
    chosen = random.Random(11).sample(of_devices(OURS), 120)
    twice = [[*one, *other] for one, other in itertools.pairwise(chosen)]
    for facts in (*chosen, *twice):  # the caches of ours hold what the tests before have asked, and these
        identify_box(attempt_of(facts).observations, OURS)
    for facts, fresh in zip([*chosen, *twice], without_memory(), strict=False):
        seen = attempt_of(facts).observations
        assert identify_box(seen, OURS) == identify_box(seen, fresh), facts
