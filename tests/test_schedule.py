"""``camscan schedule``: units and crontab lines for a configuration; nothing is touched unless it is asked for."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from command_line import Camscan, contents
from lxml import etree

from camscan import system
from camscan.app import schedule

SETTINGS = """\
sites:
  - {name: Depot, cidrs: [10.9.0.0/24]}
"""
MAIL = """\
notify:
  - {name: ICT, channel: mail, to: [ict@example.gov.uk], from: c@example.gov.uk, %s, classes: [trouble]}
"""
ZONE = """\
timezone: Europe/London
authorisations:
  - {role: R, date: 2026-01-01, expires: 2999-01-01, cidrs: [10.9.0.0/24], window: '20:00-22:00'}
"""
SCHEMA = Path(__file__).parent / "schemas" / "task.xsd"
OVER_SMTP = "server: smtp.example.gov.uk, user: camscan, password_credential: smtp"


@pytest.fixture
def home(workplace: Path) -> Path:
    write(workplace)
    return workplace


def write(folder: Path, *more: str) -> None:
    (folder / "camscan.yaml").write_text(SETTINGS + "".join(more), encoding="utf-8")


def units(camscan: Camscan, *options: str) -> dict[str, list[str]]:
    """Name of each file -> its lines."""
    code, out, _ = camscan("schedule", "--systemd", "--user", "root", *options)
    assert code == 0
    parts = re.split(r"^# ── (.*) ──\n", out, flags=re.MULTILINE)[1:]
    return {name: text.splitlines() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def test_it_is_printed_and_nothing_is_touched(camscan: Camscan, home: Path) -> None:
    before = contents(home)
    found = units(camscan)
    assert [*found] == ["camscan.service", "camscan.timer", "camscan-failed@.service"]
    service = found["camscan.service"]
    (start,) = (line for line in service if line.startswith("ExecStart="))
    assert start.endswith(f"camscan run --config {home}/camscan.yaml")
    for line in (
        f"WorkingDirectory={home}",
        f"ReadWritePaths={home}",
        "OnFailure=camscan-failed@%n.service",
        "SuccessExitStatus=3",
        "CapabilityBoundingSet=CAP_NET_RAW",
        "NoNewPrivileges=yes",
    ):
        assert line in service
    assert "OnCalendar=*-*-* 03:05:00" in found["camscan.timer"]
    assert contents(home) == before


@pytest.mark.parametrize(
    ("window", "calendar", "delay", "cron"),
    [
        (
            "run: {window: '19:00-06:00', days: [Mon-Fri]}",
            "Mon,Tue,Wed,Thu,Fri *-*-* 19:05:00",
            1800,
            "05 19 * * 1,2,3,4,5",
        ),
        ("run: {window: '01:00-02:00'}", "*-*-* 01:05:00", 900, "05 01 * * *"),
        ("run: {window: '23:58-06:00', days: [Sun]}", "Mon *-*-* 00:03:00", 1800, "03 00 * * 1"),
        (
            ZONE,
            "*-*-* 20:05:00 Europe/London",
            1800,
            "05 20 * * *",
        ),
    ],
)
def test_it_runs_when_the_windows_open(  # noqa: PLR0917 - one per column
    camscan: Camscan, home: Path, window: str, calendar: str, delay: int, cron: str
) -> None:
    write(home, window, "\n")
    timer = units(camscan)["camscan.timer"]
    assert f"OnCalendar={calendar}" in timer
    assert f"RandomizedDelaySec={delay}" in timer
    code, out, _ = camscan("schedule", "--cron", "--user", "camscan")
    (line,) = out.splitlines()[2:3]
    assert code == 0
    assert line.startswith(f"{cron} camscan cd {home} && ")
    assert line.endswith(f"camscan run --config {home}/camscan.yaml --random-delay {delay // 60}")


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (Debian: systemd)"
)
@pytest.mark.parametrize("how", [OVER_SMTP, "sendmail: /usr/sbin/sendmail"])
def test_systemd_finds_nothing_wrong_with_the_units(camscan: Camscan, workplace: Path, how: str) -> None:
    folder = workplace / "a 100% plain folder"
    (folder / "units").mkdir(parents=True)
    write(folder, MAIL % how, "run: {after: {csv: /srv/reports of camscan/x.csv}, window: '19:00-06:00'}\n")
    os.chdir(folder)
    assert camscan("schedule", "--systemd", "--user", "root", "--into", "units")[0] == 0
    names = ["camscan.service", "camscan.timer", "camscan-failed@camscan.service.service"]
    done = subprocess.run(
        ["systemd-analyze", "verify", *(f"units/{name}" for name in names)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_person_has_still_to_do_is_reported(camscan: Camscan, home: Path) -> None:
    write(home, MAIL % OVER_SMTP, "run: {metrics: /nowhere/camscan.prom, backups: kept}\n")
    _, out, err = camscan("schedule", "--systemd", "--user", "root")
    assert "LoadCredential=smtp:/etc/camscan/credentials/smtp" in out.splitlines()
    assert f"ReadWritePaths={home} -/nowhere" in out.splitlines()
    assert err.splitlines() == [
        "camscan: put the secret smtp into /etc/camscan/credentials/smtp, readable by root alone",
        "camscan: make the folder /nowhere, owned by root",
    ]
    assert "To: ict@example.gov.uk" in out


def test_the_mail_system_of_the_machine_needs_rights_that_a_strict_unit_takes_away(
    camscan: Camscan, home: Path
) -> None:
    write(home, MAIL % "sendmail: /usr/sbin/sendmail")
    service = units(camscan)["camscan.service"]
    assert "NoNewPrivileges=yes" not in service
    assert "ReadWritePaths=-/var/spool" in service
    assert "ProtectSystem=strict" in service


def test_a_line_for_cron_is_one_that_a_shell_reads(camscan: Camscan, workplace: Path) -> None:
    folder = workplace / "a 100% plain (old) folder"
    folder.mkdir()
    write(folder)
    os.chdir(folder)
    _, out, _ = camscan("schedule", "--cron")
    command = out.splitlines()[2].split(maxsplit=6)[6]
    assert "%" not in command.replace(r"\%", "")
    words = shlex.split(command.replace(r"\%", "%"))
    assert (words[:3], words[5:7]) == (["cd", str(folder), "&&"], ["--config", f"{folder}/camscan.yaml"])


class TestRefused:
    @pytest.mark.parametrize(
        "name", ["quo'te", "dollar$", "back`tick", "new\nline", "semi;colon", "end ", "b\u202eidi"]
    )
    def test_a_folder_that_no_unit_can_hold(self, camscan: Camscan, workplace: Path, name: str) -> None:
        (workplace / name).mkdir()
        write(workplace / name)
        os.chdir(workplace / name)
        for kind in ("--systemd", "--cron"):
            code, out, err = camscan("schedule", kind)
            assert (code, out) == (2, "")
            assert "its name has a character that systemd or cron cannot take" in err

    def test_a_user_that_is_none(self, camscan: Camscan, home: Path) -> None:
        del home
        code, _, err = camscan("schedule", "--cron", "--user", "me; reboot")
        assert (code, err) == (2, "camscan: 'me; reboot' is not a user of this machine\n")

    def test_without_a_configuration_or_a_kind(self, camscan: Camscan, workplace: Path) -> None:
        del workplace
        assert camscan("schedule", "--cron")[0] == 2
        says = "camscan: choose one: --systemd, --cron or --windows; see camscan schedule --help\n"
        assert camscan("schedule")[::2] == (2, says)
        assert camscan("schedule", "--cron", "--systemd")[::2] == (2, says)

    def test_on_windows_neither_systemd_nor_cron(
        self, camscan: Camscan, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del home
        monkeypatch.setattr(system, "HAS_TASK_SCHEDULER", True)
        says = "camscan: --systemd and --cron are for Linux; choose --windows\n"
        assert camscan("schedule", "--cron", "--install")[::2] == (2, says)
        assert camscan("schedule", "--windows")[0] == 0

    def test_a_file_of_somebody_else_is_not_replaced(self, camscan: Camscan, home: Path) -> None:
        (home / "units").mkdir()
        (home / "units" / "camscan.timer").write_text("[Timer]\n", encoding="utf-8")
        code, _, err = camscan("schedule", "--systemd", "--into", "units")
        assert code == 2
        assert err.startswith("camscan: units/camscan.timer: exists already, and camscan did not write it")
        assert [path.name for path in (home / "units").iterdir()] == ["camscan.timer"]


class TestForWindows:
    """A task for Task Scheduler, as XML."""

    @staticmethod
    def task(folder: Path) -> tuple[ET.Element, dict[str, str]]:
        text = (folder / "camscan-task.xml").read_text(encoding="ascii")
        root = ET.fromstring(text.partition("-->")[2])
        return root, {element.tag.rpartition("}")[2]: element.text or "" for element in root.iter()}

    def test_it_runs_as_the_timer_does(self, camscan: Camscan, home: Path) -> None:
        write(home, ZONE, "run: {window: '20:00-23:00', days: [Mon-Fri]}\n")
        code, out, err = camscan("schedule", "--windows", "--into", "task", "--user", "COUNCIL\\jürgen")
        assert (code, out) == (0, f"task{os.sep}camscan-task.xml: written\n")
        assert "schtasks /Create /TN camscan /XML camscan-task.xml /RU COUNCIL\\jürgen /RP * /F" in err
        assert "this machine's clock, camscan.yaml uses Europe/London" in err
        root, found = self.task(home / "task")
        assert found["StartBoundary"] == "2026-01-01T20:05:00"
        assert found["RandomDelay"] == "PT1800S"
        assert found["UserId"] == "COUNCIL\\jürgen"
        assert found["WorkingDirectory"] == str(home)
        assert found["Arguments"].endswith(f"run --config {home / 'camscan.yaml'}")
        days = next(element for element in root.iter() if element.tag.endswith("}DaysOfWeek"))
        assert [day.tag.rpartition("}")[2] for day in days] == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]

    def test_a_folder_with_a_name_that_xml_and_windows_must_quote(self, camscan: Camscan, workplace: Path) -> None:
        folder = workplace / "R & D – cameras"
        folder.mkdir()
        write(folder)
        os.chdir(folder)
        assert camscan("schedule", "--windows", "--into", ".")[0] == 0
        _, found = self.task(folder)
        assert found["Arguments"].endswith(f'run --config "{folder / "camscan.yaml"}"')
        assert "ScheduleByDay" in found

    def test_it_is_written_anew(self, camscan: Camscan, home: Path) -> None:
        for _ in range(2):
            assert camscan("schedule", "--windows", "--into", "task")[0] == 0
        (home / "task" / "camscan-task.xml").write_text("<Task/>", encoding="utf-8")
        assert camscan("schedule", "--windows", "--into", "task")[0] == 2

    @pytest.mark.parametrize(
        "more",
        ["", "run: {window: '20:00-23:00', days: [Mon-Fri]}\n", ZONE, "run: {window: '23:58-03:00', days: [Sun]}\n"],
        ids=["daily", "weekdays", "zone", "Sundays"],
    )
    def test_it_is_as_the_published_schema_wants(self, camscan: Camscan, home: Path, more: str) -> None:
        write(home, more)
        assert camscan("schedule", "--windows", "--into", "task", "--user", "COUNCIL\\jürgen")[0] == 0
        schema = etree.XMLSchema(etree.parse(SCHEMA))
        schema.assertValid(etree.parse(home / "task" / "camscan-task.xml"))


class TestInstallForWindows:
    """``--windows --install``, with a schtasks that writes down how it was called."""

    @pytest.fixture
    def schtasks(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        program = home / "bin" / "schtasks"
        program.parent.mkdir()
        program.write_text(
            f"""#!/bin/sh
printf '%s\\n' "$1 $2 $3 $4 $6 $7 $8 $9" >> {home}/called
if [ "$1" = /Query ]; then cat {home}/there; exit; fi
cp "$5" {home}/given
exit $(cat {home}/code)
""",
            encoding="utf-8",
        )
        program.chmod(0o755)
        (home / "code").write_text("0")
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        return home

    def test_the_task_is_made_and_made_again(self, camscan: Camscan, schtasks: Path) -> None:
        for _ in range(2):
            code, out, _ = camscan("schedule", "--windows", "--install", "--user", "COUNCIL\\anne")
            assert (code, out.partition(";")[0]) == (0, "task camscan: made")
            (schtasks / "there").write_bytes((schtasks / "given").read_text("ascii").encode("utf-16"))
        assert (schtasks / "called").read_text().splitlines()[:2] == [
            "/Query /TN camscan /XML    ",
            "/Create /TN camscan /XML /RU COUNCIL\\anne /RP *",
        ]

    def test_a_task_of_somebody_else_is_not_replaced(self, camscan: Camscan, schtasks: Path) -> None:
        (schtasks / "there").write_text("<Task><Description>cameras</Description></Task>")
        code, _, err = camscan("schedule", "--windows", "--install")
        assert code == 2
        assert err.startswith("camscan: there is a task camscan that camscan did not make")
        assert not (schtasks / "given").exists()

    def test_a_password_that_is_wrong(self, camscan: Camscan, schtasks: Path) -> None:
        (schtasks / "code").write_text("1")
        code, _, err = camscan("schedule", "--windows", "--install")
        assert (code, err) == (1, "camscan: schtasks: failed with code 1, for the reason above; no task was made\n")

    def test_without_a_task_scheduler(self, camscan: Camscan, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(home))
        code, _, err = camscan("schedule", "--windows", "--install")
        assert code == 2
        assert err.startswith("camscan: there is no Task Scheduler here: write the task with --into DIR")


class TestInstall:
    @pytest.fixture
    def system(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A system of our own: its folders, and a systemctl that writes down how it was called."""
        folder = home / "system"
        folder.mkdir()
        systemctl = home / "bin" / "systemctl"
        systemctl.parent.mkdir()
        systemctl.write_text(f'#!/bin/sh\necho "$@" >> {home}/called\n', encoding="utf-8")
        systemctl.chmod(0o755)
        monkeypatch.setenv("PATH", f"{systemctl.parent}:{os.environ['PATH']}")
        monkeypatch.setattr(schedule, "UNITS", folder)
        monkeypatch.setattr(schedule, "CRON", folder / "camscan")
        monkeypatch.setattr("os.geteuid", lambda: 0)
        return folder

    def test_it_says_what_it_did_and_may_be_done_again(self, camscan: Camscan, home: Path, system: Path) -> None:
        for _ in range(2):
            code, out, err = camscan("schedule", "--systemd", "--install", "--user", "root")
            assert (code, err) == (0, "")
            assert out.splitlines() == [
                f"{system}/camscan.service: written",
                f"{system}/camscan.timer: written",
                f"{system}/camscan-failed@.service: written",
                "systemctl daemon-reload: done",
                "systemctl enable --now camscan.timer: done",
            ]
        assert (home / "called").read_text().splitlines()[:2] == ["daemon-reload", "enable --now camscan.timer"]
        assert {stat.S_IMODE(path.stat().st_mode) for path in system.iterdir()} == {0o644}

    def test_for_cron(self, camscan: Camscan, home: Path, system: Path) -> None:
        code, out, _ = camscan("schedule", "--cron", "--install", "--user", "root")
        assert (code, out) == (0, f"{system}/camscan: written\n")
        assert not (home / "called").exists()

    def test_a_system_that_refuses(self, camscan: Camscan, home: Path, system: Path) -> None:
        (home / "bin" / "systemctl").write_text("#!/bin/sh\necho no bus >&2\nexit 1\n", encoding="utf-8")
        code, _, err = camscan("schedule", "--systemd", "--install", "--user", "root")
        assert code == 1
        assert err == "camscan: systemctl daemon-reload: failed (no bus); the files are written\n"
        assert len(list(system.iterdir())) == 3

    def test_a_user_who_does_not_exist(self, camscan: Camscan, system: Path) -> None:
        code, _, err = camscan("schedule", "--systemd", "--install", "--user", "nobody-of-that-name")
        assert code == 2
        assert err.startswith("camscan: there is no user nobody-of-that-name: make one")
        assert list(system.iterdir()) == []

    def test_only_root_may(self, camscan: Camscan, system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("os.geteuid", lambda: 1000)
        code, _, err = camscan("schedule", "--cron", "--install", "--user", "root")
        assert code == 2
        assert err.startswith("camscan: only root can install it: use sudo")
        assert list(system.iterdir()) == []
