"""The files that camscan lives by: nothing that somebody asks for is written over them."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Camscan
from sample_report import camera, report

from camscan.app.metrics import Run
from camscan.app.run_outputs import list_writers, write_metrics
from camscan.app.workspace import workspace_of
from camscan.config import load_config
from camscan.errors import ConfigError, UsageError
from camscan.register import open_register

SETTINGS = """\
role: ICT
sites:
  - {name: Town Hall, cidrs: [10.9.0.0/24]}
credentials:
  - {name: all, user: camscan, password_file: password, cidrs: [10.9.0.0/24]}
"""
OWN = ("camscan.db", "camscan.yaml", "camscan-service.db", "camscan-sites.csv", "password")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "camscan.yaml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "camscan-sites.csv").write_text("site,network\nDepot,10.8.0.0/24\n", encoding="utf-8")
    (tmp_path / "camscan-service.db").write_bytes(b"")
    (tmp_path / "password").write_text("correct horse", encoding="utf-8")
    with open_register(tmp_path / "camscan.db") as book:
        book.record(report(camera(1)))
    return tmp_path


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize(
    "arguments",
    [
        ("metrics", "{}"),
        ("export", "csv", "{}"),
        ("export", "prometheus", "{}", "--force"),
        ("export", "removals", "{}", "--force"),
        ("export", "removals", "out.csv", "--ics", "{}"),
        ("export", "removals", "out.csv", "--left-out", "{}"),
    ],
)
def test_no_export_replaces_them(camscan: Camscan, place: Path, own: str, arguments: tuple[str, ...]) -> None:
    before = (place / own).read_bytes()
    code, out, err = camscan(*(each.format(own) for each in arguments))
    assert (code, out) == (2, "")
    assert f"{own}: is " in err
    assert (place / own).read_bytes() == before


def test_a_report_of_the_settings_name_is_refused_even_with_force(camscan: Camscan, place: Path) -> None:
    (place / "camscan.yaml").rename(place / "settings.html")
    code, _, err = camscan("report", "settings.html", "--force", "--config", "settings.html")
    assert (code, err) == (2, "camscan: settings.html: is your settings, camscan.yaml; name another file\n")
    assert (place / "settings.html").read_text(encoding="utf-8") == SETTINGS


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ("csv: camscan.db", "camscan.db: is the register itself"),
        ("csv: camscan.yaml", "camscan.yaml: is your settings"),
        ("report: report.pdf", "report.pdf: its name must end in .html"),
        ("report: same.html, summary: same.html", "report and summary are the same file; name two"),
    ],
)
def test_a_bad_file_after_a_run_is_found_before_it(place: Path, after: str, says: str) -> None:
    (place / "camscan.yaml").write_text(f"{SETTINGS}run:\n  after: {{{after}}}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=says):
        list_writers(load_config(place / "camscan.yaml"))


def test_figures_of_a_run_leave_the_register_alone(place: Path) -> None:
    space = workspace_of(load_config(place / "camscan.yaml"))
    before = (place / "camscan.db").read_bytes()
    with pytest.raises(UsageError, match="is the register itself"):
        write_metrics(space, place / "camscan.db", Run())
    assert (place / "camscan.db").read_bytes() == before


def test_no_scan_replaces_what_belongs_to_an_open_register(camscan: Camscan, place: Path) -> None:
    with open_register(place / "camscan.db"):
        beside = [path for path in place.iterdir() if path.name.startswith("camscan.db")]
        assert len(beside) > 1
        for path in beside:
            before = path.read_bytes()
            code, out, err = camscan("export", "csv", path.name, "--force")
            assert (code, out) == (2, "")
            assert "register" in err
            assert path.read_bytes() == before


def test_a_register_is_not_a_log(camscan: Camscan, place: Path) -> None:
    before = (place / "camscan.db").read_bytes()
    code, _, err = camscan("-v", "--log-file", "camscan.db", "show")
    assert code == 1
    assert "the log needs a file of its own" in err
    assert (place / "camscan.db").read_bytes() == before
