"""Files that come in through the browser: looked at, checked, entered; what a role may not write; files that attack."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import reported
from test_web_enter import form_of, found, rows_of
from web_estate import ADDRESS, SECOND_SITE, SITE, Client, Page, copy_of, desk_of, make

from camscan import sheets
from camscan.app import assess, spreadsheet
from camscan.app.by_site import read_by_site
from camscan.app.workspace import Workspace
from camscan.asset import Lifecycle
from camscan.register import Edit, open_register
from camscan.web import application
from camscan.web.desk import Desk
from camscan.web.holding import MOST, SECONDS, HeldFiles
from camscan.web.page import Upload
from camscan.web.pages import pages
from camscan.web.rights import Role

PATH = "/exchange/import"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        yield make(tmp_path_factory.mktemp("made"), 40)


@pytest.fixture
def desk(made: Workspace, tmp_path: Path) -> Iterator[Desk]:
    with contextlib.closing(desk_of(copy_of(made, tmp_path / "council"))) as opened:
        yield opened


def table(*rows: dict[str, str]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def send(client: Client, content: bytes, name: str = "cameras.csv", **form: str) -> Any:
    return client.request(
        "POST",
        PATH,
        data={"token": client.token(), "kind": "sheet", "step": "look", **form},
        files={"file": (name, content)},
        headers={"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"},
    )


def step(client: Client, html: str, name: str, **form: str) -> Any:
    carried = {key: value for key, value in form_of(html).items() if key != "device"}
    return client.post(PATH, {**carried, **form, "step": name})


def test_a_sheet_is_looked_at_checked_and_entered(desk: Desk) -> None:
    owner, row = Client(desk), rows_of(desk)[0]
    revision = str(row.revision)
    content = table({"asset_id": row.asset_id, "revision": revision, "budget_code": "CC-9", "location_detail": "Roof"})
    looked = send(owner, content)
    text = Page(looked.text).text
    assert looked.status_code == 200
    assert "2 entries of 1 device would change" in text
    assert "CC-9" in text
    assert "Nothing is saved yet" in text
    assert found(desk, row.asset_id).entries == row.entries

    done = step(owner, looked.text, "save", because="walk sheet")
    assert done.headers["location"] == f"{PATH}?changed=2&devices=1&added=0"
    assert found(desk, row.asset_id).entries["budget_code"] == "CC-9"
    with desk.reading() as book:
        made = [each for each in book.changes(row.asset_id) if each.how == "import of cameras.csv"]
    assert {(each.column, each.role, each.because) for each in made} == {
        ("budget_code", "CCTV officer", "walk sheet"),
        ("location_detail", "CCTV officer", "walk sheet"),
    }
    assert "2 entries of 1 device changed" in Page(owner.get(done.headers["location"]).text).text


@pytest.mark.parametrize("suffix", [".csv", ".ods", ".xlsx"])
def test_the_walk_sheet_comes_back_in_every_format(desk: Desk, suffix: str) -> None:
    with desk.reading() as book:
        found = read_by_site(book, desk.space.settings, site=SITE)
        made = spreadsheet.RegisterSheet(found, desk.space.settings, "short")
        content = b"".join(made.pieces(sheets.format_of_file(f"walk{suffix}")))
    text = Page(send(Client(desk), content, f"walk{suffix}").text).text
    assert "0 entries of 0 devices would change" in text
    assert "What is not taken" not in text


def test_rows_without_a_device_are_added_where_that_is_asked(desk: Desk) -> None:
    owner = Client(desk)
    content = table({"Camera No": "NEW-1", "Location": "Gate"}, {"Camera No": "NEW-2", "Location": "Yard"})
    assert "2 rows match no device in the register" in Page(send(owner, content).text).text
    looked = send(owner, content, add="yes", headings="Camera No=council_asset_tag")
    assert "2 devices would be added" in Page(looked.text).text
    done = step(owner, looked.text, "save")
    assert done.headers["location"].endswith("added=2")
    with desk.reading() as book:
        assert {row.entries["location_detail"] for tag in ("NEW-1", "NEW-2") for row in book.find_devices(tag)} == {
            "Gate",
            "Yard",
        }


def test_what_somebody_changes_meanwhile_is_shown_before_anything_is_written(desk: Desk) -> None:
    owner, row = Client(desk), rows_of(desk)[0]
    content = table({"asset_id": row.asset_id, "revision": str(row.revision), "budget_code": "MINE"})
    looked = send(owner, content)
    with open_register(desk.space.where) as book:
        book.edit_entries([Edit(row.asset_id, "budget_code", "THEIRS")], role="Finance", how="test")
    again = step(owner, looked.text, "save")
    assert again.status_code == 422
    assert "Somebody else has entered something meanwhile" in Page(again.text).text
    assert "is 'THEIRS' now" in Page(again.text).text
    assert found(desk, row.asset_id).entries["budget_code"] == "THEIRS"
    # Whoever wants it all the same says so.
    forced = step(owner, send(owner, content, overwrite="yes").text, "save")
    assert forced.status_code == 303
    assert found(desk, row.asset_id).entries["budget_code"] == "MINE"


def test_all_differences_are_a_file_that_runs_nothing(desk: Desk) -> None:
    owner, row = Client(desk), rows_of(desk)[0]
    looked = send(owner, table({"asset_id": row.asset_id, "supplier": "=cmd|'/C calc'!A0"}))
    file = step(owner, looked.text, "differences")
    assert file.headers["content-disposition"] == 'attachment; filename="differences.csv"'
    (line,) = list(csv.DictReader(io.StringIO(file.text)))
    assert line["After"].startswith("'=")
    assert line["Device"] == row.asset_id


class TestWhoMay:
    def test_a_column_that_is_not_theirs_is_left_out_with_a_line(self, desk: Desk) -> None:
        row = rows_of(desk)[0]
        content = table({"asset_id": row.asset_id, "location_detail": "Hall", "estimated_cost": "9"})
        client = Client(desk, Role.SITE_MANAGER)
        looked = send(client, content)
        text = Page(looked.text).text
        assert "estimated_cost: your role may not write this column" in text
        assert "1 entry of 1 device would change" in text
        assert step(client, looked.text, "save").status_code == 303
        after = found(desk, row.asset_id).entries
        assert after["location_detail"] == "Hall"
        assert after.get("estimated_cost") == row.entries.get("estimated_cost")

    @pytest.mark.parametrize("status", ["removed", "disposed", "planned", "accepted_risk", "false_positive"])
    def test_a_site_manager_records_no_removal_and_no_decision(self, desk: Desk, status: str) -> None:
        row = rows_of(desk)[0]
        client = Client(desk, Role.SITE_MANAGER)
        looked = send(client, table({"asset_id": row.asset_id, "lifecycle_status": status, "notes": "x"}))
        assert f"your role may not enter the status '{status}'" in Page(looked.text).text
        step(client, looked.text, "save")
        assert found(desk, row.asset_id).lifecycle is Lifecycle.FOUND

    def test_nor_do_they_take_a_removal_back(self, desk: Desk) -> None:
        row = rows_of(desk)[0]
        with open_register(desk.space.where) as book:
            entries = {"lifecycle_status": "removed", "removal_evidence_ref": "WO 1"}
            book.edit_entries([Edit(row.asset_id, *each) for each in entries.items()], role="Officer", how="test")
        client = Client(desk, Role.SITE_MANAGER)
        looked = send(client, table({"asset_id": row.asset_id, "lifecycle_status": "confirmed"}))
        assert "actual_removal_date: your role may not write this column" in Page(looked.text).text
        step(client, looked.text, "save")
        assert found(desk, row.asset_id).lifecycle is Lifecycle.REMOVED

    def test_a_device_of_another_site_is_not_there(self, desk: Desk) -> None:
        other = rows_of(desk, SECOND_SITE)[0]
        tag = other.entries.get("council_asset_tag", "no tag")
        client = Client(desk, Role.SITE_MANAGER)
        text = Page(
            send(client, table({"asset_id": other.asset_id, "notes": "x"}, {"asset_id": "", "notes": ""})).text
        ).text
        assert f"asset_id {other.asset_id}: there is no such device in the register" in text
        page = Page(send(client, table({"council_asset_tag": tag, "notes": "x"})).text)
        assert "1 row matches no device" in page.text

    def test_finance_learns_nothing_of_a_hidden_column(self, desk: Desk) -> None:
        row = rows_of(desk)[0]
        with open_register(desk.space.where) as book:
            book.edit_entries([Edit(row.asset_id, "switch_port", "SW-SECRET/7")], role="ICT", how="test")
        client = Client(desk, Role.FINANCE)
        for guess in ("SW-SECRET/7", "other"):
            content = table({"asset_id": row.asset_id, "revision": "1", "switch_port": guess, "budget_code": "B"})
            html = send(client, content).text
            assert "switch_port: your role may not see this column; it was skipped" in Page(html).text
            assert "SW-SECRET" not in html

    @pytest.mark.parametrize("role", [Role.SITE_MANAGER, Role.FINANCE])
    def test_lists_of_other_systems_and_new_devices_are_not_theirs(self, desk: Desk, role: Role) -> None:
        client = Client(desk, role)
        page = Page(client.get(PATH).text)
        assert not [each for each in page.all("input") if each.get("name") in {"kind", "add"}]
        answer = send(client, b"10.0.0.1 ether 00:00:5e:00:53:01 C eth0\n", "arp.txt", kind="arp", add="yes")
        assert answer.status_code == 422, "it is taken for a spreadsheet"
        assert "none of its rows has known headings" in Page(answer.text).text

    def test_read_only_takes_nothing(self, desk: Desk) -> None:
        client = Client(desk_of(desk.space, is_read_only=True))
        assert client.get(PATH).status_code == 403
        assert send(client, table({"asset_id": "x"})).status_code == 403


class TestOtherSystems:
    ARP = (
        b"Protocol  Address          Age (min)  Hardware Addr   Type   Interface\n"
        b"Internet  192.0.2.77              3   4419.b600.4d4d  ARPA   Vlan10\n"
    )

    def test_a_table_is_looked_at_and_entered(self, desk: Desk) -> None:
        ict = Client(desk, Role.ICT)
        looked = send(ict, self.ARP, "arp.txt", kind="arp", as_of="2026-05-12")
        text = Page(looked.text).text
        assert "1 device would be added" in text
        assert "192.0.2.77" in text
        assert "12 May 2026" in text
        done = step(ict, looked.text, "save")
        assert done.headers["location"].endswith("added=1&kind=arp")
        with desk.reading() as book:
            assert len(book.find_devices("192.0.2.77")) == 1

    @pytest.mark.parametrize(
        ("form", "says"),
        [
            ({"kind": "arp", "as_of": "tomorrow"}, "is not a time"),
            ({"kind": "arp", "site": "Atlantis"}, "Atlantis"),
            ({"kind": "pcap"}, ""),
            ({"kind": "nonsense"}, ""),
        ],
    )
    def test_a_wrong_wish_is_reported(self, desk: Desk, form: dict[str, str], says: str) -> None:
        answer = send(Client(desk), self.ARP, "arp.txt", **form)
        assert answer.status_code in {404, 422}
        assert says in Page(answer.text).text


class TestAttacks:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("x.csv", b""),
            ("x.csv", b"\0" * 1000),
            ("x.csv", b"asset_id\n" + b'"' * 100_000),
            ("x.ods", b"PK\x03\x04 no archive"),
            ("x.xlsx", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
            ("../../etc/passwd", b"root:x:0:0"),
            ("<script>alert(1)</script>.exe", b"MZ"),
            ("-", b"asset_id\n"),
            ("x" * 5000 + ".csv", b"a,b\n1,2\n"),
        ],
    )
    def test_what_is_not_a_table_is_reported_in_a_line(self, desk: Desk, name: str, content: bytes) -> None:
        answer = send(Client(desk), content, name)
        assert answer.status_code in {200, 400, 422}
        page = Page(answer.text)
        assert "There is a problem" in page.text or "0 entries of 0 devices" in page.text or answer.status_code == 400
        assert not [found for found in page.all("script") if not (found.get("src") or "").startswith("/static/")]

    def test_a_file_that_is_too_large_is_refused_while_it_comes(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert 50_000_000 < pages()["import_"].most < 51_000_000
        small = {**pages(), "import_": replace(pages()["import_"], most=200_000)}
        monkeypatch.setattr(application, "pages", lambda: small)
        client = Client(desk)
        assert send(client, b"x" * 300_000).status_code == 413

        def endless() -> Iterator[bytes]:
            head = '--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
            yield head.encode()
            for _ in range(1000):
                yield b"y" * 1000

        headers = {"Origin": ADDRESS, "Content-Type": "multipart/form-data; boundary=b"}
        assert client.request("POST", PATH, content=endless(), headers=headers).status_code == 413

    def test_other_forms_take_no_more_than_before(self, desk: Desk) -> None:
        number = rows_of(desk)[0].asset_id
        client = Client(desk)
        form = {"token": client.token(), "device": f"{number}@0", "remark": "x" * 1_100_000}
        assert client.post("/enter/note", form).status_code == 413
        assert client.post("/nowhere", {"x": "y" * 1_100_000}).status_code == 413

    def test_a_held_file_is_its_session_s_alone(self, desk: Desk) -> None:
        owner, other = Client(desk), Client(desk)
        looked = send(owner, table({"asset_id": rows_of(desk)[0].asset_id, "supplier": "x"}))
        stolen = {**form_of(looked.text), "token": other.token(), "step": "save"}
        answer = other.post(PATH, stolen)
        assert answer.status_code == 422
        assert "Choose a file" in Page(answer.text).text

    def test_a_forged_mark_saves_nothing(self, desk: Desk) -> None:
        owner, row = Client(desk), rows_of(desk)[0]
        looked = send(owner, table({"asset_id": row.asset_id, "supplier": "x"}))
        for mark in ("", "0" * 64):
            assert step(owner, looked.text, "save", mark=mark).status_code == 422
        assert found(desk, row.asset_id).entries == row.entries

    def test_hostile_cells_are_text(self, desk: Desk) -> None:
        row = rows_of(desk)[0]
        text = "<script>alert(1)</script>{{7*7}}"
        page = Page(send(Client(desk), table({"asset_id": row.asset_id, "supplier": text, text: "y"})).text)
        assert text in page.text
        assert not [each for each in page.all("script") if not each.get("src")]


def test_signing_out_and_cancelling_let_go_of_the_file(desk: Desk) -> None:
    for path, form in ((PATH, {"step": "cancel"}), ("/sign-out", {})):
        owner = Client(desk)
        held = form_of(send(owner, table({"asset_id": rows_of(desk)[0].asset_id, "supplier": "x"})).text)["held"]
        assert desk.holding.find(owner.secret, str(held)) is not None
        assert owner.post(path, {"token": owner.token(), **form}).status_code == 303
        assert desk.holding.find(owner.secret, str(held)) is None


def test_files_are_held_for_half_an_hour_and_within_bounds() -> None:
    now = [0.0]
    holding = HeldFiles(lambda: now[0])
    name = holding.keep("a", Upload("x", b"1"))
    assert holding.find("a", name) is not None
    assert holding.find("b", name) is None
    now[0] = SECONDS + 1
    assert holding.find("a", name) is None
    names = [holding.keep(str(each), Upload("x", bytes(MOST // 2))) for each in range(3)]
    assert [holding.find(str(each), name) is not None for each, name in enumerate(names)] == [False, True, True]


def test_one_file_is_read_at_a_time(desk: Desk) -> None:
    client = Client(desk)
    with contextlib.ExitStack() as stack:
        stack.enter_context(desk.holding.reading)
        answer = send(client, table({"asset_id": "x"}))
        assert answer.status_code == 503
        assert "Another file is being read" in Page(answer.text).text


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SITE_MANAGER, Role.FINANCE])
@pytest.mark.parametrize(
    "sheet",
    [
        "one,two\n1,2\n",  # no heading is known
        "Camera No,Where,Make,notes\nOLD-1,Foyer,Hikvision,x\n",  # headings are guessed
        "asset_id,council_asset_tag,colour\nX-1,A,red\n",  # no such device, no such column
        "location_detail\nFoyer\n",  # nothing tells the rows apart
    ],
)
def test_whoever_is_before_the_page_is_told_nothing_of_the_command_line(desk: Desk, role: Role, sheet: str) -> None:
    client = Client(desk, role)
    form = {"token": client.token(), "kind": "sheet", "add": "yes"}
    sent = {"file": ("list.csv", sheet)}
    answer = client.request("POST", "/exchange/import", data=form, files=sent, headers={"Origin": client.desk.address})
    assert answer.status_code in {200, 422}
    assert not re.search(r"--[a-z]|`camscan", Page(answer.text).text)
