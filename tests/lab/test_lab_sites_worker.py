"""A centre on PostgreSQL with a worker, and one site behind its router: the whole way, and a proxy that rewrites on it.

The server is asked by its socket, as docs/many-sites.md says; the worker and the pages are in the centre's namespace.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pg_server
import pytest
from centre import allow, enrol, read_pages, scans, settle, start_collector, start_pages, start_proxy
from sites import Town, end, town, wait_for

from camscan.register import open_register
from camscan.store import open_store
from camscan.store.collectors import Collectors
from camscan.store.parcels import Parcels

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]
pytest.importorskip("procrastinate", reason="the extra postgresql is not installed: make install EXTRAS=postgresql")
NAME = "Oak School"


@dataclass
class Standing:
    """A town whose centre is on PostgreSQL."""

    town: Town
    register: str
    cameras: list[str]
    """Addresses of the units of the two makers."""
    proxy: subprocess.Popen[str]
    worker: subprocess.Popen[str]

    def count(self) -> int:
        """How many scans of the site the register has."""
        return len(scans(self.town, self.register).get(NAME, []))

    def scan(self) -> None:
        """Ask for a scan."""
        self.town.camscan(None, "collector", "scan", NAME)

    def trouble(self) -> str:
        """What the collector said last was wrong."""
        with open_store(self.register) as store:
            (one,) = Collectors(store).all()
            return str(one.said.get("error", ""))


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    if pg_server.program("initdb") is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(pg_server.running())
        register = f"postgresql://camscan@/estate?host={server.folder}&port={urlsplit(server.address).port}"
        built = stack.enter_context(town(tmp_path_factory.mktemp("worker"), (NAME,)))
        (site,) = built.sites
        settle(built, register)
        proxy = start_proxy(built)
        truth = stack.enter_context(built.estate(site))
        worker = built.start(built.centre, sys.executable, "-m", "camscan", "work", cwd=built.folder)
        start_pages(built)
        allow(site, built)
        enrol(built, site)
        start_collector(built, site)
        cameras = [each["ip"] for each in truth if each["maker"] in {"hikvision", "dahua"}]
        yield Standing(built, register, cameras, proxy, worker)


def test_from_the_errand_to_the_page_by_a_worker(standing: Standing) -> None:
    standing.scan()
    assert standing.worker.stdout
    line = standing.worker.stdout.readline()
    (scan_id,) = scans(standing.town, standing.register)[NAME]
    assert line == f"Parcel {scan_id}: recorded\n"
    (page,) = read_pages(standing.town, [f"/devices?site={NAME.replace(' ', '+')}"])
    assert standing.cameras
    assert all(ip in page for ip in standing.cameras)


@pytest.mark.long
def test_a_proxy_that_changes_a_byte_is_noticed_at_both_ends(standing: Standing) -> None:
    built, before = standing.town, standing.count()
    end(standing.proxy)
    files = [str(built.folder / name) for name in ("centre.pem", "centre.key")]
    program = str(Path(__file__).with_name("rewriting_proxy.py"))
    rewriting = built.start(built.centre, sys.executable, program, *files, cwd=built.folder)
    assert rewriting.stdout
    assert rewriting.stdout.readline() == "up\n"
    standing.scan()
    wait_for(lambda: "something on the way changes" in standing.trouble(), "the centre was not told")
    assert rewriting.stdout.readline() == "changed\n"
    (site,) = built.sites
    log = "".join(path.read_text() for path in site.folder.glob("log-*"))
    assert "exempt cameras.example.gov.uk from the inspection of HTTPS" in log
    with open_store(standing.register) as store:
        assert Parcels(store).backlog().waiting == 0
    assert standing.count() == before
    end(rewriting)
    start_proxy(built)
    wait_for(lambda: standing.count() == before + 1, "the parcel did not come after all")
    wait_for(lambda: not standing.trouble(), "the centre still believes that something changes what is sent")
    with open_register(standing.register, readonly=True) as book:
        assert book.find_faults() == []
