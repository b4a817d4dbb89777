"""``camscan diff``: what changed, for people and for programs, with an exit code that cron can read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Camscan, contents
from sample_report import NOON, camera, nameless, record

from camscan.app import diff
from camscan.asset import Event, Place
from camscan.cli.diff import _TITLES
from camscan.model import Device
from camscan.register import Edit, Register, open_register


@pytest.fixture(autouse=True)
def home(workplace: Path) -> Path:
    return workplace


def scan(*devices: Device, site: str = "") -> None:
    with open_register("camscan.db") as book:
        record(book, *devices, site=site)


def asset(number: int) -> str:
    with open_register("camscan.db", readonly=True) as book:
        (row,) = book.find_devices(camera(number).identification.serial or "")
        return row.asset_id


def test_every_kind_of_change_has_a_title() -> None:
    assert {*_TITLES} == {event.value for event in Event}


def test_nothing_changed_is_exit_code_0(camscan: Camscan) -> None:
    scan(camera(1))
    scan(camera(1))
    assert camscan("diff") == (0, "Nothing changed\n", "")


def test_what_the_last_scan_brought_is_exit_code_1(camscan: Camscan) -> None:
    scan(camera(1), camera(2))
    scan(camera(1), camera(2))
    scan(camera(1, firmware="V5.7.17 build 240606"), camera(3))
    code, out, err = camscan("diff")
    assert (code, err) == (1, "")
    assert out == (
        f"New (1):\n  {asset(3)}: Hikvision DS-2CD2385G1-I at 192.0.2.4\n"
        f"Missed (1):\n  {asset(2)} DS-2CD2385G1-I, 192.0.2.3: was looked for but not seen, once\n"
        f"Other firmware (1):\n  {asset(1)} DS-2CD2385G1-I, 192.0.2.2: "
        "firmware was V5.6.2build 190701, now V5.7.17 build 240606\n"
    )


def test_of_the_first_scan_all_is_new(camscan: Camscan) -> None:
    scan(camera(1))
    assert camscan("diff")[0] == 1


def test_what_went_there_and_back_since_a_scan_is_nothing(camscan: Camscan) -> None:
    scan(camera(1, ip="192.0.2.10"))
    scan(camera(1, ip="192.0.2.11"))
    scan(camera(1, ip="192.0.2.10"))
    assert camscan("diff")[0] == 1
    assert camscan("diff", "--since", "scan-1") == (0, "Nothing changed\n", "")


@pytest.mark.parametrize("day", ["2026-03-04", "04/03/2026"])
def test_since_a_day(camscan: Camscan, day: str) -> None:
    for number in range(1, 4):
        scan(camera(1, ip=f"192.0.2.{number}"))
    _, out, _ = camscan("diff", "--since", day)
    assert "was 192.0.2.1, is 192.0.2.3" in out


def test_the_alarm_comes_first(camscan: Camscan) -> None:
    scan(camera(1), camera(2))
    with open_register("camscan.db", editing=True) as book:
        edits = [Edit(asset(1), "lifecycle_status", "removed"), Edit(asset(1), "removal_evidence_ref", "WO-7")]
        book.edit_entries(edits, role="CCTV manager", how="test", at=NOON)
    scan(camera(1), camera(3))
    _, out, _ = camscan("diff")
    assert out.startswith(
        "BACK after it was recorded as removed (1):\n"
        f"  {asset(1)} DS-2CD2385G1-I, 192.0.2.2: was recorded as removed, and answers at 192.0.2.2\n"
    )


def test_by_kind_and_by_site(camscan: Camscan) -> None:
    scan(camera(1), site="Depot")
    scan(camera(2), site="Library")
    every = ("diff", "--since", "2020-01-01")
    assert camscan(*every, "--kind", "missed") == (0, "Nothing changed\n", "")
    assert camscan(*every, "--kind", "new")[1].count("\n") == 3
    assert asset(1) in camscan(*every, "--site", "depot")[1]
    assert asset(2) not in camscan(*every, "--site", "depot")[1]
    code, _, err = camscan(*every, "--site", "Town Hall")
    assert (code, err.partition(";")[0]) == (2, "camscan: the register has no device at the site Town Hall")


@pytest.mark.parametrize("file", [".", "nowhere/changes.json"])
def test_a_file_that_cannot_be_written_is_not_a_change(camscan: Camscan, file: str) -> None:
    scan(camera(1))
    code, out, err = camscan("diff", "--json", file)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_silent_subnet_belongs_to_its_site(camscan: Camscan) -> None:
    scan(camera(1), site="Depot")
    scan(site="Depot")
    assert "Coverage lost (1):" in camscan("diff", "--site", "Depot")[1]
    assert camscan("diff", "--site", "Depot", "--kind", "new")[0] == 0


def test_a_silent_subnet_of_the_site_map_too(camscan: Camscan) -> None:
    with open_register("camscan.db") as book:
        book.remember_sites([Place("Depot"), Place("Depot", subnet="192.0.2.0/24"), Place("Library")])
    scan(camera(1))
    scan()
    assert "Coverage lost (1):" in camscan("diff", "--site", "Depot")[1]
    assert camscan("diff", "--site", "Library")[0] == 0


def test_what_is_not_a_camera_system_is_left_out_unless_it_is_asked_for(camscan: Camscan) -> None:
    scan(camera(1))
    scan(camera(1), nameless("192.0.2.9", kind="printer", is_camera_system=False))
    assert camscan("diff") == (0, "Nothing changed\n", "")
    assert camscan("diff", "--all")[0] == 1


def test_as_json(camscan: Camscan, home: Path) -> None:
    scan(camera(1))
    scan(camera(1), camera(2))
    code, out, _ = camscan("diff", "--json")
    assert code == 1
    told = json.loads(out)
    assert told["since"] == "scan-1"
    (change,) = told["changes"]
    assert change == {
        "kind": "new",
        "asset_id": asset(2),
        "old": "",
        "new": "192.0.2.3",
        "detail": "Hikvision DS-2CD2385G1-I at 192.0.2.3",
        "at": "2026-03-04T12:00:30+00:00",
        "scan_id": "scan-2",
        "site": None,
        "ip_addresses": ["192.0.2.3"],
        "maker": "hikvision",
        "model": "DS-2CD2385G1-I",
        "serial": camera(2).identification.serial,
    }
    assert camscan("diff", "--json", "changes.json") == (1, "", "")
    assert json.loads((home / "changes.json").read_text(encoding="utf-8")) == told


def test_many_changes_are_read_from_the_listing_and_say_the_same(
    camscan: Camscan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_register("camscan.db") as book:
        book.remember_sites([Place("Town Hall"), Place("Town Hall", subnet="192.0.2.0/28")])
    scan(camera(1), camera(2), camera(3), site="Depot")
    with open_register("camscan.db") as book:
        named = {"council_asset_tag": "CCTV-1", "site_name": "Library"}
        book.edit_entries([Edit(asset(2), column, value) for column, value in named.items()], role="officer", how="set")
    assert camscan("plan", "status")[0] == 0  # it brings the listing up to date
    few = camscan("diff", "--all"), camscan("diff", "--json", "--all")
    assert few[0][1].count("Library") == 1
    monkeypatch.setattr(diff, "_FEW", 0)
    with monkeypatch.context() as patch:
        patch.setattr(Register, "devices_by_number", None)
        assert (camscan("diff", "--all"), camscan("diff", "--json", "--all")) == few


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "2230-01-01"), "2230-01-01 is in the future; is the year"),
        (("--since", "yesterday"), "--since yesterday is not a day, such as 2027-03-31, or the id of a recorded"),
        (("--kind", "broken"), "broken"),
        (("--register", "nowhere.db"), "nowhere.db: there is no register"),
        (("--register", "notes.txt"), "notes.txt"),
    ],
)
def test_what_goes_wrong_is_exit_code_2(camscan: Camscan, home: Path, arguments: tuple[str, ...], said: str) -> None:
    scan(camera(1))
    (home / "notes.txt").write_text("shopping", encoding="utf-8")
    before = contents(home)
    code, out, err = camscan("diff", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert contents(home) == before


def test_what_a_device_says_cannot_write_on_the_terminal(camscan: Camscan) -> None:
    scan()
    scan(camera(1, model="\x1b[2J\x1b]0;owned\x07"))
    assert "\x1b" not in camscan("diff")[1]
