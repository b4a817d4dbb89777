"""``camscan report``: gathered from a register, written to a file, the same numbers as everywhere."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest
import reported
from command_line import Camscan
from sample_report import HOSTILE, camera, report

from camscan.app import assess
from camscan.app.report import Level, gather_facts
from camscan.app.workspace import find_workspace
from camscan.register import Edit, open_register


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A council in the middle of its programme."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        reported.fill(folder, 40, scans=6)
    return folder


@pytest.fixture
def estate(made: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    monkeypatch.setattr(assess, "today_utc", reported.TODAY.date)
    for name in ("camscan.yaml", "camscan.db"):
        shutil.copy2(made / name, workplace / name)
    return workplace


def page(folder: Path, name: str = "report.html") -> str:
    return (folder / name).read_text(encoding="utf-8")


def unpacked(file: Path) -> str:
    with zipfile.ZipFile(file) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


class TestFile:
    @pytest.mark.parametrize("name", ["report.html", "report.ods", "REPORT.HTML"])
    def test_it_is_written_for_its_owner_alone(self, camscan: Camscan, estate: Path, name: str) -> None:
        code, out, err = camscan("report", name)
        assert (code, err) == (0, "")
        assert re.fullmatch(rf"{name}: full report, \d+ devices in scope\n", out)
        assert stat.S_IMODE((estate / name).stat().st_mode) == 0o600
        assert (estate / name).read_bytes()[:2] in {b"<!", b"PK"}

    @pytest.mark.parametrize("name", ["report.html", "report.ods"])
    def test_the_same_register_gives_the_same_bytes(self, camscan: Camscan, estate: Path, name: str) -> None:
        camscan("report", name)
        first = (estate / name).read_bytes()
        assert camscan("report", name, "--force")[0] == 0
        assert (estate / name).read_bytes() == first

    def test_a_file_that_is_there_is_never_replaced_unasked(self, camscan: Camscan, estate: Path) -> None:
        (estate / "report.html").write_text("mine")
        told = camscan("report", "report.html")
        assert told == (
            2,
            "",
            "camscan: report.html: exists already; name another file, or add --force to replace it\n",
        )
        assert page(estate) == "mine"

    def test_a_link_is_not_followed(self, camscan: Camscan, estate: Path) -> None:
        (estate / "report.html").symlink_to(estate / "elsewhere.html")
        code, _, err = camscan("report", "report.html", "--force")
        assert code == 1
        assert "symbolic link" in err
        assert not (estate / "elsewhere.html").exists()

    @pytest.mark.parametrize("name", ["report.pdf", "report.xlsx", "report"])
    def test_an_unknown_suffix_is_refused_with_the_list_of_suffixes(
        self, camscan: Camscan, estate: Path, name: str
    ) -> None:
        told = f"camscan: {name}: its name must end in .html (a page) or .ods (a spreadsheet)\n"
        assert camscan("report", name) == (2, "", told)
        assert not (estate / name).exists()

    def test_a_dash_is_a_page_on_standard_output(self, camscan: Camscan, estate: Path) -> None:
        code, out, _ = camscan("report", "-")
        assert code == 0
        assert out.startswith("<!doctype html>")
        assert list(estate.glob("*.html")) == []

    def test_without_a_register_it_says_what_to_do_and_writes_nothing(self, camscan: Camscan, workplace: Path) -> None:
        code, out, err = camscan("report", "report.html")
        assert (code, out) == (1, "")
        assert err.startswith("camscan: camscan.db: ")
        assert err.count("\n") == 1
        assert not (workplace / "report.html").exists()

    @pytest.mark.usefixtures("estate")
    def test_a_text_that_is_not_a_day_is_refused(self, camscan: Camscan) -> None:
        code, _, err = camscan("report", "report.html", "--on", "31 June 2027")
        assert (code, err.count("\n")) == (2, 1)
        assert "'31 June 2027' is not a date" in err


@pytest.mark.usefixtures("estate")
class TestNumbers:
    def test_they_are_those_of_plan_status(self, camscan: Camscan, estate: Path) -> None:
        told = json.loads(camscan("plan", "status", "--json")[1])
        found = gather_facts(find_workspace())
        assert told["headline"] == found.headline.text
        assert told["total"]["in_scope"] == found.status.total.in_scope == len(found.devices) > 25
        assert told["total"]["remaining"] == found.status.total.remaining
        assert told["coverage"]["percent_asked"] == found.looked.percent
        assert [row["name"] for row in told["tables"]["site"]] == [row.name for row in found.groups["site"]]  # type: ignore[index]  # a Grouping is a text
        camscan("report", "report.html")
        assert told["headline"] in page(estate)
        assert page(estate).count("<tr><th scope=row>") > len(found.devices)

    def test_lines_that_are_kept_say_what_lines_made_anew_say(self) -> None:
        space = find_workspace()
        kept, anew = gather_facts(space), gather_facts(space, "30 November 2026")
        assert kept == anew

    def test_another_day_is_judged_as_that_day(self) -> None:
        space = find_workspace()
        now, later = gather_facts(space), gather_facts(space, "2028-01-01")
        assert later.day.isoformat() == "2028-01-01"
        assert len(later.status.overdue) > len(now.status.overdue)
        assert len(now.devices) == len(later.devices)

    def test_what_came_back_is_an_alarm(self, camscan: Camscan, estate: Path) -> None:
        found = gather_facts(find_workspace())
        assert len(found.returned) == 1
        camscan("report", "report.html")
        assert re.fullmatch(r"CCTV-\d{4} \(\w{7}-\w{8}\)", found.returned[0].number)
        assert f"{found.returned[0].number} at " in page(estate).split("Contents")[1].split("</section>")[0]

    def test_what_people_corrected_is_counted(self) -> None:
        with open_register("camscan.db") as book:
            one, other = (row.asset_id for row in book.devices()[:2])
            edits = [Edit(one, "lifecycle_status", "not_ours"), Edit(other, "in_scope", "no")]
            book.edit_entries(edits, role="CCTV manager", how="camscan set", at=reported.TODAY)
        found = gather_facts(find_workspace())
        assert {words: number for words, number in found.corrected.items() if number} == {
            "entered as not the council's": 1,
            "whose scope a person decided": 1,
        }

    def test_every_device_in_scope_is_listed_by_its_site(self) -> None:
        found = gather_facts(find_workspace())
        sites = [each.site for each in found.devices]
        assert sites == sorted(sites, key=lambda site: (not site, site.casefold()))
        assert {each.place for each in found.devices if each.place} <= {
            f"Floor {floor}, corridor {corridor}" for floor in range(4) for corridor in range(9)
        }
        assert {each.maker for each in found.devices} == {"Hikvision", "Dahua"}


class TestSummary:
    def test_nothing_identifies_a_device_or_a_place(self, camscan: Camscan, estate: Path) -> None:
        assert camscan("report", "summary.html", "--level", "summary")[1].startswith("summary.html: summary report, ")
        camscan("report", "summary.ods", "--level", "summary")
        with open_register("camscan.db", readonly=True) as book:
            rows = book.devices()
        canaries = {name for name, *_ in reported.SITES} | {service for *_, service in reported.SITES}
        canaries |= {row.asset_id for row in rows} | {ip for row in rows for ip in row.ip_addresses}
        canaries |= {row.entries["council_asset_tag"] for row in rows if "council_asset_tag" in row.entries}
        canaries |= {row.identification.serial for row in rows if row.identification.serial}
        canaries |= {row.identification.model for row in rows if row.identification.model}
        canaries |= {"Floor ", "corridor", "Phase 1", "Landlord's consent", "Head of ICT", "10.0.0.0", ".0.0/20"}
        for text in (page(estate, "summary.html"), unpacked(estate / "summary.ods")):
            assert not [each for each in canaries if each in text]
            assert "OFFICIAL" in text
            assert "OFFICIAL-SENSITIVE" not in text


class TestPoorRegisters:
    @pytest.fixture
    def empty(self, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(assess, "today_utc", reported.TODAY.date)
        open_register("camscan.db").close()
        return workplace

    @pytest.mark.parametrize("level", list(Level))
    @pytest.mark.parametrize("suffix", [".html", ".ods"])
    def test_an_empty_one_has_a_report(self, camscan: Camscan, empty: Path, level: Level, suffix: str) -> None:
        code, out, _ = camscan("report", f"empty{suffix}", "--level", level)
        assert (code, out) == (0, f"empty{suffix}: {level} report, 0 devices in scope\n")
        text = page(empty, "empty.html") if suffix == ".html" else unpacked(empty / "empty.ods")
        assert "No device is in scope for removal." in text

    def test_without_a_decision_nothing_is_in_scope_and_it_says_so(self, camscan: Camscan, empty: Path) -> None:
        with open_register("camscan.db") as book:
            book.record(report(camera(1), camera(2), when=reported.TODAY))
        assert camscan("report", "open.html")[1] == "open.html: full report, 0 devices in scope\n"
        text = page(empty, "open.html")
        assert "no decision of the council is recorded" in text
        assert "2 devices would match the policies in use." in text

    def test_text_of_devices_stays_text(self, camscan: Camscan, empty: Path) -> None:
        (empty / "camscan.yaml").write_text(reported.DECISION, encoding="utf-8")
        wicked = "<script>alert(1)</script>{{ 7*7 }}"
        with open_register("camscan.db") as book:
            book.record(report(camera(1, model=HOSTILE), camera(2, model=wicked), when=reported.TODAY, site=wicked))
        assert camscan("report", "report.html")[0] == camscan("report", "report.ods")[0] == 0
        text = page(empty)
        assert "<script" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in text
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]", text)
        assert not re.search("<text:p>[=+@]", unpacked(empty / "report.ods"))


def test_a_register_on_a_server_has_a_report(
    camscan: Camscan, workplace: Path, monkeypatch: pytest.MonkeyPatch, postgresql_at: str
) -> None:
    monkeypatch.setattr(assess, "today_utc", reported.TODAY.date)
    (workplace / "camscan.yaml").write_text(reported.DECISION, encoding="utf-8")
    with open_register(postgresql_at) as book:
        book.record(report(camera(1), camera(2), when=reported.TODAY))
    code, out, err = camscan("report", "report.html", "--register", postgresql_at)
    assert (code, out, err) == (0, "report.html: full report, 2 devices in scope\n", "")
    assert page(workplace).count("DS-2CD2385G1-I") == 2


def test_a_long_list_is_left_out_unless_it_is_asked_for(
    camscan: Camscan, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camscan.briefing.estate.MOST_LISTED", 10)
    code, out, _ = camscan("report", "report.html")
    assert code == 0
    assert out.endswith("in scope; the list of devices is left out: add --devices, or write a FILE.ods\n")
    assert "is left out of this page" in page(estate)
    assert camscan("report", "all.html", "--devices")[1].endswith("in scope\n")
    assert "is left out of this page" not in page(estate, "all.html")
    assert camscan("report", "report.ods")[1].endswith("in scope\n")
    assert 'table:name="Devices"' in unpacked(estate / "report.ods")


@pytest.mark.skipif(
    shutil.which("soffice") is None, reason="no LibreOffice here: apt-get install libreoffice-calc-nogui"
)
@pytest.mark.timeout(180)
def test_libreoffice_opens_the_workbook(camscan: Camscan, estate: Path, tmp_path: Path) -> None:
    camscan("report", "report.ods")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    convert = [
        "soffice",
        "--headless",
        profile,
        "--convert-to",
        "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1",
    ]
    done = subprocess.run(
        [*convert, "report.ods"], cwd=estate, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr
    written = {path.name: path.read_text(encoding="utf-8") for path in estate.glob("report-*.csv")}
    assert {"report-Read me first.csv", "report-Numbers.csv", "report-Devices.csv"} <= written.keys()
    first = io.StringIO(written["report-Devices.csv"]).readline()
    assert first.startswith("Every device in scope")
