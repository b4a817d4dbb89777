"""``camscan enrich`` from camscan.yaml to the register."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("httpx", reason="needs camscan[enrich]")

from fake_login import PASSWORD, Fake, behind_digest, serving
from test_enrich import CHANNEL_LIST, CHANNELS, DEVICE, RECORDER

from camscan import fingerprints
from camscan.cli import main
from camscan.enrich._run import AskedDevice, _Run
from camscan.ingest import report_of_evidence
from camscan.model import Attempt, Completion, Coverage, Observation, Outcome
from camscan.register import open_register

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CONFIG = """\
credentials:
  - name: recorders
    user: camscan
    password_file: secret
    cidrs: [127.31.0.64/26]
exclusions: [127.31.0.99]
"""
SADP = {
    "sadp.model": "DS-7616NI-K2",
    "sadp.serial": "DS-7616NI-K220230101AAWRG00000001",
    "sadp.type": "ProbeMatch/inquiry",
}


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving(Fake(behind_digest({DEVICE: RECORDER, CHANNELS: CHANNEL_LIST})), "127.31.0.70") as one:
        yield one


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with camscan.yaml, its secret, and nobody else's configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.delenv("CAMSCAN_CONFIG", raising=False)
    (tmp_path / "camscan.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "secret").write_text(PASSWORD, encoding="utf-8")
    (tmp_path / "secret").chmod(0o600)
    return tmp_path


def scanned(*places: tuple[str, int], site: str = "") -> None:
    """What an earlier scan recorded: SADP of a recorder, and its web server."""
    attempts = []
    for number, (ip, port) in enumerate(places, 1):
        facts = {**SADP, "sadp.serial": SADP["sadp.serial"][:-1] + str(number)}
        seen = tuple(Observation(ip, 37020, "sadp", key, value, NOON) for key, value in facts.items())
        web = (Observation(ip, port, "http", "http.server", "App-webs/", NOON),)
        attempts += [
            Attempt("sadp", ip, 37020, Outcome.ANSWERED, seen, seen_at=NOON),
            Attempt("http", ip, port, Outcome.ANSWERED, web, seen_at=NOON),
        ]
    coverage = Coverage(len(places), len(places), 0, 0, 0, 0)
    database = fingerprints.load_database()
    report = report_of_evidence(
        attempts, database, coverage, sources=["t"], started_at=NOON, finished_at=NOON, site=site
    )
    with open_register("camscan.db") as book:
        book.record(replace(report, site=site))


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["enrich", *arguments])
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_a_recorder_tells_its_channels_and_stays_one_row(
    fake: Fake, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scanned((fake.ip, fake.port))
    assert run(fake.ip, "--credential", "recorders") == 0
    printed = capsys.readouterr()
    with open_register("camscan.db", readonly=True) as book:
        device, channel = book.devices()
        evidence = book.evidence(device.asset_id)
        assert book.conflicts() == []
    assert (channel.recorder_asset_id, channel.channel) == (device.asset_id, 1)
    assert (channel.identification.maker, channel.identification.model) == ("hikvision", "DS-2CD2385G1-I")
    current = {each.observation.key for each in evidence if each.current}
    assert {"sadp.model", "http.server", "isapi.model", "isapi.channel"} <= current
    assert device.sightings == 2
    assert device.identification.mac == "44:19:b6:00:00:01"
    kept = b"".join(path.read_bytes() for path in place.glob("camscan.db*"))
    assert PASSWORD.encode() not in kept
    assert PASSWORD not in printed.out + printed.err


@pytest.mark.usefixtures("place")
def test_a_quiet_login_says_what_is_new_and_nothing_the_next_time(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    scanned((fake.ip, fake.port))
    for told in ("1 camera newly listed by recorders\n", ""):
        assert run(fake.ip, "--credential", "recorders", "--quiet") == 0
        assert capsys.readouterr() == ("", told)


@pytest.mark.usefixtures("place")
def test_a_site_is_asked_where_the_credential_is_for_it(fake: Fake) -> None:
    scanned((fake.ip, fake.port), ("127.31.0.5", 80), ("127.31.0.99", 80), site="Depot")
    assert run("--site", "Depot", "--credential", "recorders") == 0
    with open_register("camscan.db", readonly=True) as book:
        assert book.scans()[-1].targets == (fake.ip,)


def test_a_refusal_is_partial_and_changes_no_row(fake: Fake, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scanned((fake.ip, fake.port))
    (place / "secret").write_text("wrong", encoding="utf-8")
    assert run(fake.ip, "--credential", "recorders") == 3
    out = capsys.readouterr().out
    assert "Logged in to 0 of 1 device; 1 refused the login\n" in out
    assert f"  - {fake.ip}" in out
    assert "it refused the login and is not asked anything more\n" in out
    assert "Do not run it again with the same credential: after five wrong logins most devices lock the user" in out
    assert "The register's entries for the others are unchanged\n" in out
    assert "none found" not in out
    assert "No camera system was found" not in out
    with open_register("camscan.db", readonly=True) as book:
        (device,) = book.devices()
        assert device.sightings == 1
        (attempt,) = book.attempts(book.scans()[-1].scan_id)
    assert (attempt.probe, attempt.outcome) == ("isapi", Outcome.REFUSED)
    assert len(fake.logins) == 1


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--credential", "recorders"), "name devices"),
        (("127.31.0.70", "--site", "Depot", "--credential", "recorders"), "name devices"),
        (("127.31.0.70",), "--credential"),
        (("127.31.0.70", "--credential", "nobody"), "no credential 'nobody'"),
        (("127.31.0.71", "--credential", "recorders"), "there is no device"),
        (("127.31.0.5", "--credential", "recorders"), "does not cover this address"),
        (("127.31.0.99", "--credential", "recorders"), "or the address is excluded"),
        (("--site", "Nowhere", "--credential", "recorders"), "the register has no device at the site Nowhere"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_nothing_is_sent(
    fake: Fake, arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scanned((fake.ip, fake.port), ("127.31.0.5", 80), ("127.31.0.99", 80))
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert fake.requests == []


def test_outside_its_authorisation_nobody_is_asked(fake: Fake, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scanned((fake.ip, fake.port))
    entry = "authorisations:\n- {role: Head of ICT, date: 2020-01-01, expires: 2020-12-31, cidrs: [127.31.0.0/24]}\n"
    (place / "camscan.yaml").write_text(CONFIG + entry, encoding="utf-8")
    assert run(fake.ip, "--credential", "recorders") == 2
    assert "the authorisation by Head of ICT expired on 2020-12-31; renew it first" in capsys.readouterr().err
    assert fake.requests == []


def test_a_password_that_others_may_read_is_not_used(
    fake: Fake, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scanned((fake.ip, fake.port))
    (place / "secret").chmod(0o644)
    assert run(fake.ip, "--credential", "recorders") == 2
    assert "chmod 600" in capsys.readouterr().err
    assert fake.requests == []


def test_a_device_that_refused_twice_is_spared(fake: Fake, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scanned((fake.ip, fake.port), site="Depot")
    (place / "secret").write_text("wrong", encoding="utf-8")
    assert [run(fake.ip, "--credential", "recorders") for _ in range(2)] == [3, 3]
    assert len(fake.logins) == 2
    capsys.readouterr()
    assert run(fake.ip, "--credential", "recorders") == 2
    assert "wait, or it may lock you out" in capsys.readouterr().err
    assert run("--site", "Depot", "--credential", "recorders") == 2
    assert len(fake.logins) == 2


@pytest.mark.usefixtures("place")
def test_what_was_asked_before_an_interruption_is_recorded(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    scanned((fake.ip, fake.port), ("127.31.0.71", fake.port))
    ask = _Run._ask_device

    async def interrupted(self: _Run, asked: AskedDevice) -> None:
        if asked.box.ip != fake.ip:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(60)  # Ctrl-C ends it
        await ask(self, asked)

    monkeypatch.setattr(_Run, "_ask_device", interrupted)
    assert run(fake.ip, "127.31.0.71", "--credential", "recorders") == 130
    with open_register("camscan.db", readonly=True) as book:
        assert book.scans()[-1].completion is Completion.INTERRUPTED
        assert any(
            each.observation.key == "isapi.channel" for each in book.evidence(book.find_devices(fake.ip)[0].asset_id)
        )


def test_the_log_says_what_came_of_it_and_holds_no_login(
    fake: Fake, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scanned((fake.ip, fake.port))
    assert run(fake.ip, "--credential", "recorders", "-vv", "--log-file", "run.log", "--log-format", "json") == 0
    text = (place / "run.log").read_text(encoding="utf-8")
    assert f'"ip": "{fake.ip}", "what": "answered", "probe": "isapi"' in text
    assert PASSWORD not in text
    assert '"camscan"' not in text, "the user's name"
    assert "Authorization" not in text
    assert PASSWORD not in "".join(capsys.readouterr())
