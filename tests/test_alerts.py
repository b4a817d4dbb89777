"""Alerts from the register to those whom camscan.yaml names: what is told when, and what is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alert_box import RECIPIENTS, Box, collect_alerts
from command_line import Camscan
from sample_report import DAY, HOSTILE, NOON, camera, enter, nameless, numbered, report

from camscan import app
from camscan.app.alerts import AlertsResult
from camscan.app.workspace import Workspace, find_workspace
from camscan.errors import UsageError
from camscan.model import Completion, Device
from camscan.notify.message import Item
from camscan.register import Register
from camscan.store import open_store
from camscan.store.alerts import FAILURES, Alerts, WaitingMessage

SITES = "organisation: Example Borough Council\nsites:\n  - {name: Depot, cidrs: [192.0.2.0/24]}\n"
FIRST = "1 place was scanned for the first time"


@pytest.fixture
def box() -> Iterator[Box]:
    with collect_alerts() as found:
        yield found


@pytest.fixture
def place(workplace: Path, register_at: str) -> Workspace:
    (workplace / "camscan.yaml").write_text(SITES + RECIPIENTS, encoding="utf-8")
    return find_workspace(None, register_at)


@pytest.fixture
def file(workplace: Path) -> Workspace:
    """As ``place``, in a file only."""
    (workplace / "camscan.yaml").write_text(SITES + RECIPIENTS, encoding="utf-8")
    return find_workspace()


def scan(space: Workspace, *devices: Device, **members: object) -> None:
    with space.open() as book:
        book.remember_sites(space.settings.places())
        found = numbered(book, *devices, site="Depot", **members)
        book.record(found)


def tell(space: Workspace, night: int, **how: object) -> AlertsResult:
    """What is due on that night, at eight in the evening."""
    return app.alerts.send_due_alerts(space, now=NOON + timedelta(days=night, hours=8), **how)  # type: ignore[arg-type]  # as named


def removed(book: Register, number: int = 0, day: str = "2026-02-01") -> str:
    asset = book.devices()[number].asset_id
    enter(book, asset, lifecycle_status="removed", actual_removal_date=day, removal_evidence_ref="works order 1")
    return asset


def test_nights_of_a_depot(place: Workspace, box: Box) -> None:
    scan(place, *map(camera, range(30)))
    tell(place, 1)
    assert box.came() == {"news to CCTV team": FIRST}

    scan(place, *map(camera, range(31)))
    tell(place, 2)
    (told,) = [message for _, message in box.messages]
    assert box.came() == {"news to CCTV team": "1 new device"}
    (item,) = told.items
    assert (item.site, item.asset_id != "", told.organisation) == ("Depot", True, "Example Borough Council")
    assert "192.0.2." in item.detail

    scan(place, *map(camera, range(31)))
    assert tell(place, 3) == AlertsResult()

    with place.open() as book:
        gone = removed(book)
    scan(place, *map(camera, range(31)))
    tell(place, 4)
    (one, other) = (message for _, message in box.messages)
    assert (one.items[0].asset_id, one.items[0].kind) == (gone, "reappeared_after_removal")
    assert one.id == other.id
    assert set(box.came()) == {"alarm to ICT", "alarm to CCTV team"}
    for night in (5, 6, 10):
        assert tell(place, night) == AlertsResult(), night
    tell(place, 12)
    assert set(box.came()) == {"alarm to ICT", "alarm to CCTV team"}  # a week later, and nobody has acted


def test_what_nobody_takes_is_tried_again_and_given_up_after_three_days(place: Workspace, box: Box) -> None:
    scan(place, camera(1))
    tell(place, 1)
    box.messages.clear()
    box.refuses.add("CCTV team")
    scan(place, camera(1), camera(2))
    told = tell(place, 2)
    assert [(each.recipient, each.detail) for each in told.failed_sends] == [("CCTV team", "no mail today")]
    assert (told.waiting, box.came()) == (1, {})
    scan(place, camera(1), camera(2), camera(3))
    tries = box.tries
    assert tell(place, 3).waiting == 2
    assert box.tries == tries + 1  # after the first refusal nobody knocks again
    box.refuses.clear()
    tell(place, 4)
    assert [message.counts for _, message in box.messages] == [{"new": 1}, {"new": 1}]
    assert len({message.id for _, message in box.messages}) == 2
    box.messages.clear()

    box.refuses.add("everybody")
    scan(place, camera(1), camera(2), camera(3), camera(4))
    assert tell(place, 5).waiting == 1
    assert tell(place, 8).waiting == 1
    told = tell(place, 9)
    assert [(each.is_given_up, each.detail) for each in told.sent] == [(True, "given up: no mail today")]
    assert tell(place, 10) == AlertsResult()
    with open_store(place.where) as store:
        assert Alerts(store).read_marks()[FAILURES] == "5"


def test_what_waited_while_the_machine_was_off_is_tried_once_more(file: Workspace, box: Box) -> None:
    scan(file, camera(1))
    tell(file, 1)
    box.messages.clear()
    box.refuses.add("everybody")
    scan(file, camera(1), camera(2))
    assert tell(file, 2).waiting == 1
    box.refuses.clear()
    told = tell(file, 9)
    assert [each.is_sent for each in told.sent] == [True]
    assert box.came() == {"news to CCTV team": "1 new device"}
    assert tell(file, 10) == AlertsResult()


def test_a_message_of_a_later_camscan_is_given_up_and_holds_up_nothing(file: Workspace, box: Box) -> None:
    with open_store(file.where) as store:
        for message in ({"about": "news", "new": "member"}, ["no message"], {"id": "1", "about": "gossip"}):
            waits = WaitingMessage("CCTV team", NOON, message)  # type: ignore[arg-type]  # what may stand in a file
            Alerts(store).keep((), {}, [waits], NOON - timedelta(days=9))
    scan(file, camera(1))
    told = tell(file, 1)
    assert [each.detail for each in told.sent if each.is_given_up] == ["given up: the message cannot be read"] * 3
    assert box.came() == {"news to CCTV team": FIRST}


def test_a_message_that_is_sent_again_is_the_same_message(file: Workspace, box: Box) -> None:
    scan(file, camera(1))
    box.refuses.add("everybody")
    tell(file, 1)
    with open_store(file.where) as store:
        (waiting,) = Alerts(store).waiting_messages()
    box.refuses.clear()
    tell(file, 2)
    assert [message.id for _, message in box.messages] == [waiting.message["id"]]


def test_a_kill_while_it_is_sent_costs_no_message(file: Workspace, box: Box) -> None:
    scan(file, camera(1))
    box.is_deadly = True
    with pytest.raises(KeyboardInterrupt):
        tell(file, 1)
    box.is_deadly = False
    tell(file, 2)
    assert box.came() == {"news to CCTV team": FIRST}


def test_news_comes_once_a_day_and_alarms_at_once(file: Workspace, box: Box) -> None:
    scan(file, camera(1))
    tell(file, 1)
    box.messages.clear()
    scan(file, camera(1), camera(2))
    with file.open() as book:
        removed(book)
    scan(file, camera(1), camera(2), camera(3))
    later = NOON + timedelta(days=1, hours=11)
    app.alerts.send_due_alerts(file, now=later)
    assert set(box.came()) == {"alarm to ICT", "alarm to CCTV team"}
    app.alerts.send_due_alerts(file, now=later, digest=True)
    assert box.came() == {
        "news to CCTV team": "2 new devices",
        "progress to CCTV team": "how far the removal has got",
    }
    tell(file, 2)
    assert box.came() == {}


def test_progress_comes_with_a_new_month(file: Workspace, box: Box) -> None:
    scan(file, camera(1))
    tell(file, 1)
    tell(file, 29)  # 31 March
    box.messages.clear()
    tell(file, 31)
    ((_, told),) = box.messages
    assert (told.about, dict(told.facts)["In scope"]) == ("progress", "0 devices")
    assert told.facts[0] == ("Hikvision or Dahua", "1 device (1 camera) at 1 site")
    assert ("Scope not known", "1 device") in told.facts
    box.messages.clear()
    tell(file, 32)
    assert box.messages == []


def test_a_first_scan_is_one_line_however_many_nights_it_takes(file: Workspace, box: Box) -> None:
    with file.open() as book:
        book.remember_sites(file.settings.places())
        half = numbered(book, *map(camera, range(40)), site="Depot")
        book.record(replace(half, completion=Completion.INTERRUPTED))
    tell(file, 1)
    ((_, told),) = box.messages
    assert [item.brief for item in told.items] == ["Depot. Hikvision or Dahua: 40 devices (40 cameras) at 1 site"]
    box.messages.clear()
    scan(file, *map(camera, range(80)))
    tell(file, 2)
    ((_, told),) = box.messages
    assert [item.kind for item in told.items] == ["first_scan"]


def test_a_printer_is_not_news(file: Workspace, box: Box) -> None:
    scan(file, camera(1))
    tell(file, 1)
    box.messages.clear()
    scan(file, camera(1), nameless("192.0.2.99", maker="hp", kind="printer", is_camera_system=False))
    assert tell(file, 2) == AlertsResult()


def test_a_silent_subnet_is_trouble(file: Workspace, box: Box) -> None:
    devices = [*map(camera, range(5))]
    for night in range(1, 4):
        scan(file, *devices)
        tell(file, night)
    box.messages.clear()
    scan(file)
    tell(file, 4)
    ((name, told),) = box.messages
    assert (name, told.about) == ("ICT", "trouble")
    assert [(item.kind, item.brief) for item in told.items] == [("coverage_lost", "a subnet of Depot")]
    scan(file, *devices)
    box.messages.clear()
    assert tell(file, 5) == AlertsResult()


@pytest.mark.slow
def test_scans_of_other_places_do_not_hide_what_flaps(file: Workspace, box: Box) -> None:
    devices = [*map(camera, range(5))]
    seen = []
    for night in range(1, 8):
        scan(file, *(devices if night < 4 or night % 2 else []))
        with file.open() as book:
            for _ in range(12):
                book.record(numbered(book, targets=("192.0.2.200",)))
        tell(file, night)
        seen += [told for name, told in box.came().items() if "trouble" in name]
    assert seen == ["1 subnet fell silent", "1 subnet falls silent and comes back"]


def test_an_authorisation_that_ends_is_reported_weekly_until_it_is_renewed(file: Workspace, box: Box) -> None:
    assert file.settings.authorisations == ()

    def authorise(*until: str) -> Workspace:
        entries = "".join(
            f"  - {{role: Head of ICT, date: {begin}, expires: {end}, cidrs: [192.0.2.0/24]}}\n"
            for begin, end in zip(("2026-01-01", "2026-03-05"), until, strict=False)
        )
        Path("camscan.yaml").write_text(f"{SITES}{RECIPIENTS}authorisations:\n{entries}", encoding="utf-8")
        return find_workspace()

    tell(authorise("2026-12-31"), 1)
    assert box.came() == {}
    space = authorise("2026-03-20")
    for night, wanted in ((1, 1), (2, 0), (7, 0), (8, 1)):
        tell(space, night)
        assert len(box.came()) == wanted, night
    tell(authorise("2026-03-20", "2027-01-01"), 20)
    assert box.came() == {}


class TestTrouble:
    BUSY = Item("scan_failed", "scan", "busy", brief="another run was writing")

    def test_what_a_run_met_is_reported_once_a_week(self, file: Workspace, box: Box) -> None:
        for night, wanted in ((1, 1), (2, 0), (7, 0), (8, 1)):
            tell(file, night, troubles=[self.BUSY])
            assert len(box.came()) == wanted, night

    def test_it_is_reported_where_the_register_cannot_be_read(self, file: Workspace, box: Box) -> None:
        Path("camscan.db").write_bytes(b"no register at all" * 100)
        told = tell(file, 1, troubles=[self.BUSY])
        assert set(box.came()) == {"trouble to ICT"}
        assert "camscan.db" in told.trouble

    def test_it_is_reported_where_nothing_can_be_remembered(self, file: Workspace, box: Box) -> None:
        scan(file, camera(1))
        Path("camscan-service.db").write_bytes(b"no store at all" * 100)
        told = tell(file, 1, troubles=[self.BUSY])
        assert set(box.came()) == {"trouble to ICT"}
        assert "camscan-service.db: it cannot be used" in told.trouble
        Path("camscan-service.db").unlink()
        tell(file, 2)
        assert box.came() == {"news to CCTV team": FIRST}  # nothing is lost


def test_hostile_text_goes_through_everything(place: Workspace, box: Box) -> None:
    scan(place, camera(1))
    tell(place, 1)
    scan(place, camera(1), camera(2, model=HOSTILE, maker=HOSTILE))
    tell(place, 2)
    (_, told) = box.messages[-1]
    assert told.items[0].detail.isprintable() or "�" in told.items[0].detail
    assert "\x1b" not in told.items[0].detail


def test_somebody_who_is_named_no_more_gets_nothing(file: Workspace, box: Box) -> None:
    scan(file, camera(1))
    box.refuses.add("everybody")
    tell(file, 1)
    box.refuses.clear()
    text = Path("camscan.yaml").read_text(encoding="utf-8").replace("CCTV team", "Others")
    Path("camscan.yaml").write_text(text, encoding="utf-8")
    told = tell(find_workspace(), 2)
    assert [(each.recipient, each.is_given_up) for each in told.sent] == [("CCTV team", True)]
    assert box.messages == []


def test_a_register_that_was_put_back_tells_what_its_last_scan_brought(file: Workspace, box: Box) -> None:
    for number in range(1, 4):
        scan(file, *map(camera, range(number)))
        tell(file, number)
    box.messages.clear()
    Path("camscan.db").unlink()
    with file.open() as book:
        book.remember_sites(file.settings.places())
        book.record(report(camera(1), scan_id="other-1", when=NOON - DAY, site="Depot"))
        book.record(report(camera(1), camera(9), scan_id="other-2", site="Depot"))
    tell(file, 4)
    assert box.came() == {"news to CCTV team": "1 new device"}


class TestCommand:
    def test_it_says_who_took_what_and_then_that_nothing_is_due(
        self, camscan: Camscan, file: Workspace, box: Box
    ) -> None:
        scan(file, camera(1))
        assert camscan("notify") == (0, "CCTV team: news, taken\n", "")
        assert camscan("notify") == (0, "Nothing is due\n", "")
        assert camscan("notify", "--quiet") == (0, "", "")
        assert len(box.messages) == 1

    def test_what_was_not_taken_is_exit_code_1(self, camscan: Camscan, file: Workspace, box: Box) -> None:
        scan(file, camera(1))
        box.refuses.add("everybody")
        code, out, err = camscan("notify", "-q")
        assert (code, out) == (1, "")
        assert err.splitlines() == [
            "camscan: CCTV team got no message (news): no mail today",
            "camscan: 1 message will be tried again by the next run",
        ]

    def test_a_test_goes_to_everybody_or_to_one(self, camscan: Camscan, file: Workspace, box: Box) -> None:
        assert camscan("notify", "test") == (0, "ICT: taken\nCCTV team: taken\n", "")
        assert camscan("notify", "test", "ict") == (0, "ICT: taken\n", "")
        box.refuses.add("ICT")
        assert camscan("notify", "test") == (
            1,
            "CCTV team: taken\n",
            "camscan: ICT got no message: no mail today\n",
        )
        assert camscan("notify", "test", "nobody") == (
            2,
            "",
            "camscan: there is no recipient 'nobody'; the recipients are: ICT, CCTV team\n",
        )
        assert not Path("camscan-service.db").exists()
        del file

    def test_no_person_is_named(self, camscan: Camscan, workplace: Path) -> None:
        (workplace / "camscan.yaml").write_text("", encoding="utf-8")
        for words in (["notify"], ["notify", "test"]):
            code, _, err = camscan(*words)
            assert (code, err) == (2, "camscan: camscan.yaml: no recipients: list at least one under notify\n")

    def test_a_second_one_waits_for_nobody(self, camscan: Camscan, file: Workspace) -> None:
        with app.unattended.lock_runs(file):
            code, _, err = camscan("notify")
        assert code == 4
        assert err == "camscan: camscan.db: another `camscan run` is running; wait until it has ended\n"

    def test_a_channel_that_lacks_something_is_found_by_config_check(self, camscan: Camscan, workplace: Path) -> None:
        (workplace / "camscan.yaml").write_text(
            "notify:\n  - {name: Hub, channel: webhook, url: https://192.0.2.1/}\n", encoding="utf-8"
        )
        code, _, err = camscan("config", "check")
        assert (code, err) == (2, "error: camscan.yaml:2: webhook needs secret_file\n")
        assert camscan("notify")[0] == 2


def test_nobody_to_tell_is_an_error(workplace: Path) -> None:
    del workplace
    with pytest.raises(UsageError, match=r"there is no camscan\.yaml: no recipients:"):
        app.alerts.send_due_alerts(find_workspace(), now=datetime(2026, 3, 2, tzinfo=UTC))
