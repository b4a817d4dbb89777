"""One evening at two sites whose groups overlap: every number in every place is what is true of the estate."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from command_line import Camscan
from estate_truth import OURS, SURE, standing

from camscan.app.request import Request, prepare_request
from camscan.app.resume import scan_and_record
from camscan.app.scan import Interruption
from camscan.asset.kinds import kind_of
from camscan.cli.demo import PORTS
from camscan.headline import Headline
from camscan.register import open_register

BASE = "127.83.5.0/24"
UNITS = 36
SITES = {"Town Hall": "127.83.5.0/28", "Depot": "127.83.5.16/28"}
CONFIG = """\
pace: fast
sites:
  - {name: Town Hall, cidrs: [127.83.5.0/28]}
  - {name: Depot, cidrs: [127.83.5.16/28]}
planning:
  local_decision: {minute: '114', date: '2026-05-12', groups: [hikvision, dahua]}
"""
NMAP = """\
<?xml version="1.0"?>
<!DOCTYPE nmaprun>
<nmaprun scanner="nmap" args="nmap -oX - 127.83.5.17" start="1577836800" version="7.94">
<host starttime="1577836800" endtime="1577836801"><status state="up" reason="syn-ack"/>
<address addr="127.83.5.17" addrtype="ipv4"/>
<ports><port protocol="tcp" portid="9999"><state state="open" reason="syn-ack"/></port></ports></host>
<runstats><finished time="1577836801"/><hosts up="1" down="0" total="1"/></runstats></nmaprun>
"""
"""One host, in 2020."""

Truth = Mapping[str, Any]


@pytest.fixture(scope="module")
def estate() -> Iterator[list[dict[str, Any]]]:
    with standing(BASE, UNITS, 83) as truth:
        yield truth


@pytest.fixture(autouse=True)
def home(workplace: Path) -> Path:
    ports = "".join(f"  {probe}: {list(numbers)}\n" for probe, numbers in PORTS.items())
    (workplace / "camscan.yaml").write_text(f"{CONFIG}ports:\n{ports}", encoding="utf-8")
    return workplace


def site_of(ip: str) -> str:
    return next((name for name, network in SITES.items() if ip_address(ip) in ip_network(network)), "")


class Estate:
    """What is true of it, as far as its units say it themselves."""

    def __init__(self, truths: Iterable[Truth]) -> None:
        ends = [(network[0], network[-1]) for network in map(ip_network, SITES.values())]
        self.edges = {str(end) for pair in ends for end in pair}
        """On a site's network, and asked by no scan: its network and broadcast addresses."""
        self.truths = [each for each in truths if site_of(each["ip"]) and each["ip"] not in self.edges]
        self.ours = [each for each in self.truths if each["maker"] in OURS]
        self.outside = {each["ip"] for each in truths if not site_of(each["ip"])}

    def headline(self, kinds: Mapping[str, str | None]) -> dict[str, int]:
        """The counts of its devices; what does not tell its kind is one of the others (``kinds``: address -> told)."""
        told = {each["ip"]: each["kind"] if kinds[each["ip"]] else "" for each in self.ours}
        found = Counter(_sort(kind) for kind in told.values())
        return {
            "devices": len(self.ours),
            **{name: found[name] for name in ("cameras", "recorders", "other")},
            "sites": len({site_of(each["ip"]) for each in self.ours}),
            "without_site": 0,
        }

    def systems(self, site: str) -> int:
        """Camera systems of every make."""
        return sum(each["is_camera_system"] is True for each in self.truths if site_of(each["ip"]) == site)


def _sort(name: str) -> str:
    kind = kind_of(name)
    return "cameras" if kind.is_camera else "recorders" if kind.holds_recordings and kind.has_channels else "other"


class Evening:
    """The commands of one evening, and what they say."""

    def __init__(self, camscan: Camscan) -> None:
        self.camscan = camscan

    def run(self, *words: str, code: int = 0) -> str:
        got, out, err = self.camscan(*words)
        assert got == code, (words, got, out, err)
        return out

    def headlines(self) -> dict[str, str]:
        """The sentence in every place that does not scan."""
        told = {
            "show": sentence(self.run("show")),
            "plan status": sentence(self.run("plan", "status")),
            "plan status --json": str(self.status()["headline"]),
            "show --json": str(json.loads(self.run("show", "--json"))["headline"]),
        }
        assert len(set(told.values())) == 1, told
        return told

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("plan", "status", "--json"))
        return found

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = self.status()["headline_counts"]
        return found

    def never(self) -> list[str]:
        """Sites that were never scanned completely."""
        found: list[str] = self.status()["coverage"]["sites_never_scanned"]
        return found

    def changed(self, *words: str) -> list[dict[str, Any]]:
        _, out, _ = self.camscan("diff", "--json", *words)
        found: list[dict[str, Any]] = json.loads(out)["changes"]
        return found


def sentence(text: str) -> str:
    (found,) = re.findall(r"^Hikvision or Dahua: .*$", text, re.MULTILINE)
    return str(found)


def table(text: str) -> dict[str, tuple[int, ...]]:
    """Of each site: systems, new, changed."""
    rows = [re.split(r"\s{2,}", line) for line in text.splitlines()]
    return {row[0]: tuple(map(int, row[3:6])) for row in rows if row[0] in SITES and row[-1] == "complete"}


def interrupted(site: str) -> None:
    """A scan of a site that is stopped before it has asked anybody."""
    prepared = prepare_request(Request(targets=(), site=site))
    with open_register("camscan.db") as book:
        kept = scan_and_record(prepared, book, interruption=Interruption(is_wanted=True))
    assert kept
    assert kept.report.completion == "interrupted"


def test_an_evening(camscan: Camscan, estate: list[dict[str, Any]], home: Path) -> None:
    truth, evening = Estate(estate), Evening(camscan)
    (home / "nmap.xml").write_text(NMAP, encoding="utf-8")

    # One address of a site, an interrupted scan, an old file with one host: no site is scanned by that.
    out = evening.run("scan", "127.83.5.1", "--site", "Town Hall")
    assert sentence(out) == "Hikvision or Dahua: 1 device (1 camera) at 1 site."
    interrupted("Depot")
    evening.run("import", "nmap", "nmap.xml", "--site", "Depot", "--apply")
    assert evening.never() == ["Town Hall", "Depot"]
    assert {line.split()[0]: "never" in line for line in evening.run("sites", "list").splitlines()[1:3]} == {
        "Town": True,
        "Depot": True,
    }
    evening.headlines()

    # All sites, with groups that every unit hears.
    with open_register("camscan.db", readonly=True) as book:
        before = {row.asset_id for row in book.devices()}
    out = evening.run("scan", "--all", "--ask-groups")
    told = evening.headlines()
    assert sentence(out) == told["show"]
    counts = evening.counts()
    assert {site: row[0] for site, row in table(out).items()} == {site: truth.systems(site) for site in SITES}
    with open_register("camscan.db", readonly=True) as book:
        rows = book.devices()
        strangers = {ip for scan in book.scans() for ip in scan.coverage.strangers if not site_of(ip)}
    expected = truth.headline(
        {ip: row.identification.kind for row in rows for ip in row.ip_addresses if row.identification.maker}
    )
    assert counts["unknown"] == 0
    assert {name: counts[name] for name in expected} == expected
    assert {row.asset_id: site_of(ip) for row in rows for ip in row.ip_addresses} == {
        row.asset_id: row.site for row in rows
    }
    assert strangers <= truth.outside
    assert counts["strangers"] == len(strangers)
    covered = evening.status()["coverage"]
    assert (covered["addresses"], covered["addresses_not_asked"], covered["percent_asked"]) == (28, 0, 100.0)
    assert (covered["sites_scanned_recently"], evening.never()) == (2, [])
    assert len({each["last_asked"] for each in covered["networks"]}) == 1
    news = {each["asset_id"] for each in evening.changed("--all") if each["kind"] == "new"}
    assert news == {row.asset_id for row in rows} - before
    in_scope = evening.status()["total"]["in_scope"]
    assert in_scope == len(truth.ours)
    again(truth, evening, strangers, covered)


def again(truth: Estate, evening: Evening, strangers: set[str], covered: Mapping[str, Any]) -> None:
    """The next nights."""
    # Again, and the units outside every network are entered: they have no site, and no scan gives them one.
    for _ in range(2):
        out = evening.run("scan", "--all", "--ask-groups", "--keep-strangers")
        assert sentence(out) == evening.headlines()["show"]
        with open_register("camscan.db", readonly=True) as book:
            outside = [row for row in book.devices() if truth.outside & {*row.ip_addresses}]
            edges = [row for row in book.devices() if truth.edges & {*row.ip_addresses}]
        assert {ip for row in outside for ip in row.ip_addresses} == strangers
        assert {row.site for row in outside} == {""}
        heard = Counter(row.site for row in edges if row.identification.is_camera_system)
        systems = {site: truth.systems(site) + heard[site] for site in SITES}
        assert {site: row[0] for site, row in table(out).items()} == systems
        found = evening.counts()
        assert (found["strangers"], found["sites"]) == (0, 2)
        ours = sum(row.identification.maker in OURS and row.identification.confidence in SURE for row in edges)
        assert found["without_site"] == found["devices"] - len(truth.ours) - ours
    assert [each for each in evening.changed() if each["kind"] in {"new", "moved_site"}] == []

    # One address and an old file once more: nothing of what was known gets older or smaller.
    evening.run("scan", "127.83.5.20", "--site", "Depot")
    evening.run("import", "nmap", "nmap.xml", "--site", "Depot", "--apply")
    after = evening.status()
    assert after["coverage"]["percent_asked"] == 100.0
    assert after["coverage"]["networks"] == covered["networks"]
    assert after["headline_counts"] == found


def test_the_sentence_is_made_of_the_counts() -> None:
    assert (
        Headline(21, 11, 5, 5, 2).text
        == "Hikvision or Dahua: 21 devices (11 cameras, 5 recorders, 5 other) at 2 sites."
    )
