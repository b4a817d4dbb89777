"""What somebody does with the zip on Windows, from a first scan to a kill: under Wine, with the estate on Linux."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from estate_truth import faults

from camscan import demo
from camscan.asset import Asset
from camscan.net.pace import PACES
from camscan.register import open_register
from windows import browsing, collecting, forwarder, wiretap

ROOT = Path(__file__).resolve().parents[2]
NETWORK = "127.20.0.0/24"
SETTINGS = """\
ports: {http: [20080], favicon: [20080], login401: [20080], onvif: [20080], tls: [20443], rtsp: [20554]}
"""
KILLS = 10
ALL = {"group", "unicast", "tcp"}
_READY = 60.0


@dataclass(frozen=True)
class Stage:
    """The place where the story runs."""

    python: Path
    """Folder of Windows' Python: that of the zip."""
    folder: Path
    """An empty folder to work in."""
    environment: Mapping[str, str]

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs camscan under Wine."""
        return ["wine", str(self.python / "python.exe"), "-X", "utf8", "-m", "camscan", *arguments]

    def camscan(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.environment, check=False, text=True, timeout=300,
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip

    def typed(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a line as somebody types it at a command prompt, with camscan.cmd of the zip in front."""
        launcher = self.python.parent / "camscan.cmd"
        return subprocess.run(
            ["wine", "cmd", "/c", "Z:" + str(launcher).replace("/", "\\"), *arguments], cwd=self.folder,
            env=self.environment, check=False, text=True, timeout=300, stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip

    def report(self, name: str = "report.json") -> Any:
        """Read a report that was written."""
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


@contextlib.contextmanager
def estate() -> Iterator[Any]:
    """The simulated estate on this machine's loopback; what is true of its units. Nobody may have been harmed."""
    arguments = [sys.executable, "-m", "camscan.demo", "--base", NETWORK]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin
        assert process.stdout
        yield json.loads(process.stdout.readline())["truth"]
        process.stdin.close()
        assert json.loads(process.stdout.readline())["violations"] == []


def named(report: Any) -> set[tuple[Any, ...]]:
    """What makes two reports the same: which device is where."""
    return {
        (*device["ip_addresses"], *(device[name] for name in ("maker", "model", "serial")))
        for device in report["devices"]
    }


def demo_does_the_whole_job(stage: Stage) -> str:
    """``camscan.cmd demo``: its own estate, scan, register, CSV, report, table, and the line that opens the pages."""
    done = stage.typed("demo")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    folder = stage.folder / "demo-output"
    assert {path.name for path in folder.iterdir()} >= {"camscan.db", "devices.csv", "report.json"}
    wrong = faults(
        [asdict(truth) for truth in demo.estate(NETWORK).truth], stage.report("demo-output/report.json")["devices"], ALL
    )
    assert not wrong, "\n".join(wrong)
    last = done.stdout.strip().splitlines()[-1]
    assert re.fullmatch(
        r"The same in a browser: .*camscan(\.cmd)?\"? serve --register demo-output\\camscan\.db", last
    ), last
    return f"{len(stage.report('demo-output/report.json')['devices'])} devices, none wrong; {last!r}"


def a_capture_is_read(stage: Stage) -> str:
    """``import pcap`` enters what it does on Linux."""
    capture = ROOT / "tests" / "captures" / "attached.pcap"
    shutil.copy(capture, stage.folder / "attached.pcap")
    done = stage.camscan("import", "pcap", "attached.pcap", "--apply", "--register", "heard.db")
    assert done.returncode == 0, done.stdout + done.stderr
    linux = [
        sys.executable,
        "-m",
        "camscan",
        "import",
        "pcap",
        "attached.pcap",
        "--apply",
        "--register",
        "linux-heard.db",
    ]
    there = subprocess.run(
        linux, cwd=stage.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, timeout=200,
        capture_output=True, text=True,
    )  # fmt: skip
    assert there.returncode == 0
    assert identified(stage, "heard.db") == identified(stage, "linux-heard.db")
    return f"{len(identified(stage, 'heard.db'))} devices, the same as on Linux"


def identified(stage: Stage, register: str) -> set[tuple[str, ...]]:
    """Address, maker, model and serial number of each row."""
    with open_register(stage.folder / register, readonly=True) as book:
        assert book.find_faults() == []
        return {
            (
                ",".join(row.ip_addresses),
                *map(str, (row.identification.maker, row.identification.model, row.identification.serial)),
            )
            for row in book.devices()
        }


def the_pace_is_kept(stage: Stage) -> str:
    """At the gentle pace, beside Linux: what was sent, and how much of it within a second."""
    options = (NETWORK, "--pace", "gentle")
    with estate():
        with wiretap.count_packets() as windows:
            done = stage.camscan("scan", *options, "--register", "gentle.db")
            assert done.returncode == 0, done.stdout + done.stderr
        with wiretap.count_packets() as linux:
            command = [sys.executable, "-m", "camscan", "scan", *options, "--register", "gentle-linux.db", "--quiet"]
            subprocess.run(
                command, cwd=stage.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, timeout=300
            )
    assert windows.peak <= PACES["gentle"].packets, windows
    return f"Windows {windows}; Linux {linux}"


def a_collector_works_for_its_centre(stage: Stage) -> str:
    """``camscan collect``: enrols, scans what its site allows, sends it; the centre on Linux records the same."""
    place = stage.folder / "site"
    place.mkdir()
    (place / "camscan.yaml").write_text(SETTINGS, encoding="utf-8")
    there = replace(stage, folder=place)

    def here(*words: str) -> str:
        done = there.camscan(*words)
        assert done.returncode == 0, f"{words}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    with estate():
        own, recorded = collecting.collected(here, place, NETWORK, SETTINGS)
    return f"{own} devices found, {recorded} recorded by the centre, the same"


def scan_names_what_linux_names(stage: Stage) -> str:
    """The same devices as on Linux, and none wrong."""
    options = (NETWORK, "--pace", "fast", "--json")
    with estate() as truth:
        done = stage.camscan("scan", *options, "report.json")
        assert done.returncode == 0, done.stdout + done.stderr
        linux = [sys.executable, "-m", "camscan", "scan", *options, "linux.json", "--register", "linux.db", "--quiet"]
        subprocess.run(linux, cwd=stage.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, timeout=200)
    report = stage.report()
    wrong = faults(truth, report["devices"], ALL)
    assert not wrong, "\n".join(wrong)
    assert named(report) == named(stage.report("linux.json"))
    return f"{len(report['devices'])} devices, none wrong, the same as on Linux"


def sheets_go_out_and_come_back(stage: Stage) -> str:
    """Every form of the register without a difference, and one edit that is entered."""
    for suffix in ("ods", "xlsx", "csv"):
        done = stage.camscan("register", "export", f"register.{suffix}")
        assert done.returncode == 0, done.stderr
        done = stage.camscan("register", "import", f"register.{suffix}")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "othing" in done.stdout, done.stdout
    assert stage.camscan("register", "check").returncode == 0
    assert stage.camscan("register", "backup", "copy.db").returncode == 0
    return "ODS, XLSX and CSV without a difference; checked and backed up"


def serve_takes_an_entry(stage: Stage) -> str:
    """The last line of the demo opens the pages: sign in by the key, look, enter something. It is in the register."""
    number = next(row for row in rows(stage) if row.identification.maker == "hikvision").asset_id
    command = stage.command("serve", "--register", "demo-output/camscan.db", "--port", "8921")
    with subprocess.Popen(
        command, cwd=stage.folder, env=stage.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            link = next((found for line in process.stdout if (found := browsing.LINK.match(line))), None)
            assert link, "it gives no link"
            headline = browsing.sign_in_and_enter(link[1], link[2], number)
        finally:
            end(process)
    row = next(row for row in rows(stage) if row.asset_id == number)
    assert row.entries["location_detail"] == "Stair – größer", row.entries
    return f"signed in; {headline}; one visit entered"


def rows(stage: Stage) -> list[Asset]:
    """The rows of the demo's register, as Linux reads what Windows wrote."""
    with open_register(stage.folder / "demo-output" / "camscan.db", readonly=True) as book:
        assert book.find_faults() == []
        return list(book.devices())


def end(process: subprocess.Popen[Any]) -> None:
    """Kill what was started, Windows' process included, as a power cut would."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.wait()


def ctrl_c_keeps_what_was_found(stage: Stage) -> str:
    """On a console, in the middle; --resume then ends as an undisturbed scan does."""
    options = (NETWORK, "--pace", "normal", "--register", "stopped.db", "--json", "stopped.json")
    with estate():
        whole = stage.camscan("scan", NETWORK, "--pace", "fast", "--register", "whole.db", "--json", "whole.json")
        assert whole.returncode == 0
        master, slave = pty.openpty()
        command = ["setsid", "--ctty", "--wait", *stage.command("scan", *options)]
        process = subprocess.Popen(
            command, cwd=stage.folder, env=stage.environment, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        wait_for(lambda: journalled(stage, "stopped.db") > 20)
        os.write(master, b"\x03")
        code = drained(master, process)
        assert code == 130, code
        kept = len(stage.report("stopped.json")["devices"])
        assert kept > 0
        done = stage.camscan("scan", *options, "--resume")
        assert done.returncode == 0, done.stdout + done.stderr
    assert named(stage.report("stopped.json")) == named(stage.report("whole.json"))
    return f"{kept} devices kept, and all of them after --resume"


def drained(master: int, process: subprocess.Popen[Any]) -> int:
    """Read a terminal until the program behind it has ended; its exit code."""
    with contextlib.suppress(OSError):
        while os.read(master, 65536):
            pass
    os.close(master)
    return process.wait(timeout=60)


def journalled(stage: Stage, register: str) -> int:
    """How many lines a scan has written into its journal so far."""
    paths = list(stage.folder.glob(f"{register}.unfinished-*"))
    return sum(path.read_bytes().count(b"\n") for path in paths)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until the condition is true, for a minute at most."""
    until = time.monotonic() + _READY
    while not condition():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.02)


def ten_kills_lose_nothing(stage: Stage) -> str:
    """Killed ten times, at ten points of its journal, one scan comes to the same end."""
    options = (NETWORK, "--pace", "normal", "--register", "killed.db", "--json", "killed.json")
    at: list[int] = []
    with estate():
        whole = stage.camscan("scan", NETWORK, "--pace", "fast", "--register", "whole.db", "--json", "whole.json")
        assert whole.returncode == 0
        while len(at) < KILLS and (line := killed(stage, [*options, *(["--resume"] if at else [])])):
            at.append(line)
        done = stage.camscan("scan", *options, "--resume")
        assert done.returncode == 0, done.stdout + done.stderr
    assert named(stage.report("killed.json")) == named(stage.report("whole.json"))
    check = stage.camscan("register", "check", "--register", "killed.db")
    assert check.returncode == 0, check.stdout
    return f"{len(at)} kills, at lines {', '.join(map(str, at))} of the journal; nothing lost"


def killed(stage: Stage, options: list[str]) -> int:
    """Start a scan and kill it when it has written a little more; at which line, or 0 where it had ended before."""
    before = journalled(stage, "killed.db")
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(
        stage.command("scan", *options), cwd=stage.folder, env=stage.environment, stdin=nowhere, stdout=nowhere,
        stderr=nowhere,
    )  # fmt: skip
    wait_for(lambda: journalled(stage, "killed.db") > before + 8 or process.poll() is not None)
    if process.poll() is not None:
        return 0
    line = journalled(stage, "killed.db")
    end(process)
    time.sleep(0.5)  # until Windows' half is gone, and its lock with it
    return line


STORY = (
    demo_does_the_whole_job,
    scan_names_what_linux_names,
    sheets_go_out_and_come_back,
    serve_takes_an_entry,
    a_capture_is_read,
    the_pace_is_kept,
    a_collector_works_for_its_centre,
    ctrl_c_keeps_what_was_found,
    ten_kills_lose_nothing,
)


def unpacked(fetched: Path, place: Path) -> None:
    """Make the zip from this source, with the tests' Python for the publisher's, and unpack it."""
    python_zip, lock = place / "python-3.11.9-embed-amd64.zip", place / "python.lock"
    with zipfile.ZipFile(python_zip, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((fetched / "cp311").iterdir()):
            archive.write(path, path.name)
    lock.write_text(f"{python_zip.name} {sha256(python_zip.read_bytes()).hexdigest()}\n")
    make = [sys.executable, str(ROOT / "bundles" / "make.py"), "windows", str(python_zip), "--lock", str(lock)]
    done = subprocess.run([*make, "--output", str(place)], check=True, capture_output=True, text=True)
    top = place / "a folder"  # with a space in its name
    shutil.rmtree(top, ignore_errors=True)
    with zipfile.ZipFile(done.stdout.rpartition(" (")[0]) as archive:
        archive.extractall(top)
    forwarder.write(top / "camscan" / "python")


def run_story(stage: Stage, most: int | None = None) -> tuple[int, list[str]]:
    """Run the story, or its beginning. Returns how many parts failed, and what each showed."""
    failed, told = 0, []
    (stage.folder / "camscan.yaml").write_text(SETTINGS, encoding="utf-8")
    for part in STORY[:most]:
        began = time.monotonic()
        try:
            said = part(stage)
        except (AssertionError, subprocess.SubprocessError, OSError, KeyError, ValueError) as error:
            failed += 1
            said = f"FAILED: {error}"
        told.append(f"{part.__name__.replace('_', ' ')}: {said} ({time.monotonic() - began:.0f} s)")
        sys.stdout.write(f"{told[-1]}\n")
        sys.stdout.flush()
    return failed, told
