"""Who did what, as the pages note it: whose session, which entries, which files; and that no page suffers by it."""

from __future__ import annotations

import contextlib
import csv
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import reported
from web_estate import Client, Page, desk_of, make

from camscan.app import assess
from camscan.errors import BusyError
from camscan.store.account import Account
from camscan.store.act import CHANGED, DONE, LOST, REFUSED, SEEN, SIGNED_IN, SIGNED_OUT, TAKEN, Act, ActQuery
from camscan.store.sessions import number_of
from camscan.web import act_writer
from camscan.web.act_writer import ActWriter
from camscan.web.desk import Desk
from camscan.web.rights import Role, subject_of


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        with contextlib.closing(desk_of(make(tmp_path_factory.mktemp("acts"), 12))) as opened:
            yield opened


@pytest.fixture
def somebody(desk: Desk) -> tuple[Client, str]:
    """An officer with an account, and the number of their session."""
    account = Account(issuer="i", subject=str(len(desk.people.all())))
    desk.people.add(account, rights="officer", role="CCTV officer")
    _, secret = desk.begin_session(account, "")
    client = Client(desk, None)
    client._client.cookies.set(desk.cookie, secret, domain="127.0.0.1")
    return client, number_of(secret)


def acts_of(desk: Desk, session: str) -> list[Act]:
    """What is noted of a session, the earliest first."""
    desk.act_writer.close()
    return [each for each in desk.acts.page(ActQuery(), 0, 1000)[0][::-1] if each.session == session]


def test_what_somebody_looks_at_changes_and_takes_is_noted(desk: Desk, somebody: tuple[Client, str]) -> None:
    client, session = somebody
    with desk.reading() as book:
        number = book.devices()[0].asset_id
    client.get(f"/device/{number}?find=yes")
    client.get("/acts")
    answer = client.get(f"/enter/note?n={number}")
    device = dict(Page(answer.text).fields)["device"]
    form = {"token": client.token(), "device": device, "remark": "Seen."}
    client.post("/enter/note", {**form, "step": "check"})
    assert client.post("/enter/note", {**form, "step": "save"}).status_code == 303
    client.post("/sign-out", {"token": client.token()})
    found = acts_of(desk, session)
    assert [(each.method, each.path.partition("?")[0], each.outcome) for each in found] == [
        ("GET", f"/device/{number}", SEEN),
        ("GET", "/acts", REFUSED),
        ("GET", "/enter/note", SEEN),
        ("GET", "/about", SEEN),
        ("POST", "/enter/note", SEEN),
        ("POST", "/enter/note", CHANGED),
        ("GET", "/about", SEEN),
        ("POST", "/sign-out", SIGNED_OUT),
    ]
    change = found[5]
    with desk.reading() as book:
        (line,) = [each for each in book.changes(number) if change.from_change == each.number]
    assert (line.role, line.column, change.to_change) == ("CCTV officer", "notes", line.number)
    assert {each.subject for each in found} == {change.subject}
    assert desk.acts.page(ActQuery(change=line.number), 0, 5)[0] == [change]


def test_signing_in_is_noted_as_theirs(desk: Desk) -> None:
    key = desk.keyring.renew()
    client = Client(desk, None)
    client.post("/sign-in", {"key": key})
    found = acts_of(desk, number_of(client._client.cookies[desk.cookie]))
    assert [(each.subject, each.outcome, each.path) for each in found] == [("local", SIGNED_IN, "/sign-in")]


def test_no_secret_stands_in_it(desk: Desk) -> None:
    client = Client(desk)
    client.get("/about?key=SECRET&code=SECRET&state=SECRET&q=kept")
    (found,) = acts_of(desk, number_of(client.secret))
    assert found.path == "/about?q=kept"


def test_strangers_leave_nothing(desk: Desk) -> None:
    before = desk.acts.page(ActQuery(), 0, 1)[1]
    stranger = Client(desk, None)
    for path in ("/", "/about", "/sign-in", "/device/1", "/static/x", "/nowhere"):
        stranger.get(path)
    desk.act_writer.close()
    assert desk.acts.page(ActQuery(), 0, 1)[1] == before


class TestPage:
    def test_an_auditor_finds_who_made_an_entry(self, desk: Desk, somebody: tuple[Client, str]) -> None:
        at = datetime.now(UTC)
        code = desk.people.all()[-1].account.code
        subject = subject_of(desk.people.all()[-1].number)
        given = {"at": at, "subject": subject, "role": "CCTV officer", "method": "POST", "session": somebody[1]}
        desk.acts.add([Act(outcome=CHANGED, path="/enter/plan", from_change=8000, to_change=8005, **given)])  # type: ignore[arg-type]
        client = Client(desk, Role.AUDITOR)
        for query in ("change=8003", f"account={code}&outcome=changed", "path=enter%2Fplan", f"since={at:%Y-%m-%d}"):
            assert "8000 to 8005" in client.get(f"/acts?{query}").text, query
        for query in ("change=7999", "path=%25", "until=2020-01-01", "outcome=taken"):
            assert "8000 to 8005" not in client.get(f"/acts?{query}").text, query
        assert "is not a date" in client.get("/acts?since=yesterday").text

    def test_the_file_holds_the_same_runs_nothing_and_is_noted(self, desk: Desk) -> None:
        desk.acts.add([Act(at=datetime.now(UTC), outcome=DONE, path="=cmd|'/C calc'!A0", role="-1+1")])
        client = Client(desk, Role.AUDITOR)
        answer = client.get("/acts?file=csv&outcome=done")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows[0][:2] == ["When (UTC)", "Account"]
        assert "'=cmd|'/C calc'!A0" in [row[4] for row in rows]
        assert [each.outcome for each in acts_of(desk, number_of(client.secret))] == [TAKEN]


class Table:
    """Takes acts, or does not."""

    def __init__(self) -> None:
        self.held: list[Act] = []
        self.is_busy = False
        self.may_go = threading.Event()
        self.may_go.set()

    def add(self, acts: list[Act]) -> None:
        self.may_go.wait(60)
        if self.is_busy:
            raise BusyError("busy")
        self.held += acts

    def purge(self, _now: datetime) -> int:
        return 0


class TestRecorder:
    ACT = Act(at=datetime(2026, 11, 30, tzinfo=UTC), outcome=SEEN)

    def of(self, table: Any) -> ActWriter:
        return ActWriter(lambda: table, seconds=0.05)

    def test_what_waits_is_written_before_the_end(self) -> None:
        table = Table()
        made = self.of(table)
        for _ in range(700):
            made.note(self.ACT)
        made.close()
        assert table.held == [self.ACT] * 700
        made.close()
        made.note(self.ACT, is_urgent=True)
        assert len(table.held) == 701, "it begins anew"
        made.close()

    def test_a_table_that_is_busy_fails_no_page_and_what_is_lost_is_counted(self) -> None:
        table = Table()
        table.is_busy = True
        made = self.of(table)
        made.note(self.ACT, is_urgent=True)
        made.note(self.ACT, is_urgent=True)
        table.is_busy = False
        made.note(self.ACT, is_urgent=True)
        made.close()
        assert [each.outcome for each in table.held] == [SEEN, LOST]
        assert table.held[1].path == "2 earlier lines of this log could not be written"

    def test_more_than_can_wait_is_counted_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(act_writer, "MOST", 3)
        table = Table()
        table.may_go.clear()
        made = self.of(table)
        for _ in range(20):
            made.note(self.ACT)
        table.may_go.set()
        made.note(self.ACT)
        made.close()
        made.note(self.ACT, is_urgent=True)
        made.close()
        lost = [int(each.path.split()[0]) for each in table.held if each.outcome == LOST]
        assert len([each for each in table.held if each.outcome == SEEN]) + sum(lost) == 22
        assert sum(lost) >= 10
