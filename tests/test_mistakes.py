"""What people mistype, and what they are told: the table of docs/mistakes.md, typed row by row."""

from __future__ import annotations

import contextlib
import re
import shlex
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from command_line import Camscan, contents
from sample_report import camera, report

from camscan.register import Edit, open_register
from camscan.register.schema import KEPT

PAGE = Path(__file__).parents[1] / "docs" / "mistakes.md"
_ROW = re.compile(r"\| `(?P<typed>[^`]*)` \| (?P<says>.*) \| (?P<code>\d) \|")
ROWS = [match.groupdict() for line in PAGE.read_text(encoding="utf-8").splitlines() if (match := _ROW.fullmatch(line))]
CONFIGURED = {"sites": "empty.yaml", "plan propose": "decided.yaml"}
"""How a row begins -> the configuration that it needs for its mistake to be the only one."""
FILES = {
    "empty.yaml": "",
    "decided.yaml": "planning:\n  local_decision: {minute: Cabinet 4, date: 2026-05-12, groups: [hikvision, dahua]}\n",
    "tab.yaml": "sites:\n\t- name: Depot\n",
    "quote.yaml": "organisation: 'Example Council\n",
    "twice.yaml": "pace: gentle\npace: fast\n",
    "key.yaml": "exclusion: []\n",
    "date.yaml": "authorisations:\n  - {role: Head, date: 31/02/2026, expires: 04-Apr-27, cidrs: [10.1.0.0/16]}\n",
    "number.yaml": "offline_after: ten\n",
    "there.ods": "",
    "notes.txt": "This is no register.\n" * 9,
    "colours.csv": "Colour,Size\nred,big\n",
    "nokey.csv": "Make,Location\nHikvision,Door\n",
    "team.csv": "Camera No,Make\nC1,Hikvision\n",
    "public.csv": "cidr,site\n8.8.8.0/24,Depot\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register of two devices, and files in which something is wrong. No mistake may change any of it."""
    place = tmp_path_factory.mktemp("mistakes")
    with open_register(place / "camscan.db") as book:
        one, other = book.record(report(camera(1), camera(2))).new
        tags = [Edit(one, "council_asset_tag", "CCTV-1"), Edit(other, "council_asset_tag", "CCTV-2")]
        book.edit_entries([*tags, Edit(one, "stated_serial_number", "A10000001")], role="CCTV manager", how="test")
    for name, text in FILES.items():
        (place / name).write_text(text, encoding="utf-8")
    return place


def entered(folder: Path) -> tuple[dict[str, str], dict[str, list[Any]]]:
    """Every other file, and the rows of the register without its listing, which a command may bring up to date."""
    files = contents(folder)
    with contextlib.closing(sqlite3.connect(folder / "camscan.db")) as register:
        rows = {table.name: register.execute(f"SELECT * FROM {table.name}").fetchall() for table in KEPT}
    return {name: found for name, found in files.items() if not name.startswith("camscan.db")}, rows


def test_the_table_is_long_enough() -> None:
    assert len(ROWS) >= 40
    assert len({row["typed"] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["typed"])
def test_it_is_answered_in_one_line_and_changes_nothing(
    row: dict[str, str], camscan: Camscan, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CAMSCAN_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
    for beginning, file in CONFIGURED.items():
        if row["typed"].startswith(beginning):
            monkeypatch.setenv("CAMSCAN_CONFIG", file)
    before = entered(folder)
    code, out, err = camscan(*shlex.split(row["typed"]))
    first = err.partition("\n")[0]
    assert err.count("\n") == 1 or first.startswith("error: ")
    assert re.sub(r"\b[0-9A-Z]{7}-[0-9A-Z]{8}\b", "NUMBER", first) == row["says"].replace("\\|", "|")
    assert code == int(row["code"])
    assert "Traceback" not in out + err
    assert entered(folder) == before
