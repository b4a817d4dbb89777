"""People and sessions in the pages of camscan serve: who is let in, what they may do, and that it ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import reported
from web_estate import SITE, Client, Page, desk_of, make

from camscan.app import assess
from camscan.store.account import Account, Person
from camscan.store.sessions import Session, number_of
from camscan.web.desk import Desk
from camscan.web.rights import Role, subject_of

ISSUER = "https://sign-in.example.gov.uk"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        with contextlib.closing(desk_of(make(tmp_path_factory.mktemp("people"), 12))) as opened:
            yield opened


@pytest.fixture
def waiting(desk: Desk, request: pytest.FixtureRequest) -> Person:
    return desk.people.note_sign_in(Account(issuer=ISSUER, subject=request.node.name))


def hidden(answer: Any) -> dict[str, str]:
    """The fields of a page that were not typed."""
    page = Page(answer.text)
    return {found["name"] or "": found["value"] or "" for found in page.all("input") if found.get("type") == "hidden"}


def entered(client: Client, path: str, **values: str) -> Any:
    """Fill in the form, check, and save."""
    form = {**hidden(client.get(path)), **values, "step": "check"}
    answer = client.post(path, form)
    return client.post(path, {**hidden(answer), "step": "save"}) if answer.status_code == 200 else answer


def test_who_waits_is_given_a_role_and_their_sessions_end(desk: Desk, waiting: Person) -> None:
    client = Client(desk)
    assert "waits for a role" in client.get("/people").text
    assert waiting.account.code in client.get("/people").text
    secret = desk.sessions.begin(Session(subject=subject_of(waiting.number), rights=Role.OFFICER.value))
    path = f"/people/{waiting.number}"
    answer = entered(client, path, rights="site_manager", role="Site manager", sites=f"\r\n {SITE.lower()} \r\n")
    assert (answer.status_code, answer.headers["location"]) == (303, "/people?done=saved")
    found = desk.people.find(waiting.number)
    assert found
    assert (found.allowed, found.role, found.sites) == ("site_manager", "Site manager", (SITE,))
    assert desk.visitor(secret) is None


def test_nothing_is_saved_before_it_was_checked(desk: Desk, waiting: Person) -> None:
    client, path = Client(desk), f"/people/{waiting.number}"
    form = {**hidden(client.get(path)), "rights": "auditor", "role": "Internal audit", "step": "check"}
    page = Page(client.post(path, form).text)
    assert "Nothing yet" not in page.text
    assert "Auditor" in page.text
    assert desk.people.find(waiting.number) == waiting


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"rights": "king"}, "Choose what they may do"),
        ({"rights": ""}, "Choose what they may do"),
        ({"role": "somebody@example.gov.uk"}, "not a person&#39;s name or mail address"),
        ({"role": ""}, "Enter a role"),
        ({"rights": "site_manager"}, "Enter at least one site"),
        ({"rights": "site_manager", "sites": "Atlantis"}, "There is no site Atlantis"),
    ],
)
def test_what_is_wrong_is_reported_beside_the_field(
    desk: Desk, waiting: Person, values: dict[str, str], said: str
) -> None:
    answer = entered(Client(desk), f"/people/{waiting.number}", **{"rights": "ict", "role": "Network", **values})
    assert answer.status_code == 422
    assert said in answer.text
    assert desk.people.find(waiting.number) == waiting


def test_somebody_is_let_in_before_they_come_and_once_only(desk: Desk) -> None:
    client = Client(desk)
    values = {"issuer": ISSUER, "subject": "beforehand", "rights": "finance", "role": "Finance"}
    assert entered(client, "/people/new", **values).status_code == 303
    assert desk.people.note_sign_in(Account(issuer=ISSUER, subject="beforehand")).allowed == "finance"
    again = entered(client, "/people/new", **values)
    assert "in the list already" in again.text


def test_access_ends_after_a_question(desk: Desk, waiting: Person) -> None:
    client, path = Client(desk), f"/people/{waiting.number}"
    question = client.post(path, {**hidden(client.get(path)), "step": "ending"})
    assert "Ended" in Page(question.text).text
    assert client.post(path, {**hidden(question), "step": "end"}).status_code == 303
    found = desk.people.note_sign_in(waiting.account, "owner")
    assert found.allowed == ""


def test_of_two_owners_the_second_is_reported(desk: Desk, waiting: Person) -> None:
    client, path = Client(desk), f"/people/{waiting.number}"
    form = {**hidden(client.get(path)), "rights": "auditor", "role": "Audit"}
    desk.people.change(waiting.number, 1, rights="ict", role="Network")
    answer = client.post(path, {**form, "step": "save"})
    assert answer.status_code == 422
    assert "Another owner has changed this" in answer.text
    assert "Another owner" in client.post(path, {**form, "step": "end"}).text
    found = desk.people.find(waiting.number)
    assert found
    assert found.allowed == "ict"


def test_an_owner_cannot_lock_themselves_out(desk: Desk, waiting: Person) -> None:
    client, path = Client(desk), f"/people/{waiting.number}"
    own = desk.sessions.begin(Session(subject=subject_of(waiting.number), rights=Role.OWNER.value, role="Head of ICT"))
    client._client.cookies.set(desk.cookie, own, domain="127.0.0.1")
    form = hidden(client.get(path))
    assert "End their access" not in client.get(path).text
    for step in ({"step": "end"}, {"step": "save", "rights": "auditor", "role": "Audit"}):
        assert client.post(path, {**form, **step}).status_code == 403
    assert desk.visitor(own) is not None


@pytest.mark.parametrize("number", ["0", "99999", "-1", "1e3", "x" * 300, "\N{FULLWIDTH DIGIT NINE}"])
def test_there_is_nobody_of_another_number(desk: Desk, number: str) -> None:
    assert Client(desk).get(f"/people/{number}").status_code == 404


def test_an_auditor_sees_the_rights_of_people_and_changes_nothing(desk: Desk, waiting: Person) -> None:
    page = Page(Client(desk, Role.AUDITOR).get("/people").text)
    assert waiting.account.code in page.text
    assert not [link for link in page.links if link.startswith("/people/")]
    assert "End it" not in Page(Client(desk, Role.AUDITOR).get("/sessions").text).text


def test_an_owner_ends_a_session_without_knowing_its_secret(desk: Desk) -> None:
    client, other = Client(desk), Client(desk, Role.ICT)
    page = client.get("/sessions")
    assert other.secret not in page.text
    assert "This session" in page.text
    answer = client.post("/sessions", {"token": client.token(), "session": number_of(other.secret)})
    assert answer.status_code == 303
    assert desk.visitor(other.secret) is None
    assert desk.visitor(client.secret) is not None
    client.post("/sessions", {"token": client.token(), "session": "%"})
    assert desk.visitor(client.secret) is not None
