"""Makes Windows run camscan by itself: a task for Task Scheduler, as XML that ``schtasks`` reads."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date, datetime
from pathlib import Path
from subprocess import list2cmdline
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

from camscan import system
from camscan.app.schedule import (
    MARK,
    Schedule,
    camscan_command,
    config_file,
    random_delay,
    run_window,
    start_time,
    starting_days,
    working_folder,
)
from camscan.app.workspace import Workspace
from camscan.config import DAYS
from camscan.errors import OutputError, UsageError
from camscan.output import write_atomically

TASK = "camscan-task.xml"
NAME = "camscan"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SOURCE = "camscan schedule"
"""The source of the task in Task Scheduler: a task of that source may be replaced."""
_PATIENCE = 60
_FIRST = date(2026, 1, 1)
"""A start in the past, because Task Scheduler needs one."""
_SETTINGS = """\
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>true</RunOnlyIfNetworkAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
  </Settings>
"""


def make_task(space: Workspace, user: str = "") -> Schedule:
    """Make a task. Raises UsageError if there is no camscan.yaml.

    It runs whether or not its user is logged on, with the user's password, which only ``schtasks`` gets: so files that
    Windows has encrypted for that user can be read.
    """
    name = user or system.user_name()
    notes = []
    if space.settings.timezone:
        notes.append(f"Task Scheduler uses this machine's clock, camscan.yaml uses {space.settings.timezone}")
    notes += [
        f"the variable {secret.env} must be set for the user {name}, and not only in this window"
        for recipient in space.settings.notify
        for secret in recipient.secrets.values()
        if secret.env
    ]
    return Schedule({TASK: _task_xml(space, name)}, notes)


def typed_command(user: str = "") -> str:
    """The command that makes the task by hand, typed in the folder of the file."""
    return list2cmdline(_command_words("schtasks", TASK, user or system.user_name()))


def install_task(made: Schedule, user: str = "") -> list[str]:
    """Make the task, or replace the one that camscan made. Returns what was done, one sentence each.

    schtasks asks on this terminal for the password of the user. Raises UsageError if there is no Task Scheduler, or if
    a task of this name is not camscan's; OutputError if schtasks refuses.
    """
    program = shutil.which("schtasks")
    if program is None:
        raise UsageError("there is no Task Scheduler here: write the task with --into DIR, and take it to Windows")
    with TemporaryDirectory() as folder:
        path = Path(folder) / TASK
        write_atomically(path, lambda stream: stream.writelines([made.files[TASK]]))
        words = _command_words(program, str(path), user or system.user_name())
        try:
            _require_own_task(program)
            code = subprocess.run(words, check=False).returncode  # noqa: S603 - of Windows; it asks for a password
        except (OSError, subprocess.TimeoutExpired) as error:
            raise OutputError(f"schtasks: failed ({error}); no task was made") from error
    if code:
        raise OutputError(f"schtasks: failed with code {code}, for the reason above; no task was made")
    return [f"task {NAME}: made; Task Scheduler shows it, and `schtasks /Run /TN {NAME}` tries it"]


def _command_words(program: str, path: str, user: str) -> list[str]:
    return [program, "/Create", "/TN", NAME, "/XML", path, "/RU", user, "/RP", "*", "/F"]


def _require_own_task(program: str) -> None:
    """Raise UsageError if there is a task of this name that camscan did not make."""
    asked = [program, "/Query", "/TN", NAME, "/XML"]
    shown = subprocess.run(asked, check=False, capture_output=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL)  # noqa: S603 - as above
    text = shown.stdout.replace(b"\0", b"")  # in any code page, or in UTF-16
    if not shown.returncode and b"<Task" in text and _SOURCE.encode() not in text:
        raise UsageError(f"there is a task {NAME} that camscan did not make: delete or rename it first")


def _task_xml(space: Workspace, user: str) -> str:
    window = run_window(space)
    program, *arguments = camscan_command(config_file(space))
    begins = datetime.combine(_FIRST, start_time(window))
    days = "".join(f"<{_DAYS[day]} />" for day in starting_days(window))
    weekly = f"<ScheduleByWeek><WeeksInterval>1</WeeksInterval><DaysOfWeek>{days}</DaysOfWeek></ScheduleByWeek>"
    daily = "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>"
    return f"""\
<?xml version="1.0"?>
<!-- {MARK} for Windows; docs/unattended.md says how to change and remove it. -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Source>{_SOURCE}</Source>
    <Description>camscan: scan what is due, back up, export, send alerts</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>{begins:%Y-%m-%dT%H:%M:%S}</StartBoundary>
      <RandomDelay>PT{int(random_delay(space).total_seconds())}S</RandomDelay>
      {daily if len(window.days) == len(DAYS) else weekly}
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{_escape_xml(user)}</UserId>
      <LogonType>Password</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
{_SETTINGS}  <Actions Context="Author">
    <Exec>
      <Command>{_escape_xml(program)}</Command>
      <Arguments>{_escape_xml(list2cmdline(arguments))}</Arguments>
      <WorkingDirectory>{_escape_xml(str(working_folder(space)))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def _escape_xml(text: str) -> str:
    """Escape a text for XML, in ASCII alone: schtasks chooses the encoding of a file itself."""
    return escape(text).encode("ascii", "xmlcharrefreplace").decode()
