"""Exports: the JSON keeps its schema, no cell obeys a device, and files are whole or absent."""

from __future__ import annotations

import csv
import dataclasses
import errno
import io
import json
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from own_network import is_root
from sample_report import HOSTILE, NOON, camera, nameless, report

from camscan import exports
from camscan.errors import OutputError
from camscan.exports import csv as csv_export
from camscan.exports import json as json_export
from camscan.exports import table
from camscan.model import Attempt, Confidence, Coverage, Device, Observation, Outcome, Report
from camscan.output import check_writable, visible, write_atomically

SCHEMA_FILE = Path(json_export.__file__).with_name("report.schema.json")
SCHEMA: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))

HOSTILE_CAMERA = camera(7, model=HOSTILE, brand=HOSTILE, serial="\ud800", because=(HOSTILE,), conflicts=(HOSTILE,))
OBSERVATIONS = st.builds(
    Observation,
    st.sampled_from(["10.0.0.1", "fe80::1"]),
    st.sampled_from([0, 80]),
    st.sampled_from(["http", "sadp"]),
    st.text(),
    st.text(),
    st.sampled_from([NOON, NOON.replace(microsecond=2000)]),
)


def written(export: str, of: Report) -> str:
    stream = io.StringIO()
    write = exports.load_exports()[export].of_scan
    assert write is not None
    write(of, stream)
    return stream.getvalue()


def odd_reports() -> list[Report]:
    bare = Device(camera().identification, (), (), (), NOON, NOON, ())
    bug = Attempt("http", "192.0.2.1", 80, Outcome.BUG, detail="KeyError: 'x'", seen_at=NOON)
    interrupted = dataclasses.replace(report(attempts=(bug,)), coverage=Coverage(0, 0, 0, 0, 0, 0), targets=())
    captured = dataclasses.replace(camera(3), ids=("a", "b"))
    return [report(), report(camera(), nameless()), report(HOSTILE_CAMERA, bare, captured), interrupted]


def test_every_format_is_found_by_convention() -> None:
    found = exports.load_exports()
    assert {name: export.suffix for name, export in found.items() if export.of_scan} == {
        "csv": ".csv",
        "json": ".json",
        "text": ".txt",
    }
    assert "removals" in found
    assert [name for name, each in found.items() if not (each.of_scan or each.of_register or each.of_figures)] == []


class TestJson:
    @pytest.mark.parametrize("of", odd_reports())
    def test_output_keeps_the_published_schema(self, of: Report) -> None:
        Draft202012Validator.check_schema(SCHEMA)
        errors = Draft202012Validator(SCHEMA).iter_errors(json.loads(written("json", of)))
        assert [error.message for error in errors] == []

    def test_the_schema_lists_exactly_what_is_written(self) -> None:
        members = json_export.report_object(odd_reports()[1])
        defined = SCHEMA["$defs"]
        device = defined["device"]["properties"] | defined["result"]["properties"]
        pairs = [
            (members, SCHEMA["properties"]),
            (members["coverage"], defined["coverage"]["properties"]),
            (members["devices"][0], device),
            (members["devices"][0]["observations"][0], defined["observation"]["properties"]),
            (members["attempts"][0], defined["attempt"]["properties"]),
        ]
        for written_members, described in pairs:
            assert set(written_members) == set(described)
        assert set(defined["outcome"]["enum"]) == set(Outcome)
        assert set(defined["result"]["properties"]["confidence"]["enum"]) == set(Confidence)

    def test_the_schema_refuses_what_it_should(self) -> None:
        validator = Draft202012Validator(SCHEMA)
        good = json_export.report_object(report(camera()))
        for path, value in [("certainty", 1.5), ("confidence", "sure"), ("first_seen", "2026-03-02")]:
            bad = json.loads(json.dumps(good))
            bad["devices"][0][path] = value
            assert not validator.is_valid(bad), path

    def test_a_result_has_the_members_of_the_captured_reply_format_in_order(self) -> None:
        result = json_export.result_object(dataclasses.replace(camera(), ids=("a", "b")))
        assert list(result) == [
            "id", "ids", "is_camera_system", "maker", "brand", "model", "firmware", "serial", "mac", "kind",
            "capabilities", "confidence", "certainty", "because", "conflicts",
        ]  # fmt: skip
        assert (result["id"], result["ids"], result["maker"]) == ("a", ["a", "b"], "hikvision")
        assert result["capabilities"] == {"microphone": {"confidence": "fair", "because": "model ends in -I"}}
        assert json_export.result_object(camera())["id"] is None

    def test_hostile_text_is_valid_utf_8_and_moves_no_cursor(self) -> None:
        text = written("json", report(HOSTILE_CAMERA))
        text.encode("utf-8")
        assert not set(text) & set("\x00\x1b\x07\r\x9b\u202e\u2066")
        model = json.loads(text)["devices"][0]["model"]
        assert model == HOSTILE.replace("\ud800", "\ufffd")

    @pytest.mark.parametrize("of", [*odd_reports(), report(HOSTILE_CAMERA)])
    def test_the_lines_are_those_of_the_objects(self, of: Report) -> None:
        whole = json_export.report_object(of)
        lines = [line.strip().removesuffix(",") for line in written("json", of).splitlines()]
        for value in (*whole["devices"], *whole["attempts"]):
            assert json_export.dump_line(value) in lines

    @examples(200)
    @given(st.lists(OBSERVATIONS))
    def test_observations_of_any_text_are_written_as_their_objects(self, seen: list[Observation]) -> None:
        of = report(dataclasses.replace(camera(), observations=tuple(seen)))
        expected = json_export.dump_line(json_export.device_object(of.devices[0]))
        assert f"    {expected}\n" in written("json", of)

    def test_json_shows_every_hidden_character(self) -> None:
        hidden = "\xad\u061c\u200b\u200d\u2060\ufeff\U000e0041"
        line = json_export.dump_line(hidden)
        assert line.isascii()
        assert json.loads(line) == hidden

    @examples(200)
    @given(st.text())
    def test_any_text_comes_back_from_json(self, text: str) -> None:
        line = json_export.dump_line({"x": text})
        line.encode("utf-8")
        expected = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
        assert json.loads(line) == {"x": expected}

    def test_moments_are_utc_with_milliseconds(self) -> None:
        assert json_export.json_moment(NOON.replace(microsecond=123999)) == "2026-03-02T12:00:00.123Z"


def below_headings(text: str) -> Iterable[dict[str, str]]:
    """The rows of a CSV by the names of its columns, which stand below the headings for people."""
    stream = io.StringIO(text, "")
    stream.readline()
    return csv.DictReader(stream)


class TestCsv:
    def test_columns_are_a_promise(self) -> None:
        headings, header = written("csv", report()).split("\r\n")[:2]
        assert headings == (
            "IP address,MAC address,Camera system,Maker,Badge,Model,Firmware,Serial number,Type,Capabilities,"
            "How sure,Certainty (0 to 1),Why,Conflicts,Open ports,First seen,Last seen,Site,Last scan"
        )
        assert header == (
            "ip_addresses,mac_addresses,is_camera_system,maker,brand,model,firmware,serial_number,kind,capabilities,"
            "confidence,certainty,because,conflicts,open_ports,first_seen,last_seen,site,scan_id"
        )

    def test_one_row_per_device(self) -> None:
        rows = list(below_headings(written("csv", report(camera(1), nameless(), site="Depot"))))
        assert [row["ip_addresses"] for row in rows] == ["192.0.2.2", "192.0.2.9"]
        assert rows[0]["capabilities"] == "microphone (fair)"
        assert rows[0]["because"] == "It answered Hikvision's own search protocol and gave its model."
        assert rows[0]["last_seen"] == "2026-03-02T12:00:02Z"
        assert rows[1]["maker"] == rows[1]["is_camera_system"] == "unknown"
        assert rows[1]["site"] == "Depot"

    def test_hostile_text_is_not_a_formula_and_no_control(self) -> None:
        text = written("csv", report(HOSTILE_CAMERA))
        text.encode("utf-8")
        assert not set(text) & set("\x00\x1b\x07\x9b\u202e\u2066")
        (row,) = below_headings(text)
        assert row["model"].startswith("'=cmd|")
        assert len(row["model"]) <= 2001
        assert "\n" not in row["model"]

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "\u00a0@"])  # noqa: RUF001 - the look-alikes are the point
    def test_what_a_spreadsheet_would_run_is_text(self, start: str) -> None:
        assert csv_export.harmless_cell(f"{start}1+1").startswith("'")

    @examples(200)
    @given(st.lists(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=40), min_size=4, max_size=4))
    def test_reading_it_again_gives_the_same_text(self, texts: list[str]) -> None:
        model, firmware, serial, site = texts
        of = report(camera(model=model, firmware=firmware, serial=serial), site=site)
        (row,) = below_headings(written("csv", of))
        for column, text in [("model", model), ("firmware", firmware), ("serial_number", serial), ("site", site)]:
            assert row[column] in {text, f"'{text}"}
            assert row[column] == text or text.lstrip()[0] in "=+-@＝＋－＠"  # noqa: RUF001 - as above

    @examples(200)
    @given(st.text())
    def test_any_text_is_one_harmless_cell(self, text: str) -> None:
        of = report(camera(model=text))
        (row,) = below_headings(written("csv", of))
        assert row["serial_number"] == camera().identification.serial
        assert row["model"][:1] not in {*"=+-@\t\r\n"} or not row["model"]


class TestTable:
    def test_camera_systems_first_then_by_address(self) -> None:
        switch = nameless("192.0.2.1", is_camera_system=False)
        devices = [switch, camera(9, ip="192.0.2.10"), camera(8, ip="192.0.2.9"), camera(7, ip="2001:db8::7")]
        assert [row[0] for row in table.table_rows(devices)] == ["192.0.2.9", "192.0.2.10", "2001:db8::7", "192.0.2.1"]

    def test_what_is_not_known_says_so(self) -> None:
        assert table.device_row(nameless())[1] == "unknown"
        assert table.device_row(nameless())[-2:] == ("unknown", "")

    def test_reasons_are_short_and_conflicts_come_first(self) -> None:
        lines = (
            "sadp.model = A (UDP 37020): maker hikvision [a.b 0.99]",
            "http.title = B (TCP 80): brand B [a.c 0.70]",
        )
        assert (
            table.device_row(camera(because=lines))[-1]
            == "It answered Hikvision's own search protocol and gave its model."
        )
        assert table.device_row(camera(conflicts=("two serials",)))[-1] == "two serials"

    def test_hostile_text_is_short_harmless_lines(self) -> None:
        (row,) = table.table_rows([HOSTILE_CAMERA])
        assert all(len(cell) <= 72 and cell.isprintable() for cell in row)

    def test_as_text_columns_line_up(self) -> None:
        lines = written("text", report(camera(1), camera(2, brand="海康威视"))).splitlines()
        assert lines[0].split()[0] == "IP"
        assert lines[1].index("DS-2CD") == lines[2].index("DS-2CD") + 4


@examples(200)
@given(st.text(), st.integers(1, 50))
def test_visible_text_is_one_line_within_its_limit(text: str, limit: int) -> None:
    shown = visible(text, limit)
    shown.encode("utf-8")
    assert len(shown) <= limit
    assert len(shown.splitlines()) <= 1


class TestFiles:
    def test_a_file_is_replaced_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "out.csv"
        path.write_text("old")
        path.chmod(0o640)
        write_atomically(path, lambda stream: print("new", file=stream))
        assert path.read_text() == "new\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert list(tmp_path.iterdir()) == [path]

    def test_a_failing_writer_leaves_the_old_file(self, tmp_path: Path) -> None:
        path = tmp_path / "out.csv"
        path.write_text("old")

        def fail(stream: TextIO) -> None:
            stream.write("half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with pytest.raises(OutputError, match=r"out\.csv: cannot be written: No space left on device$"):
            write_atomically(path, fail)
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_full_disk_is_one_line(self) -> None:
        if not Path("/dev/full").exists():
            pytest.skip("this system has no /dev/full")
        with pytest.raises(OutputError, match=r"^/dev/full: cannot be written: No space left on device$"):
            write_atomically("/dev/full", lambda stream: print("x", file=stream))

    def test_a_device_file_is_written_to(self) -> None:
        check_writable(os.devnull)
        write_atomically(os.devnull, lambda stream: print("x", file=stream))
        assert not Path(os.devnull).is_file()

    @pytest.mark.parametrize("act", [check_writable, lambda path: write_atomically(path, lambda _: None)])
    def test_what_cannot_be_written_is_one_line_that_says_why(self, tmp_path: Path, act: Any) -> None:
        with pytest.raises(OutputError, match=r"the folder .*missing does not exist; create it first$"):
            act(tmp_path / "missing" / "out.csv")
        with pytest.raises(OutputError, match=r"it is a folder; name a file in it$"):
            act(tmp_path)
        (tmp_path / "file").touch()
        with pytest.raises(OutputError, match="Not a directory"):
            act(tmp_path / "file" / "out.csv")

    def test_a_read_only_directory_is_found_out_before_the_scan(self, tmp_path: Path) -> None:
        if is_root():
            pytest.skip("root may write anywhere")
        tmp_path.chmod(0o500)
        with pytest.raises(OutputError, match="Permission denied"):
            check_writable(tmp_path / "out.csv")

    def test_checking_leaves_nothing_behind(self, tmp_path: Path) -> None:
        check_writable(tmp_path / "out.csv")
        assert list(tmp_path.iterdir()) == []

    def test_a_dash_is_standard_output_in_utf_8(self, monkeypatch: pytest.MonkeyPatch) -> None:
        buffer = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="ascii"))
        check_writable("-")
        write_atomically("-", lambda stream: print("Straße", file=stream))
        assert buffer.getvalue() == "Straße\n".encode()
