"""Requests that a stolen collector, or whoever knows its public key, may send: each costs itself alone."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from centre_place import place
from command_line import Camscan
from parcels import KEY, OTHER_KEY, make_attempt, parcel, sadp, scan, some
from starlette.testclient import TestClient
from test_centre import BASE, HOST, Site

from camscan import app
from camscan.app.arrivals import record_arrivals
from camscan.app.centre import Call, Centre
from camscan.app.collectors import approve_collector, ask_for_scan
from camscan.app.parcel import OfferedParcel
from camscan.app.uploads import folder_of
from camscan.app.workspace import find_workspace
from camscan.errors import ConfigError, RegisterError, UsageError
from camscan.parcel.keys import public_key_of
from camscan.parcel.seal import seal
from camscan.parcel.signature import sign
from camscan.parcel.unpack import unpack
from camscan.parcel.write import pack_report
from camscan.register import open_register
from camscan.store.collectors import Collectors, State
from camscan.store.errands import Errands
from camscan.store.parcels import REFUSED, Parcels
from camscan.web.application import make_application
from camscan.web.desk import Desk, Setting

SITES = """\
role: ICT
centre:
  parts_per_second: 1000
sites:
- name: Oak School
  cidrs: [10.12.0.0/24]
- name: Elm School
  cidrs: [10.13.0.0/24]
"""
NOW = datetime.now(UTC) - timedelta(minutes=5)
OTHER_ID = "01990000-0000-7000-8000-00000000000a"


@pytest.fixture
def desk(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    (workplace / "camscan.yaml").write_text(SITES)
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    open_register("camscan.db").close()
    made = Desk(find_workspace(), Setting())
    Collectors(made.store).approve(public_key_of(KEY), name="Oak PC", sites=["Oak School"], networks=[], role="ICT")
    yield made
    made.close()


@pytest.fixture
def oak(desk: Desk) -> Site:
    return Site(TestClient(make_application(desk), base_url=f"http://{HOST}"))


TEXTS = [
    ("half a character \ud800", "half a character  "),
    ("nothing \0 at all", "nothing   at all"),
    ("a line\nand another\x1b[31m \u202e", "a line and another [31m  "),
    ("x" * 5000, "x" * 200),
    (12, "12"),
    (["a list"] * 1000, ""),
    ({"an": "object"}, ""),
    (None, ""),
]


@pytest.mark.parametrize(("sent", "kept"), TEXTS)
def test_what_it_says_is_kept_as_a_line(oak: Site, desk: Desk, sent: Any, kept: str) -> None:
    errand = ask_for_scan(desk.space, Collectors(desk.store).all()[0], None, timedelta(hours=1))
    answer = oak.ask("POST", f"/errand/{errand.id}", {"state": "refused", "why": sent})
    assert answer.status_code == 200
    assert Errands(desk.store).of_key(public_key_of(KEY))[0].why == kept
    assert oak.ask("POST", "/poll", {"error": sent, "version": sent}).status_code == 200
    assert Collectors(desk.store).all()[0].said == {"error": kept, "version": kept}


@pytest.mark.parametrize("state", [["done"], {"done": 1}, None, 1, True, "expired", "waiting"])
def test_a_state_that_there_is_not_is_refused(oak: Site, state: Any) -> None:
    assert oak.ask("POST", f"/errand/{OTHER_ID}", {"state": state}).status_code == 400


def test_a_parcel_sent_as_another_scan_is_refused_and_does_not_wait_for_ever(oak: Site, desk: Desk) -> None:
    report = scan(*some(NOW), when=NOW)
    content = seal(pack_report(report), KEY)
    assert oak.ask("PUT", f"/parcel/{OTHER_ID}", content, query="at=0").status_code == 200
    assert oak.end(replace(report, scan_id=OTHER_ID), content).status_code == 202
    done = record_arrivals(desk.space, desk.store)
    assert (done.recorded, done.refused, done.left) == (0, 1, 0)
    assert "not the one that was announced" in oak.ask("GET", f"/parcel/{OTHER_ID}/result").json()["why"]
    assert oak.send(report).status_code == 202
    assert record_arrivals(desk.space, desk.store).recorded == 1


def test_a_key_of_networks_alone_does_not_speak_of_a_site(desk: Desk, oak: Site) -> None:
    network = ipaddress.ip_network("10.99.0.0/24")
    Collectors(desk.store).approve(public_key_of(OTHER_KEY), name="A stick", sites=[], networks=[network], role="ICT")
    stick = Site(oak.client, OTHER_KEY)
    camera = make_attempt("10.99.0.4", sadp(4), when=NOW)
    claimed = scan(camera, when=NOW, site="Elm School", targets=("10.99.0.0/24",))
    stick.send(claimed)
    stick.send(scan(camera, when=NOW + timedelta(minutes=1), site="", targets=("10.99.0.0/24",)))
    done = record_arrivals(desk.space, desk.store)
    assert (done.recorded, done.refused) == (1, 1)
    kept = Parcels(desk.store).of_scan(claimed.scan_id)
    assert kept
    assert kept.state == REFUSED


def test_strangers_are_counted_in_its_own_networks_alone(oak: Site, desk: Desk) -> None:
    report = scan(*some(NOW), when=NOW, targets=("10.12.0.0/25",))
    strangers = ("10.12.0.177", "10.13.0.7", "192.0.2.1")
    oak.send(replace(report, coverage=replace(report.coverage, strangers=strangers)))
    assert record_arrivals(desk.space, desk.store).recorded == 1
    with open_register("camscan.db", readonly=True) as book:
        assert book.report(report.scan_id).coverage.strangers == ("10.12.0.177",)


@pytest.mark.parametrize("state", [State.REVOKED, State.STOPPED])
def test_a_key_that_was_ended_meanwhile_is_not_approved(desk: Desk, state: State) -> None:
    """Two people have its page open, or a copy of its key asks while somebody compares the words."""
    collectors = Collectors(desk.store)
    seen = collectors.all()[0]
    collectors.set_state(seen.number, state, "ICT")
    with pytest.raises(UsageError, match=f"is {state}"):
        approve_collector(desk.space, replace(seen, state=State.WAITING), "ICT")
    with pytest.raises(UsageError, match=f"is {state}"):
        collectors.approve(seen.key, name="Oak PC", sites=["Oak School"], networks=[], role="ICT")
    assert collectors.all()[0].state is state


@pytest.mark.parametrize("year", [1, 1969])
def test_a_scan_before_there_were_cameras_is_refused(year: int) -> None:
    """The first year has no hour before it."""
    body = pack_report(replace(scan(*some(NOW), when=NOW), started_at=datetime(year, 1, 1, tzinfo=UTC)))
    with pytest.raises(UsageError, match="began before 1970: the clock there is wrong"):
        unpack(body, "a parcel", datetime.now(UTC))


class TestLargeRequests:
    """Before something large is read, its sender has proved who they are."""

    PATH = f"{BASE}/parcel/{OTHER_ID}"
    PART = bytes(100_000)

    def headers(self, counter: int, at: float = 0) -> dict[str, str]:
        call = Call("PUT", HOST, self.PATH, "?at=0", self.PART)
        return dict(sign(call, KEY, counter, int(at or time.time())))

    def test_a_public_key_alone_is_not_enough(self, desk: Desk) -> None:
        centre = Centre(desk.space, desk.store)
        call = Call("PUT", HOST, self.PATH, "?at=0")
        good = self.headers(1)
        assert centre.judge_head(call, good) == public_key_of(KEY).hex()
        forged = {**good, "signature": self.headers(2)["signature"]}
        for headers, status in ((forged, 401), ({}, 401), (self.headers(1, 1_000_000_000), 400)):
            answer = centre.judge_head(call, headers)
            assert not isinstance(answer, str)
            assert answer.status == status

    def test_a_head_that_was_sent_before_is_not_read_again(self, oak: Site, desk: Desk) -> None:
        address, headers = f"{self.PATH}?at=0", self.headers(5)
        assert oak.client.put(address, content=self.PART, headers=headers).status_code == 200
        assert oak.client.put(address, content=self.PART, headers=headers).status_code == 409
        assert sum(path.stat().st_size for path in folder_of(desk.space).glob("*")) == len(self.PART)

    def test_another_body_than_the_signed_one_is_refused(self, oak: Site, desk: Desk) -> None:
        answer = oak.client.put(f"{self.PATH}?at=0", content=b"y" * len(self.PART), headers=self.headers(9))
        assert answer.status_code == 401
        assert not list(folder_of(desk.space).glob("*"))


def test_no_page_breaks_on_what_a_collector_says(oak: Site, desk: Desk, camscan: Camscan) -> None:
    hostile = "<script>alert(1)</script>\ud800\0\x1b[31m=1+1"
    oak.ask("POST", "/poll", json.dumps(dict.fromkeys(("version", "edition", "spool", "error"), hostile)).encode())
    person = TestClient(
        make_application(desk), base_url=f"http://{HOST}", cookies={desk.cookie: desk.begin_local_session()}
    )
    for path in ("/collectors", "/collectors/1", "/parcels", "/"):
        answer = person.get(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
    assert camscan("collector", "list")[0] == 0


def test_a_reason_that_quotes_a_parcel_is_kept_by_every_database(
    register_at: str, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL has no NUL: the parcel would be tried for ever, and none behind it."""
    (workplace / "camscan.yaml").write_text(SITES)
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    with place(register_at) as centre:
        bad = centre.arrive_as(scan(*some(NOW), when=NOW, site="No\0where\x1b" + "!" * 1900))
        good = centre.arrive_as(scan(*some(NOW), when=NOW + timedelta(minutes=1)))
        done = record_arrivals(centre.space, centre.store)
        assert (done.recorded, done.refused) == (1, 1)
        kept = Parcels(centre.store).of_scan(bad.scan_id)
        assert kept
        assert "'No�where�!!" in kept.why
        assert len(kept.why) < 400
        assert centre.scans() == [good.scan_id]


def test_parcels_with_which_the_register_fails_keep_nobody_else_waiting(
    oak: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    Collectors(desk.store).approve(
        public_key_of(OTHER_KEY), name="Elm PC", sites=["Elm School"], networks=[], role="ICT"
    )
    tried: list[bytes] = []
    record = app.parcel.record_parcel

    def fail(offered: OfferedParcel, *given: Any, **named: Any) -> Any:
        tried.append(offered.sealed.key)
        if offered.sealed.key == public_key_of(KEY):
            raise RegisterError("the register cannot do this")
        return record(offered, *given, **named)

    monkeypatch.setattr(app.parcel, "record_parcel", fail)
    for minute in range(5):
        at = NOW - timedelta(minutes=30 - minute)
        oak.send(scan(*some(at), when=at))
    elm = scan(make_attempt("10.13.0.7", sadp(7), when=NOW), when=NOW, site="Elm School", targets=("10.13.0.0/24",))
    Site(oak.client, OTHER_KEY).send(elm)
    done = record_arrivals(desk.space, desk.store)
    assert (done.recorded, done.left) == (1, 5)
    mine = public_key_of(KEY)
    assert tried == [mine, public_key_of(OTHER_KEY), mine, mine]  # in turns


@pytest.mark.parametrize("scan_id", ["x", "a" * 2000, OTHER_ID.upper(), f"{OTHER_ID}.٣", f"{OTHER_ID}.0"])
def test_an_id_of_another_form_is_refused(scan_id: str) -> None:
    body = pack_report(replace(scan(*some(NOW), when=NOW), scan_id=scan_id))
    with pytest.raises(UsageError, match="two ids"):
        unpack(body, "a parcel", datetime.now(UTC))


def test_an_error_that_names_the_site_of_a_parcel_is_harmless_in_a_terminal(desk: Desk, camscan: Camscan) -> None:
    name = "Oak\nRecorded: all\x1b[2J\u202e"
    parcel(Path("bad.camparcel"), scan(*some(NOW), when=NOW, site=name))
    code, out, err = camscan("parcel", "import", "bad.camparcel", "--trust-once", "--site", "Oak School")
    assert (code, out) == (2, "")
    with pytest.raises(ConfigError) as raised:
        desk.space.settings.site(name)
    for text in (err, f"{raised.value}\n"):
        assert "Oak�Recorded: all�" in text
        assert text.count("\n") == 1
        assert all(each.isprintable() for each in text[:-1])
