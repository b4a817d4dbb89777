"""The pages of camscan serve: who gets in, what every answer says, and that hostile text stays text."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import reported
from examples import examples
from hypothesis import given
from hypothesis import strategies as some
from sample_report import camera, report
from web_estate import ADDRESS, FILES, HOSTILE_IP, Client, Page, desk_of, make, on_server

from camscan.app import assess, front, front_apart
from camscan.app.workspace import workspace_of
from camscan.config import Config
from camscan.errors import RegisterError
from camscan.register import Edit, open_register
from camscan.web import keeper, security
from camscan.web.desk import Desk
from camscan.web.keyring import SECONDS, Keyring
from camscan.web.pages import pages
from camscan.web.readers import Readers
from camscan.web.rights import Role, Visitor
from camscan.web.security import HEADERS, Throttle

NAMES = (
    *("q", "site", "maker", "kind", "standing", "scope", "priority", "presence", "page", "sort", "order", "find"),
    *("column", "role", "since", "until", "everything", "answering", "asset", "key", "costless"),
    *("view", "format", "n", "all", "download", "on", "left-out", "level", "suppress", "reported", "saved", "changed"),
    *("by", "begin", "per_month", "budget", "yearly", "cost_each"),
)
"""What query strings may hold."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        with contextlib.closing(desk_of(make(tmp_path_factory.mktemp("web")))) as opened:
            yield opened


@pytest.fixture(scope="module")
def owner(desk: Desk) -> Client:
    return Client(desk)


@pytest.fixture(scope="module")
def hostile(desk: Desk) -> str:
    """The number of the hostile unit."""
    with open_register(desk.space.where, readonly=True) as book:
        return book.find_devices(HOSTILE_IP)[0].asset_id


@pytest.fixture(scope="module")
def addresses(hostile: str) -> dict[str, str]:
    """An address of every page that can be looked at."""
    within = {
        "number": hostile,
        "key": "Town%20Hall",
        "scan": "scan-1",
        "question": "1",
        "name": "walk",
        "act": "details",
        "person": "new",
        "collector": "1",
        "step": "start",
    }
    queries = {"enter": f"?n={hostile}"}
    return {
        name: re.sub(r"\{(\w+)(:path)?\}", lambda match: within[match[1]], page.path) + queries.get(name, "")
        for name, page in pages().items()
        if page.show
    }


# ── every page ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name, page in pages().items() if page.show and name not in {"choose", *FILES}]
)
class TestEveryPage:
    def test_it_is_there_and_whole(self, name: str, owner: Client, addresses: dict[str, str]) -> None:
        answer = owner.get(addresses[name])
        assert answer.status_code == 200
        page = Page(answer.text)
        assert len(page.all("h1")) == 1
        assert page.all("html")[0]["lang"] == "en-GB"
        assert "OFFICIAL-SENSITIVE" in page.text
        ids = [found["id"] or "" for _, found in page.elements if "id" in found]
        assert len(ids) == len(set(ids)), sorted({each for each in ids if ids.count(each) > 1})
        named = {found.get("for") for found in page.all("label")}
        inputs = [found for tag in ("input", "select", "textarea") for found in page.all(tag)]
        assert [each for each in inputs if each.get("type") != "hidden" and each.get("id") not in named] == []

    def test_nothing_of_it_runs_or_comes_from_elsewhere(
        self, name: str, owner: Client, addresses: dict[str, str]
    ) -> None:
        page = Page(owner.get(addresses[name]).text)
        assert [found for found in page.all("script") if not (found.get("src") or "").startswith("/static/")] == []
        assert not {"style", "iframe", "object", "img", "base", "b", "i"} & {tag for tag, _ in page.elements}
        handlers = [key for _, found in page.elements for key in found if key.startswith("on") or key == "style"]
        assert handlers == []
        assert [link for link in page.links if not link.startswith(("/", "#"))] == []

    def test_its_headers_hold_for_all(self, name: str, owner: Client, addresses: dict[str, str]) -> None:
        answer = owner.get(addresses[name])
        assert {key: answer.headers.get(key) for key in HEADERS} == HEADERS
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers

    def test_every_link_of_it_leads_somewhere(self, name: str, owner: Client, addresses: dict[str, str]) -> None:
        links = {link.partition("#")[0] for link in Page(owner.get(addresses[name]).text).links} - {""}
        # Of many alike, a few.
        known: dict[str, list[str]] = {}
        for link in sorted(links):
            known.setdefault(re.sub(r"/[^/?]+$", "/…", link.partition("?")[0]), []).append(link)
        wrong = [link for some_of in known.values() for link in some_of[:3] if owner.get(link).status_code != 200]
        assert wrong == []


@examples(300)
@given(
    name=some.sampled_from([name for name, page in pages().items() if page.show]),
    query=some.dictionaries(some.sampled_from(NAMES), some.text(max_size=20), max_size=4),
)
def test_no_query_string_breaks_a_page(
    owner: Client, addresses: dict[str, str], name: str, query: dict[str, str]
) -> None:
    asked = {key: text.encode("utf-8", "replace") for key, text in query.items()}
    answer = owner.request("GET", addresses[name], params=asked)
    assert answer.status_code in {200, 303, 400, 403, 404, 422, 429}
    assert "<script>" not in answer.text or name in FILES


def test_hostile_text_is_shown_as_text(owner: Client, hostile: str) -> None:
    html = owner.get(f"/device/{hostile}").text
    text = Page(html).text
    assert "<script>alert(1)</script>" in text
    assert "{{7*7}}" in text
    assert "<img src=x onerror=alert(2)>" in text
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "\N{REPLACEMENT CHARACTER}gpj.exe" in text


# ── getting in ───────────────────────────────────────────────────────────────────────────────────────────────────


class TestGettingIn:
    now = 0.0

    @pytest.fixture
    def keys(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        told: list[str] = []
        monkeypatch.setattr(desk, "keyring", Keyring(told.append, lambda: self.now))
        monkeypatch.setattr(desk, "sign_ins", Throttle(20, 60))
        return told

    def test_without_a_session_every_page_leads_to_the_sign_in(self, desk: Desk, addresses: dict[str, str]) -> None:
        client = Client(desk, None)
        for name, address in addresses.items():
            answer = client.get(address)
            if name in {"sign_in", "account", "about", "accessibility"}:
                assert answer.status_code == 200
                assert "Overview" not in Page(answer.text).text
            else:
                assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")

    def test_the_key_is_sent_by_a_button_and_opens_once(self, desk: Desk, keys: list[str]) -> None:
        desk.keyring.renew()
        client = Client(desk, None)
        page = Page(client.get(f"/sign-in?key={keys[0]}").text)
        assert ("key", keys[0]) in page.fields
        assert client.get("/").status_code == 303, "looking at the link does not spend it"
        answer = client.post("/sign-in", {"key": keys[0]})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert client.get("/").status_code == 200
        assert len(keys) == 1
        self.now = 11.0
        again = Client(desk, None).post("/sign-in", {"key": keys[0]})
        assert again.status_code == 403
        assert "used already" in again.text
        assert len(keys) == 2, "a new link was printed in the terminal"

    def test_a_wrong_key_and_an_old_one_open_nothing(self) -> None:
        now = [0.0]
        told: list[str] = []
        ring = Keyring(told.append, lambda: now[0])
        key = ring.renew()
        assert not ring.spend("")
        assert not ring.spend(key + "x")
        assert not ring.spend("\ud800")
        now[0] = SECONDS
        assert not ring.spend(key)
        assert ring.request_key()
        assert ring.spend(told[-1])
        assert not ring.spend(told[-1])

    def test_nobody_can_fill_the_terminal(self, desk: Desk, keys: list[str]) -> None:
        desk.keyring.renew()
        client = Client(desk, None)
        for _ in range(30):
            client.post("/sign-in", {"key": "guess"})
        assert len(keys) == 1

    def test_signing_out_ends_the_session_itself(self, desk: Desk) -> None:
        client = Client(desk)
        answer = client.post("/sign-out", {"token": client.token()})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert desk.visitor(client.secret) is None
        assert client.get("/").status_code == 303

    def test_a_session_that_somebody_makes_up_is_none(self, desk: Desk) -> None:
        client = Client(desk, None)
        for secret in ("", "x", "a" * 5000, "';--"):
            assert client.get("/", Cookie=f"{desk.cookie}={secret}").status_code == 303

    def test_signing_in_again_gives_another_session(self, desk: Desk, keys: list[str]) -> None:
        client = Client(desk)
        before = client.secret
        desk.keyring.renew()
        client.post("/sign-in", {"key": keys[0], "token": client.token()})
        assert desk.visitor(before) is None


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────


class TestRefused:
    @pytest.mark.parametrize("host", ["example.org", "127.0.0.1:80", "localhost", "", "127.0.0.1:8377.example.org"])
    def test_another_name_of_the_machine(self, owner: Client, host: str) -> None:
        assert owner.get("/", Host=host).status_code == 421

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "http://127.0.0.1:9999"},
            {"Origin": "http://example.org"},
            {"Origin": "null"},
            {"Origin": ""},
            {"Sec_Fetch_Site": "same-site"},
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "none"},
        ],
    )
    def test_a_form_of_another_site(self, desk: Desk, headers: dict[str, str]) -> None:
        client = Client(desk)
        token = client.token()
        answer = client.post("/sign-out", {"token": token}, **headers)
        assert answer.status_code == 403
        assert "The form was refused" in answer.text
        assert desk.visitor(client.secret) is not None

    def test_who_was_signed_out_gets_back_what_they_typed(self, desk: Desk) -> None:
        form = {"token": "secret", "because": "a <b>long</b> story"}
        answer = Client(desk, None).post("/sign-out", form)
        assert answer.status_code == 401
        assert "a <b>long</b> story" in Page(answer.text).text
        assert "secret" not in answer.text

    def test_an_older_browser_that_sends_no_fetch_metadata_is_served(self, desk: Desk) -> None:
        client = Client(desk)
        assert client.post("/sign-out", {"token": client.token()}, Sec_Fetch_Site="").status_code == 303

    def test_a_form_without_its_token_or_with_that_of_another_session(self, desk: Desk) -> None:
        client, other = Client(desk), Client(desk)
        for form in ({}, {"token": ""}, {"token": "x"}, {"token": other.token()}, {"token": "\x00."}):
            assert client.post("/sign-out", form).status_code == 403
        assert desk.visitor(client.secret) is not None

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
    def test_other_methods(self, owner: Client, method: str) -> None:
        assert owner.request(method, "/").status_code == 405

    def test_a_form_to_a_page_that_takes_none(self, owner: Client) -> None:
        assert owner.post("/").status_code == 405

    def test_what_is_too_large_whatever_its_length_is_said_to_be(self, owner: Client) -> None:
        assert owner.post("/sign-in", {"key": "x" * 20_000}).status_code == 413

        def pieces() -> Iterator[bytes]:
            for _ in range(50):
                yield b"x" * 1000

        kind = {"Origin": ADDRESS, "Content-Type": "application/x-www-form-urlencoded"}
        assert owner.request("POST", "/sign-in", content=pieces(), headers=kind).status_code in {400, 413}

    @pytest.mark.parametrize(
        "path", ["/static/../pages/devices.py", "/static/x/camscan.css", "/device/%2e%2e/x", "/%00"]
    )
    def test_paths_that_lead_nowhere(self, owner: Client, path: str) -> None:
        assert owner.get(path).status_code == 404

    def test_an_endless_search_is_stopped(self, desk: Desk, owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(desk, "searches", Throttle(2, 60))
        codes = [owner.get("/devices?q=camera").status_code for _ in range(3)]
        assert codes == [200, 200, 429]


def test_a_throttle_forgets_with_time_and_knows_keys_apart() -> None:
    now = [0.0]
    throttle = Throttle(1, 10, lambda: now[0])
    assert [throttle.allows("a"), throttle.allows("a"), throttle.allows("b")] == [True, False, True]
    now[0] = 10.0
    assert throttle.allows("a")


def test_a_token_is_another_every_time_and_holds_for_its_session_alone() -> None:
    first, second = security.token_for("one"), security.token_for("one")
    assert first != second
    assert security.is_token("one", first)
    assert not security.is_token("two", first)


# ── the register ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_register_that_is_gone_is_reported_in_a_page(desk: Desk, tmp_path: Path) -> None:
    other = desk_of(type(desk.space)(desk.space.settings, tmp_path / "gone.db"), store=desk.space.where)
    client = Client(other)
    answer = client.get("/")
    assert answer.status_code == 503
    assert "The register cannot be read" in answer.text


@pytest.mark.slow
def test_a_large_register_is_counted_by_a_program_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "_SMALL", 1)
    monkeypatch.setattr(assess, "today_utc", lambda: datetime.now(UTC).date())  # as that program knows it
    with open_register(tmp_path / "camscan.db") as book:
        book.record(report(camera(1), camera(2)))
    with contextlib.closing(desk_of(workspace_of(Config(), tmp_path / "camscan.db"))) as desk:
        assert "Hikvision or Dahua: 2 devices" in Client(desk).get("/").text
        here = front.gather_front(desk.space)
        assert replace(desk.front().front, made_at=here.made_at) == here
        with open_register(tmp_path / "camscan.db") as book:
            book.record(report(camera(3), scan_id="later"))
        page = Client(desk).get("/").text
        assert "2 devices" in page, "nobody waits for a large one"
        assert "is being counted again" in page


def test_what_keeps_it_from_counting_apart_is_reported(tmp_path: Path) -> None:
    (tmp_path / "camscan.db").write_bytes(b"x" * 4096)
    space = workspace_of(Config(), tmp_path / "camscan.db")
    assert front_apart.can_count_apart(space)
    with pytest.raises(RegisterError, match=r"camscan\.db: it is not a register"):
        front_apart.count_apart(space, is_read_only=True)
    assert not front_apart.can_count_apart(workspace_of(Config(role="CCTV manager")))


class TestReaders:
    now = 0.0

    @pytest.fixture
    def readers(self, tmp_path: Path) -> Iterator[Readers]:
        with open_register(tmp_path / "camscan.db") as book:
            book.record(report(camera(1)))
        with contextlib.closing(Readers(workspace_of(Config(), tmp_path / "camscan.db"), lambda: self.now)) as made:
            yield made

    def test_one_is_lent_again_and_never_to_two_at_once(self, readers: Readers) -> None:
        with readers.lend() as one, readers.lend() as other:
            assert one is not other
        with readers.lend() as again:
            assert again in {one, other}
            assert len(again.devices()) == 1

    def test_it_sees_what_was_written_since(self, readers: Readers, tmp_path: Path) -> None:
        with readers.lend() as one:
            before = one.mark()
        with open_register(tmp_path / "camscan.db") as book:
            book.record(report(camera(2), scan_id="later"))
        with readers.lend() as again:
            assert again is one
            assert again.mark() != before
            assert len(again.devices()) == 2

    def test_one_that_is_old_or_failed_or_of_another_file_is_not(self, readers: Readers, tmp_path: Path) -> None:
        with readers.lend() as one:
            pass
        self.now = 30.0
        with readers.lend() as second:
            assert second is not one
        with contextlib.suppress(ZeroDivisionError), readers.lend():
            raise ZeroDivisionError
        with readers.lend() as third:
            assert third is not second
        (tmp_path / "other").mkdir()
        with open_register(tmp_path / "other" / "camscan.db") as book:
            book.record(report(camera(1), camera(2)))
        (tmp_path / "other" / "camscan.db").replace(tmp_path / "camscan.db")
        with readers.lend() as fourth:
            assert fourth is not third
            assert len(fourth.devices()) == 2

    def test_threads_share_them(self, readers: Readers) -> None:
        seen: list[int] = []

        def look() -> None:
            for _ in range(10):
                with readers.lend() as book:
                    seen.append(len(book.devices()))

        threads = [threading.Thread(target=look) for _ in range(12)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert seen == [1] * 120


def test_the_pages_are_the_same_on_a_server_of_postgresql(postgresql_at: str) -> None:
    with open_register(postgresql_at) as book:
        book.record(report(camera(1), camera(2)))
        number = book.devices()[0].asset_id
        book.edit_entries([Edit(number, "notes", "x")], role="CCTV manager", how="test")
    desk = desk_of(workspace_of(Config(), postgresql_at))
    with contextlib.closing(desk):
        look_round(Client(desk), number)


@pytest.mark.slow
def test_every_page_says_the_same_on_a_server_as_on_a_file(
    desk: Desk, addresses: dict[str, str], postgresql_at: str
) -> None:
    desk.front()
    changes = ((r'value="[0-9a-f]{32}\.[0-9a-f]{64}"', "TOKEN"), (r"As of [^.<]*", "As of"), (r"[?&]key=[^\"]*", ""))

    def shown(client: Client, path: str) -> str:
        answer = client.get(path)
        assert answer.status_code == 200, path
        text = str((re.findall(r"<main.*</main>", answer.text, re.DOTALL) or [answer.text])[0])
        for pattern, instead in changes:
            text = re.sub(pattern, instead, text)
        return text

    with contextlib.closing(desk_of(on_server(desk.space, postgresql_at))) as other:
        here, there = Client(desk), Client(other)
        for path in addresses.values():
            there.get(path)  # what is counted when it is asked for first
        assert any(other.front().is_current for _ in range(100))
        for name, path in addresses.items():
            # Of the store, which is another one: the times of its collectors are, too.
            if name not in {"choose", "sign_in", "people", "sessions", "acts", "collectors", "collector", "parcels"}:
                assert shown(there, path) == shown(here, path), path


def look_round(client: Client, number: str) -> None:
    for path in (
        "/",
        "/devices?q=ds-2cd&sort=address",
        f"/device/{number}",
        "/sites",
        "/plan",
        "/log",
        "/changes",
        "/scans",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
    assert "Hikvision or Dahua: 2 devices" in client.get("/").text
    assert client.get("/devices?find=yes&q=192.0.2.2").headers["location"] == f"/device/{number}"
    with client.desk.reading() as book:
        assert book.mark().turn, "the listing was brought up to date"


def test_pages_change_nothing_in_the_register(desk: Desk, owner: Client, addresses: dict[str, str]) -> None:
    with desk.reading() as book:
        before = book.mark()
    for address in addresses.values():
        owner.get(address)
    with desk.reading() as book:
        assert book.mark() == before


def test_counts_are_made_anew_when_somebody_has_changed_something(desk: Desk, owner: Client) -> None:
    assert "CCTV-0003" in owner.get("/devices?q=CCTV-0003").text
    threads = [threading.Thread(target=owner.get, args=("/",)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert desk.front().is_current


def test_health_says_nothing_but_ok(desk: Desk) -> None:
    answer = Client(desk, None).get("/health")
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize("role", list(Role))
def test_the_navigation_has_what_the_role_may_see_and_nothing_else(desk: Desk, role: Role) -> None:
    visitor = Visitor(subject="", rights=role)
    linked = Page(Client(desk, role).get("/about").text).links
    shown = {page.path for page in pages().values() if page.place and linked.count(page.path) > (page.path == "/")}
    assert shown == {page.path for name, page in pages().items() if page.place and visitor.may(name)}
