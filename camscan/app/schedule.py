"""Makes a machine run camscan by itself: units for systemd, a file for cron. Only ``install`` changes a system."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TextIO

from camscan import system
from camscan.app.run_outputs import folder_of_backups
from camscan.app.workspace import Workspace
from camscan.config import DAYS, Window
from camscan.errors import OutputError, UsageError
from camscan.output import explain_errors, make_folder, visible, write_atomically
from camscan.register.address import address_of

UNITS = Path("/etc/systemd/system")
CRON = Path("/etc/cron.d/camscan")
MARK = "Written by camscan schedule"
"""The first words of a file that may be replaced."""
_HEAD = 200
USER = "camscan"
"""The user under which camscan runs, if root makes the units without naming one."""
_CREDENTIALS = "/etc/camscan/credentials"
_AT = Window(time(3), timedelta(hours=3))
"""When camscan runs if camscan.yaml names no hours: from three at night."""
_AFTER = timedelta(minutes=5)
_MOST_DELAY = timedelta(minutes=30)
_UNSAFE = re.compile(r"""[\x00-\x1f\x7f"'\\`$;&|<>*?#!]""")
_ADDRESS = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
_HARDENING = """\
NoNewPrivileges=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_PACKET AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
"""
_WITH_SENDMAIL = """\
# The mail system of this machine gains rights of its own to take a mail, which a stricter unit would forbid.
ReadWritePaths=-/var/spool
"""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Files that make camscan run by itself."""

    files: Mapping[str, str]
    """Name -> text."""
    notes: Sequence[str] = ()
    """What a person still has to do, one sentence each."""


# ── systemd ──────────────────────────────────────────────────────────────────────────────────────────────────────


def make_systemd_units(space: Workspace, user: str = "") -> Schedule:
    """Make a service, a timer, and a unit that reports that the service failed.

    Raises UsageError if a path or name cannot be written into them.
    """
    folder, name = _working_folder(space), user or default_user()
    head = f"# {MARK} --systemd for {_config_file(space)}; docs/unattended.md says how to change and remove it.\n"
    secrets = [secret for recipient in space.settings.notify for secret in recipient.secrets.values()]
    names = sorted({secret.systemd_credential for secret in secrets if secret.systemd_credential})
    files = {
        "camscan.service": head + _service_unit(space, name, names),
        "camscan.timer": head + _timer_unit(space),
        "camscan-failed@.service": head + _failure_unit(space),
    }
    notes = [f"put the secret {name} into {_CREDENTIALS}/{name}, readable by root alone" for name in names]
    notes += [
        f"the variable {secret.env} is not set in the unit: use a file instead" for secret in secrets if secret.env
    ]
    return Schedule(files, [*notes, *_missing_folders(space, folder, name)])


def _service_unit(space: Workspace, user: str, credentials: Sequence[str]) -> str:
    folder = _working_folder(space)
    load = "".join(f"LoadCredential={name}:{_CREDENTIALS}/{name}\n" for name in credentials)
    return f"""\
[Unit]
Description=camscan: scan what is due, back up, export, send alerts
After=network-online.target
Wants=network-online.target
OnFailure=camscan-failed@%n.service

[Service]
Type=oneshot
User={user}
WorkingDirectory={_escape_percent(folder)}
ExecStart={_command_line(camscan_command(_config_file(space)))}
# 3: some of it could not be asked, or is left for the next run.
SuccessExitStatus=3
TimeoutStopSec=2min
Nice=10
UMask=0077
# The right to send raw packets, and no other (docs/privileges.md).
AmbientCapabilities=CAP_NET_RAW
CapabilityBoundingSet=CAP_NET_RAW
ProtectSystem=strict
ProtectHome=read-only
ProtectControlGroups=yes
PrivateTmp=yes
ReadWritePaths={_command_line(_writable_folders(space, folder))}
{_WITH_SENDMAIL if _uses_sendmail(space) else _HARDENING}{load}"""


def _command_line(found: Iterable[str]) -> str:
    return " ".join(_escape_percent(_quote_word(word)) for word in found)


def _timer_unit(space: Workspace) -> str:
    return f"""\
[Unit]
Description=camscan: the timer of unattended runs

[Timer]
OnCalendar={_on_calendar(space)}
RandomizedDelaySec={int(random_delay(space).total_seconds())}
Persistent=true

[Install]
WantedBy=timers.target
"""


def _failure_unit(space: Workspace) -> str:
    """The unit that reports a failure, without Python and the network.

    By the machine's mail system, or into its log.
    """
    mails = [recipient for recipient in space.settings.notify if recipient.to and "trouble" in recipient.classes]
    to = [address for each in mails for address in each.to if _ADDRESS.fullmatch(address)] or ["root"]
    return f"""\
[Unit]
Description=camscan: report that %i failed

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'if command -v sendmail >/dev/null; then \
{{ echo "To: {", ".join(to)}"; echo "Subject: camscan: %i failed on %H"; echo; \
systemctl status --no-pager --full --lines=20 "%i"; }} | sendmail -t; \
else logger -p user.crit "camscan: %i failed"; fi'
ProtectHome=read-only
PrivateTmp=yes
"""


def _on_calendar(space: Workspace) -> str:
    window = run_window(space)
    begins = start_time(window)
    days = "" if len(window.days) == len(DAYS) else f"{','.join(DAYS[day] for day in starting_days(window))} "
    zone = f" {space.settings.timezone}" if space.settings.timezone else ""
    return f"{days}*-*-* {begins:%H:%M}:00{zone}"


# ── cron ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def make_cron_file(space: Workspace, user: str = "") -> Schedule:
    """Make a file for /etc/cron.d. Raises UsageError if a path or name cannot be written into it."""
    config, window = _config_file(space), run_window(space)
    begins = start_time(window)
    days = "*" if len(window.days) == len(DAYS) else ",".join(str((day + 1) % 7) for day in starting_days(window))
    delay = int(random_delay(space).total_seconds()) // 60
    words = " ".join(map(_quote_word, [*camscan_command(config), "--random-delay", str(delay)]))
    job = f"cd {_quote_word(_working_folder(space))} && {words}".replace("%", r"\%")  # cron ends a line there
    text = f"""\
# {MARK} --cron for {config}; docs/unattended.md says how to change and remove it.
{begins:%M} {begins:%H} * * {days} {user or default_user()} {job}
"""
    notes = [f"cron uses this machine's clock, camscan.yaml uses {space.settings.timezone}"]
    return Schedule({CRON.name: text}, notes if space.settings.timezone else ())


# ── for both ─────────────────────────────────────────────────────────────────────────────────────────────────────


def camscan_command(config: Path) -> list[str]:
    """The words that start this camscan from any folder."""
    program = Path(sys.executable).with_name("camscan")
    return [
        *([str(program)] if program.is_file() else [sys.executable, "-m", "camscan"]),
        "run",
        "--config",
        str(config),
    ]


def default_user() -> str:
    """The present user; for root, camscan's own user."""
    return USER if system.is_administrator() else system.user_name()


def config_file(space: Workspace) -> Path:
    """The camscan.yaml of a workspace. Raises UsageError if there is none."""
    if space.settings.path is None:
        raise UsageError("there is no camscan.yaml: make one with `camscan config init`, or name it with --config")
    return space.settings.path.absolute()


def working_folder(space: Workspace) -> Path:
    """The working folder of a run: that of the register, or of camscan.yaml for a register on a server."""
    return (Path(space.where) if address_of(space.where) is None else config_file(space)).absolute().parent


def _config_file(space: Workspace) -> Path:
    return _safe_path(config_file(space))


def _working_folder(space: Workspace) -> Path:
    return _safe_path(working_folder(space))


def _writable_folders(space: Workspace, folder: Path) -> Iterator[str]:
    """Every folder that a run writes to; those that may be missing begin with a hyphen."""
    run = space.settings.run
    yield str(folder)
    others = [folder_of_backups(space).absolute()] if run.keep else []
    others += [Path(path).absolute().parent for path in run.after.values()]
    others += [run.metrics.absolute().parent] if run.metrics else []
    for path in dict.fromkeys(others):
        if path != folder and folder not in path.parents:
            yield f"-{_safe_path(path)}"


def _missing_folders(space: Workspace, folder: Path, user: str) -> list[str]:
    """Folders that the unit may write to and cannot make, because everything around them is closed to it."""
    named = (Path(writable.removeprefix("-")) for writable in _writable_folders(space, folder))
    return [f"make the folder {each}, owned by {user}" for each in named if not each.is_dir()]


def _uses_sendmail(space: Workspace) -> bool:
    return any("sendmail" in recipient.options for recipient in space.settings.notify)


def run_window(space: Workspace) -> Window:
    """The hours of a run: the window of runs, or that of the first authorisation, or the night."""
    windows = [authorisation.window for authorisation in space.settings.authorisations if authorisation.window]
    return space.settings.run.window or (windows[0] if windows else _AT)


def start_time(window: Window) -> time:
    """The time at which a run begins: a little after the window does."""
    return (datetime.combine(date.min, window.begins) + _AFTER).time()


def starting_days(window: Window) -> list[int]:
    """The days on which a run begins; for a window from 23:58 on, the next days."""
    late = start_time(window) < window.begins
    return sorted((day + late) % len(DAYS) for day in window.days)


def random_delay(space: Workspace) -> timedelta:
    """A random delay, so that not every machine begins at once."""
    return min(_MOST_DELAY, run_window(space).lasts / 4)


def _safe_path(path: Path) -> Path:
    name = str(path)
    if _UNSAFE.search(name) or name != visible(name) or name != name.strip():  # a unit loses a space at the end
        raise UsageError(f"{path}: its name has a character that systemd or cron cannot take; choose another folder")
    return path


def _quote_word(word: str | Path) -> str:
    """Quote a word of a shell or of a unit; ``_safe_path`` has refused what quotation marks cannot hold."""
    text = str(word)
    return text if re.fullmatch(r"[\w@%+=:,./-]+", text) else f'"{text}"'


def _escape_percent(word: str | Path) -> str:
    """Escape percent signs, which begin a specifier in a unit (systemd.unit(5))."""
    return str(word).replace("%", "%%")


def require_user(user: str) -> None:
    """Raise UsageError if this is not the name of a user."""
    if user and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", user):
        raise UsageError(f"'{user}' is not a user of this machine")


# ── installing ───────────────────────────────────────────────────────────────────────────────────────────────────


def write_schedule(made: Schedule, folder: Path) -> list[Path]:
    """Write the files into a folder, and return their paths.

    Raises UsageError if one exists that camscan did not write.
    """
    for name in made.files:
        path = folder / name
        if path.exists() and MARK not in path.read_text(encoding="utf-8", errors="replace")[:_HEAD]:
            raise UsageError(f"{path}: exists already, and camscan did not write it; move it away first")
    with explain_errors(folder):
        make_folder(folder)
    for name, text in made.files.items():
        path = folder / name
        write_atomically(path, functools.partial(_write_text, text=text))
        with explain_errors(path):
            path.chmod(0o644)  # it holds no secret, and systemd should be able to show it
    return [folder / name for name in made.files]


def _write_text(stream: TextIO, text: str) -> None:
    stream.write(text)


def install_schedule(made: Schedule, user: str = "") -> list[str]:
    """Write the files where the system looks for them, and reload it. Returns what was done, one sentence each.

    Raises UsageError unless root does it, or if the user does not exist; OutputError if the system refuses.
    """
    if not system.is_administrator():
        raise UsageError("only root can install it: use sudo, or write the files with --into DIR")
    name = user or default_user()
    if not system.has_user(name):
        raise UsageError(
            f"there is no user {name}: make one that owns the register's folder, for example with 'adduser --system "
            f"--group {name}', or name another with --user"
        )
    is_cron = CRON.name in made.files
    done = [f"{path}: written" for path in write_schedule(made, CRON.parent if is_cron else UNITS)]
    if not is_cron:
        for words in (["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", "camscan.timer"]):
            _run_command(words)
            done.append(f"{' '.join(words)}: done")
    return done


def _run_command(words: Sequence[str]) -> None:
    said = f"{' '.join(words)}: failed"
    try:
        subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, timeout=60)  # noqa: S603 - two fixed commands
    except subprocess.CalledProcessError as error:
        raise OutputError(f"{said} ({' '.join(error.output.split())[:200]}); the files are written") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OutputError(f"{said} ({error}); the files are written") from error
