"""One damaged row of the register costs itself, and no other: `show` goes on, and says so in one line."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from command_line import Camscan, command
from sample_report import camera, report

from camscan.errors import RegisterError
from camscan.register import open_register

DAMAGE = {
    "no JSON": "UPDATE device SET known = '{' WHERE id = 3",
    "a member is missing": "UPDATE device SET known = '{}' WHERE id = 3",
    "another kind of value": "UPDATE device SET known = '[1]' WHERE id = 3",
    "no text": "UPDATE device SET known = CAST(x'7b22ff' AS TEXT) WHERE id = 3",
    "no time": "UPDATE device SET first_seen = 'yesterday' WHERE id = 3",
    "an unknown word": "UPDATE device SET presence = 'gone fishing' WHERE id = 3",
}


@pytest.fixture
def camscan(capsys: pytest.CaptureFixture[str]) -> Camscan:
    return command(capsys)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "camscan.db"
    with open_register(path) as register:
        register.record(report(*(camera(number) for number in range(1, 9))))
    return path


def spoil(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("what", DAMAGE)
def test_the_list_goes_on(book: Path, what: str, camscan: Camscan) -> None:
    _, whole, _ = camscan("show", "--register", book)
    spoil(book, DAMAGE[what])
    code, shown, said = camscan("show", "--register", book)
    assert code == 1
    rows, left = ({*re.findall(r"\b192\.0\.2\.\d+", text)} for text in (whole, shown))
    assert (len(rows), len(left), left < rows) == (8, 7, True)
    (line,) = said.splitlines()
    assert line.startswith(f"camscan: {book}: 1 row is damaged and not listed: ")
    assert "camscan register restore" in line


def test_several_are_counted(book: Path, camscan: Camscan) -> None:
    spoil(book, "UPDATE device SET known = '{' WHERE id IN (1, 4, 8)")
    code, _, said = camscan("show", "--register", book)
    assert "3 rows are damaged and not listed" in said
    assert code == 1


def test_a_device_beside_it_is_shown(book: Path, camscan: Camscan) -> None:
    spoil(book, DAMAGE["no JSON"])
    with open_register(book, readonly=True) as register:
        found, _ = register.legible_devices()
    code, _, _ = camscan("show", found[0].asset_id, "--register", book)
    assert code == 0


def test_whoever_counts_devices_is_told_that_one_is_missing(book: Path) -> None:
    spoil(book, DAMAGE["no JSON"])
    with open_register(book, readonly=True) as register, pytest.raises(RegisterError, match="it is damaged: device 3"):
        register.devices()
