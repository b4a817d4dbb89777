"""A quick look at one device says what an open register says, and loads no database library for it."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sample_report import HOSTILE, ROLE, camera, record
from test_register_listing import Day, Life
from test_show_damaged import DAMAGE, spoil

from camscan.app import assess
from camscan.asset import RecordType
from camscan.errors import RegisterError
from camscan.register import Edit, NewRow, Register, open_register
from camscan.register.one_device import DeviceReader, look_at_devices

STEPS = 40
MARKED = "a%b_c/d"
"""A serial number with the marks of patterns."""
NAMES = (
    *("", "%", "_", "/", "'", ":since", "\x1a", "a\x00b", "ß"),
    *("192.0.2.1", "::1", "0:0:0:0:0:0:0:1", "02:00:00:00:00:01"),
)
"""Texts that name no device, or perhaps one; some mean something in SQL or in the register."""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register in which much has happened: rows that were merged, moved, stated, entered and quarrelled about."""
    path = tmp_path_factory.mktemp("odd") / "camscan.db"
    with pytest.MonkeyPatch.context() as patch:
        day = Day()
        patch.setattr(assess, "today_utc", day)
        life = Life(random.Random(7), day, str(path))
        for _ in range(STEPS):
            life.step()
    with open_register(path) as book:
        texts: dict[str, Any] = dict.fromkeys(("brand", "model", "firmware", "serial", "kind"), HOSTILE)
        record(
            book, camera(40, ip="192.0.2.40", **texts), camera(41, ip="192.0.2.41", serial=MARKED), site="Schüle\x00"
        )
        record(book, camera(41, ip="192.0.2.42", serial=MARKED))
        name = book.find_devices("192.0.2.42")[0].asset_id
        for column, value in (("council_asset_tag", "Tag_%/1"), ("notes", "below\nthe stairs")):
            book.edit_entries([Edit(name, column, value)], role=ROLE, how="test")
        stated = {"stated_ip_address": "192.0.2.90", "stated_manufacturer": "Dahua"}
        book.add_devices([NewRow(RecordType.MANUAL, stated)], role=ROLE, how="test")
        assert book.merged_rows()
        assert book.conflicts()
    return path


def names_of(book: Register) -> set[str]:
    """Everything by which somebody may ask for a device, whole and in part, and texts that name none."""
    found = {*NAMES, *book.merged_rows()}
    for row in book.devices():
        number, serial = row.asset_id, row.identification.serial or ""
        tag = row.entries.get("council_asset_tag", "")
        found |= {number, number.lower(), number.rpartition("-")[2], tag, tag.lower(), serial, serial[-5:]}
        found |= {*row.ip_addresses, *row.past_ip_addresses, *row.mac_addresses}
    return {name for name in found if len(name) < 1000}


def everything(book: Register | DeviceReader, text: str) -> list[object]:
    rows = book.find_devices(text)
    beside = [(book.conflicts(row.asset_id), book.changes(row.asset_id), book.evidence(row.asset_id)) for row in rows]
    return [rows, beside, book.devices_by_number({row.asset_id for row in rows})]


def test_a_look_says_what_the_open_register_says(odd: Path) -> None:
    with open_register(odd, readonly=True) as book:
        names = names_of(book)
        told = {name: everything(book, name) for name in names}
        of_all = book.devices(), book.reviews(), book.conflicts(), book.changes()
    assert (
        look_at_devices(odd, lambda seen: (seen.devices(), seen.reviews(), seen.conflicts(), seen.changes())) == of_all
    )
    assert {name: look_at_devices(odd, lambda seen, name=name: everything(seen, name)) for name in names} == told  # type: ignore[misc]
    assert sum(bool(rows[0]) for rows in told.values()) > len(names) / 2


def test_a_device_is_found_by_a_tag_or_a_serial_number_with_the_marks_of_patterns(odd: Path) -> None:
    def finds(text: str) -> bool | None:
        return look_at_devices(odd, lambda seen: bool(seen.find_devices(text)))

    assert [finds(text) for text in ("tag_%/1", "A%B_C/D")] == [True] * 2
    assert [finds(text) for text in ("tagx%/1", "AxB_C/D", "B%C/D", "tag_%")] == [False] * 4


@pytest.mark.parametrize("text", ["x" * 60_000, "%" * 49_000, "é" * 30_000])
def test_a_text_that_is_too_long_for_a_pattern_names_no_device(odd: Path, text: str) -> None:
    assert look_at_devices(odd, lambda seen: seen.find_devices(text)) == []
    with open_register(odd, readonly=True) as book:
        assert book.find_devices(text) == []


PROGRAM = """
import sys
from camscan.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print()
    print(end.code, "sqlalchemy" in sys.modules)
"""


@pytest.mark.parametrize(
    "line", ["show 192.0.2.42", "show 192.0.2.42 --json --evidence", "review", "register log 192.0.2.42"]
)
def test_the_command_loads_no_database_library(odd: Path, line: str) -> None:
    command = [sys.executable, "-c", PROGRAM, *line.split(), "--register", str(odd)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=odd.parent)
    assert len(done.stdout.splitlines()) > 3
    assert done.stdout.splitlines()[-1] == "0 False"


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_row_is_left_to_the_open_register(tmp_path: Path, what: str) -> None:
    path = tmp_path / "camscan.db"
    with open_register(path) as book:
        record(book, *(camera(number) for number in range(1, 5)))
        name = book.devices()[2].asset_id
    spoil(path, DAMAGE[what])
    assert look_at_devices(path, lambda seen: seen.find_devices(name)) is None
    with open_register(path, readonly=True) as book, pytest.raises(RegisterError):
        book.find_devices(name)


def test_another_version_is_left_to_the_open_register(odd: Path, tmp_path: Path) -> None:
    path = tmp_path / "camscan.db"
    path.write_bytes(odd.read_bytes())
    assert look_at_devices(path, lambda seen: seen.devices()) is not None
    spoil(path, "UPDATE alembic_version SET version_num = '0003'")
    assert look_at_devices(path, lambda seen: seen.devices()) is None
