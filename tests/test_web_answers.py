"""A site manager's answers about their site, what comes of them, and the page of settings."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import reported
from test_web_enter import fill, form_of, found, rows_of
from web_estate import SECOND_SITE, SITE, Client, Page, copy_of, desk_of, make

from camscan.app import assess
from camscan.app.workspace import Workspace
from camscan.asset import Lifecycle
from camscan.config.contact import Contact
from camscan.register import Edit, open_register
from camscan.web.desk import Desk
from camscan.web.rights import Role, site_manager_of

PATH = "/answers/Town Hall"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        yield make(tmp_path_factory.mktemp("made"), 40)


@pytest.fixture
def desk(made: Workspace, tmp_path: Path) -> Iterator[Desk]:
    with contextlib.closing(desk_of(copy_of(made, tmp_path / "council"))) as opened:
        yield opened


def answer(client: Client, answers: dict[str, str], step: str = "check", html: str = "") -> Any:
    """Open the list, answer, send it."""
    page = html or client.get(PATH).text
    form = {name: value for name, value in form_of(page).items() if not name.startswith("answer-") or html}
    return client.post(PATH, {**form, **answers, "step": step})


def test_gone_is_a_report_that_the_officer_confirms(desk: Desk) -> None:
    manager, officer, row = Client(desk, Role.SITE_MANAGER), Client(desk), rows_of(desk)[0]
    checked = answer(manager, {f"answer-{row.asset_id}": "gone", f"note-{row.asset_id}": "taken in May"})
    assert "The CCTV officer sees which devices you reported as gone" in Page(checked.text).text
    assert "reported_gone_on" not in found(desk, row.asset_id).entries
    sent = answer(manager, {}, "save", checked.text)
    assert sent.headers["location"].startswith("/site/Town%20Hall?saved=")
    after = found(desk, row.asset_id)
    assert after.lifecycle is Lifecycle.FOUND
    assert after.entries["reported_gone_on"]
    assert "taken in May" in after.entries["notes"]
    # The officer is told, finds it, and records the removal with its proof: the report is answered.
    another = desk_of(desk.space)
    desk.keeper = another.keeper
    front = Page(officer.get("/").text)
    assert "1 device is reported gone by somebody on site" in front.text
    (link,) = {each for each in front.links if "reported=yes" in each}
    assert {each for each in Page(officer.get(link).text).links if each == f"/device/{row.asset_id}"}
    assert "Somebody on site reported on" in Page(officer.get(f"/device/{row.asset_id}").text).text
    _, html = fill(officer, "removed", [row.asset_id], {"removal_evidence_ref": "WO 17"})
    assert officer.post("/enter/removed", {**form_of(html), "step": "save"}).status_code == 303
    assert "reported_gone_on" not in found(desk, row.asset_id).entries
    another.close()


def test_whoever_sees_it_there_takes_the_report_back(desk: Desk) -> None:
    row = rows_of(desk)[0]
    with open_register(desk.space.where) as book:
        book.edit_entries([Edit(row.asset_id, "reported_gone_on", "2026-05-01")], role="Site manager", how="test")
    manager = Client(desk, Role.SITE_MANAGER)
    assert "The CCTV officer has the report" in Page(manager.get(PATH).text).text
    checked = answer(manager, {f"answer-{row.asset_id}": "ours"})
    answer(manager, {}, "save", checked.text)
    after = found(desk, row.asset_id)
    assert (after.lifecycle, "reported_gone_on" in after.entries) == (Lifecycle.CONFIRMED, False)


def test_not_ours_and_not_known(desk: Desk) -> None:
    manager, (one, other) = Client(desk, Role.SITE_MANAGER), rows_of(desk)[:2]
    checked = answer(manager, {f"answer-{one.asset_id}": "not_ours", f"answer-{other.asset_id}": "unknown"})
    answer(manager, {}, "save", checked.text)
    assert found(desk, one.asset_id).lifecycle is Lifecycle.NOT_OURS
    assert found(desk, other.asset_id).entries == other.entries


def test_nothing_is_lost_on_the_way_back_or_by_a_mistake(desk: Desk) -> None:
    manager, row = Client(desk, Role.SITE_MANAGER), rows_of(desk)[0]
    note = f"note-{row.asset_id}"
    checked = answer(manager, {f"answer-{row.asset_id}": "ours", note: "by the gate"})
    back = answer(manager, {}, "change", checked.text)
    assert form_of(back.text)[note] == "by the gate"
    assert form_of(back.text)[f"answer-{row.asset_id}"] == "ours"
    long = answer(manager, {note: "x" * 501})
    assert long.status_code == 422
    assert f"#{note}" in Page(long.text).links
    assert form_of(long.text)[note] == "x" * 501
    assert "Answer for at least one device" in Page(answer(manager, {}).text).text


def test_the_second_of_two_is_reported(desk: Desk) -> None:
    manager, row = Client(desk, Role.SITE_MANAGER), rows_of(desk)[0]
    checked = answer(manager, {f"answer-{row.asset_id}": "not_ours"})
    with open_register(desk.space.where) as book:
        book.edit_entries([Edit(row.asset_id, "notes", "mine")], role="Officer", how="test")
    again = answer(manager, {}, "save", checked.text)
    assert again.status_code == 422
    assert "Somebody else has entered something" in Page(again.text).text
    assert found(desk, row.asset_id).lifecycle is Lifecycle.FOUND


class TestWhoMay:
    def test_another_site_does_not_exist_for_a_site_manager(self, desk: Desk) -> None:
        manager, other = Client(desk, Role.SITE_MANAGER), rows_of(desk, SECOND_SITE)[0]
        assert manager.get(f"/answers/{SECOND_SITE}").status_code == 404
        form = {
            "token": manager.token(),
            "device": f"{other.asset_id}@{other.revision}",
            f"answer-{other.asset_id}": "not_ours",
            "step": "save",
        }
        for path in (PATH, f"/answers/{SECOND_SITE}"):
            assert manager.post(path, form).status_code == 404
        assert found(desk, other.asset_id).entries == other.entries

    @pytest.mark.parametrize("device", ["", "x", "@", "x@y", "x@99999999999999999999"])
    def test_a_damaged_form_is_refused(self, desk: Desk, device: str) -> None:
        manager = Client(desk, Role.SITE_MANAGER)
        form = {"token": manager.token(), "device": device, "answer-x": "ours", "step": "save"}
        assert manager.post(PATH, form).status_code in {400, 404}

    def test_a_removed_device_is_not_a_question_and_no_site_manager_brings_it_back(self, desk: Desk) -> None:
        row = rows_of(desk)[0]
        manager = Client(desk, Role.SITE_MANAGER)
        entries = {"lifecycle_status": "removed", "removal_evidence_ref": "WO 1"}
        with open_register(desk.space.where) as book:
            book.edit_entries([Edit(row.asset_id, *each) for each in entries.items()], role="Officer", how="test")
        now = found(desk, row.asset_id)
        assert row.asset_id not in manager.get(PATH).text
        device = f"{row.asset_id}@{now.revision}"
        form = {"token": manager.token(), "device": device, f"answer-{row.asset_id}": "ours", "step": "save"}
        assert "was changed since" in Page(manager.post(PATH, form).text).text
        _, html = fill(manager, "not-ours", [row.asset_id], {})
        assert "Removed on: your role may not write this column" in Page(html).text
        assert found(desk, row.asset_id).lifecycle is Lifecycle.REMOVED

    def test_their_role_is_that_of_their_site(self, desk: Desk) -> None:
        assert site_manager_of(frozenset({"Oak School"})) == "Site manager, Oak School"
        assert site_manager_of(frozenset({"A", "B"})) == ""
        assert site_manager_of(frozenset({"a@b"})) == ""
        manager = Client(desk, Role.SITE_MANAGER)
        desk.sessions.act_as(manager.secret, "")
        assert f"entering as Site manager, {SITE}" in Page(manager.get("/about").text).text


class TestSettings:
    def test_the_owner_says_in_which_role_they_act(self, desk: Desk) -> None:
        owner = Client(desk)
        wrong = owner.post("/settings", {"token": owner.token(), "role": "joe@council"})
        assert wrong.status_code == 422
        assert "is not a role" in Page(wrong.text).text
        assert owner.post("/settings", {"token": owner.token(), "role": "Facilities manager"}).status_code == 303
        assert "Facilities manager" in Page(owner.get("/settings?saved=1").text).text

    @pytest.mark.parametrize("role", list(Role))
    def test_everybody_sees_what_they_may_do(self, desk: Desk, role: Role) -> None:
        text = Page(Client(desk, role).get("/settings").text).text
        assert role.display_name in text
        assert ("You act as" in text) == (role is not Role.OWNER)
        assert ("You may enter Nothing" in text) == (role in {Role.AUDITOR, Role.FOI})


def test_the_accessibility_statement_names_whom_to_tell(desk: Desk) -> None:
    assert "Tell whoever runs camscan in your council" in Page(Client(desk, None).get("/accessibility").text).text
    contact = Contact("CCTV team", "cctv@council.example", "01234 567890", "", date(2027, 1, 15))
    desk.space = replace(desk.space, settings=replace(desk.space.settings, contact=contact))
    text = Page(Client(desk, None).get("/accessibility").text).text
    for words in ("Tell CCTV team", "Email: cctv@council.example", "Telephone: 01234 567890", "15 January 2027"):
        assert words in text


def test_a_site_manager_reads_no_abbreviation_of_the_trade(desk: Desk) -> None:
    for address in (f"/site/{SITE}", "/devices"):
        page = Client(desk, Role.SITE_MANAGER).get(address).text
        assert "Camera that turns</span>" in page
        assert "(PTZ)</span>" not in page
        assert "Recorder NVR</span>" not in page
        assert "(PTZ)</span>" in Client(desk, Role.OFFICER).get(address).text
