"""``camscan config``: every finding with its line, a starter file that is written once, no secret shown."""

from __future__ import annotations

import io
import json
import os
import re
from datetime import date
from pathlib import Path

import pytest
from command_line import Camscan
from jsonschema import Draft202012Validator

from camscan.config import find_config

SECRET = "correct horse battery"


@pytest.fixture(autouse=True)
def home(workplace: Path) -> Path:
    """A directory of one's own, and nobody's configuration."""
    return workplace


def entry(role: str, begins: str, expires: str, cidrs: str) -> str:
    return f"- {{role: {role}, date: {begins}, expires: {expires}, cidrs: [{cidrs}]}}\n"


class TestInit:
    def test_it_is_written_once_and_checks(self, camscan: Camscan, home: Path) -> None:
        code, out, err = camscan("config", "init")
        assert (code, err) == (0, "")
        assert out == (
            "Written: camscan.yaml. Change it with any editor, then: camscan config check\n"
            "No decision of the council is recorded: no device is in scope until planning: local_decision names one\n"
        )
        assert camscan("config", "check") == (
            0,
            "camscan.yaml: 0 sites, 0 networks, 0 authorisations, 0 errors, 0 warnings\n",
            "",
        )
        (home / "camscan.yaml").write_text("role: ours\n")
        code, out, err = camscan("config", "init")
        assert (code, out) == (2, "")
        assert err == "camscan: camscan.yaml: exists already and is not overwritten; name another file\n"
        assert (home / "camscan.yaml").read_text() == "role: ours\n"

    def test_the_decision_is_written_where_it_is_reported(self, camscan: Camscan) -> None:
        code, out, err = camscan("config", "init", "--minute", "Cabinet 'A' 114", "--date", "12 May 2026")
        assert (code, out.count("\n"), err) == (0, 1, "")
        assert camscan("config", "check")[0] == 0
        decided = find_config(None).planning.local_decision
        assert decided
        assert (decided.minute, decided.date, decided.groups) == (
            "Cabinet 'A' 114",
            date(2026, 5, 12),
            ("hikvision", "dahua"),
        )
        assert "local-decision  (decides the scope)" in camscan("plan", "policies")[1]

    def test_or_is_asked_for(self, camscan: Camscan, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = io.StringIO("114\n12 May 2026\nHikvision\n")
        answers.isatty = lambda: True  # type: ignore[method-assign]  # as a terminal
        monkeypatch.setattr("sys.stdin", answers)
        assert camscan("config", "init")[0] == 0
        decided = find_config(None).planning.local_decision
        assert decided
        assert (decided.minute, decided.groups) == ("114", ("hikvision",))

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--minute", "114"], "a decision needs its minute and its date: give --minute and --date"),
            (["--date", "2026-05-12"], "a decision needs its minute and its date: give --minute and --date"),
            (["--minute", "114", "--date", "soon"], "--date soon is not a day; write it like 14 September 2026"),
            (
                ["--minute", "114", "--date", "2026-05-12", "--makers", "hikvison"],
                "--makers: 'hikvison' is not a maker that camscan knows; did you mean",
            ),
            (["--no-decision", "--minute", "114"], "--no-decision and the details of a decision contradict each other"),
        ],
    )
    def test_mistakes_write_nothing(self, camscan: Camscan, home: Path, words: list[str], said: str) -> None:
        code, out, err = camscan("config", "init", *words)
        assert (code, out) == (2, "")
        assert err.startswith(f"camscan: {said}")
        assert not (home / "camscan.yaml").exists()

    def test_not_through_a_dangling_link_either(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.yaml").symlink_to(home / "elsewhere.yaml")
        assert camscan("config", "init")[0] == 2
        assert not (home / "elsewhere.yaml").exists()

    def test_a_directory_that_is_missing(self, camscan: Camscan) -> None:
        code, _, err = camscan("config", "init", "missing/camscan.yaml")
        assert (code, err) == (
            1,
            "camscan: missing/camscan.yaml: the folder missing does not exist; create it first\n",
        )


class TestCheck:
    def test_without_a_file(self, camscan: Camscan) -> None:
        code, out, err = camscan("config", "check")
        assert (code, out) == (2, "")
        assert err == "camscan: there is no camscan.yaml: make one with `camscan config init`, or name a file\n"
        code, out, err = camscan("config", "check", "missing.yaml")
        assert (code, err) == (2, "error: missing.yaml: cannot be read: No such file or directory\n")

    def test_every_mistake_at_once(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.yaml").write_text(
            "pace: quick\nsites:\n- name: A\n- name: B\n  cidrs: [10.0.0.1/8]\nports:\n  x: [1]\n"
        )
        (home / "camscan-sites.csv").write_text("cidr,site\nhost,A\n10.0.0.0/24,\n")
        code, out, err = camscan("config", "check")
        assert code == 2
        assert [re.sub(r" .*", "", line.removeprefix("error: ")) for line in err.splitlines()] == [
            "camscan.yaml:3:",
            "camscan.yaml:5:",
            "camscan-sites.csv:2:",
            "camscan-sites.csv:3:",
            "camscan.yaml:1:",
            "camscan.yaml:7:",
        ]
        assert out.endswith(" 6 errors, 0 warnings\n")

    @pytest.mark.parametrize(
        ("text", "code", "says"),
        [
            (
                (
                    "sites:\n- {name: A, cidrs: [10.0.0.0/8], type: office, sensitivity: 1}\n"
                    "- {name: B, cidrs: [10.1.0.0/24], type: office, sensitivity: 1}\n"
                ),
                0,
                "warning: camscan.yaml:3: 10.1.0.0/24 of B lies within 10.0.0.0/8 of A: its devices belong to B",
            ),
            (
                (
                    "sites:\n- {name: A, cidrs: [10.1.0.0/24], type: office, sensitivity: 1}\n"
                    "- {name: B, cidrs: [10.1.0.0/24], type: office, sensitivity: 1}\n"
                ),
                2,
                "error: camscan.yaml:3: 10.1.0.0/24 is a network of B and of A; keep one",
            ),
            (
                "sites:\n- {name: A, cidrs: [10.1.0.0/24]}\n- {name: B, cidrs: [], sensitivity: 1}\n",
                0,
                (
                    "warning: camscan.yaml:2: A and 1 more have no type; the removal plan asks for it\n"
                    "warning: camscan.yaml:2: A has no sensitivity; the removal plan asks for it"
                ),
            ),
            (
                "authorisations:\n" + entry("R", "2020-01-01", "2020-12-31", "10.0.0.0/8"),
                2,
                (
                    "error: camscan.yaml:2: the authorisation by R expired on 2020-12-31; "
                    "renew it: if no entry were left, every private range could be scanned"
                ),
            ),
            (
                "authorisations:\n"
                + entry("R", "2020-01-01", "2020-12-31", "10.1.0.0/16")
                + entry("New", "2021-01-01", "2999-12-31", "10.0.0.0/8"),
                0,
                (
                    "warning: camscan.yaml:2: the authorisation by R expired on 2020-12-31; "
                    "others cover its networks, so remove it"
                ),
            ),
            (
                "authorisations:\n" + entry("R", "2998-01-01", "2999-12-31", "10.0.0.0/8"),
                0,
                "warning: camscan.yaml:2: the authorisation by R begins only on 2998-01-01",
            ),
            (
                "authorisations:\n"
                + entry("R", "2020-01-01", "2999-12-31", "10.1.0.0/16")
                + "sites:\n- {name: A, cidrs: [10.1.2.0/24, 10.2.0.0/24], type: office, sensitivity: 1}\n",
                2,
                "error: camscan.yaml:4: 10.2.0.0/24 of A is not covered by any authorisation: it cannot be scanned",
            ),
            (
                "sites:\n- {name: A, cidrs: [203.0.113.0/24], type: office, sensitivity: 1}\n",
                2,
                "error: camscan.yaml:2: 203.0.113.0/24 of A is not covered by any authorisation: it is not private, so",
            ),
            ("ports:\n  htttp: [80]\n", 2, "error: camscan.yaml:2: there is no probe 'htttp'; the probes are: "),
            (
                "register: state/camscan.db\n",
                2,
                "error: camscan.yaml:1: the folder state does not exist; create it first",
            ),
        ],
    )
    def test_suspicious_values_are_pointed_out(
        self, camscan: Camscan, home: Path, text: str, code: int, says: str
    ) -> None:
        (home / "camscan.yaml").write_text(text)
        found, _, err = camscan("config", "check")
        assert found == code
        assert err.startswith(says)
        assert err.count("\n") == says.count("\n") + 1

    def test_one_that_runs_out_soon(self, camscan: Camscan, home: Path) -> None:
        from datetime import date, timedelta  # noqa: PLC0415 - of this test alone

        soon = date.today() + timedelta(days=20)  # noqa: DTZ011 - the day on the wall
        (home / "camscan.yaml").write_text("authorisations:\n" + entry("R", "2020-01-01", f"{soon}", "10.0.0.0/8"))
        code, _, err = camscan("config", "check")
        assert (code, err) == (
            0,
            f"warning: camscan.yaml:2: the authorisation by R expires on {soon}; renew it in time\n",
        )

    @pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
    def test_logins(self, camscan: Camscan, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        lines = ["password_file: open", "password_file: gone", "password_file: mine", "password_env: NONE"]
        lines += ["systemd_credential: unit"]
        (home / "camscan.yaml").write_text(
            "credentials:\n"
            + "".join(
                f"- name: c{number}\n  user: u\n  {line}\n  cidrs: [10.0.0.0/8]\n" for number, line in enumerate(lines)
            )
        )
        for name, mode in (("open", 0o644), ("mine", 0o600)):
            (home / name).write_text(SECRET)
            (home / name).chmod(mode)
        monkeypatch.delenv("NONE", raising=False)
        monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
        code, out, err = camscan("config", "check")
        assert code == 2
        assert err.splitlines() == [
            "error: camscan.yaml:4: others may read open; chmod 600 it, and change the password",
            "error: camscan.yaml:8: gone cannot be read: No such file or directory",
            "warning: camscan.yaml:16: the environment variable NONE holds no password",
        ]
        assert SECRET not in out + err


class TestShow:
    def test_the_defaults(self, camscan: Camscan) -> None:
        code, out, err = camscan("config", "show")
        assert (code, err) == (0, "")
        assert out.startswith("no camscan.yaml: the defaults apply\n")
        assert {line.split()[-1] for line in out.splitlines()[2:]} == {"default"}

    def test_where_each_value_comes_from_and_no_secret(
        self, camscan: Camscan, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (home / "secret").write_text(SECRET)
        (home / "secret").chmod(0o600)
        monkeypatch.setenv("CAMSCAN_CONFIG", "ours.yaml")
        (home / "ours.yaml").write_text(
            f"organisation: Example\nregister: postgresql://camscan:{SECRET.replace(' ', '-')}@db/camscan\n"
            "authorisations:\n" + entry("R", "2020-01-01", "2999-12-31", "10.0.0.0/8") + "sites:\n"
            "- {name: A, cidrs: [10.1.0.0/24], pace: normal, exclusions: [10.1.0.9]}\n"
            "credentials:\n- {name: c, user: u, password_file: secret, cidrs: [10.0.0.0/8]}\nports:\n  http: [8080]\n"
        )
        code, out, err = camscan("config", "show")
        assert (code, err) == (0, "")
        rows = [re.split(r"\s{2,}", line) for line in out.splitlines()]
        assert ["organisation", "Example", "ours.yaml:1"] in rows
        assert ["register", "postgresql://camscan:***@db/camscan", "ours.yaml:2"] in rows
        assert ["authorisation", "R, 2020-01-01 to 2999-12-31: 10.0.0.0/8 (in force now)", "ours.yaml:4"] in rows
        assert ["site", "A: 10.1.0.0/24; normal pace; never 10.1.0.9/32", "ours.yaml:6"] in rows
        assert ["credential", "c: user u, password in the file secret, for 10.0.0.0/8", "ours.yaml:8"] in rows
        assert ["ports of http", "8080", "ours.yaml:10"] in rows
        assert ["pace", "gentle", "default"] in rows
        assert SECRET not in out
        assert SECRET.replace(" ", "-") not in out

    def test_a_mistake_is_one_line(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.yaml").write_text("pace: quick\n")
        code, out, err = camscan("config", "show")
        assert (code, out) == (2, "")
        assert err == "camscan: camscan.yaml:1: there is no pace 'quick'; the paces are gentle, normal, fast\n"


def test_the_schema_is_printed(camscan: Camscan) -> None:
    code, out, err = camscan("config", "schema")
    assert (code, err) == (0, "")
    Draft202012Validator.check_schema(json.loads(out))
    assert "sites" in json.loads(out)["properties"]
