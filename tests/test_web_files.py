"""Files that go out through the browser, each without what is hidden: sheets, exports, report, FOI pack, labels."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import reported
from web_estate import SECOND_SITE, SITE, Client, Page, desk_of, make

from camscan import exports, sheets
from camscan.app import assess, list_file, spreadsheet
from camscan.app.by_site import read_by_site
from camscan.app.devices import device_site
from camscan.app.export import ExportRequest, export_register
from camscan.app.foi_files import KEPT_BACK, NAMES
from camscan.app.report import Level, make_report
from camscan.asset import Asset
from camscan.asset.columns import COLUMNS
from camscan.headline import is_of_video
from camscan.register import Edit, open_register
from camscan.web.archive import zip_files
from camscan.web.desk import Desk
from camscan.web.outgoing import LISTS, hidden_from
from camscan.web.rights import Role, Visitor

_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", re.IGNORECASE)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        space = make(tmp_path_factory.mktemp("files"), 40)
        with open_register(space.where) as book:
            number = next(row.asset_id for row in book.devices() if device_site(row) == SITE)
            book.edit_entries([Edit(number, "switch_port", "SW-SECRET/7")], role="ICT", how="test")
        with contextlib.closing(desk_of(space)) as opened:
            yield opened


@pytest.fixture(scope="module")
def rows(desk: Desk) -> list[Asset]:
    with desk.reading() as book:
        return book.devices()


def secrets_of(rows: list[Asset]) -> set[str]:
    """Every address and serial number."""
    texts = (text for row in rows for text in (*row.ip_addresses, *row.mac_addresses, row.identification.serial or ""))
    return {text for text in texts if len(text) > 5}


def told(content: str, secrets: set[str]) -> list[str]:
    return [each for each in secrets if re.search(rf"(?<![\w.]){re.escape(each)}(?![\w.])", content, re.IGNORECASE)]


def texts_of(content: bytes) -> str:
    """Everything that a file says, also within an archive."""
    if not content.startswith(b"PK"):
        return content.decode("utf-8-sig")
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        return "\n".join(f"{each}\n{texts_of(found.read(each))}" for each in found.namelist())


def lines_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


class TestLists:
    @pytest.mark.parametrize("suffix", ["csv", "ods", "xlsx"])
    @pytest.mark.parametrize("view", LISTS)
    def test_every_view_comes_back_and_changes_nothing(self, desk: Desk, view: str, suffix: str) -> None:
        answer = Client(desk).get(f"/exchange/list?view={view}&format={suffix}&everything=yes")
        name = f"{'costs' if view == 'costs' else 'register'}-{reported.TODAY.date()}-OFFICIAL-SENSITIVE.{suffix}"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        found = spreadsheet.read_sheet_content(name, answer.content)
        assert found.lines
        with desk.reading() as book:
            work = spreadsheet.compare_sheet(book, found, desk.space.settings)
        assert work.edits_and_rows() == ([], [])
        assert work.compared.left_out == ()

    def test_the_whole_csv_has_the_rows_of_the_command_line(self, desk: Desk) -> None:
        with desk.reading() as book:
            found = read_by_site(book, desk.space.settings)
            made = spreadsheet.RegisterSheet(found, desk.space.settings, "full")
            whole = b"".join(made.pieces(sheets.format_of_file("x.csv")))
        answer = Client(desk).get("/exchange/list?view=full&format=csv&everything=yes").content
        assert sorted(answer.decode("utf-8-sig").splitlines()) == sorted(whole.decode().splitlines())

    def test_the_filter_of_the_list_holds_and_so_do_ticks(self, desk: Desk, rows: list[Asset]) -> None:
        owner = Client(desk)
        link = next(each for each in Page(owner.get(f"/devices?site={SITE}").text).links if "format=csv" in each)
        assert {line["site_name"] for line in lines_of(owner.get(link).content)} == {SITE}
        number = rows[3].asset_id
        sent = owner.get(f"/enter?act=list&n={number}")
        assert sent.headers["location"] == f"/exchange/list?n={number}"
        answer = owner.get(f"/exchange/list?n={number}&format=csv&view=full")
        assert [line["asset_id"] for line in lines_of(answer.content)] == [number]

    def test_a_site_has_a_sheet_that_is_mailed_filled_in_and_imported(self, desk: Desk, rows: list[Asset]) -> None:
        owner = Client(desk)
        (link,) = {each for each in Page(owner.get(f"/site/{SITE}").text).links if "view=short" in each}
        found = spreadsheet.read_sheet_content("walk.ods", owner.get(link).content)
        numbers = {found.cell_text(line, "asset_id") for line in found.lines}
        assert numbers == {row.asset_id for row in rows if device_site(row) == SITE and is_of_video(row)}
        with desk.reading() as book:
            assert spreadsheet.compare_sheet(book, found, desk.space.settings).edits_and_rows() == ([], [])

    def test_a_site_manager_gets_their_own_site_without_hidden_columns(self, desk: Desk, rows: list[Asset]) -> None:
        client = Client(desk, Role.SITE_MANAGER)
        lines = lines_of(client.get("/exchange/list?view=full&format=csv&everything=yes").content)
        assert {line["asset_id"] for line in lines} == {row.asset_id for row in rows if device_site(row) == SITE}
        assert not {"evidence", "known_weaknesses", "open_services"} & lines[0].keys()
        other = next(row.asset_id for row in rows if device_site(row) == SECOND_SITE)
        assert client.get(f"/exchange/list?n={other}&format=csv").status_code == 404
        assert client.get("/exchange/list?view=costs&format=csv").status_code == 403

    @pytest.mark.parametrize("suffix", ["csv", "ods", "xlsx"])
    def test_finance_gets_costs_and_no_identifier(self, desk: Desk, rows: list[Asset], suffix: str) -> None:
        client = Client(desk, Role.FINANCE)
        for path in ("/exchange/list?", "/exchange/list?view=costs&", f"/exchange/list?n={rows[0].asset_id}&"):
            text = texts_of(client.get(f"{path}format={suffix}").content)
            assert "budget_code" in text
            assert told(text, secrets_of(rows)) == []
            assert not _ADDRESS.search(re.sub(r"xmlns\S+|version\S+", "", text)) or suffix != "csv"
            assert "SW-SECRET" not in text
        assert client.get("/exchange/list?view=full").status_code == 403

    def test_nothing_hidden_stands_in_what_camscan_keeps_for_itself(self, desk: Desk) -> None:
        client = Client(desk, Role.SITE_MANAGER)
        for line in lines_of(client.get("/exchange/list?view=full&format=csv&everything=yes").content):
            assert '"#"' not in line["inherited"]
        visitor = Visitor(subject="", rights=Role.FINANCE)
        assert {column.name for column in COLUMNS if not visitor.sees(column.name)} == hidden_from(visitor)

    def test_it_comes_piece_by_piece(self, desk: Desk) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(list_file, "_BATCH", 7)
            with desk.reading() as book:
                numbers = [row.asset_id for row in book.devices()]
            pieces = list(list_file.csv_pieces(desk.space, numbers, view="full", without=()))
        assert len(pieces) == 1 + -(-len(numbers) // 7)
        assert len(lines_of(b"".join(pieces))) == len(numbers)


class TestExports:
    def test_every_format_of_the_command_line_has_its_page(self, desk: Desk) -> None:
        owner = Client(desk)
        links = Page(owner.get("/exchange/exports").text).links
        assert {each.rpartition("/")[2] for each in links if each.startswith("/exchange/export/")} == set(
            exports.load_exports()
        )
        for name, export in exports.load_exports().items():
            answer = owner.get(f"/exchange/export/{name}?download=yes")
            assert answer.status_code == 200, name
            assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}-')
            assert answer.content.startswith(b"PK") == export.is_folder

    def test_it_is_what_the_command_line_writes(self, desk: Desk, tmp_path: Path) -> None:
        with desk.reading() as book:
            export_register(ExportRequest(name="servicenow", path=str(tmp_path / "a.csv")), book, desk.space.settings)
            export_register(ExportRequest(name="netbox", path=str(tmp_path / "netbox")), book, desk.space.settings)
        owner = Client(desk)
        assert owner.get("/exchange/export/servicenow?download=yes").content == (tmp_path / "a.csv").read_bytes()
        with zipfile.ZipFile(io.BytesIO(owner.get("/exchange/export/netbox?download=yes").content)) as found:
            assert {name: found.read(name) for name in found.namelist()} == {
                path.name: path.read_bytes() for path in (tmp_path / "netbox").iterdir()
            }

    def test_its_choices_are_taken(self, desk: Desk) -> None:
        owner = Client(desk)
        answer = owner.get(f"/exchange/export/removals?download=yes&site={SITE}&ics=yes&left-out=yes")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as found:
            names = found.namelist()
            sites = {line["site"] for line in lines_of(found.read(names[0])) if "site" in line}
        assert [name.rpartition(".")[2] for name in names] == ["csv", "ics", "csv"]
        assert sites <= {SITE}
        for query, says in (("site=Atlantis", "Atlantis"), ("on=31 February 2027", "31 February 2027")):
            wrong = owner.get(f"/exchange/export/removals?download=yes&{query}")
            assert wrong.status_code == 422
            assert says in Page(wrong.text).text

    def test_another_program_s_own_export_is_read(self, desk: Desk) -> None:
        owner = Client(desk)
        form = {"token": owner.token(), "download": "yes"}
        origin = {"Origin": "http://127.0.0.1:8377", "Sec-Fetch-Site": "same-origin"}
        path, file = "/exchange/export/snipe-it", {"known": ("assets.csv", b"no such table")}
        answer = owner.request("POST", path, data=form, files=file, headers=origin)
        assert answer.status_code == 422
        assert "There is a problem" in Page(answer.text).text

    def test_a_site_manager_has_the_walk_sheet_of_their_own_site(self, desk: Desk, rows: list[Asset]) -> None:
        client = Client(desk, Role.SITE_MANAGER)
        answer = client.get("/exchange/export/walk?download=yes")
        assert SITE in answer.text
        assert SECOND_SITE not in answer.text
        others = [row for row in rows if device_site(row) != SITE]
        assert told(answer.text, secrets_of(others)) == []
        for name in set(exports.load_exports()) - {"walk"}:
            assert client.get(f"/exchange/export/{name}?download=yes").status_code == 404
        assert client.get("/exchange/export/nonsense").status_code == 404


class TestReport:
    @pytest.mark.parametrize("suffix", ["html", "ods"])
    @pytest.mark.parametrize("level", ["full", "summary"])
    def test_it_is_what_the_command_line_writes(self, desk: Desk, suffix: str, level: str) -> None:
        answer = Client(desk).get(f"/exchange/report?format={suffix}&level={level}")
        content, _ = make_report(desk.space, f".{suffix}", Level(level))
        assert texts_of(answer.content) == texts_of(content)
        assert ("OFFICIAL-SENSITIVE" in answer.headers["content-disposition"]) == (level == "full")

    @pytest.mark.parametrize("role", [Role.FINANCE, Role.FOI])
    def test_whoever_may_not_see_addresses_has_the_summary_alone(
        self, desk: Desk, rows: list[Asset], role: Role
    ) -> None:
        client = Client(desk, role)
        assert client.get("/exchange/report?format=html&level=full").status_code == 403
        text = client.get("/exchange/report?format=html&level=summary").text
        assert told(text, secrets_of(rows)) == []
        assert SITE not in text

    def test_a_wrong_day_is_reported_and_read_only_writes_nothing(self, desk: Desk) -> None:
        assert Client(desk).get("/exchange/report?format=html&on=never").status_code == 422
        file, before = Path(desk.space.where), self.mark(desk)
        written = file.stat().st_mtime_ns if file.exists() else None
        with contextlib.closing(desk_of(desk.space, is_read_only=True)) as closed:
            assert Client(closed).get("/exchange/report?format=html").status_code == 200
        assert self.mark(desk) == before
        assert (file.stat().st_mtime_ns if file.exists() else None) == written

    def mark(self, desk: Desk) -> list[object]:
        with desk.reading() as book:
            return [*book.changes(), *((row.asset_id, row.revision) for row in book.devices())]


class TestFoi:
    def test_the_pack_holds_nothing_that_it_must_not(self, desk: Desk, rows: list[Asset]) -> None:
        client = Client(desk, Role.FOI)
        answer = client.get("/exchange/foi?download=yes&suppress=yes")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as found:
            assert found.namelist() == list(NAMES)
        text = texts_of(answer.content)
        assert "DRAFT, not released" in text
        assert told(text, secrets_of(rows)) == []
        assert KEPT_BACK not in text
        names = {device_site(row) for row in rows} - {""} | {row.entries.get("location_detail", "") for row in rows} - {
            ""
        }
        assert [name for name in names if name in text] == []
        assert [row.asset_id for row in rows if row.asset_id in text] == []
        tags = {row.entries.get("council_asset_tag", "") for row in rows} - {""}
        assert [tag for tag in tags if tag in text] == []

    def test_the_preview_marks_what_is_withheld(self, desk: Desk) -> None:
        client = Client(desk, Role.FOI)
        given = Page(client.get("/exchange/foi").text)
        withheld = Page(client.get("/exchange/foi?suppress=yes").text)
        marked = [each for each in withheld.all("span") if each.get("class") == "app-withheld"]
        assert "numbers below 5" in given.text
        assert "Not for release: small numbers" in given.text
        assert len(marked) > 1
        assert "[c] withheld" in withheld.text
        assert not [each for each in given.all("span") if each.get("class") == "app-withheld"]

    def test_a_release_is_remembered_and_compared_with(self, desk: Desk) -> None:
        client = Client(desk, Role.FOI)
        form = {"token": client.token(), "suppress": "yes"}
        missing = client.post("/exchange/foi", form)
        assert missing.status_code == 422
        assert "Enter the reference of the request" in Page(missing.text).text
        released = client.post("/exchange/foi", {**form, "reference": "FOI-123"})
        assert released.headers["content-type"] == "application/zip"
        assert "Released by CCTV officer, reference FOI-123" in texts_of(released.content)
        assert "Compared with 1 released pack" in Page(client.get("/exchange/foi?suppress=yes").text).text
        # Without suppression, the earlier pack gives the small numbers away: that is said, and has to be accepted.
        stopped = client.post("/exchange/foi", {"token": client.token(), "reference": "FOI-124"})
        assert stopped.status_code == 422
        assert "confirm that you release the pack anyway" in Page(stopped.text).text
        assert "lets readers work out" in Page(stopped.text).text
        accepted = {"token": client.token(), "reference": "FOI-124", "differences": "yes"}
        assert client.post("/exchange/foi", accepted).status_code == 200
        again = client.post("/exchange/foi", {**form, "reference": "FOI-123"})
        assert again.content == released.content, "the same once more"

    def test_read_only_releases_nothing(self, desk: Desk) -> None:
        with contextlib.closing(desk_of(desk.space, is_read_only=True)) as closed:
            client = Client(closed, Role.FOI)
            assert client.get("/exchange/foi").status_code == 200
            assert client.post("/exchange/foi", {"token": client.token(), "reference": "X"}).status_code == 403


class TestLabels:
    def test_a_label_leads_to_the_device_and_says_nothing_of_it(self, desk: Desk, rows: list[Asset]) -> None:
        row = next(row for row in rows if device_site(row) == SITE and row.identification.model)
        page = Page(Client(desk).get(f"/device/{row.asset_id}/label").text)
        (code,) = [each for each in page.all("span") if each.get("class") == "qr"]
        assert code["aria-label"] == f"QR code: http://127.0.0.1:8377/device/{row.asset_id}"
        assert "only be opened on this machine" in page.text
        assert str(row.identification.model) not in page.text
        assert row.ip_addresses[0] not in page.text

    def test_a_sheet_of_those_that_were_ticked_or_fit(self, desk: Desk, rows: list[Asset]) -> None:
        owner = Client(desk)
        numbers = [row.asset_id for row in rows[:3]]
        sent = owner.get("/enter?act=labels&" + "&".join(f"n={number}" for number in numbers))
        page = Page(owner.get(sent.headers["location"]).text)
        assert len([each for each in page.all("li") if each.get("class") == "app-label"]) == 3
        of_site = Page(owner.get(f"/labels?all=yes&site={SITE}&everything=yes").text)
        count = sum(device_site(row) == SITE for row in rows)
        assert len([each for each in of_site.all("li") if each.get("class") == "app-label"]) == count
        many = "&".join(f"n=x{number}" for number in range(211))
        assert "211 labels are more than the 210" in Page(owner.get(f"/labels?{many}").text).text

    def test_a_site_manager_has_those_of_their_site_alone(self, desk: Desk, rows: list[Asset]) -> None:
        client = Client(desk, Role.SITE_MANAGER)
        other = next(row.asset_id for row in rows if device_site(row) == SECOND_SITE)
        assert client.get(f"/device/{other}/label").status_code == 404
        assert client.get(f"/labels?n={other}").status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_what_the_page_of_files_offers_can_be_had(desk: Desk, role: Role) -> None:
    client = Client(desk, role)
    links = [
        each for each in Page(client.get("/exchange/exports").text).links if each.startswith(("/exchange/", "/labels"))
    ]
    assert links
    assert [each for each in links if client.get(each).status_code != 200] == []


def test_an_archive_is_the_same_every_time_and_comes_in_pieces() -> None:
    files: dict[str, bytes | str] = {"a.txt": "one", "b.bin": b"\0" * 1000}
    pieces = list(zip_files(files))
    assert len(pieces) == 3
    assert b"".join(pieces) == b"".join(zip_files(files))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == {"a.txt": b"one", "b.bin": b"\0" * 1000}
