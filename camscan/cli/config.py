"""``camscan config``: check camscan.yaml, show the settings in use, or make a first file."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from camscan import app
from camscan.cli import Group, _options
from camscan.cli._table import print_table
from camscan.cli._words import program_name
from camscan.config import Config, find_config
from camscan.config.check import SCHEMA, STARTER, Level
from camscan.config.facts import describe_source, list_facts
from camscan.config.find import find_file
from camscan.config.read import read_config
from camscan.errors import ConfigError, UsageError
from camscan.output import visible
from camscan.words import count_text


@click.group("config", cls=Group)
def config() -> None:
    """Check camscan.yaml, show what is in force, or make a first one."""


@config.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
def check(file: Path | None) -> int:
    """Print everything that is wrong with FILE, or with the camscan.yaml in use, and with its table of sites.

    It reports what cannot be read, overlapping networks of two sites, sites outside every authorisation,
    authorisations that have expired or soon will, and logins whose file is missing or open to others.

    Exit code 0: nothing is wrong (warnings may be printed). 2: something is wrong.
    """
    found = find_file(file)
    if found is None:
        raise UsageError("there is no camscan.yaml: make one with `camscan config init`, or name a file")
    return _print_faults(*read_config(found))


def _print_faults(config: Config, faults: list[ConfigError]) -> int:
    """Print all mistakes and the number of entries. Returns the exit code."""
    found = app.settings.check_settings(config, faults)
    for finding in found:
        click.echo(f"{finding.level}: {visible(finding.text)}", err=True)
    errors = sum(finding.level is Level.ERROR for finding in found)
    summary = [
        *(count_text(number, what) for number, what in _count_parts(config)),
        count_text(errors, "error"),
        count_text(len(found) - errors, "warning"),
    ]
    click.echo(f"{config.path}: {', '.join(summary)}")
    return UsageError.exit_code if errors else 0


def _count_parts(config: Config) -> list[tuple[int, str]]:
    networks = sum(len(site.subnets) for site in config.sites)
    return [(len(config.sites), "site"), (networks, "network"), (len(config.authorisations), "authorisation")]


@config.command("init")
@click.argument("file", default="camscan.yaml", type=click.Path(path_type=Path), metavar="[FILE]")
@click.option("--minute", metavar="TEXT", help="The minute of your council's decision, such as Cabinet 2026/114.")
@click.option("--date", "day", metavar="DATE", help="The date of that decision.")
@click.option(
    "--makers",
    metavar="NAMES",
    help="The makers it is about (subsidiaries included), separated by commas; the default is hikvision,dahua.",
)
@click.option("--no-decision", is_flag=True, help="The council has not decided yet: ask nothing.")
def init(file: Path, minute: str | None, day: str | None, makers: str | None, no_decision: bool) -> None:
    """Write a camscan.yaml to start from, with a short explanation of every setting. Most of them have no effect yet.

    It asks for the council's decision, unless an option gives it or nobody is there to answer. Until a decision is
    recorded, no device is in scope. A file that exists is never overwritten.

    \b
    camscan config init --minute "Cabinet 2026/114" --date "14 September 2026"
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    if no_decision and (minute or day or makers):
        raise UsageError("--no-decision and the details of a decision contradict each other; leave out one of them")
    app.settings.require_new(file)
    if minute is None and day is None and not no_decision and sys.stdin.isatty():
        minute = click.prompt(
            "Minute of your council's decision (Enter: not yet decided)", default="", show_default=False
        )
        day = click.prompt("Date of that decision, such as 14 September 2026") if minute else None
        makers = makers or (click.prompt("Makers", default="hikvision,dahua") if minute else None)
    decision = app.settings.parse_decision(minute or "", day or "", makers or "hikvision,dahua")
    app.settings.write_new_config(file, app.settings.starter_config(STARTER.read_text(encoding="utf-8"), decision))
    named = "" if file == Path("camscan.yaml") else f" {file}"
    click.echo(f"Written: {file}. Change it with any editor, then: {program_name()} config check{named}")
    if decision is None:
        click.echo(
            "No decision of the council is recorded: no device is in scope until planning: local_decision names one"
        )


@config.command("show")
@_options.config
def show(config: Path | None) -> None:
    """Print every setting, the defaults too, with the file and line that it comes from. No password is printed."""
    found = find_config(config)
    click.echo(describe_source(found))
    print_table(("Setting", "Value", "From"), list_facts(found, datetime.now(UTC)), cut={"Value": 30})


@config.command("schema")
def schema() -> None:
    """Print the JSON Schema of camscan.yaml, for editors that check and complete while you type."""
    click.echo(SCHEMA.read_text(encoding="utf-8"), nl=False)


GROUP = "unattended"
COMMAND = config
