"""A collector: what its own site allows, and nothing else; what it finds comes into the register of its centre."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import Camscan
from estate_truth import standing

from camscan.app import collect
from camscan.cli.demo import PORTS
from camscan.config.collector import read_collector
from camscan.errors import ConfigError, UsageError
from camscan.parcel import errand
from camscan.parcel.keys import own_key, public_of
from camscan.register import open_register

NETWORK = "127.50.7.0/28"
SETTINGS = "pace: fast\nports:\n" + "".join(f"  {probe}: {list(ports)}\n" for probe, ports in PORTS.items())
CENTRE = f"role: ICT\n{SETTINGS}sites:\n- name: Oak School\n  cidrs: [{NETWORK}]\n"
LINK = re.compile(r"^Open (http://127\.0\.0\.1:\d+)/sign-in")
ALLOWED = """\
centre: {centre}
allowed_by: Site manager
until: 2099-12-31
pace: fast
sites:
- name: Oak School
  networks: [{network}]
"""


def allowed(folder: Path, *, centre: str = "https://centre.example", more: str = "", network: str = NETWORK) -> Path:
    """The collector.yaml of a site."""
    path = folder / "collector.yaml"
    path.write_text(ALLOWED.format(centre=centre, network=network) + more)
    return path


class TestFile:
    def test_what_it_says(self, tmp_path: Path) -> None:
        found = read_collector(allowed(tmp_path, more="window: 19:00-06:00\n"))
        noon, night = datetime(2026, 3, 2, 12), datetime(2026, 3, 2, 23)  # noqa: DTZ001 - the clock on the wall
        assert found.why_not("Oak School", noon) == ""
        assert found.why_later(noon) == "it waits for the hours of collector.yaml (19:00-06:00)"
        assert found.why_later(night) == ""
        assert found.why_not("Elm School", night) == "the site 'Elm School' is not in collector.yaml"
        assert "allowed it until 2099-12-31" in found.why_not("Oak School", noon.replace(year=2100))

    @pytest.mark.parametrize(
        ("old", "new", "why"),
        [
            ("https://centre.example", "http://centre.example", "is not the address of a centre"),
            ("https://centre.example", "https://centre.example/path", "is not the address of a centre"),
            ("pace: fast", "pace: reckless", "is none of: gentle, normal, fast"),
            ("allowed_by: Site manager\n", "", "'allowed_by' is missing"),
            (f"[{NETWORK}]", "[]", "at least one network is needed"),
            ("until: 2099-12-31", "until: some day", "some day"),
        ],
    )
    def test_a_mistake_is_one_line_with_its_place(self, tmp_path: Path, old: str, new: str, why: str) -> None:
        path = allowed(tmp_path)
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        with pytest.raises(ConfigError, match=r"collector\.yaml:\d+: ") as caught:
            read_collector(path)
        assert why in str(caught.value)


class Told:
    """A centre that asks for whatever it likes; what a collector says to it."""

    def __init__(self, own: collect.Place, *sites: str) -> None:
        self.key, _ = own_key(own.folder / "centre.pem")
        own.remember(errand_key=public_of(self.key).hex(), centre=own.file.centre)
        mine = public_of(own.key()).hex()
        ends = datetime.now(UTC) + timedelta(hours=1)
        asked = [
            errand.Asked(id=f"{number}", site=site, ends_at=ends, collector=mine) for number, site in enumerate(sites)
        ]
        self.given = {"state": "approved", "errands": [errand.signed(each, self.key) for each in asked], "next": 60}
        self.heard: list[tuple[str, str]] = []

    def poll(self, _said: Any) -> Any:
        return self.given

    def report(self, _errand: str, state: str, why: str = "") -> None:
        self.heard.append((state, why))


@pytest.fixture
def own(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> collect.Place:
    """A collector that would notice if it sent a packet."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a scan was begun")

    monkeypatch.setattr(collect, "scan_and_record", never)
    return collect.read_place(allowed(workplace))


def rounds(own: collect.Place, told: Told, monkeypatch: pytest.MonkeyPatch) -> collect.Round:
    monkeypatch.setattr(collect.Place, "centre", lambda _own: told)
    return collect.do_round(own, datetime.now(UTC))


class TestHostileCentre:
    def test_a_site_that_the_file_does_not_have_is_not_scanned(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = Told(own, "Elm School", "10.0.0.0/8", "oak school")
        assert rounds(own, told, monkeypatch).scanned == ()
        assert [state for state, _ in told.heard] == ["refused"] * 3

    def test_nor_when_its_time_is_over(self, own: collect.Place, monkeypatch: pytest.MonkeyPatch) -> None:
        late = replace(own, file=replace(own.file, until=datetime(2020, 1, 1).date()))  # noqa: DTZ001 - a day
        told = Told(late, "Oak School")
        assert rounds(late, told, monkeypatch).scanned == ()
        assert "allowed it until 2020-01-01" in told.heard[0][1]

    def test_nor_what_another_key_signed(self, own: collect.Place, monkeypatch: pytest.MonkeyPatch) -> None:
        told = Told(own, "Oak School")
        own.remember(errand_key=public_of(own.key()).hex())
        with pytest.raises(UsageError, match="not signed by the centre"):
            rounds(own, told, monkeypatch)

    @pytest.mark.parametrize("errands", [None, 7, ["x"], [{"text": "{}", "signature": "zz"}], [{}]])
    def test_what_it_says_may_be_anything(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch, errands: object
    ) -> None:
        told = Told(own)
        told.given = {"state": "strange", "errands": errands, "next": "soon"}
        with contextlib.suppress(UsageError):
            assert rounds(own, told, monkeypatch).next_seconds == 30

    def test_no_network_that_is_public_without_leave(self, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        own = collect.read_place(allowed(workplace, network="192.0.2.0/28"))
        told = Told(own, "Oak School")
        assert rounds(own, told, monkeypatch).scanned == ()
        assert told.heard[0][0] == "refused"


def test_check_is_one_page_to_sign(camscan: Camscan, workplace: Path) -> None:
    allowed(workplace)
    code, out, err = camscan("collect", "check")
    assert (code, err) == (0, "")
    assert f"Scans for Oak School  {NETWORK}" in out
    assert "Allowed by        Site manager" in out
    assert out.splitlines()[-1].startswith("Signed: ____")


def test_without_enrolment_it_says_how(camscan: Camscan, workplace: Path) -> None:
    allowed(workplace)
    code, _, err = camscan("collect", "run", "--once")
    assert code == 2
    assert "has not enrolled at https://centre.example: `camscan collect enrol CODE`" in err


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A centre in a process of its own; its address."""
    command = [sys.executable, "-m", "camscan", "serve", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout
        try:
            found = LINK.match(process.stdout.readline())
            assert found, process.communicate()
            yield found[1]
        finally:
            process.terminate()


def scans(register: Path) -> list[str]:
    with open_register(register, readonly=True) as book:
        return [each.site for each in book.scans()]


def test_errand_to_register(camscan: Camscan, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enrol, approve, ask, scan, send, record: each by its own program, over loopback."""
    centre, site = workplace / "centre", workplace / "site"
    centre.mkdir()
    site.mkdir()
    (centre / "camscan.yaml").write_text(CENTRE)
    (site / "camscan.yaml").write_text(SETTINGS)
    open_register(centre / "camscan.db").close()

    def at(folder: Path, *words: str) -> str:
        monkeypatch.chdir(folder)
        code, out, err = camscan(*words)
        assert code == 0, err
        return out

    with standing(NETWORK, 12, 50), serving(centre) as address:
        allowed(site, centre=address)
        code = at(centre, "collector", "add", "Oak PC", "--site", "Oak School").splitlines()[-1]
        words = re.search(r"the centre: (.*)", at(site, "collect", "enrol", code))
        assert words
        assert "has not approved" in at(site, "collect", "run", "--once")
        at(centre, "collector", "approve", "Oak PC", "--words", words[1])
        at(centre, "collector", "scan", "Oak PC")
        out = at(site, "collect", "run", "--once")
        assert "Scanned: Oak School" in out
        assert "Sent: 1 parcel; 0 waiting" in out
        until = time.monotonic() + 60
        while not scans(centre / "camscan.db"):
            assert time.monotonic() < until
            time.sleep(0.2)
        assert scans(centre / "camscan.db") == scans(site / "collector" / "camscan.db") == ["Oak School"]
        assert "Scanned" not in at(site, "collect", "run", "--once")
    with open_register(centre / "camscan.db") as book, open_register(site / "collector" / "camscan.db") as own:
        told = [{row.identification.serial for row in each.devices()} for each in (book, own)]
        assert told[0] == told[1]
        assert len(book.devices()) > 5
    assert "1 recorded" in at(centre, "collector", "list")
