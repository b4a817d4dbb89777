"""``camscan schedule``: let the machine run camscan by itself."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app, system
from camscan.cli import _options
from camscan.cli._words import warn
from camscan.output import visible


@click.command("schedule")
@click.option("--systemd", is_flag=True, help="Make a systemd service and a timer.")
@click.option("--cron", is_flag=True, help="Make a file for /etc/cron.d.")
@click.option("--windows", is_flag=True, help="Make a task for Task Scheduler of Windows.")
@click.option("--into", type=click.Path(path_type=Path), metavar="DIR", help="Write the files into DIR.")
@click.option("--install", is_flag=True, help="Install them: from then on the system calls `camscan run`.")
@click.option(
    "--user", default="", metavar="NAME", help="The user it runs as; the default is you, or camscan if you are root."
)
@_options.register
@_options.config
def schedule(
    into: Path | None,
    user: str,
    register: str | Path | None,
    config: Path | None,
    *,
    systemd: bool,
    cron: bool,
    windows: bool,
    install: bool,
) -> None:
    """Print the files that make this machine call `camscan run` at the hours that camscan.yaml allows.

    Without --install nothing on the system is changed: the files are printed, or written into a folder.

    \b
    camscan schedule --windows --install                                 (Windows)
    camscan schedule --systemd                                           (Linux)
    sudo .venv/bin/camscan schedule --systemd --install --user camscan   (Linux)
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    _require_one(systemd, cron, windows)
    if install and into:
        raise click.UsageError("--install and --into contradict each other")
    space = app.workspace.find_workspace(config, register)
    if not windows:
        app.schedule.require_user(user)
    make = app.schedule.make_systemd_units if systemd else app.schedule.make_cron_file
    made = app.task_scheduler.make_task(space, user) if windows else make(space, user)
    if install:
        done = app.task_scheduler.install_task(made, user) if windows else app.schedule.install_schedule(made, user)
        for sentence in done:
            click.echo(visible(sentence))
    elif into:
        for path in app.schedule.write_schedule(made, into):
            click.echo(f"{path}: written")
    else:
        for name, text in made.files.items():
            click.echo(f"# ── {name} ──\n{text}")
    if windows and not install:
        typed = app.task_scheduler.typed_command(user)
        warn(f"to make the task, use --install, or write it with --into DIR and type there: {typed}")
    for note in made.notes:
        warn(note)


def _require_one(systemd: bool, cron: bool, windows: bool) -> None:
    if systemd + cron + windows != 1:
        raise click.UsageError("choose one: --systemd, --cron or --windows")
    if system.HAS_TASK_SCHEDULER and not windows:
        raise click.UsageError("--systemd and --cron are for Linux; choose --windows")


GROUP = "unattended"
COMMAND = schedule
