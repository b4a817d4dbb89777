"""The centre: a collector enrols, is approved and sends parcels; what is forged, repeated or cloned gets nothing."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import Camscan
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from parcels import KEY, OAK, OTHER_KEY, rows, scan, some
from starlette.testclient import TestClient

from camscan.app.arrivals import record_arrivals, remove_old_files
from camscan.app.uploads import blob_path, folder_of
from camscan.app.workspace import find_workspace
from camscan.errors import UsageError
from camscan.model import Report
from camscan.parcel import errand
from camscan.parcel.keys import key_words, public_key_of
from camscan.parcel.seal import seal
from camscan.parcel.signature import Call, sign
from camscan.parcel.write import pack_report
from camscan.register import open_register
from camscan.store.collectors import Collectors
from camscan.store.parcels import Parcels
from camscan.web.application import make_application
from camscan.web.desk import Desk, Setting

BASE = "/api/collector/v1"
HOST = "127.0.0.1:8377"
SITES = f"role: ICT\nsites:\n- name: Oak School\n  cidrs: [{OAK}]\n"
NOW = datetime.now(UTC) - timedelta(minutes=5)


@dataclass
class Site:
    """A collector, as far as the centre sees it."""

    client: TestClient
    key: Ed25519PrivateKey = KEY
    counter: int = field(default_factory=lambda: time.time_ns() // 1000)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = b"",
        *,
        query: str = "",
        counter: int | None = None,
        at: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.counter += 1
        call = Call(method, HOST, BASE + path, f"?{query}", content)
        signed = sign(call, self.key, counter or self.counter, int(at or time.time()))
        address = f"{BASE}{path}" + (f"?{query}" if query else "")
        return self.client.request(method, address, content=content, headers={**signed, **(headers or {})})

    def enrol(self, code: str) -> Any:
        return self.ask("POST", "/enrol", {"code": code, "version": "0.1.0"})

    def send(self, report: Report, *, size: int = 1000) -> Any:
        content = seal(pack_report(report), self.key)
        for start in range(0, len(content), size):
            part = content[start : start + size]
            assert self.ask("PUT", f"/parcel/{report.scan_id}", part, query=f"at={start}").status_code == 200
        return self.end(report, content)

    def end(self, report: Report, content: bytes) -> Any:
        said = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        return self.ask("POST", f"/parcel/{report.scan_id}/end", said)


@pytest.fixture
def desk(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    (workplace / "camscan.yaml").write_text(SITES)
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    open_register("camscan.db").close()
    made = Desk(find_workspace(), Setting())
    yield made
    made.close()


@pytest.fixture
def site(desk: Desk) -> Site:
    return Site(TestClient(make_application(desk), base_url=f"http://{HOST}"))


def invited(camscan: Camscan) -> str:
    code, out, err = camscan("collector", "add", "Oak", "--site", "oak school")
    assert (code, err) == (0, "")
    return out.splitlines()[-1]


@pytest.fixture
def approved(site: Site, camscan: Camscan) -> Site:
    assert site.enrol(invited(camscan)).status_code == 200
    assert camscan("collector", "approve", "Oak", "--words", key_words(public_key_of(KEY)))[0] == 0
    return site


class TestEnrolment:
    def test_a_code_is_good_for_one_key(self, site: Site, camscan: Camscan) -> None:
        code = invited(camscan)
        first = site.enrol(code)
        assert (first.status_code, first.json()["state"]) == (200, "waiting")
        assert site.enrol(code).json()["state"] == "waiting"  # its answer was lost
        assert Site(site.client, OTHER_KEY).enrol(code).status_code == 403
        assert key_words(public_key_of(KEY)) in camscan("collector", "list")[1]

    def test_a_code_that_nobody_was_given_is_refused(self, site: Site, camscan: Camscan) -> None:
        invited(camscan)
        assert site.enrol("0000-0000").status_code == 403
        assert site.ask("POST", "/enrol", b"rubbish").status_code == 403

    def test_the_code_is_not_kept(self, desk: Desk, camscan: Camscan) -> None:
        code = invited(camscan).replace("-", "")
        assert desk.store
        assert all(code.encode() not in path.read_bytes() for path in Path().glob("camscan-service.db*"))

    def test_another_code_is_made_until_it_has_enrolled(self, site: Site, camscan: Camscan) -> None:
        first, second = invited(camscan), invited(camscan)
        assert site.enrol(first).status_code == 403
        assert site.enrol(second).status_code == 200
        code, _, err = camscan("collector", "add", "Oak", "--site", "oak school")
        assert (code, "there already is a collector 'Oak'" in err) == (2, True)

    def test_after_seven_days_it_is_over(self, site: Site, camscan: Camscan, desk: Desk) -> None:
        code = invited(camscan)
        late = datetime.now(UTC) + timedelta(days=7, minutes=1)
        assert Collectors(desk.store).enrol(code.replace("-", ""), public_key_of(site.key), late) is None

    def test_who_is_not_approved_gets_no_errand_and_leaves_nothing(self, site: Site, camscan: Camscan) -> None:
        site.enrol(invited(camscan))
        assert site.ask("POST", "/poll", {}).json()["state"] == "waiting"
        assert site.ask("PUT", f"/parcel/{scan(*some()).scan_id}", b"x", query="at=0").status_code == 403
        code, _, err = camscan("collector", "scan", "Oak")
        assert (code, "Oak is not approved yet" in err) == (2, True)

    def test_other_words_do_not_approve(self, site: Site, camscan: Camscan) -> None:
        site.enrol(invited(camscan))
        code, _, err = camscan("collector", "approve", "Oak", "--words", key_words(public_key_of(OTHER_KEY)))
        assert code == 2
        assert "these are not the words of Oak" in err

    def test_who_has_not_enrolled_has_no_words_yet(self, site: Site, camscan: Camscan) -> None:
        assert site
        invited(camscan)
        code, _, err = camscan("collector", "approve", "Oak", "--words", key_words(public_key_of(KEY)))
        assert (code, "has not enrolled yet" in err) == (2, True)

    def test_a_revoked_key_does_not_enrol_with_a_new_code(self, approved: Site, camscan: Camscan) -> None:
        assert camscan("collector", "revoke", "Oak")[0] == 0
        code = camscan("collector", "add", "Oak 2", "--site", "Oak School")[1].splitlines()[-1]
        answer = approved.enrol(code)
        assert (answer.status_code, "was revoked" in answer.json()["error"]) == (403, True)
        assert Site(approved.client, OTHER_KEY).enrol(code).json()["name"] == "Oak 2"

    def test_a_site_that_it_does_not_scan_is_named(self, approved: Site, camscan: Camscan) -> None:
        assert approved
        code, _, err = camscan("collector", "scan", "Oak", "--site", "Elm")
        assert (code, "Oak does not scan 'Elm'; it has: Oak School" in err) == (2, True)


class TestRequests:
    def test_a_stranger_gets_nothing(self, site: Site) -> None:
        assert site.ask("POST", "/poll", {}).status_code == 403
        assert site.client.post(f"{BASE}/poll", content=b"{}").status_code == 401
        assert site.client.get(f"{BASE}/poll").status_code == 401

    def test_a_repeated_request_is_refused_and_stops_nobody(self, approved: Site, camscan: Camscan) -> None:
        now = time.time()
        assert approved.ask("POST", "/poll", {}, counter=approved.counter + 1, at=now).status_code == 200
        again = approved.ask("POST", "/poll", {}, counter=approved.counter, at=now)
        assert again.status_code == 409
        assert " approved " in camscan("collector", "list")[1]

    def test_an_older_one_is_refused(self, approved: Site) -> None:
        now = time.time()
        approved.ask("POST", "/poll", {}, at=now)
        assert approved.ask("POST", "/poll", {}, counter=5, at=now - 1).status_code == 409
        assert approved.ask("POST", "/poll", {}, at=now).status_code == 200

    def test_a_cloned_key_is_stopped(self, approved: Site, camscan: Camscan) -> None:
        clone = Site(approved.client, approved.key, approved.counter)
        assert approved.ask("POST", "/poll", {"spool": 1}).status_code == 200
        assert clone.ask("POST", "/poll", {"spool": 2}).status_code == 403
        assert approved.ask("POST", "/poll", {}).status_code == 403
        assert " stopped " in camscan("collector", "list")[1]

    def test_so_is_one_whose_clone_has_gone_ahead(self, approved: Site, camscan: Camscan) -> None:
        now = time.time()
        clone = Site(approved.client, approved.key, approved.counter + 1_000_000)
        assert clone.ask("POST", "/poll", {}, at=now).status_code == 200
        assert approved.ask("POST", "/poll", {}, at=now + 60).status_code == 403
        assert clone.ask("POST", "/poll", {}).status_code == 403
        assert " stopped " in camscan("collector", "list")[1]

    def test_a_clock_that_is_wrong_is_reported(self, approved: Site) -> None:
        answer = approved.ask("POST", "/poll", {}, at=time.time() - 601)
        assert (answer.status_code, answer.json()["error"]) == (400, "clock")

    def test_a_body_that_was_rewritten_is_refused(self, approved: Site) -> None:
        digest = {"content-digest": "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"}
        assert approved.ask("POST", "/poll", {}, headers=digest).status_code == 401

    def test_who_is_revoked_gets_nothing(self, approved: Site, camscan: Camscan) -> None:
        assert camscan("collector", "revoke", "oak")[0] == 0
        assert approved.ask("POST", "/poll", {}).status_code == 403

    def test_nobody_who_is_not_known_fills_the_memory(self, site: Site, camscan: Camscan) -> None:
        site.enrol(invited(camscan))
        large = bytes(100_000)
        assert site.ask("PUT", f"/parcel/{scan(*some()).scan_id}", large, query="at=0").status_code == 403
        for content in (large, iter([large])):
            assert site.client.put(f"{BASE}/parcel/{scan(*some()).scan_id}", content=content).status_code == 401
        assert site.client.post(f"{BASE}/poll", content=large).status_code == 413
        assert site.client.post(f"{BASE}/poll", content=iter([large])).status_code == 413
        assert camscan("collector", "approve", "Oak", "--words", key_words(public_key_of(KEY)))[0] == 0
        assert site.ask("PUT", f"/parcel/{scan(*some()).scan_id}", large, query="at=0").json() == {"held": 100_000}

    def test_there_is_nothing_else(self, approved: Site) -> None:
        for method, path in (("GET", "/poll"), ("POST", "/devices"), ("GET", "/parcel/../poll"), ("PUT", "/parcel/x")):
            assert approved.ask(method, path).status_code in {401, 404}

    def test_pages_take_no_put(self, site: Site) -> None:
        assert site.client.put("/sign-in", content=b"x").status_code == 405


class TestParcels:
    def test_in_parts_and_into_the_register(self, approved: Site, desk: Desk, camscan: Camscan) -> None:
        report = scan(*some(NOW), when=NOW)
        answer = approved.send(report)
        assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
        done = record_arrivals(desk.space, desk.store)
        assert (done.recorded, done.refused, done.left) == (1, 0, 0)
        assert approved.ask("GET", f"/parcel/{report.scan_id}/result").json() == {"state": "recorded", "why": ""}
        with open_register("camscan.db", readonly=True) as book:
            assert [each.scan_id for each in book.scans()] == [report.scan_id]
            assert len(book.devices()) == 2
        assert approved.send(report).json()["state"] == "recorded"
        assert record_arrivals(desk.space, desk.store).recorded == 0
        assert "1 recorded" in camscan("collector", "list")[1]

    def test_it_goes_on_where_it_stopped(self, approved: Site) -> None:
        report = scan(*some(NOW), when=NOW)
        content = seal(pack_report(report), KEY)
        path = f"/parcel/{report.scan_id}"
        assert approved.ask("HEAD", path).headers["camscan-held"] == "0"
        assert approved.ask("PUT", path, content[:700], query="at=0").json() == {"held": 700}
        assert approved.ask("PUT", path, content[:700], query="at=0").status_code == 409
        assert approved.ask("HEAD", path).headers["camscan-held"] == "700"
        assert approved.ask("PUT", path, content[700:], query="at=700").json() == {"held": len(content)}
        assert approved.end(report, content).status_code == 202

    def test_one_that_is_cut_off_begins_anew(self, approved: Site) -> None:
        report = scan(*some(NOW), when=NOW)
        content = seal(pack_report(report), KEY)
        approved.ask("PUT", f"/parcel/{report.scan_id}", content[:-10], query="at=0")
        answer = approved.end(report, content)
        assert (answer.status_code, answer.json()) == (400, {"error": "digest", "held": 0})

    def test_of_another_key_is_refused(self, approved: Site) -> None:
        report = scan(*some(NOW), when=NOW)
        content = seal(pack_report(report), OTHER_KEY)
        approved.ask("PUT", f"/parcel/{report.scan_id}", content, query="at=0")
        assert approved.end(report, content).status_code == 422

    def test_it_is_nobody_elses(self, approved: Site, camscan: Camscan) -> None:
        report = scan(*some(NOW), when=NOW)
        approved.send(report)
        other = Site(approved.client, OTHER_KEY)
        code = camscan("collector", "add", "Other", "--site", "Oak School")[1].splitlines()[-1]
        other.enrol(code)
        camscan("collector", "approve", "Other", "--words", key_words(public_key_of(OTHER_KEY)))
        assert other.ask("GET", f"/parcel/{report.scan_id}/result").status_code == 404
        assert other.ask("HEAD", f"/parcel/{report.scan_id}").headers["camscan-held"] == "0"

    def test_what_is_rotten_costs_only_itself(self, approved: Site, desk: Desk) -> None:
        good, bad = scan(*some(NOW), when=NOW), scan(*some(NOW), when=NOW, site="Elm School")
        approved.send(bad)
        approved.send(good)
        done = record_arrivals(desk.space, desk.store)
        assert (done.recorded, done.refused) == (1, 1)
        said = approved.ask("GET", f"/parcel/{bad.scan_id}/result").json()
        assert said["state"] == "refused"
        assert said["why"].startswith("the parcel: it is about the site 'Elm School'")

    def test_what_was_lost_here_is_asked_for_again(self, approved: Site, desk: Desk) -> None:
        report = scan(*some(NOW), when=NOW)
        approved.send(report)
        blob = hashlib.sha256(seal(pack_report(report), KEY)).hexdigest()
        blob_path(folder_of(desk.space), blob).unlink()
        assert record_arrivals(desk.space, desk.store).recorded == 0
        assert approved.ask("GET", f"/parcel/{report.scan_id}/result").json()["state"] == "lost"
        assert approved.send(report).status_code == 202
        assert record_arrivals(desk.space, desk.store).recorded == 1

    def test_a_poll_says_which_of_the_last_were_lost(self, approved: Site, desk: Desk) -> None:
        report, never = scan(*some(NOW), when=NOW), scan(*some(NOW), when=NOW)
        approved.send(report)
        sent = {"sent": [report.scan_id, never.scan_id, "../x", 7]}
        assert approved.ask("POST", "/poll", sent).json()["wanted"] == [never.scan_id]
        next(folder_of(desk.space).glob("*.camparcel")).unlink()
        record_arrivals(desk.space, desk.store)
        assert approved.ask("POST", "/poll", sent).json()["wanted"] == [report.scan_id, never.scan_id]
        assert approved.ask("POST", "/poll", {"sent": "x"}).json()["wanted"] == []

    def test_it_waits_while_its_key_is_not_approved(self, approved: Site, desk: Desk, camscan: Camscan) -> None:
        approved.send(scan(*some(NOW), when=NOW))
        camscan("collector", "revoke", "Oak")
        done = record_arrivals(desk.space, desk.store)
        assert (done.recorded, done.left) == (0, 1)


class TestInterrupted:
    """Whatever ends the recording of a parcel, and whenever: the next time does what is left, once."""

    def test_after_the_register_and_before_the_note(
        self, approved: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        report = scan(*some(NOW), when=NOW)
        approved.send(report)
        with monkeypatch.context() as patch:
            patch.setattr(Parcels, "keep", lambda *_: 1 // 0)
            assert record_arrivals(desk.space, desk.store).recorded == 0
        before = rows()
        assert len(before["scan"]) == 1
        assert record_arrivals(desk.space, desk.store).recorded == 1
        assert rows() == before
        assert approved.ask("GET", f"/parcel/{report.scan_id}/result").json()["state"] == "recorded"

    def test_in_the_midst_of_the_register(self, approved: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        approved.send(scan(*some(NOW), when=NOW))
        with monkeypatch.context() as patch:
            patch.setattr("camscan.register.record.writing.record_attempts", lambda *_: 1 // 0)
            assert record_arrivals(desk.space, desk.store).recorded == 0
        assert rows()["device"] == rows()["scan"] == []
        assert record_arrivals(desk.space, desk.store).recorded == 1

    def test_what_always_fails_is_left_for_a_person(
        self, approved: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bad, good = scan(*some(NOW), when=NOW), scan(*some(NOW + timedelta(minutes=1)), when=NOW + timedelta(minutes=1))
        approved.send(bad)
        with monkeypatch.context() as patch:
            patch.setattr("camscan.register.record.writing.record_attempts", lambda *_: 1 // 0)
            assert [record_arrivals(desk.space, desk.store).refused for _ in range(3)] == [0, 0, 1]
        approved.send(good)
        assert record_arrivals(desk.space, desk.store).recorded == 1

    def test_a_register_that_was_restored_takes_them_again(self, approved: Site, desk: Desk, camscan: Camscan) -> None:
        assert camscan("register", "backup", "yesterday.db")[0] == 0
        report = scan(*some(NOW), when=NOW)
        approved.send(report)
        record_arrivals(desk.space, desk.store)
        before = rows()
        for path in Path().glob("camscan.db*"):
            if path.is_file():
                path.unlink()
        assert camscan("register", "restore", "yesterday.db")[0] == 0
        assert rows()["scan"] == []
        assert camscan("collector", "replay")[1] == "1 parcel not in the register, 1 recorded now\n"
        after = rows()
        assert {name: after[name] for name in ("scan", "device", "sighting", "attempt")} == {
            name: before[name] for name in ("scan", "device", "sighting", "attempt")
        }
        assert camscan("collector", "replay")[1] == "0 parcels not in the register, 0 recorded now\n"

    def test_old_files_go_and_those_that_wait_stay(self, approved: Site, desk: Desk, camscan: Camscan) -> None:
        approved.send(scan(*some(NOW), when=NOW))
        record_arrivals(desk.space, desk.store)
        approved.send(scan(*some(NOW), when=NOW))
        later = datetime.now(UTC) + timedelta(days=36)
        assert remove_old_files(desk.space, desk.store, datetime.now(UTC)) == 0
        assert remove_old_files(desk.space, desk.store, later) == 1
        assert record_arrivals(desk.space, desk.store).recorded == 1
        assert camscan("collector", "list")[0] == 0


class TestErrands:
    def test_it_is_asked_once_and_says_what_came_of_it(self, approved: Site, camscan: Camscan) -> None:
        assert camscan("collector", "scan", "Oak", "--within", "2")[0] == 0
        (given,) = approved.ask("POST", "/poll", {}).json()["errands"]
        # What the centre signed, the collector checks by the key that it was given when it enrolled.
        centre = bytes.fromhex(Site(approved.client, KEY, approved.counter).enrol("").json()["errand_key"])
        asked = errand.read_errand(given, centre, public_key_of(KEY))
        assert asked.site == "Oak School"
        with pytest.raises(UsageError, match="not signed by the centre"):
            errand.read_errand(given | {"text": given["text"].replace("Oak", "Elm")}, centre, public_key_of(KEY))
        with pytest.raises(UsageError, match="for another collector"):
            errand.read_errand(given, centre, public_key_of(OTHER_KEY))
        answer = approved.ask("POST", f"/errand/{asked.id}", {"state": "refused", "why": "outside its hours"})
        assert answer.status_code == 200
        assert approved.ask("POST", "/poll", {}).json()["errands"] == []
        assert approved.ask("POST", f"/errand/{asked.id}", {"state": "strange"}).status_code == 400
        assert approved.ask("POST", f"/errand/{scan(*some()).scan_id}", {"state": "done"}).status_code == 404
