"""The pages of camscan serve under attack, and in use by several at once: what was tried and once went wrong."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import reported
import uvicorn
from sample_report import camera, report
from starlette.requests import Request
from test_web_enter import fill, form_of, found, rows_of
from web_estate import SITE, Client, Page, copy_of, desk_of, make

from camscan.app import assess
from camscan.app.workspace import Workspace
from camscan.errors import BusyError, RegisterError
from camscan.register import Edit, open_register
from camscan.store.act import ActQuery
from camscan.web import body, server
from camscan.web.acts import ACTS, REMARK
from camscan.web.application import make_application
from camscan.web.body import MOST, Gate
from camscan.web.desk import Desk
from camscan.web.rights import Role

EDITS = 200


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        yield make(tmp_path_factory.mktemp("made"), 60)


@pytest.fixture
def desk(made: Workspace, tmp_path: Path) -> Iterator[Desk]:
    with contextlib.closing(desk_of(copy_of(made, tmp_path / "council"))) as opened:
        yield opened


@pytest.mark.parametrize("text", ["line one\nline two", "soft\u00adhyphen", "<b>\"'&amp;{{7*7}}", "x" * 1900])
def test_what_is_typed_passes_every_step_unchanged(desk: Desk, text: str) -> None:
    owner, number = Client(desk), rows_of(desk)[0].asset_id
    _, html = fill(owner, "note", [number], {REMARK: text})
    assert form_of(html)[REMARK] == text
    assert owner.post("/enter/note", {**form_of(html), "step": "save"}).status_code == 303
    assert found(desk, number).entries["notes"].endswith(f"CCTV officer: {text}")


def test_too_long_a_text_comes_back_whole(desk: Desk) -> None:
    text = "y" * 2500
    status, html = fill(Client(desk), "details", [rows_of(desk)[0].asset_id], {"location_detail": text})
    assert status == 422
    assert form_of(html)["location_detail"] == text


@pytest.mark.parametrize("because", ["x" * 2001, "\x1b[2J", "\u202egpj"])
def test_the_reason_in_the_log_is_held_to_the_rules_of_every_text(desk: Desk, because: str) -> None:
    owner, number = Client(desk), rows_of(desk)[0].asset_id
    _, html = fill(owner, "note", [number], {REMARK: "seen"})
    answer = owner.post("/enter/note", {**form_of(html), "because": because, "step": "save"})
    assert answer.status_code == 422
    assert "#because" in Page(answer.text).links
    assert form_of(answer.text)["because"] == because
    with desk.reading() as book:
        assert because not in {each.because for each in book.changes(number)}


@pytest.mark.parametrize("role", list(Role))
def test_a_form_that_is_offered_can_be_answered(desk: Desk, role: Role) -> None:
    client, row = Client(desk, role), rows_of(desk)[0]
    for name, act in ACTS.items():
        answer = client.get(f"/enter/{name}?n={row.asset_id}")
        assert answer.status_code in {200, 403}
        if answer.status_code == 200:
            elements = [each for tag in ("input", "textarea", "select") for each in Page(answer.text).all(tag)]
            assert set(act.required) <= {each.get("name") for each in elements}, name


@pytest.mark.parametrize("revision", ["0", "7", "999999999999999"])
def test_a_forged_revision_saves_nothing(desk: Desk, revision: str) -> None:
    with open_register(desk.space.where) as book:
        row = rows_of(desk)[0]
        book.edit_entries([Edit(row.asset_id, "notes", "before")], role="Other", how="test")
    client = Client(desk, Role.SITE_MANAGER)
    assert found(desk, row.asset_id).revision not in {0, 7}
    form = {"token": client.token(), "device": f"{row.asset_id}@{revision}", REMARK: "x", "step": "save"}
    assert client.post("/enter/note", form).status_code == 422
    assert found(desk, row.asset_id).entries["notes"] == "before"


def test_links_of_a_site_with_marks_in_its_name_lead_to_it(desk: Desk) -> None:
    name = "A?B#C/x 50%;é\"'<b>&y=1"
    with open_register(desk.space.where) as book:
        numbers = [row.asset_id for row in book.devices()]
        book.edit_entries([Edit(number, "site_name", name) for number in numbers], role="Other", how="test")
    owner = Client(desk)
    page = owner.get(f"/site/{quote(name, safe='')}?everything=yes")
    (later,) = {link for link in Page(page.text).links if "page=2" in link}
    assert later.startswith(f"/site/{quote(name)}?")
    assert "page 2" in Page(owner.get(later).text).text.lower()


def test_read_only_shows_no_form_that_it_would_not_take(desk: Desk) -> None:
    with contextlib.closing(desk_of(desk.space, is_read_only=True)) as closed:
        client = Client(closed)
        assert client.get(f"/enter/note?n={rows_of(desk)[0].asset_id}").status_code == 403


def test_damaged_sessions_are_reported_without_a_path(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_secret: str) -> None:
        raise RegisterError("/home/officer/camscan-service.db: is damaged")

    client = Client(desk)
    monkeypatch.setattr(desk.sessions, "find", damaged)
    for answer in (client.get("/"), client.post("/enter/note", {"token": "x"}), client.get("/about")):
        assert answer.status_code == 503
        assert "which holds the sessions, cannot be read" in answer.text
        assert "officer" not in answer.text


def test_a_length_of_very_many_digits_is_too_large(desk: Desk) -> None:
    assert Client(desk).get("/", **{"Content-Length": "9" * 5000}).status_code == 413


def test_a_request_that_states_its_length_in_two_ways_is_refused_with_what_follows_it(desk: Desk) -> None:
    lengths = {"Content-Length": "5", "Transfer-Encoding": "chunked"}
    answer = Client(desk, None).request("POST", "/sign-in", content=b"0\r\n\r\n", headers=lengths)
    assert (answer.status_code, answer.headers["connection"]) == (400, "close")


def test_somebody_who_is_signed_in_can_use_a_new_link_and_guessers_shut_nobody_out(desk: Desk) -> None:
    keys: list[str] = []
    desk = Desk(desk.space, desk.setting, keys.append)
    key = desk.keyring.renew()
    for _ in range(50):
        Client(desk, None).post("/sign-in", {"key": "guess"})
    client = Client(desk)
    form = Page(client.get(f"/sign-in?key={key}").text)
    main = {name: value for name, value in form.fields[: form.fields.index(("key", key)) + 1] if name}
    assert "token" in main, "in the form itself, and not only in that of signing out"
    assert client.post("/sign-in", main).status_code == 303


def upload(client: Client, size: int) -> Any:
    """A file of so many bytes, as the page of imports sends it."""
    form = {"token": client.token(), "kind": "sheet"}
    headers = {"Origin": client.desk.address, "Sec-Fetch-Site": "same-origin"}
    files = {"file": ("list.csv", b"x" * size)}
    return client.request("POST", "/exchange/import", data=form, files=files, headers=headers)


def test_nothing_that_strangers_send_is_kept_in_memory(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[str]()
    whole = body.read_form

    async def noted(request: Request) -> Any:
        read.append(request.url.path)
        return await whole(request)

    monkeypatch.setattr("camscan.web.application.read_form", noted)
    stranger = Client(desk, None)
    headers = {"Origin": desk.address}
    for size, times in ((2_000_000, 0), (1000, 1)):
        files = {"file": ("list.csv", b"x" * size)}
        answer = stranger.request("POST", "/exchange/import", data={"site": "Oak"}, files=files, headers=headers)
        assert answer.status_code == 401
        assert len(read) == times


def test_one_person_sends_one_large_file_at_a_time(desk: Desk) -> None:
    client = Client(desk)
    with desk.gate.admit("test-owner"):
        answer = upload(client, MOST)
        assert answer.status_code == 503
        assert "another file" in answer.text
        assert upload(client, 1000).status_code != 503, "a small one is no burden"
    assert upload(client, MOST).status_code != 503
    gate = Gate(1)
    with gate.admit("one"), pytest.raises(BusyError), gate.admit("another"):
        pass


def test_a_form_of_another_site_that_came_with_a_session_is_noted(desk: Desk) -> None:
    client = Client(desk, Role.OFFICER)
    token = client.token()
    client.post("/enter/note", {"token": "wrong"})
    client.post("/enter/note", {"token": token}, Origin="https://elsewhere.example")
    desk.act_writer.close()
    found = [each for each in desk.acts.page(ActQuery(), 0, 100)[0] if each.method == "POST"]
    assert [each.outcome for each in found] == ["refused", "refused"]


@pytest.mark.slow
def test_edits_through_pages_while_scans_are_recorded_are_all_kept(desk: Desk) -> None:
    """Two people write about the same devices; a third thread records scans. A stale form is sent again, as by hand."""
    numbers = [row.asset_id for row in rows_of(desk)[:4]]
    ended, codes = threading.Event(), set[int]()

    def write(who: str) -> None:
        client = Client(desk)
        for turn in range(EDITS // 2):
            number = numbers[turn % len(numbers)]
            for _ in range(100):
                form = form_of(client.get(f"/enter/note?n={number}").text)
                code = client.post("/enter/note", {**form, REMARK: f"{who}{turn}.", "step": "save"}).status_code
                codes.add(code)
                if code == 303:
                    break

    def scan() -> None:
        with open_register(desk.space.where) as book:
            for turn in range(1000):
                book.record(report(camera(1), camera(2), scan_id=f"beside-{turn}"))
                if ended.wait(0.2):
                    return

    writers = [threading.Thread(target=write, args=(who,)) for who in "ab"]
    scanner = threading.Thread(target=scan)
    for each in (scanner, *writers):
        each.start()
    for each in writers:
        each.join()
    ended.set()
    scanner.join()
    assert codes <= {303, 422}, "saved, or told that somebody else has written"
    notes = "\n".join(found(desk, number).entries["notes"] for number in numbers)
    missing = [f"{who}{turn}." for who in "ab" for turn in range(EDITS // 2) if f": {who}{turn}." not in notes]
    assert not missing
    assert SITE in Client(desk).get("/sites").text


def test_whoever_sends_no_whole_request_is_let_go(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.2)
    config = uvicorn.Config(
        make_application(desk),
        host="127.0.0.1",
        port=0,
        http=server.Connection,
        lifespan="off",
        log_config=None,
        timeout_keep_alive=1,
    )
    running = uvicorn.Server(config)

    async def scene() -> list[bytes]:
        config.load()
        running.lifespan = config.lifespan_class(config)
        await running.startup()
        port = running.servers[0].sockets[0].getsockname()[1]
        whole = f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{desk.port}\r\n\r\n".encode()
        heard = []
        for sent in (b"", b"GET / HT", whole, whole + b"GET / HT"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            heard.append(await asyncio.wait_for(reader.read(), 60))
            writer.close()
        await running.shutdown()
        return heard

    silent, half, answered, then_half = asyncio.run(scene())
    assert (silent, half) == (b"", b"")
    assert answered.startswith(b"HTTP/1.1 200")
    assert then_half.startswith(b"HTTP/1.1 200")
