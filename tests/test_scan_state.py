"""What a scan keeps: linear in what is told, bounded for each address and in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from growth import ALLOWED, steps

from camscan import fingerprints
from camscan.model import Attempt, Observation, Outcome
from camscan.probes import as_unsolicited
from camscan.scan import state
from camscan.scan.host_record import MOST_FACTS, Proof
from camscan.scan.state import COMMON_SHARE, OWN_SHARE, ScanState

DATABASE = fingerprints.load_database()
NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
UNIT = "10.9.0.3"


def told(ip: str, values: Sequence[str], *, payload: bytes = b"", probe: str = "wsd") -> Attempt:
    seen = tuple(Observation(ip, 3702, probe, "wsd.scope", value, NOON) for value in values)
    return Attempt(probe, ip, 3702, Outcome.ANSWERED, seen, payload=payload or b"of " + ip.encode(), seen_at=NOON)


def test_an_answer_that_says_nothing_new_is_kept_once() -> None:
    fresh = ScanState(DATABASE)
    assert fresh.record(told(UNIT, ["a", "b"], payload=b"to the group"))
    assert not fresh.record(told(UNIT, ["b", "a"], payload=b"to one question"), proof=Proof.OWN)
    assert not fresh.record(told(UNIT, ["a"], payload=b"shorter"))
    assert fresh.record(told(UNIT, ["a", "b", "c"], payload=b"longer"), proof=Proof.OWN)
    assert [one.payload for one in fresh.attempts()] == [b"to the group", b"longer"]
    assert fresh.has_proved(UNIT, "wsd")
    assert fresh.outcomes["wsd"] == {Outcome.ANSWERED: 2}


def test_the_same_words_on_another_port_or_in_another_protocol_are_kept() -> None:
    fresh = ScanState(DATABASE)
    first = told(UNIT, ["a"])
    assert fresh.record(first)
    assert fresh.record(replace(first, port=3703, payload=b"2"))
    assert fresh.record(replace(first, probe="sadp"))
    assert len(fresh.attempts()) == 3


def test_what_was_said_unasked_is_replaced_by_the_same_said_as_an_answer() -> None:
    fresh = ScanState(DATABASE)
    asked = told(UNIT, ["a"], payload=b"answer")
    fresh.record(as_unsolicited(told(UNIT, ["a"], payload=b"hello")))
    assert fresh.record(asked)
    assert [one.is_solicited for one in fresh.attempts() if one.observations] == [True]
    fresh.record(as_unsolicited(told(UNIT, ["a"], payload=b"another hello")))
    assert [one.payload for one in fresh.attempts() if one.observations] == [b"answer"]


def recording(facts: int, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(state, "MOST_FACTS", 1 << 30)
    fresh = ScanState(DATABASE)
    replies = [told(UNIT, [f"{n}/{m}" for m in range(facts // 8)], payload=b"%d" % n) for n in range(8)]
    return steps(lambda: [fresh.record(reply) for reply in replies])


def test_the_work_grows_with_the_facts_and_not_with_their_square(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = recording(1000, monkeypatch), recording(4000, monkeypatch)
    assert many <= ALLOWED * few
    assert many <= 20 * 4000


@pytest.mark.slow
def test_of_one_address_so_many_facts_are_kept_and_it_is_reported() -> None:
    fresh = ScanState(DATABASE)
    for number in range(64):
        fresh.record(told(UNIT, [f"a:{number}/{scope}" for scope in range(9300)], payload=b"%d" % number))
    host = fresh.hosts[UNIT]
    assert host.observed == sum(len(one.observations) for one in host.attempts) == MOST_FACTS
    assert fresh.is_full(UNIT)
    assert not fresh.is_full("10.9.0.4")
    assert [note for note in fresh.notes() if note.startswith(f"{UNIT} sent more than camscan keeps")]


def test_an_honest_recorder_is_kept_whole() -> None:
    fresh = ScanState(DATABASE)
    fresh.record(told(UNIT, [f"Channel {number}" for number in range(1024)]))
    assert not fresh.is_full(UNIT)
    assert list(fresh.notes()) == []


def test_all_addresses_together_take_no_more_than_their_shares() -> None:
    fresh = ScanState(DATABASE)
    size = 1 << 16
    flooding = [f"10.9.{number // 250}.{number % 250 + 1}" for number in range(40)]
    for ip in flooding:
        for number in range(64):
            fresh.record(told(ip, [], payload=b"%d%s" % (number, bytes(size))))
    kept = sum(len(one.payload) for host in fresh.hosts.values() for one in host.attempts)
    assert kept <= COMMON_SHARE + len(flooding) * (OWN_SHARE + 2 * size)
    assert set(fresh.hosts) == set(flooding)
    honest = "10.9.200.1"  # comes last, and has its own share all the same
    fresh.record(told(honest, ["onvif://www.onvif.org/name/HIKVISION"]))
    assert fresh.hosts[honest].observed == 1
    assert not fresh.is_full(honest)
    long = b"a page" * 10_000
    fresh.record(told(honest, ["of a long page"], payload=long))
    last = fresh.hosts[honest].attempts[-1]
    assert [seen.value for seen in last.observations] == ["of a long page"]
    assert long.startswith(last.payload)
    assert 0 < len(last.payload) < OWN_SHARE
    assert [note for note in fresh.notes() if "sent more than camscan keeps" in note]


def test_that_this_machine_refuses_shows_no_device() -> None:
    fresh = ScanState(DATABASE, is_own=lambda ip: ip == UNIT)
    fresh.record(Attempt("http", UNIT, 80, Outcome.REFUSED))
    fresh.record(Attempt("http", "10.9.0.4", 80, Outcome.REFUSED))
    assert fresh.alive == {"10.9.0.4"}
    fresh.record(told(UNIT, ["a service of it is one"]))
    assert UNIT in fresh.alive
