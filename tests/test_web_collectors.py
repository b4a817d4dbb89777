"""The pages of collectors and parcels: a code that is shown once, six words to compare, a parcel from a stick."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import reported
import web_collectors
from parcels import KEY, OAK, OTHER_KEY, parcel, scan, some
from web_estate import ADDRESS, HOSTILE, SITE, Client, Page, desk_of, make

from camscan.app import assess
from camscan.app.collectors import draft_file, list_collector_states
from camscan.app.workspace import workspace_of
from camscan.config.collector import read_collector
from camscan.config.read import load_config
from camscan.dates import moment_text
from camscan.parcel.keys import key_words, public_key_of
from camscan.register import open_register
from camscan.store.act import DONE, ActQuery
from camscan.store.collectors import Collectors, State
from camscan.store.errands import Errands
from camscan.store.parcels import WAITING, ArrivedParcel, Parcels
from camscan.store.quota import day_end
from camscan.version import __version__
from camscan.web.desk import Desk
from camscan.web.rights import Role

NOW = datetime.now(UTC) - timedelta(minutes=5)
WORDS = key_words(public_key_of(KEY))
CODE = re.compile(r"\b(?:[0-9a-f]{4}-){7}[0-9a-f]{4}\b")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        with contextlib.closing(desk_of(make(tmp_path_factory.mktemp("collectors"), 12))) as opened:
            yield opened


@pytest.fixture
def own(tmp_path: Path, register_at: str) -> Iterator[Desk]:
    """An empty register with two sites: in a file, and on a server."""
    (tmp_path / "camscan.yaml").write_text(
        f"sites:\n- name: Oak School\n  cidrs: [{OAK}]\n- name: Elm School\n  cidrs: [10.13.0.0/24]\n"
    )
    open_register(register_at).close()
    with contextlib.closing(desk_of(workspace_of(load_config(tmp_path / "camscan.yaml"), register_at))) as opened:
        yield opened


def hidden(answer: Any) -> dict[str, str]:
    found = Page(answer.text).all("input")
    return {each["name"] or "": each["value"] or "" for each in found if each.get("type") == "hidden"}


def send(client: Client, content: bytes, name: str = "oak.camparcel") -> Any:
    form = {"token": client.token(), "step": "look"}
    headers = {"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
    return client.request("POST", "/parcels/new", data=form, files={"file": (name, content)}, headers=headers)


def add(client: Client, name: str, sites: str) -> Any:
    return client.post("/collectors/new", {**hidden(client.get("/collectors/new")), "name": name, "sites": sites})


class TestList:
    def test_those_that_wait_for_a_person_stand_first_and_each_in_words(self, desk: Desk) -> None:
        page = Page(Client(desk).get("/collectors").text)
        names = [link for link in page.links if re.fullmatch("/collectors/[0-9]+", link)]
        assert [int(link.rpartition("/")[2]) for link in names] == [6, 4, 2, 7, 1, 3, 5]
        for words in (
            "3 collectors need attention",
            "somebody has a copy",
            "Its code may be used until",
            "Compare its six words",
            "It has not asked for work for too long",
            "The disk is full",
            "3.2 MB at the site",
            f"0.0.9, older than {__version__} here",
            "1 parcel here",
        ):
            assert words in page.text

    def test_what_a_hostile_collector_says_is_text(self, desk: Desk) -> None:
        for path in ("/collectors", "/collectors/7", "/collectors/1", "/parcels"):
            answer = Client(desk).get(path)
            assert "<script>alert(" not in answer.text
            assert "&lt;script&gt;alert(" in answer.text, path

    def test_it_takes_three_queries_however_many_there_are(self, desk: Desk) -> None:
        assert len(list_collector_states(desk.store)) == 7
        one = next(each for each in list_collector_states(desk.store) if each.collector.name == "Approved")
        assert one.parcels == {"lost": 1, "recorded": 1, "waiting": 1}
        assert one.errand is not None
        assert one.errand.state == "failed"

    def test_the_front_page_leads_to_those_that_need_somebody(self, desk: Desk) -> None:
        page = Page(Client(desk).get("/").text)
        assert "1 collector was stopped" in page.text
        assert "1 collector waits for approval" in page.text
        assert page.links.count("/collectors") > 2

    def test_one_that_scans_is_not_silent(self, desk: Desk) -> None:
        now = datetime.now(UTC)
        standing = next(each for each in list_collector_states(desk.store) if each.collector.name == "Silent")
        assert standing.is_silent(now)
        errand = next(each for each in Errands(desk.store).of_key(web_collectors.key_of(1)) if each.state == "begun")
        assert not type(standing)(standing.collector, {}, errand).is_silent(errand.ends_at - timedelta(hours=1))


class TestOne:
    def test_a_code_is_shown_once_and_enrols(self, own: Desk) -> None:
        client = Client(own)
        answer = add(client, " Oak PC ", "oak school\r\n")
        (code,) = CODE.findall(Page(answer.text).text)
        made = Collectors(own.store).find_name("Oak PC")
        assert made is not None
        assert (made.sites, made.state) == (("Oak School",), State.INVITED)
        assert not CODE.search(client.get(f"/collectors/{made.number}").text)
        (act,), _ = own.acts.page(ActQuery(outcome=DONE), 0, 9)
        assert (act.method, act.path) == ("POST", "/collectors/new"), "who let a collector in is never forgotten"
        assert Collectors(own.store).enrol(code.replace("-", ""), public_key_of(KEY), datetime.now(UTC))

    def test_beside_the_code_stands_a_file_that_the_collector_reads(self, own: Desk, tmp_path: Path) -> None:
        answer = add(Client(own), "Oak PC", "Oak School\r\nElm School").text
        path = tmp_path / "collector.yaml"
        path.write_text(html.unescape(answer[answer.index("<pre") : answer.index("</pre>")].partition(">")[2]))
        found = read_collector(path)
        assert found.centre == "https://cameras.example.gov.uk"
        networks = {name: [*map(str, each)] for name, each in found.sites.items()}
        assert networks == {"Oak School": [OAK], "Elm School": ["10.13.0.0/24"]}

    def test_a_strange_name_of_a_site_is_one_in_that_file(self, own: Desk, tmp_path: Path) -> None:
        collector = Collectors(own.store).invite("A", ['Elm: "School" #2 é'], "0" * 32, "", NOW)
        path = tmp_path / "collector.yaml"
        text = draft_file(own.space.settings, collector, "https://centre.example", NOW)
        path.write_text(text.replace("[]", "[10.13.0.0/24]"))
        assert list(read_collector(path).sites) == ['Elm: "School" #2 é']

    @pytest.mark.parametrize(
        ("name", "sites", "said"),
        [
            ("", "Oak School", "Enter a name"),
            ("Oak PC", "", "Enter at least one site"),
            ("Oak PC", "Atlantis", "There is no site Atlantis"),
            ("Oak PC", "Oak Scool", "There is no site Oak Scool in camscan.yaml; did you mean Oak School?"),
            ("x" * 201, "Oak School", "A collector needs a name of at most 200 characters"),
        ],
    )
    def test_what_is_wrong_is_reported_beside_the_field(self, own: Desk, name: str, sites: str, said: str) -> None:
        answer = add(Client(own), name, sites)
        assert answer.status_code == 422
        assert said in Page(answer.text).text
        assert Collectors(own.store).all() == []

    def test_another_code_makes_the_first_void(self, own: Desk) -> None:
        client, now = Client(own), datetime.now(UTC)
        (first,) = CODE.findall(Page(add(client, "Oak PC", "Oak School").text).text)
        answer = client.post("/collectors/1", {**hidden(client.get("/collectors/1")), "step": "code"})
        (second,) = CODE.findall(Page(answer.text).text)
        assert Collectors(own.store).enrol(first.replace("-", ""), public_key_of(KEY), now) is None
        assert Collectors(own.store).enrol(second.replace("-", ""), public_key_of(KEY), now)
        late = client.post("/collectors/1", {"token": client.token(), "step": "code"})
        assert late.status_code == 400
        assert "does not need a code" in late.text

    def test_it_is_approved_by_whoever_has_compared_its_words(self, own: Desk) -> None:
        client, collectors = Client(own), Collectors(own.store)
        (code,) = CODE.findall(Page(add(client, "Oak PC", "Oak School").text).text)
        collectors.enrol(code.replace("-", ""), public_key_of(KEY), datetime.now(UTC))
        page = client.get("/collectors/1")
        assert WORDS in Page(page.text).text
        form = {**hidden(page), "step": "approve"}
        unread = client.post("/collectors/1", form)
        assert (unread.status_code, "Compare the words by telephone first" in unread.text) == (422, True)
        other = client.post("/collectors/1", {**form, "same": "yes", "words": key_words(public_key_of(OTHER_KEY))})
        assert (other.status_code, "Its words have changed" in other.text) == (422, True)
        assert collectors.all()[0].state is State.WAITING
        assert (
            client.post("/collectors/1", {**form, "same": "yes"}).headers["location"] == "/collectors/1?done=approved"
        )
        assert (collectors.all()[0].state, collectors.all()[0].role) == (State.APPROVED, "CCTV officer")
        assert client.post("/collectors/1", {**form, "same": "yes"}).status_code == 400

    def test_it_is_asked_for_a_scan_of_its_own_sites(self, own: Desk) -> None:
        client = Client(own)
        Collectors(own.store).approve(
            public_key_of(KEY), name="A", sites=["Oak School", "Elm School"], networks=[], role=""
        )
        form = {**hidden(client.get("/collectors/1")), "step": "scan"}
        assert client.post("/collectors/1", {**form, "site": "Town Hall", "within": "24"}).status_code == 422
        assert client.post("/collectors/1", {**form, "site": "Elm School", "within": "9"}).status_code == 422
        done = client.post("/collectors/1", {**form, "site": "Elm School", "within": "12"})
        assert done.headers["location"] == "/collectors/1?done=asked"
        (errand,) = Errands(own.store).of_key(public_key_of(KEY))
        assert (errand.site, errand.ends_at - errand.made_at) == ("Elm School", timedelta(hours=12))
        assert "Elm School" in Page(client.get("/collectors/1").text).text

    def test_it_is_revoked_after_a_question_and_never_approved_again(self, own: Desk) -> None:
        client = Client(own)
        Collectors(own.store).approve(public_key_of(KEY), name="A", sites=["Oak School"], networks=[], role="")
        form = hidden(client.get("/collectors/1"))
        assert client.post("/collectors/1", {**form, "step": "scan", "within": "24"}).status_code == 303
        question = client.post("/collectors/1", {**hidden(client.get("/collectors/1")), "step": "revoking"})
        assert "Revoke this collector?" in question.text
        assert Collectors(own.store).all()[0].is_approved
        assert client.post("/collectors/1", {**hidden(question), "step": "revoke"}).status_code == 303
        assert Collectors(own.store).all()[0].state is State.REVOKED
        assert "The collector was revoked before" in Page(client.get("/collectors/1").text).text
        again = client.post(
            "/collectors/1", {"token": client.token(), "step": "approve", "same": "yes", "words": WORDS}
        )
        assert again.status_code == 400
        answer = send(
            client, parcel(Path(str(own.space.settings.path)).with_name("p"), scan(*some(NOW), when=NOW)).read_bytes()
        )
        assert "is revoked here" in Page(answer.text).text

    def test_one_whose_key_was_copied_is_explained_and_not_approved(self, desk: Desk) -> None:
        page = Client(desk).get("/collectors/4")
        text = Page(page.text).text
        assert "Two programs have used the key of this collector" in text
        assert "Was it copied, or restored from a backup?" in text
        assert "Approve it" not in text
        assert f"/collectors/new?name=Stopped%20%28new%29&site={SITE.replace(' ', '%20')}" in Page(page.text).links

    @pytest.mark.parametrize("number", ["0", "99", "x", "²", "1" * 40])
    def test_one_that_is_not_there(self, desk: Desk, number: str) -> None:
        assert Client(desk).get(f"/collectors/{number}").status_code == 404

    def test_who_only_looks_is_shown_no_form(self, desk: Desk) -> None:
        client = Client(desk, Role.AUDITOR)
        for path in ("/collectors", "/collectors/1", "/collectors/2", "/collectors/3", "/parcels"):
            page = Page(client.get(path).text)
            assert [each.get("action") for each in page.all("form") if each.get("method") == "post"] == ["/sign-out"]
            assert not {"/collectors/new", "/parcels/new"} & set(page.links)


class TestParcels:
    def test_each_stands_with_its_sender_state_and_reason(self, desk: Desk) -> None:
        text = Page(Client(desk).get("/parcels").text).text
        for words in (
            "7 parcels, the last first",
            "3 parcels wait to be recorded",
            "12 replies left out: its key may not speak for their senders",
            f"Believed once: {key_words(web_collectors.key_of(99))}",
            "Its key is not approved.",
            "Tried 1 time. The disk is full.",
            "its collector sends it again",
        ):
            assert words in text

    def test_they_are_narrowed(self, desk: Desk) -> None:
        client = Client(desk)
        assert "3 parcels, the last first" in client.get("/parcels?state=waiting").text
        assert "1 parcel, the last first" in client.get("/parcels?state=refused").text
        assert "3 parcels, the last first" in client.get("/parcels?collector=1&page=9").text
        assert "No parcel fits" in client.get("/parcels?collector=2").text
        assert "7 parcels" in client.get("/parcels?state=rotten&collector=x").text

    def test_one_whose_collectors_day_is_full_says_when_it_goes_on(self, own: Desk) -> None:
        client, now, key = Client(own), datetime.now(UTC), public_key_of(KEY)
        Collectors(own.store).approve(key, name="Oak PC", sites=["Oak School"], networks=[], role="")
        Parcels(own.store).keep(ArrivedParcel(scan_id="0199-a", digest="0", key=key, arrived_at=now, state=WAITING))
        assert "It is recorded in a moment." in Page(client.get("/parcels").text).text
        Collectors(own.store).add_unpacked(key, 4 * 64 << 20, now)
        ends = moment_text(day_end(now))
        text = Page(client.get("/parcels").text).text
        assert f"it has sent as much as is recorded in a day. Recording continues on {ends}." in text
        for path in ("/collectors", "/collectors/1"):
            assert f"1 parcel here until {ends}, because its day is full" in Page(client.get(path).text).text

    def test_a_stranger_is_trusted_on_a_second_page_and_known_afterwards(self, own: Desk, tmp_path: Path) -> None:
        client, first = Client(own), scan(*some(NOW), when=NOW)
        content = parcel(tmp_path / "oak.camparcel", first).read_bytes()
        page = send(client, content)
        text = Page(page.text).text
        for words in ("Do you trust this key?", WORDS, "Oak School (256 addresses)", "Not approved here"):
            assert words in text
        form = hidden(page)
        assert client.post("/parcels/new", {**form, "step": "trust"}).status_code == 422
        assert client.post("/parcels/new", {**form, "step": "record"}).status_code == 200  # asks again
        assert Collectors(own.store).all() == []
        done = client.post("/parcels/new", {**form, "step": "trust", "same": "yes"})
        assert done.headers["location"] == "/parcels?done=recorded&devices=2&new=2&changed=0&left=0"
        assert "The scan is recorded: 2 devices, 2 new, 0 changed" in client.get(done.headers["location"]).text
        (known,) = Collectors(own.store).all()
        assert (known.name, known.sites, known.state, known.role) == (
            "Oak School",
            ("Oak School",),
            State.APPROVED,
            "CCTV officer",
        )
        again = send(client, content)
        assert "The register has this scan already" in again.text
        assert "Check the parcel" in again.text
        done = client.post("/parcels/new", {**hidden(again), "step": "record"})
        assert done.headers["location"] == "/parcels?done=known"
        with own.reading() as book:
            assert [each.scan_id for each in book.scans()] == [first.scan_id]

    def test_one_file_alone_is_believed_and_nothing_is_remembered(self, own: Desk, tmp_path: Path) -> None:
        client = Client(own)
        page = send(client, parcel(tmp_path / "oak.camparcel", scan(*some(NOW), when=NOW)).read_bytes())
        assert client.post("/parcels/new", {**hidden(page), "step": "once", "same": "yes"}).status_code == 303
        assert Collectors(own.store).all() == []
        assert "Believed once" in client.get("/parcels").text
        assert [each.state for each in Parcels(own.store).page(0, 9)[0]] == ["recorded"]

    def test_of_one_without_a_site_somebody_says_which_it_is_for(self, own: Desk, tmp_path: Path) -> None:
        client = Client(own)
        report = scan(*some(NOW), when=NOW, site="", targets=("10.99.0.0/24",))
        page = send(client, parcel(tmp_path / "p.camparcel", report).read_bytes())
        assert "Site that the parcel is for" in page.text
        assert "10.99.0.0/24 (256 addresses)" in Page(page.text).text
        assert client.post("/parcels/new", {**hidden(page), "step": "cancel"}).headers["location"] == "/parcels"
        assert "Choose a file" in client.post("/parcels/new", {**hidden(page), "step": "look"}).text

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "Choose a file"),
            (b"PK\x03\x04", "Is not a parcel, or its first line was changed"),
            (b"camscan-parcel 2 x", "A newer camscan made this parcel"),
        ],
    )
    def test_what_is_not_a_parcel_is_reported_in_one_line(self, own: Desk, content: bytes, said: str) -> None:
        answer = send(Client(own), content)
        assert answer.status_code == 422
        assert said.casefold() in Page(answer.text).text.casefold()

    def test_one_that_was_changed_is_refused(self, own: Desk, tmp_path: Path) -> None:
        content = bytearray(parcel(tmp_path / "p.camparcel", scan(*some(NOW), when=NOW)).read_bytes())
        content[-9] ^= 1
        assert "was changed after it was signed" in Page(send(Client(own), bytes(content)).text).text

    def test_it_is_in_the_hands_of_its_session_alone(self, own: Desk, tmp_path: Path) -> None:
        page = send(Client(own), parcel(tmp_path / "p.camparcel", scan(*some(NOW), when=NOW)).read_bytes())
        other = Client(own, Role.ICT)
        form = {**hidden(page), "token": other.token(), "step": "trust", "same": "yes"}
        assert "Choose a file" in other.post("/parcels/new", form).text
        assert Collectors(own.store).all() == []


def test_read_only_knows_none_and_takes_none(desk: Desk, tmp_path: Path) -> None:
    with contextlib.closing(desk_of(desk.space, is_read_only=True, store=tmp_path / "camscan.db")) as other:
        client = Client(other)
        assert "so it does not know the collectors" in Page(client.get("/collectors").text).text
        assert "so it does not know the parcels" in Page(client.get("/parcels").text).text
        for path in ("/collectors/new", "/parcels/new"):
            assert client.get(path).status_code == 403
            assert client.post(path, {"token": client.token()}).status_code == 403


def test_names_are_harmless_in_addresses(own: Desk) -> None:
    client = Client(own)
    assert client.get(f"/collectors/new?name={'%3Cscript%3E' * 50}&site=Oak%20School").status_code == 200
    assert HOSTILE not in client.get("/collectors").text
