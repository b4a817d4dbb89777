"""``camscan config``: whether camscan.yaml is right, what is in force, a first one to start from."""

from __future__ import annotations

from pathlib import Path

import click

from camscan.cli import Group, _options


@click.group("config", cls=Group)
def config() -> None:
    """Check camscan.yaml, show what is in force, or make a first one."""


@config.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
def check(file: Path | None) -> int:
    """Say everything that is wrong with FILE, or with the camscan.yaml in use, and its table of sites.

    Beside what cannot be read: networks of two sites that overlap, sites outside every authorisation, authorisations
    that have run out or soon will, logins whose file is missing or open to others.

    Exit code 0: nothing is wrong (warnings may be printed). 2: something is.
    """
    from camscan.cli._configuration import tell_faults  # noqa: PLC0415 - keeps --help quick
    from camscan.config.read import find_file, read_config  # noqa: PLC0415
    from camscan.errors import UsageError  # noqa: PLC0415

    found = find_file(file)
    if found is None:
        raise UsageError("there is no camscan.yaml: make one with `camscan config init`, or name a file")
    return tell_faults(*read_config(found))


@config.command("init")
@click.argument("file", default="camscan.yaml", type=click.Path(path_type=Path), metavar="[FILE]")
def init(file: Path) -> None:
    """Write a camscan.yaml to start from: every setting with a word about it, and nothing in force that matters yet.

    A file that exists is never overwritten.
    """
    from camscan.cli._configuration import write_new  # noqa: PLC0415 - keeps --help quick
    from camscan.config.check import STARTER  # noqa: PLC0415

    write_new(file, STARTER.read_text(encoding="utf-8"))
    named = "" if file == Path("camscan.yaml") else f" {file}"
    click.echo(f"Written: {file}. Change it with any editor, then: camscan config check{named}")


@config.command("show")
@_options.config
def show(config: Path | None) -> None:
    """Print every setting, the defaults too, with the file and line that it comes from. No password is printed."""
    from datetime import UTC, datetime  # noqa: PLC0415 - keeps --help quick

    from camscan.cli._table import print_table  # noqa: PLC0415
    from camscan.config import find_config  # noqa: PLC0415
    from camscan.config.facts import facts, source  # noqa: PLC0415

    found = find_config(config)
    click.echo(source(found))
    print_table(("Setting", "Value", "From"), facts(found, datetime.now(UTC)), cut={"Value": 30})


@config.command("schema")
def schema() -> None:
    """Print the JSON Schema of camscan.yaml, for editors that check and complete while you type."""
    from camscan.config.check import SCHEMA  # noqa: PLC0415 - keeps --help quick

    click.echo(SCHEMA.read_text(encoding="utf-8"), nl=False)


COMMAND = config
