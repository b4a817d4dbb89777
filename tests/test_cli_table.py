"""Tables that fit the window, the summary, the words for time, and the estimate."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from sample_report import HOSTILE, camera, nameless, report

from camscan.cli import _table
from camscan.cli._estimate import describe_scan
from camscan.cli._summary import CUT, IMPORTANT, print_report
from camscan.cli._table import print_table
from camscan.cli._words import duration_text, program_name, with_program_name
from camscan.exports import table
from camscan.headline import Headline
from camscan.model import Completion, Coverage
from camscan.net.pace import PACES
from camscan.net.target import parse_targets
from camscan.probes import load
from camscan.register import Recorded
from camscan.scan.estimate import estimate_seconds

NOTHING_NEW = Recorded((), (), (), 0, ())
MANY = Headline(devices=3, cameras=3, unknown=3)


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (20, ["IP", "Maker"]),
        (40, ["IP", "Maker", "Kind", "Confidence"]),
        (60, ["IP", "Maker", "Model", "Kind", "Confidence"]),
        (80, ["IP", "Maker", "Model", "Firmware", "Kind", "Confidence"]),
        (120, ["IP", "Maker", "Model", "Firmware", "Serial", "Kind", "Confidence"]),
        (200, list(table.COLUMNS)),
        (None, list(table.COLUMNS)),
    ],
)
def test_the_columns_that_fit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int | None, shown: list[str]
) -> None:
    monkeypatch.setattr(_table, "_terminal_width", lambda: width)
    left_out = print_table(table.COLUMNS, table.table_rows(map(camera, range(3))), first=IMPORTANT, cut=CUT)
    printed = lines(capsys)
    assert printed[0].split() == shown
    assert set(left_out) == set(table.COLUMNS) - set(shown)
    assert max(map(len, printed)) <= (width or 1000)
    assert width is not None or not any("…" in line for line in printed)


@pytest.mark.parametrize("width", [1, 10, 79, 80, 132, 200])
def test_hostile_and_wide_text_stays_in_its_cell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(_table, "_terminal_width", lambda: width)
    print_table(
        table.COLUMNS,
        table.table_rows([camera(model=HOSTILE), camera(2, model="摄像机" * 20)]),
        first=IMPORTANT,
        cut=CUT,
    )
    printed = lines(capsys)
    assert len(printed) == 3
    assert "\x1b" not in "".join(printed)
    assert max(map(cell_len, printed)) <= max(width, len("192.0.2.2"))


def test_a_long_table_is_as_wide_as_its_widest_cell_anywhere(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(f"{number}", "roof", "x" * (number % 7)) for number in range(3500)]
    rows[1200] = ("1200", "Pencadlys Tŷ", "")
    print_table(("Number", "Where", "Rest"), rows)
    heading, *told = lines(capsys)
    assert heading == "Number  Where         Rest"
    assert told == [f"{number:6}  {where:12}  {rest}".rstrip() for number, where, rest in rows]


def test_unknown_devices_are_listed_and_other_devices_counted(capsys: pytest.CaptureFixture[str]) -> None:
    printer = nameless("192.0.2.10", is_camera_system=False, kind="printer")
    others = [nameless("192.0.2.9"), nameless("192.0.2.100"), printer]
    print_report(report(camera(), camera(2, maker=None), *others), NOTHING_NEW, "camscan.db", MANY)
    printed = lines(capsys)
    at = printed.index("Of unknown maker; please inspect them:")
    assert [line.split(maxsplit=2) for line in printed[at + 2 : at + 4]] == [
        ["192.0.2.9", "tcp/80", "http.server = webserver"],
        ["192.0.2.100", "tcp/80", "http.server = webserver"],
    ]
    assert MANY.text in printed
    assert "This scan found: 1 device (1 camera); 3 unknown, to be looked at." in printed
    assert "2 camera systems of every make in this scan:" in printed
    assert "      1 Hikvision (1 confirmed)" in printed
    assert "      1 unknown maker (1 confirmed)" in printed
    assert "1 other device (1 printer)" in printed
    assert not any("192.0.2.10 " in line for line in printed)


def test_nothing_found(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(report(), NOTHING_NEW, "camscan.db", Headline())
    assert lines(capsys)[:2] == ["Hikvision or Dahua: none found.", "No camera system of any make was found"]


@pytest.mark.parametrize("completion", [Completion.PARTIAL, Completion.INTERRUPTED])
def test_what_is_missing_is_reported(capsys: pytest.CaptureFixture[str], completion: Completion) -> None:
    covered = Coverage(254, 3, 1, 200, 40, 10, notes=("nothing was asked by multicast", "evil \x1b[2J"))
    print_report(
        replace(report(camera()), coverage=covered, completion=completion), NOTHING_NEW, "state/camscan.db", MANY
    )
    printed = lines(capsys)
    assert (
        "Coverage: 254 addresses: 3 answered, 1 present but spoke none of the protocols asked, 200 silent, "
        "40 unreachable, 10 not tried"
    ) in printed
    assert "  - nothing was asked by multicast" in printed
    assert "\x1b" not in "".join(printed)
    assert any(completion.value in line and "run it again for the rest" in line for line in printed)
    assert any(line.endswith("show 192.0.2.2 --register state/camscan.db") for line in printed)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (1, "10 seconds"),
        (44, "40 seconds"),
        (90, "90 seconds"),
        (100, "2 minutes"),
        (620, "10 minutes"),
        (1900, "30 minutes"),
        (5399, "90 minutes"),
        (5400, "1.5 hours"),
        (12900, "3.5 hours"),
        (86400, "24 hours"),
    ],
)
def test_words_for_time(length: float, said: str) -> None:
    assert duration_text(length) == said


def test_a_checkout_is_called_as_it_was_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    typed = tmp_path / ".venv" / "bin" / "camscan"
    typed.parent.mkdir(parents=True)
    typed.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [".venv/bin/camscan"])
    assert program_name() == ".venv/bin/camscan"
    monkeypatch.setattr("sys.argv", ["camscan"])
    assert program_name() == "camscan"
    monkeypatch.setattr("sys.argv", [str(typed)])
    assert program_name() == ".venv/bin/camscan"
    monkeypatch.setattr("sys.argv", ["/usr/lib/python3/dist-packages/pytest/__main__.py"])
    assert program_name() == "camscan"
    monkeypatch.setattr("sys.argv", [str(tmp_path / "camscan" / "__main__.py")])
    monkeypatch.setattr("sys.executable", str(typed.with_name("python")))
    assert program_name() == ".venv/bin/camscan"


def test_it_is_called_as_briefly_as_it_can_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Never by a path that climbs up and down again where another is shorter."""
    typed, elsewhere = tmp_path / "camscan" / "camscan", tmp_path / "a" / "b" / "c" / "d" / "e" / "f" / "g" / "h"
    typed.parent.mkdir()
    typed.touch(mode=0o755)
    elsewhere.mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr("sys.argv", [str(typed)])
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert program_name() == min(str(typed), os.path.relpath(typed), key=len)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert program_name() == min("~/camscan/camscan", os.path.relpath(typed), key=len)
    assert with_program_name("see `camscan show`; camscan knows") == f"see `{program_name()} show`; camscan knows"
    monkeypatch.chdir(typed.parent)
    assert program_name() == "./camscan"
    monkeypatch.setenv("PATH", str(typed.parent))
    assert program_name() == "camscan"


# Seconds that scans of silent routed ranges took, without the right to send raw packets (two cores, 2026-11-23).
MEASURED = {("gentle", 254): 57.7, ("normal", 254): 19.0, ("fast", 254): 12.3}
MEASURED |= {("gentle", 1022): 173.7, ("normal", 1022): 41.6, ("fast", 1022): 12.9}


@pytest.mark.parametrize(("pace", "count"), MEASURED)
def test_the_estimate_is_not_passed_and_not_far_off(pace: str, count: int) -> None:
    estimated = estimate_seconds(count, PACES[pace], load(), {})
    assert 1.0 <= estimated / MEASURED[pace, count] <= 1.5


def test_a_long_scan_names_the_faster_paces() -> None:
    text = describe_scan(parse_targets(["10.0.0.0/16"]), PACES["gentle"], load(), {})
    assert text.startswith("Asking 65,534 addresses at gentle pace: at most 500 packets and 50 connections a second")
    assert "--pace normal: up to about" in text
    assert "--pace fast: up to about" in text
    assert "--pace" not in describe_scan(parse_targets(["10.0.0.0/24"]), PACES["gentle"], load(), {})


def test_fewer_packets_take_longer() -> None:
    slow = PACES["gentle"].with_max_pps(20)
    assert estimate_seconds(254, slow, load(), {}) > 2 * estimate_seconds(254, PACES["gentle"], load(), {})
