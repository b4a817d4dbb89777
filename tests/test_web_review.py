"""Settling questions about identity in the browser: both rows, the check, the decision; two who settle at once."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import reported
from sample_report import camera, nameless, report
from web_estate import DOUBTFUL_IP, HOSTILE, Client, Page, copy_of, desk_of, make

from camscan.app import assess, review
from camscan.app.review import Likeness
from camscan.app.workspace import Workspace
from camscan.register import Edit, Register, open_register
from camscan.web.desk import Desk
from camscan.web.rights import Role


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        yield make(tmp_path_factory.mktemp("made"), 12)


@pytest.fixture
def desk(made: Workspace, tmp_path: Path) -> Iterator[Desk]:
    """A register of its own for each test."""
    with contextlib.closing(desk_of(copy_of(made, tmp_path / "council"))) as opened:
        yield opened


@pytest.fixture
def owner(desk: Desk) -> Client:
    return Client(desk)


def pair(desk: Desk) -> tuple[str, str]:
    """Asset ids of the first row and of the second of the one question."""
    with desk.reading() as book:
        (found,) = book.reviews()
    return found.asset_id, found.other


def write(desk: Desk, number: str, **entries: str) -> None:
    with open_register(desk.space.where, editing=True) as book:
        book.edit_entries(
            [Edit(number, column, value) for column, value in entries.items()], role="Estates", how="test"
        )


def form_of(html: str) -> dict[str, str | list[str]]:
    """What the form in the page would send, but for its buttons."""
    form: dict[str, str | list[str]] = {"device": [], "conflict": []}
    for each in Page(html).all("input"):
        name, value = each.get("name") or "", each.get("value") or ""
        several = form.get(name)
        if isinstance(several, list):
            several.append(value)
        elif name not in {"", "q", "find", "everything"} and (
            each.get("type") not in {"radio", "checkbox"} or "checked" in each
        ):
            form[name] = value
    return form


def answer(client: Client, *, at: str = "/review/1", **answers: str) -> tuple[int, str]:
    """Open a question, answer it, send that to be checked; status and page."""
    form = form_of(client.get(at).text)
    found = client.post(at, {**form, "because": "Looked at it on site", **answers, "step": "check"})
    return found.status_code, found.text


def settle(client: Client, **answers: str) -> Page:
    """Answer, check, and settle; the page after it."""
    status, html = answer(client, **answers)
    assert status == 200, html
    found = client.post("/review/1", {**form_of(html), "step": "save"})
    assert (found.status_code, found.headers["location"]) == (303, "/review/1?done=yes")
    return Page(client.get("/review/1?done=yes").text)


def test_the_list_has_each_question_and_leads_to_it(desk: Desk, owner: Client) -> None:
    page = Page(owner.get("/review").text)
    assert "1 question" in page.text
    assert f"{DOUBTFUL_IP} was last held by" in page.text
    assert "/review/1" in page.links
    assert {f"/device/{number}" for number in pair(desk)} <= set(page.links)
    assert "/review" in Page(owner.get("/").text).links, "the alarm on the overview leads there"


def test_both_rows_stand_side_by_side_and_words_say_what_differs(desk: Desk, owner: Client) -> None:
    first, second = pair(desk)
    write(desk, first, location_detail="North stair", notes="in a box")
    write(desk, second, location_detail="South stair", council_asset_tag="CCTV-7778")
    text = Page(owner.get("/review/1").text).text
    serial = camera(7778).identification.serial
    assert f"Serial number – {serial} Only the second row says" in text
    assert f"IP address {DOUBTFUL_IP} {DOUBTFUL_IP} The same" in text
    assert "Location North stair South stair Different" in text
    assert "Notes in a box – Only the first row says" in text
    assert "One device: keep the second row, CCTV-7778" in text


def test_merging_says_first_what_follows_to_which_row(desk: Desk, owner: Client) -> None:
    first, second = pair(desk)
    write(desk, first, location_detail="North stair", blocked_by="lease")
    write(desk, second, location_detail="South stair")
    status, html = answer(owner, decision="second")
    text = Page(html).text
    assert status == 200
    assert f"{second} stays" in text
    assert f"{first} is no longer listed. A search for its number finds {second}" in text
    assert f"1 sighting, and the addresses {DOUBTFUL_IP}" in text
    assert "“lease” is copied, because the row that is kept has none" in text
    assert "“North stair” is not kept, “South stair” stays. The log has both" in text
    assert "A merge cannot be undone" in text
    with desk.reading() as book:
        assert len(book.reviews()) == 1, "nothing is written before it is meant"
        assert not book.merged_rows()
        assert "blocked_by" not in book.devices_by_number([second])[0].entries


def test_merging_does_what_the_command_does(desk: Desk, owner: Client, tmp_path: Path) -> None:
    first, second = pair(desk)
    write(desk, first, location_detail="North stair", blocked_by="lease")
    other = copy_of(desk.space, tmp_path / "other")
    page = settle(owner, decision="second")
    assert "Settled Question 1. The two rows are one device now" in page.text
    assert "There are no other open questions" in page.text
    with open_register(other.where, editing=True) as book:
        book.merge_devices(second, first, role="CCTV officer", because="Looked at it on site")
        wanted = book.devices_by_number([second])[0], dict(book.merged_rows()), lines(book, first), lines(book, second)
    with desk.reading() as book:
        assert (
            book.devices_by_number([second])[0],
            dict(book.merged_rows()),
            lines(book, first),
            lines(book, second),
        ) == wanted
        assert {each.how for each in book.changes(second) if each.role == "CCTV officer"} == {"camscan serve"}
    assert owner.get(f"/device/{first}").status_code == 200, "the number that went leads to the row that stayed"


def lines(book: Register, number: str) -> list[tuple[str, str, str, str, str]]:
    return [(each.column, each.old, each.new, each.role, each.because) for each in book.changes(number)]


@pytest.mark.parametrize(("decision", "says"), [("apart", "They are two devices"), ("keep", "Nothing was changed")])
def test_two_devices_or_leaving_it_closes_the_question(desk: Desk, owner: Client, decision: str, says: str) -> None:
    first, second = pair(desk)
    assert f"Settled Question 1. {says}" in settle(owner, decision=decision).text
    with desk.reading() as book:
        assert book.reviews() == []
        assert len(book.devices_by_number([first, second])) == 2
        made = [each for each in book.changes() if each.how == "camscan serve"]
    assert {(each.role, each.because) for each in made} == {("CCTV officer", "Looked at it on site")}
    assert {each.column for each in made} == {"kept_apart_from" if decision == "apart" else "conflict"}


def test_going_back_keeps_the_answers(owner: Client) -> None:
    _, html = answer(owner, decision="apart")
    again = owner.post("/review/1", {**form_of(html), "step": "change"})
    assert again.status_code == 200
    assert form_of(again.text)["decision"] == "apart"
    assert "Looked at it on site" in again.text


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"decision": ""}, "Choose what to do with the two rows"),
        ({"decision": "burn"}, "Choose what to do with the two rows"),
        ({"decision": "apart", "because": " "}, "Enter why"),
    ],
)
def test_an_answer_that_is_missing_is_reported_beside_its_field(
    owner: Client, answers: dict[str, str], says: str
) -> None:
    status, html = answer(owner, **answers)
    page = Page(html)
    assert status == 422
    assert f"There is a problem {says}" in page.text
    assert page.text.startswith("Error: ")
    assert {"#decision", "#because"} & set(page.links)


def test_rows_that_contradict_each_other_are_merged_only_by_whoever_says_so(desk: Desk, owner: Client) -> None:
    """As ``--force`` of the command: makers or serial numbers that differ mean that there are two devices."""
    with open_register(desk.space.where) as book:
        twins = [camera(each, mac="44:19:b6:00:99:01", ip=f"10.0.15.{each}") for each in (81, 82)]
        book.record(report(*twins, scan_id="twins", when=reported.TODAY, targets=("10.0.15.0/24",)))
        number = next(each.number for each in review.list_questions(book)[0] if each.number != 1)
    assert (
        "They are probably two devices: their serial numbers differ" in Page(owner.get(f"/review/{number}").text).text
    )
    assert owner.get(f"/review/{number}").text.count("is claimed by several devices of one scan") == 1, "said once"
    status, html = answer(owner, at=f"/review/{number}", decision="first")
    assert (status, "Confirm that they are one device although they differ" in html) == (422, True)
    assert answer(owner, at=f"/review/{number}", decision="first", certain="yes")[0] == 200
    assert answer(owner, at=f"/review/{number}", decision="apart")[0] == 200


def test_a_question_about_one_row_is_closed_where_it_is_right(desk: Desk, owner: Client) -> None:
    with open_register(desk.space.where) as book:
        for turn, maker in enumerate(("hikvision", "dahua")):
            seen = camera(90, ip="10.0.15.90", maker=maker, certainty=0.4)
            book.record(report(seen, scan_id=f"maker-{turn}", when=reported.TODAY, targets=("10.0.15.90/32",)))
        number = next(each.number for each in review.list_questions(book)[0] if len(each.rows) == 1)
    page = Page(owner.get(f"/review/{number}").text)
    assert "Was Hikvision, now Dahua" in page.text
    assert "One device" not in page.text
    assert answer(owner, at=f"/review/{number}", decision="first")[0] == 422, "there is nothing to merge it with"
    status, html = answer(owner, at=f"/review/{number}")
    assert status == 200
    assert owner.post(f"/review/{number}", {**form_of(html), "step": "save"}).status_code == 303
    with desk.reading() as book:
        assert [each.number for each in review.list_questions(book)[0]] == [1]


# ── two who settle ───────────────────────────────────────────────────────────────────────────────────────────────


def test_whoever_comes_second_is_reported_and_loses_nothing(desk: Desk, owner: Client) -> None:
    _, html = answer(owner, decision="second", because="It is the camera over the door")
    other = Client(desk, Role.OFFICER)
    settle(other, decision="apart")
    for step in ("save", "check", "change"):
        found = owner.post("/review/1", {**form_of(html), "step": step})
        text = Page(found.text).text
        assert found.status_code == 409
        assert "Somebody else has settled this" in text
        assert "They are two devices" in text
        assert "They are one device: keep the second row" in text
        assert "It is the camera over the door" in text
    with desk.reading() as book:
        assert not book.merged_rows()


def test_a_row_that_somebody_has_changed_meanwhile_is_shown_anew(desk: Desk, owner: Client) -> None:
    first, second = pair(desk)
    _, html = answer(owner, decision="second")
    write(desk, second, notes="It is the one at the back")
    found = owner.post("/review/1", {**form_of(html), "step": "save"})
    text = Page(found.text).text
    assert found.status_code == 422
    assert "Somebody else has changed one of these rows" in text
    assert "It is the one at the back" in text
    assert form_of(found.text)["decision"] == "second", "what was answered is still there"
    with desk.reading() as book:
        assert not book.merged_rows()
    assert owner.post("/review/1", {**form_of(found.text), "step": "save"}).status_code == 422, (
        "the reason is a textarea"
    )
    form = {**form_of(found.text), "because": "Looked at it on site", "step": "save"}
    assert owner.post("/review/1", form).status_code == 303
    with desk.reading() as book:
        assert dict(book.merged_rows()) == {first: second}


def test_of_two_who_settle_at_the_same_time_one_is_reported(desk: Desk) -> None:
    """One merges, the other says that they are two: whoever is later finds the question settled."""
    clients = [Client(desk), Client(desk, Role.OFFICER)]
    forms = [
        {**form_of(answer(client, decision=decision)[1]), "step": "save"}
        for client, decision in zip(clients, ("first", "apart"), strict=True)
    ]
    start, codes = threading.Barrier(2), []

    def send(client: Client, form: dict[str, str | list[str]]) -> None:
        start.wait()
        codes.append(client.post("/review/1", form).status_code)

    threads = [threading.Thread(target=send, args=each) for each in zip(clients, forms, strict=True)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(codes) == [303, 409]
    with desk.reading() as book:
        assert book.reviews() == []
        decided = book.find_settled(1)
        assert decided is not None
        assert bool(book.merged_rows()) == (decided.decision == "merged")


def test_many_questions_come_page_by_page(desk: Desk, owner: Client) -> None:
    found = [camera(each, ip=f"10.0.14.{each - 199}") for each in range(200, 260)]
    with open_register(desk.space.where) as book:
        for turn in range(2):
            seen = [nameless(each.ip_addresses[0]) for each in found] if turn else found
            book.record(report(*seen, scan_id=f"many-{turn}", when=reported.TODAY, targets=("10.0.14.0/24",)))
    first, second, beyond = (Page(owner.get(f"/review?page={each}").text) for each in (1, 2, 99))
    assert "61 questions, page 1 of 2" in first.text
    links = [[link for link in page.links if link.startswith("/review/")] for page in (first, second, beyond)]
    assert [len(each) for each in links] == [50, 11, 11]
    assert not {*links[0]} & {*links[1]}


def test_a_question_that_another_was_added_to_is_not_settled_unseen(desk: Desk, owner: Client) -> None:
    form = {**form_of(answer(owner, decision="apart")[1]), "conflict": ["1", "2"], "step": "save"}
    assert owner.post("/review/1", form).status_code == 422
    with desk.reading() as book:
        assert len(book.reviews()) == 1


# ── rights and attacks ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ICT])
def test_who_may_only_look_sees_no_form(desk: Desk, role: Role) -> None:
    page = Page(Client(desk, role).get("/review/1").text)
    assert "Your role may look at this question, but not settle it" in page.text
    assert not [each for each in page.all("form") if each.get("action") == "/review/1"]


def test_read_only_settles_nothing(desk: Desk) -> None:
    with contextlib.closing(desk_of(desk.space, is_read_only=True)) as closed:
        client = Client(closed)
        html = client.get("/review/1").text
        assert "Continue" not in html
        assert (
            client.post("/review/1", {"token": client.token(), "step": "save", "decision": "apart"}).status_code == 403
        )


@pytest.mark.parametrize("number", ["0", "99", "-1", "x", "1e3", "9" * 30, "%0A1", "\u0661"])
def test_a_question_that_there_is_not_is_not_found(owner: Client, number: str) -> None:
    assert owner.get(f"/review/{number}").status_code == 404
    assert owner.post(f"/review/{number}", {"token": owner.token(), "step": "save"}).status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        {"conflict": "x"},
        {"conflict": "9" * 40},
        {"device": "CAM@x"},
        {"device": "@1"},
        {"device": ["1NGQ@0", "2NGQ@0"], "conflict": "1"},
        {"conflict": "1"},
    ],
)
def test_a_form_that_was_tampered_with_settles_nothing(
    desk: Desk, owner: Client, form: dict[str, str | list[str]]
) -> None:
    """Other rows, other questions, nonsense: nothing is merged but what the question is about."""
    sent = {"token": owner.token(), "decision": "first", "because": "x", "step": "save", **form}
    assert owner.post("/review/1", sent).status_code in {400, 422}
    with desk.reading() as book:
        assert not book.merged_rows()
        assert len(book.reviews()) == 1


def test_hostile_text_stays_text(desk: Desk, owner: Client) -> None:
    first, _ = pair(desk)
    with open_register(desk.space.where) as book:
        unit = camera(95, ip="10.0.15.95", model=HOSTILE, firmware=HOSTILE, serial="X" + HOSTILE)
        for turn, device in enumerate((unit, nameless("10.0.15.95"))):
            book.record(report(device, scan_id=f"h-{turn}", when=reported.TODAY, targets=("10.0.15.95/32",)))
        number = max(each.number for each in review.list_questions(book)[0])
    write(desk, first, notes="</textarea><script>alert(4)</script>", council_asset_tag='"><img src=x>')
    pages = [owner.get("/review").text, owner.get("/review/1").text, owner.get(f"/review/{number}").text]
    pages.append(answer(owner, decision="first", because="</dd><script>alert(5)</script>{{7*7}}")[1])
    pages.append(answer(owner, decision="second", because="<b>x</b>")[1])
    for html in pages:
        page = Page(html)
        assert len(page.all("script")) == 1
        assert not page.all("img")
        assert not page.all("b")
        assert "\u202e" not in html
        assert "\x1b" not in html
    assert "alert(5)" in pages[3]
    assert "{{7*7}}" in pages[3]


# ── comparing ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "cells", "likeness"),
    [
        ("model", ("DS-2CD", "ds-2cd"), Likeness.SAME),
        ("model", ("DS-2CD", "DS-7616"), Likeness.DIFFERENT),
        ("maker", ("Hikvision", "unknown"), Likeness.ONLY_FIRST),
        ("maker", ("unknown", "unknown"), Likeness.NOT_COMPARED),
        ("serial", ("DS-2CD20190701AAWR123456789", "123456789"), Likeness.END),
        ("serial", ("123", ""), Likeness.ONLY_FIRST),
        ("MAC", ("00:00:5e:00:53:01, 00:00:5e:00:53:02", "00:00:5e:00:53:02"), Likeness.OVERLAP),
        ("address", ("192.0.2.1", "192.0.2.2"), Likeness.DIFFERENT),
        ("address", ("", "192.0.2.2"), Likeness.ONLY_SECOND),
        ("seen", ("a", "b"), Likeness.NOT_COMPARED),
    ],
)
def test_how_two_rows_stand_to_each_other(name: str, cells: tuple[str, str], likeness: Likeness) -> None:
    assert review._compare_cells(name, cells) is likeness


def test_every_fact_that_is_compared_has_a_name_in_the_page(owner: Client) -> None:
    from camscan.web.pages.settle import _NAMES  # noqa: PLC0415 - what the page calls them

    assert _NAMES.keys() == review._FACTS.keys() - {"entries"}
    assert re.search(r"<th scope=\"row\"[^>]*>Asset number</th>", owner.get("/review/1").text)
