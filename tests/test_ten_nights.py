"""Ten nights and more of `camscan run`: messages exactly when due, the documented exit codes, and nothing lost.

In the story a scan finds what the test says; mail goes over SMTP to a server on loopback, and everything else is the
program. One night scans a real estate on loopback and is killed, one has a full disk.
"""

from __future__ import annotations

import email
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path

import pytest

pytest.importorskip("aiosmtpd", reason="needs the mail server of the tests")

import listeners
from aiosmtpd.smtp import Envelope
from command_line import Camscan, contents
from estate_truth import standing
from listeners import Mailbox
from sample_report import ROLE, camera, report

from camscan import app
from camscan.app import request, resume
from camscan.app.request import PreparedScan
from camscan.app.scan import ScanResult
from camscan.cli.demo import PORTS
from camscan.model import Completion, Device
from camscan.register import Edit, open_register
from camscan.scan.journal import interrupted_runs

ROOT = Path(__file__).parents[1]
ALARM = "Alarm: 1 device is back although it was recorded as removed"
FIRST = datetime.now(UTC).replace(microsecond=0) - timedelta(days=14)
SITES = """\
organisation: Example Borough Council
sites:
  - {name: Town Hall, cidrs: [10.9.0.0/25]}
  - {name: Depot, cidrs: [10.9.0.128/26]}
run: {every: day, after: {csv: cameras.csv}}
"""
MAIL = """\
notify:
  - name: ICT
    channel: mail
    to: [ict@example.gov.uk]
    from: camscan@example.gov.uk
    server: 127.0.0.1
    port: %(port)d
    ca_file: %(ca)s
    classes: [alarm, trouble]
  - name: CCTV team
    channel: mail
    to: [cctv@example.gov.uk]
    from: camscan@example.gov.uk
    server: 127.0.0.1
    port: %(port)d
    ca_file: %(ca)s
    classes: [alarm, news]
"""
NAMES = {"ict@example.gov.uk": "ICT", "cctv@example.gov.uk": "CCTV team"}
ENDED = """\
authorisations:
  - {role: Head of ICT, date: 2020-01-01, expires: 2020-12-31, cidrs: [10.9.0.0/25]}
  - {role: Head of ICT, date: 2020-01-01, expires: 2999-12-31, cidrs: [10.9.0.128/26]}
"""


@dataclass
class Council:
    """What hangs where, what o'clock it is, and the mail server."""

    camscan: Camscan
    settings: str
    box: Mailbox
    night: float = 0
    here: dict[str, list[Device]] = field(default_factory=dict)
    scans: int = 0

    def clock(self) -> datetime:
        return FIRST + timedelta(days=self.night)

    def scanned(self, prepared: PreparedScan, *_: object) -> ScanResult:
        self.scans += 1
        site, devices = prepared.plan.site, self.here.get(prepared.plan.site, [])
        texts = prepared.plan.targets.texts
        return ScanResult(report(*devices, scan_id=f"scan-{self.scans}", when=self.clock(), site=site, targets=texts))

    def run(self) -> tuple[int, list[str], str]:
        """One night: exit code, ``whom: subject`` of what arrived, standard error."""
        self.box.mails.clear()
        code, out, err = self.camscan("run")
        assert out == ""
        self.night += 1
        return code, sorted(map(self.said, self.box.mails)), err

    def said(self, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        assert b"10.9.0." not in envelope.content
        assert b"AAWR" not in envelope.content  # of serial numbers
        (to,) = envelope.rcpt_tos
        mail = email.message_from_bytes(envelope.content, policy=policy.default)
        subject = str(mail["Subject"]).removesuffix(" (Example Borough Council)")
        return f"{NAMES[to]}: {subject.removeprefix('camscan: ')}"


def test_the_story(camscan: Camscan, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = listeners.authority(workplace)
    with listeners.mail_server(authority.context) as box, ExitStack() as later:
        settings = SITES + MAIL % {"port": box.port, "ca": authority.file.name}
        Path("camscan.yaml").write_text(settings, encoding="utf-8")
        council = Council(camscan, settings, box)
        monkeypatch.setattr(app.run, "read_clock", council.clock)
        monkeypatch.setattr(resume, "run_scan", council.scanned)
        hall, depot = (
            [camera(n, ip=f"10.9.0.{n}") for n in range(1, 6)],
            [camera(n, ip=f"10.9.0.{n}") for n in range(140, 144)],
        )
        council.here = {"Town Hall": hall, "Depot": depot}
        first_nights(council, hall)
        a_removed_camera(council, hall)
        a_dead_mail_server(council, depot, box)
        a_silent_subnet(council, depot)
        a_locked_register(council)
        a_wrong_clock(council)
        an_ended_authorisation(council)
        later.callback(nothing_is_lost, council)


def first_nights(council: Council, hall: list[Device]) -> None:
    assert council.run() == (0, ["CCTV team: News: 2 places were scanned for the first time"], "")
    hall.append(camera(50, ip="10.9.0.50"))
    assert council.run() == (0, ["CCTV team: News: 1 new device"], "")
    assert council.run() == (0, [], "")


def a_removed_camera(council: Council, hall: list[Device]) -> None:
    gone = hall.pop()
    with open_register("camscan.db", editing=True) as book:
        (asset,) = book.find_devices("10.9.0.50")
        entries = {
            "lifecycle_status": "removed",
            "actual_removal_date": (council.clock() - timedelta(days=1)).date().isoformat(),
            "removal_evidence_ref": "works order 48213",
        }
        book.edit_entries([Edit(asset.asset_id, *entry) for entry in entries.items()], role=ROLE, how="test")
    assert council.run() == (0, [], "")
    hall.append(gone)
    assert council.run() == (0, [f"CCTV team: {ALARM}", f"ICT: {ALARM}"], "")


def a_dead_mail_server(council: Council, depot: list[Device], box: Mailbox) -> None:
    depot.append(camera(150, ip="10.9.0.150"))
    dead = council.settings.replace(f"port: {box.port}", f"port: {listeners.free_port()}")
    Path("camscan.yaml").write_text(dead, encoding="utf-8")
    code, mails, err = council.run()
    assert (code, mails) == (0, [])
    assert err == "camscan: CCTV team got no message: 127.0.0.1: Connection refused\n"
    Path("camscan.yaml").write_text(council.settings, encoding="utf-8")
    assert council.run() == (0, ["CCTV team: News: 1 new device"], "")


def a_silent_subnet(council: Council, depot: list[Device]) -> None:
    council.here["Depot"] = []
    assert council.run() == (0, ["ICT: Trouble: 1 subnet fell silent"], "")
    council.here["Depot"] = depot


def a_locked_register(council: Council) -> None:
    with open_register("camscan.db"):
        code, mails, err = council.run()
    assert (code, mails) == (4, ["ICT: Trouble: 1 scan failed"])
    assert err.startswith("camscan: scan: camscan.db: another camscan run is writing to it")


def a_wrong_clock(council: Council) -> None:
    """It stands at next year for one night: a week has passed since the alarm, and nobody has acted."""
    tonight = council.night
    council.night += 365
    assert council.run() == (0, [f"CCTV team: {ALARM}", f"ICT: {ALARM}"], "")
    council.night = tonight + 0.5
    before = council.scans
    assert council.run() == (0, [], "")
    assert council.scans == before + 2  # what lies in the future puts no site off
    newest = f"camscan-{council.clock() - timedelta(days=1):%Y-%m-%d}.db"
    assert (Path("backups") / newest).exists()


def an_ended_authorisation(council: Council) -> None:
    Path("camscan.yaml").write_text(council.settings + ENDED, encoding="utf-8")
    code, mails, err = council.run()
    assert (code, mails) == (
        2,
        ["ICT: Trouble: 1 site was not scanned; 1 authorisation has ended or ends soon"],
    )
    assert err.startswith("camscan: Town Hall: 10.9.0.0/25: the authorisation by Head of ICT expired on 2020-12-31")
    # The authorisation was told yesterday; the alarm a week ago, by the clock that is right.
    assert council.run()[:2] == (2, [f"CCTV team: {ALARM}", f"ICT: {ALARM}"])
    assert council.run()[:2] == (2, [])


def nothing_is_lost(council: Council) -> None:
    with open_register("camscan.db", readonly=True) as book:
        assert book.find_faults() == []
        assert len(book.scans()) == council.scans
        assert len(book.devices()) == 11
    assert len(Path("cameras.csv").read_text(encoding="utf-8").splitlines()) > 1
    assert not list(Path().glob("*.unfinished-*"))


# ── on a real estate ─────────────────────────────────────────────────────────────────────────────────────────────

BASE = "127.47.9"
SENDMAIL = """\
notify:
  - {name: ICT, channel: mail, to: [ict@example.gov.uk], from: camscan@example.gov.uk, sendmail: sendmail}
"""


@pytest.fixture
def mails(workplace: Path) -> Path:
    """The mail system of this machine: each mail is a file of the folder."""
    folder = workplace / "mails"
    folder.mkdir()
    program = workplace / "sendmail"
    program.write_text(f'#!/bin/sh\ncat > "{folder}/$$"\n', encoding="utf-8")
    program.chmod(0o755)
    return folder


def subjects(mails: Path) -> list[str]:
    found = sorted(mails.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    mail = [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in found]
    return [str(each["Subject"]) for each in mail]


def start(folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "camscan", "run"], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture(scope="module")
def estate() -> Iterator[set[str]]:
    """Addresses of some units on loopback."""
    with standing(f"{BASE}.0/27", 20, 47) as truth:
        yield {each["ip"] for each in truth}


def depot(folder: Path) -> None:
    """A camscan.yaml for the estate."""
    ports = "".join(f"  {probe}: {list(ports)}\n" for probe, ports in PORTS.items())
    sites = f"sites:\n  - {{name: Depot, cidrs: [{BASE}.0/27]}}\nrun: {{keep: 0}}\n"
    (folder / "camscan.yaml").write_text(f"pace: fast\nports:\n{ports}{sites}{SENDMAIL}", encoding="utf-8")


def test_a_window_that_closes_ends_the_scan_and_the_next_night_goes_on(
    camscan: Camscan, workplace: Path, mails: Path, estate: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    depot(workplace)
    with monkeypatch.context() as patch:
        soon = timedelta(seconds=0.5)
        patch.setattr(request, "_window_end", lambda *_: (datetime.now(UTC) + soon, "the window of the run closed"))
        code, out, err = camscan("run")
    assert (code, out) == (3, "")
    assert err == "camscan: some addresses could not be asked: Depot\n"
    assert camscan("run", "--dry-run")[1] == "Depot: to be continued\n"
    assert camscan("run") == (0, "", "")
    with open_register("camscan.db") as book:
        half, whole = book.scans()
        seen = {ip for row in book.devices() for ip in row.ip_addresses}
    assert (half.completion, whole.completion) == (Completion.PARTIAL, Completion.COMPLETE)
    assert any("the window of the run closed at" in note for note in half.coverage.notes)
    assert len(seen & estate) >= 15
    assert subjects(mails) == ["camscan: News: 1 place was scanned for the first time"]  # the rest is news of tomorrow


def test_a_killed_night_is_gone_on_with(workplace: Path, mails: Path, estate: set[str]) -> None:
    depot(workplace)
    with start(workplace) as victim:
        end = time.monotonic() + 60
        while not any(each.path.stat().st_size > 20_000 for each in interrupted_runs(workplace / "camscan.db")):
            assert victim.poll() is None, "it came to its end before it was killed"
            assert time.monotonic() < end
            time.sleep(0.02)
        victim.send_signal(signal.SIGKILL)
    assert subjects(mails) == []
    with start(workplace) as next_night:
        _, err = next_night.communicate(timeout=60)
    assert (next_night.returncode, err) == (0, "")
    with open_register("camscan.db", readonly=True) as book:
        (scan,) = book.scans()
        seen = {ip for row in book.devices() for ip in row.ip_addresses}
    assert scan.completion is Completion.COMPLETE
    assert len(seen & estate) >= 15
    assert subjects(mails) == ["camscan: News: 1 place was scanned for the first time"]
    assert not list(workplace.glob("*.unfinished-*"))


def test_a_full_disk_is_reported_though_nothing_can_be_written(workplace: Path, mails: Path) -> None:
    if subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs root and namespaces")
    sites = f"sites:\n  - {{name: Depot, cidrs: [{BASE}.60/32]}}\nregister: small/camscan.db\n"
    (workplace / "camscan.yaml").write_text(f"pace: fast\n{sites}{SENDMAIL}", encoding="utf-8")
    with open_register("camscan.db") as book:
        book.record(report(*map(camera, range(20)), scan_id="old"))
    before = contents(workplace)["camscan.db"]
    shell = (
        "ip link set lo up && mkdir small && mount -t tmpfs -o size=1m tmpfs small && cp camscan.db small || exit 99\n"
        "cat /dev/zero > small/rest 2>/dev/null\n"
        f"{sys.executable} -m camscan run; code=$?\ncp small/camscan.db after.db; exit $code"
    )
    done = subprocess.run(
        ["unshare", "-n", "-m", "sh", "-c", shell],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert any("scan: small/camscan.db" in line for line in done.stderr.splitlines()), done.stderr
    assert contents(workplace)["after.db"] == before
    assert len(subjects(mails)) == 1
    assert "1 scan failed" in subjects(mails)[0]
