"""``camscan show``: the list that answers where and when, one device in a dozen lines, and checked filters."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import made_once
import pytest
from command_line import Camscan, command
from sample_report import DAY, HOSTILE, NOON, camera, enter, nameless, report

from camscan.cli import _table
from camscan.model import Confidence, Device
from camscan.register import Register, open_register

LEADING = ["Number", "IP", "Maker", "Model", "Where", "Removal", "Seen"]
DAHUA: dict[str, Any] = {"maker": "dahua", "brand": "Amcrest", "model": "IP2M-841B", "serial": "AMC041564345F"}


def found(when: datetime) -> tuple[Device, ...]:
    """Two Hikvision cameras, a Dahua one with a badge, a possible one, an unknown one, a printer."""
    possible: dict[str, Any] = {
        "maker": "dahua",
        "brand": None,
        "model": None,
        "serial": None,
        "mac": None,
        "kind": None,
    }
    return (
        camera(1, when=when),
        camera(2, when=when),
        camera(3, when=when, **DAHUA),
        camera(4, when=when, confidence=Confidence.POSSIBLE, certainty=0.5, **possible),
        nameless("192.0.2.40"),
        nameless("192.0.2.41", is_camera_system=False, kind="printer"),
    )


@pytest.fixture
def camscan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Camscan:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
    made_once.put(two_scans, tmp_path)
    return command(capsys)


def two_scans(folder: Path) -> None:
    with open_register(folder / "camscan.db") as book:
        book.record(report(*found(NOON)[:5], targets=("192.0.2.0/24",), site="Town Hall"))
        later = (*found(NOON + DAY), camera(9, ip="192.0.2.99", when=NOON + DAY))
        book.record(report(*later, scan_id="2", when=NOON + DAY, targets=("192.0.2.0/24",), site="Town Hall"))
        by = numbers(book)
        enter(book, by["192.0.2.2"], council_asset_tag="CCTV-0017", location_detail="north stair")
        enter(book, by["192.0.2.3"], planned_removal_date="2056-03-31", lifecycle_status="planned", in_scope="yes")
        enter(book, by["192.0.2.4"], planned_removal_date="2026-04-01", lifecycle_status="planned", in_scope="yes")


def numbers(book: Register) -> dict[str, str]:
    return {row.ip_addresses[0]: row.asset_id for row in book.devices()}


def shown(out: str) -> list[str]:
    return [line.split()[1] for line in out.splitlines() if " 192.0.2." in line]


class TestList:
    def test_where_and_when_of_each_device(self, camscan: Camscan) -> None:
        lines = camscan("show")[1].splitlines()
        assert lines[0].split()[:7] == LEADING
        assert lines[1].startswith("CCTV-0017  192.0.2.2")
        assert "  Town Hall, north stair  " in lines[1]
        assert "  31 Mar 56  yes  " in lines[2]
        assert "  Dahua (Amcrest)  IP2M-841B  " in lines[3]
        assert sum("no date" in line for line in lines) == 4

    def test_the_headline_and_what_is_left_out_stand_below(self, camscan: Camscan) -> None:
        out = camscan("show")[1]
        assert "Hikvision or Dahua: 4 devices (4 cameras) at 1 site; 1 more possible; 1 unknown" in out
        assert "1 device that is not part of video surveillance is left out; --everything lists it.\n" in out
        assert "192.0.2.41" not in out
        assert "192.0.2.41" in camscan("show", "--everything")[1]
        assert "A ? after a maker means that it is only possible.\n" in out

    def test_the_half_of_a_number_that_is_shown_names_the_device(self, camscan: Camscan) -> None:
        half = next(line.split()[0] for line in camscan("show")[1].splitlines() if "192.0.2.3 " in line)
        assert len(half) == 8
        assert "192.0.2.3\n" in camscan("show", half.lower())[1]
        assert camscan("note", half, "by the stair")[0] == 0

    @pytest.mark.parametrize(
        ("filters", "addresses"),
        [
            ("--site 'town hall'", "2 3 4 5 40 99"),
            ("--maker HIKVISION", "2 3 99"),
            ("--maker unknown", "40"),
            ("--maker axis", ""),
            ("--brand amcrest", "4"),
            ("--kind Camera", "2 3 4 99"),
            ("--kind recorder", ""),
            ("--kind printer", "41"),
            ("--kind unknown", "5 40"),
            ("--lifecycle Planned", "3 4"),
            ("--presence seen", "2 3 4 5 40 99"),
            ("--in-scope --maker dahua", "4"),
            ("--overdue", "4"),
            ("--possible", "5"),
            ("--unknown", "40"),
            ("--new-since 3/3/2026", "99"),
            ("--new-since '2 March 2026' --brand Amcrest", "4"),
        ],
    )
    def test_a_filter_in_any_case(self, camscan: Camscan, filters: str, addresses: str) -> None:
        code, out, err = camscan("show", *shlex.split(filters))
        assert (code, err) == (0, "")
        assert [ip.rpartition(".")[2] for ip in shown(out)] == addresses.split()
        count = len(addresses.split())
        assert ("No device in the register matches." in out) is (count == 0)
        assert (f"{count} devices in the register match." in out) is (count > 1)
        assert "Hikvision or Dahua: 4 devices" in out

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            ("--maker Hikvison", "there is no maker 'Hikvison'; did you mean Hikvision or Haivision?"),
            ("--maker Amcrest", "Amcrest is a badge on devices built by Dahua; use --brand 'Amcrest'"),
            ("--maker Hik", "there is no maker 'Hik'; did you mean Hikvision?"),
            ("--maker 'Hangzhou Hikvision'", "there is no maker 'Hangzhou Hikvision'; did you mean Hikvision?"),
            ("--maker Qqqq", "there is no maker 'Qqqq'; `camscan explain NAME` says what is known about a name"),
            ("--maker ''", "there is no maker ''; `camscan explain NAME`"),
            ("--new-since ''", "'' is not a date; "),
            ("--csv --json", "--json and --csv cannot both be '-'"),
            ("--csv camscan.db", "--csv camscan.db: that is the register; name another file"),
            ("--brand Amcrset", "there is no badge 'Amcrset'; did you mean Amcrest"),
            ("--site townhall", "there is no site 'townhall'; did you mean Town Hall?"),
            ("--site Xyz", "there is no site 'Xyz'; choose from: Town Hall"),
            ("--kind camra", "there is no kind of device 'camra'; did you mean camera"),
            ("--new-since soon", "'soon' is not a date; "),
            ("--new-since 2230-03-01", "2230-03-01 is in the future; "),
            ("--lifecycle plannd", "invalid value for '--lifecycle': 'plannd' is not one of "),
            ("--presence mised", "invalid value for '--presence': 'mised' is not one of "),
            ("--evidence", "--evidence needs a device; name one"),
            ("192.0.2.2 --possible", "name a device, or say which devices to list"),
        ],
    )
    def test_a_name_that_there_is_not_is_wrong_usage(self, camscan: Camscan, words: str, says: str) -> None:
        code, out, err = camscan("show", *shlex.split(words))
        assert (code, out) == (2, "")
        assert err.startswith(f"camscan: {says}")
        assert err.count("\n") == 1
        if "is not one of" in says:
            assert "; did you mean " in err

    @pytest.mark.parametrize("width", [80, 120])
    def test_what_fits_the_window_and_what_it_hides(
        self, camscan: Camscan, monkeypatch: pytest.MonkeyPatch, width: int
    ) -> None:
        monkeypatch.setattr(_table, "_terminal_width", lambda: width)
        lines = camscan("show")[1].splitlines()
        rows = lines[: lines.index("") if "" in lines else 7]
        assert max(map(len, rows)) <= width
        assert [name for name in LEADING if name in lines[0]] == LEADING
        (hidden,) = (line for line in lines if line.startswith("Columns left out for lack of room: "))
        assert all(name in hidden or name in lines[0] for name in ("Kind", "Sure", "Serial", "Firmware", "Last seen"))

    def test_as_csv(self, camscan: Camscan) -> None:
        code, out, err = camscan("show", "--csv")
        assert (code, err) == (0, "")
        rows = list(csv.DictReader(io.StringIO(out)))
        assert [row["ip_addresses"] for row in rows][:3] == ["192.0.2.2", "192.0.2.3", "192.0.2.4"]
        assert rows[0]["because"] == "It answered Hikvision's own search protocol and gave its model."
        assert (rows[1]["in_scope"], rows[1]["planned_removal_date"]) == ("yes", "2056-03-31")
        assert rows[2]["manufacturer"] == "Dahua"

    def test_as_json_beside_the_table(self, camscan: Camscan) -> None:
        out = camscan("show", "--maker", "dahua", "--json", "list.json")[1]
        assert out.startswith("Number")
        told = json.loads(Path("list.json").read_text(encoding="utf-8"))
        assert told["headline"].startswith("Hikvision or Dahua: 4 devices")
        assert [each["ip_addresses"] for each in told["devices"]] == [["192.0.2.4"], ["192.0.2.5"]]
        assert told["devices"][0]["reasons"] == ["It answered Hikvision's own search protocol and gave its model."]
        assert told["devices"][0]["because"] == ["sadp.model = DS-2CD2385G1-I (UDP 37020)"]

    def test_where_nothing_was_decided_an_empty_scope_says_so(self, camscan: Camscan) -> None:
        with open_register("undecided.db") as book:
            book.record(report(camera(1)))
        code, out, err = camscan("show", "--in-scope", "--register", "undecided.db")
        assert (code, out.splitlines()[0]) == (0, "No device in the register matches.")
        assert err.startswith("camscan: no decision of the council is recorded, so nothing is in scope yet: ")
        assert (
            "  In scope       no decision recorded; " in camscan("show", "192.0.2.2", "--register", "undecided.db")[1]
        )

    def test_an_empty_register(self, camscan: Camscan) -> None:
        open_register("empty.db").close()
        assert camscan("show", "--register", "empty.db")[:2] == (
            0,
            "Hikvision or Dahua: none found; nothing was scanned yet.\n",
        )
        assert "the register names any\n" in camscan("show", "--register", "empty.db", "--site", "X")[2]


class TestOne:
    def test_a_dozen_lines_answer_what_where_why_and_when(self, camscan: Camscan) -> None:
        code, out, err = camscan("show", "192.0.2.3")
        assert (code, err) == (0, "")
        lines = out.splitlines()
        assert lines[0] == "Hikvision DS-2CD2385G1-I: network camera"
        assert len(lines) <= 14
        labels = [line[2:17].strip() for line in lines[1:-1] if line[2:3].strip()]
        assert labels == [
            *("Number", "Where", "How sure", "Because", "Details"),
            *("In scope", "Removal", "Vulnerable", "Last seen"),
        ]
        assert "  Where          Town Hall; 192.0.2.3\n" in out
        assert "  How sure       confirmed (99%)\n" in out
        assert "  Removal        31 March 2056\n" in out
        assert "In scope       yes: entered by a person\n" in out
        assert lines[-1].endswith("show 192.0.2.3 --evidence")
        assert "sadp.model" not in out

    def test_the_rest_is_kept_for_those_who_ask(self, camscan: Camscan) -> None:
        out = camscan("show", "192.0.2.3", "--evidence")[1]
        assert "because:            sadp.model = DS-2CD2385G1-I (UDP 37020)\n" in out
        assert "sadp.serial = DS-2CD2385G1-I20190701AAWR000000002" in out

    @pytest.mark.parametrize(
        ("address", "says"),
        [
            ("192.0.2.4", "Dahua IP2M-841B, sold as Amcrest: network camera"),
            ("192.0.2.4", "  Removal        1 April 2026 (overdue)"),
            ("192.0.2.5", "Possibly Dahua"),
            ("192.0.2.5", "  Vulnerable     unknown: its model is not known"),
            ("192.0.2.40", "Maker not known"),
            ("192.0.2.40", "  How sure       unknown: a person should inspect it"),
            ("192.0.2.40", "  Because        Nothing that it said shows who built it."),
        ],
    )
    def test_what_is_said_of_it(self, camscan: Camscan, address: str, says: str) -> None:
        assert f"{says}\n" in camscan("show", address)[1]

    @pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone is set for the whole machine here")
    def test_times_are_those_of_the_clock_on_the_wall(self, camscan: Camscan, monkeypatch: pytest.MonkeyPatch) -> None:
        before = os.environ.get("TZ")
        monkeypatch.setenv("TZ", "XXX-5")
        time.tzset()
        try:
            assert (
                "  Last seen      3 March 2026, 17:00; 2 scans saw it since 2 March 2026\n"
                in (camscan("show", "192.0.2.3")[1])
            )
        finally:
            monkeypatch.setenv("TZ", before) if before else monkeypatch.delenv("TZ")
            time.tzset()

    def test_as_json(self, camscan: Camscan) -> None:
        (device,) = json.loads(camscan("show", "192.0.2.4", "--json")[1])["devices"]
        assert (device["manufacturer"], device["site"], device["in_scope"]) == ("Dahua", "Town Hall", "yes")
        assert "evidence" not in device
        (device,) = json.loads(camscan("show", "192.0.2.4", "--json", "--evidence")[1])["devices"]
        assert device["evidence"][0]["key"].startswith("sadp.")
        assert device["changes"][0]["role"] == "CCTV manager"

    def test_no_such_device_as_json(self, camscan: Camscan) -> None:
        code, out, err = camscan("show", "10.9.9.9", "--json")
        assert (code, json.loads(out)) == (1, {"devices": []})
        assert err.startswith("camscan: there is no device 10.9.9.9")

    def test_hostile_text_stays_short_and_harmless(self, camscan: Camscan) -> None:
        with open_register("camscan.db") as book:
            words: dict[str, Any] = {
                "model": HOSTILE,
                "firmware": HOSTILE,
                "brand": HOSTILE,
                "because": (f"http.title = {HOSTILE}",),
            }
            book.record(
                report(camera(60, ip="192.0.2.61", when=NOON + 2 * DAY, **words), scan_id="3", when=NOON + 2 * DAY)
            )
        out = camscan("show", "192.0.2.61")[1]
        assert max(map(len, out.splitlines())) <= 420
        assert not set(out) & set("\x1b\x07\u202e")


@pytest.mark.parametrize(
    "words",
    [
        ("visited", "--site", "Twon Hall"),
        ("plan", "propose", "--by", "2056-01-01", "--site", "Twon Hall"),
        ("plan", "set", "--on", "2056-01-01", "--site", "Twon Hall"),
        ("register", "export", "out.csv", "--site", "Twon Hall"),
        ("diff", "--site", "Twon Hall"),
        ("set", "--site", "Twon Hall", "notes=x"),
    ],
    ids=" ".join,
)
def test_every_command_says_which_site_may_be_meant(camscan: Camscan, words: tuple[str, ...]) -> None:
    code, _, err = camscan(*words)
    assert code == 2
    assert err == "camscan: the register has no device at the site Twon Hall; did you mean Town Hall?\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("fingerprints", "list", "--maker", "Hikvison"), "there is no maker 'Hikvison'; did you mean Hikvision"),
        (("diff", "--kind", "mised"), "invalid value for '--kind': 'mised' is not one of"),
        (("plan", "status", "--by", "mker"), "invalid value for '--by': 'mker' is not one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_every_other_word_is_checked_too(camscan: Camscan, words: tuple[str, ...], says: str) -> None:
    code, _, err = camscan(*words)
    assert code == 2
    assert err.startswith(f"camscan: {says}")
    assert "did you mean " in err


@pytest.mark.parametrize(
    "words",
    [("fingerprints", "list", "--maker", "HIKVISION"), ("diff", "--kind", "New"), ("plan", "status", "--by", "Maker")],
    ids=" ".join,
)
def test_case_never_matters(camscan: Camscan, words: tuple[str, ...]) -> None:
    code, out, err = camscan(*words)
    assert (code in {0, 1}, err) == (True, "")
    assert out
