"""Runs that are killed, interrupted, or stopped by their window, and go on; several sites one after another."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import made_once
import pytest
from command_line import Camscan, contents
from estate_truth import standing
from examples import PERCENT
from sample_report import camera, report

from camscan.app import record
from camscan.app.export import export_scan
from camscan.app.request import PreparedScan, Request
from camscan.app.resume import options_of, with_earlier_options
from camscan.app.scan import ScanResult
from camscan.cli.demo import PORTS
from camscan.config import Config
from camscan.errors import OutputError
from camscan.model import Completion, Coverage, Report
from camscan.register import open_register
from camscan.scan.journal import Head, interrupted_runs, path_of
from camscan.scan.journal.write import Journal

ROOT = Path(__file__).parents[1]
BASE = "127.45.7"
UNITS = 40
NETWORK = f"{BASE}.0/26"
SETTINGS = "pace: fast\nports:\n" + "".join(f"  {probe}: {list(ports)}\n" for probe, ports in PORTS.items())
SHARES = [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95][:: 1 if PERCENT >= 100 else 2]
"""Of the time that a run takes: when it is killed."""
SITES = f"""\
sites:
- name: Town Hall
  cidrs: [{BASE}.0/28]
- name: Depot
  cidrs: [{BASE}.16/28]
- name: Old Library
  cidrs: []
"""


@pytest.fixture(scope="module")
def estate() -> Iterator[list[dict[str, Any]]]:
    """Some units; what is true of them."""
    with standing(NETWORK, UNITS, 45) as truth:
        yield truth


@pytest.fixture(autouse=True)
def home(workplace: Path) -> Path:
    """A directory with a camscan.yaml, and a register in which an old scan stands."""
    made_once.put(old, workplace)
    return workplace


def old(folder: Path) -> None:
    (folder / "camscan.yaml").write_text(SETTINGS)
    with open_register(folder / "camscan.db") as book:
        book.record(report(camera(1), scan_id="old"))


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "camscan", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def killed(seconds: float, *arguments: str) -> None:
    """camscan as it is after a power cut so long after its start."""
    with started(*arguments) as process:
        time.sleep(seconds)
        process.kill()
        process.communicate()


def killed_under_way(journal: Callable[[], Iterable[Path]], seconds: float, *arguments: str) -> None:
    """The same, so long after the run began to write its journal: a start takes the longer the busier a machine is."""
    with started(*arguments) as process:
        while not list(journal()):
            time.sleep(0.02)
            assert process.poll() is None
        time.sleep(seconds)
        process.kill()
        process.communicate()


def registered() -> dict[str, tuple[str | None, ...]]:
    """Every device of our estate in the register, by its address; one row each."""
    found: dict[str, tuple[str | None, ...]] = {}
    with open_register("camscan.db", readonly=True) as book:
        for row in book.devices():
            what = row.identification
            for ip in row.ip_addresses:
                if ip.startswith(BASE):
                    assert ip not in found
                    found[ip] = (
                        what.maker,
                        what.brand,
                        what.model,
                        what.firmware,
                        what.serial,
                        what.kind,
                        what.confidence,
                    )
    return found


def scans() -> list[tuple[str, str]]:
    with open_register("camscan.db", readonly=True) as book:
        return [(scan.completion.value, scan.site) for scan in book.scans()][1:]


def whole() -> bool:
    """The register is sound, and the old scan stands."""
    with closing(sqlite3.connect("camscan.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with open_register("camscan.db", readonly=True) as book:
        return book.scans()[0].scan_id == "old" and len(book.devices(site="")) >= 1


def honest(truths: list[dict[str, Any]], found: dict[str, Any]) -> dict[str, Any]:
    """Without the units that misbehave on purpose: what they say depends on when they are asked."""
    hostile = {truth["ip"] for truth in truths if truth["hostile"]}
    return {ip: what for ip, what in found.items() if ip not in hostile}


def is_news(text: str) -> bool:
    """Whether it is the one line that says so of a first scan, even where nothing else is said."""
    return text.startswith(f"First scan of {NETWORK}. Hikvision or Dahua: ") and text.count("\n") == 1


@pytest.fixture(scope="module")
def undisturbed(estate: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], float]:
    """What a scan that nobody disturbs puts into the register, and how many seconds it takes."""
    directory = tmp_path_factory.mktemp("undisturbed")
    (directory / "camscan.yaml").write_text(SETTINGS)
    before = Path.cwd()
    os.chdir(directory)
    try:
        began = time.monotonic()
        with started("scan", NETWORK, "--quiet") as process:
            out, err = process.communicate()
        seconds = time.monotonic() - began
        assert (process.returncode, out) == (0, "")
        assert is_news(err)
        found = honest(estate, registered())
    finally:
        os.chdir(before)
    assert len(found) > UNITS / 2
    return found, seconds


class TestKilled:
    @pytest.mark.parametrize("share", SHARES)
    def test_at_any_moment_the_old_register_is_whole_and_the_run_goes_on(
        self, estate: list[dict[str, Any]], undisturbed: tuple[dict[str, Any], float], share: float
    ) -> None:
        expected, seconds = undisturbed
        killed(share * seconds, "scan", NETWORK, "--quiet")
        assert whole()
        assert scans() in ([], [("complete", "")])
        is_recorded = bool(scans())
        left = interrupted_runs(Path("camscan.db"))
        with started("scan", NETWORK, "--quiet", "--resume") as process:
            out, err = process.communicate()
        assert process.returncode == 0, err
        assert "Traceback" not in err
        if left or is_recorded:
            assert scans() == [("complete", "")] or (is_recorded and not left)
        assert out in ("", "The interrupted scan had finished and is in the register; nothing is left to do\n")
        assert honest(estate, registered()) == expected
        assert interrupted_runs(Path("camscan.db")) == []
        assert whole()

    def test_twice(self, estate: list[dict[str, Any]], undisturbed: tuple[dict[str, Any], float]) -> None:
        expected, seconds = undisturbed
        killed_under_way(lambda: Path().glob("camscan.db.unfinished-*"), 0.3 * seconds, "scan", NETWORK)
        first = interrupted_runs(Path("camscan.db"))[0]
        killed(0.5 * seconds, "scan", "--resume")
        assert [run.head for run in interrupted_runs(Path("camscan.db"))] in ([first.head], [])
        with started("scan", NETWORK, "--resume", "--json", "report.json") as process:
            process.communicate()
        assert process.returncode == 0
        assert honest(estate, registered()) == expected
        assert scans()[-1] == ("complete", "")
        found = json.loads(Path("report.json").read_text(encoding="utf-8"))
        assert found["coverage"]["addresses"] == 62
        assert found["coverage"]["not_tried"] == 0

    def test_with_a_register_on_a_server(
        self,
        undisturbed: tuple[dict[str, Any], float],
        postgresql_at: str,
        home: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
        journals = home / "state" / "camscan"
        command = ("scan", NETWORK, "--register", postgresql_at)
        killed_under_way(lambda: journals.glob("*"), 0.2 * undisturbed[1], *command)
        (left,) = journals.iterdir()
        assert left.stat().st_mode & 0o077 == 0
        with started("scan", "--resume", "--register", postgresql_at, "--quiet") as process:
            out, err = process.communicate()
        assert (process.returncode, out) == (0, "")
        assert is_news(err)
        assert [*(home / "state" / "camscan").iterdir()] == []
        with open_register(postgresql_at, readonly=True) as book:
            assert [scan.completion for scan in book.scans()] == [Completion.COMPLETE]
            assert {ip for row in book.devices() for ip in row.ip_addresses} >= undisturbed[0].keys()

    def test_what_had_been_found_is_not_asked_again(self, estate: list[dict[str, Any]], camscan: Camscan) -> None:
        with started("scan", NETWORK, "--pace", "gentle") as process:
            while not (left := interrupted_runs(Path("camscan.db"))) or b'"done"' not in left[0].path.read_bytes():
                time.sleep(0.1)
                assert process.poll() is None
            time.sleep(2)
            process.kill()
            process.communicate()
        before = datetime.now(UTC)
        lines = left[0].path.read_text(encoding="utf-8").splitlines()
        finished = {
            number
            for line in lines
            if '"mark"' in line
            for _, low, high in json.loads(line)["mark"].get("done", ())
            for number in range(low, high + 1)
        }
        assert finished
        code, _, _ = camscan("scan", "--resume", "--json", "report.json")
        assert code == 0
        found = json.loads(Path("report.json").read_text(encoding="utf-8"))
        again = [
            attempt
            for attempt in found["attempts"]
            if _number(attempt["ip"]) in finished
            and attempt["probe"] in {"http", "rtsp", "tls", "dvrip", "onvif"}
            and datetime.fromisoformat(attempt["seen_at"]) > before
        ]
        assert again == []
        assert datetime.fromisoformat(found["started_at"]) <= before
        assert {truth["ip"] for truth in estate if truth["maker"]} <= {
            ip for one in found["devices"] for ip in one["ip_addresses"]
        }


def _number(ip: str) -> int:
    return int.from_bytes(map(int, ip.split("."))) if "." in ip else -1


@pytest.mark.usefixtures("estate")
class TestInterrupted:
    def test_what_was_recorded_is_recorded_once_more_as_complete(
        self, camscan: Camscan, estate: list[dict[str, Any]]
    ) -> None:
        with started("scan", NETWORK, "--pace", "gentle") as process:
            while not interrupted_runs(Path("camscan.db")):
                time.sleep(0.05)
            time.sleep(3)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate()
        assert process.returncode == 130
        assert "what was found is kept" in out
        assert scans() == [("interrupted", "")]
        before = registered()
        code, _, err = camscan("scan", "--resume", "--pace", "fast")
        assert (code, err) == (0, "")
        assert scans() == [("interrupted", ""), ("complete", "")]
        assert registered().keys() >= before.keys()
        assert {truth["ip"] for truth in estate if truth["maker"]} <= registered().keys()
        with open_register("camscan.db", readonly=True) as book:
            first, second = book.scans()[1:]
        assert second.started_at <= first.finished_at
        assert second.coverage.not_tried == 0

    def test_when_the_window_closes_what_was_found_is_kept(
        self, camscan: Camscan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        end = datetime.now(UTC) + timedelta(seconds=3)
        with monkeypatch.context() as patched:
            patched.setattr(Config, "authorised_until", lambda *_: end)
            code, out, err = camscan("scan", NETWORK, "--pace", "gentle")
        assert (code, err) == (3, "")
        assert f"the authorisation ended at {end.astimezone():%H:%M}: what was not asked by then is left to do" in out
        assert scans() == [("partial", "")]
        code, _, err = camscan("scan", "--resume", "--pace", "fast")
        assert (code, err) == (0, "")
        assert scans() == [("partial", ""), ("complete", "")]

    def test_one_that_was_recorded_but_not_tidied_up(self, camscan: Camscan) -> None:
        code, _, err = camscan("scan", f"{BASE}.1-3", "--quiet")
        assert (code, err.partition(". ")[0]) == (0, f"First scan of {BASE}.1-3")
        with open_register("camscan.db", readonly=True) as book:
            scan = book.scans()[-1]
        (head,) = _begin(camscan, f"{BASE}.1-3")
        journal = Journal(head, head.open("ab", buffering=0), Head("", datetime.now(UTC)))
        journal.note_end(scan.scan_id)
        journal.close(remove=False)
        code, out, err = camscan("scan", "--resume")
        assert (code, err) == (0, "")
        assert out == "The interrupted scan had finished and is in the register; nothing is left to do\n"
        assert len(scans()) == 1
        assert interrupted_runs(Path("camscan.db")) == []

    def test_one_that_found_no_room_in_the_register(self, camscan: Camscan) -> None:
        """Complete, and then the disk was full: nothing has to be asked again."""
        (path,) = _begin(camscan, f"{BASE}.1-3")
        journal = Journal(path, path.open("ab", buffering=0), Head("", datetime.now(UTC)))
        journal.note_end("019cae6a-7ba0-7d77-87d4-830e8d25486c")
        journal.close(remove=False)
        assert camscan("scan", "--resume", "--quiet")[0] == 0
        assert scans() == [("complete", "")]


def _begin(camscan: Camscan, *arguments: str) -> list[Path]:
    """The journal of a run that was killed as it began."""
    with started("scan", *arguments, "--pace", "gentle") as process:
        while not interrupted_runs(Path("camscan.db")):
            time.sleep(0.02)
        process.kill()
        process.communicate()
    assert camscan("show")[0] == 0
    return [run.path for run in interrupted_runs(Path("camscan.db"))]


def leave(*targets: str, sites: tuple[str, ...] = (), key: str = "0123abcd", days: float = 0) -> Path:
    """A journal as a run leaves it that is killed before it asked anything."""
    path = path_of(Path("camscan.db"), key)
    when = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    Journal.begin(path, Head(key, when, targets=targets, sites=sites)).close(remove=False)
    moment = time.time() - days * 86400
    os.utime(path, (moment, moment))
    return path


NEVER = "127.45.8.1"
"""Nobody is there."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Scans that find nothing, at once: for what is said and done around them. Where each was told to begin."""
    numbers = itertools.count()
    begun: list[object] = []

    def run(
        prepared: PreparedScan, _watcher: object, _interruption: object, _journal: object = None, earlier: object = None
    ) -> ScanResult:
        begun.append(earlier)
        made = report(scan_id=f"quick-{next(numbers)}", site=prepared.plan.site, targets=prepared.plan.targets.texts)
        count = prepared.plan.targets.count
        return ScanResult(replace(made, coverage=Coverage(count, 0, 0, count, 0, 0)))

    monkeypatch.setattr("camscan.app.resume.run_scan", run)
    return begun


@pytest.mark.usefixtures("quick")
class TestWords:
    def test_what_the_run_was_told_holds_again_unless_something_else_is_reported(self) -> None:
        said = Request((), pace="normal", max_pps=50.0, interface="lo", confirm_count=9, overlays=(Path("marks"),))
        options = json.loads(json.dumps(options_of(said)))
        assert with_earlier_options(Request(()), options) == said
        now = Request((), pace="fast", max_pps=2.0, interface="eth0", confirm_count=1, overlays=(Path("other"),))
        assert with_earlier_options(now, options) == now
        wrong = {"pace": "quick", "max_pps": "x", "interface": 3, "confirm_count": [], "overlays": "marks"}
        assert with_earlier_options(Request(()), wrong) == Request(())

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("--resume",), "there is no interrupted scan to continue; name addresses to scan, such as 10.1.2.0/24"),
            (
                ("--all", NEVER),
                "--all means every site of camscan.yaml: leave out TARGET and --site, or leave out --all",
            ),
            (("--site", "A", "--site", "B", NEVER), "TARGET with several sites: name one site, or leave out TARGET"),
            (
                ("--resume", "--discard"),
                "--resume continues an interrupted scan, but --discard discards it; choose one",
            ),
            (
                ("--resume", "--passive", NEVER),
                "--resume continues an interrupted scan, but --passive leaves nothing to continue",
            ),
            (("--passive", "--all"), "--passive listens at one place: name one site, or TARGET"),
            (
                ("--all",),
                "camscan.yaml: it lists no site with networks; list your sites in it: see `camscan config init` and",
            ),
        ],
    )
    def test_requests_without_sense(self, camscan: Camscan, home: Path, arguments: tuple[str, ...], says: str) -> None:
        before = contents(home)
        code, out, err = camscan("scan", *arguments)
        assert (code, out) == (2, "")
        assert err.startswith(f"camscan: {says}")
        assert err.count("\n") == 1
        assert contents(home) == before

    def test_another_run_is_refused(self, camscan: Camscan, home: Path) -> None:
        leave("10.1.2.0/24")
        before = contents(home)
        code, _, err = camscan("scan", NEVER, "--resume")
        assert code == 2
        assert re.fullmatch(
            r"camscan: the interrupted scan is another one: 10\.1\.2\.0/24 of 2 March 2026, \d\d:00; continue it with "
            r"`camscan scan --resume`\n",
            err,
        )
        assert contents(home) == before

    def test_another_configuration_is_refused(self, camscan: Camscan, home: Path) -> None:
        leave(NEVER)
        before = contents(home)
        for arguments in ((NEVER, "--resume"), ("--resume",)):
            code, _, err = camscan("scan", *arguments)
            assert code == 2
            assert "asked something else: camscan.yaml or the options have changed since; start again" in err
        assert contents(home) == before

    def test_several(self, camscan: Camscan) -> None:
        leave("10.1.2.0/24")
        leave(sites=("Depot",), key="aaaa0000")
        code, _, err = camscan("scan", "--resume")
        assert code == 2
        assert err.startswith("camscan: several scans were interrupted: name the targets or the site of one of them (")
        assert "10.1.2.0/24 of 2 March" in err
        assert "Depot of 2 March" in err

    def test_a_new_run_says_so_and_goes_on(self, camscan: Camscan) -> None:
        leave("10.1.2.0/24")
        code, _, err = camscan("scan", NEVER, "--quiet")
        assert code == 0
        assert re.fullmatch(
            r"camscan: interrupted: 10\.1\.2\.0/24 of 2 March 2026, \d\d:00; continue with `camscan scan --resume`, "
            r"discard with `camscan scan --discard`\n",
            err,
        )
        assert len(interrupted_runs(Path("camscan.db"))) == 1

    def test_what_is_too_old_is_not_continued(self, camscan: Camscan) -> None:
        leave(NEVER, days=8)
        assert camscan("scan", "--resume")[0] == 2
        code, _, err = camscan("scan", NEVER, "--quiet")
        assert code == 0
        assert "--resume" not in err
        assert "discard with `camscan scan --discard`" in err

    def test_nothing_to_continue_is_a_scan_from_the_beginning(self, camscan: Camscan) -> None:
        code, _, err = camscan("scan", NEVER, "--resume")
        assert (code, err) == (0, "camscan: no such scan was interrupted; this one starts from the beginning\n")
        assert camscan("scan", NEVER, "--resume", "--quiet") == (0, "", "")
        assert scans() == [("complete", ""), ("complete", "")]

    def test_the_same_run_without_resume_starts_over(self, camscan: Camscan) -> None:
        for days, also in ((0, "; --resume would have continued it"), (8, "")):
            (path,) = _begin(camscan, NEVER)
            moment = time.time() - days * 86400
            os.utime(path, (moment, moment))
            code, _, err = camscan("scan", NEVER, "--quiet")
            assert code == 0
            assert re.fullmatch(
                rf"camscan: the interrupted scan \(127\.45\.8\.1 of [^)]*\) starts again from the beginning{also}\n",
                err,
            )
            assert interrupted_runs(Path("camscan.db")) == []

    def test_the_same_run_is_not_continued_after_a_week(self, camscan: Camscan, quick: list[object]) -> None:
        (path,) = _begin(camscan, NEVER)
        moment = time.time() - 8 * 86400
        os.utime(path, (moment, moment))
        code, _, err = camscan("scan", NEVER, "--resume")
        assert (code, err) == (0, "camscan: no such scan was interrupted; this one starts from the beginning\n")
        assert quick == [None]

    def test_forgotten(self, camscan: Camscan) -> None:
        leave("10.1.2.0/24")
        leave(sites=("Depot",), key="aaaa0000")
        code, out, err = camscan("scan", "--discard")
        assert (code, err) == (0, "")
        assert out == "Discarded: 2 interrupted scans. What they recorded stays in the register\n"
        assert interrupted_runs(Path("camscan.db")) == []
        assert camscan("scan", "--discard") == (0, "No interrupted scans\n", "")
        assert camscan("scan", NEVER, "--discard", "--quiet")[0] == 0

    def test_not_while_another_run_is_under_way(self, camscan: Camscan) -> None:
        path = leave("10.1.2.0/24")
        with open_register("camscan.db"):
            code, _, err = camscan("scan", "--discard")
        assert code == 4
        assert "another" in err
        assert path.exists()

    def test_a_journal_that_is_none(self, camscan: Camscan) -> None:
        path = leave("10.1.2.0/24")
        path.write_text("{}")
        assert camscan("scan", NEVER, "--quiet") == (0, "", "")

    def test_what_cannot_be_written_costs_nothing_else(self, camscan: Camscan, monkeypatch: pytest.MonkeyPatch) -> None:
        # The folder of the journals is a file.
        monkeypatch.setattr("camscan.app.resume.path_of", lambda _place, _key: Path("/dev/null/journal"))
        code, _, err = camscan("scan", NEVER, "--quiet")
        assert code == 0, err
        assert re.fullmatch(
            r"camscan: /dev/null/journal: cannot be written: .*; if this run is killed, it cannot be continued\n", err
        )
        assert scans() == [("complete", "")]


@pytest.mark.usefixtures("estate")
class TestSeveralSites:
    @pytest.fixture(autouse=True)
    def listed(self, home: Path) -> None:
        (home / "camscan.yaml").write_text(SETTINGS + SITES)

    def test_each_is_a_scan_of_its_own(self, camscan: Camscan, home: Path) -> None:
        code, out, err = camscan("scan", "--all", "--csv", "devices.csv")
        assert (code, err) == (0, "")
        assert scans() == [("complete", "Town Hall"), ("complete", "Depot")]
        rows = [re.split(r"\s{2,}", line) for line in out.splitlines()]
        assert rows[0] == ["Site", "Addresses", "Answered", "Systems", "New", "Changed", "Result"]
        assert [(row[0], row[1], row[-1]) for row in rows[1:3]] == [
            ("Town Hall", "14", "complete"),
            ("Depot", "14", "complete"),
        ]
        assert "2 of 2 sites are recorded. Camera systems: " in out
        assert {path.name for path in home.glob("*.csv")} == {"devices-town-hall.csv", "devices-depot.csv"}
        assert interrupted_runs(Path("camscan.db")) == []
        with open_register("camscan.db", readonly=True) as book:
            assert {place.name for place in book.sites()} == {"Town Hall", "Depot", "Old Library"}

    @pytest.mark.usefixtures("quick")
    def test_a_file_that_cannot_be_written_costs_itself(
        self, camscan: Camscan, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def export(name: str, of: Report, path: str) -> None:
            if of.site == "Town Hall":
                raise OutputError(f"{path}: cannot be written: No space left on device")
            export_scan(name, of, path)

        monkeypatch.setattr(record, "export_scan", export)
        code, out, err = camscan("scan", "--all", "--csv", "devices.csv")
        assert (code, err) == (1, "camscan: devices-town-hall.csv: cannot be written: No space left on device\n")
        assert scans() == [("complete", "Town Hall"), ("complete", "Depot")]
        assert "2 of 2 sites are recorded" in out
        assert [path.name for path in home.glob("*.csv")] == ["devices-depot.csv"]
        assert interrupted_runs(Path("camscan.db")) == []

    @pytest.mark.usefixtures("quick")
    def test_quiet(self, camscan: Camscan) -> None:
        code, out, err = camscan("scan", "--site", "depot", "--site", "TOWN HALL", "--quiet")
        assert (code, out) == (0, "")
        assert re.fullmatch(r"First scan of Town Hall\. .*\nFirst scan of Depot\. .*\n", err)
        assert scans() == [("complete", "Town Hall"), ("complete", "Depot")]
        assert camscan("scan", "--site", "depot", "--site", "TOWN HALL", "--quiet") == (0, "", "")

    @pytest.mark.usefixtures("quick")
    def test_targets_belong_to_the_site_of_the_map(self, camscan: Camscan) -> None:
        assert camscan("scan", f"{BASE}.17-20", "--quiet")[0] == 0
        assert camscan("scan", f"{BASE}.10-20", "--quiet")[0] == 0
        assert scans() == [("complete", "Depot"), ("complete", "")]

    @pytest.mark.usefixtures("quick")
    def test_a_network_inside_anothers_is_left_to_its_own_site(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.yaml").write_text(SETTINGS + SITES.replace(f"{BASE}.0/28", f"{BASE}.0/27"))
        assert camscan("scan", "--site", "Town Hall", "--quiet")[0] == 0
        with open_register("camscan.db", readonly=True) as book:
            assert book.scans()[-1].coverage.addresses == 15

    def test_killed_in_the_second_the_first_is_not_scanned_again(self, camscan: Camscan) -> None:
        with started("scan", "--all", "--pace", "normal") as process:
            while not any(run.head.sites == ("Depot",) for run in interrupted_runs(Path("camscan.db"))):
                time.sleep(0.05)
                assert process.poll() is None
            process.kill()
            process.communicate()
        assert scans() == [("complete", "Town Hall")]
        code, _, err = camscan("scan", "--site", "Depot", "--quiet")
        assert code == 0
        assert err.startswith("camscan: interrupted: all sites of ")
        code, out, err = camscan("scan", "--resume")
        assert (code, err) == (0, "")
        assert scans() == [("complete", "Town Hall"), ("complete", "Depot"), ("complete", "Depot")]
        assert re.search(r"^Town Hall +recorded before$", out, re.MULTILINE)
        assert interrupted_runs(Path("camscan.db")) == []

    def test_interrupted(self, camscan: Camscan) -> None:
        with started("scan", "--all", "--pace", "gentle") as process:
            while not any(run.head.sites == ("Town Hall",) for run in interrupted_runs(Path("camscan.db"))):
                time.sleep(0.05)
            time.sleep(1.5)
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate()
        assert process.returncode == 143
        assert scans() == [("interrupted", "Town Hall")]
        assert re.search(r"^Left to do: Town Hall, Depot; continue with `.*camscan scan --resume`$", out, re.MULTILINE)
        code, out, err = camscan("scan", "--all", "--resume", "--quiet")
        assert (code, out) == (0, "")
        assert re.search(r"^First scan of Depot\. Hikvision or Dahua: ", err, re.MULTILINE)
        assert scans() == [("interrupted", "Town Hall"), ("complete", "Town Hall"), ("complete", "Depot")]
        # The next round begins from the start.
        assert camscan("scan", "--all", "--resume", "--quiet") == (0, "", "")
        assert len(scans()) == 5

    @pytest.mark.usefixtures("quick")
    def test_one_that_nobody_allows_now(self, camscan: Camscan, home: Path) -> None:
        entry = "- {{role: {}, date: 2020-01-01, expires: {}, cidrs: [{}]}}\n"
        text = entry.format("Head of ICT", "2999-12-31", f"{BASE}.0/28")
        text += entry.format("Head of Waste", "2020-12-31", f"{BASE}.16/28")
        (home / "camscan.yaml").write_text(f"{SETTINGS}{SITES}authorisations:\n{text}")
        code, out, err = camscan("scan", "--all")
        assert code == 2
        assert err.startswith(
            f"camscan: Depot was not scanned: {BASE}.16/28: the authorisation by Head of Waste expired on 2020-12-31"
        )
        assert scans() == [("complete", "Town Hall")]
        assert re.search(r"^Depot +not scanned$", out, re.MULTILINE)
        assert interrupted_runs(Path("camscan.db")) == []
        code, out, err = camscan("scan", "--site", "Depot", "--site", "depot")
        assert (code, out) == (2, "")
        assert "expired on 2020-12-31" in err

    @pytest.mark.usefixtures("quick")
    @pytest.mark.parametrize("cidr", ["2001:db8:1::/48", f"{BASE}.32/28"])
    def test_one_of_which_nothing_can_be_asked_keeps_no_other_from_it(
        self, camscan: Camscan, home: Path, cidr: str
    ) -> None:
        allowed = f"- {{role: R, date: 2020-01-01, expires: 2999-12-31, cidrs: [127.0.0.0/8, '{cidr}']}}\n"
        clinic = f"- name: Clinic\n  cidrs: ['{cidr}']\nexclusions: [{BASE}.32/28]\nauthorisations:\n{allowed}"
        (home / "camscan.yaml").write_text(SETTINGS + SITES + clinic)
        code, out, err = camscan("scan", "--all")
        assert (code, scans()) == (3, [("complete", "Town Hall"), ("complete", "Depot")])
        assert err.startswith("camscan: Clinic was not scanned: ")
        assert re.search(r"^Clinic +not scanned$", out, re.MULTILINE)
        assert "Left to do" not in out
        assert interrupted_runs(Path("camscan.db")) == []
        assert camscan("scan", "--site", "Clinic")[0] == 2

    @pytest.mark.usefixtures("quick")
    def test_a_window_that_closes_between_two(
        self, camscan: Camscan, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begin = datetime.now(UTC) - timedelta(hours=1)
        minute = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=10)
        entry = "- {{role: R, date: 2020-01-01, expires: 2999-12-31, cidrs: [{}], window: {}}}\n"
        text = f"timezone: UTC\n{SETTINGS}{SITES}authorisations:\n"
        text += entry.format(f"{BASE}.0/28", "00:00-24:00") + entry.format(
            f"{BASE}.16/28", f"{begin:%H:%M}-{minute:%H:%M}"
        )
        (home / "camscan.yaml").write_text(text)
        clock = Config.clock
        with monkeypatch.context() as patched:
            # The clock on the wall moves on while the first site is scanned.
            patched.setattr(Config, "clock", lambda config, now: clock(config, minute if scans() else now))
            code, out, err = camscan("scan", "--all")
        assert code == 3, err
        assert "camscan: Depot was not scanned: " in err
        assert re.search(r"^Left to do: Depot; ", out, re.MULTILINE)
        assert scans() == [("complete", "Town Hall")]
        assert camscan("scan", "--resume", "--quiet")[:2] == (0, "")
        assert scans() == [("complete", "Town Hall"), ("complete", "Depot")]

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (
                ("--all", "--csv", "-"),
                "several sites make several reports: name a file, such as devices.csv, instead of '-'",
            ),
            (("--site", "Depot", "--site", "Pool"), "there is no site 'Pool'"),
            (("--site", "Old Library"), "the site Old Library has no networks in camscan.yaml that can be scanned"),
            (
                ("--all", "--json", "none/report.json"),
                "none/report-town-hall.json: the folder none does not exist; create it first",
            ),
        ],
    )
    def test_mistakes_are_found_before_anything_is_sent(
        self, camscan: Camscan, home: Path, arguments: tuple[str, ...], says: str
    ) -> None:
        before = contents(home)
        code, out, err = camscan("scan", *arguments)
        assert code in {1, 2}
        assert out == ""
        assert says in err
        assert contents(home) == before

    def test_a_site_that_is_large_is_confirmed_with_the_number_of_all(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.yaml").write_text(
            "sites:\n- name: A\n  cidrs: [10.0.0.0/15]\n- name: B\n  cidrs: [10.8.0.0/24]\n"
        )
        code, _, err = camscan("scan", "--all")
        assert code == 2
        assert err == (
            "camscan: A has 131,072 addresses, more than 65,536; if you mean that, add --confirm-count 131328, "
            "the number for all sites together\n"
        )


@pytest.mark.usefixtures("estate")
def test_exclusions_leave_a_scan_complete_and_are_reported(camscan: Camscan, home: Path) -> None:
    (home / "camscan.yaml").write_text(SETTINGS + f"exclusions: [{BASE}.2/31]\n")
    code, out, _ = camscan("scan", f"{BASE}.1-4", "--json", "report.json")
    assert code == 0
    assert "2 addresses were not asked: camscan.yaml excludes them" in out
    found = json.loads((home / "report.json").read_text(encoding="utf-8"))
    assert (found["completion"], found["coverage"]["addresses"]) == (Completion.COMPLETE, 2)
    code, _, err = camscan("scan", f"{BASE}.2-3")
    assert (code, err) == (
        2,
        f"camscan: {BASE}.2-3: all of it is under exclusions in camscan.yaml; nothing is left to ask\n",
    )
