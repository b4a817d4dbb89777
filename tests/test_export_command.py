"""``camscan export`` and ``scan --export``: every format, found by its place, of a scan and of the register."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import TextIO

import pytest
from command_line import Camscan
from sample_report import camera, report

from camscan import exports
from camscan.exports import Export, Inventory
from camscan.exports.json import report_object
from camscan.model import Report
from camscan.register import open_register


@pytest.fixture
def register(workplace: Path) -> Path:
    with open_register(workplace / "camscan.db") as book:
        book.record(report(camera(1), camera(2), scan_id="first"))
        book.record(report(camera(1, firmware="V5.7.3 build 220101"), scan_id="second"))
    return workplace


class TestScans:
    def test_the_newest_scan_as_it_was_reported(self, camscan: Camscan, register: Path) -> None:
        assert camscan("export", "json", "out.json") == (0, "out.json: 1 device\n", "")
        written = json.loads((register / "out.json").read_text())
        assert written["scan_id"] == "second"
        assert [device["firmware"] for device in written["devices"]] == ["V5.7.3 build 220101"]

    def test_an_earlier_scan_with_the_evidence_that_held_then(self, camscan: Camscan, register: Path) -> None:
        assert camscan("export", "json", "out.json", "--scan", "first")[0] == 0
        written = json.loads((register / "out.json").read_text())
        before = report(camera(1), camera(2), scan_id="first")
        assert written == json.loads(json.dumps(_published(before)))

    def test_a_scan_that_is_not_there(self, camscan: Camscan, register: Path) -> None:
        code, _, err = camscan("export", "csv", "out.csv", "--scan", "third")
        assert (code, err) == (
            2,
            "camscan: the register holds no scan third; its id is in the JSON and CSV files of that scan\n",
        )
        assert not (register / "out.csv").exists()

    def test_an_empty_register_says_what_to_do(self, camscan: Camscan, workplace: Path) -> None:
        with open_register(workplace / "camscan.db"):
            pass
        assert camscan("export", "csv", "-") == (2, "", "camscan: the register holds no scan yet; scan first\n")

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ("csv", "--export csv: write it as FORMAT=PATH; the formats of a scan are: csv, json, text"),
            ("xml=a", "--export xml=a: write it as FORMAT=PATH; the formats of a scan are: csv, json, text"),
            ("csv=", "--export csv=: write it as FORMAT=PATH; the formats of a scan are: csv, json, text"),
            ("json=b", "--export json=b: json is to be written already; name it once"),
        ],
    )
    def test_what_cannot_be_written(self, camscan: Camscan, workplace: Path, given: str, says: str) -> None:
        del workplace
        assert camscan("scan", "127.0.0.1", "--json", "a", "--export", given) == (2, "", f"camscan: {says}\n")


class TestOneFile:
    """A new format is one file: it is offered for scans and for the register without a line elsewhere."""

    @pytest.fixture
    def counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def write(inventory: Inventory, stream: TextIO) -> None:
            in_scope = sum(judgement.in_scope == "yes" for judgement in inventory.judgements.values())
            stream.write(f"{len(inventory.assets)} devices, {in_scope} in scope on {inventory.on}\n")

        module = ModuleType("camscan.exports.counts")
        module.EXPORT = Export("counts", ".txt", "how many there are", of_register=write)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        found = {**exports.load(), "counts": module.EXPORT}
        monkeypatch.setattr("camscan.exports.load", lambda: found)
        monkeypatch.setattr("camscan.app.export.load", lambda: found)

    @pytest.mark.usefixtures("counts", "register")
    def test_of_the_register(self, camscan: Camscan) -> None:
        code, out, err = camscan("export", "counts", "-")
        assert (code, err) == (0, "")
        assert out.startswith("2 devices, ")

    @pytest.mark.usefixtures("counts", "register")
    def test_is_listed_with_its_title(self, camscan: Camscan) -> None:
        assert "counts  Write how many there are." in camscan("export", "--help")[1]

    @pytest.mark.usefixtures("counts", "register")
    def test_a_format_of_the_register_is_not_one_of_a_scan(self, camscan: Camscan) -> None:
        code, _, err = camscan("scan", "127.0.0.1", "--export", "counts=a.txt")
        assert code == 2
        assert "the formats of a scan are: csv, json, text" in err


def _published(of: Report) -> object:
    return report_object(of)
