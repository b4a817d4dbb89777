"""camscan.yaml: strict, with file and line for every mistake, and dates that are kept."""

from __future__ import annotations

import ipaddress
import re
from datetime import date, datetime, time
from pathlib import Path

import pytest

from camscan.config import PACES, Config, find_config, load_config
from camscan.errors import ConfigError, ScopeError
from camscan.net import pace
from camscan.net.scope import PRIVATE

WHOLE = """\
organisation: Example Borough Council
authorisations:
  - role: Head of ICT
    date: 2026-01-15
    expires: 2027-01-14
    cidrs: [203.0.113.0/24, "2001:db8::/112"]
sites:
  - name: Town Hall
    cidrs: [10.1.0.0/16, 10.2.3.4]
  - name: Depot
    cidrs: [10.9.0.0/24, 10.1.0.0/16]
exclusions:
  - 10.1.9.0/24
pace: normal
ports:
  http: [80, 8080]
  rtsp: []
interface: eth0
register: state/camscan.db
overlays: [marks]
"""

TODAY = date(2026, 3, 2)


def write(directory: Path, text: str) -> Path:
    path = directory / "camscan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def at(day: date, hour: int = 12) -> datetime:
    """A time of day by this machine's clock."""
    return datetime.combine(day, time(hour)).astimezone()


def networks(*texts: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(map(ipaddress.ip_network, texts))


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and nobody's configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAMSCAN_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "user"))
    return tmp_path


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    config = load_config(write(tmp_path, WHOLE))
    assert config.organisation == "Example Borough Council"
    (authorisation,) = config.authorisations
    assert (authorisation.role, authorisation.begins, authorisation.expires) == (
        "Head of ICT",
        date(2026, 1, 15),
        date(2027, 1, 14),
    )
    assert authorisation.cidrs == networks("203.0.113.0/24", "2001:db8::/112")
    assert [site.name for site in config.sites] == ["Town Hall", "Depot"]
    assert config.exclusions == networks("10.1.9.0/24")
    assert config.pace == "normal"
    assert config.ports == {"http": (80, 8080), "rtsp": ()}
    assert config.interface == "eth0"
    assert config.register == str(tmp_path / "state" / "camscan.db")
    assert config.overlays == (tmp_path / "marks",)


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, "# nothing yet\n")
    assert load_config(path) == Config(path=path, sites_file=tmp_path / "camscan-sites.csv")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("organization: x\n", 1, "unknown key 'organization'; did you mean 'organisation'?"),
        ("pace: quick\n", 1, "there is no pace 'quick'; the paces are gentle, normal, fast"),
        ("pace:\n", 1, "no value"),
        ("exclusions: 10.0.0.0/8\n", 1, "expected a list"),
        ("exclusions:\n  - 10.0.0.1/8\n", 2, "did you mean 10.0.0.0/8?"),
        ("exclusions:\n  - fileserver\n", 2, "'fileserver' is not a network"),
        ("exclusions:\n", 1, "[] for none"),
        ("sites:\n  - name: A\n", 2, "'cidrs' is missing"),
        ("sites:\n  - name: A\n    cidrs: [10.0.0.0/8]\n  - name: a\n    cidrs: [10.0.0.0/8]\n", 4, "listed twice"),
        ("sites:\n  - name: ' '\n    cidrs: [10.0.0.0/8]\n", 2, "a name in one line"),
        ("sites:\n  - name: A\n    cidr: [10.0.0.0/8]\n", 3, "did you mean 'cidrs'?"),
        ("ports: [80]\n", 1, "expected 'key: value' lines"),
        ("ports:\n  http: [0]\n", 2, "'0' is not a port"),
        ("ports:\n  http: [65536]\n", 2, "'65536' is not a port"),
        ("ports:\n  http: [80-90]\n", 2, "'80-90' is not a port"),
        ("ports:\n  http: [٨٠]\n", 2, "is not a port"),
        ("overlays: [missing]\n", 1, "is not a folder"),
        ("a: 1\na: 2\n", 2, "twice"),
        ("authorisations:\n  - {role: A, date: 2026-13-01, expires: 2026-01-01, cidrs: [203.0.113.0/24]}\n", 2, "date"),
        ("authorisations:\n  - {role: A, date: 2026011, expires: 2026-01-01, cidrs: [203.0.113.0/24]}\n", 2, "date"),
        (
            "authorisations:\n  - {role: A, date: 2026-02-01, expires: 2026-01-01, cidrs: [192.0.2.0/24]}\n",
            2,
            "before",
        ),
        ("authorisations:\n  - {role: A, expires: 2026-01-01, cidrs: [203.0.113.0/24]}\n", 2, "'date' is missing"),
    ],
)
def test_every_mistake_is_one_line_with_file_and_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=re.escape(says)) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


class TestFinding:
    def test_without_any_file_the_defaults_hold(self, nowhere: Path) -> None:
        assert nowhere.exists()
        assert find_config() == Config()

    def test_the_nearest_wins(self, nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (nowhere / "user" / "camscan").mkdir(parents=True)
        write(nowhere / "user" / "camscan", "organisation: user\n")
        assert find_config().organisation == "user"
        write(nowhere, "organisation: here\n")
        assert find_config().organisation == "here"
        (nowhere / "other.yaml").write_text("organisation: environment\n")
        monkeypatch.setenv("CAMSCAN_CONFIG", str(nowhere / "other.yaml"))
        assert find_config().organisation == "environment"
        (nowhere / "named.yaml").write_text("organisation: named\n")
        assert find_config(nowhere / "named.yaml").organisation == "named"

    def test_a_file_that_was_named_must_exist(self, nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(nowhere, "organisation: here\n")
        with pytest.raises(ConfigError, match="No such file"):
            find_config("missing.yaml")
        monkeypatch.setenv("CAMSCAN_CONFIG", "missing.yaml")
        with pytest.raises(ConfigError, match="No such file"):
            find_config()


class TestScope:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        (tmp_path / "marks").mkdir()
        return load_config(write(tmp_path, WHOLE))

    def test_a_site_is_named_in_any_case(self, config: Config) -> None:
        assert config.targets_of("town hall") == ("10.1.0.0/16", "10.2.3.4/32")
        assert config.targets_of("") == ()
        with pytest.raises(ConfigError, match=r"there is no site 'School'; the sites are: Town Hall, Depot$"):
            config.targets_of("School")
        with pytest.raises(
            ConfigError,
            match=r"there is no camscan\.yaml with a site 'School': make one with `camscan config init`$",
        ):
            Config().targets_of("School")

    def test_the_scope_is_every_network_once(self, config: Config) -> None:
        assert config.scope_networks() == networks("10.1.0.0/16", "10.2.3.4", "10.9.0.0/24")

    @pytest.mark.parametrize(
        ("today", "allowed"),
        [("2026-01-14", False), ("2026-01-15", True), ("2027-01-14", True), ("2027-01-15", False)],
    )
    def test_an_authorisation_holds_on_its_first_and_last_day(self, config: Config, today: str, allowed: bool) -> None:
        assert bool(config.authorised(at(date.fromisoformat(today)))) is allowed

    def test_one_that_ran_out_is_named(self, config: Config) -> None:
        inside = networks("203.0.113.128/25", "10.1.0.0/16")
        config.require_authorised(inside, at(TODAY), private=PRIVATE)
        with pytest.raises(ScopeError, match=r"^203\.0\.113\.128/25: .* Head of ICT expired on 2027-01-14; renew"):
            config.require_authorised(inside, at(date(2027, 2, 1)), private=PRIVATE)
        with pytest.raises(ScopeError, match=r"begins on 2026-01-15 .*camscan\.yaml:3\)$"):
            config.require_authorised(networks("2001:db8::/120"), at(date(2026, 1, 1)), private=PRIVATE)

    def test_a_later_one_takes_over(self, tmp_path: Path) -> None:
        entry = "  - {{role: {}, date: {}, expires: {}, cidrs: [203.0.113.0/24]}}\n"
        text = "authorisations:\n" + entry.format("Old", "2025-01-01", "2025-12-31")
        text += entry.format("New", "2026-01-01", "2026-12-31")
        config = load_config(write(tmp_path, text))
        config.require_authorised(networks("203.0.113.0/24"), at(TODAY), private=PRIVATE)
        assert config.authorised(at(TODAY)) == tuple(networks("203.0.113.0/24"))

    def test_ports_of_a_probe_that_does_not_exist_are_refused_with_their_line(self, config: Config) -> None:
        config.require_probes(["http", "rtsp"])
        with pytest.raises(
            ConfigError,
            match=r"camscan\.yaml:17: there is no probe 'rtsp'; the probes are: http, "
            r"tls$",
        ):
            config.require_probes(["tls", "http"])


def test_the_paces_are_those_of_the_door() -> None:
    assert set(PACES) == set(pace.PACES)


def test_a_register_elsewhere_is_left_as_it_is(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "register: postgresql://db/camscan\n")).register == "postgresql://db/camscan"
