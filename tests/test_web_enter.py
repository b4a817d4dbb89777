"""Entering something in the browser: form, check, entry; several devices; two who write at once."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import reported
from web_estate import SECOND_SITE, SITE, Client, Page, copy_of, desk_of, make, on_server

from camscan.app import assess
from camscan.app.devices import device_site
from camscan.app.workspace import Workspace
from camscan.asset import Asset, Lifecycle
from camscan.register import Edit, open_register
from camscan.web.acts import ACTS
from camscan.web.desk import Desk
from camscan.web.forms import entry_fields
from camscan.web.rights import Role, Visitor


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        yield make(tmp_path_factory.mktemp("made"), 40)


@pytest.fixture(params=["sqlite", "postgresql"])
def space(made: Workspace, tmp_path: Path, request: pytest.FixtureRequest) -> Workspace:
    """A register of its own for each test."""
    if request.param == "postgresql":
        return on_server(made, request.getfixturevalue("postgresql_at"))
    return copy_of(made, tmp_path / "council")


@pytest.fixture
def desk(space: Workspace) -> Iterator[Desk]:
    with contextlib.closing(desk_of(space)) as opened:
        yield opened


@pytest.fixture
def owner(desk: Desk) -> Client:
    return Client(desk)


def rows_of(desk: Desk, site: str = SITE) -> list[Asset]:
    with desk.reading() as book:
        return [row for row in book.devices() if device_site(row) == site and row.lifecycle is Lifecycle.FOUND]


def found(desk: Desk, number: str) -> Asset:
    with desk.reading() as book:
        return book.devices_by_number([number])[0]


def form_of(html: str) -> dict[str, str | list[str]]:
    """What the last form of a page would send, but for buttons."""
    form: dict[str, str | list[str]] = {}
    devices = []
    for each in Page(html).all("input"):
        name, value = each.get("name") or "", each.get("value") or ""
        if name == "device":
            devices.append(value)
        elif name not in {"", "q", "find", "everything"} and (each.get("type") != "radio" or "checked" in each):
            form[name] = value
    return form | {"device": devices}


def fill(client: Client, act: str, numbers: list[str], answers: dict[str, str], step: str = "check") -> tuple[int, str]:
    """Open a form, fill it in, send it; status and page."""
    asked = "&".join(f"n={number}" for number in numbers)
    form = form_of(client.get(f"/enter/{act}?{asked}").text)
    answer = client.post(f"/enter/{act}", {**form, **answers, "step": step})
    return answer.status_code, answer.text


def test_a_visit_is_entered_after_a_check(desk: Desk, owner: Client) -> None:
    number = rows_of(desk)[0].asset_id
    answers = {
        "last_confirmed_on": "14 September 2026",
        "location_detail": "North stair",
        "indoor_outdoor_public": "indoor",
        "remark": "behind a ceiling tile",
    }
    status, html = fill(owner, "visit", [number], answers)
    text = Page(html).text
    assert status == 200
    assert "Nothing is saved yet" in text
    assert "Last visited – 14 September 2026" in text
    assert "Status Found Visited" in text
    assert found(desk, number).entries.get("location_detail") != "North stair", "before it is saved"

    answer = owner.post("/enter/visit", {**form_of(html), "because": "works order 17", "step": "save"})
    assert answer.status_code == 303
    assert re.fullmatch(rf"/device/{number}\?saved=\d", answer.headers["location"])
    row = found(desk, number)
    assert row.lifecycle is Lifecycle.CONFIRMED
    assert row.entries["last_confirmed_on"] == "2026-09-14"
    assert row.entries["location_detail"] == "North stair"
    assert row.entries["notes"].endswith("CCTV officer: behind a ceiling tile")
    with desk.reading() as book:
        made = [each for each in book.changes(number) if each.how == "camscan serve"]
    assert {(each.role, each.because) for each in made} == {("CCTV officer", "works order 17")}
    assert {"lifecycle_status", "last_confirmed_on", "location_detail", "notes"} <= {each.column for each in made}
    page = Page(owner.get(answer.headers["location"]).text).text
    assert "entries were saved" in page


def test_going_back_keeps_what_was_typed(desk: Desk, owner: Client) -> None:
    number = rows_of(desk)[0].asset_id
    _, html = fill(owner, "visit", [number], {"last_confirmed_on": "14/9/2026", "location_detail": "North stair"})
    answer = owner.post("/enter/visit", {**form_of(html), "step": "change"})
    assert answer.status_code == 200
    again = form_of(answer.text)
    assert again["location_detail"] == "North stair"
    assert again["last_confirmed_on"] == "14 September 2026"


@pytest.mark.parametrize(
    ("given", "says", "where"),
    [
        (("visit", {"last_confirmed_on": "31 February 2026"}), "31 February 2026", "#last_confirmed_on"),
        (("visit", {"last_confirmed_on": ""}), "Enter last visited", "#last_confirmed_on"),
        (("removed", {"removal_evidence_ref": ""}), "Enter proof of removal", "#removal_evidence_ref"),
        (("costs", {"estimated_cost": "a lot"}), "a lot", "#estimated_cost"),
        (("accept-risk", {"scope_decision_ref": "Cabinet 4", "accepted_until": "1 May 2020"}), "has passed", ""),
        (("note", {"remark": " "}), "Enter a note", "#remark"),
        (("plan", {"planned_removal_date": "1 May 1926"}), "1926", ""),
    ],
)
def test_a_wrong_answer_is_reported_beside_its_field_and_nothing_is_lost(
    desk: Desk, owner: Client, given: tuple[str, dict[str, str]], says: str, where: str
) -> None:
    act, answers = given
    row = rows_of(desk)[0]
    status, html = fill(owner, act, [row.asset_id], answers)
    page = Page(html)
    assert status == 422
    assert "There is a problem" in page.text
    assert says in page.text
    assert "Error: " in html.partition("<title>")[2]
    if where:
        assert where in page.links
        assert any(each.get("id") == where[1:] for tag in ("input", "textarea") for each in page.all(tag))
    for name, value in answers.items():
        assert value.strip() in str(form_of(html).get(name, value))
    assert found(desk, row.asset_id).entries == row.entries


def test_the_second_of_two_is_reported_and_overwrites_nothing(desk: Desk, owner: Client) -> None:
    number = rows_of(desk)[0].asset_id
    _, checked = fill(owner, "plan", [number], {"removal_phase": "Phase 2"})
    with open_register(desk.space.where) as book:
        book.edit_entries([Edit(number, "removal_phase", "Phase 1")], role="Other", how="camscan set")
    answer = owner.post("/enter/plan", {**form_of(checked), "step": "save"})
    page = Page(answer.text)
    assert answer.status_code == 422
    assert "Somebody else has entered something since you opened this form" in page.text
    assert "The register now holds: Phase 1." in page.text
    assert form_of(answer.text)["removal_phase"] == "Phase 2"
    assert found(desk, number).entries["removal_phase"] == "Phase 1"
    # Sent again after the comparison, it is taken.
    checked = owner.post("/enter/plan", {**form_of(answer.text), "step": "check"}).text
    assert owner.post("/enter/plan", {**form_of(checked), "step": "save"}).status_code == 303
    assert found(desk, number).entries["removal_phase"] == "Phase 2"


def test_several_devices_at_once_and_what_is_empty_stays(desk: Desk, owner: Client) -> None:
    rows = rows_of(desk)[:3]
    numbers = [row.asset_id for row in rows]
    with open_register(desk.space.where) as book:
        book.edit_entries([Edit(numbers[0], "supplier", "Kept Ltd")], role="Other", how="camscan set")
    status, html = fill(owner, "costs", numbers, {"budget_code": "CC-1", "estimated_cost": "£1,250"})
    assert status == 200
    assert "3 devices will change" in Page(html).text
    assert owner.post("/enter/costs", {**form_of(html), "step": "save"}).headers["location"] == "/devices?saved=6"
    after = [found(desk, number) for number in numbers]
    assert {(row.entries["budget_code"], row.entries["estimated_cost"]) for row in after} == {("CC-1", "1250.00")}
    assert after[0].entries["supplier"] == "Kept Ltd"


def test_a_single_form_left_empty_clears_the_entry(desk: Desk, owner: Client) -> None:
    number = rows_of(desk)[0].asset_id
    with open_register(desk.space.where) as book:
        book.edit_entries([Edit(number, "supplier", "Wrong Ltd")], role="Other", how="camscan set")
    _, html = fill(owner, "costs", [number], {"supplier": ""})
    owner.post("/enter/costs", {**form_of(html), "step": "save"})
    assert "supplier" not in found(desk, number).entries


class TestWhoMay:
    def test_a_site_manager_enters_nothing_at_another_site(self, desk: Desk) -> None:
        client = Client(desk, Role.SITE_MANAGER)
        other = rows_of(desk, SECOND_SITE)[0]
        assert client.get(f"/enter/visit?n={other.asset_id}").status_code == 404
        form = {"token": client.token(), "device": f"{other.asset_id}@{other.revision}", "step": "save"}
        answer = client.post("/enter/note", {**form, "remark": "x"})
        assert answer.status_code == 404
        assert found(desk, other.asset_id).entries == other.entries

    def test_a_column_that_is_not_theirs_is_not_taken_from_them(self, desk: Desk) -> None:
        row = rows_of(desk)[0]
        client = Client(desk, Role.SITE_MANAGER)
        _, html = fill(client, "visit", [row.asset_id], {"switch_port": "stolen", "location_detail": "Hall"})
        client.post("/enter/visit", {**form_of(html), "switch_port": "stolen", "step": "save"})
        after = found(desk, row.asset_id).entries
        assert after["location_detail"] == "Hall"
        assert "switch_port" not in after

    def test_read_only_takes_nothing(self, space: Workspace) -> None:
        with contextlib.closing(desk_of(space, is_read_only=True)) as desk:
            client, row = Client(desk), rows_of(desk)[0]
            form = {"token": client.token(), "device": f"{row.asset_id}@{row.revision}", "remark": "x", "step": "save"}
            assert client.post("/enter/note", form).status_code == 403
            assert found(desk, row.asset_id).entries == row.entries

    def test_whoever_has_no_role_is_asked_for_one_and_keeps_it(self, desk: Desk) -> None:
        number = rows_of(desk)[0].asset_id
        client = Client(desk)
        desk.sessions.act_as(client.secret, "")
        status, html = fill(client, "note", [number], {"remark": "seen"})
        assert status == 422
        assert "Enter your role" in Page(html).text
        status, html = fill(client, "note", [number], {"remark": "seen", "role": "joe@council"})
        assert status == 422
        status, html = fill(client, "note", [number], {"remark": "seen", "role": "CCTV manager"})
        assert client.post("/enter/note", {**form_of(html), "step": "save"}).status_code == 303
        assert found(desk, number).entries["notes"].endswith("CCTV manager: seen")
        assert "entering as CCTV manager" in Page(client.get("/about").text).text


def test_no_form_offers_two_answers_that_say_the_same() -> None:
    owner = Visitor(subject="", rights=Role.OWNER)
    fields = [each for act in ACTS.values() for each in entry_fields(act, owner, {}, {}, {}, is_of_many=False)]
    asked = [[words.lower() for _, words in each.choices] for each in fields if each.choices]
    assert len(asked) > 5
    assert [each for each in asked if len({*each}) < len(each) or {"not known", "unknown"} <= {*each}] == []


@pytest.mark.parametrize("device", ["", "x", "@", "x@y", "x@99999999999999999999", "1NGTGXG-00000000@0"])
def test_a_damaged_form_is_refused(owner: Client, device: str) -> None:
    answer = owner.post("/enter/note", {"token": owner.token(), "device": device, "remark": "x", "step": "save"})
    assert answer.status_code in {400, 404}


def test_no_device_and_too_many_are_reported(owner: Client) -> None:
    assert "no device is chosen" in Page(owner.get("/enter/note").text).text.lower()
    many = "&".join(f"n=x{number}" for number in range(501))
    assert "501 devices are more than the 500" in Page(owner.get(f"/enter/note?{many}").text).text


class TestChoosing:
    def test_ticked_devices_lead_to_their_form(self, desk: Desk, owner: Client) -> None:
        one, other = (row.asset_id for row in rows_of(desk)[:2])
        answer = owner.get(f"/enter?act=plan&n={one}&n={other}")
        assert answer.headers["location"] == f"/enter/plan?n={one}&n={other}"
        assert "2 devices" in Page(owner.get(answer.headers["location"]).text).text

    def test_all_that_fit_the_filter_whatever_is_ticked(self, desk: Desk, owner: Client) -> None:
        with desk.reading() as book:
            meant = {row.asset_id for row in book.devices() if device_site(row) == SITE}
        answer = owner.get(f"/enter?act=plan&all=yes&site=Town+Hall&everything=yes&n={rows_of(desk)[0].asset_id}")
        form = form_of(owner.get(answer.headers["location"]).text)
        assert {text.partition("@")[0] for text in form["device"]} == meant

    def test_all_of_a_site_manager_are_those_of_their_site(self, desk: Desk) -> None:
        client = Client(desk, Role.SITE_MANAGER)
        form = form_of(client.get("/enter/visit?all=yes&everything=yes").text)
        with desk.reading() as book:
            own = {row.asset_id for row in book.devices() if device_site(row) == SITE}
        assert {text.partition("@")[0] for text in form["device"]} == own

    def test_a_form_that_is_not_theirs_is_refused(self, desk: Desk) -> None:
        number = rows_of(desk)[0].asset_id
        assert Client(desk, Role.FINANCE).get(f"/enter?act=visit&n={number}").status_code == 403

    def test_whoever_enters_nothing_has_nothing_to_tick(self, desk: Desk, owner: Client) -> None:
        assert 'name="n"' in owner.get("/devices").text
        assert 'name="n"' not in Client(desk, Role.AUDITOR).get("/devices").text
