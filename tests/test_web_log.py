"""The auditor's log in the browser, and as a file; the alarm of new devices and the list that it leads to."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Iterator

import pytest
import reported
from web_estate import Client, Page, desk_of, make

from camscan.app import assess, log_file
from camscan.register import Edit, LogQuery
from camscan.web.desk import Desk
from camscan.web.rights import Role


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        with contextlib.closing(desk_of(make(tmp_path_factory.mktemp("log"), 40))) as opened:
            with opened.space.open(editing=True) as book:
                row = book.devices()[0]
                book.edit_entries(
                    [Edit(row.asset_id, "notes", "=HYPERLINK(1)")], role="Estates", how="test", because="+1\n@SUM(1)"
                )
            yield opened


@pytest.fixture(scope="module")
def auditor(desk: Desk) -> Client:
    return Client(desk, Role.AUDITOR)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


class TestFile:
    def test_it_has_every_entry_newest_first(self, desk: Desk, auditor: Client) -> None:
        answer = auditor.get("/log/file")
        assert answer.headers["content-disposition"].startswith('attachment; filename="log-2026-11-30-OFFICIAL')
        rows = rows_of(answer.text)
        with desk.reading() as book:
            changes = book.changes()[::-1]
        assert [row["number"] for row in rows] == [str(each.number) for each in changes]
        assert [row["asset_id"] for row in rows] == [each.asset_id for each in changes]
        assert set(rows[0]) == set(log_file.HEADER)

    @pytest.mark.parametrize(
        "query",
        [
            "role=Estates",
            "column=notes",
            "column=removal_phase&role=CCTV+programme+officer",
            "since=2020-01-01&until=2020-12-31",
            "role=Nobody",
        ],
    )
    def test_it_has_what_the_page_counts(self, auditor: Client, query: str) -> None:
        page = Page(auditor.get(f"/log?{query}").text)
        counted = re.search(r"([\d,]+) entr", page.text)
        assert counted
        rows = rows_of(auditor.get(f"/log/file?{query}").text)
        assert len(rows) == int(counted[1].replace(",", ""))
        links = [link for link in page.links if link.startswith("/log/file")]
        assert links == ([f"/log/file?{query}"] if rows else [])

    def test_nothing_in_it_runs_in_a_spreadsheet(self, auditor: Client) -> None:
        (row,) = rows_of(auditor.get("/log/file?role=Estates").text)
        assert row["new"].startswith("'=HYPERLINK")
        assert row["because"].startswith("'+1")

    def test_a_text_that_is_not_a_day_is_reported(self, auditor: Client) -> None:
        answer = auditor.get("/log/file?since=yesterday")
        assert answer.status_code == 400
        assert "yesterday" in answer.text

    def test_an_entry_made_meanwhile_brings_nothing_twice(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(log_file, "_BATCH", 7)
        pieces = log_file.log_pieces(desk.space, LogQuery())
        text = next(pieces) + next(pieces)
        with desk.space.open(editing=True) as book:
            number = book.devices()[1].asset_id
            book.edit_entries([Edit(number, "notes", f"{each}") for each in range(3)], role="Estates", how="test")
            wanted = [str(each.number) for each in book.changes()][::-1]
        numbers = [row["number"] for row in rows_of((text + b"".join(pieces)).decode())]
        assert numbers == wanted[1:], "all but what was entered meanwhile, each once"

    @pytest.mark.parametrize("role", list(Role))
    def test_whoever_may_see_the_log_may_have_it(self, desk: Desk, role: Role) -> None:
        client = Client(desk, role)
        assert client.get("/log/file").status_code == client.get("/log").status_code


def test_the_alarm_of_new_devices_leads_to_as_many(desk: Desk) -> None:
    owner = Client(desk)
    html = owner.get("/").text
    alarm = re.search(r'href="(/changes\?[^"]*)">(\d+) new device', html)
    assert alarm
    page = Page(owner.get(alarm[1].replace("&amp;", "&")).text)
    assert f"{alarm[2]} change since the previous scans" in page.text
    assert len([link for link in page.links if link.startswith("/device/")]) == int(alarm[2])
