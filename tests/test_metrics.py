"""``camscan metrics``: read by Prometheus's own parser and promtool, counted as everywhere, and nobody's name in it."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from datetime import UTC, date, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
import web_collectors
from command_line import Camscan
from export_samples import estate
from prometheus_client.parser import text_string_to_metric_families
from sample_report import camera, nameless, report

from camscan.app.metrics import Run, count_figures
from camscan.app.workspace import Workspace, find_workspace
from camscan.config import Config
from camscan.config.authorisation import Authorisation
from camscan.exports import prometheus
from camscan.exports.prometheus import METRICS
from camscan.plan.estate_count import count_by_maker, count_headline
from camscan.policies import companies
from camscan.register import open_register

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "docs" / "camscan-alerts.yml"
DECISION = """\
organisation: Exampleshire
planning:
  local_decision: {minute: Cabinet 4, date: 12 May 2026, groups: [hikvision, dahua]}
sites:
  - {name: Town Hall, cidrs: [192.0.2.0/24]}
"""


@pytest.fixture
def home(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
    (workplace / "camscan.yaml").write_text(DECISION)
    with open_register("camscan.db") as book:
        found = [camera(1), camera(2), camera(3, maker="dahua"), nameless("192.0.2.200")]
        book.record(report(*found, site="Town Hall"))
    return workplace


def samples(text: str) -> dict[str, float]:
    """``name{label=value}`` -> number, as Prometheus reads it."""
    return {
        f"{sample.name}{''.join(f'.{value}' for value in sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_it_is_read_and_counts_as_everywhere(camscan: Camscan, home: Path) -> None:
    camscan("plan", "set", "192.0.2.2", "--on", "2026-03-31")
    camscan("removed", "192.0.2.3", "--evidence", "WO-1", "--on", "2026-03-02")
    assert camscan("metrics", "out.prom") == (0, "", "")
    text = (home / "out.prom").read_text()
    found = samples(text)
    assert found["camscan_devices.hikvision.seen"] == 1
    assert found["camscan_devices.dahua.seen"] == 1
    assert found["camscan_devices.unknown.seen"] == 1
    standings = ("planned", "overdue", "no_date", "removed", "blocked", "accepted_risk")
    assert [found[f"camscan_programme.{name}"] for name in standings] == [0, 1, 1, 1, 0, 0]
    assert found["camscan_scope_unknown"] == 1
    ended = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
    assert found["camscan_last_complete_scan_timestamp_seconds"] == ended.timestamp()
    assert found["camscan_register_bytes"] == (home / "camscan.db").stat().st_size
    assert "camscan_last_run_exit_code" not in found
    assert not re.search(r"192\.0\.2|Town Hall|Exampleshire|DS-2CD|CCTV", text)
    assert camscan("export", "prometheus", "-") == (0, text, "")


def test_the_sum_is_the_headline() -> None:
    known = companies.load_ownership()
    counts = count_by_maker(estate(), known, twice=())
    told = count_headline(estate(), [], known)
    assert sum(number for (maker, _), number in counts.items() if maker in {"hikvision", "dahua"}) == told.devices > 0
    assert sum(number for (maker, _), number in counts.items() if maker == "possible") == told.possible == 1
    assert sum(number for (maker, _), number in counts.items() if maker == "unknown") == told.unknown == 1
    assert {maker for maker, _ in counts} <= set(METRICS["camscan_devices"].labels["maker"])


def test_a_file_is_replaced_and_keeps_its_rights(camscan: Camscan, home: Path) -> None:
    (home / "out.prom").write_text("old")
    (home / "out.prom").chmod(0o644)
    assert camscan("metrics", "out.prom") == (0, "", "")
    assert (home / "out.prom").read_text().startswith("# HELP camscan_devices ")
    assert stat.S_IMODE((home / "out.prom").stat().st_mode) == 0o644
    code, _, err = camscan("export", "prometheus", "out.prom")
    assert (code, err) == (2, "camscan: out.prom: exists already; name another file, or add --force to replace it\n")
    assert camscan("export", "prometheus", "out.prom", "--force") == (0, "out.prom: written\n", "")


def test_without_a_register_nothing_is_written(camscan: Camscan, workplace: Path) -> None:
    code, out, err = camscan("metrics", "out.prom")
    assert (code, out) == (1, "")
    assert err.startswith("camscan: camscan.db: ")
    assert list(workplace.glob("*.prom*")) == []


def test_collectors_are_counted_where_there_are_any(camscan: Camscan, home: Path) -> None:
    assert not [name for name in count_figures(find_workspace()) if "collector" in name or "parcel" in name]
    web_collectors.add(find_workspace(), "hostile", "Town Hall")
    camscan("metrics", "camscan.prom")
    found = samples((home / "camscan.prom").read_text())
    states = {state: found[f"camscan_collectors.{state}"] for state in METRICS["camscan_collectors"].labels["state"]}
    assert states == {"invited": 1, "waiting": 1, "approved": 3, "stopped": 1, "revoked": 1}
    assert (found["camscan_collector_silent"], found["camscan_collectors_behind"]) == (1, 2)
    assert [found[f"camscan_parcels.{state}"] for state in ("waiting", "held", "recorded")] == [2, 1, 2]
    assert 4 * 3600 <= found["camscan_parcel_age_seconds"] < 5 * 3600


@pytest.mark.usefixtures("home")
def test_what_only_a_run_knows() -> None:
    then = datetime(2026, 3, 3, tzinfo=UTC)
    run = Run(last_success=then, exit_code=3, seconds=12.5, backup=then, alert_failures=2)
    text = prometheus.metrics_text(count_figures(find_workspace(), run))
    found = samples(text)
    assert found["camscan_last_run_exit_code"] == 3
    assert found["camscan_run_duration_seconds"] == 12.5
    assert found["camscan_alert_failures_total"] == 2
    assert found["camscan_last_success_timestamp_seconds"] == then.timestamp()
    assert "# TYPE camscan_alert_failures_total counter\n" in text


@pytest.mark.usefixtures("home")
def test_the_first_authorisation_that_nothing_follows() -> None:
    def until(day: date, *networks: str) -> Authorisation:
        return Authorisation("Head of ICT", date(2026, 1, 1), day, tuple(map(ip_network, networks)), "camscan.yaml:1")

    old = until(date(2026, 6, 30), "10.1.0.0/16")
    renewed = until(date(2027, 6, 30), "10.0.0.0/8")
    school = until(date(2026, 12, 31), "192.168.0.0/16")
    space = Workspace(Config(authorisations=(old, renewed, school)), "camscan.db")
    (ends,) = count_figures(space)["camscan_authorisation_expires_timestamp_seconds"].values()
    assert datetime.fromtimestamp(ends, UTC) == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong", [{"camscan_sites": {("Town Hall",): 1}}, {"camscan_devices": {("hikvision",): 1}}, {"other": {(): 1}}]
)
def test_no_other_name_and_no_other_label_gets_in(wrong: dict[str, dict[tuple[str, ...], float]]) -> None:
    with pytest.raises(ValueError, match="no such"):
        prometheus.metrics_text(wrong)


def test_hostile_devices_leave_no_trace(workplace: Path) -> None:
    del workplace
    text = 'x"} 1\n# HELP evil {{ printf "%s" }}'
    with open_register("camscan.db") as book:
        book.record(report(camera(1, maker=text, model=text), site=text))
    written = prometheus.metrics_text(count_figures(find_workspace()))
    assert "evil" not in written
    assert samples(written)["camscan_devices.other.seen"] == 1


def test_the_rules_ask_for_what_there_is() -> None:
    asked = set(re.findall(r"camscan_\w+", RULES.read_text(encoding="utf-8")))
    assert asked - METRICS.keys() == set()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_accepts_the_metrics_and_the_rules(camscan: Camscan, home: Path) -> None:
    camscan("metrics", "out.prom")
    with (home / "out.prom").open("rb") as written:
        subprocess.run(["promtool", "check", "metrics"], stdin=written, check=True, timeout=60)
    shutil.copy(RULES, home)
    shutil.copy(ROOT / "tests/golden/exports/alerts-test.yml", home)
    subprocess.run(["promtool", "check", "rules", "camscan-alerts.yml"], check=True, timeout=60)
    subprocess.run(["promtool", "test", "rules", "alerts-test.yml"], check=True, timeout=60)
