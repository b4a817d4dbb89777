"""Which collectors are asked for a scan because its time has come, and which have fallen silent."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from centre_place import BEGIN, SITES, Place, place
from parcels import KEY, OTHER_KEY

from camscan.app.arrivals import record_arrivals
from camscan.app.collectors import ask_for_scan
from camscan.app.due_errands import ask_for_due_scans, silent_collectors
from camscan.parcel.keys import public_key_of
from camscan.store.collectors import Collectors, SignedRequestParts, Turn
from camscan.store.errands import Errands
from camscan.store.quota import Quota

NOW = BEGIN
COUNTERS = itertools.count(1)


@pytest.fixture
def centre(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    (workplace / "camscan.yaml").write_text(SITES)
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    with place("camscan.db") as made:
        yield made


def polls(centre: Place, key: bytes = public_key_of(KEY), after: timedelta = timedelta()) -> None:
    number, now = next(COUNTERS), NOW + after
    asking = SignedRequestParts(key=key, counter=number, digest=f"{number:064x}", created=int(now.timestamp()))
    assert Collectors(centre.store).admit(asking, now, Quota(parts=1, day=1)).turn is Turn.NEXT


def asked(centre: Place, after: timedelta = timedelta()) -> list[str]:
    """The sites for which errands are made then."""
    return [each.site for each in ask_for_due_scans(centre.space, centre.store, NOW + after)]


def answer(centre: Place, state: str) -> None:
    newest = Errands(centre.store).of_key(centre.collector.key)[-1]
    assert Errands(centre.store).answer(newest.id, newest.key, state, "")


def test_a_site_that_nobody_has_scanned_is_asked_for_once(centre: Place) -> None:
    polls(centre)
    assert asked(centre) == ["Oak School"]
    assert asked(centre, timedelta(minutes=1)) == []
    (errand,) = Errands(centre.store).due(centre.collector.key, NOW)
    assert errand.ends_at - errand.made_at == timedelta(days=7)


def test_a_person_who_asks_too_makes_no_second_errand(centre: Place) -> None:
    now = datetime.now(UTC)
    polls(centre, after=now - NOW)
    (made,) = ask_for_due_scans(centre.space, centre.store, now)
    assert ask_for_scan(centre.space, centre.collector, None, timedelta(hours=1)).id == made.id
    answer(centre, "done")
    assert ask_for_scan(centre.space, centre.collector, None, timedelta(hours=1)).id != made.id


def test_one_that_was_scanned_is_due_a_week_later(centre: Place) -> None:
    centre.arrive()
    assert record_arrivals(centre.space, centre.store).recorded == 1
    for days, due in ((1, []), (6, []), (7, ["Oak School"])):
        polls(centre, after=timedelta(days=days))
        assert asked(centre, timedelta(days=days)) == due


def test_what_was_done_is_not_asked_for_before_its_time_although_its_parcel_was_lost(centre: Place) -> None:
    polls(centre)
    asked(centre)
    answer(centre, "done")
    for days, due in ((2, []), (7, ["Oak School"])):
        polls(centre, after=timedelta(days=days))
        assert asked(centre, timedelta(days=days)) == due


def test_a_clock_that_was_far_ahead_for_a_moment_keeps_no_site_waiting(centre: Place) -> None:
    ahead, later = timedelta(days=400), timedelta(minutes=1)
    polls(centre, after=ahead)
    assert asked(centre, ahead) == ["Oak School"]
    answer(centre, "done")
    polls(centre, after=later)
    assert asked(centre, later) == ["Oak School"]
    assert asked(centre, later * 2) == []
    (errand,) = Errands(centre.store).due(centre.collector.key, NOW + later)
    assert Errands(centre.store).answer(errand.id, errand.key, "done", "")
    assert asked(centre, later * 3) == []


@pytest.mark.parametrize("state", ["refused", "failed"])
def test_what_was_refused_is_asked_for_again_after_a_day(centre: Place, state: str) -> None:
    polls(centre)
    asked(centre)
    answer(centre, state)
    for hours, due in ((1, []), (23, []), (25, ["Oak School"])):
        polls(centre, after=timedelta(hours=hours))
        assert asked(centre, timedelta(hours=hours)) == due


def test_an_errand_that_nobody_did_expires_and_its_end_still_counts(centre: Place) -> None:
    polls(centre)
    asked(centre)
    answer(centre, "begun")
    late = timedelta(days=7, minutes=1)
    polls(centre, after=late)
    assert asked(centre, late) == ["Oak School"]
    first, second = Errands(centre.store).of_key(centre.collector.key)
    assert (first.state, second.state) == ("expired", "waiting")
    assert Errands(centre.store).answer(first.id, first.key, "done", "")
    assert Errands(centre.store).count() == {"done": 1, "waiting": 1}


def test_who_never_asks_is_asked_for_nothing_and_is_not_silent(centre: Place) -> None:
    """Such as a key of parcels that come on a stick."""
    assert asked(centre) == []
    assert silent_collectors(centre.store, NOW + timedelta(days=30)) == []


def test_silent_after_three_missed_polls_and_an_hour(centre: Place) -> None:
    polls(centre)
    assert silent_collectors(centre.store, NOW + timedelta(minutes=119)) == []
    (found,) = silent_collectors(centre.store, NOW + timedelta(minutes=121))
    assert found.name == "Oak PC"
    assert asked(centre, timedelta(minutes=121)) == []
    assert len(silent_collectors(centre.store, NOW - timedelta(days=30))) == 1, "it asked before the clock was set back"


def test_who_scans_is_not_silent_for_a_day(centre: Place) -> None:
    polls(centre)
    asked(centre)
    answer(centre, "begun")
    assert silent_collectors(centre.store, NOW + timedelta(hours=23)) == []
    assert len(silent_collectors(centre.store, NOW + timedelta(hours=25))) == 1


def test_of_two_collectors_of_a_site_the_one_that_asked_last_is_asked(centre: Place) -> None:
    other = public_key_of(OTHER_KEY)
    Collectors(centre.store).approve(other, name="New PC", sites=["Oak School"], networks=[], role="ICT")
    polls(centre, other)
    polls(centre, after=timedelta(seconds=-1))
    assert asked(centre) == ["Oak School"]
    assert len(Errands(centre.store).due(other, NOW)) == 1


def test_old_errands_are_forgotten_and_those_that_go_on_stay(centre: Place) -> None:
    polls(centre)
    asked(centre)
    assert Errands(centre.store).forget(NOW + timedelta(days=1)) == 0
    answer(centre, "failed")
    assert Errands(centre.store).forget(NOW + timedelta(days=1)) == 1
    assert Errands(centre.store).count() == {}
