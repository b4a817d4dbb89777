"""A draft of the programme in the browser: the numbers of the command, the check, the entry, and stale drafts."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import reported
from command_line import Camscan
from web_estate import Client, Page, copy_of, desk_of, make, register_of

from camscan.app import assess
from camscan.app.workspace import Workspace, workspace_of
from camscan.register import Edit, open_register
from camscan.web.desk import Desk
from camscan.web.rights import Role

LIMITS = {"by": "30 September 2027", "per_month": "4", "budget": "9,000", "cost_each": "£400"}
ARGUMENTS = ("--by", "2027-09-30", "--per-month", "4", "--budget", "9000", "--cost-each", "400")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        yield make(tmp_path_factory.mktemp("made"), 60)


@pytest.fixture
def folder(made: Workspace, tmp_path: Path) -> Path:
    """A register of its own for each test."""
    copy_of(made, tmp_path / "council")
    return tmp_path / "council"


@pytest.fixture
def desk(made: Workspace, folder: Path) -> Iterator[Desk]:
    with contextlib.closing(desk_of(workspace_of(made.settings, register_of(folder)))) as opened:
        yield opened


@pytest.fixture
def owner(desk: Desk) -> Client:
    return Client(desk)


def asked(**limits: str) -> str:
    return "/plan/draft?" + "&".join(f"{name}={value.replace(' ', '+')}" for name, value in limits.items())


def form_of(html: str) -> dict[str, str]:
    """What the form that is sent would send, but for its buttons: the last one before the footer."""
    forms = re.findall(r'<form method="post" action="/plan/draft".*?</form>', html, re.DOTALL)
    return {name: value for name, value in Page(forms[-1]).fields if name}


def entries(folder: Path) -> Mapping[str, Mapping[str, str]]:
    with open_register(register_of(folder), readonly=True) as book:
        return {row.asset_id: dict(row.entries) for row in book.devices()}


def propose(camscan: Camscan, folder: Path, *more: str) -> str:
    where = ("--register", register_of(folder), "--config", folder / "camscan.yaml")
    return camscan("plan", "propose", *ARGUMENTS, *where, *more)[1]


def test_the_form_alone_drafts_nothing(owner: Client) -> None:
    page = Page(owner.get("/plan/draft").text)
    assert "Make the draft" in page.text
    assert "Apply this draft" not in page.text
    assert "/plan/draft" in Page(owner.get("/plan").text).links


@pytest.mark.parametrize("budget", ["9000", "16000"])
def test_its_numbers_are_those_of_the_command(camscan: Camscan, folder: Path, owner: Client, budget: str) -> None:
    arguments = ("--by", "2027-09-30", "--per-month", "6", "--budget", budget, "--cost-each", "400")
    where = ("--register", register_of(folder), "--config", folder / "camscan.yaml")
    out = camscan("plan", "propose", *arguments, *where)[1]
    html = owner.get(asked(by="30 September 2027", per_month="6", budget=budget, cost_each="400")).text
    lines = re.findall(r"^(\d{4}-\d\d)  +\d{4}-\d\d-\d\d +(\d+) +(\d*) +£([\d,.]+)", out, re.MULTILINE)
    rows = re.findall(r"<tr><th scope=row>(\w+ \d{4})<td>[^<]*<td>([\d,]+)<td>([\d,]*)<td>£([\d,.]+)", html)
    assert len(lines) > 5
    assert [(new, kept or "0", cost.removesuffix(".00")) for _, new, kept, cost in lines] == [
        (new, kept, cost) for _, new, kept, cost in rows
    ]
    text = Page(html).text
    for said in re.findall(r"^\S.*(?:cannot be placed|is needed).*$", out, re.MULTILINE):
        assert said in text
    (placed, phases) = re.search(r"(\d+) devices? in (\d+ phases?)", out).groups()  # type: ignore[union-attr]
    assert re.search(rf"{placed} devices? in {phases}", text)
    for left in re.findall(r"Left alone, (.*): (\d+) devices?", out):
        assert f"{left[1]} {left[0]}" in text


def test_what_cannot_be_placed_is_reported_with_the_reason(owner: Client) -> None:
    page = Page(owner.get(asked(**LIMITS)).text)
    assert "What cannot be placed" in page.text
    assert re.search(r"\d+ of \d+ devices cannot be placed by 2027-09-30", page.text)
    assert "of the budget is left" in page.text
    assert [link for link in page.links if link.startswith("/device/")]


def test_applying_enters_what_the_command_enters(
    camscan: Camscan, made: Workspace, folder: Path, owner: Client, tmp_path: Path
) -> None:
    before = entries(folder)
    form = form_of(owner.get(asked(**LIMITS)).text)
    check = owner.post("/plan/draft", {**form, "because": "Cabinet 4", "step": "check"})
    assert check.status_code == 200
    assert "Nothing is saved yet" in check.text
    assert entries(folder) == before, "nothing is written before it is applied"
    saved = owner.post("/plan/draft", {**form_of(check.text), "step": "save"})
    assert saved.status_code == 303
    number = saved.headers["location"].removeprefix("/plan?saved=")
    assert f"{number} entries were saved" in Page(owner.get(saved.headers["location"]).text).text

    other = tmp_path / "other"
    copy_of(made, other)
    assert f"Written: {number} entries" in propose(camscan, other, "--apply")
    assert entries(folder) == entries(other)
    assert entries(folder) != before
    with open_register(register_of(folder), readonly=True) as book:
        lines = [each for each in book.changes() if each.how == "camscan serve"]
    assert {(each.role, each.because) for each in lines} == {("CCTV officer", "Cabinet 4")}
    assert len(lines) == int(number)


def test_going_back_keeps_what_was_asked_for(owner: Client) -> None:
    form = form_of(owner.get(asked(**LIMITS)).text)
    check = owner.post("/plan/draft", {**form, "because": "Cabinet 4", "step": "check"}).text
    again = owner.post("/plan/draft", {**form_of(check), "step": "change"})
    assert again.status_code == 200
    assert "Cabinet 4" in again.text
    assert {name: form_of(again.text)[name] for name in LIMITS} == LIMITS


@pytest.mark.parametrize("step", ["check", "save"])
def test_a_draft_that_is_stale_is_reported_and_shown_anew(folder: Path, owner: Client, step: str) -> None:
    form = form_of(owner.get(asked(by="30 September 2028")).text)
    with open_register(register_of(folder), editing=True) as book:
        row = next(
            each
            for each in book.devices()
            if each.lifecycle == "found"
            and each.identification.maker == "hikvision"
            and not {"planned_removal_date", "blocked_by"} & each.entries.keys()
        )
        book.edit_entries([Edit(row.asset_id, "planned_removal_date", "2027-01-31")], role="Finance", how="test")
    before = entries(folder)
    answer = owner.post("/plan/draft", {**form, "because": "Cabinet 4", "step": step})
    text = Page(answer.text).text
    assert answer.status_code == 422
    assert "The register has changed since this draft was made, and nothing was saved" in text
    assert "Cabinet 4" in answer.text, "nothing of what was typed is lost"
    assert entries(folder) == before
    again = owner.post("/plan/draft", {**form_of(answer.text), "because": "Cabinet 4", "step": "save"})
    assert again.status_code == 303, "the draft as it is now can be applied"


def test_what_does_not_matter_to_a_draft_does_not_make_it_stale(folder: Path, owner: Client) -> None:
    form = form_of(owner.get(asked(**LIMITS)).text)
    with open_register(register_of(folder), editing=True) as book:
        gone = next(row for row in book.devices() if row.lifecycle == "removed")
        book.edit_entries([Edit(gone.asset_id, "notes", "x")], role="Finance", how="test")
    assert owner.post("/plan/draft", {**form, "step": "save"}).status_code == 303


@pytest.mark.parametrize("mark", ["", "0" * 32, "none"])
def test_a_draft_that_nobody_saw_is_not_applied(folder: Path, owner: Client, mark: str) -> None:
    before = entries(folder)
    form = form_of(owner.get(asked(**LIMITS)).text)
    assert owner.post("/plan/draft", {**form, "mark": mark, "step": "save"}).status_code == 422
    assert entries(folder) == before


@pytest.mark.parametrize(
    ("limits", "says", "where"),
    [
        ({"by": ""}, "Enter the last day of the programme", "by"),
        ({"by": "31 February 2027"}, "31 February 2027", "by"),
        ({"by": "1 March 2020"}, "", "by"),
        ({"by": "9998-01-01"}, "is the year right?", "by"),
        ({"by": "2028-01-01", "begin": "2029-01-01"}, "before it starts", "by"),
        ({"by": "2028-01-01", "per_month": "0"}, "Enter a whole number of devices", "per_month"),
        ({"by": "2028-01-01", "per_month": "-3"}, "Enter a whole number of devices", "per_month"),
        ({"by": "2028-01-01", "per_month": "9" * 400}, "Enter a whole number of devices", "per_month"),
        ({"by": "2028-01-01", "per_month": "\u0663"}, "Enter a whole number of devices", "per_month"),
        ({"by": "2028-01-01", "budget": "much"}, "is not an amount in pounds", "budget"),
        ({"by": "2028-01-01", "cost_each": "1e9"}, "is not an amount in pounds", "cost_each"),
        ({"by": "2028-01-01", "site": "Atlantis"}, "Atlantis", ""),
        ({"by": "<script>alert(1)</script>"}, "<script>alert(1)</script>", "by"),
    ],
)
def test_what_cannot_be_is_reported_beside_its_field(
    owner: Client, limits: dict[str, str], says: str, where: str
) -> None:
    answer = owner.get(asked(**limits))
    page = Page(answer.text)
    assert says in page.text
    assert len(page.all("script")) == 1
    if where:
        assert answer.status_code == 422
        assert f"#{where}" in page.links
        assert "Apply this draft" not in page.text
    sent = {**limits, "token": owner.token(), "step": "save", "role": "Chief"}
    assert owner.post("/plan/draft", sent).status_code == 422


def test_without_a_decision_nothing_is_drafted(folder: Path) -> None:
    (folder / "camscan.yaml").write_text(reported.settings(""), encoding="utf-8")
    from camscan.config import load_config  # noqa: PLC0415 - of this test alone

    with contextlib.closing(desk_of(workspace_of(load_config(folder / "camscan.yaml"), register_of(folder)))) as other:
        answer = Client(other).get(asked(**LIMITS))
        assert answer.status_code == 422
        assert "no decision is recorded" in answer.text.lower()


def test_read_only_shows_a_draft_and_applies_none(desk: Desk, folder: Path) -> None:
    with contextlib.closing(desk_of(desk.space, is_read_only=True)) as closed:
        client = Client(closed)
        before = entries(folder)
        assert "cannot be applied here" in Page(client.get(asked(**LIMITS)).text).text
        assert client.post("/plan/draft", {"token": client.token(), **LIMITS, "step": "save"}).status_code == 403
        assert entries(folder) == before


@pytest.mark.parametrize("role", [each for each in Role if each not in {Role.OWNER, Role.OFFICER}])
def test_only_planners_draft(desk: Desk, role: Role) -> None:
    client = Client(desk, role)
    assert client.get("/plan/draft").status_code == 403
    assert client.post("/plan/draft", {"token": client.token(), **LIMITS, "step": "save"}).status_code == 403
    assert "/plan/draft" not in Page(client.get("/plan").text).links
