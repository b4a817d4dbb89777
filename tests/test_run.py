"""``camscan run``: which sites are due, what is kept, and what one failing step costs the others."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alert_box import RECIPIENTS, Box, collect_alerts
from command_line import Camscan
from sample_report import camera, report

from camscan import app
from camscan.app import resume, run_outputs
from camscan.app.due_sites import DueSites, find_due_sites
from camscan.app.request import PreparedScan
from camscan.app.scan import ScanResult
from camscan.app.workspace import Workspace, find_workspace
from camscan.config import Config, load_config
from camscan.errors import ScopeError
from camscan.model import Completion, Device, Turn
from camscan.register import StoredScan, open_register
from camscan.scan.journal import Head, key_of_run, path_of, remember_round

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
SITES = """\
timezone: Europe/London
sites:
  - {name: Town Hall, cidrs: [10.9.0.0/25], every: day}
  - {name: Depot, cidrs: [10.9.0.128/26, "fd00:1::/64"]}
  - {name: Library, cidrs: [10.9.0.192/26], every: 30}
  - {name: Old Library, cidrs: []}
"""
AFTER = """\
run:
  after:
    csv: reports/cameras.csv
    json: reports/x/c.json
    removals: reports/removals.csv
    glpi: reports/glpi
    prometheus: reports/camscan.prom
    report: reports/r.html
"""
LATER = "UPDATE service_version SET version_num = '9999'"
NETWORKS = {"Town Hall": ("10.9.0.0/25",), "Depot": ("10.9.0.128/26",), "Library": ("10.9.0.192/26",)}


def settings(folder: Path, text: str = SITES) -> Config:
    path = folder / "camscan.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def done(of: str, ago: timedelta, **members: object) -> StoredScan:
    """A scan of all networks of a site."""
    found = report(site=of, targets=NETWORKS[of], when=NOW - ago)
    stored = StoredScan(
        scan_id=f"{of} {ago}",
        started_at=found.started_at,
        finished_at=found.finished_at,
        completion=found.completion,
        site=of,
        targets=found.targets,
        pace=found.pace,
        version=found.version,
        database=found.database,
        coverage=found.coverage,
        devices=0,
    )
    return replace(stored, **members)  # type: ignore[arg-type]  # members are replaced by name


ALL_DONE = [done("Town Hall", HOUR), done("Depot", HOUR), done("Library", HOUR)]


class TestDue:
    @pytest.mark.parametrize(
        ("scans", "wanted"),
        [
            ([], ["Town Hall", "Depot", "Library"]),
            (ALL_DONE, []),
            ([*ALL_DONE, done("Town Hall", 24 * HOUR)], []),  # the newer one counts
            ([done("Town Hall", 24 * HOUR), *ALL_DONE[1:]], ["Town Hall"]),
            ([done("Town Hall", 18 * HOUR), *ALL_DONE[1:]], ["Town Hall"]),  # last night's run took until the morning
            ([done("Town Hall", 11 * HOUR), *ALL_DONE[1:]], []),
            ([ALL_DONE[0], done("Depot", 6 * 24 * HOUR), ALL_DONE[2]], []),
            ([ALL_DONE[0], done("Depot", 7 * 24 * HOUR), ALL_DONE[2]], ["Depot"]),
            ([*ALL_DONE[:2], done("Library", 29 * 24 * HOUR)], []),
            # Who waited longest comes first.
            (
                [done("Town Hall", 48 * HOUR), done("Depot", 200 * HOUR), done("Library", 900 * HOUR)],
                ["Library", "Depot", "Town Hall"],
            ),
            ([done("Town Hall", 48 * HOUR), done("Library", 900 * HOUR)], ["Depot", "Library", "Town Hall"]),
            # No scan of the whole site: of another's, of one address, an import, one that was interrupted.
            ([replace(ALL_DONE[0], site="Depot"), *ALL_DONE[1:]], ["Town Hall"]),
            ([done("Town Hall", HOUR, targets=("10.9.0.7",)), *ALL_DONE[1:]], ["Town Hall"]),
            ([done("Town Hall", HOUR, completion=Completion.INTERRUPTED), *ALL_DONE[1:]], ["Town Hall"]),
            ([done("Town Hall", HOUR, site="TOWN HALL"), *ALL_DONE[1:]], []),
            ([done("Town Hall", HOUR, completion=Completion.PARTIAL), *ALL_DONE[1:]], []),
            # A clock that was wrong by years puts no site off.
            ([done("Town Hall", -9000 * HOUR), *ALL_DONE[1:]], ["Town Hall"]),
        ],
    )
    def test_by_the_last_scan_of_all_of_it(
        self, tmp_path: Path, scans: Sequence[StoredScan], wanted: list[str]
    ) -> None:
        assert find_due_sites(settings(tmp_path), scans, tmp_path / "camscan.db", NOW) == DueSites(tuple(wanted))

    def test_what_was_begun_comes_first_though_it_is_not_due(self, tmp_path: Path) -> None:
        place = tmp_path / "camscan.db"
        remember_round(place, Head(key_of_run("x"), NOW - HOUR, sites=("library",), round="r"))
        found = find_due_sites(settings(tmp_path), [done("Town Hall", 24 * HOUR), *ALL_DONE[1:]], place, NOW)
        assert found == DueSites(("Library", "Town Hall"), begun=("Library",))

    def test_at_another_hour_nothing_is_scanned_and_nothing_is_wrong(self, tmp_path: Path) -> None:
        wall = settings(tmp_path).clock(NOW)
        begins, ends = (wall + timedelta(hours=hours) for hours in (2, 4))
        window = f"{begins:%H}:00-{ends:%H}:00"
        config = settings(tmp_path, f"{SITES}run: {{window: '{window}'}}\n")
        assert find_due_sites(config, [], tmp_path / "camscan.db", NOW) == DueSites(
            waiting=("Town Hall", "Depot", "Library")
        )
        authorised = (
            "authorisations:\n  - {role: ICT, date: 2020-01-01, expires: 2999-12-31, cidrs: [10.9.0.0/25], "
            f"window: '{window}'}}\n"
        )
        found = find_due_sites(settings(tmp_path, SITES + authorised), [], tmp_path / "camscan.db", NOW)
        assert found == DueSites(("Depot", "Library"), waiting=("Town Hall",))

    def test_what_a_person_must_confirm_is_left_out(self, tmp_path: Path) -> None:
        text = "sites:\n  - {name: Everything, cidrs: [10.0.0.0/8]}\n"
        found = find_due_sites(settings(tmp_path, text), [], tmp_path / "camscan.db", NOW)
        assert found == DueSites(too_large=(("Everything", 1 << 24),))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Device]]:
    """Site -> what a scan of it finds; the scanning itself is not tried here."""
    found: dict[str, list[Device]] = {name: [] for name in NETWORKS}
    count = iter(range(1000))

    def scanned(prepared: PreparedScan, *_: object) -> ScanResult:
        site = prepared.plan.site
        made = report(
            *found[site],
            scan_id=f"scan-{next(count)}",
            when=app.run.read_clock(),
            site=site,
            targets=prepared.plan.targets.texts,
        )
        return ScanResult(made)

    monkeypatch.setattr(resume, "run_scan", scanned)
    return found


@pytest.fixture
def box() -> Iterator[Box]:
    with collect_alerts() as found:
        yield found


@pytest.fixture
def place(workplace: Path) -> Workspace:
    (workplace / "camscan.yaml").write_text(SITES, encoding="utf-8")
    return find_workspace()


def scans() -> list[StoredScan]:
    with open_register("camscan.db", readonly=True) as book:
        return book.scans()


@pytest.mark.usefixtures("place")
class TestRun:
    def test_it_is_silent_and_leaves_a_scan_of_each_site_and_a_backup(
        self, camscan: Camscan, seen: dict[str, list[Device]], workplace: Path
    ) -> None:
        seen["Depot"].append(camera(1, ip="10.9.0.130"))
        text = f"{SITES}{AFTER}{RECIPIENTS}"
        (workplace / "camscan.yaml").write_text(text, encoding="utf-8")
        with collect_alerts() as box:
            assert camscan("run") == (0, "", "")
            assert set(box.came()) == {"news to CCTV team"}
            assert camscan("run") == (0, "", "")
            assert box.came() == {}
        assert [scan.site for scan in scans()] == ["Town Hall", "Depot", "Library"]
        assert all(isinstance(scan.turn, Turn) for scan in scans())
        (backup,) = (workplace / "backups").iterdir()
        assert backup.name == f"camscan-{app.run.read_clock():%Y-%m-%d}.db"
        with open_register(backup, readonly=True) as book:
            assert len(book.devices()) == 1
        assert (workplace / "reports" / "cameras.csv").exists()
        assert (workplace / "reports" / "x" / "c.json").exists()
        assert (workplace / "reports" / "removals.csv").exists()
        assert (workplace / "reports" / "glpi").is_dir()
        assert "camscan_devices" in (workplace / "reports" / "camscan.prom").read_text(encoding="utf-8")
        assert "</html>" in (workplace / "reports" / "r.html").read_text(encoding="utf-8")
        assert not list(workplace.glob("*.unfinished-*"))

    def test_where_nobody_is_told_what_is_new_is_said(
        self, camscan: Camscan, seen: dict[str, list[Device]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert camscan("run")[:2] == (0, "")
        seen["Town Hall"].append(camera(1, ip="10.9.0.5"))
        monkeypatch.setattr(app.run, "read_clock", lambda: datetime.now(UTC) + timedelta(days=1))
        code, out, err = camscan("run")
        assert (code, out) == (0, "")
        assert err.startswith("New: Hikvision DS-2CD2385G1-I at 10.9.0.5, Town Hall (")

    @pytest.mark.usefixtures("seen")
    def test_dry_run_says_what_is_due_and_does_nothing(self, camscan: Camscan, workplace: Path) -> None:
        assert camscan("run", "--dry-run") == (0, "Town Hall: due\nDepot: due\nLibrary: due\n", "")
        assert not (workplace / "camscan.db").exists()
        camscan("run")
        assert camscan("run", "--dry-run") == (0, "Nothing is due\n", "")

    @pytest.mark.usefixtures("seen")
    def test_a_failing_step_costs_itself_and_is_reported(self, camscan: Camscan, box: Box, workplace: Path) -> None:
        text = (
            f"{SITES}run:\n  backups: backups\n  after: {{csv: a-file/cameras.csv, json: cameras.json}}\n{RECIPIENTS}"
        )
        (workplace / "camscan.yaml").write_text(text, encoding="utf-8")
        (workplace / "backups").write_text("no folder", encoding="utf-8")
        (workplace / "a-file").write_text("no folder", encoding="utf-8")
        code, out, err = camscan("run")
        assert (code, out) == (1, "")
        assert [line.partition(": ")[2].partition(":")[0] for line in err.splitlines()] == ["backup", "export csv"]
        assert len(scans()) == 3
        assert (workplace / "cameras.json").exists()
        told = {name: message for name, message in box.messages if message.about == "trouble"}
        assert [item.brief for item in told["ICT"].items] == [
            "backup; the output of the run says why",
            "export csv; the output of the run says why",
        ]
        box.messages.clear()
        assert camscan("run")[0] == 1
        assert box.came() == {}  # the same once a week

    @pytest.mark.usefixtures("seen")
    def test_a_busy_register_is_code_4_and_the_rest_is_done(self, camscan: Camscan, box: Box, workplace: Path) -> None:
        (workplace / "camscan.yaml").write_text(f"{SITES}{RECIPIENTS}", encoding="utf-8")
        with open_register("camscan.db"):
            code, out, err = camscan("run")
        assert (code, out) == (4, "")
        assert err.startswith("camscan: scan: camscan.db: another camscan run is writing to it")
        assert box.came() == {"trouble to ICT": "1 scan failed"}
        assert len(list((workplace / "backups").iterdir())) == 1
        assert camscan("run")[0] == 0

    def test_a_signal_ends_it_after_the_step_that_it_interrupts(
        self, camscan: Camscan, seen: dict[str, list[Device]], workplace: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (workplace / "camscan.yaml").write_text(f"{SITES}{AFTER}{RECIPIENTS}", encoding="utf-8")
        monkeypatch.setattr(run_outputs, "back_up", lambda *_: signal.raise_signal(signal.SIGTERM))
        with collect_alerts() as box:
            assert camscan("run") == (143, "", "")
            assert box.tries == 0
        assert len(scans()) == len(seen)
        assert not (workplace / "reports").exists()

    def test_a_site_that_is_too_large_is_reported(self, camscan: Camscan, workplace: Path, box: Box) -> None:
        large = "sites:\n  - {name: Everything, cidrs: [10.0.0.0/8]}\n"
        (workplace / "camscan.yaml").write_text(f"{large}{RECIPIENTS}", encoding="utf-8")
        code, out, err = camscan("run")
        assert (code, out) == (3, "")
        assert err.startswith(
            "camscan: Everything: it has 16,777,216 addresses, more than 65,536; split it into several sites"
        )
        assert box.came() == {"trouble to ICT": "1 site was not scanned"}

    @pytest.mark.slow
    @pytest.mark.usefixtures("seen")
    def test_a_register_on_a_server(self, camscan: Camscan, workplace: Path, box: Box, postgresql_at: str) -> None:
        text = f"{SITES}{AFTER}{RECIPIENTS}register: {json.dumps(postgresql_at)}\n"
        (workplace / "camscan.yaml").write_text(text, encoding="utf-8")
        for wanted in ({"news to CCTV team": "3 places were scanned for the first time"}, {}):
            assert camscan("run") == (0, "", "")
            assert box.came() == wanted
        (backup,) = (workplace / "backups").iterdir()
        with open_register(backup, readonly=True) as book:
            assert len(book.scans()) == 3

    @pytest.mark.usefixtures("seen")
    def test_two_runs_at_once(self, camscan: Camscan, place: Workspace) -> None:
        with app.unattended.lock_runs(place):
            assert camscan("run")[0] == 4
        assert not Path("camscan.db").exists()

    @pytest.mark.usefixtures("seen")
    def test_an_authorisation_that_has_ended_costs_its_site(self, camscan: Camscan, box: Box, workplace: Path) -> None:
        ended = (
            "authorisations:\n"
            "  - {role: Head of ICT, date: 2020-01-01, expires: 2020-12-31, cidrs: [10.9.0.0/25]}\n"
            "  - {role: Head of ICT, date: 2020-01-01, expires: 2999-12-31, cidrs: [10.9.0.128/25]}\n"
        )
        (workplace / "camscan.yaml").write_text(f"{SITES}{ended}{RECIPIENTS}", encoding="utf-8")
        code, out, err = camscan("run")
        assert (code, out) == (2, "")
        assert err.startswith("camscan: Town Hall: 10.9.0.0/25: the authorisation by Head of ICT expired on 2020-12-31")
        assert [scan.site for scan in scans()] == ["Depot", "Library"]
        told = dict(box.messages)["ICT"]
        assert [(item.kind, item.brief) for item in told.items] == [
            ("not_scanned", "Town Hall: no authorisation allows it now"),
            ("authorisation_ends", "that of Head of ICT ended on 2020-12-31"),
        ]
        for text in (ended[:110],):  # nobody may be scanned at all
            (workplace / "camscan.yaml").write_text(f"{SITES}{text}", encoding="utf-8")
            assert camscan("run")[0] == 2

    @pytest.mark.usefixtures("seen")
    def test_backups_are_kept_by_number_and_nothing_else_is_removed(self, camscan: Camscan, workplace: Path) -> None:
        (workplace / "camscan.yaml").write_text(f"{SITES}run: {{keep: 3}}\n", encoding="utf-8")
        folder = workplace / "backups"
        folder.mkdir()
        with open_register(workplace / "camscan.db"):
            pass
        for name in ("camscan-2026-01-01.db", "camscan-2026-01-02.db", "camscan-2999-01-01.db", "mine-2026-01-01.db"):
            (folder / name).write_text(name, encoding="utf-8")
        camscan("run")
        today = f"camscan-{app.run.read_clock():%Y-%m-%d}.db"
        assert {path.name for path in folder.iterdir()} == {
            today,
            "camscan-2026-01-02.db",
            "camscan-2999-01-01.db",
            "mine-2026-01-01.db",
        }
        (workplace / "camscan.yaml").write_text(f"{SITES}run: {{keep: 0}}\n", encoding="utf-8")
        (folder / today).unlink()
        camscan("run")
        assert not (folder / today).exists()

    @pytest.mark.usefixtures("seen")
    def test_a_register_that_is_lost_is_not_begun_anew_over_its_backups(
        self, camscan: Camscan, box: Box, workplace: Path
    ) -> None:
        (workplace / "camscan.yaml").write_text(f"{SITES}run: {{keep: 2}}\n{RECIPIENTS}", encoding="utf-8")
        assert camscan("run")[0] == 0
        box.messages.clear()
        (workplace / "camscan.db").rename(workplace / "lost.db")
        (kept,) = (workplace / "backups").iterdir()
        before = kept.read_bytes()
        code, out, err = camscan("run")
        assert (code, out) == (1, "")
        assert err.startswith("camscan: scan: camscan.db: does not exist, but backups of it do; fill it with `camscan ")
        assert [(path.name, path.read_bytes()) for path in (workplace / "backups").iterdir()] == [(kept.name, before)]
        assert not (workplace / "camscan.db").exists()
        assert box.came() == {"trouble to ICT": "1 scan failed"}
        assert camscan("register", "restore", str(kept))[0] == 0
        assert camscan("run")[0] == 0
        assert len(scans()) == 3

    @pytest.mark.parametrize("damage", ["not a database", "a row", "a later camscan"])
    @pytest.mark.usefixtures("seen")
    def test_that_nothing_can_be_remembered_is_reported_and_no_success(
        self, camscan: Camscan, box: Box, workplace: Path, damage: str
    ) -> None:
        (workplace / "camscan.yaml").write_text(
            f"{SITES}run: {{metrics: camscan.prom}}\n{RECIPIENTS}", encoding="utf-8"
        )
        assert camscan("run")[0] == 0
        box.messages.clear()
        file = workplace / "camscan-service.db"
        if damage == "not a database":
            file.write_bytes(b"x" * 9000)
        else:
            said = {"a row": "UPDATE service_alert_note SET at = '2999'", "a later camscan": LATER}[damage]
            with contextlib.closing(sqlite3.connect(file)) as connection, connection:
                connection.execute(said.replace("'2999'", "'2999-99'"))
        code, out, err = camscan("run")
        assert (code, out) == (1, "")
        assert err.startswith("camscan: notify: camscan-service.db: ")
        assert box.came() == {"trouble to ICT": "1 step of the run failed"}
        assert figures()["camscan_last_run_exit_code"] == 1

    @pytest.mark.usefixtures("seen")
    def test_figures_say_what_became_of_the_run_and_of_those_before(
        self, camscan: Camscan, box: Box, workplace: Path
    ) -> None:
        (workplace / "camscan.yaml").write_text(
            f"{SITES}run: {{metrics: camscan.prom, backups: backups}}\n{RECIPIENTS}", encoding="utf-8"
        )
        box.refuses.add("everybody")
        assert camscan("run")[0] == 0
        first = figures()
        assert (first["camscan_last_run_exit_code"], first["camscan_alert_failures_total"]) == (0, 1)
        for name in ("last_success", "register_backup"):
            assert abs(first[f"camscan_{name}_timestamp_seconds"] - datetime.now(UTC).timestamp()) < 600
        Path("camscan.db").rename("away.db")
        Path("camscan.db").write_text("no register", encoding="utf-8")
        assert camscan("run")[0] == 1
        second = figures()
        assert second["camscan_last_run_exit_code"] == 1
        assert "camscan_scope_unknown" in first
        assert "camscan_scope_unknown" not in second
        for name in ("last_success", "register_backup"):
            assert second[f"camscan_{name}_timestamp_seconds"] == first[f"camscan_{name}_timestamp_seconds"]


def figures() -> dict[str, float]:
    lines = Path("camscan.prom").read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if not line.startswith("#") and "{" not in line)
    return {name: float(value) for name, value in pairs}


class TestMistakes:
    def test_without_sites_there_is_nothing_to_do(self, camscan: Camscan, workplace: Path) -> None:
        code, _, err = camscan("run")
        assert (code, err.partition(";")[0]) == (2, "camscan: scan: there is no camscan.yaml")
        assert camscan("run", "--dry-run")[0] == 2
        assert not (workplace / "camscan.db").exists()

    def test_an_export_that_there_is_not(self, camscan: Camscan, workplace: Path) -> None:
        (workplace / "camscan.yaml").write_text(f"{SITES}run:\n  after: {{pigeon: x.csv}}\n", encoding="utf-8")
        code, _, err = camscan("run")
        assert code == 2
        assert err.startswith("camscan: camscan.yaml:8: there is no export 'pigeon'; the exports are: csv, ")
        assert not (workplace / "camscan.db").exists()
        code, _, err = camscan("config", "check")
        assert code == 2
        assert "camscan.yaml:8: there is no export 'pigeon'" in err


def test_a_window_ends_the_scan_that_is_running(workplace: Path) -> None:
    config = settings(workplace, SITES)
    soon = datetime.now(UTC) + HOUR
    request = app.request.Request(targets=(), site="Depot", until=soon)
    prepared = app.request.prepare_request(request, config=config)
    assert (prepared.until, prepared.why_until) == (soon, "the window of the run closed")
    with pytest.raises(ScopeError, match="the window of the run closed at"):
        app.request.prepare_request(replace(request, until=NOW - HOUR), config=config)


def test_what_is_left_of_a_killed_run_is_taken_away(workplace: Path, seen: dict[str, list[Device]]) -> None:
    del seen
    settings(workplace)
    place = Path("camscan.db")
    head = Head(key_of_run("round", ["Depot"]), NOW, sites=("Depot", "Town Hall"), options={"by": "run"})
    remember_round(place, head)
    remember_round(place, replace(head, key=key_of_run("mine"), options={}))
    assert app.run.run_unattended(find_workspace()).exit_code == 0
    assert not path_of(place, head.key).exists()
    assert path_of(place, key_of_run("mine")).exists()
