"""Runs over several sites: what is counted, what they are remembered by, what `diff` covers, and where devices are."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from command_line import Camscan
from sample_report import NOON, camera, nameless, report

from camscan.app.resume import RecordedScan
from camscan.app.round import Round
from camscan.cli import _round
from camscan.cli._unfinished import Invocation
from camscan.config import find_config
from camscan.headline import Headline
from camscan.model import Completion, Coverage, Device, Report, Turn
from camscan.register import Register, open_register

SITES = """\
sites:
  - {name: Town Hall, cidrs: [192.0.2.0/25]}
  - {name: Depot, cidrs: [192.0.2.128/25]}
"""
HALL, DEPOT = ("192.0.2.0/25",), ("192.0.2.128/25",)
TARGETS = {"Town Hall": HALL, "Depot": DEPOT}


@pytest.fixture(autouse=True)
def home(workplace: Path) -> Path:
    """A council with two sites; its register knows them."""
    (workplace / "camscan.yaml").write_text(SITES, encoding="utf-8")
    with open_register("camscan.db") as book:
        book.remember_sites(find_config(None).places())
    return workplace


def record(
    book: Register, site: str, *devices: Device, turn: Turn | None = None, when: datetime | None = None
) -> RecordedScan:
    number = len(book.scans()) + 1
    when = when or NOON + timedelta(hours=number)
    of = report(*devices, scan_id=f"scan-{number}", when=when, site=site, targets=TARGETS.get(site, HALL))
    of = replace(of, turn=turn)
    return RecordedScan(of, book.record(of), is_left=False)


def at(number: int, ip: str) -> Device:
    return camera(number, ip=ip)


def going(**kept: RecordedScan) -> Round:
    found = Round(list(TARGETS))
    for name, each in kept.items():
        found.note_site(name.replace("_", " "), each)
    return found


class TestCounts:
    def test_a_device_that_both_scans_saw_is_counted_once_at_its_own_site(self) -> None:
        both = replace(at(1, "192.0.2.5"), ip_addresses=("192.0.2.5", "192.0.2.205"))
        with open_register("camscan.db") as book:
            hall = record(book, "Town Hall", both, at(2, "192.0.2.6"), at(3, "192.0.2.200"))
            depot = record(book, "Depot", both, at(3, "192.0.2.200"), at(4, "192.0.2.201"))
            found = going(Town_Hall=hall, Depot=depot)
            found.count_devices(book)
            assert len(book.devices()) == 4
        assert {site: makers.total() for site, makers in found.systems.items()} == {"Town Hall": 2, "Depot": 2}
        assert (found.new["Town Hall"], found.new["Depot"], found.sites_elsewhere) == (2, 2, [])

    def test_what_no_network_holds_stands_apart(self, capsys: pytest.CaptureFixture[str]) -> None:
        with open_register("camscan.db") as book:
            hall = record(book, "Town Hall", at(1, "192.0.2.5"), at(9, "192.168.1.64"))
            depot = record(book, "Depot", at(9, "192.168.1.64"))
            found = going(Town_Hall=hall, Depot=depot)
            found.count_devices(book)
        _round.print_round(found, "camscan.db", Headline(2, 2, sites=1, without_site=1), Invocation("camscan.db"))
        out = capsys.readouterr().out
        rows = [line.split() for line in out.splitlines()]
        assert ["Town", "Hall", "254", "2", "1", "1", "0", "complete"] in rows
        assert ["Depot", "254", "1", "0", "0", "0", "complete"] in rows
        assert ["no", "known", "site", "1", "1", "0"] in rows
        assert "Camera systems: 2 Hikvision" in out


class TestSites:
    """A device on no site's network."""

    def sites(self, book: Register) -> Counter[str]:
        return Counter(row.site for row in book.devices())

    @pytest.mark.parametrize("device", [at(9, "192.168.1.64"), nameless("192.168.1.64")])
    def test_does_not_change_site_with_each_scan(self, device: Device) -> None:
        with open_register("camscan.db") as book:
            for site in ("Town Hall", "Depot", "Town Hall", "Depot"):
                record(book, site, device)
            assert self.sites(book) == {"": 1}
            assert [each.event.value for each in book.happenings()] == ["new"]

    def test_keeps_the_site_that_is_known(self) -> None:
        with open_register("camscan.db") as book:
            record(book, "Town Hall", at(9, "192.0.2.9"))
            for site in ("Depot", "Town Hall", "Depot"):
                record(book, site, at(9, "192.168.1.64"))
            assert self.sites(book) == {"Town Hall": 1}

    def test_an_import_names_the_site(self) -> None:
        heard = Coverage(1, 1, 0, 0, 0, 0, is_search=False)
        with open_register("camscan.db") as book:
            book.record(replace(report(at(9, "192.168.1.64"), site="Depot", targets=("nmap.xml",)), coverage=heard))
            record(book, "Town Hall", at(9, "192.168.1.64"))
            assert self.sites(book) == {"Depot": 1}

    def test_without_networks_the_scan_s_site_is_all_there_is(self) -> None:
        with open_register("camscan.db") as book:
            record(book, "Chapel", at(9, "192.168.1.64"))
            record(book, "Kiosk", at(9, "192.168.1.64"))
            assert self.sites(book) == {"Kiosk": 1}


class TestDiff:
    """By default: what the last complete round brought, at all its sites."""

    def serials(self, camscan: Camscan, *arguments: str) -> list[str]:
        told = json.loads(camscan("diff", "--json", *arguments)[1])
        return sorted(each["ip_addresses"][0] for each in told["changes"])

    def test_covers_all_sites_of_the_last_round(self, camscan: Camscan) -> None:
        with open_register("camscan.db") as book:
            for name, left in (("one", 1), ("two", 1)):
                old = [] if name == "one" else [at(5, "192.0.2.15")]
                record(book, "Town Hall", at(1, "192.0.2.11"), *old, turn=Turn(name, left))
                late = [] if name == "one" else [at(6, "192.0.2.216")]
                record(book, "Depot", at(2, "192.0.2.212"), *late, turn=Turn(name, 0))
        assert self.serials(camscan) == ["192.0.2.15", "192.0.2.216"]
        code, out, _ = camscan("diff")
        assert code == 1
        assert out.startswith("Since the last complete round began, on 02 March 2026 at ")
        assert out.splitlines()[0].endswith(": Town Hall and Depot")

    def test_goes_on_with_what_came_after_the_round(self, camscan: Camscan) -> None:
        with open_register("camscan.db") as book:
            record(book, "Town Hall", at(1, "192.0.2.11"))
            record(book, "Town Hall", at(1, "192.0.2.11"), at(2, "192.0.2.12"), turn=Turn("one", 1))
            record(book, "Depot", at(3, "192.0.2.213"), turn=Turn("one", 0))
            record(book, "Town Hall", at(1, "192.0.2.11"), at(2, "192.0.2.12"), at(4, "192.0.2.14"))
        assert self.serials(camscan) == ["192.0.2.12", "192.0.2.14", "192.0.2.213"]

    def test_a_round_that_was_not_finished_belongs_to_the_one_before(self, camscan: Camscan) -> None:
        with open_register("camscan.db") as book:
            record(book, "Town Hall", at(1, "192.0.2.11"), turn=Turn("one", 1))
            record(book, "Depot", turn=Turn("one", 0))
            record(book, "Town Hall", at(1, "192.0.2.11"), at(2, "192.0.2.12"), turn=Turn("two", 1))
        assert self.serials(camscan) == ["192.0.2.11", "192.0.2.12"]

    def test_sites_that_were_scanned_one_by_one_since_are_a_round_too(self, camscan: Camscan) -> None:
        with open_register("camscan.db") as book:
            record(book, "Town Hall", at(1, "192.0.2.11"), turn=Turn("one", 1))
            record(book, "Depot", turn=Turn("one", 0))
            record(book, "Town Hall", at(1, "192.0.2.11"), at(2, "192.0.2.12"))
            record(book, "Depot", at(3, "192.0.2.213"))
        assert self.serials(camscan) == ["192.0.2.12", "192.0.2.213"]

    def test_sites_that_collectors_scan_one_by_one_are_like_a_round(self, camscan: Camscan) -> None:
        with open_register("camscan.db") as book:
            record(book, "Town Hall", at(1, "192.0.2.11"))
            record(book, "Depot", at(2, "192.0.2.212"))
            record(book, "Town Hall", at(1, "192.0.2.11"), at(3, "192.0.2.13"))
        assert self.serials(camscan) == ["192.0.2.13"], "what a first scan finds is not news"
        with open_register("camscan.db") as book:
            record(book, "Depot", at(2, "192.0.2.212"), at(4, "192.0.2.214"))
        assert self.serials(camscan) == ["192.0.2.13", "192.0.2.214"]
        with open_register("camscan.db") as book:
            record(book, "Town Hall", at(1, "192.0.2.11"), at(3, "192.0.2.13"))
        assert self.serials(camscan) == ["192.0.2.214"]

    def test_without_a_round_it_is_the_last_scan(self, camscan: Camscan) -> None:
        with open_register("camscan.db") as book:
            record(book, "Town Hall", at(1, "192.0.2.11"))
            record(book, "Depot", at(2, "192.0.2.212"))
        assert self.serials(camscan) == ["192.0.2.212"]

    def test_in_an_earlier_register_scans_that_followed_each_other_are_a_round(
        self, camscan: Camscan, home: Path
    ) -> None:
        with open_register("camscan.db") as book:
            for number, (site, ip) in enumerate((("Town Hall", "192.0.2.11"), ("Depot", "192.0.2.212"))):
                record(book, site, at(number, ip), when=NOON + timedelta(seconds=31 * number))
            for number, (site, ip) in enumerate((("Town Hall", "192.0.2.13"), ("Depot", "192.0.2.214")), 2):
                record(book, site, at(number, ip), when=NOON + timedelta(days=1, seconds=31 * number))
        with sqlite3.connect(home / "camscan.db") as database:
            for number, text in database.execute("SELECT id, coverage FROM scan").fetchall():
                kept = {name: value for name, value in json.loads(text).items() if name not in {"round", "unfinished"}}
                database.execute("UPDATE scan SET coverage = ? WHERE id = ?", (json.dumps(kept), number))
        assert self.serials(camscan, "--kind", "new") == ["192.0.2.13", "192.0.2.214"]
        with open_register("camscan.db", readonly=True) as book:
            assert [scan.turn for scan in book.scans()] == [
                Turn("scan-1", 1),
                Turn("scan-1", 0),
                Turn("scan-3", 1),
                Turn("scan-3", 0),
            ]


def test_a_turn_comes_back(home: Path) -> None:
    with open_register(str(home / "camscan.db")) as book:
        record(book, "Town Hall", turn=Turn("one", 1))
        interrupted = replace(report(scan_id="x", site="Depot"), completion=Completion.INTERRUPTED, turn=Turn("one", 0))
        book.record(interrupted)
        assert [scan.turn for scan in book.scans()] == [Turn("one", 1), Turn("one", 0)]
        back: Report = book.report("x")
        assert back.turn == Turn("one", 0)
