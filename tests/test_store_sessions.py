"""Sessions in the store: kept by a digest, ended by time, by whoever owns them, and for good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sample_report import NOON
from sqlalchemy import text

from camscan.register import open_register
from camscan.store import open_store
from camscan.store.database import Store
from camscan.store.sessions import Session, Sessions, number_of

HOUR = timedelta(hours=1)
SOMEBODY = Session(subject="someone", rights="officer", role="CCTV officer", sites=("Town Hall", "Depot; \u202e'"))


@pytest.fixture
def store(register_at: str | Path) -> Iterator[Store]:
    with open_register(register_at):
        pass
    with open_store(register_at) as opened:
        yield opened


@pytest.fixture
def sessions(store: Store) -> Sessions:
    return Sessions(store, longest=8 * HOUR, idle=HOUR)


def test_a_session_is_found_by_its_secret_and_by_nothing_else(sessions: Sessions) -> None:
    secret = sessions.begin(SOMEBODY, NOON)
    assert sessions.find(secret, NOON) == SOMEBODY
    for other in ("", secret + "x", secret[:-1], "\ud800"):
        assert sessions.find(other, NOON) is None


def test_the_secret_is_not_kept(sessions: Sessions, store: Store) -> None:
    secret = sessions.begin(SOMEBODY, NOON)
    with store.reading() as connection:
        rows = connection.execute(text("SELECT * FROM service_session")).all()
    assert len(rows) == 1
    assert secret not in repr(rows)


def test_it_ends_after_a_while_without_use_and_at_the_latest_after_its_time(sessions: Sessions) -> None:
    idle, used = sessions.begin(SOMEBODY, NOON), sessions.begin(SOMEBODY, NOON)
    for minutes in range(0, 480, 50):
        assert sessions.find(used, NOON + timedelta(minutes=minutes)) == SOMEBODY
    assert sessions.find(idle, NOON + HOUR + timedelta(seconds=1)) is None
    assert sessions.find(used, NOON + 8 * HOUR + timedelta(seconds=1)) is None


def test_one_that_began_by_a_clock_that_was_far_ahead_does_not_last_until_then(sessions: Sessions) -> None:
    secret = sessions.begin(SOMEBODY, NOON + 400 * 24 * HOUR)
    assert sessions.find(secret, NOON) is None
    assert sessions.find(sessions.begin(SOMEBODY, NOON), NOON - timedelta(minutes=9)) == SOMEBODY


def test_signing_out_ends_one_and_ending_all_ends_all(sessions: Sessions) -> None:
    one, two, other = (sessions.begin(each, NOON) for each in (SOMEBODY, SOMEBODY, Session(subject="b", rights="ict")))
    sessions.end(one)
    sessions.end(one)
    assert sessions.find(one, NOON) is None
    assert sessions.end_all("someone") == 1
    assert sessions.find(two, NOON) is None
    assert sessions.find(other, NOON) is not None


def test_the_role_of_the_log_can_be_said_later(sessions: Sessions) -> None:
    secret = sessions.begin(Session(subject="local", rights="owner"), NOON)
    sessions.act_as(secret, "Head of Parking")
    found = sessions.find(secret, NOON)
    assert found is not None
    assert found.role == "Head of Parking"


def test_those_that_have_ended_are_forgotten(sessions: Sessions, store: Store) -> None:
    sessions.begin(SOMEBODY, NOON)
    sessions.begin(SOMEBODY, NOON + 9 * HOUR)
    with store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM service_session")).scalar_one() == 1


def test_sessions_are_listed_without_their_secret_and_ended_by_number(sessions: Sessions) -> None:
    secret = sessions.begin(SOMEBODY, NOON)
    other = sessions.begin(Session(subject="b", rights="ict"), NOON + HOUR / 2)
    listed = sessions.all(NOON + HOUR / 2)
    assert [each.session.subject for each in listed] == ["b", "someone"]
    assert (listed[1].began_at, listed[1].ends_at) == (NOON, NOON + 8 * HOUR)
    assert listed[1].number == number_of(secret)
    assert secret not in repr(listed)
    for nobody in ("", "%" * 16, "_" * 16, listed[1].number[:-1]):
        assert not sessions.end_number(nobody)
    assert sessions.end_number(listed[1].number)
    assert sessions.find(secret, NOON) is None
    assert sessions.find(other, NOON + HOUR / 2) is not None
    assert [each.session.subject for each in sessions.all(NOON + 3 * HOUR)] == [], "those that have ended are not there"
