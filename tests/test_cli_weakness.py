"""``camscan kev import`` and the weaknesses that ``camscan show`` prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Camscan
from sample_report import camera, report

from camscan.register import open_register


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def catalogue(directory: Path, cve: str) -> str:
    path = directory / "known_exploited_vulnerabilities.json"
    entry = {"cveID": cve, "dateAdded": "2026-10-01", "dueDate": "2026-10-22"}
    path.write_text(json.dumps({"catalogVersion": "2026.11.20", "count": 1, "vulnerabilities": [entry]}))
    return str(path)


def test_a_device_shows_its_weaknesses_the_exploited_first(home: Path, camscan: Camscan) -> None:
    with open_register(home / "camscan.db") as register:
        register.record(report(camera(model="DS-2CD2146G2-ISU", firmware="V5.5.134 build 201014")))
    code, out, _ = camscan("show", "192.0.2.2", "--evidence")
    assert code == 0
    assert "CVE-2021-36260 affected, EXPLOITED: " in out
    assert "build 2020-10-14; affected up to 2021-07-02" in out


def test_repaired_ones_are_only_counted(home: Path, camscan: Camscan) -> None:
    with open_register(home / "camscan.db") as register:
        register.record(report(camera(model="DS-2CD2146G2-ISU", firmware="V5.7.1 build 220630")))
    _, out, _ = camscan("show", "192.0.2.2", "--evidence")
    assert "1 more, fixed in this build" in out
    assert "CVE-2021-36260" not in out


def test_an_imported_catalogue_changes_the_flags(home: Path, camscan: Camscan) -> None:
    with open_register(home / "camscan.db") as register:
        register.record(report(camera(model="DS-7616NI-Q2", firmware="V4.61.030 build 230821", kind="nvr")))
    assert "CVE-2025-66177 affected: " in camscan("show", "192.0.2.2", "--evidence")[1]
    code, out, _ = camscan("kev", "import", catalogue(home, "CVE-2025-66177"))
    assert code == 0
    assert "CVE-2025-66177   exploited since 2026-10-01, to be fixed by 2026-10-22" in out
    assert "Catalogue 2026.11.20, 1 entries: 6 of the " in out
    assert "CVE-2025-66177 affected, EXPLOITED: " in camscan("show", "192.0.2.2", "--evidence")[1]


@pytest.mark.parametrize("content", ["", "<html>", '{"title": "another file"}'])
def test_a_wrong_file_is_one_line_and_keeps_the_old_flags(home: Path, camscan: Camscan, content: str) -> None:
    camscan("kev", "import", catalogue(home, "CVE-2025-66177"))
    kept = (home / "data" / "camscan" / "kev.json").read_text()
    (home / "wrong.json").write_text(content)
    code, _, err = camscan("kev", "import", "wrong.json")
    assert code == 2
    assert err.startswith("camscan: wrong.json: not a KEV catalogue")
    assert err.count("\n") == 1
    assert (home / "data" / "camscan" / "kev.json").read_text() == kept
