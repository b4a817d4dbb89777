"""``camscan plan``: the programme from the command line, on a register of scans and people's entries."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click import Context
from command_line import Camscan
from sample_report import camera, nameless, report

from camscan.app import assess, listing_lines
from camscan.asset import Grouping, Place
from camscan.cli.plan import COMMAND
from camscan.config import Config, load_config
from camscan.plan.status import BY
from camscan.register import Register, open_register

TODAY = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)
CONFIG = """\
organisation: Exampleshire Council
role: CCTV manager
register: estate.db
sites:
  - {name: Town Hall, uprn: '100', type: office, sensitivity: '1', network_zone: core, cidrs: [192.0.2.0/28]}
  - {name: Library, uprn: '200', type: library, sensitivity: '3', network_zone: segregated, cidrs: [192.0.2.16/28]}
"""
DECISION = """\
planning:
  local_decision: {minute: '114', date: '2025-05-12', groups: [hikvision, dahua]}
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cameras at the Town Hall, two at the Library, one device of unknown make, over two scans."""
    directory = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", TODAY.date)
        patch.setenv("XDG_CACHE_HOME", str(directory / "cache"))
        path = directory / "camscan.yaml"
        path.write_text(CONFIG + DECISION, encoding="utf-8")
        config = load_config(path)
        with open_register(directory / "estate.db") as book:
            book.remember_sites(place for site in config.sites for place in site.places())
            for number, day in enumerate((TODAY - timedelta(days=60), TODAY - timedelta(days=2))):
                scan(book, config, f"scan-{number}", day)
    return directory


@pytest.fixture
def estate(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(assess, "today_utc", TODAY.date)
    monkeypatch.delenv("CAMSCAN_ROLE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("camscan.yaml", "estate.db"):
        shutil.copy2(recorded / name, tmp_path / name)
    return tmp_path


def scan(book: Register, config: Config, scan_id: str, when: datetime) -> None:
    devices = [camera(number, ip=f"192.0.2.{number}", when=when) for number in (1, 2, 3, 17, 18)]
    found = report(*devices, nameless("192.0.2.9", when=when), scan_id=scan_id, when=when)
    book.list_by(listing_lines.make_lister(config))
    book.record(found, counted=True)


def devices(directory: Path) -> dict[str, str]:
    """Address -> asset id."""
    with open_register(directory / "estate.db", readonly=True) as book:
        return {row.ip_addresses[0]: row.asset_id for row in book.devices()}


def everything_entered(directory: Path) -> tuple[Any, ...]:
    with open_register(directory / "estate.db", readonly=True) as book:
        return book.devices(), book.changes(), book.count_rows()


def entries(directory: Path, ip: str) -> Mapping[str, str]:
    with open_register(directory / "estate.db", readonly=True) as book:
        return next(dict(row.entries) for row in book.devices() if row.ip_addresses[0] == ip)


class TestSet:
    def test_a_word_that_is_not_a_command_is_taken_for_a_device(self, camscan: Camscan, estate: Path) -> None:
        code, out, _ = camscan("plan", "192.0.2.1", "--on", "31/03/2026", "--phase", "1", "--cost", "£1,250")
        assert code == 0
        assert entries(estate, "192.0.2.1") == {
            "planned_removal_date": "2026-03-31",
            "removal_phase": "1",
            "estimated_cost": "1250.00",
            "lifecycle_status": "planned",
        }
        assert "planned_removal_date: (empty) → 2026-03-31" in out

    def test_set_spelled_out_is_the_same(self, camscan: Camscan, estate: Path) -> None:
        assert camscan("plan", "set", "192.0.2.1", "192.0.2.2", "--on", "2026-03-31", "--role", "Buyer")[0] == 0
        assert entries(estate, "192.0.2.2")["planned_removal_date"] == "2026-03-31"
        with open_register(estate / "estate.db", readonly=True) as book:
            assert {(change.role, change.how) for change in book.changes()} == {("Buyer", "camscan plan set")}

    def test_a_whole_site(self, camscan: Camscan, estate: Path) -> None:
        assert (
            camscan("plan", "set", "--site", "library", "--blocked-by", "listed building", "--budget-code", "C12")[0]
            == 0
        )
        assert entries(estate, "192.0.2.17") == {"blocked_by": "listed building", "budget_code": "C12"}
        assert entries(estate, "192.0.2.1") == {}

    def test_clearing_the_date_undoes_planned(self, camscan: Camscan, estate: Path) -> None:
        camscan("plan", "192.0.2.1", "--on", "2026-03-31")
        assert camscan("plan", "192.0.2.1", "--on", "")[0] == 0
        assert entries(estate, "192.0.2.1") == {"lifecycle_status": "found"}

    def test_what_is_ordered_stays_ordered(self, camscan: Camscan, estate: Path) -> None:
        camscan("set", "192.0.2.1", "planned_removal_date=2026-02-01", "lifecycle_status=ordered")
        camscan("plan", "192.0.2.1", "--on", "2026-03-31")
        assert entries(estate, "192.0.2.1")["lifecycle_status"] == "ordered"

    def test_what_was_kept_or_blocked_can_be_planned_again(self, camscan: Camscan, estate: Path) -> None:
        camscan("accept-risk", "192.0.2.1", "--ref", "Cabinet 12")
        camscan("plan", "192.0.2.1", "--blocked-by", "lease")
        assert camscan("plan", "192.0.2.1", "--on", "2026-03-31", "--blocked-by", "")[0] == 0
        now = entries(estate, "192.0.2.1")
        assert now["lifecycle_status"] == "planned"
        assert "blocked_by" not in now

    def test_what_is_gone_cannot_be_planned(self, camscan: Camscan, estate: Path) -> None:
        camscan(
            "set",
            "192.0.2.1",
            "lifecycle_status=removed",
            "removal_evidence_ref=WO-7",
            "actual_removal_date=2025-12-01",
        )
        before = entries(estate, "192.0.2.1")
        code, _, err = camscan("plan", "192.0.2.1", "--on", "2026-03-31")
        assert (code, entries(estate, "192.0.2.1")) == (2, before)
        assert "is removed, so there is nothing to plan" in err

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("192.0.2.1",), "what do you want to enter for 192.0.2.1? Add --on, --phase, --cost"),
            (("--on", "2026-01-01"), "no such option '--on'"),
            (("set", "--on", "2026-01-01"), "name a device or a --site"),
            (("192.0.2.1", "--on", "soon"), "--on: 'soon' is not a date; write it as 2027-03-31"),
            (("192.0.2.1", "--cost", "lots"), "--cost: 'lots' is not an amount in pounds"),
            (("stauts",), "there is no command stauts; did you mean status?"),
            (("propsoe", "--by", "2026-12-31"), "there is no command propsoe; did you mean propose?"),
            (("STATUS7",), "what do you want to enter for STATUS7?"),
            (("lobby",), "what do you want to enter for lobby?"),
            (("192.0.2.77", "--on", "2026-01-01"), "there is no device 192.0.2.77"),
        ],
    )
    def test_mistakes(self, camscan: Camscan, estate: Path, words: tuple[str, ...], message: str) -> None:
        code, out, err = camscan("plan", *words)
        assert (code, out) == (2, "")
        assert message in err
        assert err.count("\n") == 1
        assert entries(estate, "192.0.2.1") == {}

    def test_the_help_names_the_commands(self, camscan: Camscan) -> None:
        code, out, _ = camscan("plan", "--help")
        assert code == 0
        assert COMMAND.list_commands(Context(COMMAND)) == ["policies", "propose", "set", "status"]
        assert all(re.search(rf"^  {name} ", out, re.MULTILINE) for name in ("policies", "propose", "set", "status"))


class TestPropose:
    def test_a_draft_writes_nothing(self, camscan: Camscan, estate: Path) -> None:
        before = everything_entered(estate)
        code, out, _ = camscan("plan", "propose", "--by", "2026-12-31", "--per-month", "3")
        assert code == 0
        assert "5 devices in 2 phases from 2026-02-01 to 2026-03-31 (the last day allowed is 2026-12-31)" in out
        assert re.search(r"^2026-02 +2026-02-28 +3 +not known +Town Hall$", out, re.MULTILINE)
        assert re.search(r"^2026-03 +2026-03-31 +2 +not known +Library$", out, re.MULTILINE)
        assert "nothing was written" in out
        assert "Score = sensitivity × capability × exposure × weakness × age" in out
        assert everything_entered(estate) == before

    def test_apply_writes_date_phase_and_lifecycle(self, camscan: Camscan, estate: Path) -> None:
        arguments = ("plan", "propose", "--by", "2026-12-31", "--per-month", "3", "--apply", "--because", "Cabinet 4")
        code, out, _ = camscan(*arguments)
        assert code == 0
        assert "Written: 15 entries of 5 devices." in out
        assert entries(estate, "192.0.2.2") == {
            "planned_removal_date": "2026-02-28",
            "removal_phase": "2026-02",
            "lifecycle_status": "planned",
        }
        assert entries(estate, "192.0.2.9") == {}
        with open_register(estate / "estate.db", readonly=True) as book:
            told = {(change.role, change.how, change.because) for change in book.changes()}
        assert told == {("CCTV manager", "camscan plan propose", "Cabinet 4")}
        code, out, _ = camscan(*arguments)
        assert code == 0
        assert "0 devices in 0 phases from 2026-02-01 to 2026-12-31; 5 devices already have a date and keep it" in out
        assert "Written" not in out

    def test_the_cost_that_it_was_judged_by_is_written(self, camscan: Camscan, estate: Path) -> None:
        camscan("set", "192.0.2.3", "estimated_cost=100")
        arguments = ("plan", "propose", "--by", "2026-12-31", "--budget", "9000", "--cost-each", "£1,250", "--apply")
        assert camscan(*arguments)[0] == 0
        assert entries(estate, "192.0.2.2")["estimated_cost"] == "1250.00"
        assert entries(estate, "192.0.2.3")["estimated_cost"] == "100.00"
        assert "not known" not in camscan("plan", "propose", "--by", "2026-12-31")[1]

    def test_dates_that_have_passed_are_named(self, camscan: Camscan, estate: Path) -> None:
        camscan("plan", "192.0.2.1", "--on", "2025-12-01")
        camscan("plan", "192.0.2.2", "--on", "2026-02-01")
        _, out, _ = camscan("plan", "propose", "--by", "2026-12-31")
        assert (
            "2 devices already have a date and keep it\n1 device of these are due before 2026-02-01; for a new date"
        ) in out
        assert entries(estate, "192.0.2.1")["planned_removal_date"] == "2025-12-01"

    def test_apply_needs_a_role(self, camscan: Camscan, estate: Path) -> None:
        (estate / "camscan.yaml").write_text((CONFIG + DECISION).replace("role: CCTV manager\n", ""), encoding="utf-8")
        code, _, err = camscan("plan", "propose", "--by", "2026-12-31", "--apply")
        assert code == 2
        assert "which role do you act in?" in err
        assert entries(estate, "192.0.2.2") == {}

    def test_what_cannot_be_placed_is_reported_and_exits_with_3(self, camscan: Camscan, estate: Path) -> None:
        code, out, _ = camscan("plan", "propose", "--by", "2026-03-31", "--per-month", "2")
        assert code == 3
        assert "1 of 5 devices cannot be placed by 2026-03-31." in out
        assert "To finish by then, 3 devices a month are needed, not 2." in out
        assert "With 2 a month it lasts until 2026-04." in out
        left = out.split("cannot be placed by")[1]
        assert sum(devices(estate)[ip] in left for ip in ("192.0.2.17", "192.0.2.18")) == 1

    @pytest.mark.usefixtures("estate")
    def test_a_budget_needs_costs(self, camscan: Camscan) -> None:
        code, out, _ = camscan("plan", "propose", "--by", "2026-12-31", "--budget", "1000")
        assert code == 3
        assert "5 devices without an estimated cost" in out
        code, out, _ = camscan("plan", "propose", "--by", "2027-12-31", "--budget", "£500/year", "--cost-each", "250")
        assert code == 0
        assert "£500.00" in out
        code, out, _ = camscan(
            "plan", "propose", "--by", "2026-12-31", "--budget", "500 per year", "--cost-each", "250"
        )
        assert code == 3
        assert "about £625.00 a year is needed, not £500.00" in out

    @pytest.mark.usefixtures("estate")
    def test_blocked_and_accepted_devices_are_listed_with_the_reason(self, camscan: Camscan) -> None:
        camscan("plan", "192.0.2.1", "--blocked-by", "lease until 2027")
        camscan("accept-risk", "192.0.2.2", "--ref", "Cabinet 12")
        _, out, _ = camscan("plan", "propose", "--by", "2026-12-31")
        assert re.search(
            r"blocked: something prevents their removal: 1 device\n  .*192\.0\.2\.1,.*: lease until 2027\n", out
        )
        assert re.search(r"accepted risk: .*: 1 device\n  .*192\.0\.2\.2,.*: Cabinet 12\n", out)
        assert "3 devices in" in out

    @pytest.mark.usefixtures("estate")
    def test_one_site(self, camscan: Camscan) -> None:
        _, out, _ = camscan("plan", "propose", "--by", "2026-12-31", "--site", "LIBRARY")
        assert "2 devices in" in out
        assert "at other sites, so without a date: 3 devices" in out
        assert camscan("plan", "propose", "--by", "2026-12-31", "--site", "Nowhere")[0] == 2

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--by", "soon"), "'soon' is not a date"),
            (("--by", "2020-01-01", "--from", "2026-01-01"), "the programme would end on 2020-01-01, before it starts"),
            (("--by", "2020-01-01"), "the programme would end on 2020-01-01, before it starts on 2026-01-10"),
            (("--by", "2026-12-31", "--budget", "lots"), "--budget: 'lots' is not an amount in pounds"),
            (("--by", "2026-12-31", "--per-month", "0"), "--per-month"),
            ((), "--by"),
        ],
    )
    @pytest.mark.usefixtures("estate")
    def test_mistakes(self, camscan: Camscan, words: tuple[str, ...], message: str) -> None:
        code, _, err = camscan("plan", "propose", *words)
        assert code == 2
        assert message in err


class TestStatus:
    @pytest.mark.usefixtures("estate")
    def test_the_page(self, camscan: Camscan) -> None:
        camscan("plan", "192.0.2.1", "--on", "2026-03-31", "--cost", "400", "--phase", "first")
        camscan("plan", "192.0.2.2", "--on", "2026-01-01", "--cost", "100.50", "--phase", "first")
        camscan("plan", "192.0.2.3", "--blocked-by", "lease")
        camscan(
            "set",
            "192.0.2.17",
            "lifecycle_status=removed",
            "removal_evidence_ref=WO-7",
            "actual_removal_date=2026-01-08",
        )
        code, out, _ = camscan("plan", "status")
        assert code == 0
        for line in (
            "In scope                    5  devices in 5 systems at 2 sites",
            "  removed                   1  device in 1 system at 1 site",
            "  remaining                 4  devices in 4 systems at 2 sites",
            "    planned                 1",
            "    overdue                 1",
            "    no date set             1",
            "    blocked                 1",
            "    accepted risk           0",
            "Not known                   1  devices for which it is not known whether they are in scope; 1 of them of",
            "Coverage              100 % of the 254 addresses given to scans were asked; newest scan 2026-01-08",
            "2 of 2 sites scanned within 90 days",
            "  first                       £500.50  2 devices",
            "  2025/26                     £500.50  2 devices",
            "Overdue: 1 device\n  2026-01-01      1  Town Hall",
            "In the next 90 days: 1 device\n  2026-03-31      1  Town Hall",
            "device: one row of the register",
            "Score = sensitivity",
        ):
            assert line in out
        assert re.search(r"^  2025-11 +5 +plan +5  █{40}$", out, re.MULTILINE)
        assert re.search(r"^  2026-01 +5 +plan +3  █{40}$", out, re.MULTILINE)
        assert re.search(r"^  2026-03 +– +plan +2  ·{16}$", out, re.MULTILINE)

    @pytest.mark.usefixtures("estate")
    def test_no_line_is_wider_than_the_terminal(self, camscan: Camscan, monkeypatch: pytest.MonkeyPatch) -> None:
        camscan("set", "192.0.2.1", "removal_phase=a phase with a rather long name", "estimated_cost=100")
        camscan("set", "192.0.2.2", "removal_phase=a phase with a rather long name")
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", "60")
        _, out, _ = camscan("plan", "status")
        assert "no cost is" in out
        wide = [line for line in out.splitlines() if len(line) > 60 and "█" not in line and "·" not in line]
        assert not wide

    @pytest.mark.usefixtures("estate")
    def test_a_table(self, camscan: Camscan) -> None:
        code, out, _ = camscan("plan", "status", "--by", "site")
        assert code == 0
        assert [line.split()[:4] for line in out.splitlines()] == [
            ["Site", "In", "scope", "Removed"],
            ["Town", "Hall", "3", "0"],
            ["Library", "2", "0", "2"],
        ]

    @pytest.mark.parametrize("by", Grouping)
    @pytest.mark.usefixtures("estate")
    def test_every_table(self, camscan: Camscan, by: str) -> None:
        code, out, _ = camscan("plan", "status", "--by", by)
        assert (code, out.split()[0]) == (0, by.capitalize())

    def test_the_choices_are_those_of_the_plan(self) -> None:
        assert tuple(BY) == tuple(Grouping)

    @pytest.mark.usefixtures("estate")
    def test_json_adds_up(self, camscan: Camscan) -> None:
        camscan("plan", "propose", "--by", "2026-12-31", "--cost-each", "1", "--apply")
        code, out, _ = camscan("plan", "status", "--json")
        found: dict[str, Any] = json.loads(out)
        assert code == 0
        assert found["organisation"] == "Exampleshire Council"
        total = found["total"]
        assert total["in_scope"] == total["remaining"] + total["removed"] + total["closed"] == 5
        assert set(found["tables"]) == set(Grouping)
        assert sum(row["remaining"] for row in found["tables"]["site"]) == 5
        assert [point["remaining"] for point in found["burn_down"]][:3] == [5, None, 5]
        assert found["burn_down"][-1]["planned"] == 0
        assert found["coverage"]["percent_asked"] == 100.0
        assert found["coverage"]["sites_never_scanned"] == []
        assert {due["site"] for due in found["soon"]} <= {"Town Hall", "Library"}

    @pytest.mark.usefixtures("estate")
    def test_on_another_day(self, camscan: Camscan) -> None:
        camscan("plan", "192.0.2.1", "--on", "2026-03-31")
        assert "    planned                 1" in camscan("plan", "status")[1]
        assert "    overdue                 1" in camscan("plan", "status", "--on", "2026-04-01")[1]

    def test_sites_that_no_scan_covered_are_named(self, camscan: Camscan, estate: Path) -> None:
        more = "  - {name: Depot, cidrs: [198.51.100.0/24]}\n  - {name: Kiosk, cidrs: [192.0.2.64/28]}\n"
        (estate / "camscan.yaml").write_text(CONFIG + more + DECISION, encoding="utf-8")
        out = camscan("plan", "status")[1]
        assert "3 of 4 sites scanned within 90 days; never completely: Depot" in out
        assert (
            "0 of 4 sites scanned within 90 days; never completely: Depot; "
            "not in the last 90 days: Town Hall, Library, Kiosk" in camscan("plan", "status", "--on", "2026-06-01")[1]
        )

    def test_a_site_map_that_the_register_does_not_know_yet_is_reported(self, camscan: Camscan, estate: Path) -> None:
        assert camscan("plan", "status")[2] == ""
        (estate / "camscan.yaml").write_text(
            (CONFIG + DECISION).replace("sensitivity: '3'", "sensitivity: '2'"), encoding="utf-8"
        )
        for words in (("plan", "status", "--json"), ("plan", "propose", "--by", "2026-12-31")):
            _, _, err = camscan(*words)
            assert (
                "camscan.yaml have changed, and the register does not have the changes yet: the next scan brings them"
            ) in err
            assert err.count("\n") == 1

    def test_a_removed_device_that_answers_is_named(self, camscan: Camscan, estate: Path) -> None:
        camscan(
            "set",
            "192.0.2.17",
            "lifecycle_status=removed",
            "removal_evidence_ref=WO-7",
            "actual_removal_date=2025-12-01",
        )
        out = camscan("plan", "status")[1]
        assert re.search(
            rf"^Removed, and answers +1  entered as removed, but has answered since: {devices(estate)['192.0.2.17']}$",
            out,
            re.MULTILINE,
        )

    def test_without_a_register(self, camscan: Camscan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        code, _, err = camscan("plan", "status")
        assert code == 1
        assert "there is no register" in err


class TestNoDecision:
    """US rules bind no British council: they put nothing in scope."""

    @pytest.fixture(autouse=True)
    def undecided(self, estate: Path) -> None:
        (estate / "camscan.yaml").write_text(CONFIG, encoding="utf-8")

    def test_the_counts_say_so(self, camscan: Camscan) -> None:
        out = camscan("plan", "status")[1]
        assert re.search(r"^In scope +0 ", out, re.MULTILINE)
        assert re.search(r"^No decision recorded +5  devices would match; nothing is in scope", out, re.MULTILINE)
        assert re.search(r"^Not known +1 .*; 1 of them of unknown maker$", out, re.MULTILINE)
        document = json.loads(camscan("plan", "status", "--json")[1])
        assert (document["would_match"], document["scope_unknown"], document["total"]["in_scope"]) == (5, 6, 0)

    def test_nothing_is_planned(self, camscan: Camscan) -> None:
        code, _, err = camscan("plan", "propose", "--by", "2027-03-31")
        assert code == 2
        assert (
            "no decision is recorded, so nothing is in scope; 5 devices would match. Write the council's decision"
            in err
        )

    def test_what_a_person_enters_counts(self, camscan: Camscan) -> None:
        camscan("set", "192.0.2.1", "in_scope=yes", "scope_decision_ref=Cabinet 7")
        document = json.loads(camscan("plan", "status", "--json")[1])
        assert (document["would_match"], document["total"]["in_scope"]) == (4, 1)
        assert camscan("plan", "propose", "--by", "2027-03-31")[0] == 0


class TestPolicies:
    def test_what_is_in_use_and_what_is_not(self, camscan: Camscan, estate: Path) -> None:
        assert "local-decision  (decides the scope)" in camscan("plan", "policies")[1]
        (estate / "camscan.yaml").write_text(CONFIG, encoding="utf-8")
        code, out, _ = camscan("plan", "policies")
        assert code == 0
        assert out.startswith("No decision of the council is recorded, so nothing is in scope yet: ")
        assert "uk-hcws386  (would match; decides nothing)" in out
        assert "bscc-2022-concern  (shown, and does not decide the scope)" in out
        assert "uk-procurement-act-2023: no list supplied" in out
        assert "local-decision: nothing entered" in out
        assert "Source (second-hand): House of Commons, HCWS386" in out
        assert "This is the formula that comes with camscan." in out

    def test_as_camscan_yaml_says(self, camscan: Camscan, estate: Path) -> None:
        planning = """\
planning:
  policies: [uk-procurement-act-2023, local-decision]
  local_decision: {minute: Cabinet 7, date: '2025-09-14', makers: [dahua]}
  debarment: debarred.txt
  priority: {thresholds: ['9', '5', '3'], age: {old: '9'}}
"""
        (estate / "camscan.yaml").write_text(CONFIG + planning, encoding="utf-8")
        (estate / "debarred.txt").write_text("# of 1 January\nExample Cameras Limited\n\n", encoding="utf-8")
        code, out, _ = camscan("plan", "policies")
        assert code == 0
        assert re.findall(r"^(\S+)  \((.*)\)$", out, re.MULTILINE) == [
            ("uk-procurement-act-2023", "shown, and does not decide the scope"),
            ("local-decision", "decides the scope"),
        ]
        assert "us-ndaa-889: not among the policies of camscan.yaml" in out
        assert "Priority 1 from 9, 2 from 5, 3 from 3, else 4." in out
        assert "8 years or more, or support has ended = 9" in out
        assert "In scope                    0  devices" in camscan("plan", "status")[1]

    def test_a_policy_that_there_is_not(self, camscan: Camscan, estate: Path) -> None:
        (estate / "camscan.yaml").write_text(f"{CONFIG}planning:\n  policies: [uk-hcws]\n", encoding="utf-8")
        for words in (("plan", "policies"), ("plan", "status")):
            code, _, err = camscan(*words)
            assert code == 2
            assert re.search(r"camscan\.yaml:\d+: there is no policy 'uk-hcws'", err)


def test_a_decision_that_does_not_hold_yet_is_reported(estate: Path, camscan: Camscan) -> None:
    """A year that is mistyped would leave nothing in scope without a word."""
    (estate / "camscan.yaml").write_text(CONFIG + DECISION.replace("2025-", "2035-"), encoding="utf-8")
    out = " ".join(camscan("plan", "status")[1].split())
    assert "In scope 0 devices" in out
    assert (
        "Not in force yet the council's decision in camscan.yaml applies from 12 May 2035 on: is the year right?" in out
    )


def test_the_tally_of_a_scan_is_what_the_status_says(estate: Path, camscan: Camscan) -> None:
    with open_register(estate / "estate.db", readonly=True) as book:
        tallies = book.tallies()
    assert [scan.scan_id for scan, _ in tallies] == ["scan-0", "scan-1"]
    assert tallies[-1][1]["remaining"] == 5
    assert tallies[-1][1]["scope_unknown"] == 1
    assert json.loads(camscan("plan", "status", "--json")[1])["total"]["remaining"] == 5


def test_the_site_map_sets_the_order(estate: Path) -> None:
    config = load_config(estate / "camscan.yaml")
    with open_register(estate / "estate.db", readonly=True) as book:
        rows = book.devices()
    judgements = assess.judge_assets(rows, config)
    hall, library = (
        next(judgements[row.asset_id] for row in rows if row.ip_addresses[0] == ip)
        for ip in ("192.0.2.1", "192.0.2.17")
    )
    assert isinstance(rows[0].place, Place)
    assert hall.score == library.score * 4  # sensitivity 4 against 2, core network 2 against 1
    assert next(each for each in hall.rulings if each.policy == "uk-hcws386").matches is True
    assert next(each for each in library.rulings if each.policy == "uk-hcws386").matches is False
