"""What holds for every export of the register, found by its place: nobody is lost, and no text is obeyed."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import Camscan, contents
from export_samples import HOSTILE, hostile, ordinary, texts_of
from sample_report import camera, nameless, report
from test_page import Reader

from camscan.drafts import whole_text
from camscan.exports import ExportResult, Inventory, Item, OptionKind, load_exports
from camscan.register import open_register

FORMATS = sorted(name for name, export in load_exports().items() if export.of_register)
ROOT = Path(__file__).resolve().parents[1]
HIDING = set("\x00\x07\x1b\x9b\u200b\u200e\u202e\u2066\ud800\U000e0041")
DECISION = "planning:\n  local_decision: {minute: Cabinet 4, date: 12 May 2026, groups: [hikvision, dahua]}\n"
each_format = pytest.mark.parametrize("name", FORMATS)


def made(name: str, inventory: Inventory) -> ExportResult:
    """What a format makes, with every file that it can write beside."""
    export = load_exports()[name]
    assert export.of_register is not None
    asked = {option.name: "beside" for option in export.options if option.kind is OptionKind.WRITE}
    return export.of_register(inventory, asked)


def files(name: str, inventory: Inventory) -> Iterator[tuple[str, str]]:
    """Every file with a name that tells its format, and its text; the list of who was left out too."""
    found = made(name, inventory)
    suffix = load_exports()[name].suffix
    yield from ((file or f"{name}{suffix}", text) for file, text in texts_of(found).items())
    yield from ((f"{name}.{option}", whole_text(text)) for option, text in found.other_files.items())
    yield "LEFT-OUT.csv", whole_text(found.left_out.table)


@each_format
@pytest.mark.parametrize("inventory", [ordinary(), hostile()], ids=["ordinary", "hostile"])
def test_every_device_is_in_it_or_left_out_with_a_reason(name: str, inventory: Inventory) -> None:
    found = made(name, inventory)
    assert found.devices + len(found.left_out) == len(list(inventory.items))
    left = list(csv.DictReader(io.StringIO(whole_text(found.left_out.table), newline="")))
    assert Counter(row["reason"] for row in left) == found.left_out.reasons
    assert all(found.left_out.reasons)
    closed = {"not_ours", "false_positive"}
    out = {row["asset_id"] for row in left}
    assert {item.asset.asset_id for item in inventory.items if item.asset.lifecycle in closed} <= out


class _Texts(dict[str, str]):
    """The texts of a device, which count how many devices there are."""

    alive = 0

    def __init__(self, *texts: Mapping[str, str], **more: str) -> None:
        super().__init__(*texts, **more)
        _Texts.alive += 1

    def __del__(self) -> None:
        _Texts.alive -= 1


@each_format
def test_a_few_devices_are_in_memory_at_a_time(name: str) -> None:
    most, number = 0, 0
    sample, before = list(ordinary().items), _Texts.alive

    def many() -> Iterator[Item]:
        nonlocal most, number
        for site in range(20):
            for item in sample:
                number += 1
                texts = _Texts(item.texts, site_name=f"Site {site:02}", controller="school")
                yield replace(item, asset=replace(item.asset, asset_id=f"CAM-{number:04}"), texts=texts)
                most = max(most, _Texts.alive - before)

    found = made(name, replace(ordinary(), items=many()))
    assert found.devices + len(found.left_out) == number == 20 * len(sample)
    assert 0 < most <= 2 * len(sample)


@each_format
def test_the_same_register_gives_the_same_bytes(name: str) -> None:
    assert list(files(name, ordinary())) == list(files(name, ordinary()))


@each_format
def test_no_text_is_obeyed(name: str) -> None:
    for file, text in files(name, hostile()):
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", file), file
        text.encode("utf-8")
        assert not set(text) & HIDING, file
        check = CHECKS.get(Path(file).suffix)
        if check:
            check(text)


def is_table(text: str) -> None:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell.strip() and cell.lstrip()[0] in "=+-@"]


def is_page(text: str) -> None:
    page = Reader(text)
    assert not {"script", "img", "iframe", "link"} & {tag for tag, _ in page.elements}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def is_json(text: str) -> None:
    json.loads(text)
    assert text.isascii()


def is_json_lines(text: str) -> None:
    for line in text.splitlines():
        is_json(line)


CHECKS = {".csv": is_table, ".html": is_page, ".json": is_json, ".ndjson": is_json_lines}


def test_the_hostile_texts_are_what_they_are_called() -> None:
    told = "".join(HOSTILE)
    assert set("\x00\x1b\u202e\ud800\"'\n") < set(told)
    assert {text.lstrip()[0] for text in HOSTILE} > set("=+-@{<")
    assert max(map(len, HOSTILE)) >= 10_000


@each_format
def test_every_export_has_a_row_in_the_table_of_the_page(name: str) -> None:
    page = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| \[?`{name}`", page, re.MULTILINE)


def test_every_one_by_its_command(camscan: Camscan, workplace: Path) -> None:
    """From a register with two sites: what is said, and that nothing but the named file is made."""
    (workplace / "camscan.yaml").write_text(DECISION)
    with open_register("camscan.db") as book:
        book.record(report(camera(1), camera(2), nameless("192.0.2.200"), site="Town Hall"))
        book.record(report(camera(3), scan_id="other", site="Library"))
    assert camscan("show")[0] == 0  # which brings the listing up to date, as an export would
    before = contents(workplace)
    for name, export in load_exports().items():
        if export.of_register is None:
            continue
        code, out, err = camscan("export", name, "out")
        assert (code, err) == (0, ""), name
        assert out.startswith("out: ")
        assert len(out.splitlines()) <= 2
        new = contents(workplace).keys() - before.keys()
        assert {file.partition("/")[0] for file in new} == {"out"}
        shutil.rmtree("out") if export.is_folder else Path("out").unlink()
        assert camscan("export", name, "out", "--site", "library")[1].splitlines()[0] in {
            "out: 1 device",
            *(f"out: {number} files, {found}" for number in (2, 3, 5, 11) for found in ("1 device", "0 devices")),
        }
        shutil.rmtree("out") if export.is_folder else Path("out").unlink()
    assert contents(workplace) == before


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_every_csv_row_by_row(tmp_path: Path) -> None:
    written = {
        f"{name}-{file}": text
        for name in FORMATS
        for file, text in files(name, ordinary())
        if file.endswith(".csv") and text.count("\n") > 1
    }
    for file, text in written.items():
        (tmp_path / file).write_bytes(text.encode())
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to"]
    command += ["csv:Text - txt - csv (StarCalc):44,34,76,1", "--outdir", str(tmp_path / "out")]
    subprocess.run(
        [*command, *(str(tmp_path / file) for file in written)], check=True, timeout=100, capture_output=True
    )
    for file, text in written.items():
        opened = (tmp_path / "out" / file).read_text(encoding="utf-8")
        before, after = (list(csv.reader(io.StringIO(each, newline=""))) for each in (text, opened))
        assert before[0] == after[0]
        assert [row[0] for row in before] == [row[0] for row in after]
