"""What a centre does so as not to be overrun: limits for each collector, later polls, errands that stop first."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from command_line import Camscan
from parcels import KEY, OTHER_KEY, scan, some
from sqlalchemy import Engine, event
from starlette.testclient import TestClient
from test_centre import HOST, SITES, Site

from camscan.app.arrivals import ArrivalCounts, Failures, record_arrival, record_arrivals, remove_old_files
from camscan.app.centre_state import state_of
from camscan.app.uploads import has_room
from camscan.app.worker import tidy_up
from camscan.app.workspace import find_workspace
from camscan.parcel.keys import public_key_of
from camscan.parcel.write import pack_report
from camscan.register import open_register
from camscan.store.collectors import Collectors, SignedRequestParts, State, Turn
from camscan.store.errands import Errand, Errands
from camscan.store.parcels import WAITING, ArrivedParcel, Parcels
from camscan.store.quota import Quota, add_unpacked, take_part, unpacked_today
from camscan.web.application import make_application
from camscan.web.desk import Desk, Setting

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUOTA = Quota(parts=2, day=1000)
ID = "01957000-0000-7000-8000-00000000000{}"


class Usage(NamedTuple):
    """As ``shutil.disk_usage`` gives it."""

    total: int
    used: int
    free: int


class TestQuota:
    def test_so_many_parts_in_a_second_on_average(self) -> None:
        used, waits = "", []
        for _ in range(11):
            used, wait = take_part(used, 1, NOON, QUOTA)
            waits.append(wait)
        assert waits == [0] * 10 + [1]
        used, wait = take_part(used, 1, NOON + timedelta(seconds=1), QUOTA)
        assert wait == 0

    def test_so_many_bytes_in_a_day(self) -> None:
        used, wait = take_part("", 900, NOON, QUOTA)
        assert wait == 0
        used, wait = take_part(used, 200, NOON + timedelta(minutes=1), QUOTA)
        assert wait == 12 * 3600 - 60
        assert take_part(used, 100, NOON + timedelta(minutes=2), QUOTA)[1] == 0
        assert take_part(used, 1000, NOON + timedelta(hours=12), QUOTA)[1] == 0

    def test_a_clock_that_was_set_back_shuts_nobody_out(self) -> None:
        used = take_part("", 1, NOON, QUOTA)[0]
        assert take_part(used, 1, NOON - timedelta(days=400), QUOTA)[1] == 0


@pytest.fixture
def desk(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    (workplace / "camscan.yaml").write_text(f"{SITES}centre: {{parts_per_second: 1, megabytes_per_day: 1}}\n")
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    open_register("camscan.db").close()
    made = Desk(find_workspace(), Setting())
    for number, key in enumerate((KEY, OTHER_KEY)):
        name = f"Collector {number}"
        Collectors(made.store).approve(public_key_of(key), name=name, sites=["Oak School"], networks=[], role="ICT")
    yield made
    made.close()


@pytest.fixture
def site(desk: Desk) -> Site:
    return Site(TestClient(make_application(desk), base_url=f"http://{HOST}"))


def ask_for_scan(desk: Desk, number: int = 1, key: Any = KEY) -> None:
    now = datetime.now(UTC)
    ends = now + timedelta(hours=1)
    Errands(desk.store).keep(
        Errand(id=ID.format(number), key=public_key_of(key), site="Oak School", made_at=now, ends_at=ends)
    )


class TestParts:
    def test_who_sends_too_often_is_reported_when_to_come_again(self, site: Site) -> None:
        scan_id = scan(*some()).scan_id
        answers = [site.ask("PUT", f"/parcel/{scan_id}", b"x", query=f"at={at}") for at in range(7)]
        late = [each for each in answers if each.status_code == 429]
        assert late  # five may come at once, and one more where the machine is slow
        assert all(each.headers["retry-after"] == "1" for each in late)
        assert site.ask("POST", "/poll", {}).status_code == 200
        other = Site(site.client, OTHER_KEY)
        assert other.ask("PUT", f"/parcel/{scan_id}", b"x", query="at=0").status_code == 200

    def test_who_has_sent_enough_for_a_day_is_put_off_until_midnight(self, site: Site) -> None:
        path = f"/parcel/{scan(*some()).scan_id}"
        assert site.ask("PUT", path, bytes(1 << 20), query="at=0").status_code == 200
        answer = site.ask("PUT", path, b"x", query=f"at={1 << 20}")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 86_400
        assert site.ask("HEAD", path).headers["camscan-held"] == str(1 << 20)


class TestBegun:
    """Parcels that a collector begins and never ends."""

    def test_so_many_may_be_open_and_no_other_collector_waits_for_them(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("camscan.app.centre.Quota", lambda **_: Quota(parts=1000, day=1 << 20))
        site = Site(TestClient(make_application(desk), base_url=f"http://{HOST}"))
        ids = [scan(*some()).scan_id for _ in range(12)]
        for scan_id in ids[:10]:
            assert site.ask("HEAD", f"/parcel/{scan_id}").headers["camscan-held"] == "0"
            assert site.ask("PUT", f"/parcel/{scan_id}", b"x", query="at=0").status_code == 200
        answer = site.ask("PUT", f"/parcel/{ids[10]}", b"x", query="at=0")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")
        assert answer.json()["error"].startswith("this collector has begun 10 parcels and ended none of them")
        assert site.ask("PUT", f"/parcel/{ids[3]}", b"x", query="at=1").json() == {"held": 2}
        other = Site(site.client, OTHER_KEY)
        assert other.ask("PUT", f"/parcel/{ids[11]}", b"x", query="at=0").status_code == 200
        later = datetime.now(UTC) + timedelta(days=2, minutes=1)
        assert remove_old_files(desk.space, desk.store, later - timedelta(days=1)) == 0
        tidy_up(desk.space, desk.store, later)
        assert site.ask("HEAD", f"/parcel/{ids[3]}").headers["camscan-held"] == "0"
        assert site.ask("PUT", f"/parcel/{ids[10]}", b"x", query="at=0").status_code == 200

    def test_so_many_may_wait(self, site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("camscan.app.uploads.MOST_WAITING", 2)
        for number in range(2):
            Parcels(desk.store).keep(
                ArrivedParcel(
                    scan_id=ID.format(number), digest="", key=public_key_of(KEY), arrived_at=NOON, state=WAITING
                )
            )
        path = f"/parcel/{scan(*some()).scan_id}"
        answer = site.ask("PUT", path, b"x", query="at=0")
        assert (answer.status_code, "wait to be recorded" in answer.json()["error"]) == (429, True)
        assert Site(site.client, OTHER_KEY).ask("PUT", path, b"x", query="at=0").status_code == 200


class TestUnpacked:
    def test_a_collector_whose_day_is_full_waits_and_the_others_do_not(
        self, site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch, camscan: Camscan
    ) -> None:
        monkeypatch.setattr("camscan.app.arrivals._UNPACKED", 0)  # nobody may bring anything in
        first = scan(*some(now := datetime.now(UTC)), when=now)
        site.send(first, size=100_000)
        assert record_arrivals(desk.space, desk.store) == ArrivalCounts(left=1)
        state = state_of(desk.space, desk.store, now + timedelta(days=2))
        assert state
        assert state.oldest > timedelta(days=1), "it waits for a person to ask why"
        assert record_arrival(desk.space, desk.store, first.scan_id, Failures()) == ""
        monkeypatch.setattr("camscan.app.arrivals._UNPACKED", 4)
        assert record_arrivals(desk.space, desk.store) == ArrivalCounts(recorded=1)
        collectors = Collectors(desk.store)
        ((key, size),) = collectors.unpacked_today([public_key_of(KEY)], datetime.now(UTC)).items()
        assert key == public_key_of(KEY)
        assert size == len(gzip.decompress(pack_report(first)))
        collectors.add_unpacked(key, 4 << 20, datetime.now(UTC))
        mine, other = scan(*some(now), when=now), scan(*some(now), when=now)
        site.send(mine, size=100_000)
        Site(site.client, OTHER_KEY).send(other, size=100_000)
        assert record_arrivals(desk.space, desk.store) == ArrivalCounts(recorded=1, left=1)
        assert site.ask("GET", f"/parcel/{mine.scan_id}/result").json()["state"] == "waiting"
        listed = camscan("collector", "list")[1]
        assert "Collector 0: its day is full, so its parcels wait; recording continues on" in listed
        assert "Collector 1: its day" not in listed

    def test_what_is_refused_counts_too(self, site: Site, desk: Desk) -> None:
        now = datetime.now(UTC)
        rotten = scan(*some(now), when=now, site="Elm School")
        site.send(rotten, size=100_000)
        assert record_arrivals(desk.space, desk.store) == ArrivalCounts(refused=1)
        used = Collectors(desk.store).unpacked_today([public_key_of(KEY)], datetime.now(UTC))
        assert used == {public_key_of(KEY): len(gzip.decompress(pack_report(rotten)))}

    def test_a_new_day_begins_with_nothing_and_parts_leave_it_alone(self) -> None:
        used = add_unpacked(take_part("", 600, NOON, QUOTA)[0], 70, NOON)
        used = add_unpacked(used, 30, NOON)
        assert unpacked_today(used, NOON) == 100
        used, wait = take_part(used, 600, NOON, QUOTA)
        assert wait > 0
        assert unpacked_today(take_part(used, 400, NOON, QUOTA)[0], NOON) == 100
        assert unpacked_today(used, NOON + timedelta(days=1)) == 0
        assert add_unpacked("", 5, NOON) == '{"day": "2026-03-02", "bytes": 0, "unpacked": 5}'


class TestDisk:
    def test_errands_stop_before_uploads_do(self, site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        ask_for_scan(desk)
        path = f"/parcel/{scan(*some()).scan_id}"
        assert len(site.ask("POST", "/poll", {}).json()["errands"]) == 1
        monkeypatch.setattr("camscan.app.uploads.shutil.disk_usage", lambda _: Usage(100, 90, 10))
        heard = site.ask("POST", "/poll", {}).json()
        assert (heard["hold"], heard["errands"]) == (True, [])
        assert site.ask("PUT", path, b"x", query="at=0").status_code == 200
        monkeypatch.setattr("camscan.app.uploads.shutil.disk_usage", lambda _: Usage(100, 96, 4))
        answer = site.ask("PUT", path, b"x", query="at=1")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "600")
        assert site.ask("HEAD", path).headers["camscan-held"] == "1"

    def test_a_folder_that_is_not_there_yet_holds_nobody_up(self, tmp_path: Path) -> None:
        """On a new machine, the directory of programs' state is made with the first part."""
        there = tmp_path / "state" / "camscan" / "parcels"
        assert has_room(there, 0.0)
        assert not has_room(there, 1.0)


class TestNext:
    def test_the_more_parcels_wait_the_later_a_collector_asks_again(self, site: Site, desk: Desk) -> None:
        assert site.ask("POST", "/poll", {}).json()["next"] == 60
        waiting = ArrivedParcel(scan_id="", digest="", key=public_key_of(KEY), arrived_at=NOON, state=WAITING)
        for number in range(3):
            Parcels(desk.store).keep(_of(waiting, number))
        assert site.ask("POST", "/poll", {}).json()["next"] == 60  # it is counted every few seconds
        anew = Site(TestClient(make_application(desk), base_url=f"http://{HOST}"))
        assert anew.ask("POST", "/poll", {}).json()["next"] == 63
        assert Parcels(desk.store).backlog().oldest == NOON

    def test_never_later_than_fifteen_minutes(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Collectors, "count_approved", lambda _: 1_000_000)
        assert site.ask("POST", "/poll", {}).json()["next"] == 900

    def test_many_collectors_are_spread_over_more_time(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Collectors, "count_approved", lambda _: 9000)
        assert site.ask("POST", "/poll", {}).json()["next"] == 300


def _of(parcel: ArrivedParcel, number: int) -> ArrivedParcel:
    return ArrivedParcel(
        scan_id=ID.format(number),
        digest=f"{number}",
        key=parcel.key,
        arrived_at=parcel.arrived_at + timedelta(minutes=number),
        state=parcel.state,
    )


class TestCheapness:
    def test_a_poll_reads_and_writes_one_row(self, site: Site) -> None:
        """However many collectors there are, and whatever they were asked for before: two short transactions."""
        site.ask("POST", "/poll", {})
        statements: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            assert site.ask("POST", "/poll", {"spool": "0"}).status_code == 200
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        own = [each.replace('"', "") for each in statements if not each.startswith(("BEGIN", "SET"))]
        assert [each.split()[0] for each in own] == ["SELECT", "UPDATE", "SELECT"]
        assert all("service_collector.key = ?" in each or "service_errand.key = ?" in each for each in own)

    def test_what_is_over_is_not_read(self, desk: Desk) -> None:
        for number in range(1, 9):
            ask_for_scan(desk, number)
            if number < 3:
                Errands(desk.store).answer(ID.format(number), public_key_of(KEY), "done", "")
        ask_for_scan(desk, 9, OTHER_KEY)
        due = Errands(desk.store).due(public_key_of(KEY), datetime.now(UTC))
        assert [each.id for each in due] == [ID.format(number) for number in range(3, 8)]
        assert Errands(desk.store).due(public_key_of(KEY), datetime.now(UTC) + timedelta(hours=2)) == []


class TestTurns:
    """The counter, when requests come in no good order."""

    def asking(self, counter: int, digest: str, created: int = 100) -> SignedRequestParts:
        return SignedRequestParts(key=public_key_of(KEY), counter=counter, digest=digest * 64, created=created)

    def test_what_was_remembered_before_is_still_known(self, desk: Desk) -> None:
        collectors = Collectors(desk.store)
        for counter, digest in ((1, "a"), (2, "b"), (3, "c")):
            assert collectors.admit(self.asking(counter, digest), NOON, QUOTA).turn is Turn.NEXT
        assert collectors.admit(self.asking(2, "b"), NOON, QUOTA).turn is Turn.REPEATED
        assert collectors.admit(self.asking(2, "d"), NOON, QUOTA).turn is Turn.FORKED
        assert collectors.all()[0].state is State.STOPPED
        assert collectors.all()[1].state is State.APPROVED

    def test_a_number_that_was_passed_over_is_a_repetition_unless_it_was_signed_later(self, desk: Desk) -> None:
        collectors = Collectors(desk.store)
        assert collectors.admit(self.asking(10, "a", 100), NOON, QUOTA).turn is Turn.NEXT
        assert collectors.admit(self.asking(5, "b", 100), NOON, QUOTA).turn is Turn.REPEATED
        assert collectors.admit(self.asking(5, "b", 101), NOON, QUOTA).turn is Turn.FORKED

    def test_a_row_stays_small_however_often_its_collector_asks(self, desk: Desk) -> None:
        """A server writes a row anew at every request, and puts one of two kilobytes into another table."""
        collectors = Collectors(desk.store)
        for counter in range(1, 100):
            collectors.admit(self.asking(counter, f"{counter % 10}", 1_796_000_000), NOON, QUOTA)
        with desk.store.reading() as connection:
            (recent,) = connection.exec_driver_sql("SELECT recent FROM service_collector").first() or ("",)
        assert 1000 < len(recent) < 1600

    def test_nobody_is_admitted_by_an_unknown_key(self, desk: Desk) -> None:
        stranger = SignedRequestParts(key=bytes(32), counter=1, digest="0" * 64, created=1)
        assert Collectors(desk.store).admit(stranger, NOON, QUOTA).collector is None
