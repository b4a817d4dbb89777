"""What makes Windows run camscan by itself: a task for Task Scheduler, as XML that ``schtasks`` takes."""

from __future__ import annotations

from datetime import date, datetime
from subprocess import list2cmdline
from xml.sax.saxutils import escape

from camscan import system
from camscan.app.schedule import (
    MARK,
    Schedule,
    begins_at,
    camscan_command,
    config_file,
    first_days,
    random_delay,
    run_window,
    working_folder,
)
from camscan.app.workspace import Workspace
from camscan.config import DAYS

TASK = "camscan-task.xml"
NAME = "camscan"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIRST = date(2026, 1, 1)
"""A day on which it was already to run: Task Scheduler wants one."""
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


def for_task_scheduler(space: Workspace, user: str = "") -> Schedule:
    """A task, and what is to be typed to make it. Raises UsageError where there is no camscan.yaml.

    It runs whether or not its user is logged on, with his password, which only ``schtasks`` is told: so that files
    that Windows has encrypted for him can be read.
    """
    name = user or system.user_name()
    typed = list2cmdline(["schtasks", "/Create", "/TN", NAME, "/XML", TASK, "/RU", name, "/RP", "*"])
    notes = [f"to make the task, write it with --into DIR and type there: {typed}"]
    if space.settings.timezone:
        notes.append(f"Task Scheduler uses this machine's clock, camscan.yaml uses {space.settings.timezone}")
    notes += [
        f"the variable {each.env} must be set for the user {name}, and not only in this window"
        for recipient in space.settings.notify
        for each in recipient.secrets.values()
        if each.env
    ]
    return Schedule({TASK: _task(space, name)}, notes)


def _task(space: Workspace, user: str) -> str:
    window = run_window(space)
    program, *arguments = camscan_command(config_file(space))
    begins = datetime.combine(_FIRST, begins_at(window))
    days = "".join(f"<{_DAYS[day]} />" for day in first_days(window))
    weekly = f"<ScheduleByWeek><WeeksInterval>1</WeeksInterval><DaysOfWeek>{days}</DaysOfWeek></ScheduleByWeek>"
    daily = "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>"
    return f"""\
<?xml version="1.0"?>
<!-- {MARK} for Windows; docs/unattended.md says how to change it and to take it away. -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>camscan: scan what is due, back up, export, tell</Description>
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
      <UserId>{_text(user)}</UserId>
      <LogonType>Password</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
{_SETTINGS}  <Actions Context="Author">
    <Exec>
      <Command>{_text(program)}</Command>
      <Arguments>{_text(list2cmdline(arguments))}</Arguments>
      <WorkingDirectory>{_text(str(working_folder(space)))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def _text(text: str) -> str:
    """As XML, in ASCII alone: schtasks reads a file in the encoding of its own choice."""
    return escape(text).encode("ascii", "xmlcharrefreplace").decode()
