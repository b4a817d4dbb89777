"""A centre that was taken over, and its collector: no packet leaves but to the centre and to what the site allows."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from centre import allow, start_collector
from pcap import read
from sites import Site, Town, end, town, wait_for
from test_lab_sites import outside

from camscan.app import collect
from camscan.parcel.keys import own_key, public_key_of
from camscan.scan.journal import interrupted_runs

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]
NAME = "Oak School"
MEMORY = 40 << 20
"""Bytes by which a collector may grow, whatever its centre says."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("hostile"), (NAME,)) as made, made.estate(made.sites[0]):
        yield made


def begin(built: Town, site: Site, victim: str, *more: str) -> list[str]:
    """Start the hostile centre; the words that it prints come into this list as they are read."""
    own = collect.read_place(site.folder / "collector.yaml")
    key, _ = own_key(built.folder / "errand.pem")
    own.remember(errand_key=public_key_of(key).hex(), centre=own.file.centre)
    program = Path(__file__).with_name("hostile_centre.py")
    files = [str(built.folder / name) for name in ("centre.pem", "centre.key", "errand.pem")]
    mine = public_key_of(own.key()).hex()
    process = built.start(
        built.centre, sys.executable, str(program), *files, mine, site.name, victim, *more, cwd=built.folder
    )
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    said: list[str] = []
    stream = process.stdout
    threading.Thread(target=lambda: said.extend(iter(stream.readline, "")), daemon=True).start()
    return said


def memory(number: int) -> int:
    """Most bytes that a process has had at once."""
    lines = Path(f"/proc/{number}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))


def test_whatever_it_tries_it_gets_what_the_site_allows_and_no_packet_more(built: Town) -> None:
    (site,) = built.sites
    seats = [ip for ip, _ in site.seats]
    allowed, victim = f"{site.network[0]}/30", seats[-1]
    inside = [str(site.network[number]) for number in range(4)]
    assert victim not in inside
    allow(site, built, networks=allowed)
    captured = built.folder / "hostile.pcap"
    with built.capture(site, captured):
        said = begin(built, site, victim)
        process = start_collector(built, site)
        wait_for(lambda: said, "it was not asked")
        before = memory(process.pid)
        wait_for(lambda: "honest\n" in said, f"it stopped after {said[-1:]}", 200)
        assert memory(process.pid) - before < MEMORY
        wait_for(lambda: said.count("idle\n") >= 3, "it stopped")
        assert process.poll() is None
        end(process)
    # The kernel tells the switch which groups the one honest scan listens to (IGMP).
    assert outside(built, site, captured, allowed=[*inside, "224.0.0.22"]) == set()
    asked = [frame.target for frame in read(captured) if frame.target in inside and frame.protocol in {"tcp", "udp"}]
    assert asked, "the one honest errand was not carried out"
    found = built.counters(site)
    assert (found["elsewhere"], found["dropped"], found["inwards"]) == (0, 0, 0)


def test_outside_its_hours_not_one_packet_goes_to_a_camera(built: Town) -> None:
    (site,) = built.sites
    now = datetime.now()  # noqa: DTZ005 - the clock on the wall
    begins, ends = now + timedelta(hours=2), now + timedelta(hours=3)
    allow(site, built, more=f"window: {begins:%H:%M}-{ends:%H:%M}\n")
    captured = built.folder / "hours.pcap"
    for process in built.processes:
        end(process)
    with built.capture(site, captured):
        said = begin(built, site, site.seats[-1][0])
        process = start_collector(built, site)
        wait_for(lambda: said.count("idle\n") >= 3, f"it stopped after {said[-1:]}", 200)
        assert process.poll() is None
        end(process)
    assert outside(built, site, captured, allowed=["none of them"]) == set()


@pytest.mark.long
def test_a_scan_that_is_going_on_when_its_hours_end(built: Town) -> None:
    (site,) = built.sites
    for process in built.processes:
        end(process)
    begun = time.monotonic()
    subprocess.run([sys.executable, "-m", "camscan", "--version"], check=True, capture_output=True)
    before = 3 + 5 * (time.monotonic() - begun)  # so that it has begun, and the eight seconds of its scan are not over
    now = datetime.now()  # noqa: DTZ005 - the clock on the wall
    ends = (now + timedelta(seconds=75)).replace(second=0, microsecond=0)
    allow(site, built, more=f"window: {now - timedelta(hours=1):%H:%M}-{ends:%H:%M}\n")
    path, captured = site.folder / "collector.yaml", built.folder / "ending.pcap"
    path.write_text(path.read_text().replace("pace: fast", "pace: gentle"))
    time.sleep(max(0.0, ends.timestamp() - before - time.time()))
    with built.capture(site, captured):
        said = begin(built, site, site.seats[-1][0], "honest")
        process = start_collector(built, site)
        wait_for(lambda: "idle\n" in said, "the scan did not end", 60)
        time.sleep(max(0.0, ends.timestamp() + 10 - time.time()))
        assert process.poll() is None
        end(process)
    cameras = {ip for ip, _ in site.seats}
    # The kernel goes on answering whoever asks for the address of this machine.
    sent = [frame for frame in read(captured) if frame.source == site.ip and frame.protocol != "arp-reply"]
    asked = [frame.at for frame in sent if frame.target in cameras]
    assert min(asked) < ends.timestamp()
    assert max(asked) < ends.timestamp() + 2
    assert interrupted_runs(site.folder / "collector" / "camscan.db")
