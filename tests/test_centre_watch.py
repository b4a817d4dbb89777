"""Who watches a centre is told what is wrong: by alerts, metrics, /ready, the front page and the list of collectors."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from alert_box import RECIPIENTS, Box, collect_alerts
from centre_place import SITES, Place, place
from command_line import Camscan
from starlette.testclient import TestClient
from test_metrics import samples

from camscan import app
from camscan.app.arrivals import record_arrivals
from camscan.app.centre_alarms import troubles_of
from camscan.app.centre_state import CentreState, state_of
from camscan.app.worker import StandIn
from camscan.store.collectors import Collectors, SignedRequestParts, State
from camscan.store.errands import Errands
from camscan.store.quota import Quota
from camscan.web.application import make_application
from camscan.web.desk import Desk, Setting
from camscan.work import QueueState

NOW = datetime.now(UTC)
HOST = "127.0.0.1:8377"


@pytest.fixture
def centre(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    (workplace / "camscan.yaml").write_text(SITES + RECIPIENTS)
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    with place("camscan.db") as made:
        yield made


@pytest.fixture
def desk(centre: Place) -> Iterator[Desk]:
    made = Desk(centre.space, Setting())
    yield made
    made.close()


@pytest.fixture
def box() -> Iterator[Box]:
    with collect_alerts() as found:
        yield found


def polls(centre: Place, ago: timedelta) -> None:
    then = NOW - ago
    asking = SignedRequestParts(key=centre.collector.key, counter=1, digest="0" * 64, created=int(then.timestamp()))
    Collectors(centre.store).admit(asking, then, Quota(parts=1, day=1))


def stands(centre: Place, after: timedelta = timedelta()) -> CentreState:
    found = state_of(centre.space, centre.store, NOW + after)
    assert found is not None
    return found


class TestMetrics:
    def test_everything_is_counted_and_nobody_is_named(self, centre: Place, camscan: Camscan) -> None:
        centre.arrive(1)
        record_arrivals(centre.space, centre.store)
        centre.arrive(2)
        polls(centre, timedelta(minutes=1))
        assert len(app.due_errands.ask_for_due_scans(centre.space, centre.store, NOW + timedelta(days=7))) == 0
        code, text, _ = camscan("metrics", "-")
        found = samples(text)
        assert code == 0
        assert found["camscan_collectors.approved"] == 1
        assert found["camscan_collectors.revoked"] == found["camscan_collector_silent"] == 0
        assert found["camscan_parcels.recorded"] == found["camscan_parcels.waiting"] == 1
        assert 0 <= found["camscan_parcel_age_seconds"] < 60
        assert 0 < found["camscan_ingest_seconds"] < 60
        assert 0 < found["camscan_parcel_disk_free_ratio"] <= 1
        assert found["camscan_errands.waiting"] == 0
        assert not [name for name in found if "queue" in name]  # a register in a file has none
        assert not re.search(r"Oak|10\.12|ICT", text)

    def test_a_parcel_whose_key_was_revoked_is_held_and_has_no_age(self, centre: Place) -> None:
        centre.arrive()
        Collectors(centre.store).set_state(centre.collector.number, State.REVOKED, "ICT")
        found = stands(centre, timedelta(days=3))
        assert (found.parcels["held"], found.parcels["waiting"], found.oldest) == (1, 0, timedelta())
        assert list(troubles_of(found)) == []

    def test_without_collectors_there_is_nothing(self, workplace: Path) -> None:
        (workplace / "camscan.yaml").write_text(SITES)
        assert app.centre_state.centre_state(app.workspace.find_workspace(), NOW) is None


class TestAlarms:
    def test_a_silent_collector(self, centre: Place) -> None:
        polls(centre, timedelta(minutes=119))
        assert list(troubles_of(stands(centre))) == []
        (item,) = troubles_of(stands(centre, timedelta(minutes=2)))
        assert item.kind == "collector_silent"
        assert item.brief.startswith("Oak PC has not asked for work since ")

    def test_a_parcel_that_waits(self, centre: Place) -> None:
        centre.arrive()
        since = datetime.now(UTC) - NOW  # half an hour in a slow run
        assert list(troubles_of(stands(centre, since + timedelta(hours=23)))) == []
        (item,) = troubles_of(stands(centre, since + timedelta(hours=30)))
        assert (item.kind, item.brief) == ("parcel_waits", "1 parcel waits to be recorded, the oldest for 30 hours")

    def test_a_disk_that_is_nearly_full(self, centre: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        for free, kinds in ((21, []), (19, ["disk_full"])):
            monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(total=100, free=free))
            assert [each.kind for each in troubles_of(stands(centre))] == kinds

    def test_a_queue_that_is_stuck(self, centre: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        for long, kinds in ((0, []), (2, ["queue_stalled"])):
            standing = QueueState(jobs={"doing": 2}, stalled=2, stalled_long=long)
            monkeypatch.setattr(app.centre_state, "queue_state", lambda _, standing=standing: standing)
            assert [each.kind for each in troubles_of(stands(centre))] == kinds

    def test_people_are_reported_once(self, centre: Place, box: Box) -> None:
        polls(centre, timedelta(hours=3))
        centre.arrive()
        record_arrivals(centre.space, centre.store)
        stand_in = StandIn(centre.space, lambda: centre.store)
        stand_in.look(NOW)
        assert box.came() == {"trouble to ICT": "1 collector is silent"}
        stand_in.look(NOW + timedelta(minutes=6))
        app.alerts.send_due_alerts(centre.space, now=NOW + timedelta(minutes=7))
        assert "trouble to ICT" not in box.came()

    def test_what_nobody_took_is_tried_again(self, centre: Place, box: Box) -> None:
        polls(centre, timedelta(hours=3))
        box.refuses = {"everybody"}
        assert len(app.alerts.send_centre_alarms(centre.space, NOW).failed_sends) == 1
        box.refuses = set()
        assert app.alerts.send_centre_alarms(centre.space, NOW + timedelta(minutes=5)).failed_sends == []
        assert box.came() == {"trouble to ICT": "1 collector is silent"}

    def test_where_nothing_is_wrong_nobody_is_told(self, centre: Place, box: Box) -> None:
        polls(centre, timedelta(minutes=1))
        app.alerts.send_centre_alarms(centre.space, NOW)
        assert box.tries == 0


class TestReady:
    def test_while_the_register_can_be_reached(self, desk: Desk, centre: Place) -> None:
        client = TestClient(make_application(desk), base_url=f"http://{HOST}")
        assert client.get("/health").text == "ok\n"
        answer = client.get("/ready")
        assert (answer.status_code, answer.text) == (200, "ready\nparcels waiting: 0\n")
        centre.arrive()
        assert client.get("/ready").text == answer.text  # looked at a moment ago

    def test_how_long_parcels_wait(self, desk: Desk, centre: Place) -> None:
        centre.arrive()
        text = TestClient(make_application(desk), base_url=f"http://{HOST}").get("/ready").text
        assert re.fullmatch(r"ready\nparcels waiting: 1, the oldest for \d+ s\n", text)

    def test_whether_a_worker_is_there(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        for unseen, says in ((timedelta(seconds=9), "seen"), (None, "none seen, camscan serve records parcels itself")):
            standing = QueueState(jobs={}, unseen=unseen)
            monkeypatch.setattr(app.centre_state, "queue_state", lambda _, standing=standing: standing)
            desk.watch._kept = None
            text = TestClient(make_application(desk), base_url=f"http://{HOST}").get("/ready").text
            assert text.splitlines()[-1] == f"worker: {says}"

    def test_not_when_the_register_is_gone(self, desk: Desk, centre: Place) -> None:
        centre.store.close()
        for path in Path().glob("camscan.db*"):
            if path.is_file():
                path.unlink()
        answer = TestClient(make_application(desk), base_url=f"http://{HOST}").get("/ready")
        assert (answer.status_code, answer.text) == (503, "not ready: the register cannot be reached\n")


class TestPeople:
    def test_the_front_page_has_what_is_wrong(self, desk: Desk, centre: Place) -> None:
        polls(centre, timedelta(hours=3))
        (alarm,) = desk.watch.alarms()
        assert (alarm.kind, alarm.title) == ("collectors", "1 collector is silent")

    def test_and_that_the_worker_was_stopped(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        for unseen, titles in ((timedelta(seconds=9), []), (None, ["camscan work is not running"])):
            standing = QueueState(jobs={}, unseen=unseen)
            monkeypatch.setattr(app.centre_state, "queue_state", lambda _, standing=standing: standing)
            desk.watch._kept = None
            assert [each.title for each in desk.watch.alarms()] == titles

    def test_the_list_says_who_is_silent_and_what_waits(self, centre: Place, camscan: Camscan) -> None:
        polls(centre, timedelta(hours=3))
        centre.arrive()
        code, out, _ = camscan("collector", "list")
        assert code == 0
        assert "approved, silent" in out
        assert re.search(r"^1 parcel not recorded yet, the oldest for \d+ minutes?$", out, re.MULTILINE)
        assert Errands(centre.store).count() == {}
