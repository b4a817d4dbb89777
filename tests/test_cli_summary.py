"""What a scan says of the register: alarms first, also when it is to be quiet; and what it keeps there."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from sample_report import NOON, camera, nameless, numbered

from camscan.app.headline import headline_of_register
from camscan.app.record import record_and_write
from camscan.app.scan_news import find_scan_news
from camscan.asset import Presence, RecordType
from camscan.cli import _keep, _words
from camscan.cli._words import warn
from camscan.config import find_config
from camscan.model import Device, Observation
from camscan.register import Edit, NewRow, Recorded, open_register

CONFIG = """\
sites:
  - name: Depot
    cidrs: [192.0.2.0/24]
offline_after: 1
"""


@pytest.fixture(autouse=True)
def home(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.argv", ["camscan"])  # messages say how to call it again
    return workplace


def scan(*devices: Device, quiet: bool = False) -> Recorded:
    with open_register("camscan.db") as book:
        of = numbered(book, *devices)
        recorded = record_and_write(of, book, {}, find_config(None), warn)
        headline = headline_of_register(book, find_config(None))
        news = find_scan_news(book, of, recorded)
    _keep.print_recorded(of, recorded, "camscan.db", headline, news, quiet=quiet)
    return recorded


def remove(asset: str) -> None:
    with open_register("camscan.db", editing=True) as book:
        edits = [Edit(asset, "lifecycle_status", "removed"), Edit(asset, "removal_evidence_ref", "WO-7")]
        book.edit_entries(edits, role="CCTV manager", how="test", at=NOON)


@pytest.mark.parametrize("quiet", [False, True])
def test_one_that_is_gone_and_answers_comes_first_and_is_never_silent(
    capsys: pytest.CaptureFixture[str], *, quiet: bool
) -> None:
    asset, _ = scan(camera(1), camera(2)).new
    remove(asset)
    capsys.readouterr()
    scan(camera(1), camera(2), quiet=quiet)
    told = capsys.readouterr()
    said = told.err if quiet else told.out
    assert said.startswith(
        f"ALARM: 1 device recorded as removed answers again\n  {asset} was recorded as removed, and answers at "
        f"192.0.2.2\n"
    )
    assert not (told.out if quiet else told.err)


@pytest.mark.parametrize("quiet", [False, True])
def test_so_does_a_subnet_that_fell_silent(capsys: pytest.CaptureFixture[str], *, quiet: bool) -> None:
    scan(camera(1))
    capsys.readouterr()
    scan(quiet=quiet)
    told = capsys.readouterr()
    said = told.err if quiet else told.out
    assert said.startswith("Coverage lost: nothing in 192.0.2.0/24 answers any more;")


def test_a_quiet_scan_says_what_is_new_and_else_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    printer, other = (nameless(f"192.0.2.{number}", is_camera_system=False, kind="printer") for number in (88, 89))
    scan(camera(1), printer, quiet=True)
    assert capsys.readouterr() == ("", "First scan of 192.0.2.0/24. Hikvision or Dahua: 1 device (1 camera).\n")
    scan(camera(1), quiet=True)
    assert capsys.readouterr() == ("", "")
    assets = scan(camera(1), camera(2), nameless("192.0.2.90"), other, quiet=True).new
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        f"New: Hikvision DS-2CD2385G1-I at 192.0.2.3 ({assets[0]})",
        f"New: unknown maker at 192.0.2.90 ({assets[1]})",
    ]
    scan(*map(camera, range(1, 26)), quiet=True)
    assert capsys.readouterr().err.splitlines()[-1] == "… and 13 more new devices"


def test_what_became_of_the_register_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    scan(camera(1), camera(2), camera(3))
    out = capsys.readouterr().out
    assert "Register camscan.db: 3 new, 0 changed, 0 returned\n" in out
    assert "camscan diff" not in out, "of a first scan all is new"
    scan(camera(1, ip="192.0.2.99"), camera(2, mac="44:19:b6:00:00:03"))
    out = capsys.readouterr().out
    assert "Register camscan.db: 0 new, 2 changed, 0 returned, 1 missed\n" in out
    assert "please check: MAC 44:19:b6:00:00:03 is that of" in out
    assert "Settle 1 contradiction: camscan review\n" in out
    assert "What changed: camscan diff\n" in out


def test_what_hangs_on_recorders_is_said_to_be_unread(capsys: pytest.CaptureFixture[str]) -> None:
    seen = Observation("192.0.2.2", 37020, "sadp", "sadp.digital_channels", "16", NOON)
    scan(dataclasses.replace(camera(1, kind="nvr"), observations=(seen,)), camera(2))
    out = capsys.readouterr().out
    assert "Hikvision or Dahua: 2 devices (1 camera, 1 recorder); up to 16 recorder channels not read.\n" in out
    assert "A scan does not see the cameras behind recorders; camscan enrich reads them with a login\n" in out


def test_the_configuration_decides_on_sites_misses_and_the_burn_down(home: Path) -> None:
    scan(camera(1), camera(2))
    (home / "camscan.yaml").write_text(CONFIG, encoding="utf-8")
    scan(camera(2))
    with open_register("camscan.db", readonly=True) as book:
        rows = {row.identification.serial: row for row in book.devices()}
        (_, first), (_, second) = book.tallies()
    row = rows[camera(1).identification.serial]
    assert (row.presence, row.scans_missed) == (Presence.OFFLINE, 1)
    assert rows[camera(2).identification.serial].site == "Depot"
    assert first.keys() == second.keys()
    assert {"in_scope", "remaining"} <= first.keys()


def test_a_mistake_in_the_policies_costs_no_scan(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "camscan.yaml").write_text("planning:\n  policies: [no-such-policy]\n", encoding="utf-8")
    scan(camera(1), quiet=True)
    told = capsys.readouterr()
    assert told.err.startswith("camscan: the scan was recorded, but not counted for the burn-down: camscan.yaml:2: ")
    assert [line.partition(".")[0] for line in told.err.splitlines()[1:]] == ["First scan of 192"]
    with open_register("camscan.db", readonly=True) as book:
        assert (len(book.devices()), book.tallies()) == (1, [])


def test_rows_that_people_had_entered_are_told_apart_from_new_ones(capsys: pytest.CaptureFixture[str]) -> None:
    entries = {"stated_mac_address": "44:19:b6:00:00:01"}
    with open_register("camscan.db") as book:
        book.add_devices([NewRow(RecordType.MANUAL, entries)], role="CCTV manager", how="test")
    scan(camera(1), camera(2))
    out = capsys.readouterr().out
    assert "Register camscan.db: 1 new, " in out
    assert "entered by people, now seen for the first time: 1\n" in out


def test_a_directory_without_a_configuration_leaves_the_site_map_alone(home: Path) -> None:
    (home / "camscan.yaml").write_text(CONFIG, encoding="utf-8")
    scan(camera(1))
    (home / "camscan.yaml").unlink()
    scan(camera(1))
    with open_register("camscan.db", readonly=True) as book:
        assert [place.name for place in book.sites()] == ["Depot", "Depot"]


class TestAParagraph:
    """On a terminal, lines are broken at spaces; elsewhere they stay whole."""

    @pytest.fixture(autouse=True)
    def window(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "40")

    TEXT = "  - nothing was asked by multicast: no target subnet is attached"

    @pytest.mark.parametrize("is_terminal", [True, False])
    def test_is_broken_on_a_terminal_alone(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, is_terminal: bool
    ) -> None:
        monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
        _words.print_text(self.TEXT, hang=4)
        broken = "  - nothing was asked by multicast: no\n    target subnet is attached\n"
        assert capsys.readouterr().out == (broken if is_terminal else f"{self.TEXT}\n")

    def test_breaks_no_word(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        _words.print_text(f"see {'x' * 50}")
        assert capsys.readouterr().out == f"see\n  {'x' * 50}\n"
