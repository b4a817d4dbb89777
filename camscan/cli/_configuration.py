"""What is said of a configuration, and how a new file is made."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from camscan.config import Config
from camscan.config.check import Finding, Level
from camscan.config.check import check as check_config
from camscan.errors import ConfigError, OutputError, UsageError
from camscan.net.scope import PRIVATE
from camscan.output import visible
from camscan.probes import load as load_probes


def findings(config: Config, faults: list[ConfigError]) -> list[Finding]:
    """What could not be read, then what looks wrong in the rest; the errors first."""
    found = [Finding(Level.ERROR, str(fault)) for fault in (*faults, *_planned(config))]
    found += check_config(config, datetime.now(UTC), private=PRIVATE, probes=load_probes())
    return sorted(found, key=lambda each: each.level is not Level.ERROR)


def _planned(config: Config) -> list[ConfigError]:
    """Whether the policies and companies that planning names are there."""
    from camscan.app.assess import rules  # noqa: PLC0415 - reads the policies

    try:
        rules(config)
    except ConfigError as error:
        return [error]
    return []


def tell_faults(config: Config, faults: list[ConfigError]) -> int:
    """Print them all, and what there is; the exit code."""
    found = findings(config, faults)
    for each in found:
        click.echo(f"{each.level}: {visible(each.text)}", err=True)
    errors = sum(each.level is Level.ERROR for each in found)
    counted = [
        *(f"{number} {what}{'' if number == 1 else 's'}" for number, what in _counts(config)),
        f"{errors} error{'' if errors == 1 else 's'}",
        f"{len(found) - errors} warning{'' if len(found) - errors == 1 else 's'}",
    ]
    click.echo(f"{config.path}: {', '.join(counted)}")
    return UsageError.exit_code if errors else 0


def _counts(config: Config) -> list[tuple[int, str]]:
    networks = sum(len(site.subnets) for site in config.sites)
    return [(len(config.sites), "site"), (networks, "network"), (len(config.authorisations), "authorisation")]


def write_new(file: Path, text: str) -> None:
    """Write a file that does not exist yet. Raises UsageError where it does, OutputError where it cannot be made."""
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{file}: exists, and is not overwritten; name another file") from None
    except OSError as error:
        raise OutputError(f"{file}: cannot be written: {error.strerror or error}") from error
