"""A centre and three sites, each behind a router that lets 443 out and nothing in: the whole way, and what dies on it.

nginx has the configuration of docs/deploy/nginx.conf. The tests of one town follow each other: each leaves it whole.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from centre import allow, enrol, read_pages, scans, settle, start_collector, start_pages, start_proxy
from pcap import read
from sites import CENTRE_IP, Site, Town, end, inside, town, wait_for

from camscan.app.workspace import find_workspace
from camscan.register import open_register
from camscan.scan.journal import interrupted_runs
from camscan.store import open_store
from camscan.store.collectors import Collectors
from camscan.store.errands import Errands

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]
NAMES = ("Oak School", "Elm Depot", "Ash Clinic")
GROUPS = ("224.", "239.", "255.255.255.255", "ff02:")


@dataclass
class Standing:
    """A town in which every site was scanned once."""

    town: Town
    pages: subprocess.Popen[str]
    truth: Mapping[str, Sequence[Mapping[str, Any]]]
    """Site -> what is true of its units."""
    captured: Path
    """What left the collector of the first site meanwhile, and what came to it."""
    collectors: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def ask(self, *sites: Site) -> None:
        """Ask for a scan, by hand."""
        for site in sites:
            self.town.camscan(None, "collector", "scan", site.name)

    def wait_for_scans(self, counts: Mapping[str, int]) -> None:
        """Wait until every site has so many scans in the register of the centre."""
        wait_for(lambda: self.counts() == dict(counts), f"the register has {self.counts()}, not {counts}")

    def counts(self) -> dict[str, int]:
        """Site -> how many scans of it the centre has."""
        return {name: len(found) for name, found in scans(self.town).items()}

    def restart(self, site: Site, *options: str) -> None:
        """Start its collector anew."""
        self.collectors[site.name] = start_collector(self.town, site, *options)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    folder = tmp_path_factory.mktemp("town")
    with contextlib.ExitStack() as stack:
        built = stack.enter_context(town(folder, NAMES))
        settle(built)
        start_proxy(built)
        made = Standing(built, start_pages(built), {}, folder / "first.pcap")
        made.truth = {site.name: stack.enter_context(built.estate(site)) for site in built.sites}
        for site in built.sites:
            allow(site, built)
            enrol(built, site)
        with built.capture(built.sites[0], made.captured):
            for site in built.sites:
                made.restart(site)
            made.ask(*built.sites)
            made.wait_for_scans(dict.fromkeys(NAMES, 1))
        yield made


def test_what_the_sites_have_is_on_the_pages_of_the_centre(standing: Standing) -> None:
    with open_register(standing.town.folder / "camscan.db", readonly=True) as book:
        rows = book.devices()
    pages = read_pages(standing.town, [f"/devices?site={name.replace(' ', '+')}" for name in standing.truth])
    for (name, truth), listed in zip(standing.truth.items(), pages, strict=True):
        (site,) = (each for each in standing.town.sites if each.name == name)
        ours = [each for each in truth if each["maker"] in {"hikvision", "dahua"}]
        assert ours
        for each in ours:
            assert each["ip"] in listed
        of_site = {ip for row in rows if row.site == name for ip in row.ip_addresses}
        assert {each["ip"] for each in ours} <= of_site
        assert all(IPv4Address(ip) in site.network for ip in of_site)


def test_only_the_centre_was_spoken_to_and_nobody_got_in(standing: Standing) -> None:
    first = standing.town.sites[0]
    for site in standing.town.sites:
        found = standing.town.counters(site)
        assert found["centre"] > 0
        assert (found["elsewhere"], found["dropped"], found["inwards"]) == (0, 0, 0), site.name
    camera = standing.truth[first.name][0]["ip"]
    tried = f"timeout 1 bash -c ': < /dev/tcp/{camera}/80' || timeout 1 bash -c ': < /dev/tcp/{first.ip}/22' || echo no"
    assert inside(standing.town.centre, "sh", "-c", tried) == "no\n"
    assert standing.town.counters(first)["inwards"] > 0
    assert outside(standing.town, first, standing.captured) == set()


def outside(built: Town, site: Site, captured: Path, allowed: Sequence[str] = ()) -> set[str]:
    """To whom a collector spoke besides the centre, at 443, and its own network (or these addresses of it)."""
    mac = inside(site.collector, "cat", "/sys/class/net/lan0/address").strip()
    router = str(site.network[30])
    found = set()
    for frame in read(captured):
        if frame.source_mac != mac or not frame.target:
            continue
        target = frame.target
        if target == CENTRE_IP:
            assert (frame.protocol, frame.dport) == ("tcp", 443)
        elif frame.protocol == "arp-reply" or (frame.protocol == "arp-request" and target in {router, site.ip}):
            continue  # how it reaches its router, and how its router reaches it
        elif ":" in target and frame.protocol not in {"tcp", "udp"}:
            continue  # neighbours of IPv6, which the kernel asks
        elif allowed:
            found |= {target} - set(allowed)
        elif not target.startswith(GROUPS) and IPv4Address(target) not in site.network:
            found.add(target)
    assert built
    return found


@pytest.mark.long
def test_a_collector_that_is_killed_goes_on_where_it_was(standing: Standing) -> None:
    site = standing.town.sites[0]
    before, own = standing.counts(), site.folder / "collector" / "camscan.db"
    end(standing.collectors[site.name])
    allow(site, standing.town)
    path = site.folder / "collector.yaml"
    path.write_text(path.read_text().replace("pace: fast", "pace: gentle"))
    standing.restart(site)
    standing.ask(site)
    wait_for(lambda: any(each.path.stat().st_size > 5000 for each in interrupted_runs(own)), "no scan was begun")
    end(standing.collectors[site.name], signal.SIGKILL)
    (left,) = interrupted_runs(own)
    assert standing.counts() == before
    standing.restart(site)
    standing.wait_for_scans(before | {site.name: before[site.name] + 1})
    assert scans(standing.town)[site.name][-1] == left.head.scan
    assert interrupted_runs(own) == []
    end(standing.collectors[site.name])
    allow(site, standing.town)
    standing.restart(site)
    with open_register(standing.town.folder / "camscan.db", readonly=True) as book:
        found = {ip for each in book.report().devices for ip in each.ip_addresses}
    ours = {each["ip"] for each in standing.truth[site.name] if each["maker"] in {"hikvision", "dahua"}}
    assert ours <= found


@pytest.mark.long
def test_pages_that_are_killed_while_parcels_come(standing: Standing) -> None:
    before = standing.counts()
    standing.ask(*standing.town.sites)
    for wait in (0.5, 1.0, 2.0, 0.3, 1.5):
        time.sleep(wait)  # at whatever it is doing then
        end(standing.pages, signal.SIGKILL)
        standing.pages = start_pages(standing.town)
    standing.wait_for_scans({name: count + 1 for name, count in before.items()})
    faults_of(standing.town)


def faults_of(built: Town) -> None:
    with open_register(built.folder / "camscan.db", readonly=True) as book:
        assert book.find_faults() == []


@pytest.mark.long
def test_a_line_that_is_cut_during_a_scan(standing: Standing) -> None:
    site = standing.town.sites[1]
    before, own = standing.counts(), site.folder / "collector"
    end(standing.collectors[site.name])
    standing.ask(site)
    standing.restart(site)
    wait_for(lambda: interrupted_runs(own / "camscan.db"), "no scan was begun")
    standing.town.set_line(site, up=False)
    wait_for(lambda: any((own / "spool").glob("*.camparcel")), "no parcel waits")
    time.sleep(3)
    assert standing.counts() == before
    standing.town.set_line(site, up=True)
    standing.wait_for_scans(before | {site.name: before[site.name] + 1})
    wait_for(lambda: not any((own / "spool").glob("*.camparcel")), "the parcel waits still")


@pytest.mark.long
def test_a_full_disk_at_a_site(standing: Standing) -> None:
    """Its folder is a disk of 8 MB with no room left: the centre is told, and once there is room it is as before."""
    site = standing.town.sites[2]
    before, own = standing.counts(), site.folder / "collector"
    end(standing.collectors[site.name])
    aside = site.folder / "aside"
    own.rename(aside)
    own.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "none", str(own)], check=True)
    try:
        subprocess.run(["cp", "-a", f"{aside}/.", str(own)], check=True)
        fill = own / "somebody-elses"
        with fill.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
            while stream.write(bytes(4096)):
                pass
        standing.ask(site)
        standing.restart(site)
        wait_for(lambda: "failed" in errand_states(standing.town, site), "the centre was not told")
        assert standing.counts() == before
        fill.unlink()
        standing.ask(site)
        standing.wait_for_scans(before | {site.name: before[site.name] + 1})
        end(standing.collectors[site.name])
        subprocess.run(["cp", "-a", f"{own}/.", str(aside)], check=True)
    finally:
        subprocess.run(["umount", "-l", str(own)], check=True)
    own.rmdir()
    aside.rename(own)
    standing.restart(site)


@pytest.mark.long
def test_a_full_disk_at_the_centre(standing: Standing) -> None:
    """What a site has found waits there, and comes when there is room again."""
    site, parcels = standing.town.sites[1], standing.town.folder / "camscan.db.parcels"
    before, own = standing.counts(), site.folder / "collector"
    end(standing.collectors[site.name])
    standing.ask(site)
    standing.restart(site)
    wait_for(lambda: interrupted_runs(own / "camscan.db"), "no scan was begun")
    end(standing.pages)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(parcels)], check=True)
    try:
        fill = parcels / "somebody-elses"
        fill.write_bytes(bytes(1000 << 10))
        standing.pages = start_pages(standing.town)
        logs = site.folder.glob("log-*")
        newest = max(logs, key=lambda path: path.stat().st_mtime)
        wait_for(lambda: "HTTP status 503" in newest.read_text(), "nothing was refused")
        assert any((own / "spool").glob("*.camparcel"))
        assert standing.counts() == before
        fill.unlink()
        end(standing.collectors[site.name])
        leave_the_wait_out(own / "state.json")
        standing.restart(site)
        standing.wait_for_scans(before | {site.name: before[site.name] + 1})
        end(standing.pages)
    finally:
        subprocess.run(["umount", "-l", str(parcels)], check=True)
    standing.pages = start_pages(standing.town)
    faults_of(standing.town)


def leave_the_wait_out(state: Path) -> None:
    """As if the ten minutes were over for which the centre wants no parcels."""
    said = json.loads(state.read_text())
    assert 500 < said.pop("send_after") - time.time() <= 600
    state.write_text(json.dumps(said))


def errand_states(built: Town, site: Site) -> list[str]:
    """What became of the errands of a site, oldest first."""
    space = find_workspace(built.folder / "camscan.yaml", built.folder / "camscan.db")
    with open_store(space.where) as store:
        one = Collectors(store).find_name(site.name)
        assert one
        return [each.state for each in Errands(store).of_key(one.key)]
