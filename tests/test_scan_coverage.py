"""How much of the estate was asked: distinct addresses, network by network, by the newest scan that asked each."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan.config import Config, load_config
from camscan.model import Completion, Coverage
from camscan.net.target import NARROWEST_IPV6
from camscan.plan.scan_coverage import ScannedNetworks, measure_coverage

TODAY = date(2026, 11, 30)
CONFIG = """\
sites:
  - {name: Town Hall, cidrs: [192.0.2.0/24, 198.51.100.0/25]}
  - {name: Depot, cidrs: [192.0.2.192/26]}
  - {name: Yard, cidrs: [203.0.113.0/28], exclusions: [203.0.113.3]}
  - {name: Store, cidrs: []}
"""


NOTHING = Coverage(0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Scan:
    """One that was recorded, so many days ago."""

    targets: tuple[str, ...]
    days: int = 0
    site: str = ""
    completion: Completion = Completion.COMPLETE
    coverage: Coverage = NOTHING

    @property
    def finished_at(self) -> datetime:
        return datetime(2026, 11, 30, 12, tzinfo=UTC) - timedelta(days=self.days)


def scan(*targets: str, days: int = 0, site: str = "", **covered: object) -> Scan:
    coverage = replace(NOTHING, **covered)  # type: ignore[arg-type]  # members by name
    return Scan(targets, days, site, coverage=coverage)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path: Path = tmp_path_factory.mktemp("sites") / "camscan.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return load_config(path)


HALL = ("192.0.2.0/24", "198.51.100.0/25")


def days(found: ScannedNetworks) -> dict[str, str]:
    return {each.network: f"{each.last_asked}" for each in found.networks}


class TestSites:
    def test_one_address_with_a_site_is_not_the_site(self, config: Config) -> None:
        found = measure_coverage(
            config, [scan("192.0.2.7", site="Town Hall"), scan("192.0.2.200", site="Depot")], TODAY
        )
        assert (found.sites, found.fresh_sites, found.never_asked) == (3, 0, ("Town Hall", "Depot", "Yard"))
        assert (found.addresses, found.unasked) == (2, 0)
        (hall, *_) = found.networks
        assert (hall.addresses, hall.asked, hall.last_asked) == (191, 1, None)

    def test_an_import_is_not_a_scan_of_the_site(self, config: Config) -> None:
        of_file = scan("nmap.xml", site="Town Hall", is_search=False, addresses=1, answered=1)
        of_network = scan(*HALL, site="Town Hall", is_search=False, addresses=380)
        found = measure_coverage(config, [of_file, of_network], TODAY)
        assert (found.fresh_sites, found.addresses, found.percent) == (0, 0, None)

    def test_all_its_networks_by_one_run(self, config: Config) -> None:
        found = measure_coverage(config, [scan(*HALL, site="Town Hall", left_out=("192.0.2.192/26",))], TODAY)
        assert (found.fresh_sites, found.never_asked, found.percent) == (1, ("Depot", "Yard"), 100.0)
        assert days(found)["192.0.2.192/26"] == "None", "it belongs to the Depot, and was left to its scan"

    def test_or_by_several_the_oldest_part_decides(self, config: Config) -> None:
        parts = [scan("192.0.2.0/25", days=80), scan("192.0.2.128-191", days=3), scan("198.51.100.0/24", days=9)]
        found = measure_coverage(config, parts, TODAY)
        assert (found.fresh_sites, found.never_asked) == (1, ("Depot", "Yard"))
        assert days(found)["192.0.2.0/24"] == "2026-09-11"
        late = measure_coverage(config, parts, TODAY + timedelta(days=11))
        assert (late.fresh_sites, late.stale_sites) == (0, ("Town Hall",))

    def test_two_halves_are_the_whole(self, config: Config) -> None:
        found = measure_coverage(
            config, [scan("192.0.2.192/27", "192.0.2.224/27"), scan("203.0.113.0/29"), scan("203.0.113.8/29")], TODAY
        )
        assert (found.fresh_sites, found.never_asked) == (2, ("Town Hall",))

    def test_a_wider_network_is_a_scan_of_all_in_it(self, config: Config) -> None:
        found = measure_coverage(config, [scan("192.0.2.0/23")], TODAY)
        assert days(found) == {
            "192.0.2.0/24": "2026-11-30",
            "198.51.100.0/25": "None",
            "192.0.2.192/26": "2026-11-30",
            "203.0.113.0/28": "None",
        }

    def test_an_older_date_never_replaces_a_newer_one(self, config: Config) -> None:
        recorded_late = [scan("192.0.2.192/26", days=1), scan("192.0.2.192/26", days=400)]
        found = measure_coverage(config, recorded_late, TODAY)
        assert days(found)["192.0.2.192/26"] == "2026-11-29"
        assert found.last == date(2026, 11, 29)

    def test_an_interrupted_scan_counts_as_far_as_it_came(self, config: Config) -> None:
        whole = scan("192.0.2.192/26", days=100)
        cut = replace(scan("192.0.2.192/26", unfinished=("192.0.2.224/27",)), completion=Completion.INTERRUPTED)
        assert measure_coverage(config, [cut], TODAY).never_asked == ("Town Hall", "Depot", "Yard")
        assert measure_coverage(config, [whole, cut], TODAY).stale_sites == ("Depot",), (
            "half of it is a hundred days old"
        )
        rest = scan("192.0.2.224/27", days=2)
        assert measure_coverage(config, [whole, cut, rest], TODAY).fresh_sites == 1

    def test_of_an_earlier_version_an_interrupted_scan_is_not_whole(self, config: Config) -> None:
        cut = replace(scan("192.0.2.192/26", addresses=62, not_tried=20), completion=Completion.INTERRUPTED)
        found = measure_coverage(config, [cut], TODAY)
        assert (found.addresses, found.unasked, found.never_asked[1]) == (62, 20, "Depot")
        amid = replace(cut, coverage=replace(cut.coverage, not_tried=0))
        assert measure_coverage(config, [amid], TODAY).never_asked[1] == "Depot"

    def test_a_site_without_networks_is_in_no_count(self, config: Config) -> None:
        assert "Store" not in {each.site for each in measure_coverage(config, [], TODAY).networks}

    def test_what_is_excluded_need_not_be_asked(self, config: Config) -> None:
        yard = scan("203.0.113.0/28", left_out=("203.0.113.3/32",))
        assert measure_coverage(config, [yard], TODAY).never_asked == ("Town Hall", "Depot")

    def test_of_ipv6_only_what_can_be_swept_is_a_network(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.yaml"
        cidrs = f"'2001:db8::/{NARROWEST_IPV6}', '2001:db8:1::/{NARROWEST_IPV6 - 1}'"
        path.write_text(f"sites:\n  - {{name: Mast, cidrs: [{cidrs}]}}\n", encoding="utf-8")
        networks = measure_coverage(load_config(path), [], TODAY).networks
        assert [each.network for each in networks] == [f"2001:db8::/{NARROWEST_IPV6}"]

    def test_the_smallest_networks_have_no_address_to_spare(self, tmp_path: Path) -> None:
        sizes = {"192.0.2.0/29": 6, "192.0.2.8/30": 2, "192.0.2.12/31": 2, "192.0.2.14/32": 1}
        path = tmp_path / "camscan.yaml"
        path.write_text(f"sites:\n  - {{name: Mast, cidrs: [{', '.join(sizes)}]}}\n", encoding="utf-8")
        found = measure_coverage(load_config(path), [scan(*sizes)], TODAY).networks
        assert {each.network: each.addresses for each in found} == sizes
        assert [each.asked for each in found] == [*sizes.values()]

    def test_as_json(self, config: Config) -> None:
        old = scan("203.0.113.0/28", days=200, left_out=("203.0.113.3/32",))
        told = dict(measure_coverage(config, [scan(*HALL, "192.0.2.192/26"), old], TODAY).as_json())
        networks = told.pop("networks")
        assert told == {
            "sites": 3,
            "sites_scanned_recently": 2,
            "sites_never_scanned": [],
            "sites_scanned_long_ago": ["Yard"],
            "addresses": 254 + 126 + 13,
            "addresses_not_asked": 0,
            "percent_asked": 100.0,
            "last_scan": "2026-11-30",
        }
        yard = {"site": "Yard", "network": "203.0.113.0/28", "last_asked": "2026-05-14", "addresses": 13, "asked": 13}
        assert networks[-1] == yard


_WIDE = ipaddress.IPv4Network("10.0.0.0/12")


class TestAddresses:
    def test_overlapping_scans_are_not_added(self, config: Config) -> None:
        found = measure_coverage(config, [scan("192.0.2.0/24"), scan("192.0.2.0/25"), scan("192.0.2.1", days=3)], TODAY)
        assert (found.addresses, found.unasked, found.percent) == (254, 0, 100.0)

    def test_only_all_of_them_are_100_per_cent(self, config: Config) -> None:
        nearly = scan("10.0.0.0/12", unreached=("10.1.2.3/32",), unreachable=1)
        assert measure_coverage(config, [nearly], TODAY).percent == 99.9
        most = [str(each) for each in _WIDE.address_exclude(ipaddress.IPv4Network("10.0.0.0/30"))]
        hardly = scan("10.0.0.0/12", unreached=tuple(most), unreachable=2**20 - 5)
        assert measure_coverage(config, [hardly], TODAY).percent == 0.1

    def test_the_newest_answer_counts(self, config: Config) -> None:
        lost = scan("192.0.2.0/25", unreached=("192.0.2.64/26",), unreachable=63)
        assert measure_coverage(config, [scan("192.0.2.0/24", days=5), lost], TODAY).unasked == 63
        assert measure_coverage(config, [replace(lost, days=5), scan("192.0.2.0/24")], TODAY).unasked == 0

    def test_what_was_not_tried_again_keeps_its_older_answer(self, config: Config) -> None:
        cut = replace(scan("192.0.2.0/24", unfinished=("192.0.2.128/25",)), completion=Completion.INTERRUPTED)
        assert measure_coverage(config, [scan("192.0.2.0/24", days=5), cut], TODAY).unasked == 0
        assert measure_coverage(config, [cut], TODAY).unasked == 127


ADDRESSES = [f"192.0.2.{number}" for number in range(192, 256)]


@st.composite
def runs(draw: st.DrawFn) -> Scan:
    """Any scan of part of a small network, of which any part was left undone."""
    first = draw(st.integers(0, 63))
    last = draw(st.integers(first, 63))
    targets = draw(st.sampled_from([f"{ADDRESSES[first]}-{ADDRESSES[last]}", ADDRESSES[first], "192.0.2.192/26"]))
    undone, lost = (draw(st.sampled_from(["", "192.0.2.192/27", "192.0.2.224/28", "192.0.2.240/30"])) for _ in "12")
    completion = draw(st.sampled_from([Completion.COMPLETE, Completion.INTERRUPTED])) if undone else Completion.COMPLETE
    found = scan(
        targets,
        days=draw(st.integers(0, 200)),
        unfinished=(undone,) if undone else (),
        unreached=(lost,) if lost else (),
        is_search=draw(st.sampled_from([True, True, True, False])),
    )
    return replace(found, completion=completion)


def inside(networks: tuple[str, ...]) -> set[str]:
    return {str(ip) for text in networks for ip in ipaddress.ip_network(text)}


def named(target: str) -> set[str]:
    """By hand, as an officer reads it."""
    if "/" in target:
        return {str(ip) for ip in ipaddress.ip_network(target).hosts()}
    ends = [int(end.rpartition(".")[2]) for end in target.split("-")]
    return {f"192.0.2.{number}" for number in range(ends[0], ends[-1] + 1)}


@given(st.lists(runs(), max_size=6, unique_by=lambda each: each.days))
@examples(100)
def test_the_counts_are_those_of_sets_of_addresses(scans: list[Scan]) -> None:
    answers: dict[str, tuple[int, bool]] = {}
    scope: set[str] = set()
    for each in (each for each in scans if each.coverage.is_search):
        mine = named(each.targets[0])
        scope |= mine
        lost = inside(each.coverage.unreached)
        for ip in mine - inside(each.coverage.unfinished):
            before = answers.get(ip)
            if before is None or each.days < before[0]:
                answers[ip] = each.days, ip not in lost
    found = measure_coverage(Config(), scans, TODAY)
    assert found.addresses == len(scope)
    assert found.unasked == len(scope) - sum(reached for _, reached in answers.values())
