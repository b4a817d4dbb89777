"""The log of a run: off until it is asked for, harmless whatever a device says, and nobody else's to read."""

from __future__ import annotations

import io
import json
import logging
import os
import stat
from pathlib import Path

import pytest
from command_line import Camscan
from hypothesis import given
from hypothesis import strategies as st
from sample_report import HOSTILE, NOON

from camscan import log
from camscan.app.log import logging_to
from camscan.errors import OutputError
from camscan.log import Layout
from camscan.model import Attempt, Observation, Outcome
from camscan.scan.state import _log_attempt

ATTEMPT = Attempt(
    "rtsp", "192.0.2.7", 554, Outcome.ANSWERED, (Observation("192.0.2.7", 554, "rtsp", "rtsp.server", HOSTILE, NOON),)
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.log"


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split("\n")[:-1]


def test_it_is_off_until_it_is_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    assert not log.is_on()
    _log_attempt(ATTEMPT)
    log.event("decided", "192.0.2.7", maker="hikvision")
    assert capfd.readouterr() == ("", "")
    assert not logging.getLogger("camscan").handlers


def test_an_answer_is_one_line_and_what_it_says_comes_with_the_details(file: Path) -> None:
    with logging_to(file, Layout.TEXT):
        _log_attempt(ATTEMPT)
    with logging_to(file, Layout.TEXT, detailed=True):
        _log_attempt(ATTEMPT)
    assert not log.is_on()
    assert [line.split(" ", 1)[1].partition(" value=")[0] for line in lines(file)] == [
        "192.0.2.7 answered probe=rtsp port=554",
        "192.0.2.7 answered probe=rtsp port=554",
        "192.0.2.7 says key=rtsp.server",
    ]


@pytest.mark.parametrize("layout", Layout)
@given(st.one_of(st.just(HOSTILE), st.text(), st.binary().map(lambda value: value.decode("latin-1"))))
def test_text_of_a_device_is_harmless_and_short(layout: Layout, said: str) -> None:
    stream = io.StringIO()
    with logging_to(lambda: stream, layout):
        log.event("answered", said, value=said)
    line = stream.getvalue()
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert len(line) < 2 * 300 * 10 + 100
    line.encode()
    if layout is Layout.JSON:
        assert json.loads(line)["what"] == "answered"


def test_nobody_can_make_a_line_of_their_own(file: Path) -> None:
    with logging_to(file, Layout.TEXT):
        log.event("answered", "192.0.2.7", value='x" maker=axis\n2027-01-01T00:00:00.000Z 192.0.2.8 decided maker="y')
    (line,) = lines(file)
    assert r'value="x\" maker=axis\n2027-01-01T00:00:00.000Z 192.0.2.8 decided maker=\"y"' in line


def test_only_the_owner_can_read_the_file_and_what_was_in_it_stays(file: Path) -> None:
    for _ in range(2):
        with logging_to(file, Layout.JSON):
            log.event("answered", "192.0.2.7")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [json.loads(line)["ip"] for line in lines(file)] == ["192.0.2.7"] * 2


@pytest.mark.parametrize("kind", ["link", "second name", "pipe", "directory", "nowhere"])
def test_it_follows_no_link_and_writes_to_nothing_but_a_file_of_its_own(tmp_path: Path, file: Path, kind: str) -> None:
    other = tmp_path / "other"
    other.write_text("precious")
    if kind == "link":
        file.symlink_to(other)
    elif kind == "second name":
        os.link(other, file)
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "directory":
        file.mkdir()
    else:
        file = tmp_path / "missing" / "run.log"
    with pytest.raises(OutputError, match=r"run\.log: [^\n]+"), logging_to(file, Layout.TEXT):
        pass
    assert other.read_text() == "precious"
    assert not logging.getLogger("camscan").handlers


def test_a_full_disk_ends_the_log_and_not_the_run(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("camscan.app.log._open_log", lambda _file: Full())
    warnings: list[str] = []
    with logging_to(file, Layout.TEXT, warn=warnings.append):
        log.event("answered", "192.0.2.7")
        log.event("answered", "192.0.2.8")
    assert warnings == [f"{file}: logging stopped: No space left on device"]


class TestOptions:
    @pytest.fixture(autouse=True)
    def home(self, workplace: Path) -> Path:
        return workplace

    @pytest.mark.parametrize(
        "arguments",
        [
            ("-vv", "--log-file", "run.log", "scan", "127.0.0.77", "-q"),
            ("scan", "-vv", "127.0.0.77", "--log-file", "run.log", "-q"),
            ("-v", "scan", "127.0.0.77", "-q", "-v", "--log-file", "run.log"),
            ("--log-file", "run.log", "scan", "127.0.0.77", "-q", "--verbose", "-v"),
        ],
    )
    def test_they_stand_before_the_command_or_after_it(
        self, camscan: Camscan, workplace: Path, arguments: tuple[str, ...]
    ) -> None:
        assert camscan(*arguments) == (0, "", "")
        asked = {line.split(" ", 1)[1] for line in lines(workplace / "run.log")}
        assert "127.0.0.77 asked by TCP port=80 outcome=refused" in {line.partition(" detail=")[0] for line in asked}
        assert not logging.getLogger("camscan").handlers

    def test_without_a_file_it_goes_to_standard_error(self, camscan: Camscan) -> None:
        code, out, err = camscan("scan", "127.0.0.77", "-q", "-vv", "--log-format", "json")
        assert (code, out) == (0, "")
        said = [json.loads(line) for line in err.splitlines()]
        assert {each["ip"] for each in said} >= {"127.0.0.77"}
        assert {each["what"] for each in said} >= {"asked by UDP", "asked by TCP"}

    def test_a_file_that_cannot_be_written_ends_it_before_anything_is_sent(
        self, camscan: Camscan, workplace: Path
    ) -> None:
        (workplace / "run.log").symlink_to("other")
        said = "camscan: run.log: the log cannot be written: it is a link\n"
        assert camscan("scan", "127.0.0.77", "--log-file", "run.log") == (1, "", said)
        assert not (workplace / "camscan.db").exists()
