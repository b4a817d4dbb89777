"""``camscan scan`` and its neighbours on a simulated estate: what is printed where, signals, full disks, privileges."""

from __future__ import annotations

import asyncio
import csv
import gc
import io
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Camscan, contents
from estate_truth import faults, standing
from jsonschema import Draft202012Validator
from own_network import is_root
from sample_report import camera, report

from camscan.app import record, resume, scan
from camscan.app.scan import Interruption
from camscan.cli._estate import serve_estate
from camscan.cli._signals import like_ctrl_c, take_signals
from camscan.cli.demo import PORTS
from camscan.exports.csv import COLUMNS
from camscan.net.door import Door
from camscan.register import open_register
from camscan.scan.engine import Scan
from camscan.scan.state import ScanState

ROOT = Path(__file__).parents[1]
BASE = "127.41.3.0/24"
UNITS = 8
FEW = f"127.41.3.1-{UNITS}"
SCHEMA = ROOT / "camscan" / "exports" / "report.schema.json"
TRACEBACK = b"Traceback"


@pytest.fixture(scope="module")
def estate() -> Iterator[list[dict[str, Any]]]:
    """Some units that answer at once; what is true of them."""
    with standing(BASE, UNITS, 41) as truth:
        yield truth


@pytest.fixture(autouse=True)
def home(workplace: Path) -> Path:
    """A directory of one's own to work in, with the ports of the estate in its camscan.yaml."""
    lines = (f"  {probe}: {list(ports)}\n" for probe, ports in PORTS.items())
    (workplace / "camscan.yaml").write_text("ports:\n" + "".join(lines) + "pace: fast\n")
    return workplace


def valid(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found)
    return found


def ours(devices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of our estate: another one on this machine's loopback hears our questions to groups, and answers."""
    return [device for device in devices if device["ip_addresses"][0].startswith("127.41.3.")]


def serials(devices: list[dict[str, Any]]) -> set[str]:
    return {device["serial"] for device in devices if device["serial"]}


class TestOutput:
    def test_files_register_and_table(self, camscan: Camscan, estate: list[dict[str, Any]], home: Path) -> None:
        code, out, err = camscan("scan", FEW, "--json", "report.json", "--csv", "devices.csv")
        assert (code, err) == (0, "")
        found = valid((home / "report.json").read_text(encoding="utf-8"))
        assert faults(estate, ours(found["devices"]), {"group", "unicast", "tcp"}) == []
        rows = list(csv.reader((home / "devices.csv").read_text(encoding="utf-8").splitlines()))
        assert tuple(rows[1]) == COLUMNS
        assert len(rows) == len(found["devices"]) + 2
        with open_register("camscan.db", readonly=True) as register:
            assert len(register.devices()) == len(found["devices"])
        assert re.search(rf"^Coverage: {UNITS} addresses: ", out, re.MULTILINE)
        assert all(truth["model"] in out for truth in estate if truth["model"])
        assert re.search(r"^Why a device was named: camscan show 127\.[\d.]+$", out, re.MULTILINE)
        assert sorted(path.name for path in home.iterdir()) == [
            "camscan.db",
            "camscan.db.lock",
            "camscan.yaml",
            "devices.csv",
            "report.json",
        ]

    @pytest.mark.usefixtures("estate")
    def test_what_only_the_scan_needed_is_given_back_before_it_is_recorded(
        self, camscan: Camscan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held: list[object] = []

        def keep(*arguments: Any) -> Any:
            held.extend(type(one) for one in gc.get_objects() if isinstance(one, Door | Scan | ScanState))
            return record.record_and_write(*arguments)

        monkeypatch.setattr(resume, "record_and_write", keep)
        monkeypatch.setattr(scan, "FEW_DEVICES", 0)  # as if it had found many
        assert camscan("scan", FEW)[0] == 0
        assert held == []

    @pytest.mark.usefixtures("estate")
    def test_json_alone_on_standard_output(self, camscan: Camscan) -> None:
        code, out, err = camscan("scan", FEW, "--json", "-")
        assert code == 0
        assert re.fullmatch(rf"First scan of {FEW}\. Hikvision or Dahua: .*\.\n", err)
        assert len(ours(valid(out)["devices"])) == UNITS

    @pytest.mark.usefixtures("estate")
    def test_csv_alone_on_standard_output(self, camscan: Camscan) -> None:
        code, out, err = camscan("scan", FEW, "--csv", "-")
        assert code == 0
        assert re.fullmatch(rf"First scan of {FEW}\. Hikvision or Dahua: .*\.\n", err)
        rows = list(csv.DictReader(io.StringIO(out.partition("\n")[2])))
        assert "127.41.3.1" in [row["ip_addresses"] for row in rows]

    @pytest.mark.usefixtures("estate")
    def test_quiet(self, camscan: Camscan, home: Path) -> None:
        code, out, err = camscan("scan", FEW, "--quiet")
        assert (code, out) == (0, "")
        assert err.startswith(f"First scan of {FEW}. Hikvision or Dahua: ")
        assert err.count("\n") == 1
        assert camscan("scan", FEW, "--quiet") == (0, "", "")
        assert (home / "camscan.db").stat().st_size > 0

    @pytest.mark.usefixtures("estate")
    def test_capture_then_identify_says_the_same(self, camscan: Camscan, home: Path) -> None:
        code, out, err = camscan("capture", FEW, "-o", "replies.jsonl")
        assert (code, out) == (0, "")
        assert re.fullmatch(r"\d+ replies from \d+ addresses\n", err)
        code, out, err = camscan("identify", "replies.jsonl")
        assert (code, err) == (0, "")
        again = [json.loads(line) for line in out.splitlines()]
        live = valid(camscan("scan", FEW, "--json", "-")[1])["devices"]
        assert serials(ours(live)) <= serials(again)
        named = {device["maker"] for device in ours(live)}
        assert named <= {device["maker"] for device in again}
        assert not (home / "replies.jsonl.lock").exists()

    @pytest.mark.usefixtures("estate")
    def test_a_reader_that_goes_away(self, home: Path) -> None:
        script = f"{sys.executable} -m camscan scan {FEW} --json - | head -c 1; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", script], capture_output=True, env=environment(), check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"{", b"")
        with open_register(home / "camscan.db", readonly=True) as register:
            assert len(register.devices()) >= UNITS

    def test_passive_sends_nothing_and_says_what_it_misses(self, camscan: Camscan) -> None:
        code, out, _ = camscan("scan", "127.41.4.0/30", "--passive", "--listen-for", "1")
        assert code == 0
        assert "nothing was asked: devices that did not announce themselves in this time are missing" in out


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"} | more


class Terminal:
    """camscan on a terminal of a given width: what it writes to it, with the escape sequences taken out."""

    def __init__(self, *arguments: str, columns: int = 80, **more: str) -> None:
        import pty  # noqa: PLC0415 - Windows has none

        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "camscan", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(COLUMNS=str(columns), LINES="40", **more),
            start_new_session=True,
        )
        os.close(slave)
        self.raw = b""

    def read(self, until: str = "", seconds: float = 40.0) -> str:
        """What was written, up to ``until``, or to the end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not (until and re.search(until, self.text)):
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.raw += os.read(self.master, 65536)
                except OSError:  # Linux's word for the end of a terminal
                    break
        return self.text

    @property
    def text(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r(?=\n)", "", self.raw.decode())

    def end(self) -> int:
        self.read()
        os.close(self.master)
        return self.process.wait(timeout=20)


@pytest.mark.usefixtures("estate")
class TestOnATerminal:
    def test_what_the_pace_means_progress_and_a_table_that_fits(self) -> None:
        terminal = Terminal("scan", FEW, columns=80)
        code = terminal.end()
        assert code == 0
        before, _, rest = terminal.text.partition("asking ")
        words = " ".join(before.split())
        assert f"Asking {UNITS} addresses at fast pace: at most 20,000 packets and 2,500 connections a second" in words
        assert re.search(r"It takes up to about \d+ seconds", before)
        assert re.search(rf"[1-{UNITS}]/{UNITS} \d+ answered, \d+ alive", rest)
        rows = [line for line in rest.splitlines() if line.startswith(("IP ", "127."))]
        assert rows[0].split()[:2] == ["IP", "Maker"]
        assert max(map(len, rows)) <= 80
        words = " ".join(rest.split())
        assert re.search(
            r"Columns left out for lack of room: .*Because\. A wider window, --csv and --json show them\.", words
        )
        said = rest[rest.index("Hikvision or Dahua: ") :]
        assert max(map(len, said.splitlines())) <= 80

    def test_quiet_is_silent_there_too(self) -> None:
        assert Terminal("scan", FEW, "--quiet").end() == 0
        terminal = Terminal("scan", FEW, "--quiet")
        assert terminal.end() == 0
        assert terminal.raw == b"", "all of it was known"

    def test_no_colour_where_none_is_wanted(self) -> None:
        terminal = Terminal("show", "--register", "none.db", NO_COLOR="1")
        assert terminal.end() == 1
        plain = Terminal("scan", FEW, NO_COLOR="1")
        assert plain.end() == 0
        table = plain.raw[plain.raw.rindex(b"IP ") :]
        assert b"\x1b[1m" not in table

    def test_a_terminal_that_can_do_nothing(self) -> None:
        terminal = Terminal("scan", FEW, TERM="dumb")
        assert terminal.end() == 0
        assert b"\x1b" not in terminal.raw[terminal.raw.rindex(b"IP ") :]


@pytest.mark.usefixtures("estate")
class TestInterrupted:
    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
    def test_what_was_found_is_kept(self, home: Path, number: signal.Signals, code: int) -> None:
        arguments = ("scan", "127.41.3.0/24", "--pace", "gentle", "--json", "report.json", "--csv", "devices.csv")
        terminal = Terminal(*arguments, columns=120)
        terminal.read(r"(?:[4-9]|\d\d) answered")  # it may rise by several at once
        terminal.process.send_signal(number)
        assert terminal.end() == code
        assert "camscan: stopping and keeping what was found; press again to stop at once" in terminal.text
        assert "The scan was interrupted: what was found is kept; run it again for the rest" in terminal.text
        assert TRACEBACK not in terminal.raw
        found = valid((home / "report.json").read_text(encoding="utf-8"))
        assert found["completion"] == "interrupted"
        assert len(found["devices"]) >= 4
        with open_register("camscan.db", readonly=True) as register:
            assert len(register.devices()) == len(found["devices"])
        assert len((home / "devices.csv").read_text(encoding="utf-8").splitlines()) == len(found["devices"]) + 2

    def test_twice_ends_it_at_once_and_leaves_nothing_half_written(self, home: Path) -> None:
        with open_register(home / "camscan.db") as register:
            register.record(report(camera(), scan_id="old"))
        terminal = Terminal("scan", "127.41.3.0/24", "--pace", "gentle", "--json", "report.json")
        terminal.read(r"[1-9] answered")
        terminal.process.send_signal(signal.SIGINT)
        time.sleep(0.002)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130
        assert TRACEBACK not in terminal.raw
        with open_register(home / "camscan.db", readonly=True) as register:
            assert len(register.scans()) in {1, 2}
        assert not list(home.glob("*.tmp")) + list(home.glob(".*.tmp"))
        if (home / "report.json").exists():
            valid((home / "report.json").read_text(encoding="utf-8"))

    def test_capture_keeps_the_replies(self, home: Path) -> None:
        terminal = Terminal("capture", "127.41.3.0/24", "--pace", "gentle", "-o", "replies.jsonl")
        terminal.read(r"(?:[4-9]|\d\d) answered")  # it may rise by several at once
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130
        assert len((home / "replies.jsonl").read_text(encoding="utf-8").splitlines()) >= 4


def interrupt(number: int, times: int) -> list[int]:
    """Send ourselves a signal while there is something to keep; what was noted after each."""
    noted = []
    with take_signals() as interruption:
        interruption.on_first = lambda: noted.append(-1)
        for _ in range(times):
            os.kill(os.getpid(), number)
            noted.append(interruption.number)
    return noted


class TestSignals:
    def test_the_first_is_noted(self) -> None:
        before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
        assert interrupt(signal.SIGINT, 1) == [-1, signal.SIGINT]
        assert interrupt(signal.SIGTERM, 1) == [-1, signal.SIGTERM]
        assert interrupt(signal.SIGHUP, 1) == [-1, signal.SIGHUP]
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL

    def test_the_second_ends_the_program(self) -> None:
        with pytest.raises(KeyboardInterrupt):
            interrupt(signal.SIGINT, 2)
        with pytest.raises(SystemExit) as ended:
            interrupt(signal.SIGTERM, 2)
        assert ended.value.code == 143
        with pytest.raises(SystemExit) as ended:
            interrupt(signal.SIGHUP, 2)
        assert ended.value.code == 129

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_the_second_abandons_a_scan_between_two_steps_of_it(self, number: signal.Signals, code: int) -> None:
        ended = []

        async def scan(interruption: Interruption) -> None:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            assert task
            interruption.on_second = lambda: loop.call_soon_threadsafe(task.cancel)
            try:
                for _ in range(2):
                    os.kill(os.getpid(), number)  # an exception here would fly through the loop
                ended.append("no exception")
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0)
                ended.append("tidied up")

        with pytest.raises((KeyboardInterrupt, SystemExit)) as raised, take_signals() as interruption:
            asyncio.run(scan(interruption))
        assert ended == ["no exception", "tidied up"]
        assert number == signal.SIGINT or (isinstance(raised.value, SystemExit) and raised.value.code == code)

    def test_a_terminal_that_goes_away_sends_more_than_one(self, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
        terminal = home / "tty"
        terminal.touch()
        monkeypatch.setattr("camscan.system.linux._TERMINAL", str(terminal))
        with take_signals() as interruption:
            interruption.on_first = terminal.unlink
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGHUP)
            assert interruption.number == signal.SIGHUP
            with pytest.raises(SystemExit):
                os.kill(os.getpid(), signal.SIGTERM)

    def test_under_nohup_a_terminal_that_goes_away_is_nothing(self) -> None:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            assert interrupt(signal.SIGHUP, 2) == [0, 0]
        finally:
            signal.signal(signal.SIGHUP, before)

    def test_where_ctrl_c_is_what_is_taken_the_others_do_the_same(self) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            with like_ctrl_c() as signals, pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
            assert signals == [number]


def alone(*arguments: str, before: str = "", after: str = "", drop: bool = False) -> subprocess.CompletedProcess[str]:
    """Run camscan in namespaces of its own, where this machine allows that; without capabilities where ``drop``."""
    if not is_root() or not shutil.which("unshare"):
        pytest.skip("needs root and unshare(1)")
    if subprocess.run(["unshare", "-n", "-m", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine allows no namespaces")
    powers = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if drop else []
    words = [*powers, sys.executable, "-m", "camscan", *arguments]
    ready = f"mount -t sysfs none /sys && ip link set lo up && {before or 'true'} || exit 99"
    return subprocess.run(
        ["unshare", "-n", "-m", "sh", "-c", f'{ready}\n"$@"; code=$?\n{after}\nexit $code', "sh", *words],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )


SMALL_DISK = "mkdir small && mount -t tmpfs -o size={size} tmpfs small"
FILLED = " && {{ cat /dev/zero > small/rest || true; }} 2>/dev/null"


class TestFullDisk:
    def test_no_room_for_a_register(self) -> None:
        done = alone("scan", "127.41.4.1", "--register", "small/camscan.db", before=SMALL_DISK.format(size="64k"))
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            "camscan: small/camscan.db: the disk is full; free some space and run again. "
            "Nothing of this run was recorded\n"
        )

    def test_the_register_of_earlier_scans_is_as_it_was_and_the_report_is_written(self, home: Path) -> None:
        with open_register(home / "camscan.db") as register:
            register.record(report(*map(camera, range(20)), scan_id="old"))
        old = contents(home)["camscan.db"]
        done = alone(
            *("scan", "127.41.4.1", "--register", "small/camscan.db", "--json", "report.json"),
            before=(SMALL_DISK + " && cp camscan.db small" + FILLED).format(size="1m"),
            after="sha256sum small/camscan.db > hash",
        )
        assert done.returncode == 1
        assert re.fullmatch(r"camscan: small/camscan\.db(\.lock|): [^\n]+\n", done.stderr), done.stderr
        assert (home / "hash").read_text().split()[0] == old

    def test_no_room_for_the_report(self) -> None:
        done = alone(
            *("scan", "127.41.4.1", "--json", "small/report.json", "--csv", "devices.csv"),
            before=(SMALL_DISK + FILLED).format(size="16k"),
        )
        assert done.returncode == 1
        assert done.stderr == "camscan: small/report.json: cannot be written: No space left on device\n"
        assert Path("devices.csv").exists()


class TestWithoutPrivilege:
    LINK = (
        "ip link add cctv0 type veth peer name cctv1 && ip addr add 10.99.0.1/29 dev cctv0 && "
        "ip link set cctv0 up && ip link set cctv1 up"
    )

    def test_the_scan_goes_on_and_says_what_is_lost(self, home: Path) -> None:
        (home / "camscan.yaml").unlink()
        done = alone("scan", "10.99.0.0/29", "--pace", "fast", "--json", "report.json", before=self.LINK, drop=True)
        assert done.stderr == ""
        assert done.returncode in {0, 3}
        assert "no ARP sweep on cctv0" in done.stdout
        assert "no layer-2 inquiry on cctv0" in done.stdout
        notes = valid((home / "report.json").read_text(encoding="utf-8"))["coverage"]["notes"]
        assert any(note.startswith("no ARP sweep on cctv0") for note in notes)

    def test_a_directory_without_the_right_to_write(self, home: Path) -> None:
        (home / "theirs").mkdir(mode=0o555)
        done = alone("scan", "127.41.4.1", "--csv", "theirs/devices.csv", drop=True)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "camscan: theirs/devices.csv: cannot be written: Permission denied\n"
        done = alone("scan", "127.41.4.1", "--register", "theirs/camscan.db", drop=True)
        assert (done.returncode, done.stdout) == (1, "")
        assert re.fullmatch(r"camscan: theirs/camscan\.db: [^\n]+\n", done.stderr)


class TestDemo:
    def test_it_needs_no_question_and_no_configuration(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.yaml").unlink()
        code, out, err = camscan("demo", "--pace", "fast")
        assert (code, err) == (0, "")
        assert out.startswith("A simulated estate of ")
        found = valid((home / "demo-output" / "report.json").read_text(encoding="utf-8"))
        assert {"hikvision", "dahua"} <= {device["maker"] for device in found["devices"]}
        assert sorted(path.name for path in (home / "demo-output").iterdir() if path.suffix != ".lock") == [
            "camscan.db",
            "devices.csv",
            "report.json",
        ]

    def test_two_at_once(self, camscan: Camscan) -> None:
        with serve_estate():
            code, out, err = camscan("demo", "--pace", "fast")
        assert (code, out) == (1, "")
        assert err == (
            "camscan: the simulated estate cannot start on 127.20.0.0/24 (Address already in use); is another demo "
            "running?\n"
        )

    def test_a_directory_that_cannot_be_made(self, camscan: Camscan, home: Path) -> None:
        (home / "taken").touch()
        code, out, err = camscan("demo", "--output", "taken")
        assert (code, out) == (1, "")
        assert err == "camscan: taken: cannot be created: Not a directory; name another with --output\n"
