"""``camscan schedule``: let the machine run camscan by itself."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.cli._words import warn
from camscan.output import visible


@click.command("schedule")
@click.option("--systemd", is_flag=True, help="A service and a timer of systemd.")
@click.option("--cron", is_flag=True, help="A file for /etc/cron.d.")
@click.option("--into", type=click.Path(path_type=Path), metavar="DIR", help="Write the files into DIR.")
@click.option("--install", is_flag=True, help="Write them where the system looks for them, and start the timer.")
@click.option("--user", default="", metavar="NAME", help="As whom it runs; by default you, for root: camscan.")
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
    install: bool,
) -> None:
    """Print what makes this machine call `camscan run` for this camscan.yaml at the hours that it allows.

    Without --install nothing on the system is touched: the files are printed, or written into a folder.

    \b
    camscan schedule --systemd
    sudo .venv/bin/camscan schedule --systemd --install --user camscan
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    if systemd == cron:
        raise click.UsageError("say which one: --systemd or --cron")
    if install and into:
        raise click.UsageError("--install says where the files go; leave out --into, or leave out --install")
    space = app.workspace.find_workspace(config, register)
    app.schedule.require_user(user)
    made = app.schedule.for_systemd(space, user) if systemd else app.schedule.for_cron(space, user)
    if install:
        for sentence in app.schedule.install(made, user):
            click.echo(visible(sentence))
    elif into:
        for path in app.schedule.write(made, into):
            click.echo(f"{path}: written")
    else:
        for name, text in made.files.items():
            click.echo(f"# ── {name} ──\n{text}")
    for note in made.notes:
        warn(note)


GROUP = "unattended"
COMMAND = schedule
