"""``camscan export`` and ``scan --export``: every format, found by its place, of a scan and of the register."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import Camscan
from sample_report import camera, report

from camscan import exports
from camscan.exports import LEFT_OUT, Export, ExportResult, Inventory, Option, OptionKind, choose_items
from camscan.exports.json import report_object
from camscan.model import Report
from camscan.register import open_register
from camscan.words import count_text


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

    def test_a_file_that_is_there_is_replaced_only_with_force(self, camscan: Camscan, register: Path) -> None:
        (register / "out.csv").write_text("kept", encoding="utf-8")
        assert camscan("export", "csv", "out.csv") == (
            2,
            "",
            "camscan: out.csv: exists already; name another file, or add --force to replace it\n",
        )
        assert (register / "out.csv").read_text(encoding="utf-8") == "kept"
        assert camscan("export", "csv", "out.csv", "--force")[0] == 0
        assert "V5.7.3" in (register / "out.csv").read_text(encoding="utf-8")

    def test_an_earlier_scan_with_the_evidence_that_held_then(self, camscan: Camscan, register: Path) -> None:
        assert camscan("export", "json", "out.json", "--scan", "first")[0] == 0
        written = json.loads((register / "out.json").read_text())
        before = report(camera(1), camera(2), scan_id="first")
        assert written == json.loads(json.dumps(_published(before)))

    def test_a_scan_that_does_not_exist(self, camscan: Camscan, register: Path) -> None:
        code, _, err = camscan("export", "csv", "out.csv", "--scan", "third")
        assert (code, err) == (
            2,
            "camscan: the register has no scan third; the JSON and CSV files of a scan contain its id\n",
        )
        assert not (register / "out.csv").exists()

    def test_an_empty_register_says_what_to_do(self, camscan: Camscan, workplace: Path) -> None:
        with open_register(workplace / "camscan.db"):
            pass
        assert camscan("export", "csv", "-") == (2, "", "camscan: the register has no scan yet; run a scan first\n")

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ("csv", "--export csv: write it as FORMAT=PATH; the formats for a scan are: csv, json, text"),
            ("xml=a", "--export xml=a: write it as FORMAT=PATH; the formats for a scan are: csv, json, text"),
            ("csv=", "--export csv=: write it as FORMAT=PATH; the formats for a scan are: csv, json, text"),
            ("json=b", "--export json=b: json is given twice; name it once"),
        ],
    )
    def test_what_cannot_be_written(self, camscan: Camscan, workplace: Path, given: str, says: str) -> None:
        del workplace
        assert camscan("scan", "127.0.0.1", "--json", "a", "--export", given) == (2, "", f"camscan: {says}\n")


class TestOneFile:
    """A new format is one file: it is offered, with its options, without a line elsewhere."""

    @pytest.fixture(autouse=True)
    def formats(self, monkeypatch: pytest.MonkeyPatch, register: Path) -> None:
        (register / "camscan.yaml").write_text(DECISION)
        found = {**exports.load_exports(), "counts": COUNTS, "tree": TREE}
        monkeypatch.setattr("camscan.exports.load_exports", lambda: found)
        monkeypatch.setattr("camscan.app.export.load_exports", lambda: found)

    def test_is_listed_with_its_title(self, camscan: Camscan) -> None:
        out = " ".join(camscan("export", "--help")[1].split())
        assert "counts Write how many there are." in out
        assert "tree Write a folder of what there is." in out
        assert "--note FILE" in camscan("export", "counts", "--help")[1]

    def test_a_format_of_the_register_is_not_one_of_a_scan(self, camscan: Camscan) -> None:
        code, _, err = camscan("scan", "127.0.0.1", "--export", "counts=a.txt")
        assert code == 2
        assert "the formats for a scan are: csv, json, text" in err

    def test_a_file_and_what_was_left_out(self, camscan: Camscan, register: Path) -> None:
        camscan("not-ours", "192.0.2.3", "--because", "landlord", "--role", "CCTV manager")
        assert camscan("export", "counts", "out.txt", "--left-out", "left.csv", "--note", "note.txt") == (
            0,
            "out.txt: 1 device\nleft out: 1 not the council's; left.csv lists them\n",
            "",
        )
        assert (register / "out.txt").read_text() == "1 device in scope\n"
        assert (register / "note.txt").read_text() == "hello"
        header, row = (register / "left.csv").read_text().splitlines()
        assert header.endswith(",lifecycle_status,reason")
        assert row.endswith(",not_ours,not the council's")

    def test_standard_output_holds_nothing_else(self, camscan: Camscan) -> None:
        assert camscan("export", "counts", "-") == (0, "2 devices in scope\n", "standard output: 2 devices\n")

    @pytest.mark.parametrize(
        "arguments",
        [
            ("counts", "x", "--left-out", "x"),
            ("counts", "x", "--note", "x"),
            ("counts", "a", "--note", "x", "--left-out", "x"),
        ],
    )
    def test_two_files_have_two_names(self, camscan: Camscan, register: Path, arguments: tuple[str, ...]) -> None:
        assert camscan("export", *arguments) == (2, "", "camscan: x: is named twice; name a different file for each\n")
        assert not (register / "x").exists()

    @pytest.mark.parametrize(
        "arguments",
        [
            ("csv", "camscan.db"),
            ("prometheus", "camscan.db"),
            ("counts", "camscan.db"),
            ("counts", "x", "--note", "link.db"),
        ],
    )
    def test_the_register_is_not_written_over(
        self, camscan: Camscan, register: Path, arguments: tuple[str, ...]
    ) -> None:
        (register / "link.db").hardlink_to(register / "camscan.db")
        before = (register / "camscan.db").read_bytes()
        force = () if arguments[0] == "csv" else ("--force",)
        code, out, err = camscan("export", *arguments, *force)
        assert (code, out) == (2, "")
        assert err.endswith(".db: is the register itself; name another file\n")
        assert (register / "camscan.db").read_bytes() == before

    def test_a_folder_is_not_a_file_to_be_replaced(self, camscan: Camscan, register: Path) -> None:
        (register / "out.txt").mkdir()
        says = "camscan: out.txt: cannot be written: it is a folder; name a file in it\n"
        assert camscan("export", "counts", "out.txt")[::2] == (1, says)

    @pytest.mark.parametrize("name", ["out.txt", "left.csv", "note.txt"])
    def test_no_file_is_replaced_unasked(self, camscan: Camscan, register: Path, name: str) -> None:
        (register / name).write_text("mine")
        arguments = ("export", "counts", "out.txt", "--left-out", "left.csv", "--note", "note.txt")
        code, _, err = camscan(*arguments)
        told = f"camscan: {name}: exists already; name another file, or add --force to replace it\n"
        assert (code, err) == (2, told)
        assert [each for each in ("out.txt", "left.csv", "note.txt") if (register / each).exists()] == [name]
        assert (register / name).read_text() == "mine"
        assert camscan(*arguments, "--force")[0] == 0
        assert (register / name).read_text() != "mine"

    def test_a_folder(self, camscan: Camscan, register: Path) -> None:
        assert camscan("export", "tree", "out") == (0, "out: 3 files, 2 devices\n", "")
        folder = register / "out"
        assert sorted(path.name for path in folder.iterdir()) == [LEFT_OUT, "a.csv", "b.csv"]
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
        assert list(register.glob("**/.camscan-*")) == []

    def test_a_folder_in_use_is_left_as_it_is(self, camscan: Camscan, register: Path) -> None:
        (register / "out").mkdir()
        (register / "out" / "mine.txt").write_text("mine")
        code, _, err = camscan("export", "tree", "out")
        told = "camscan: out: contains files; name another folder, or add --force to replace them\n"
        assert (code, err) == (2, told)
        code, out, _ = camscan("export", "tree", "out", "--force")
        assert code == 0
        assert out.endswith("files in out that do not belong to this export were left there: mine.txt\n")
        assert (register / "out" / "mine.txt").read_text() == "mine"
        assert (register / "out" / "a.csv").read_text() == "a"

    def test_where_no_folder_can_be(self, camscan: Camscan, register: Path) -> None:
        (register / "file").write_text("mine")
        (register / "link").symlink_to(register)
        for name, says in {
            "file": "file: cannot be written: it is a file; name a folder",
            "link": "link: cannot be written: it is a symbolic link, which is not followed; name the folder itself",
            "no/out": "no/out: the folder no does not exist; create it first",
            "-": "standard output: cannot be written: this writes a folder of files; name a folder",
        }.items():
            assert camscan("export", "tree", name) == (1, "", f"camscan: {says}\n")

    def test_a_folder_is_whole_or_not_there(
        self, camscan: Camscan, register: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written: list[int] = []

        def full(descriptor: int) -> None:
            written.append(descriptor)
            if len(written) > 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr("os.fsync", full)
        assert camscan("export", "tree", "out")[0] == 1
        assert not (register / "out").exists()
        (register / "out").mkdir()
        (register / "out" / "a.csv").write_text("old")
        assert camscan("export", "tree", "out", "--force")[0] == 1
        assert [(path.name, path.read_text()) for path in (register / "out").iterdir()] == [("a.csv", "old")]

    def test_a_link_in_a_folder_is_not_followed(self, camscan: Camscan, register: Path) -> None:
        (register / "victim").write_text("mine")
        (register / "out").mkdir()
        (register / "out" / "b.csv").symlink_to(register / "victim")
        assert camscan("export", "tree", "out", "--force")[0] == 1
        assert (register / "victim").read_text() == "mine"
        assert not (register / "out" / "a.csv").exists()

    def test_of_one_site_on_another_day(self, camscan: Camscan, register: Path) -> None:
        camscan("set", "192.0.2.3", "site_name=Depot", "--role", "CCTV manager")
        assert camscan("export", "counts", "a.txt", "--site", "depot", "--on", "1 May 2027")[1] == "a.txt: 1 device\n"
        assert (register / "a.txt").read_text() == "1 device in scope on 2027-05-01\n"
        assert camscan("export", "counts", "b.txt", "--site", "Dpeot")[2].endswith("did you mean Depot?\n")


DECISION = "planning:\n  local_decision: {minute: Cabinet 4, date: 12 May 2026, groups: [hikvision, dahua]}\n"


def _counts(inventory: Inventory, asked: Mapping[str, str]) -> ExportResult:
    kept = choose_items(inventory.items, lambda item: "" if item.judgement.in_scope == "yes" else "not in scope")
    number = len(list(kept))
    day = f" on {inventory.on}" if inventory.on.year == 2027 else ""
    return kept.result({"": f"{count_text(number)} in scope{day}\n"}, dict.fromkeys(asked, "hello"))


COUNTS = Export(
    "counts",
    ".txt",
    "how many there are",
    of_register=_counts,
    options=(Option("note", OptionKind.WRITE, "Write a note too."),),
)
TREE = Export(
    "tree",
    "",
    "a folder of what there is",
    of_register=lambda inventory, _: ExportResult({"a.csv": "a", "b.csv": "b"}, len(list(inventory.items))),
    is_folder=True,
)


def _published(of: Report) -> object:
    return report_object(of)
