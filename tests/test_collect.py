"""A collector: what its own site allows, and nothing else; what it finds comes into the register of its centre."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import Camscan
from estate_truth import standing

from camscan.app import collect
from camscan.cli.collect.run import pause_after
from camscan.cli.demo import PORTS
from camscan.config.collector import read_collector
from camscan.errors import ConfigError
from camscan.output import make_folder
from camscan.parcel import errand
from camscan.parcel.client import CentreError
from camscan.parcel.keys import own_key, public_key_of
from camscan.register import open_register

NETWORK = "127.50.7.0/28"
SETTINGS = "pace: fast\nports:\n" + "".join(f"  {probe}: {list(ports)}\n" for probe, ports in PORTS.items())
CENTRE = f"role: ICT\n{SETTINGS}sites:\n- name: Oak School\n  cidrs: [{NETWORK}]\n"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
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
        evening = datetime(2099, 12, 31, 23, 0)  # noqa: DTZ001 - by the clock on the wall
        closes = found.closing_time(evening)
        assert closes
        assert closes.replace(tzinfo=None) == datetime(2100, 1, 1)  # noqa: DTZ001 - as above

    @pytest.mark.parametrize(
        ("old", "new", "why"),
        [
            ("https://centre.example", "http://centre.example", "is not the address of a centre"),
            ("https://centre.example", "https://centre.example/path", "is not the address of a centre"),
            ("pace: fast", "pace: reckless", "is not one of: gentle, normal, fast"),
            ("allowed_by: Site manager\n", "", "'allowed_by' is missing"),
            (f"[{NETWORK}]", "[]", "at least one network is needed"),
            ("until: 2099-12-31", "until: some day", "some day"),
            ("pace: fast", "scans_a_day: 0", "is a number from 1 to 1000"),
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
        own.remember(errand_key=public_key_of(self.key).hex(), centre=own.file.centre)
        mine = public_key_of(own.key()).hex()
        ends = datetime.now(UTC) + timedelta(hours=9)
        asked = [
            errand.ErrandMessage(id=f"{number}", site=site, ends_at=ends, collector=mine)
            for number, site in enumerate(sites)
        ]
        self.given: dict[str, Any] = {
            "state": "approved",
            "errands": [errand.sign_errand(each, self.key) for each in asked],
            "next": 60,
        }
        self.heard: list[tuple[str, str]] = []
        self.said: dict[str, Any] = {}
        self.on_report: Callable[[], object] = lambda: None

    def name(self, errand_id: str) -> None:
        """Call its first errand something else, which must end later than any clock of a test."""
        text = json.loads(self.given["errands"][0]["text"])
        ends = datetime(2090, 1, 1, tzinfo=UTC)
        asked = errand.ErrandMessage(id=errand_id, site=text["site"], ends_at=ends, collector=text["collector"])
        self.given["errands"] = [errand.sign_errand(asked, self.key)]

    def hold_connection(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def poll(self, said: Any) -> Any:
        self.said = said
        return self.given

    def report(self, _errand: str, state: str, why: str = "") -> None:
        self.on_report()
        self.heard.append((state, why))


@pytest.fixture
def own(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> collect.Place:
    """A collector that would notice if it sent a packet."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a scan was begun")

    monkeypatch.setattr(collect, "scan_and_record", never)
    return collect.read_place(allowed(workplace))


@pytest.fixture
def begun(own: collect.Place, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The scans that were begun, none of which asks anybody."""
    assert own
    found: list[str] = []
    monkeypatch.setattr(collect, "scan_and_record", lambda prepared, *_, **__: found.append(prepared.plan.site))
    return found


def rounds(own: collect.Place, told: Told, monkeypatch: pytest.MonkeyPatch, **members: Any) -> collect.CollectorRound:
    monkeypatch.setattr(collect.Place, "centre", lambda _own: told)
    return collect.do_round(own, **members)


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

    def test_what_the_file_allowed_earlier_counts_for_nothing(
        self, own: collect.Place, workplace: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = Told(own, "Oak School")
        allowed(workplace, more="window: 24:00\n")

        def read() -> collect.Place:
            return collect.read_place(own.file.path)

        rounds(own, told, monkeypatch, read_again=read)
        assert told.heard[0][0] == "failed"
        assert "is not a time window" in told.heard[0][1]
        own.file.path.write_text(own.file.path.read_text().replace("Oak School", "Elm School").replace("window", "#"))
        rounds(own, told, monkeypatch, read_again=read)
        assert told.heard[1] == ("refused", "the site 'Oak School' is not in collector.yaml")

    def test_nor_when_the_centre_answers_so_late_that_the_hours_are_over(
        self, workplace: Path, monkeypatch: pytest.MonkeyPatch, begun: list[str]
    ) -> None:
        now, hour = [datetime.now().astimezone()], timedelta(hours=1)
        window = f"{now[0] - hour:%H:%M}-{now[0] + hour:%H:%M}"
        own = collect.read_place(allowed(workplace, more=f"window: {window}\n"))
        told = Told(own, "Oak School")
        told.on_report = lambda: now.append(now[-1] + 2 * hour)
        assert rounds(own, told, monkeypatch, clock=lambda: now[-1]).scanned == ()
        assert told.heard == [("begun", ""), ("accepted", f"it waits for the hours of collector.yaml ({window})")]
        assert begun == []

    def test_nothing_is_begun_on_a_full_disk(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch, begun: list[str]
    ) -> None:
        told = Told(own, "Oak School")
        full = shutil.disk_usage(own.folder)._replace(free=50 << 10)
        monkeypatch.setattr("shutil.disk_usage", lambda _folder: full)
        assert rounds(own, told, monkeypatch).scanned == ()
        assert told.heard == [("failed", "the disk is full: 50 KB are free, and a scan needs 2,048")]
        assert begun == []

    def test_what_another_key_signed_costs_nothing_but_a_line(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = Told(own, "Oak School")
        own.remember(errand_key=public_key_of(own.key()).hex())
        warnings: list[str] = []
        assert rounds(own, told, monkeypatch, warn=warnings.append).scanned == ()
        assert told.heard == []
        assert "not signed by the centre" in warnings[0]

    def test_nor_does_it_keep_the_others_from_being_done(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch, begun: list[str]
    ) -> None:
        told = Told(own, "Oak School")
        told.given["errands"] = [{}, {"text": "{" * 100_000, "signature": "00"}, *told.given["errands"]]
        assert rounds(own, told, monkeypatch).scanned == ("Oak School",)
        assert begun == ["Oak School"]

    def test_an_errand_that_comes_again_is_not_done_again(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch, begun: list[str]
    ) -> None:
        told = Told(own, "Oak School")
        rounds(own, told, monkeypatch)
        rounds(own, told, monkeypatch)
        assert begun == ["Oak School"]
        assert told.heard == [("begun", ""), ("done", ""), ("done", "")]

    def test_a_thousand_errands_are_one_scan_of_a_site(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch, begun: list[str]
    ) -> None:
        rounds(own, Told(own, *["Oak School"] * 1000), monkeypatch)
        assert begun == ["Oak School"]

    def test_a_site_is_scanned_no_more_often_in_a_day_than_its_file_says(
        self, workplace: Path, monkeypatch: pytest.MonkeyPatch, begun: list[str]
    ) -> None:
        own = collect.read_place(allowed(workplace, more="- {name: Elm, networks: [127.50.8.0/28]}\nscans_a_day: 2\n"))
        now = [NOON]

        def ask(number: int, *, later: timedelta = timedelta(), site: str = "Oak School") -> str:
            now[0] += later
            told = Told(collect.read_place(own.file.path), site)  # as after a restart
            told.name(f"errand-{number}")
            rounds(own, told, monkeypatch, clock=lambda: now[0])
            return " ".join(told.heard[-1]).strip()

        hour, day = timedelta(hours=1), timedelta(days=1)
        assert [ask(1), ask(2, later=hour)] == ["done", "done"]
        again = f"{(NOON + day).astimezone():%d %B %Y, %H:%M}"
        refused = f"refused collector.yaml allows 2 scans of a site in 24 hours; the centre may ask again after {again}"
        assert ask(3, later=hour) == refused
        assert ask(4, site="Elm") == "done"
        assert len(begun) == 3
        # A clock that is set back gives nothing: what began in its future began now.
        assert ask(5, later=-5 * hour).startswith("refused")
        assert ask(6, later=22 * hour).startswith("refused")
        assert ask(7, later=3 * hour) == "done"
        # One that was years ahead for a while does not shut the centre out for years.
        assert ask(8, later=10_000 * day) == "done"
        assert ask(9) == "done"
        assert ask(10, later=-10_000 * day).startswith("refused")
        assert ask(11, later=day) == "done"

    def test_a_scan_that_could_not_begin_does_not_count(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch, begun: list[str]
    ) -> None:
        """As long as the site looks at its own cameras, or another program writes to its register."""
        own = replace(own, file=replace(own.file, scans_a_day=1))
        make_folder(own.folder)
        for number in range(2):
            told = Told(own, "Oak School")
            told.name(f"errand-{number}")
            with open_register(str(own.register)):
                assert rounds(own, told, monkeypatch).scanned == ()
            assert [state for state, _ in told.heard] == ["begun", "failed"]
        told.name("errand-2")
        assert rounds(own, told, monkeypatch).scanned == ("Oak School",)
        assert begun == ["Oak School"]

    def test_the_most_scans_that_a_file_can_allow_are_remembered(self, own: collect.Place) -> None:
        times = {f"Site {number}": list(range(1_796_000_000, 1_796_001_000)) for number in range(40)}
        own.remember(begun=times)
        assert own.state()["begun"] == times

    def test_an_interrupted_scan_is_continued_however_often(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch, begun: list[str]
    ) -> None:
        own = replace(own, file=replace(own.file, scans_a_day=1))
        own.remember(begun={"Oak School": [int(time.time())]})
        assert rounds(own, Told(own, "Oak School"), monkeypatch).scanned == ()
        monkeypatch.setattr(collect, "continues", lambda *_: True)
        assert rounds(own, Told(own, "Oak School"), monkeypatch).scanned == ("Oak School",)
        assert begun == ["Oak School"]

    @pytest.mark.parametrize("extra", [{"targets": ["10.0.0.0/8"]}, {"pace": "fast", "networks": "0.0.0.0/0"}])
    def test_targets_in_an_errand_count_for_nothing(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any]
    ) -> None:
        told, asked = Told(own, "Oak School"), list[tuple[str, ...]]()
        text = json.dumps(json.loads(told.given["errands"][0]["text"]) | extra)
        signature = told.key.sign(b"camscan-errand 1\n" + text.encode()).hex()
        told.given["errands"] = [{"text": text, "signature": signature, **extra}]
        monkeypatch.setattr(
            collect, "scan_and_record", lambda prepared, *_, **__: asked.append(prepared.plan.targets.texts)
        )
        assert rounds(own, told, monkeypatch).scanned == ("Oak School",)
        assert asked == [(NETWORK,)]

    def test_what_camscan_yaml_excludes_at_a_site_is_not_asked(
        self, own: collect.Place, workplace: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site = "{name: Here, cidrs: [127.50.0.0/16], exclusions: [127.50.7.0/29]}"
        (workplace / "camscan.yaml").write_text(f"sites: [{site}]\nexclusions: [127.50.7.8]")
        asked = list[str]()
        monkeypatch.setattr(
            collect, "scan_and_record", lambda prepared, *_, **__: asked.extend(map(str, prepared.plan.targets.spans))
        )
        assert rounds(own, Told(own, "Oak School"), monkeypatch).scanned == ("Oak School",)
        assert asked == ["127.50.7.9-127.50.7.14"]

    @pytest.mark.parametrize("site", ["Oak School\x00", "Oak School ", "../Oak School", "*", "Oak School\n10.0.0.0/8"])
    def test_names_that_are_nearly_a_site_are_none(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch, site: str
    ) -> None:
        told = Told(own, site)
        assert rounds(own, told, monkeypatch).scanned == ()
        assert [state for state, _ in told.heard] == ["refused"]

    @pytest.mark.parametrize("errands", [None, 7, ["x"], [{"text": "{}", "signature": "zz"}], [{}], {"a": 1}])
    def test_what_it_says_may_be_anything(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch, errands: object
    ) -> None:
        told = Told(own)
        told.given = {"state": "strange", "errands": errands, "next": "soon", "wanted": errands}
        assert rounds(own, told, monkeypatch).next_seconds == 30

    @pytest.mark.parametrize(("said", "seconds"), [(-5, 30), (10**30, 3600), (True, 30), (None, 30), (600, 600)])
    def test_it_cannot_send_a_collector_to_sleep(
        self, own: collect.Place, monkeypatch: pytest.MonkeyPatch, said: object, seconds: int
    ) -> None:
        told = Told(own)
        told.given["next"] = said
        assert rounds(own, told, monkeypatch).next_seconds == seconds

    def test_a_page_of_somebody_else_is_not_a_centre(self, own: collect.Place, monkeypatch: pytest.MonkeyPatch) -> None:
        told = Told(own)
        told.given = {}
        with pytest.raises(CentreError, match="does not answer like a centre of camscan"):
            rounds(own, told, monkeypatch)

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
    assert "Allowed by            Site manager" in out
    assert "At most               4 scans of a site in 24 hours" in out
    assert out.splitlines()[-1].startswith("Signed: ____")


def test_without_collector_yaml_it_says_where_one_is_from(camscan: Camscan, workplace: Path) -> None:
    del workplace
    says = "collector.yaml: there is no such file; at the centre, `camscan collector add` prints one to begin with"
    for words in (("check",), ("enrol", "0000-0000"), ("run", "--once")):
        assert camscan("collect", *words) == (2, "", f"camscan: {says}\n")


def test_check_warns_of_a_last_day_that_is_over_and_of_a_missing_file(camscan: Camscan, workplace: Path) -> None:
    path = allowed(workplace, more="ca_file: none.pem\n")
    path.write_text(path.read_text().replace("2099", "2020"))
    code, out, err = camscan("collect", "check")
    assert (code, "31 December 2020" in out) == (0, True)
    assert "the last day of collector.yaml is over" in err
    assert "none.pem: there is no such file" in err


def test_a_centre_that_is_down_and_how_to_look(camscan: Camscan, workplace: Path) -> None:
    allowed(workplace, centre="http://127.0.0.1:9")
    code, _, err = camscan("collect", "enrol", "0000-0000")
    assert (code, "cannot be reached (refused: check the address" in err) == (1, True)


def test_without_enrolment_it_says_how(camscan: Camscan, workplace: Path) -> None:
    allowed(workplace)
    code, _, err = camscan("collect", "run", "--once")
    assert code == 2
    assert "has not enrolled at https://centre.example: `camscan collect enrol CODE`" in err


@pytest.mark.parametrize("failures", [1, 10, 1024, 10**6])
def test_it_tries_again_for_ever(failures: int) -> None:
    """Of an hour at most each, a thousand tries are three weeks."""
    assert all(0 <= pause_after(failures) <= 3600 for _ in range(20))


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

    def at(folder: Path, *words: str) -> str:
        monkeypatch.chdir(folder)
        code, out, err = camscan(*words)
        assert code == 0, err
        return out

    code = at(centre, "collector", "add", "Oak PC", "--site", "Oak School").splitlines()[-1]
    with standing(NETWORK, 12, 50), serving(centre) as address:  # without a register yet: it begins one
        allowed(site, centre=address)
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
